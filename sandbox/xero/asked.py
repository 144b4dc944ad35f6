"""What a caller put into the body of a request to the pretend Xero: rows, dates, money, and the records it names.

What it cannot read is refused in words Xero might use, never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from flask import request

from sandbox.books import BookCustomer
from sandbox.xero.ledger import Organisation
from sandbox.xero.records import CENT, Account, Contact, Invalid, Invoice
from sandbox.xero.shapes import Json

_MILLISECONDS = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")


class Unreadable(Exception):
    """The body is no JSON of the expected shape."""


def rows(name: str) -> list[Json]:
    """The rows under `name`, or the one row that was posted by itself."""
    try:
        body = msgspec.json.decode(request.get_data(), type=dict[str, Any])
        return msgspec.convert(body.get(name, [body]), type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error


def day(value: object, what: str = "Date") -> date:
    """An ISO date or `/Date(milliseconds)/`."""
    text = str(value or "")
    try:
        if match := _MILLISECONDS.match(text):
            return datetime.fromtimestamp(int(match[1]) / 1000, UTC).date()
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Invalid(f"{what} is not a valid date") from error


def money(value: object, what: str = "Amount") -> Decimal:
    try:
        return Decimal(str(value)).quantize(CENT)
    except ArithmeticError as error:
        raise Invalid(f"{what} is not a valid amount") from error


def invoice(books: Organisation, row: Json) -> Invoice:
    named = row.get("Invoice") or {}
    number = named.get("InvoiceNumber", "")
    found = books.invoices.get(named.get("InvoiceID", "")) or (books.invoice(number) if books.has(number) else None)
    if found is None:
        raise Invalid("Invoice could not be found")
    return found


def contact(books: Organisation, row: Json) -> Contact:
    """The contact, named by its id alone: any other field would change it and remove its persons."""
    named = row.get("Contact") or {}
    found = books.contacts.get(named.get("ContactID", ""))
    if found is None:
        raise Invalid("The Contact Id could not be found")
    if set(named) != {"ContactID"}:
        raise Invalid("This pretend Xero takes a contact by its ContactID alone; the real one would change the contact")
    return found


def bank(books: Organisation, row: Json) -> Account:
    """The bank account of a bank transaction; no other kind of account can have one."""
    found = account(books, row.get("BankAccount") or {})
    if found is None or found.status != "ACTIVE":
        raise Invalid("Account could not be found")
    if found.type != "BANK":
        raise Invalid("Account type is invalid for making a payment to/from")
    return found


def payee(books: Organisation, row: Json) -> Contact:
    """Who was paid: a known contact by its id alone; a name that nobody has makes a new one, as at the real Xero."""
    name = str((row.get("Contact") or {}).get("Name") or "")
    if not name or name in {one.name for one in books.contacts.values()}:
        return contact(books, row)
    return books.add_contact(BookCustomer(f"payee {name}", name, "", ()))


def account(books: Organisation, named: Json) -> Account | None:
    known = books.accounts.values()
    return next((one for one in known if one.id == named.get("AccountID") or one.code == named.get("Code")), None)

"""Manual journals of the pretend Xero: money moved from one account to another without a contact or a currency.

It reads the request and hands over to the ledger. Only journals of two lines are made here.
"""

from __future__ import annotations

from flask import Response, g

from sandbox.xero import asked, lists, shapes
from sandbox.xero.answers import each
from sandbox.xero.ledger import Organisation
from sandbox.xero.records import Account, Expense, Invalid


def journals() -> Response:
    return each("ManualJournals", lambda row: lists.shown("ManualJournals", _journal(g.books, row)))


def _journal(books: Organisation, row: shapes.Json) -> Expense:
    narration, lines = str(row.get("Narration") or ""), row.get("JournalLines") or []
    if not narration:
        raise Invalid("Narration must be specified")
    if row.get("Status") != "POSTED" or row.get("LineAmountTypes") != "NoTax" or len(lines) != 2:
        raise Invalid("This pretend Xero posts journals of two lines without tax only")
    (amount, expense), (other, paid_from) = sorted(
        ((asked.money(line.get("LineAmount"), "LineAmount"), _account(books, line)) for line in lines),
        key=lambda side: -side[0],
    )
    if amount + other or amount <= 0:
        raise Invalid("The total of the debits must equal the total of the credits")
    words = str(lines[0].get("Description") or "")
    return books.spend(asked.day(row.get("Date")), amount, paid_from, expense, words, narration)


def _account(books: Organisation, line: shapes.Json) -> Account:
    """Neither bank accounts nor what Xero keeps itself can be in a journal."""
    named = {"AccountID": line.get("AccountID"), "Code": line.get("AccountCode")}
    found = asked.account(books, named) if any(named.values()) else None
    if found is None or found.status != "ACTIVE" or found.type == "BANK":
        raise Invalid(f"Account code '{line.get('AccountCode') or ''}' is not a valid code for this document.")
    return found

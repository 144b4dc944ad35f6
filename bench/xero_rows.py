"""Xero's rows for the book: the twin's own, with the lines, addresses and phones that recorded invoices have.

Shapes only, about 3.1 KB an invoice as recorded ones are.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bench.quickbooks_rows import WORK
from sandbox.xero import shapes

Json = dict[str, Any]
_EMPTY = {"AddressLine1": "", "City": "", "Region": "", "PostalCode": "", "Country": "", "AttentionTo": ""}
_PHONE = {"PhoneNumber": "0100100", "PhoneAreaCode": "555", "PhoneCountryCode": "1"}


def invoices(twin: Any, tenant: str) -> list[Json]:
    books = twin.organisations[tenant]
    return [_dressed(shapes.invoice(books, one)) for one in books.invoices.values()]


def customers(twin: Any, tenant: str) -> list[Json]:
    books = twin.organisations[tenant]
    return [shapes.contact(books, one) for one in books.contacts.values()]


def about(twin: Any, tenant: str) -> dict[str, Json]:
    organisation = shapes.organisation(twin.organisations[tenant])
    return {"Organisation": {"Organisations": [organisation]}}


def light(row: Json) -> Json | None:
    return shapes.light("Invoices", row)


def total(row: Json) -> Decimal:
    return Decimal(row["Total"])


def _dressed(row: Json) -> Json:
    """Three lines in the place of one; the contact with its addresses and phones, as on a paged list."""
    third = (row["Total"] / 3).quantize(Decimal("0.01"))
    amounts = (third, third, row["Total"] - 2 * third)
    line = row["LineItems"][0]
    lines = [
        {**line, "Description": words, "ItemCode": item, "UnitAmount": amount, "LineAmount": amount}
        | {"LineItemID": _id(4, place), "AccountID": _id(5, place), "DiscountEnteredAsPercent": True}
        | {"Item": {"ItemID": _id(6, place), "Name": item, "Code": item}, "ValidationErrors": []}
        for place, ((words, item), amount) in enumerate(zip(WORK, amounts, strict=True), start=1)
    ]
    addresses = [{"AddressType": kind, **_EMPTY} for kind in ("STREET", "POBOX")]
    phones = [{"PhoneType": kind, **_PHONE} for kind in ("DDI", "DEFAULT", "FAX", "MOBILE")]
    contact = {**row["Contact"], "Addresses": addresses, "Phones": phones}
    return {**row, "LineItems": lines, "Contact": contact, "BrandingThemeID": _id(7, 1), "InvoiceAddresses": []}


def _id(kind: int, number: int) -> str:
    """Ids in the order of the numbers, because lists are read in the order of ids."""
    return f"{number:08x}-0000-4000-8000-{kind:012x}"


def invoice(shape: Json, number: int, customer: int) -> Json:
    who = {"ContactID": _id(1, customer), "Name": f"Customer {customer + 1} of Middlefield"}
    row = {**shape, "InvoiceID": _id(2, number), "InvoiceNumber": f"INV-{number + 1:06d}"}
    row["Contact"] = {**shape["Contact"], **who}
    if shape["Payments"]:
        row["Payments"] = [{**shape["Payments"][0], "PaymentID": _id(3, number)}]
    return row


def customer(shape: Json, number: int, owed: Decimal) -> Json:
    address = f"accounts-{number + 1}@customers.example"
    return {
        **shape,
        "ContactID": _id(1, number),
        "ContactNumber": str(number + 1),
        "Name": f"Customer {number + 1} of Middlefield",
        "EmailAddress": address,
        "Balances": {"AccountsReceivable": {"Outstanding": owed, "Overdue": owed}},
    }

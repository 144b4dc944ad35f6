"""QuickBooks' rows for the book: the twin's own, with the lines, addresses and notes that recorded invoices have.

Shapes only, about 2.3 KB an invoice as recorded ones are.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = dict[str, Any]
WORK = (
    ("Monthly bookkeeping and review of the bank feed", "Bookkeeping"),
    ("Weekly gardening service, materials included", "Gardening"),
    ("Travel to site and back, as agreed by mail", "Travel"),
)
_NOTE = "Thank you for your business. Please quote the number of the invoice with your payment."


def invoices(twin: Any, tenant: str) -> list[Json]:
    return [_dressed(row) for row in twin.realms[tenant].rows["Invoice"].values()]


def customers(twin: Any, tenant: str) -> list[Json]:
    return list(twin.realms[tenant].rows["Customer"].values())


def about(twin: Any, tenant: str) -> dict[str, Json]:
    rows = twin.realms[tenant].rows
    return {
        "companyinfo": {"CompanyInfo": rows["CompanyInfo"]["1"]},
        "preferences": {"Preferences": rows["Preferences"]["1"]},
    }


def light(_row: Json) -> Json | None:
    return None


def total(row: Json) -> Decimal:
    return Decimal(row["TotalAmt"])


def _dressed(row: Json) -> Json:
    """Three lines in the place of one, and what a bookkeeper fills in."""
    first, subtotal = row["Line"][0], row["Line"][-1]
    third = (row["TotalAmt"] / 3).quantize(Decimal("0.01"))
    amounts = (third, third, row["TotalAmt"] - 2 * third)
    lines = [
        {**first, "Id": str(place), "LineNum": place, "Description": words, "Amount": amount}
        | {"SalesItemLineDetail": _detail(place, item, amount)}
        for place, ((words, item), amount) in enumerate(zip(WORK, amounts, strict=True), start=1)
    ]
    place = {"Line1": "370 Easy St.", "City": "Middlefield", "CountrySubDivisionCode": "CA", "PostalCode": "94482"}
    address = {**place, "Lat": "37.4031672", "Long": "-122.0642815"}
    return {
        **row,
        "Line": [*lines, subtotal],
        "CustomerMemo": {"value": _NOTE},
        "BillAddr": {"Id": "94", **address},
        "ShipAddr": {"Id": "95", **address},
        "SalesTermRef": {"value": "3", "name": "Net 30"},
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": row["MetaData"]["CreateTime"]},
    }


def _detail(place: int, item: str, amount: Decimal) -> Json:
    return {
        "ItemRef": {"value": str(place), "name": item},
        "UnitPrice": amount,
        "Qty": 1,
        "ItemAccountRef": {"value": "45", "name": f"Income:{item}"},
        "TaxCodeRef": {"value": "NON"},
    }


def invoice(shape: Json, number: int, customer: int) -> Json:
    row = {
        **shape,
        "Id": str(number + 1),
        "DocNumber": f"INV-{number + 1:06d}",
        "CustomerRef": {"value": str(customer + 1), "name": f"Customer {customer + 1} of Middlefield"},
        "BillEmail": {"Address": f"accounts-{customer + 1}@customers.example"},
    }
    if shape["LinkedTxn"]:
        row["LinkedTxn"] = [{**shape["LinkedTxn"][0], "TxnId": str(10_000_000 + number)}]
    return row


def customer(shape: Json, number: int, owed: Decimal) -> Json:
    name = f"Customer {number + 1} of Middlefield"
    return {
        **shape,
        "Id": str(number + 1),
        **dict.fromkeys(("DisplayName", "FullyQualifiedName", "PrintOnCheckName"), name),
        "PrimaryEmailAddr": {"Address": f"accounts-{number + 1}@customers.example"},
        "PrimaryPhone": {"FreeFormNumber": "(555) 010-0100"},
        "Balance": owed,
        "BalanceWithJobs": owed,
    }

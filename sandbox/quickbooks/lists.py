"""The lists every company of the pretend QuickBooks is born with: payment terms and items. Data, and what a term means.

Ids follow from the order, as in the vendor's own sample company: item 1 is "Services", term 3 is "Net 30".
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from sandbox.books import BookTerm
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.shapes import ZERO

USUAL = (BookTerm("Due on receipt", 0), BookTerm("Net 15", 15), BookTerm("Net 30", 30), BookTerm("Net 60", 60))
WITHOUT_TERM = timedelta(days=30)  # as recorded for an invoice made over the API without terms


def terms(own: Iterable[BookTerm]) -> list[Body]:
    """The usual terms, and the company's own, which replace one of the same name."""
    return [_term(one) for one in ({one.name: one for one in USUAL} | {one.name: one for one in own}).values()]


def _term(term: BookTerm) -> Body:
    body: Body = {"Name": term.name, "Active": True, "Type": "STANDARD", "DueDays": term.days}
    if term.discount_percent:
        body |= {"DiscountPercent": term.discount_percent, "DiscountDays": term.discount_days}
    return body


def due(issued: date, term: Body | None) -> date:
    """When an invoice of that day is due by its term."""
    if term is None:
        return issued + WITHOUT_TERM
    if "DayOfMonthDue" not in term:
        return issued + timedelta(days=int(term.get("DueDays", 0)))
    day = _in_month(issued.year, issued.month, int(term["DayOfMonthDue"]))
    if day - issued >= timedelta(days=max(int(term.get("DueNextMonthDays", 0)), 0)) and day >= issued:
        return day
    later = issued.replace(day=1) + timedelta(days=31)
    return _in_month(later.year, later.month, int(term["DayOfMonthDue"]))


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def items(accounts: Iterable[Body]) -> list[Body]:
    """Services one can sell, charge or give as credit, and goods of which there is a stock."""
    refs = {row["Name"]: {"value": row["Id"], "name": row["Name"]} for row in accounts}
    stock = {"value": "81", "name": "Inventory Asset"}  # of accounts only those that matter to Dunlin are kept
    services = _item("Services", "Service", refs["Services"])
    discounts = _item("Discounts given", "Service", refs["Discounts given"])
    goods = _item("Bird seed", "Inventory", refs["Services"]) | {"TrackQtyOnHand": True, "QtyOnHand": 10}
    goods |= {"AssetAccountRef": stock, "ExpenseAccountRef": stock, "InvStartDate": "2020-01-01"}
    return [services, discounts, goods, _item("Late fees", "Service", refs["Late fees"])]


def _item(name: str, kind: str, income: Body) -> Body:
    return {
        "Name": name,
        "Active": True,
        "FullyQualifiedName": name,
        "Taxable": False,
        "UnitPrice": ZERO,
        "Type": kind,
        "IncomeAccountRef": income,
        "PurchaseCost": ZERO,
        "TrackQtyOnHand": False,
    }

"""What a reading sets in the mirror, kind by kind: each column, how it is taken from the row that the ledger handed
over, and which columns are facts. A change of a fact wakes its account; a change of anything else is only stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP
from functools import cached_property
from operator import attrgetter
from typing import Any

from sqlalchemy import Table

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerInvoice, LedgerTerm
from models import Account, Credit, Invoice, Payment, Term
from workflows import places
from workflows.rows import plain

REFERENCE = 500  # PostgreSQL indexes no text that is much longer; ours has 22 characters, no vendor keeps 500
DELETED = "deleted in the ledger"
Taken = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Shape:
    """One kind of row. `owner` is the column that says whose fact it is ("": its own); `read` the one that says when
    its reading began ("": not kept). `gone` tells a row that was undone; `end` is what a deletion sets.
    """

    entity: str
    model: Any
    columns: Mapping[str, Taken | None]
    facts: frozenset[str]
    end: Mapping[str, Any]
    owner: str = ""
    read: str = "read_at"
    gone: Taken | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns a reading sets; the moment at which a row was undone is the last."""
        return (*self.columns, "gone_at") if self.gone else tuple(self.columns)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The columns asked for of a row that we have: its key, when it was read, and `names`."""
        return ("id", *((self.read,) if self.read else ()), *self.names)

    @property
    def table(self) -> Table:
        table: Table = self.model.__table__
        return table

    def place(self, name: str) -> int:
        """Where the column stands in a known row."""
        return self.known.index(name)


def _text(name: str, most: int | None = None) -> Taken:
    take = attrgetter(name)
    return lambda item: plain(take(item), most)


def _texts(name: str) -> Taken:
    take = attrgetter(name)
    return lambda item: tuple(map(plain, take(item)))


def _unless_erased(take: Taken, empty: Any) -> Taken:
    """Nothing that says who it was is kept of a person who was erased."""
    return lambda item: empty if item.erased else take(item)


def _people(item: Any) -> tuple[tuple[str, str, bool], ...]:
    return tuple((plain(one.name), plain(one.email), one.mailed) for one in item.people)


def _country(item: Any) -> str:
    return places.country(item.country)


def _region(item: Any) -> str:
    """By its code; without a country it stays as written, for it may be a part of the company's own."""
    code = _country(item)
    return places.region(code, item.region) if code else plain(item.region, 10)


def _applied(item: Any) -> tuple[tuple[str, int], ...]:
    applied: tuple[tuple[str, Money], ...] = item.applied
    return tuple((plain(invoice), amount.minor) for invoice, amount in applied)


def _is_deleted(item: LedgerInvoice) -> bool:
    return item.status is InvoiceStatus.DELETED


def _points(item: LedgerTerm) -> int:
    return int((item.discount_percent * 100).to_integral_value(ROUND_HALF_UP))


def _same(*names: str) -> dict[str, Taken]:
    """Columns that are called as in the port and kept as they are."""
    return {name: attrgetter(name) for name in names}


CUSTOMER = Shape(
    entity="customer",
    model=Account,
    columns={
        "name": _unless_erased(_text("name"), ""),
        "contact": _unless_erased(_text("contact"), ""),
        "emails": _unless_erased(_texts("emails"), ()),
        "people": _unless_erased(_people, ()),
        "phone": _unless_erased(_text("phone"), ""),
        "country": _unless_erased(_country, ""),
        "region": _unless_erased(_region, ""),
        "zone": _unless_erased(lambda item: places.zone(_country(item), _region(item)), ""),
        **_same("term", "active", "erased", "bills_to", "merged_into", "version"),
    },
    facts=frozenset({"emails", "people", "country", "region", "zone", "active", "erased", "bills_to", "merged_into"}),
    end={"active": False},
    read="row_read_at",
)

INVOICE = Shape(
    entity="invoice",
    model=Invoice,
    columns={
        "account_id": None,  # whoever is billed for the customer
        "number": _text("number"),
        **_same("customer", "issued", "due"),
        "currency": attrgetter("total.currency"),
        "total_minor": attrgetter("total.minor"),
        "balance_minor": attrgetter("balance.minor"),
        "status": attrgetter("status.value"),
        "raw_status": _text("raw_status"),
        "emails": _texts("emails"),
        "cc": _texts("cc"),
        **_same("mailed", "shipped", "expected", "term", "branding", "version"),
        "gone_why": lambda item: DELETED if _is_deleted(item) else "",
    },
    facts=frozenset(
        {
            *("account_id", "number", "issued", "due", "shipped"),
            *("currency", "total_minor", "balance_minor", "status", "emails"),
        }
    ),
    end={"status": InvoiceStatus.DELETED.value, "gone_why": DELETED},
    owner="account_id",
    gone=_is_deleted,
)

PAYMENT = Shape(
    entity="payment",
    model=Payment,
    columns={
        **_same("customer", "paid_on", "version"),
        "currency": attrgetter("amount.currency"),
        "amount_minor": attrgetter("amount.minor"),
        "reference": _text("reference", REFERENCE),
        "applied": _applied,
    },
    facts=frozenset({"customer", "currency", "amount_minor", "applied", "gone_at"}),
    end={},
    owner="customer",
    gone=attrgetter("gone"),
)

CREDIT = Shape(
    entity="credit",
    model=Credit,
    columns={
        **_same("customer", "kind", "issued", "version"),
        "currency": attrgetter("remaining.currency"),
        "remaining_minor": attrgetter("remaining.minor"),
        "number": _text("number"),
        "applied": _applied,
    },
    facts=frozenset({"customer", "currency", "remaining_minor", "gone_at"}),
    end={},
    owner="customer",
    gone=attrgetter("gone"),
)

TERM = Shape(
    entity="term",
    model=Term,
    columns={
        "name": _text("name"),
        "rule": attrgetter("rule.value"),
        **_same("days", "discount_days"),
        "discount_points": _points,
        "active": attrgetter("active"),
    },
    facts=frozenset(),
    end={"active": False},
    read="",
)

SHAPES = {shape.entity: shape for shape in (CUSTOMER, INVOICE, PAYMENT, CREDIT, TERM)}

"""A world made of a real payment history: the same three companies, the book's own customers, invoices and dates.

Customers are dealt by a stable hash, so the same book always makes the same world. Reads no file; `core.columns` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from core.columns import Book, Row
from sandbox.books import BookCompany, BookCustomer, BookInvoice, Company
from sandbox.habits import Habit, Kind
from sandbox.world import COMPANIES, Story, World, settle, share_of, slug

CARD_SHARE = 25
"""Of a hundred customers, how many pay on the portal by card; the others pay by bank transfer."""


def world_from_book(book: Book, start: date, seed: int = 0) -> World:
    """The book's invoices, each in the ledger from its issue date and paid when the real customer paid.

    What was settled before `start` is in the books already. The seed only moves how late transfers are booked.
    """
    dealt: dict[str, list[Row]] = {about.key: [] for about in COMPANIES}
    for row in book.rows:
        dealt[COMPANIES[share_of(row.customer, "company", len(COMPANIES))].key].append(row)
    companies, habits, stories = [], {}, []
    for about in COMPANIES:
        rows = dealt[about.key]
        keys = _keys(about.key, rows)
        companies.append(Company(_about(about, rows or book.rows), customers=_customers(keys)))
        for name, key in keys.items():
            habits[about.key, key] = Habit(Kind.REAL, 0, 0, by_card=share_of(name, "card") < CARD_SHARE)
        stories += [_story(about.key, keys[row.customer], row, seed) for row in rows]
    return settle(start, companies, habits, sorted(stories, key=lambda one: (one.invoice.issued, one.invoice.key)))


def _about(about: BookCompany, rows: Sequence[Row]) -> BookCompany:
    """The company in the currency the book uses most."""
    used = [code for code, _ in Counter(row.amount.currency for row in rows).most_common()] or [about.currency]
    return BookCompany(about.key, about.name, used[0], about.country, about.zone, about.email, tuple(used))


def _keys(company: str, rows: Sequence[Row]) -> dict[str, str]:
    """Customer name → key, in the order of the names."""
    names = sorted({row.customer for row in rows})
    return {name: f"{company}-{place:04}" for place, name in enumerate(names, start=1)}


def _customers(keys: dict[str, str]) -> list[BookCustomer]:
    return [BookCustomer(key, name, "", (_address(name, key),)) for name, key in keys.items()]


def _address(name: str, key: str) -> str:
    """Made up, under the reserved domain, and no two the same."""
    host = slug(name)[:40].strip("-")
    return f"accounts@{host + '.' if host else ''}{key}.example"


def _story(company: str, customer: str, row: Row, seed: int) -> Story:
    invoice = BookInvoice(row.number, customer, row.issued, row.due, row.amount.decimal, row.amount.currency)
    pays = ((row.settled, row.amount.decimal),) if row.settled is not None else ()
    return Story(company, invoice, pays, lag=share_of(row.number, f"lag/{seed}", 6), disputes=row.disputed)

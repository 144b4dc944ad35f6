"""The two lists over all companies that somebody comes to: the companies themselves, and what waits on the desk.

Read-only; the words of the desk's kinds stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models import Account, Company, Invoice
from web import presenters, queries, waiting_queries
from web.export_queries import AT_ONCE, Rows, sum_of
from web.exported import CURRENCY, CUSTOMER, UID
from workflows import care, renewals
from workflows.calendars import today_of
from workflows.reaching import Reach
from workflows.runtime import Runtime

KINDS = {
    "touches": "A message in doubt",
    "disputes": "Something is wrong",
    "told": "They told us something",
    "contacts": "Another contact was named",
    "held": "Left alone by nobody in particular",
    "bookings": "A payment to book",
    "rewards": "A discount taken too late",
    "unearned": "A discount whose payment went back",
    "returned": "Money that went back",
    "postings": "A change the ledger did not take",
    "bank_lines": "A bank line that holds nothing any more",
    "charges": "A charge for lateness to decide",
    "connections": "A connection to renew",
    "ending": "A permission that ends",
    "unreached": "Somebody nobody can write to",
    "unsent": "A message by hand that was refused",
    "unreadable": "A row that cannot be read",
    "plans": "Parts proposed by the customer",
    "times": "More time asked for",
    "cared": "In care, to be looked at again",
}
_SINCE = ("opened_at", "made_at", "asked_at", "seen_at", "sending_at", "updated_at", "day", "asked_from")
_UNTIL = ("answer_by", "look_again", "holds_until")


@dataclass(frozen=True, slots=True)
class Across:
    """A list of everything within a reach; `columns` as in `exported.List`."""

    name: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[Runtime, Reach], Rows]

    @property
    def head(self) -> tuple[str, ...]:
        return tuple(words for words, _ in self.columns)


def _companies(rt: Runtime, reach: Reach) -> Rows:
    """One row for each company and currency in which something is open."""
    now = rt.clock.now()
    with rt.store.read() as session:
        every = queries.companies(session, reach)
        ties = queries.newest_connections(session, every)
        waits = waiting_queries.by_company(waiting_queries.counts(session, reach, now))
        owed = queries.owed_by_company(session, {one.id: today_of(one, now) for one in every})
    for one in every:
        tie = ties.get(one.id)
        state = presenters.company_state(one, tie).word
        first = one.name, one.ledger_kind, one.country, one.zone or "", state
        last = (tie.read_at if tie else None), waits[one.id], one.uid
        for currency in owed[one.id].open or [one.currency]:
            amounts = owed[one.id].open.get(currency), owed[one.id].overdue.get(currency)
            sums = (sum_of(amount.minor if amount else 0, currency) for amount in amounts)
            yield *first, currency, *sums, *last


def _desk(rt: Runtime, reach: Reach) -> Rows:
    """Everything that waits, also what the page has no room for."""
    now = rt.clock.now()
    with rt.store.read() as session:
        for kind, wanted in waiting_queries.kinds(reach.limited).items():
            found = session.execute(wanted.execution_options(yield_per=AT_ONCE), waiting_queries.asked(reach, now))
            yield from (_waiting(kind, tuple(row)) for row in found)
        yield from (_waiting("ending", row) for row in renewals.ending_soon(session, reach, now))
        for account, company in care.listed(session, reach):
            if care.is_due(account, company, now):
                yield _waiting("cared", (account, company))


def _waiting(kind: str, row: tuple[Any, ...]) -> tuple[object, ...]:
    """A row of any kind begins with what waits; its company, customer and invoice are among the rest."""
    found = {type(one): one for one in row}
    company, account, invoice = (found.get(one) for one in (Company, Account, Invoice))
    thing = row[0]
    return (
        KINDS[kind],
        company.name if company else "",
        account.name if account else "",
        invoice.number if invoice else "",
        _first(thing, _SINCE),
        _first(thing, _UNTIL) or next(_moments(row), None),
        thing.uid,
    )


def _first(thing: Any, names: tuple[str, ...]) -> date | datetime | None:
    """The first of these that it has."""
    values = (getattr(thing, name, None) for name in names)
    return next((one for one in values if one is not None), None)


def _moments(row: tuple[Any, ...]) -> Iterator[datetime]:
    return (one for one in row if isinstance(one, datetime))


LISTS = (
    Across(
        "companies",
        "Companies",
        (
            ("company", "name in the ledger"),
            ("ledger", "quickbooks or xero"),
            ("country", "ISO code"),
            ("zone", "of its clock"),
            ("state", "in a word, as on its page"),
            CURRENCY,
            ("open", "all that is open"),
            ("overdue", "of it, past its due day"),
            ("last read", "moment, UTC"),
            ("waiting", "how many things wait for a person"),
            UID,
        ),
        _companies,
    ),
    Across(
        "desk",
        "The desk",
        (
            ("what", "in words"),
            ("company", "whose it is"),
            CUSTOMER,
            ("invoice", "its number, where it is about one"),
            ("since", "day or moment"),
            ("until", "by when somebody promised to look, where a day is known"),
            UID,
        ),
        _desk,
    ),
)
BY_NAME = {one.name: one for one in LISTS}

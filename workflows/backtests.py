"""A cadence tried on the past: on a file of past invoices, or on the history a connected company's mirror holds.

Reads and hands on; what would have been said is decided by `core.backtest` alone. Sends and stores nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.backtest import Past, Setting, backtest
from core.cadence import Cadence, CadenceError
from core.calendars import Calendar
from core.columns import Book
from core.facts import InvoiceStatus
from core.money import Money
from core.tally import Tally, tally
from models import Account, CadenceVersion, Company, Invoice
from workflows import cadences, law, owing
from workflows.calendars import caps_of, hours_in, public_holidays, zones
from workflows.errors import Refusal

BOOKING_DELAY = 2
IN_FORCE = "in-force"
_OWED = (InvoiceStatus.OPEN.value, InvoiceStatus.PAID.value)


@dataclass(frozen=True, slots=True)
class History:
    """The past invoices that could be read, and (line or number, sentence) for each that could not.

    `until` is the last day of which is known what happened; None: that of the last thing that did.
    """

    invoices: tuple[Past, ...]
    unreadable: tuple[tuple[int | str, str], ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One tally a cadence, over the same history."""

    history: History
    tallies: tuple[Tally, ...]


def of_book(book: Book) -> History:
    """The history in an export."""
    found = []
    for row in book.rows:
        paid = () if row.settled is None else ((row.settled, row.amount),)
        found.append(Past(row.customer, row.number, row.issued, row.due, row.amount, paid, row.disputed))
    return History(tuple(found), book.unreadable)


def compare(
    history: History,
    tried: Sequence[Cadence],
    company: Company | None = None,
    *,
    zone: str = "",
    country: str = "",
    first: date | None = None,
    last: date | None = None,
    booking_delay: int = BOOKING_DELAY,
) -> Compared:
    """Try each cadence from `first` to `last`: by default from the first invoice to the last day that is known.

    Dates and hours are the company's, else nine to five in `zone` with the holidays of `country`. Refusal when there
    is nothing to try them on.
    """
    begins, ends = _span(history)
    start, end = first or begins, last or ends
    if start > end or start > ends or end < begins:
        raise Refusal(f"The history goes from {begins} to {ends}; choose days inside it.")
    calendar = _calendar(company, zone, country, start, end)
    caps = caps_of(company) if company else law.caps_in(country)
    setting = Setting(calendar, start, end, booking_delay, caps)
    return Compared(history, tuple(tally(backtest(history.invoices, one, setting)) for one in tried))


def _span(history: History) -> tuple[date, date]:
    """From the first invoice to the last day of which anything is known."""
    if not history.invoices:
        raise Refusal("There is no past invoice to try a cadence on.")
    issued = [one.issued for one in history.invoices]
    paid = [day for one in history.invoices for day, _ in one.paid]
    return min(issued), history.until or max(issued + paid)


def _calendar(company: Company | None, zone: str, country: str, first: date, last: date) -> Calendar:
    if company is not None:
        days = _holidays(company.country, company.region, first, last)
        return Calendar(company.zone or "UTC", days, *hours_in(company, company.country))
    if zone and zone not in zones():
        raise Refusal(f"{zone!r} is not a time zone; write it such as Europe/London.")
    if country and not public_holidays(country, "", first.year):
        raise Refusal(f"No public holidays are known for {country!r}; write the country such as GB.")
    return Calendar(zone or "UTC", _holidays(country, "", first, last))


def _holidays(country: str, region: str, first: date, last: date) -> frozenset[date]:
    return frozenset().union(*(public_holidays(country, region, year) for year in range(first.year, last.year + 1)))


def of_company(session: Session, company_id: int, today: date) -> History:
    """The company's own history in the mirror until `today`: what was owed, and each payment and credit with its day.

    An invoice whose payments do not add up to what the ledger says is paid is listed, not guessed at.
    """
    owners = _names(session, company_id)
    applied = owing.applied(session, company_id)
    found: list[Past] = []
    unreadable: list[tuple[int | str, str]] = []
    wanted = select(
        Invoice.account_id,
        Invoice.external_id,
        Invoice.number,
        Invoice.issued,
        Invoice.due,
        Invoice.shipped,
        Invoice.currency,
        Invoice.total_minor,
        Invoice.balance_minor,
    ).where(Invoice.company_id == company_id, Invoice.status.in_(_OWED), Invoice.gone_at.is_(None))
    for row in session.execute(wanted.order_by(Invoice.issued, Invoice.id)):
        paid = [(day, amount) for day, currency, amount in applied.get(row.external_id, ()) if currency == row.currency]
        if row.total_minor - sum(amount for _, amount in paid) != row.balance_minor:
            unreadable.append((row.number, "The ledger does not say on which days it was paid."))
        elif row.total_minor > 0:
            found.append(_past(row, owners[row.account_id], paid))
    return History(tuple(found), tuple(unreadable), today)


def _past(row: Any, owner: str, paid: Iterable[tuple[date, int]]) -> Past:
    return Past(
        customer=owner,
        number=row.number,
        issued=row.issued,
        due=row.due,
        amount=Money(row.total_minor, row.currency),
        paid=tuple((max(day, row.issued), Money(amount, row.currency)) for day, amount in sorted(paid)),
        delivered=row.shipped,
    )


def _names(session: Session, company_id: int) -> dict[int, str]:
    """Each account's name, told apart by the ledger's own id where two are called the same."""
    rows = session.execute(
        select(Account.id, Account.name, Account.external_id).where(Account.company_id == company_id)
    ).all()
    often = Counter(row.name for row in rows)
    return {
        row.id: row.name if often[row.name] == 1 and row.name else f"{row.name} ({row.external_id})" for row in rows
    }


def cadence_named(which: str, text: str | None = None) -> Cadence:
    """The shipped cadence of that name, or the one written in `text`. Refusal names those there are."""
    library = cadences.shipped_library()
    source = library.get(which) if text is None else text
    if source is None:
        raise Refusal(f"There is no cadence {which!r}; name a file such as own.toml, or one of: {', '.join(library)}.")
    try:
        return cadences.parsed(source, tuple(library.items()))
    except CadenceError as error:
        raise Refusal(f"{which} cannot be used: {error}") from None


def in_force(session: Session, company: Company) -> Cadence:
    """The company's cadence with what its practice and it have changed; segments and single accounts aside."""
    return cadences.Known(session, company).of(0, "")


def choices(session: Session, company: Company) -> dict[str, Cadence]:
    """What can be tried on a company's past, by a name to ask for it: the one in force first, then its practice's
    versions and those shipped.
    """
    kept = session.scalars(
        select(CadenceVersion)
        .where(CadenceVersion.practice_id == company.practice_id)
        .order_by(CadenceVersion.name, CadenceVersion.number.desc())
    )
    return {
        IN_FORCE: in_force(session, company),
        **{one.uid: cadences.of_version(one) for one in kept},
        **{name: cadences.shipped(name) for name in cadences.shipped_library()},
    }

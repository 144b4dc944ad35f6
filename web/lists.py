"""Rows for the console's longer lists: accounts of a company, a preview by day, silences by cause. Read-only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from markupsafe import Markup
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.calendars import Calendar
from models import Account, Company
from web import charts, presenters, queries
from workflows.preview import PreviewMessage, Silence


@dataclass(frozen=True, slots=True)
class AccountRow:
    account: Account
    owed: queries.Owed
    because: Because | None


@dataclass(frozen=True, slots=True)
class Page:
    """`number` of `last` pages of a list that has `total` rows."""

    rows: list[AccountRow]
    number: int
    total: int

    @property
    def last(self) -> int:
        return last_page(self.total)


def last_page(total: int, size: int = queries.PAGE) -> int:
    """How many pages of so many rows it takes; at least one."""
    return max(1, -(-total // size))


def page_number(args: Mapping[str, str]) -> int:
    """The page asked for; the first for anything that is no sensible number."""
    asked = args.get("page", "1")
    return min(max(int(asked), 1), 100_000) if asked.isdecimal() and len(asked) < 7 else 1


def account_rows(session: Session, company: Company, search: str, everyone: bool, number: int, today: date) -> Page:
    accounts, total = queries.accounts(session, company.id, search, everyone, number)
    owed = queries.owed_by_account(session, company, accounts, today)
    rows = []
    for account in accounts:
        told = presenters.telling(presenters.read_because(account.because))
        rows.append(AccountRow(account, owed.get(account.id, queries.Owed()), told[0] if told else None))
    return Page(rows, number, total)


def by_day(messages: Iterable[PreviewMessage], company: Company) -> list[tuple[date, list[PreviewMessage]]]:
    """A preview's messages under their local day, in order of time."""
    calendar = Calendar(zone=company.zone or "UTC")
    ordered = sorted(messages, key=lambda one: (one.moment, one.account_name))
    return [(day, list(group)) for day, group in groupby(ordered, key=lambda one: calendar.today(one.moment))]


def day_chart(messages: Iterable[PreviewMessage], company: Company, days: int, now: datetime) -> Markup:
    """How many messages leave on each day of a preview."""
    calendar = Calendar(zone=company.zone or "UTC")
    counted = Counter(calendar.today(one.moment) for one in messages)
    first = calendar.today(now)
    every = [first + timedelta(days=place) for place in range(days)]
    labels = tuple(f"{day.day} {day:%b}" for day in every)
    return charts.lines(charts.Chart("Messages a day", labels, (("Messages", tuple(counted[day] for day in every)),)))


def by_cause(silences: Iterable[Silence]) -> list[tuple[Cause, list[tuple[Silence, list[Because]]]]]:
    """Silent accounts under the cause that says most, those that ask for a person first."""
    groups: dict[Cause, list[tuple[Silence, list[Because]]]] = {}
    for silence in silences:
        told = presenters.telling(silence.because)
        if told:
            groups.setdefault(told[0].cause, []).append((silence, told))
    ordered = sorted(groups, key=lambda cause: (not presenters.CAUSES[cause].asks, -len(groups[cause]), cause))
    return [(cause, groups[cause]) for cause in ordered]

"""What a comparison finds, and which days it looks at. Shared by all that compare; it compares nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models import Company, Credit, Payment

UNDER_WAY = timedelta(days=1)  # what is younger may still be on its way and is no news
CAME_AGAIN = ("void", "again")  # states of what went back, and came to us again


class Place(StrEnum):
    """Where a person puts it right."""

    DESK = "desk"
    INVOICE = "invoice"
    PAYOUTS = "payouts"
    BANK = "bank"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that does not agree, since when it can be one, and where it is put right; `invoice` is that one's uid.

    `told`: people are mailed of it. What stands on the desk or waits by itself is not mailed piece by piece.
    """

    reference: str
    what: str
    at: datetime
    place: Place = Place.DESK
    invoice: str = ""
    told: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are looked at, first and last, as they are where the company is; None: without an end."""

    zone: str = "UTC"
    first: date | None = None
    last: date | None = None

    @staticmethod
    def of_month(company: Company, first: date) -> Span:
        """The month that begins on this day."""
        return Span(company.zone or "UTC", first, next_month(first) - timedelta(days=1))

    def moments(self, column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]) -> _Where:
        bounds = [column >= self._start(self.first)] if self.first else []
        return and_(True, *bounds, *([column < self._start(self.last + timedelta(days=1))] if self.last else []))

    def days(self, column: InstrumentedAttribute[date]) -> _Where:
        bounds = [column >= self.first] if self.first else []
        return and_(True, *bounds, *([column <= self.last] if self.last else []))

    def has(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


_Where = ColumnElement[bool]


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def shown(table: type[Payment | Credit], company_id: int, id: InstrumentedAttribute[str]) -> _Where:
    """The mirror of the ledger has such a row, whatever else the question joins."""
    there = aliased(table)
    return exists().where(there.company_id == company_id, there.external_id == id, there.gone_at.is_(None))

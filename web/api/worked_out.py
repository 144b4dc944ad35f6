"""What the API works out, as structs: what waits, how a month ended, what is to come. Nothing else leaves."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from web.api import shapes


class Waits(msgspec.Struct):
    """What waits at one company, by kind."""

    company: str
    name: str
    total: int
    kinds: dict[str, int]


class Desk(msgspec.Struct):
    total: int
    items: list[Waits]


class Differs(msgspec.Struct):
    since: datetime
    what: str
    where: str
    reference: str


class Figure(msgspec.Struct):
    table: str
    what: str
    currency: str
    amount: str


class MonthEnd(msgspec.Struct):
    first: date
    last: date
    agrees: bool
    differs: list[Differs]
    not_looked_at: list[str]
    figures: list[Figure]


class ToCome(msgspec.Struct):
    at: datetime
    customer: str
    step: str
    channel: str
    recipients: list[str]
    invoices: list[str]
    asks_a_person: bool
    on_its_way: bool


class Silent(msgspec.Struct):
    customer: str
    silences: list[shapes.Silence]


class Preview(msgspec.Struct):
    """What would go out if nobody paid. `next` is the page after this one; `customers` is how many owe something."""

    customers: int
    messages: list[ToCome]
    silent: list[Silent]
    next: int | None

"""What the API answers, as structs: their fields are the document's, and nothing else leaves.

Ids are uids, sums say their minor units and currency, moments carry their offset. Words are for people, codes for
programs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from core import money


class Money(msgspec.Struct):
    """A sum: whole minor units (cents, pence, yen), the ISO code, and the same as a decimal."""

    amount_minor: int
    currency: str
    amount: str

    @classmethod
    def of(cls, sum: money.Money) -> Money:
        return cls(sum.minor, sum.currency, str(sum.decimal))


class Person(msgspec.Struct):
    uid: str
    name: str


class Whose(msgspec.Struct):
    """Whose token asks, and what it may."""

    person: Person
    practice: str
    role: str
    may_change: bool
    ends_at: datetime


class Company(msgspec.Struct):
    """`state` is a word as on its page; `read_at` is when its ledger was last read as a whole."""

    uid: str
    name: str
    ledger: str
    currency: str
    country: str
    zone: str | None
    state: str
    live: bool
    paused: bool
    read_at: datetime | None
    open: list[Money]
    overdue: list[Money]


class Silence(msgspec.Struct):
    """Why nothing is said about an invoice: a code, the same in words, and until when at the most."""

    cause: str
    sentence: str
    invoice: str | None
    until: datetime | None
    asks_a_person: bool


class Customer(msgspec.Struct):
    uid: str
    company: str
    name: str
    contact: str
    emails: list[str]
    phone: str
    segment: str
    in_care: bool
    looked_after_by: Person | None
    open: list[Money]
    overdue: list[Money]
    silences: list[Silence]


class Invoice(msgspec.Struct):
    uid: str
    company: str
    customer: str
    number: str
    issued: date
    due: date | None
    total: Money
    open: Money
    status: str


class Spoken(msgspec.Struct):
    """One invoice in a message: what was said about it, and its balance just before."""

    invoice: str
    step: str
    balance: Money


class Message(msgspec.Struct):
    uid: str
    company: str
    customer: str
    kind: str
    step: str
    channel: str
    state: str
    day: date
    sent_at: datetime | None
    recipients: list[str]
    subject: str
    about: list[Spoken]


class WholeMessage(Message):
    """With its words, and what had been read just before it left. Links to the customer's own page are cut short."""

    text: str
    evidence: dict[str, Any]


class Wanted(msgspec.Struct):
    step: str
    invoices: list[str]


class Stood(msgspec.Struct):
    """What stood from a moment on: what was to be said, and why nothing about the rest."""

    since: datetime
    silences: list[Silence]
    wanted: list[Wanted]


class Said(msgspec.Struct):
    message: str
    at: datetime
    step: str
    channel: str
    state: str
    invoices: list[str]


class Unsaid(msgspec.Struct):
    at: datetime
    step: str
    state: str
    invoices: list[str]
    note: str


class Why(msgspec.Struct):
    """One customer on one day. `source`: kept (decided then), ahead (worked out now) or nothing (no record)."""

    customer: str
    day: date
    source: str
    stood: list[Stood]
    said: list[Said]
    unsaid: list[Unsaid]


class Hold(msgspec.Struct):
    """`until` is the first day on which it does not count any more."""

    uid: str
    customer: str
    invoice: str | None
    cause: str
    until: date | None
    note: str
    state: str
    made_at: datetime


class Promise(msgspec.Struct):
    uid: str
    customer: str
    day: date
    state: str
    invoices: list[str]
    made_at: datetime
    settled_at: datetime | None


class Dispute(msgspec.Struct):
    uid: str
    customer: str
    invoice: str
    text: str
    answer_by: date
    state: str
    ending: str
    answer: str
    opened_at: datetime
    resolved_at: datetime | None


class Part(msgspec.Struct):
    uid: str
    day: date
    amount: Money


class Arrangement(msgspec.Struct):
    uid: str
    customer: str
    state: str
    invoices: list[str]
    parts: list[Part]
    made_at: datetime
    ended_at: datetime | None


class Booked(msgspec.Struct):
    """What of a payment was for one invoice, and how far it is on its way into the ledger."""

    invoice: str
    amount: Money
    state: str
    in_ledger: str
    confirmed_at: datetime | None


class Payment(msgspec.Struct):
    """Money taken through Dunlin."""

    uid: str
    customer: str
    processor: str
    method: str
    amount: Money
    paid_at: datetime | None
    lines: list[Booked]


class Remark(msgspec.Struct):
    uid: str
    customer: str
    text: str
    made_at: datetime


class Companies(msgspec.Struct):
    items: list[Company]
    next: str | None


class Customers(msgspec.Struct):
    items: list[Customer]
    next: str | None


class Invoices(msgspec.Struct):
    items: list[Invoice]
    next: str | None


class Messages(msgspec.Struct):
    items: list[Message]
    next: str | None


class Holds(msgspec.Struct):
    items: list[Hold]
    next: str | None


class Promises(msgspec.Struct):
    items: list[Promise]
    next: str | None


class Disputes(msgspec.Struct):
    items: list[Dispute]
    next: str | None


class Arrangements(msgspec.Struct):
    items: list[Arrangement]
    next: str | None


class Payments(msgspec.Struct):
    items: list[Payment]
    next: str | None


class People(msgspec.Struct):
    items: list[Person]

"""What a program may send: the fields of an address and of a body. Whatever is not named here is refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

UID = "^[A-Za-z0-9_-]{1,40}$"
Uid = Annotated[str, Meta(pattern=UID)]
MaybeUid = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{0,40}$")]
Words = Annotated[str, Meta(min_length=1, max_length=2000)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No fields."""


class Page(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of a list, in the order in which things came: `after` is `next` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    after: MaybeUid = ""


class CustomersPage(Page):
    """`owing`: only who owes something."""

    owing: bool = False


class OfCustomer(Page):
    """`customer`: only theirs; `open`: only what is open."""

    customer: MaybeUid = ""
    open: bool = False


class Days(Page):
    """`customer`: only theirs; `first` and `last`: only these days, both included."""

    customer: MaybeUid = ""
    first: date | msgspec.UnsetType = msgspec.UNSET
    last: date | msgspec.UnsetType = msgspec.UNSET


class OneDay(msgspec.Struct, forbid_unknown_fields=True):
    """A day of the company; today where none is given."""

    day: date | msgspec.UnsetType = msgspec.UNSET


class Month(msgspec.Struct, forbid_unknown_fields=True):
    """A month such as 2026-10; the last whole one where none is given."""

    month: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2})?$")] = ""


class Ahead(msgspec.Struct, forbid_unknown_fields=True):
    """How many days ahead, and which five hundred customers."""

    days: Annotated[int, Meta(ge=1, le=90)] = 30
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1


class ToHold(msgspec.Struct, forbid_unknown_fields=True):
    """Leave a customer, or one invoice, alone until a day is over; without one until somebody lets go."""

    cause: Literal["paused", "replied", "breathing-space"]
    last_day: date | None = None
    invoice: MaybeUid = ""
    note: Annotated[str, Meta(max_length=2000)] = ""


class ToLetGo(msgspec.Struct, forbid_unknown_fields=True):
    hold: Uid


class ToPromise(msgspec.Struct, forbid_unknown_fields=True):
    """They named a day on which they will pay these open invoices."""

    day: date
    invoices: Annotated[list[Uid], Meta(min_length=1, max_length=200)]


class ToDispute(msgspec.Struct, forbid_unknown_fields=True):
    """They said that something is wrong with an invoice."""

    invoice: Uid
    text: Words


class ToRemark(msgspec.Struct, forbid_unknown_fields=True):
    """What colleagues should know; no customer sees it."""

    text: Words


class ToAssign(msgspec.Struct, forbid_unknown_fields=True):
    """Who looks after the customer; null: nobody in particular."""

    person: Uid | None

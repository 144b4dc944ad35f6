"""The practice, the companies it looks after, and what the installation remembers of itself."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Practice(HasUid, Base):
    """An accounting firm, or one business on its own. While `paused` nothing is sent for any of its companies, until
    the day `paused_until` where one was named.
    """

    __tablename__ = "practice"

    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    paused: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[date | None]


class Company(HasUid, Base):
    """A client company. `zone` is None until somebody said where it is; `live_at` is None while nothing may be sent.

    `sync_state`: idle, asked (by a person), running or failed, with `sync_note` for people; `sync_rows` of `sync_total`
    is the progress, `sync_failures` counts failures in a row; until `handed_until` its reading is given to a worker.
    `income_choice` is what credit notes are booked on; `region` is the part of the country whose holidays count;
    `opens` and `closes` the sending hours; `caps` a country's preset of limits beside the cadence's own; for
    `draft_days` after going live a person approves every message, and with `approve_all` always; an arrangement may be
    offered of at most `most_parts` parts within `most_days` days;
    `locked_until` the last day of the closed books; `own_reminders` whether the ledger itself reminds (None: unknown).
    While `paused` nothing is sent, until the day `paused_until` where one was named. `first_day` says by step of the
    guided first day when it was gone through. Since `leaving_at` it waits to be deleted: nothing is said or asked for.

    What a customer may do alone on their page: pay a part of what is open (`part_payments`); arrange parts, `intervals`
    apart and the first at least `least_deposit` percent, of at most `arrange_up_to_minor` in the company's currency
    (None: a person agrees to each); have up to `extend_days` more days. `date_target` is where an agreed day is written
    in the ledger: "", expected or due. `ask_treatment`: whether they are asked how they were treated.
    """

    __tablename__ = "company"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(500))
    ledger_kind: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(3))
    zone: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(5), default="en")
    email: Mapped[str] = mapped_column(String(254), default="")
    short_code: Mapped[str] = mapped_column(String(20), default="")
    deposit_account: Mapped[str] = mapped_column(String(64), default="")
    income_choice: Mapped[str] = mapped_column(String(64), default="")
    locked_until: Mapped[date | None]
    own_reminders: Mapped[bool | None]
    cadence_version_id: Mapped[int] = mapped_column(ForeignKey("cadence_version.id"))
    region: Mapped[str] = mapped_column(String(10), default="")
    opens: Mapped[time] = mapped_column(default=time(9))
    closes: Mapped[time] = mapped_column(default=time(17))
    caps: Mapped[str] = mapped_column(String(10), default="")
    draft_days: Mapped[int] = mapped_column(default=7)
    approve_all: Mapped[bool] = mapped_column(default=False)
    most_parts: Mapped[int] = mapped_column(default=6)
    most_days: Mapped[int] = mapped_column(default=90)
    part_payments: Mapped[bool] = mapped_column(default=False)
    least_deposit: Mapped[int] = mapped_column(default=0)
    intervals: Mapped[list[Any]] = mapped_column(default=lambda: ["week", "fortnight", "month"])
    arrange_up_to_minor: Mapped[int | None] = mapped_column(BigInteger)
    extend_days: Mapped[int] = mapped_column(default=0)
    date_target: Mapped[str] = mapped_column(String(10), default="")
    ask_treatment: Mapped[bool] = mapped_column(default=True)
    live_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[date | None]
    leaving_at: Mapped[datetime | None]
    first_day: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sync_state: Mapped[str] = mapped_column(String(10), default="idle")
    sync_note: Mapped[str] = mapped_column(Text, default="")
    sync_rows: Mapped[int] = mapped_column(default=0)
    sync_total: Mapped[int | None]
    sync_failures: Mapped[int] = mapped_column(default=0)
    next_sync_at: Mapped[datetime | None] = mapped_column(index=True)
    handed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Memory(Base):
    """What the installation must remember between starts, such as the plan version last used."""

    __tablename__ = "memory"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    value: Mapped[str] = mapped_column(Text)

"""A mailbox sends no faster than it may, a new one begins gently, and whatever waits says until when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from integrations.channels.base import Pace
from models import Departure, EffectKind
from sandbox.mailbox import Mailbox
from tests.stories.days import effects_of
from tests.stories.own_mailbox import mail_server, own, prove, reminders, set_up, waiting
from tests.town import Town
from workflows import senders

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 3, 6)
HOUR = timedelta(hours=1)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


@contextmanager
def paced(customers: int, pace: Pace, gentle: bool = False) -> Iterator[tuple[Town, Mailbox]]:
    """A town in which so many customers are to hear something on Monday, through a proved mailbox of that pace."""
    town = Town()
    for number in range(customers):
        town.customer("xero", f"c{number:03}")
        town.open("xero", f"N-{number:03}", f"c{number:03}", DUE)
    town.begin(kinds=["xero"])
    try:
        with mail_server(town) as server:
            set_up(town, server)
            prove(town, server)
            senders.set_pace(town.rt, own(town).company_id, pace, gentle)
            # The test mail counts too; the stories begin without it.
            with town.rt.store.write() as session:
                for one in session.scalars(select(Departure)):
                    session.delete(one)
            yield town, server
    finally:
        town.close()


def test_what_does_not_fit_into_an_hour_follows_and_says_when() -> None:
    with paced(12, Pace(hour=5)) as (town, server):
        town.at(MONDAY, 9, 2)
        assert len(reminders(server)) == 5
        notes = sorted({one.note for one in waiting(town)})
        assert notes == [
            "Your mailbox sends at most 5 an hour; this one follows at 10:00.",
            "Your mailbox sends at most 5 an hour; this one follows at 11:00.",
        ]
        assert {one.attempts for one in waiting(town)} == {0}
        town.at(MONDAY, 10, 30)
        assert len(reminders(server)) == 10
        town.at(MONDAY, 22)
        heard = [mail.recipients[0] for mail in reminders(server)]
        assert (len(heard), len(set(heard))) == (12, 12), "everybody once, on the same day"


@pytest.mark.parametrize("customers", [80, pytest.param(300, marks=pytest.mark.slow)])
def test_a_busy_first_day_is_spread_over_days_and_nobody_is_forgotten(customers: int) -> None:
    with paced(customers, Pace(day=10_000), gentle=True) as (town, server):
        for day, by_then in ((MONDAY, 45), (TUESDAY, 45 + 90), (WEDNESDAY, 300)):
            town.at(day, 22)
            assert len(reminders(server)) == min(customers, by_then), "a tenth is kept for thank-yous"
        heard = [mail.recipients[0] for mail in reminders(server)]
        assert len(set(heard)) == customers, "everybody once"


def test_what_waits_for_tomorrow_says_so_and_is_asked_about_anew() -> None:
    with paced(8, Pace(day=5)) as (town, server):
        town.at(MONDAY, 22)
        assert len(reminders(server)) == 5
        heard = {mail.recipients[0] for mail in reminders(server)}
        (note,) = {one.note for one in waiting(town)}
        assert note == "Your mailbox sends at most 5 a day; this one follows at 09:00 on Tuesday at the earliest."
        late = next(f"N-{n:03}" for n in range(8) if f"c{n:03}@customers.example" not in heard)
        town.transfer("xero", late, "100.00")
        town.at(TUESDAY, 22)
        assert len(reminders(server)) == 7, "who has paid meanwhile hears nothing"


def test_thank_yous_go_first_and_have_room_when_reminders_have_none() -> None:
    with paced(30, Pace(hour=10)) as (town, server):
        town.at(MONDAY, 9, 2)
        assert len(reminders(server)) == 9, "one place is kept"
        town.pay("N-029")
        town.at(MONDAY, 12)
        (thanks,) = effects_of(town, EffectKind.THANKS)
        (told,) = (mail for mail in reminders(server) if mail.header("X-Dunlin-Step") == "thanks")
        hour_before = [one for one in reminders(server) if timedelta() <= told.received_at - one.received_at < HOUR]
        assert (thanks.state, len(hour_before)) == ("sent", 10), "the hour was full for reminders"


def test_two_companies_with_one_mailbox_share_its_pace() -> None:
    town = Town()
    for ledger in ("xero", "quickbooks"):
        for number in range(6):
            town.customer(ledger, f"{ledger}{number}")
            town.open(ledger, f"{ledger}-{number}", f"{ledger}{number}", DUE)
    town.begin()
    try:
        with mail_server(town) as server:
            for ledger in ("xero", "quickbooks"):
                set_up(town, server, ledger)
                prove(town, server, ledger)
                senders.set_pace(town.rt, own(town, ledger).company_id, Pace(hour=8), gentle=False)
            town.at(MONDAY, 14, 55)  # London since 9:00, New York since 14:00
            by_hour = [mail.received_at for mail in server.messages()]
            for start in by_hour:
                within = [at for at in by_hour if start <= at < start + timedelta(hours=1)]
                assert len(within) <= 8
            town.at(MONDAY, 22)
            assert len(reminders(server)) == 12
    finally:
        town.close()


@pytest.mark.parametrize(
    ("address", "server", "pace"),
    [
        ("ann@wren.example", "smtp.office365.com", Pace(minute=30, day=10_000)),
        ("ann@wren.example", "smtp.gmail.com", Pace(day=2_000)),
        ("ann.wren@gmail.com", "smtp.gmail.com", Pace(day=500)),
        ("ann@wren.example", "smtp.wren.example", Pace(hour=100)),
        ("ann@wren.example", "notgmail.com.wren.example", Pace(hour=100)),
    ],
)
def test_each_providers_own_limits_hold_until_somebody_says_otherwise(address: str, server: str, pace: Pace) -> None:
    town = Town()
    town.begin(kinds=["xero"])
    try:
        rt = replace(town.rt, mode="production")
        details = senders.Details("smtp", address, host=server, password="heron")
        made = senders.set_up(rt, town.company("xero").id, details)
        assert (made.per_minute, made.per_hour, made.per_day, made.gentle) == (pace.minute, pace.hour, pace.day, True)
    finally:
        town.close()


def test_by_the_minute_a_batch_is_spread_over_minutes() -> None:
    with paced(7, Pace(minute=3)) as (town, server):
        town.at(MONDAY, 9, 10)
        minutes = [
            mail.received_at - datetime(2026, 3, 2, 9, tzinfo=mail.received_at.tzinfo) for mail in reminders(server)
        ]
        assert [int(one.total_seconds() // 60) for one in minutes] == [0, 0, 0, 1, 1, 1, 2]

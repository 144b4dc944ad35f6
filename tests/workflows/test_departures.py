"""Counting what leaves a mailbox: never more than it may, however many are at it, on both databases."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from integrations.errors import Transient
from models import Departure, Sender
from models.store import Store
from tests.workflows.office import Office
from workflows import departures
from workflows.departures import Limit, Room, limits

TODAY = date(2026, 3, 2)


def mailbox(office: Office, **pace: object) -> Sender:
    values: dict[str, object] = {"kind": "smtp", "host": "mail.larch.example", "port": 587, "wrapped": False}
    with office.rt.store.write() as session:
        made = Sender(
            uid=office.rt.new_id(),
            company_id=office.company.id,
            address="a@larch.example",
            mailbox="larch",
            state="proved",
            created_at=office.clock.now(),
            **{"gentle": False, **values, **pace},  # type: ignore[arg-type]
        )
        session.add(made)
    return made


def room(office: Office, sender: Sender, reminders: bool = False) -> Room:
    with office.rt.store.read() as session:
        return departures.room(session, sender, office.clock.now(), TODAY, reminders)


def test_many_at_once_never_take_more_than_there_is(office: Office) -> None:
    sender = mailbox(office, per_hour=7)
    refused = []

    def hurry() -> None:
        for _ in range(4):
            try:
                departures.take(office.rt, sender, TODAY)
            except Transient as error:
                refused.append(error)

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with office.rt.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Departure)) == 7
    assert len(refused) == 9
    assert {(str(one), one.retry_after) for one in refused} == {("The mailbox sends at most 7 an hour.", 3600.0)}


def test_a_place_is_free_again_when_the_oldest_has_left_the_window(office: Office) -> None:
    sender = mailbox(office, per_hour=2)
    start = office.clock.now()
    for minutes in (0, 20):
        office.clock.move(start + timedelta(minutes=minutes))
        departures.take(office.rt, sender, TODAY)
    assert (room(office, sender).count, room(office, sender).again) == (0, start + timedelta(hours=1))
    office.clock.move(start + timedelta(hours=1))
    assert room(office, sender).count == 1
    office.clock.move(start + timedelta(hours=1, minutes=20))
    assert room(office, sender).count == 2


def test_the_fullest_limit_decides_and_of_two_full_ones_the_longer(office: Office) -> None:
    sender = mailbox(office, per_minute=2, per_hour=2, per_day=50)
    start = office.clock.now()
    for _ in range(2):
        departures.take(office.rt, sender, TODAY)
    full = room(office, sender)
    assert (full.words, full.again) == ("2 an hour", start + timedelta(hours=1))


def test_reminders_leave_the_last_tenth_to_what_cannot_wait(office: Office) -> None:
    sender = mailbox(office, per_hour=20)
    for _ in range(18):
        departures.take(office.rt, sender, TODAY)
    assert (room(office, sender, reminders=True).count, room(office, sender).count) == (0, 2)


def test_what_does_not_fit_is_told_in_batches() -> None:
    now = Office().clock.now()
    hourly = Room(0, now, batch=3, window=departures.HOUR)
    assert [hourly.when(place) - now for place in (0, 2, 3, 7)] == [timedelta(hours=n) for n in (0, 0, 1, 2)]


def test_a_mailbox_without_limits_has_room_for_ever(office: Office) -> None:
    assert room(office, mailbox(office)).count == departures.FOREVER


def test_a_changed_mailbox_lets_nothing_leave_any_more(office: Office) -> None:
    sender = mailbox(office)
    office.change(sender, address="b@larch.example")
    with pytest.raises(Transient, match="was changed"):
        departures.take(office.rt, sender, TODAY)
    office.change(sender, address="a@larch.example", state="unproved")
    with pytest.raises(Transient, match="was changed"):
        departures.take(office.rt, sender, TODAY)


@pytest.mark.parametrize(
    ("days", "per_day", "told"),
    [(0, 400, 50), (1, 400, 100), (2, 400, 200), (3, 400, 400), (9, 400, 400), (5, 0, 1600)],
)
def test_a_new_mailbox_begins_slowly_and_doubles_until_its_limit(days: int, per_day: int, told: int) -> None:
    sender = Sender(per_minute=0, per_hour=0, per_day=per_day, gentle=True, first_day=TODAY - timedelta(days=days))
    (limit,) = limits(sender, TODAY)
    assert (limit.count, limit.window) == (told, departures.DAY)
    settled = Sender(per_minute=0, per_hour=0, per_day=400, gentle=False, first_day=None)
    assert list(limits(settled, TODAY)) == [Limit(400, departures.DAY, "400 a day")]


def test_what_counts_no_more_is_forgotten(office: Office) -> None:
    sender = mailbox(office)
    departures.take(office.rt, sender, TODAY)
    office.clock.move(office.clock.now() + timedelta(days=1))
    departures.take(office.rt, sender, TODAY)
    with office.rt.store.read() as session:
        assert len(session.scalars(select(Departure)).all()) == 1
        assert departures.lately(session, "larch", office.clock.now()) == (1, 1)
    assert isinstance(office.rt.store, Store)

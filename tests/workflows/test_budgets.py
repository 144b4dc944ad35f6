"""The vendors' limits are kept before a call is made, and every call is counted with what it was for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from integrations.errors import RateLimited
from integrations.ledgers.base import Limit, Pace, Purpose
from models.store import Store
from tests.workflows.office import Office
from workflows import budgets
from workflows.budgets import Budget
from workflows.pacing import Turns

DOOR, BULK = Purpose.DOOR, Purpose.SNAPSHOT


@dataclass
class Vendor:
    """Only what a budget asks of a kind of ledger."""

    kind: str = "xero"
    label: str = "Xero"
    metered: str = "reads"
    pace: Pace = field(default_factory=lambda: Pace(at_once=5, per_second=100))
    limits: tuple[Limit, ...] = (
        Limit("minute", 60, 10),
        Limit("day", 86400, 40),
        Limit("month", 30 * 86400, 100, whole_app=True, metered=True),
    )


@pytest.fixture
def office(store: Store) -> Iterator[Office]:
    office = Office(store)
    yield office
    office.close()


def budget(office: Office, scope: str = "a") -> Budget:
    vendor: Any = Vendor()
    return Budget(office.rt, vendor, office.company.id, scope)


def call(office: Office, purpose: Purpose = DOOR, times: int = 1, scope: str = "a", **told: Any) -> None:
    for _ in range(times):
        meter = budget(office, scope)
        with meter.call(purpose) as answered:
            answered(1000, told)
        meter.close()


def refusal(office: Office, purpose: Purpose = DOOR, scope: str = "a", read: bool = True) -> float:
    """After how many seconds a refused call may be tried again."""
    with pytest.raises(RateLimited) as refused, budget(office, scope).call(purpose, read=read):
        raise AssertionError("it was called all the same")
    return refused.value.retry_after


def later(office: Office, **time: int) -> None:
    office.clock.move(office.clock.now() + timedelta(**time))


def test_no_call_is_made_over_the_limit_of_a_minute_and_the_next_minute_has_room_again(office: Office) -> None:
    later(office, seconds=20)
    call(office, times=10)
    assert refusal(office) == 40
    later(office, seconds=40)
    call(office)


def test_bulk_reading_leaves_the_last_fifth_to_those_who_cannot_wait(office: Office) -> None:
    call(office, BULK, times=8)
    assert refusal(office, BULK) > 0
    call(office, DOOR, times=2)
    assert refusal(office, DOOR) > 0


def test_a_day_has_its_own_limit_over_many_minutes(office: Office) -> None:
    for _ in range(4):
        call(office, times=10)
        later(office, minutes=1)
    assert (
        refusal(office)
        == (office.clock.now().replace(hour=0, minute=0) + timedelta(days=1) - office.clock.now()).seconds
    )
    later(office, days=1)
    call(office)


def test_what_was_refused_takes_nothing_from_any_window(office: Office) -> None:
    call(office, times=10)
    for _ in range(5):
        refusal(office)
    later(office, minutes=1)
    assert {room.limit.name: room.left for room in rooms(office)}["day"] == 30


def test_organisations_have_limits_of_their_own_and_the_app_has_one_over_all(office: Office) -> None:
    for organisation in range(10):
        call(office, times=10, scope=str(organisation))
    assert refusal(office, scope="new") > 3600, "the month's reads of the whole app are used up"


def test_only_metered_reads_count_on_the_bill(office: Office) -> None:
    call(office, times=3)
    meter = budget(office)
    with meter.call(Purpose.WRITE, read=False) as answered:
        answered(10, {})
    meter.close()
    spent = {one.purpose: (one.calls, one.metered, one.bytes) for one in spent_today(office)}
    assert spent == {DOOR: (3, 3, 3000), Purpose.WRITE: (1, 0, 10)}


def test_the_vendors_own_count_is_worth_more_than_ours(office: Office) -> None:
    call(office, minute=2)
    call(office, times=2)
    assert refusal(office) > 0
    later(office, minutes=1)
    call(office, day=400)
    assert {room.limit.name: room.left for room in rooms(office)}["day"] == 400


@pytest.mark.parametrize("seconds", [5, 60, 20_000])
def test_after_a_refusal_of_the_vendor_nobody_calls_before_the_time_it_named_and_no_count_is_lost(
    office: Office, seconds: int
) -> None:
    call(office, times=3)
    before = {room.limit.name: room.left for room in rooms(office)}
    with pytest.raises(RateLimited), budget(office).call(DOOR):
        raise RateLimited("slow down", seconds)
    assert refusal(office) == seconds
    call(office, scope="another organisation")
    assert {room.limit.name: room.left for room in rooms(office)} == {
        name: left - 1 - (name == "month") for name, left in before.items()
    }
    later(office, seconds=seconds)
    call(office)


def test_changes_leave_less_behind_than_bulk_for_without_them_nobody_is_spoken_to(office: Office) -> None:
    for _ in range(4):
        call(office, Purpose.CHANGES, times=8)
        later(office, minutes=1)
    assert refusal(office, Purpose.SWEEP) > 3600, "a fifth of the day is kept"
    call(office, Purpose.CHANGES, times=6)
    assert refusal(office, Purpose.CHANGES) > 3600, "and of that a twentieth"
    call(office, DOOR)


def test_a_new_arrangement_with_the_vendor_counts_at_once(office: Office) -> None:
    for _ in range(4):
        call(office, times=10)
        later(office, minutes=1)
    assert refusal(office) > 3600
    vendor: Any = Vendor(limits=(Limit("minute", 60, 10), Limit("day", 86400, 100)))
    with Budget(office.rt, vendor, office.company.id, "a").call(DOOR):
        pass
    with office.rt.store.read() as session:
        window = budgets.window(session, "xero", "a", vendor.limits[1], office.clock.now())
    assert window is not None
    assert (window.calls, window.room) == (100, 59)


def test_bulk_reading_waits_for_the_end_of_a_full_minute_instead_of_giving_up(office: Office) -> None:
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        later(office, seconds=int(seconds))

    call(office, times=10)
    vendor: Any = Vendor()
    patient = replace(office.rt, pause=pause)
    with Budget(patient, vendor, office.company.id, "a").call(BULK):
        pass
    assert waits == [60.0]


def test_many_threads_together_stay_within_the_limit(office: Office) -> None:
    made: list[int] = []

    def hurry() -> None:
        for _ in range(4):
            try:
                call(office)
            except RateLimited:
                continue
            made.append(1)

    threads = [threading.Thread(target=hurry) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 10


def test_calls_are_counted_by_day_and_purpose(office: Office) -> None:
    call(office, DOOR, times=2)
    later(office, days=1)
    call(office, BULK)
    assert [(one.purpose, one.calls) for one in spent_today(office)] == [(BULK, 1)]


def test_a_pace_starts_only_so_many_calls_in_a_second() -> None:
    now, waits = [100.0], []

    def pause(seconds: float) -> None:
        waits.append(round(seconds, 3))
        now[0] += seconds

    turns = Turns(lambda: now[0], pause)
    for _ in range(7):
        with turns("xero/a", Pace(at_once=5, per_second=3)):
            now[0] += 0.1
    assert waits == [0.7, 0.7], "the fourth and the seventh wait until a second has passed"


def test_a_pace_lets_only_so_many_in_at_one_time() -> None:
    turns, inside, most = Turns(lambda: 0.0, lambda _seconds: None), [0], [0]
    lock, full = threading.Lock(), threading.Barrier(2)

    def visit() -> None:
        with turns("a", Pace(at_once=2, per_second=1000)):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            full.wait(timeout=5)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=visit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]


def rooms(office: Office) -> list[budgets.Room]:
    with office.rt.store.read() as session:
        return [
            budgets.Room(limit, window.room if window else limit.calls, None)
            for limit in Vendor().limits
            for window in [budgets.window(session, "xero", "" if limit.whole_app else "a", limit, office.clock.now())]
        ]


def spent_today(office: Office) -> list[budgets.Spent]:
    with office.rt.store.read() as session:
        return budgets.spent(session, office.company.id, office.clock.now())

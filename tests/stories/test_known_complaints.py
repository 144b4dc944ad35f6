"""The twenty known complaints about reminder systems, each told as a story that ends well here.

Here: reminded though paid, reminded many times, a day that was missed, and the silence after an upgrade. The others
stand in the files beside this one; what each complaint is about, and what the other system did, stands at its story.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from core.cadence import Reason
from core.plan import PLAN_VERSION
from models import AttemptLine, Memory
from tests.stories.complaints import LATE, Overtaken, begun, news_is_lost
from tests.stories.days import BOTH, EVENING, OPENING, diaries, diary, effects_of, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import cadences, clock, desk, planner, reasons

pytestmark = pytest.mark.slow  # days on days of simulated time

DUE = date(2026, 3, 9)  # heads-up on the 4th, due-today on the 9th, late-4 on the 13th
ME = 1  # whoever decides at the desk


def test_all_twenty_complaints_are_told() -> None:
    told: list[int] = []
    for path in sorted(Path(__file__).parent.glob("test_known_complaints*.py")):
        _, *parts = re.split(r"^# (\d+)\. ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for number, story in zip(parts[::2], parts[1::2], strict=True):
            assert "\ndef test_" in story, f"complaint {number} has a heading and no story"
            told.append(int(number))
    assert sorted(told) == list(range(1, 21))


# 1. A reminder although it is paid, because the payment is not reconciled


@BOTH
def test_paid_in_the_ledger_a_moment_ago_and_nobody_has_told_us(kind: str) -> None:
    """Built-in reminders and add-ons work on what was reconciled or synced last, and tell users to reconcile first."""
    with town_of(kind, ("PAID", "fern", DUE), ("OPEN", "moss", DUE)) as town:
        town.mailbox.plan_fault("busy", times=2)
        town.at(date(2026, 3, 4), OPENING[kind])  # the ledger has just been read, and the mail server is busy
        assert [effect.state for effect in effects_of(town)] == ["due", "due"]
        town.clock.move(town.now + timedelta(minutes=6))
        town.transfer(kind, "PAID", "100.00")
        news_is_lost(town)
        assert diaries(town, ["PAID", "OPEN"], date(2026, 3, 4), date(2026, 3, 5)) == {
            "PAID": ["04 Mar to 05 Mar: paid"],
            "OPEN": ["04 Mar: HEADS-UP", "05 Mar: not-yet"],
        }


def test_paid_by_card_and_the_books_are_closed_so_that_it_cannot_be_booked() -> None:
    """Where only the ledger counts, who has paid by card is reminded until somebody has booked it."""
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        town.at(date(2026, 3, 2), EVENING)
        town.quickbooks.lock(town.tenants["quickbooks"], date(2026, 12, 31))
        town.pay("A-1")
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 9)) == ["03 Mar to 09 Mar: in-flight"]
        assert town.quickbooks.balance(town.tenants["quickbooks"], "A-1") == Decimal(100), "nothing is booked"
        town.quickbooks.lock(town.tenants["quickbooks"], None)
        desk.settle_booking(town.rt, _line_on_the_desk(town), "retry", ME)
        assert diary(town, "A-1", date(2026, 3, 10), date(2026, 3, 11)) == ["10 Mar: THANKS", "11 Mar: paid"]


def _line_on_the_desk(town: Town) -> int:
    with town.rt.store.read() as session:
        line = session.scalars(select(AttemptLine)).one()
    assert line.state == "desk"
    return line.id


def test_paid_at_the_bank_and_told_us_while_the_bookkeeper_is_away() -> None:
    """A word in the mail ("if you have already paid, please disregard this") is all that others offer."""
    with town_of("xero", ("A-1", "fern", LATE)) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 5)) == ["02 Mar: LATE-4", "03 Mar to 05 Mar: not-yet"]
        invoice = town.invoice("A-1")
        reasons.tell(town.rt, invoice.account_id, [invoice.uid], Reason.PAID_ALREADY, "On Thursday, from our bank.")
        assert diary(town, "A-1", date(2026, 3, 6), date(2026, 3, 12)) == ["06 Mar to 12 Mar: paid-already"]
        town.transfer("xero", "A-1", "100.00")  # reconciled a week later; late-12 would have left on the 10th
        assert diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 14)) == ["13 Mar to 14 Mar: paid"]


# 2. Duplicates and storms of reminders


def test_a_day_of_hourly_ticks_restarts_and_two_workers_makes_one_message() -> None:
    """An hourly job whose only guard is a date written beside the mail sent 22 copies in a day, elsewhere over 100."""
    with town_of("quickbooks", ("A-1", "fern", LATE)) as town:
        account = town.account("A-1").id
        for hour in range(7, 24):
            first = town.rt
            town.start(first.store)  # a second process beside the one that runs
            town.clock.move(datetime(2026, 3, 2, hour, tzinfo=UTC))
            faster = Overtaken(first.store, lambda: clock.settle(town.rt))
            planner.plan_account(replace(first, store=faster), account)  # type: ignore[arg-type]
            town.mailbox.on_message = lambda _mail, other=first: clock.settle(other)  # type: ignore[misc]
            clock.settle(town.rt)
            clock.settle(first)
        assert town.steps("A-1") == ["late-4"]
        assert [one.state for one in effects_of(town)] == ["sent"]
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 10)) == [
            "03 Mar to 09 Mar: not-yet",
            "10 Mar: LATE-12",
        ]


class _Died(BaseException):
    """The process is gone."""


def _die(_mail: object) -> None:
    raise _Died


@pytest.mark.at_once
def test_a_process_that_dies_after_the_server_took_the_message_does_not_send_it_again() -> None:
    """Where the flag is written after the mail, each start of a crashing job sends another copy."""
    with town_of("xero", ("A-1", "fern", LATE)) as town:
        town.mailbox.on_message = _die
        with pytest.raises(_Died):
            town.at(date(2026, 3, 2), EVENING)
        for _ in range(5):  # what stands after it on the watchdog's list
            town.start(town.rt.store)
            town.settle()
        town.mailbox.on_message = lambda _mail: None
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 9)) == ["02 Mar to 09 Mar: not-yet"]
        assert town.steps("A-1") == ["late-4"]
        assert [one.state for one in town.touches()] == ["in_doubt"], "a person is asked whether it arrived"


# 3. A missed day is a lost reminder


def _the_machine_is_off(town: Town, _kind: str) -> None:
    town.clock.move(datetime(2026, 3, 12, 5, tzinfo=UTC))


def _the_ledger_is_down(town: Town, kind: str) -> None:
    town.twin(kind).plan_fault("", "503", times=1000)
    for day in (10, 11):
        town.clock.move(datetime(2026, 3, day, 15, tzinfo=UTC))
        clock.settle(town.rt)
    assert town.causes("A-1") == {"stale"}
    town.twin(kind).faults.clear()
    town.clock.move(datetime(2026, 3, 12, 5, tzinfo=UTC))


@pytest.mark.parametrize(("kind", "outage"), [("quickbooks", _the_machine_is_off), ("xero", _the_ledger_is_down)])
def test_after_an_outage_over_the_steps_day_the_word_is_said_once_and_gently(
    kind: str, outage: Callable[[Town, str], None]
) -> None:
    """A template chosen only where today equals the due date plus so many days is lost with the day, for ever."""
    with town_of(kind, ("A-1", "fern", date(2026, 3, 6))) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 9)) == [
            "02 Mar: HEADS-UP",
            "03 Mar to 05 Mar: not-yet",
            "06 Mar: DUE-TODAY",
            "07 Mar to 09 Mar: not-yet",
        ]
        outage(town, kind)  # until the 12th: late-4 was for the 10th
        assert town.steps("A-1") == ["heads-up", "due-today"]
        assert diary(town, "A-1", date(2026, 3, 12), date(2026, 3, 20)) == [
            "12 Mar: LATE-4",
            "13 Mar to 19 Mar: not-yet",  # late-12 was for the 18th: it keeps its distance to the word before
            "20 Mar: LATE-12",
        ]


# 4. Reminders stop silently after an upgrade; a guard blocks good mails


LATE_12 = """\
[[step]]
name = "late-12"
offset = 12
tone = "kind"
"""
# In the next version one step more stands before it, and it speaks in other words.
NEXT = LATE_12.replace("12", "8") + 'template = "late-4"\n\n' + LATE_12 + 'template = "late-21"\n'


def test_an_upgrade_and_a_new_version_of_the_cadence_neither_stop_nor_repeat_anything() -> None:
    """After an upgrade the flags of another system said that everything had been said; nobody noticed for weeks."""
    with town_of("quickbooks", ("A-1", "fern", LATE), ("B-1", "moss", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 3)) == ["02 Mar: LATE-4", "03 Mar: not-yet"]
        _upgrade(town)
        Robin(town, "quickbooks", 0).use(cadences.shipped_library()["default"].replace(LATE_12, NEXT))
        assert diaries(town, ["A-1", "B-1"], date(2026, 3, 4), date(2026, 3, 13)) == {
            "A-1": [
                "04 Mar to 05 Mar: not-yet",
                "06 Mar: LATE-8",
                "07 Mar to 09 Mar: not-yet",
                "10 Mar: LATE-12",
                "11 Mar to 13 Mar: not-yet",
            ],
            "B-1": [
                "04 Mar: HEADS-UP",
                "05 Mar to 08 Mar: not-yet",
                "09 Mar: DUE-TODAY",
                "10 Mar to 12 Mar: not-yet",
                "13 Mar: LATE-4",
            ],
        }
        assert planner.sweep(town.rt) == 0


def _upgrade(town: Town) -> None:
    """The next version of Dunlin starts on the same database, and its rules are others."""
    planner.wake_after_upgrade(town.rt)  # as at every start
    with town.rt.store.write() as session:
        session.scalars(select(Memory).where(Memory.name == "plan_version")).one().value = str(PLAN_VERSION - 1)
    town.start(town.rt.store)
    planner.wake_after_upgrade(town.rt)


def test_a_guard_against_too_many_messages_says_what_it_holds_back_and_lets_it_go() -> None:
    """A guard that "caught a duplicate reminder" swallowed good mails of other invoices without a word."""
    town = Town()
    for customer in ("fern", "moss"):  # two customers, one mailbox, the same sum on the same day
        town.customer("xero", customer, "", "office@shared.example")
        town.open("xero", customer.upper(), customer, LATE)
    with begun(town, "xero"):
        told = diaries(town, ["FERN", "MOSS"], date(2026, 3, 2), date(2026, 3, 6))
        assert sorted(told.values()) == [  # which of the two comes first is chance
            ["02 Mar: LATE-4", "03 Mar to 06 Mar: not-yet"],
            ["02 Mar: one-a-day", "03 Mar to 04 Mar: gap", "05 Mar: LATE-4", "06 Mar: not-yet"],
        ]

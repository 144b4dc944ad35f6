"""The proof of what is shipped, what it warns of, and why a veto proved apart stays proved beside the others."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from core import vetoes
from core.cadence import Cadence, Cap, Sender
from core.calendars import Calendar
from core.language import parse_cadence
from core.proof import PROMISED, Counterexample, Promise, Proved, Rules, prove, reach, wallclock
from core.proof.case import Case
from core.proof.ladders import Search
from core.proof.promises import Record
from core.proof.wallclock import changes, kinds_of_days
from tests.core.builders import ladder, parsed, step

FOLDER = Path(__file__).parents[2] / "templates/cadences"
SHIPPED = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}
LONDON = Calendar("Europe/London", frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 12, 25)}))
FIRST = "early-intervention"  # the others are proved in the long run


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == FIRST else pytest.mark.slow) for name in SHIPPED]
)
def test_a_shipped_cadence_keeps_every_promise(name: str) -> None:
    proof = prove(parse_cadence(SHIPPED[name], SHIPPED), LONDON, year=2026)
    assert proof.broken == ()
    assert proof.holds
    assert proof.warnings == ()
    assert set(proof.promises) == set(Promise)
    assert all(isinstance(found, Proved) and found.states > 0 for found in proof.promises.values())


def test_under_the_limits_of_the_law_of_a_country() -> None:
    proof = prove(ladder(4, 12, week_limit=3, month_limit=10), LONDON, (Cap(3, 7), Cap(10, 31)), year=2026)
    assert proof.holds
    assert proof.states > 50_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "to", [("account",), ("everyone",), ("boss@customer.test",), ("invoice", "boss@customer.test")], ids=" ".join
)
def test_whoever_its_steps_are_written_to(to: tuple[str, ...]) -> None:
    cadence = replace(ladder(-3, 4, 12), normal=Sender(to=to), approve_all=to == ("account",))
    assert prove(cadence, LONDON, year=2026).holds


def test_every_promise_is_said_in_words() -> None:
    assert set(PROMISED) == set(Promise)


# --- what it is worth to prove a veto apart -------------------------------------------------------------------------


VETOES = [one for name, one in inspect.getmembers(vetoes, inspect.isfunction) if one.__module__ == vetoes.__name__]


@pytest.mark.parametrize("veto", VETOES, ids=lambda one: one.__name__)
def test_a_veto_can_only_say_no_and_why(veto: object) -> None:
    """It has no way to add a message or to undo another's no: it gives a cause, or ids that are left alone."""
    answer = inspect.signature(veto).return_annotation  # type: ignore[arg-type]
    assert answer in ("Because | None", "frozenset[int]", "set[int]", "Money | None")


def test_the_rules_that_are_proved_are_the_ones_that_decide() -> None:
    rules = Rules()
    for name in ("not_owed", "account_closed", "invoice_held", "covered", "no_address", "too_often", "outside_hours"):
        assert getattr(rules, name) is getattr(vetoes, name)


# --- warnings -------------------------------------------------------------------------------------------------------


def warnings(cadence: Cadence) -> tuple[str, ...]:
    """What the search over its ladders warns of; it breaks no promise."""
    case, record = Case(cadence, LONDON, (), 2026), Record()
    found = Search(case, record).run()
    assert all(isinstance(one, Proved) for one in record.found().values())
    return tuple(reach.warnings(case, found))


def test_a_step_behind_the_day_on_which_a_person_takes_over_can_never_be_said() -> None:
    assert warnings(ladder(4, 12, 90, oldest_days=60)) == (
        "“d90” can never be said: from 60 days late on a person takes over.",
    )


def test_a_ladder_whose_rungs_jump_never_reaches_its_last_step() -> None:
    """Built by hand past the reader of the language: nobody climbs two rungs, so the step is out of reach."""
    cadence = ladder(4, 12)
    jumping = replace(cadence, steps=(cadence.steps[0], replace(cadence.steps[1], rung=3)))
    assert warnings(jumping) == ("“d12” can never be said.",)


def test_a_step_that_only_a_condition_leads_to_is_named_with_it() -> None:
    """The second stands a rung above the first, which has a condition; a reader of the language would not allow it."""
    cadence = parsed(step("d4", 4, when="{ amount_at_least = 100 }"), step("d12", 12))
    assert warnings(cadence) == ()
    above = replace(cadence, steps=(cadence.steps[0], replace(cadence.steps[1], rung=2)))
    assert warnings(above) == ("“d12” can never be said where the condition of “d4” does not hold.",)


# --- days of every kind ---------------------------------------------------------------------------------------------


def test_the_days_on_which_clocks_are_changed_are_looked_at() -> None:
    assert date(2026, 3, 29) in changes("Europe/London", 2026)
    assert date(2026, 10, 25) in changes("Europe/London", 2026)
    assert changes("UTC", 2026) == ()


def test_the_kinds_of_days_of_the_whole_world_are_few() -> None:
    """Every zone's clock goes like that of one of these on each of its days."""
    kinds = kinds_of_days(2026)
    assert 40 < len(kinds) < 400
    assert any(day in changes(zone, 2026) for zone, day in kinds)


def test_hours_that_begin_while_a_clock_is_turned_back_are_found() -> None:
    """On that night half past one comes twice, and after the first time the hours are one stretch."""
    calendar = replace(LONDON, opens=time(1, 30), closes=time(4), weekdays=frozenset(range(7)))
    record = Record()
    wallclock.look(Case(ladder(4), calendar, (), 2026), record)
    found = record.found()[Promise.HOURS]
    assert isinstance(found, Counterexample)
    assert str(found.story[-1]) == "Sun 25 Oct 2026 01:00  A message goes out in a quiet hour."

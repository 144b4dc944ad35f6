"""What `plan()` promises in whatever world it is asked, proved on worlds drawn around the moments that matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.because import Cause
from core.cadence import Cadence, Step, Tone
from core.facts import InvoiceFacts, InvoiceStatus, TouchFacts, TouchState
from core.plan import Action
from core.replay import replay
from tests.core.builders import DEFAULT, OFFICE
from tests.core.causes import CASES, NEVER_PLANNED, NIGHT, NOW, Seen
from tests.core.worlds import World, edges, silence, walk, worlds

many = settings(max_examples=200)
long = settings(max_examples=250)
DAYS = 90


def is_true(seen: Seen) -> bool:
    return CASES[seen.because.cause].is_true(seen)


def lifted(seen: Seen) -> World:
    """The world once the cause is removed."""
    return CASES[seen.because.cause].lift(seen)


def moments_of(world: World) -> list[World]:
    """The world as it is, and as it will be each time something is said in it."""
    speaking = {then.now: then for then, _ in walk(world, DAYS)}
    return [world, *speaking.values()]


# --- asking ----------------------------------------------------------------------------------------------------------


@many
@given(worlds(), st.sampled_from(TouchState))
def test_doing_it_and_asking_again_gives_nothing(world: World, state: TouchState) -> None:
    for then in moments_of(world):
        assert then.after(then.ask().actions, state).ask().actions == ()


@many
@given(worlds(), st.randoms(use_true_random=False))
def test_doing_a_part_of_it_leaves_exactly_the_rest(world: World, chance: Random) -> None:
    for then in moments_of(world):
        actions = then.ask().actions
        part = [action for action in actions if chance.random() < 0.5]
        assert then.after(part).ask().actions == tuple(action for action in actions if action not in part)


@long
@given(worlds(), st.lists(st.sampled_from(range(1000)), max_size=5))
def test_nothing_new_is_said_before_the_wake(world: World, parts: list[int]) -> None:
    """Neither with the books as last read, nor when they are read again and nothing has changed."""
    answer = world.ask()
    after = world.after(answer.actions)
    wake = answer.wake_at or world.now + timedelta(days=DAYS)
    assert wake > world.now
    days = [world.today + timedelta(days=count) for count in range(min((wake - world.now).days, 20) + 2)]
    probes = {world.now + (wake - world.now) * part / 1000 for part in parts}
    probes |= {wake - timedelta(microseconds=1), *edges(world.calendar, [*days, world.calendar.today(wake)])}
    stale = Cause.STALE in {because.cause for because in answer.because}
    for moment in sorted(probe for probe in probes if world.now <= probe < wake):
        later = after.at(moment)
        assert (later if stale else later.fresh()).ask().actions == (), moment


@long
@given(worlds(), st.sets(st.sampled_from(range(DAYS)), max_size=15))
def test_the_answer_does_not_depend_on_how_often_it_is_asked(world: World, counts: set[int]) -> None:
    world = world.told(live=True)
    rarely = [(then.now, action) for then, action in walk(world, DAYS)]
    moments = edges(world.calendar, [world.today + timedelta(days=count) for count in counts])
    assert [(then.now, action) for then, action in walk(world, DAYS, also=moments)] == rarely
    end = world.now + timedelta(days=DAYS)
    assert list(replay(world.account, world.cadence, world.calendar, world.now, end).sent) == rarely


@many
@given(worlds())
def test_the_order_in_which_facts_are_listed_does_not_matter(world: World) -> None:
    for then in moments_of(world):
        names = ("invoices", "touches", "holds", "credits")
        turned = then.told(**{name: getattr(then.account, name)[::-1] for name in names})
        assert turned.ask().actions == then.ask().actions


# --- who hears what --------------------------------------------------------------------------------------------------


def lines(actions: Iterable[Action]) -> list[int]:
    return [line.invoice for action in actions for line in action.lines]


def may_be_spoken_about(world: World, one: InvoiceFacts) -> bool:
    """Owed, and neither promised, disputed nor held in any other way."""
    holds = (*world.account.holds, *one.holds)
    free = all(hold.until is not None and hold.until <= world.today for hold in holds)
    return one.status is InvoiceStatus.OPEN and one.balance.minor > 0 and one.due is not None and free


@long
@given(worlds())
def test_nothing_is_ever_said_about_what_is_paid_disputed_promised_or_held(world: World) -> None:
    for then, action in walk(world, DAYS):
        assert all(may_be_spoken_about(then, then.invoice(line.invoice)) for line in action.lines)
        assert then.account.live


@long
@given(worlds())
def test_it_speaks_only_in_the_hours_and_on_the_working_days_of_the_company(world: World) -> None:
    for then, action in walk(world, DAYS):
        wall = then.calendar.local(then.now)
        assert action.day == wall.date()
        assert wall.weekday() in then.calendar.weekdays
        assert wall.date() not in then.calendar.holidays
        assert then.calendar.opens <= wall.time() < then.calendar.closes


@many
@given(worlds())
def test_one_message_goes_to_one_recipient_set_and_the_firmest_step_leads(world: World) -> None:
    for then in moments_of(world):
        actions = then.ask().actions
        assert len({action.recipients for action in actions}) == len(actions)
        for action in actions:
            assert {then.invoice(line.invoice).recipients for line in action.lines} == {action.recipients}
            offsets = [step_of(then.cadence, line.step).offset for line in action.lines]
            assert offsets == sorted(offsets, reverse=True)
            assert action.lead == action.lines[0].step


@long
@given(worlds())
def test_nobody_gets_two_messages_a_day_nor_more_than_the_limits_allow(world: World) -> None:
    for then, action in walk(world, DAYS):
        together = [one for one in then.ask().actions if one != action]
        heard = [*then.account.touches, *(TouchFacts(one.recipients, one.day) for one in together)]
        mine = [touch.day for touch in heard if set(touch.recipients) & set(action.recipients)]
        assert all((action.day - day).days >= then.cadence.gap_days for day in mine)
        ago = [(action.day - touch.day).days for touch in heard]
        assert sum(days < 7 for days in ago) < then.cadence.week_limit
        assert sum(days < 30 for days in ago) < then.cadence.month_limit


# --- the ladder ------------------------------------------------------------------------------------------------------


def step_of(cadence: Cadence, name: str) -> Step:
    found = cadence.step(name)
    assert found is not None
    return found


@long
@given(worlds())
def test_a_word_is_never_more_than_one_rung_firmer_and_the_first_is_gentle(world: World) -> None:
    names = [step.name for step in world.cadence.steps]
    for then, action in walk(world, DAYS):
        for line in action.lines:
            step = step_of(then.cadence, line.step)
            before = [step_of(then.cadence, word.step) for word in then.invoice(line.invoice).said]
            rung = max((one.rung for one in before), default=0)
            assert step.rung <= rung + 1
            assert rung > 0 or step.tone in (Tone.FRIENDLY, Tone.KIND)
            assert all(names.index(one.name) < names.index(step.name) for one in before), "never again, never back"


@long
@given(worlds())
def test_a_word_comes_not_before_its_day_and_a_nudge_not_after_the_due_date(world: World) -> None:
    for then, action in walk(world, DAYS):
        for line in action.lines:
            one, step = then.invoice(line.invoice), step_of(then.cadence, line.step)
            assert one.due is not None
            assert max(step.day(one.due, then.calendar), one.issued) <= action.day
            assert not step.is_nudge or action.day <= one.due
            assert (action.day - one.due).days <= then.cadence.oldest_days


@long
@given(worlds())
def test_after_a_follow_up_the_next_waits_at_least_as_many_days_as_in_the_ladder(world: World) -> None:
    names = [step.name for step in world.cadence.steps]
    for then, action in walk(world, DAYS):
        for line in action.lines:
            one = then.invoice(line.invoice)
            assert one.due is not None
            last = max(one.said, key=lambda word: names.index(word.step), default=None)
            if last is not None and not step_of(then.cadence, last.step).is_nudge:
                reached = [step_of(then.cadence, name).day(one.due, then.calendar) for name in (last.step, line.step)]
                assert action.day - last.day >= reached[1] - reached[0]


@many
@given(worlds())
def test_the_steps_passed_over_are_remembered_as_missed(world: World) -> None:
    names = [step.name for step in world.cadence.steps]
    for then, action in walk(world, DAYS):
        for line in action.lines:
            last = max((names.index(word.step) for word in then.invoice(line.invoice).said), default=-1)
            assert list(line.missed) == names[last + 1 : names.index(line.step)]


# --- silence ---------------------------------------------------------------------------------------------------------


@many
@given(worlds())
def test_every_invoice_is_either_spoken_about_or_has_one_true_cause_against_it(world: World) -> None:
    for then in moments_of(world):
        answer = then.ask()
        answered = [*lines(answer.actions), *(because.invoice for because in answer.because)]
        assert Counter(answered) == Counter(one.id for one in then.account.invoices)
        for because in answer.because:
            assert is_true(Seen(then, answer, because)), because
            assert because.until is None or because.until > then.now


@many
@given(worlds())
def test_removing_the_cause_changes_the_answer_or_names_another_until_something_is_said(world: World) -> None:
    for then in moments_of(world):
        answer = then.ask()
        for because in answer.because:
            assert spoken_about_in_the_end(Seen(then, answer, because))


def spoken_about_in_the_end(seen: Seen) -> bool:
    """Remove one cause after the other; each must be true and another than the one before it."""
    for _ in range(40):
        world = lifted(seen)
        answer = world.ask()
        after = silence(answer, seen.because.invoice)
        if after is None:
            return seen.because.invoice in lines(answer.actions)
        assert after != seen.because
        seen = Seen(world, answer, after)
        assert is_true(seen), after
    return False


@many
@given(worlds())
def test_a_silence_with_an_end_is_over_at_its_end(world: World) -> None:
    for then in moments_of(world):
        for because in then.ask().because:
            if because.until is not None:
                assert silence(then.at(because.until).ask(), because.invoice) != because


def test_no_cause_is_without_its_facts_its_truth_and_its_remedy() -> None:
    assert set(CASES) | NEVER_PLANNED == set(Cause)
    assert not set(CASES) & NEVER_PLANNED


@pytest.mark.parametrize("cause", list(CASES))
def test_where_it_is_the_only_cause_removing_it_lets_the_invoice_be_spoken_about(cause: Cause) -> None:
    world = World(CASES[cause].facts, DEFAULT, OFFICE, NIGHT if cause is Cause.OUTSIDE_HOURS else NOW)
    answer = world.ask()
    (because,) = answer.because
    assert (because.cause, because.invoice, answer.actions) == (cause, 1, ())
    seen = Seen(world, answer, because)
    assert is_true(seen)
    assert lines(lifted(seen).ask().actions) == [1]

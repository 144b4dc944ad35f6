"""What `plan()` promises in whatever world it is asked, proved on worlds drawn around the moments that matter: its
answers and its silences. What it says to whom stands in `test_word_properties`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from core.because import Cause
from core.facts import TouchState
from core.replay import replay
from tests.core.causes import CASES
from tests.core.draws import worlds
from tests.core.truths import Seen
from tests.core.worlds import World, edges, lines, silence, walk

many = settings(max_examples=100)
long = settings(max_examples=150)
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


@long
@given(worlds(), st.lists(st.sampled_from(range(1000)), max_size=5))
def test_nothing_new_is_said_before_the_wake(world: World, parts: list[int]) -> None:
    """Neither with the books as last read, nor when they are read again and nothing has changed."""
    for then in moments_of(world)[:2]:
        nothing_before_the_wake(then, parts)


def nothing_before_the_wake(world: World, parts: list[int]) -> None:
    answer = world.ask()
    after = world.after(answer.actions)
    wake = answer.wake_at or world.now + timedelta(days=DAYS)
    assert wake > world.now
    days = [world.today + timedelta(days=count) for count in range(min((wake - world.now).days, 9) + 2)]
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
    rarely = [(then.now, action) for then, action in walk(world, DAYS, agree=False)]
    moments = edges(world.calendar, [world.today + timedelta(days=count) for count in counts])
    assert [(then.now, action) for then, action in walk(world, DAYS, also=moments, agree=False)] == rarely
    end = world.now + timedelta(days=DAYS)
    assert list(replay(world.account, world.cadence, world.calendar, world.now, end).sent) == rarely


@many
@given(worlds())
def test_the_order_in_which_facts_are_listed_does_not_matter(world: World) -> None:
    for then in moments_of(world):
        names = ("invoices", "touches", "holds", "credits", "caps")
        turned = then.told(**{name: getattr(then.account, name)[::-1] for name in names})
        for one in turned.account.invoices:
            turned = turned.instead(one.id, said=one.said[::-1], holds=one.holds[::-1])
        first, second = then.ask(), turned.ask()
        assert (first.actions, first.drafts) == (second.actions, second.drafts)
        assert {one.invoice for one in first.because} == {one.invoice for one in second.because}


@many
@given(worlds(), st.randoms(use_true_random=False))
def test_what_was_worked_out_before_changes_no_answer(world: World, chance: Random) -> None:
    """A calendar remembers; one that remembers nothing answers the same."""
    for then in chance.sample(seen := moments_of(world), len(seen)):
        forgetful = World(then.account, then.cadence, then.fresh_calendar(), then.now)
        assert forgetful.ask() == then.ask()


# --- silence ---------------------------------------------------------------------------------------------------------


@many
@given(worlds())
def test_every_invoice_is_either_spoken_about_or_has_one_true_cause_against_it(world: World) -> None:
    for then in moments_of(world):
        answer = then.ask()
        answered = [*set(lines(answer.actions)), *(because.invoice for because in answer.because)]
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
    for _ in range(60):
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

"""What `plan()` says to whom in whatever world it is asked: never of what is not owed, never too often, never at the
wrong hour, never firmer than one rung at a time; proved on worlds drawn around the moments that matter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.because import Cause
from core.cadence import ALWAYS, Anchor, Cadence, Payer, Step, Tone
from core.facts import Approval, InvoiceFacts, InvoiceStatus, Said, TouchFacts
from core.money import Money
from core.plan import Action, Line, fingerprint
from tests.core.draws import worlds
from tests.core.truths import meant
from tests.core.worlds import SECOND, World, lines, walk

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

many = settings(max_examples=80)
long = settings(max_examples=120)
DAYS = 90
TONES = list(Tone)


def step_of(cadence: Cadence, name: str) -> Step:
    found = cadence.step(name)
    assert found is not None
    return found


def on_its_ladder(world: World, action: Action) -> list[tuple[Line, Step, InvoiceFacts]]:
    """The lines of a message that stand on a ladder; a statement stands on none."""
    found = [(line, step_of(world.cadence, line.step), world.invoice(line.invoice)) for line in action.lines]
    return [(line, step, one) for line, step, one in found if step.anchor is not Anchor.MONTH]


def base_of(step: Step, one: InvoiceFacts) -> date | None:
    """The day from which a step counts, on the ladder that was named with it."""
    delivered = max(one.delivered or one.issued, one.issued)
    promised = one.broken or one.resolved
    instalment = one.instalment.day if one.instalment else None
    bases = {Anchor.ISSUED: delivered, Anchor.DUE: one.due, Anchor.INSTALMENT: instalment}
    return bases.get(step.anchor, promised)


def day_of(step: Step, base: date, world: World) -> date:
    """The step's own working day."""
    day = world.calendar.shifted(base, step.offset, step.working)
    early = step.is_nudge and step.anchor is not Anchor.ISSUED
    return world.calendar.on_or_before(day) if early else world.calendar.on_or_after(day)


# --- who hears what, and when ----------------------------------------------------------------------------------------


def may_be_spoken_about(world: World, one: InvoiceFacts) -> bool:
    """Owed, and neither promised, disputed nor held in any other way; in an arrangement only as a part comes due."""
    holds = (*world.account.holds, *one.holds)
    free = all(hold.until is not None and hold.until <= world.today for hold in holds)
    arranged = one.arranged and not (one.instalment and world.cadence.ladders[Anchor.INSTALMENT])
    return one.status is InvoiceStatus.OPEN and one.balance.minor > 0 and one.due is not None and free and not arranged


@long
@given(worlds())
def test_nothing_is_ever_said_about_what_is_paid_disputed_promised_or_held(world: World) -> None:
    for then, action in walk(world, DAYS):
        assert all(may_be_spoken_about(then, then.invoice(line.invoice)) for line in action.lines)
        assert then.account.live
        closed = then.account.refused | then.account.bounced | then.account.opted_out
        assert closed.isdisjoint(action.recipients)


@long
@given(worlds())
def test_what_is_arranged_hears_of_its_parts_and_of_nothing_else(world: World) -> None:
    for then, action in walk(world, DAYS):
        for line in action.lines:
            if then.invoice(line.invoice).arranged:
                assert step_of(then.cadence, line.step).anchor is Anchor.INSTALMENT


@long
@given(worlds())
def test_it_speaks_only_in_the_hours_and_on_the_working_days_of_the_customer(world: World) -> None:
    for then, action in walk(world, DAYS):
        wall = then.now.astimezone(ZoneInfo(then.calendar.hours_zone or then.calendar.zone))
        assert wall.weekday() in then.calendar.weekdays
        assert wall.date() not in then.calendar.holidays
        assert then.calendar.opens <= wall.time() < then.calendar.closes
        assert action.day == then.now.astimezone(ZoneInfo(then.calendar.zone)).date()


@many
@given(worlds())
def test_a_message_goes_to_one_recipient_set_by_one_channel_and_the_firmest_step_leads(world: World) -> None:
    for then, action in walk(world, DAYS):
        ones = [(line, step_of(then.cadence, line.step), then.invoice(line.invoice)) for line in action.lines]
        closed = then.account.refused | then.account.bounced | then.account.opted_out
        assert {tuple(sorted(meant(then, step, one) - closed)) for _, step, one in ones} == {action.recipients}
        assert {step.channel for _, step, _ in ones} == {action.channel}
        assert [line.rung for line, _, _ in ones] == [step.rung for _, step, _ in ones]
        assert len({(line.invoice, line.step) for line, _, _ in ones}) == len(ones)
        lead = step_of(then.cadence, action.lead)
        gentle = any(step.anchor is Anchor.MONTH or is_short_of_cash(one) for _, step, one in ones)
        assert gentle or lead.rung == max(step.rung for _, step, _ in ones)


def is_short_of_cash(one: InvoiceFacts) -> bool:
    return one.told is not None and one.told.reason == "short-of-cash"


@many
@given(worlds())
def test_a_statement_takes_up_all_that_is_written_to_its_readers_that_day(world: World) -> None:
    for then, action in walk(world, DAYS):
        if step_of(then.cadence, action.lead).anchor is Anchor.MONTH:
            alone = then.told(touches=()).after([action]).told(touches=()).ask()
            assert not any(
                one.recipients == action.recipients and one.channel is action.channel for one in alone.actions
            )


@long
@given(worlds())
def test_nobody_gets_two_messages_a_day_nor_more_than_any_limit_allows(world: World) -> None:
    caps = [(world.cadence.week_limit, 7), (world.cadence.month_limit, 30)]
    caps += [(cap.limit, cap.days) for cap in world.account.caps]
    for then, action in walk(world, DAYS):
        touches = then.account.touches
        for heard in ([one for one in touches if one.own], *(heard_by(one, touches) for one in action.recipients)):
            ago = [(action.day - touch.day).days for touch in heard]
            assert 0 not in ago
            assert all(sum(age < days for age in ago) < limit for limit, days in caps)
            moments = [touch.at for touch in heard if touch.at]
            assert all(then.now - moment >= timedelta(hours=then.cadence.gap_hours) for moment in moments)


def heard_by(reader: str, touches: tuple[TouchFacts, ...]) -> list[TouchFacts]:
    return [touch for touch in touches if reader in touch.recipients]


# --- the ladder ------------------------------------------------------------------------------------------------------


def episode_named(anchor: str) -> str:
    return anchor.removesuffix("/part")


def heard_before(world: World, one: InvoiceFacts, line: Line) -> list[tuple[Said, Step]]:
    """What was said in the episode of this line, with the steps as they are now."""
    names = {"", line.anchor, episode_named(line.anchor), f"{episode_named(line.anchor)}/part", "issued"}
    words = [word for word in one.said if word.anchor in names or line.anchor == "issued"]
    ladder = [step.name for step in world.steps(one)]
    return [(word, step_of(world.cadence, word.step)) for word in words if word.step in ladder]


def firmness(word: Said, step: Step) -> int:
    """As firm as it is, or as it was where it has been made firmer since."""
    return step.rung if word.rung is None else min(word.rung, step.rung)


@long
@given(worlds())
def test_a_word_is_never_more_than_one_rung_firmer_and_the_first_is_gentle(world: World) -> None:
    """In this episode and in every version of the cadence; where a new version left no such step, a person agreed."""
    for then, action in walk(world, DAYS):
        agreed = fingerprint(then.account, action) in then.account.approvals
        for line, step, one in on_its_ladder(then, action):
            before = heard_before(then, one, line)
            places = [then.steps(one).index(earlier) for _, earlier in before]
            last = max(places, default=-1)
            rung = max(
                (firmness(*both) for both, place in zip(before, places, strict=True) if place == last), default=0
            )
            was = max((earlier.rung for _, earlier in before), default=0)
            assert line.rung <= (was if agreed else rung) + 1
            assert before or step.tone in (Tone.FRIENDLY, Tone.KIND)
            repeated = line.anchor.endswith("/part")
            assert (last == then.steps(one).index(step)) if repeated else (last < then.steps(one).index(step))


@long
@given(worlds(), st.lists(st.booleans(), min_size=8, max_size=8))
def test_after_a_part_payment_nothing_firmer_than_the_last_word_is_said(world: World, pays: list[bool]) -> None:
    """The customer pays a part after some of the messages; the same word comes again once, and then a person."""
    turns = iter(pays)

    def customer(then: World, action: Action) -> World:
        if next(turns, False):
            for id in {line.invoice for line in action.lines}:
                then = then.instead(id, balance=Money(then.invoice(id).balance.minor * 3 // 4, "EUR"))
        return then

    assume(all(one.balance.currency == "EUR" for one in world.account.invoices))
    for then, action in walk(world, DAYS, customer=customer):
        for line, step, one in on_its_ladder(then, action):
            before = [both for both in heard_before(then, one, line) if both[0].balance is not None]
            last = max(before, key=lambda both: (both[0].day, both[1].rung), default=None)
            if last and last[1].rung and (last[0].balance or 0) > one.balance.minor:
                assert (line.rung, line.step) == (last[1].rung, last[0].step), "the same word, not a firmer one"
            assert step.rung == line.rung


@long
@given(worlds())
def test_a_word_comes_not_before_its_day_and_a_nudge_not_after_the_day_it_speaks_of(world: World) -> None:
    for then, action in walk(world, DAYS):
        for line, step, one in on_its_ladder(then, action):
            base = base_of(step, one)
            assert base is not None
            assert one.due is not None
            assert day_of(step, base, then) <= action.day
            assert one.issued <= action.day or not step.is_nudge
            day = one.due if step.anchor is Anchor.ISSUED else base
            assert not step.is_nudge or action.day <= day
            assert (action.day - one.due).days <= then.cadence.oldest_days or line.anchor.startswith("instalment")


@long
@given(worlds())
def test_no_follow_up_comes_soon_after_delivery_or_after_what_happened(world: World) -> None:
    for then, action in walk(world, DAYS):
        for _, step, one in on_its_ladder(then, action):
            days = [max(one.delivered or one.issued, one.issued), one.broken, one.resolved]
            settled = max(day for day in days if day) + timedelta(days=then.cadence.settle_days)
            assert step.is_nudge or action.day >= settled


@long
@given(worlds())
def test_after_a_follow_up_the_next_waits_at_least_as_many_days_as_in_the_ladder(world: World) -> None:
    for then, action in walk(world, DAYS):
        for line, step, one in on_its_ladder(then, action):
            before = heard_before(then, one, line)
            last = max(before, key=lambda both: (then.steps(one).index(both[1]), both[0].day), default=None)
            if last is None or last[1].is_nudge or line.anchor.endswith("/part"):
                continue
            bases = base_of(last[1], one), base_of(step, one)
            assert bases[0] is not None
            assert bases[1] is not None
            between = day_of(step, bases[1], then) - day_of(last[1], bases[0], then)
            assert action.day - last[0].day >= between or then.account.payer is Payer.STEADY


@many
@given(worlds())
def test_the_steps_passed_over_are_remembered_as_missed(world: World) -> None:
    for then, action in walk(world, DAYS):
        for line, step, one in on_its_ladder(then, action):
            steps = then.steps(one)
            before = [steps.index(earlier) for _, earlier in heard_before(then, one, line)]
            between = steps[max(before, default=-1) + 1 : steps.index(step)]
            assert set(line.missed) <= {one.name for one in between}
            assert all(one.name in line.missed for one in between if one.when == ALWAYS)


# --- kindness and consent --------------------------------------------------------------------------------------------


@many
@given(worlds())
def test_a_steady_payer_never_hears_a_firmer_tone_than_another(world: World) -> None:
    assume(not any(step.when.payers for step in world.cadence.steps))
    for then, action in walk(world.told(payer=Payer.NEW), DAYS):
        steady = then.told(payer=Payer.STEADY)
        agreed = steady.agreed(steady.ask().drafts, Approval(then.now - SECOND * 60))
        for kinder in agreed.ask().actions:
            if kinder.recipients == action.recipients and kinder.lead == action.lead:
                assert TONES.index(kinder.tone) <= TONES.index(action.tone)


@many
@given(worlds())
def test_nobody_hears_a_firmer_tone_than_that_of_the_step_that_leads(world: World) -> None:
    for then, action in walk(world, DAYS):
        lead = step_of(then.cadence, action.lead)
        soft = then.account.payer is Payer.STEADY and then.cadence.soften
        assert TONES.index(action.tone) == max(TONES.index(lead.tone) - soft, 0)


def needs_a_person(world: World, action: Action) -> bool:
    told = [world.invoice(line.invoice).told for line in action.lines]
    asked = [step_of(world.cadence, line.step).approve for line in action.lines]
    refused = any(one is not None and one.reason == "refuses" for one in told)
    return world.account.drafts or world.cadence.approve_all or any(asked) or refused


@long
@given(worlds())
def test_nothing_is_sent_while_unapproved_skipped_or_in_the_first_minute(world: World) -> None:
    for then, action in walk(world, DAYS):
        on_ladders = {then.episode(then.invoice(line.invoice)).ladder for line in action.lines}
        if needs_a_person(then, action) and Anchor.INSTALMENT not in on_ladders:
            word = then.account.approvals[fingerprint(then.account, action)]
            assert word.approved
            assert then.now - word.at >= timedelta(seconds=60)


@many
@given(worlds())
def test_where_nobody_approves_nothing_is_sent(world: World) -> None:
    world = world.told(drafts=True, approvals={})
    assert list(walk(world, DAYS, agree=False)) == []


@many
@given(worlds(), st.sampled_from(["balance", "reader", "due"]))
def test_an_approval_is_void_when_what_was_shown_changes(world: World, what: str) -> None:
    for then, action in walk(world.told(drafts=True), DAYS):
        id = action.lines[0].invoice
        one = then.invoice(id)
        changes: dict[str, dict[str, Any]] = {
            "balance": {"balance": replace(one.balance, minor=one.balance.minor + 1)},
            "reader": {"recipients": (*one.recipients, "zoe@customer.test")},
            "due": {"due": one.due and one.due - timedelta(days=1)},
        }
        changed = then.instead(id, **changes[what])
        if what == "reader":
            changed = changed.told(emails=(*then.account.emails, "zoe@customer.test"))
        assert id not in lines(changed.ask().actions)
        cause = next(no.cause for no in changed.ask().because if no.invoice == id)
        assert cause is not Cause.TAKE_BACK

"""When each cause of silence is true, and what the world is like once it is removed.

Written from the promise and not from `core/vetoes.py`, so that the two can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from core.because import Because
from core.cadence import ALWAYS, Anchor, Reason, Step
from core.facts import Approval, Hold, InvoiceFacts, InvoiceStatus, TouchFacts, TouchState
from core.plan import Plan, fingerprint
from tests.core.builders import DEFAULT
from tests.core.worlds import World

LONG_AGO = timedelta(days=99)


@dataclass(frozen=True)
class Seen:
    """One silence in the answer that the world got."""

    world: World
    answer: Plan
    because: Because

    @property
    def one(self) -> InvoiceFacts:
        return self.world.invoice(self.because.invoice)

    def instead(self, **facts: object) -> World:
        """The world with other facts about the invoice."""
        return self.world.instead(self.because.invoice, **facts)


def in_force(seen: Seen) -> bool:
    holds = [hold for hold in (*seen.world.account.holds, *seen.one.holds) if hold.cause is seen.because.cause]
    return any(hold.until is None or seen.world.today < hold.until for hold in holds)


def let_go(seen: Seen) -> World:
    def without(holds: tuple[Hold, ...]) -> tuple[Hold, ...]:
        return tuple(hold for hold in holds if hold.cause is not seen.because.cause)

    world = seen.instead(holds=without(seen.one.holds))
    return world.told(holds=without(world.account.holds))


def is_arranged(seen: Seen) -> bool:
    speaks = seen.one.instalment is not None and seen.world.cadence.ladders[Anchor.INSTALMENT]
    return in_force(seen) or (seen.one.arranged and not speaks)


def disarranged(seen: Seen) -> World:
    return replace(seen, world=let_go(seen)).instead(arranged=False, instalment=None)


def working_days(world: World, since: date) -> int:
    """How many working days have begun after that day."""
    days = [since + timedelta(days=count) for count in range(1, (world.today - since).days + 1)]
    return sum(world.calendar.is_working(one) for one in days)


def is_capped(seen: Seen) -> bool:
    """Short of cash: the words for it were said, or firmer ones before; the rest is for a person."""
    told = seen.one.told
    return told is not None and told.reason is Reason.SHORT_OF_CASH and bool(seen.world.words(seen.one))


def is_covered(seen: Seen) -> bool:
    """Some credit is exactly its sum, or is exactly nobody's and enough for it and all that are older."""
    facts, today = seen.world.account, seen.world.today

    def is_asked_for(one: InvoiceFacts) -> bool:
        held = any(hold.until is None or today < hold.until for hold in one.holds)
        alone = one.arranged and not (one.instalment and seen.world.cadence.ladders[Anchor.INSTALMENT])
        return one.status is InvoiceStatus.OPEN and one.balance.minor > 0 and not held and not alone

    same = [one for one in facts.invoices if is_asked_for(one) and one.balance.currency == seen.one.balance.currency]
    same.sort(key=lambda one: (one.due or one.issued, one.id))
    before = sum(one.balance.minor for one in same[: same.index(seen.one) + 1])
    for credit in (some for some in facts.credits if some.currency == seen.one.balance.currency):
        exact = [one.id for one in same if one.balance == credit]
        if exact[:1] == [seen.one.id] or (not exact and before <= credit.minor):
            return True
    return False


def is_stale(seen: Seen) -> bool:
    read = seen.world.account.read_at
    return read is None or seen.world.now > read + timedelta(hours=seen.world.cadence.stale_hours)


def is_too_old(seen: Seen) -> bool:
    return seen.one.due is not None and seen.world.today > seen.one.due + timedelta(days=seen.world.cadence.oldest_days)


def was_old(seen: Seen) -> bool:
    start, due = seen.world.account.connected, seen.one.due
    return bool(start and due and start > due + timedelta(days=seen.world.cadence.start_oldest_days))


def has_steps_ahead(seen: Seen) -> bool:
    """Its day is still to come, and neither it was said nor one after it; unless a part was paid after it was said."""
    waits, step = dict(seen.because.detail), seen.world.cadence.step(dict(seen.because.detail)["step"])
    assert step is not None
    if date.fromisoformat(waits["day"]) <= seen.world.today:
        return False
    if step.anchor is Anchor.MONTH:
        return True
    names = [one.name for one in seen.world.steps(seen.one)]
    heard = seen.world.words(seen.one)
    last = max((names.index(word.step) for word in heard), default=-1)
    return last < names.index(step.name) or (
        names[last] == step.name and any(word.balance and word.balance > seen.one.balance.minor for word in heard)
    )


def is_done(seen: Seen) -> bool:
    """Its last step was said, or there is none."""
    steps = seen.world.steps(seen.one)
    return not steps or steps[-1].name in {word.step for word in seen.world.words(seen.one)}


def anew(seen: Seen) -> World:
    world = seen.instead(said=())
    return world if world.steps(seen.one) else replace(world, cadence=DEFAULT)


def unconditional(seen: Seen) -> World:
    steps = tuple(replace(step, when=ALWAYS) for step in seen.world.cadence.steps)
    return replace(seen.world, cadence=replace(seen.world.cadence, steps=steps))


def readers(seen: Seen) -> list[frozenset[str]]:
    """Of each step, and of all together, everybody it is meant for."""
    steps = [meant(seen.world, step, seen.one) for step in seen.world.cadence.steps]
    return [*steps, frozenset().union(*steps)]


def meant(world: World, step: Step, one: InvoiceFacts) -> frozenset[str]:
    """What the step says of its readers, else its sender, else the invoice."""
    cadence, facts = world.cadence, world.account
    firm = cadence.escalated.to if step.escalated else ()
    words = {
        "invoice": one.recipients,
        "account": facts.emails,
        "everyone": (*one.recipients, *facts.emails, *facts.people),
    }
    to = step.to or firm or cadence.normal.to or ("invoice",)
    return frozenset(address for word in to for address in words.get(word, (word,)))


def closed_to_us(seen: Seen, addresses: frozenset[str]) -> bool:
    """None of those it is meant for can be written to, one of them for this reason."""
    facts = seen.world.account
    closed = facts.refused | facts.bounced | facts.opted_out
    return any(those <= closed and those & addresses for those in readers(seen))


def mine(seen: Seen) -> list[TouchFacts]:
    """Every message to the account or to a reader of the invoice, those of this answer too."""
    together = (TouchFacts(one.recipients, one.day, at=seen.world.now) for one in seen.answer.actions)
    touches = (*seen.world.account.touches, *together)
    return [one for one in touches if one.own or readers(seen)[-1] & set(one.recipients)]


def too_soon(seen: Seen) -> bool:
    """Fewer hours than the cadence asks for; where the moment is not known, it was at the end of its day."""
    calendar, midnight = seen.world.calendar, datetime.min.time()
    ends = [one.at or calendar.at(one.day + timedelta(days=1), midnight) for one in mine(seen)]
    return seen.world.now < max(ends) + timedelta(hours=seen.world.cadence.gap_hours)


def over_budget(seen: Seen) -> bool:
    """The account, or one of its readers, has heard as often as some limit allows."""
    limits = [(cap.limit, cap.days) for cap in seen.world.account.caps]
    limits += [(seen.world.cadence.week_limit, 7), (seen.world.cadence.month_limit, 30)]
    touches = mine(seen)
    heard = [[one for one in touches if one.own]]
    heard += [[one for one in touches if reader in one.recipients] for reader in readers(seen)[-1]]
    return any(
        sum((seen.world.today - one.day).days < days for one in those) >= limit
        for those in heard
        for limit, days in limits
    )


def outside_hours(seen: Seen) -> bool:
    """By the customer's clock on the wall. An hour that comes twice is worked once: there the clock cannot tell."""
    calendar, wall = seen.world.calendar, seen.world.wall
    working = wall.weekday() in calendar.weekdays and wall.date() not in calendar.holidays
    return wall.fold == 1 or not (working and calendar.opens <= wall.time() < calendar.closes)


def wait(seen: Seen) -> World:
    assert seen.because.until is not None
    return seen.world.at(seen.because.until)


def nobody_else(seen: Seen) -> World:
    """As if nothing had been said lately, and nothing were said about other invoices today."""
    return seen.world.told(touches=(), invoices=(seen.one,))


def sent(seen: Seen) -> World:
    return seen.instead(said=tuple(replace(word, state=TouchState.SENT) for word in seen.one.said))


def is_draft(seen: Seen) -> bool:
    drafts = [draft for draft in seen.answer.drafts if seen.one.id in {line.invoice for line in draft.lines}]
    words = [seen.world.account.approvals.get(fingerprint(seen.world.account, draft)) for draft in drafts]
    return bool(words) and not any(word and (word.approved or not is_over(word, seen)) for word in words)


def is_over(word: Approval, seen: Seen) -> bool:
    return word.until is not None and word.until <= seen.world.today


def approved(seen: Seen) -> World:
    """Every draft approved, long enough ago."""
    return seen.world.agreed(seen.answer.drafts, Approval(seen.world.now - LONG_AGO))


def has_word(seen: Seen, approved: bool) -> bool:
    return any(word.approved is approved for word in seen.world.account.approvals.values())


def said_yes(seen: Seen) -> World:
    """As if every word given had been a yes, long enough ago."""
    return seen.world.told(approvals={key: Approval(seen.world.now - LONG_AGO) for key in seen.world.account.approvals})


def paid_in_parts(seen: Seen) -> bool:
    """Less is open than when the last word was said, and that word was said twice, or may not be said at all."""
    words = seen.world.words(seen.one)
    less = any(word.balance is not None and word.balance > seen.one.balance.minor for word in words)
    asks = any(step.when != ALWAYS for step in seen.world.cadence.steps)
    return less and (any(word.anchor.endswith("/part") for word in words) or seen.one.told is not None or asks)


def balance_unknown(seen: Seen) -> World:
    return seen.instead(said=tuple(replace(word, balance=None) for word in seen.one.said), told=None)

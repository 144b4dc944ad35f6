"""For every cause of silence: the facts that make it, when it is true, and how it is removed.

Written from the promise and not from `core/vetoes.py`, so that the two can be held against each other. A new cause
without a row here fails the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from core.because import Because, Cause
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, TouchFacts, TouchState
from core.plan import Plan
from tests.core.builders import ANN, BOB, account, day, eur, held, invoice, moment, said, touched
from tests.core.worlds import World

NOW = moment("2026-03-02 10:00")  # a Monday, in hours
TODAY = day("03-02")
LATE = day("02-26")  # the first follow-up is reached today
NIGHT = moment("2026-03-02 08:59:59")


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


@dataclass(frozen=True)
class Case:
    """`facts` differ in one thing from an account that would be written to at NOW (at NIGHT for the hours)."""

    facts: AccountFacts
    is_true: Callable[[Seen], bool]
    lift: Callable[[Seen], World]


def owed(**more: Any) -> InvoiceFacts:
    return invoice(LATE, **more)


def _status(status: InvoiceStatus, *statuses: InvoiceStatus) -> Case:
    return Case(
        account(owed(status=status)),
        lambda seen: seen.one.status in (status, *statuses),
        lambda seen: seen.instead(status=InvoiceStatus.OPEN),
    )


def _holding(cause: Cause) -> Case:
    def in_force(seen: Seen) -> bool:
        holds = [hold for hold in (*seen.world.account.holds, *seen.one.holds) if hold.cause is cause]
        return any(hold.until is None or seen.world.today < hold.until for hold in holds)

    def lift(seen: Seen) -> World:
        def without(holds: tuple[Hold, ...]) -> tuple[Hold, ...]:
            return tuple(hold for hold in holds if hold.cause is not cause)

        world = seen.instead(holds=without(seen.one.holds))
        return world.told(holds=without(world.account.holds))

    return Case(account(owed(holds=(held(cause),))), in_force, lift)


def _is_covered(seen: Seen) -> bool:
    """Some credit is exactly its sum, or is exactly nobody's and enough for it and all that are older."""
    facts, today = seen.world.account, seen.world.today

    def is_asked_for(one: InvoiceFacts) -> bool:
        held = any(hold.until is None or today < hold.until for hold in one.holds)
        return one.status is InvoiceStatus.OPEN and one.balance.minor > 0 and not held

    same = [one for one in facts.invoices if is_asked_for(one) and one.balance.currency == seen.one.balance.currency]
    same.sort(key=lambda one: (one.due or one.issued, one.id))
    before = sum(one.balance.minor for one in same[: same.index(seen.one) + 1])
    for credit in (some for some in facts.credits if some.currency == seen.one.balance.currency):
        exact = [one.id for one in same if one.balance == credit]
        if exact[:1] == [seen.one.id] or (not exact and before <= credit.minor):
            return True
    return False


def _is_stale(seen: Seen) -> bool:
    read = seen.world.account.read_at
    return read is None or seen.world.now > read + timedelta(hours=seen.world.cadence.stale_hours)


def _is_too_old(seen: Seen) -> bool:
    return seen.one.due is not None and seen.world.today > seen.one.due + timedelta(days=seen.world.cadence.oldest_days)


def _has_steps_ahead(seen: Seen) -> bool:
    """The step it waits for was not said, nor one after it, and its day is still to come."""
    names = [step.name for step in seen.world.cadence.steps]
    waits = dict(seen.because.detail)
    heard = [names.index(word.step) for word in seen.one.said]
    return date.fromisoformat(waits["day"]) > seen.world.today and max(heard, default=-1) < names.index(waits["step"])


def _days_ago(seen: Seen, recipients: tuple[str, ...] = ()) -> list[int]:
    """How many days ago each message went out, those of this answer too; only those to the recipients, if named."""
    together = (TouchFacts(action.recipients, action.day) for action in seen.answer.actions)
    touches = (*seen.world.account.touches, *together)
    heard = [touch.day for touch in touches if not recipients or set(recipients) & set(touch.recipients)]
    return [(seen.world.today - one).days for one in heard]


def _over_budget(seen: Seen) -> bool:
    ago = _days_ago(seen)
    week, month = sum(days < 7 for days in ago), sum(days < 30 for days in ago)
    return week >= seen.world.cadence.week_limit or month >= seen.world.cadence.month_limit


def _outside_hours(seen: Seen) -> bool:
    """By the clock on the wall; an hour that comes twice is worked once, so that there the clock alone cannot tell."""
    calendar, wall = seen.world.calendar, seen.world.calendar.local(seen.world.now)
    working = wall.weekday() in calendar.weekdays and wall.date() not in calendar.holidays
    return wall.fold == 1 or not (working and calendar.opens <= wall.time() < calendar.closes)


def _wait(seen: Seen) -> World:
    assert seen.because.until is not None
    return seen.world.at(seen.because.until)


def _nobody_else(seen: Seen) -> World:
    """As if nothing had been said lately, and nothing were said to other recipients today."""
    mine = [one for one in seen.world.account.invoices if one.recipients == seen.one.recipients]
    return seen.world.told(touches=(), invoices=tuple(mine))


def _sent(seen: Seen) -> World:
    return seen.instead(said=tuple(replace(word, state=TouchState.SENT) for word in seen.one.said))


HOLDS = (
    *(Cause.ARCHIVED, Cause.ERASED, Cause.PAUSED, Cause.DISCONNECTED, Cause.UNREADABLE_CREDIT),
    *(Cause.PROMISE, Cause.DISPUTE, Cause.EXTENSION, Cause.ARRANGEMENT, Cause.IN_FLIGHT, Cause.BEING_CHANGED),
)
ON_ITS_WAY = (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING)
# Written down by those who ask, when asking or sending failed.
NEVER_PLANNED = frozenset({Cause.UNPLANNABLE, Cause.UNSENDABLE})

CASES: dict[Cause, Case] = {
    **{cause: _holding(cause) for cause in HOLDS},
    Cause.GONE: _status(InvoiceStatus.VOIDED, InvoiceStatus.DELETED),
    Cause.DRAFT: _status(InvoiceStatus.DRAFT),
    Cause.UNKNOWN_STATUS: _status(InvoiceStatus.UNKNOWN),
    Cause.PAID: Case(
        account(owed(balance=eur(0))),
        lambda seen: seen.one.status is InvoiceStatus.PAID or seen.one.balance.minor <= 0,
        lambda seen: seen.instead(status=InvoiceStatus.OPEN, balance=seen.one.total),
    ),
    Cause.NO_DUE_DATE: Case(
        account(invoice(None)),
        lambda seen: seen.one.due is None,
        lambda seen: seen.instead(due=seen.world.today - timedelta(days=4)),
    ),
    Cause.NO_ADDRESS: Case(
        account(owed(recipients=())),
        lambda seen: not seen.one.recipients,
        lambda seen: seen.instead(recipients=("new@customer.test",)),
    ),
    Cause.ADDRESS_REFUSED: Case(
        account(owed(recipients=(ANN, BOB)), refused=frozenset({BOB})),
        lambda seen: any(address in seen.world.account.refused for address in seen.one.recipients),
        lambda seen: seen.world.told(refused=frozenset()),
    ),
    Cause.NOT_LIVE: Case(
        account(owed(), live=False),
        lambda seen: not seen.world.account.live,
        lambda seen: seen.world.told(live=True),
    ),
    Cause.COVERED_BY_CREDIT: Case(
        account(owed(), credits=(eur(10_000),)),
        _is_covered,
        lambda seen: seen.world.told(credits=()),
    ),
    Cause.TOO_OLD: Case(
        account(invoice(date(2025, 8, 1))),
        _is_too_old,
        lambda seen: replace(seen.world, cadence=replace(seen.world.cadence, oldest_days=10_000)),
    ),
    Cause.STALE: Case(
        account(owed(), read_at=NOW - timedelta(hours=36, seconds=1)),
        _is_stale,
        lambda seen: seen.world.fresh(),
    ),
    Cause.NOT_YET: Case(account(invoice(day("03-09"))), _has_steps_ahead, _wait),
    Cause.LADDER_DONE: Case(
        account(invoice(day("01-01"), said=(said("late-35", day("02-05")),))),
        lambda seen: seen.world.cadence.steps[-1].name in {word.step for word in seen.one.said},
        lambda seen: seen.instead(said=()),
    ),
    Cause.OUTSIDE_HOURS: Case(account(owed()), _outside_hours, _wait),
    Cause.GAP: Case(
        account(owed(), touches=(touched(day("02-28")),)),
        lambda seen: min(_days_ago(seen, seen.one.recipients)) < seen.world.cadence.gap_days,
        _nobody_else,
    ),
    Cause.ONE_A_DAY: Case(
        account(owed(), touches=(touched(TODAY),)),
        lambda seen: 0 in _days_ago(seen, seen.one.recipients),
        _nobody_else,
    ),
    Cause.BUDGET: Case(
        account(owed(), touches=(touched(day("02-24"), BOB), touched(day("02-26"), BOB))), _over_budget, _nobody_else
    ),
    Cause.SENDING: Case(
        account(owed(said=(said("heads-up", day("02-20"), TouchState.DUE),))),
        lambda seen: any(word.state in ON_ITS_WAY for word in seen.one.said),
        _sent,
    ),
}

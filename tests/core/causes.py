"""For every cause of silence: the facts that make it, when it is true, and how it is removed.

Written from the promise and not from `core/vetoes.py`, so that the two can be held against each other. A new cause
without a row here fails the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from core.because import Cause
from core.cadence import ALWAYS, Cadence, Channel, Reason
from core.facts import AccountFacts, Approval, InvoiceFacts, InvoiceStatus, TouchState
from core.plan import fingerprint, plan
from tests.core import truths
from tests.core.builders import (
    ANN,
    BOB,
    DEFAULT,
    OFFICE,
    account,
    day,
    eur,
    held,
    invoice,
    moment,
    parsed,
    said,
    step,
    told,
    touched,
)
from tests.core.truths import Seen
from tests.core.worlds import World

NOW = moment("2026-03-02 10:00")  # a Monday, in hours
TODAY = day("03-02")
LATE = day("02-26")  # the first follow-up is reached today
NIGHT = moment("2026-03-02 08:59:59")


@dataclass(frozen=True)
class Case:
    """`facts` differ in one thing from an account that would be written to at NOW."""

    facts: AccountFacts
    is_true: Callable[[Seen], bool]
    lift: Callable[[Seen], World]
    cadence: Cadence = DEFAULT
    now: datetime = NOW


def owed(**more: Any) -> InvoiceFacts:
    return invoice(LATE, **more)


def _status(status: InvoiceStatus, *statuses: InvoiceStatus) -> Case:
    return Case(
        account(owed(status=status)),
        lambda seen: seen.one.status in (status, *statuses),
        lambda seen: seen.instead(status=InvoiceStatus.OPEN),
    )


def _holding(cause: Cause) -> Case:
    return Case(account(owed(holds=(held(cause),))), truths.in_force, truths.let_go)


def _telling(reason: Reason, days: int | None) -> Case:
    """A reason that earns so many quiet working days; None: until a person acts."""

    def is_true(seen: Seen) -> bool:
        heard = seen.one.told
        if heard is None or heard.reason is not reason:
            return False
        return days is None or truths.working_days(seen.world, heard.day) < days or truths.is_capped(seen)

    return Case(account(owed(told=told(reason, TODAY))), is_true, lambda seen: seen.instead(told=None))


def _decided(word: Approval) -> AccountFacts:
    """Drafts, of which the one of NOW was decided about."""
    facts = account(owed(), drafts=True)
    (draft,) = plan(facts, DEFAULT, OFFICE, NOW).drafts
    return replace(facts, approvals={fingerprint(facts, draft): word})


HOLDS = (
    *(Cause.ARCHIVED, Cause.ERASED, Cause.PAUSED, Cause.DISCONNECTED, Cause.UNREADABLE_CREDIT),
    *(Cause.PROMISE, Cause.DISPUTE, Cause.EXTENSION, Cause.IN_FLIGHT, Cause.BEING_CHANGED, Cause.BANK_LINE),
    *(Cause.BREATHING_SPACE, Cause.CARE, Cause.AGENCY, Cause.REPLIED),
)
ON_ITS_WAY = (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING)
# Written down by those who ask, when asking or sending failed.
NEVER_PLANNED = frozenset({Cause.UNPLANNABLE, Cause.UNSENDABLE})
_TWICE = (
    said("late-4", day("02-10"), rung=1, balance=10_000),
    said("late-4", day("02-18"), rung=1, balance=8_000, anchor="due/2026-02-04/part"),
)

CASES: dict[Cause, Case] = {
    **{cause: _holding(cause) for cause in HOLDS},
    Cause.ARRANGEMENT: Case(account(owed(arranged=True)), truths.is_arranged, truths.disarranged),
    Cause.FORGOT: _telling(Reason.FORGOT, 3),
    Cause.COPY: _telling(Reason.COPY, 3),
    Cause.PAID_ALREADY: _telling(Reason.PAID_ALREADY, 7),
    Cause.SHORT_OF_CASH: _telling(Reason.SHORT_OF_CASH, 5),
    Cause.WRONG_PERSON: _telling(Reason.WRONG_PERSON, None),
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
        lambda seen: any(not meant for meant in truths.readers(seen)),
        lambda seen: seen.instead(recipients=("new@customer.test",)).told(emails=("new@customer.test",)),
    ),
    Cause.ADDRESS_REFUSED: Case(
        account(owed(recipients=(ANN, BOB)), refused=frozenset({ANN, BOB})),
        lambda seen: truths.closed_to_us(seen, seen.world.account.refused),
        lambda seen: seen.world.told(refused=frozenset()),
    ),
    Cause.BOUNCED: Case(
        account(owed(recipients=(ANN, BOB)), bounced=frozenset({BOB}), refused=frozenset({ANN})),
        lambda seen: truths.closed_to_us(seen, seen.world.account.bounced),
        lambda seen: seen.world.told(bounced=frozenset()),
    ),
    Cause.OPTED_OUT: Case(
        account(owed(), opted_out=frozenset({ANN}), bounced=frozenset()),
        lambda seen: truths.closed_to_us(seen, seen.world.account.opted_out),
        lambda seen: seen.world.told(opted_out=frozenset()),
    ),
    Cause.NOT_LIVE: Case(
        account(owed(), live=False),
        lambda seen: not seen.world.account.live,
        lambda seen: seen.world.told(live=True),
    ),
    Cause.COVERED_BY_CREDIT: Case(
        account(owed(), credits=(eur(10_000),)),
        truths.is_covered,
        lambda seen: seen.world.told(credits=()),
    ),
    Cause.TOO_OLD: Case(
        account(invoice(date(2025, 8, 1))),
        truths.is_too_old,
        lambda seen: replace(seen.world, cadence=replace(seen.world.cadence, oldest_days=10_000)),
    ),
    Cause.OLD_AT_START: Case(
        account(invoice(day("01-01")), connected=date(2026, 4, 2)),
        truths.was_old,
        lambda seen: seen.world.told(connected=None),
    ),
    Cause.PART_PAYMENTS: Case(
        account(invoice(day("02-04"), said=_TWICE, balance=eur(5_000))), truths.paid_in_parts, truths.balance_unknown
    ),
    Cause.STALE: Case(
        account(owed(), read_at=NOW - timedelta(hours=36, seconds=1)),
        truths.is_stale,
        lambda seen: seen.world.fresh(),
    ),
    Cause.NOT_YET: Case(account(invoice(day("03-09"))), truths.has_steps_ahead, truths.wait),
    Cause.CONDITION: Case(
        account(owed()),
        lambda seen: any(step.when != ALWAYS for step in seen.world.cadence.steps),
        truths.unconditional,
        cadence=parsed(step("big", 4, when="{amount_at_least = 101}")),
    ),
    Cause.LADDER_DONE: Case(
        account(invoice(day("01-01"), said=(said("late-35", day("02-05")),))), truths.is_done, truths.anew
    ),
    Cause.NO_CHANNEL: Case(
        account(owed()),
        lambda seen: any(step.channel not in seen.world.account.channels for step in seen.world.cadence.steps),
        lambda seen: seen.world.told(channels=frozenset(Channel)),
        cadence=parsed(step("text", 4, channel="'sms'")),
    ),
    Cause.OUTSIDE_HOURS: Case(account(owed()), truths.outside_hours, truths.wait, now=NIGHT),
    Cause.GAP: Case(account(owed(), touches=(touched(day("02-28")),)), truths.too_soon, truths.nobody_else),
    Cause.ONE_A_DAY: Case(
        account(owed(), touches=(touched(TODAY),)),
        lambda seen: any(one.day == seen.world.today for one in truths.mine(seen)),
        truths.nobody_else,
    ),
    Cause.BUDGET: Case(
        account(owed(), touches=(touched(day("02-24"), BOB), touched(day("02-26"), BOB))),
        truths.over_budget,
        truths.nobody_else,
    ),
    Cause.SENDING: Case(
        account(owed(said=(said("heads-up", day("02-20"), TouchState.DUE),))),
        lambda seen: any(word.state in ON_ITS_WAY for word in seen.one.said),
        truths.sent,
    ),
    Cause.AWAITING_APPROVAL: Case(account(owed(), drafts=True), truths.is_draft, truths.approved),
    Cause.SKIPPED: Case(
        _decided(Approval(NOW - timedelta(days=1), approved=False)),
        lambda seen: truths.has_word(seen, False),
        truths.said_yes,
    ),
    Cause.TAKE_BACK: Case(
        _decided(Approval(NOW - timedelta(seconds=59))), lambda seen: truths.has_word(seen, True), truths.said_yes
    ),
}

"""`plan()`: what to say to one account now, why nothing is said about the rest, and when to ask again.

One pure function: no clock, no chance, no I/O. It proposes (`ladder`) and then removes (`vetoes`). It answers only
for `now`; the future is never enqueued, so nothing ever has to be cancelled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from core import vetoes
from core.because import Because, Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts, Said, TouchFacts, TouchState
from core.ladder import Proposal, propose

# Raise this when the same facts may give another answer than before: start-up then wakes every account.
PLAN_VERSION = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice in a message, the step said about it, and the steps passed over unsaid."""

    invoice: int
    step: str
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One message to one recipient set on a local day, led by its firmest step."""

    account: int
    recipients: tuple[str, ...]
    day: date
    lead: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Nothing new is said before `wake_at`, which may be early and is never late; None: only a fact can change that."""

    actions: tuple[Action, ...]
    wake_at: datetime | None
    because: tuple[Because, ...]


def plan(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    """Decide for one account at `now` (aware). Doing the actions and asking again gives none."""
    actions, because = _decide(account, cadence, calendar, now)
    after = _decide(done(account, actions), cadence, calendar, now)[1] if actions else because
    wakes = [silence.until for silence in after if silence.until is not None]
    return Plan(actions, min(wakes, default=None), because)


def done(account: AccountFacts, actions: Iterable[Action], state: TouchState = TouchState.SENT) -> AccountFacts:
    """The facts as they stand once the actions have been carried out."""
    for action in actions:
        steps = {line.invoice: line.step for line in action.lines}
        account = replace(
            account,
            touches=(*account.touches, TouchFacts(action.recipients, action.day, state)),
            invoices=tuple(_said(invoice, steps, action.day, state) for invoice in account.invoices),
        )
    return account


def _said(invoice: InvoiceFacts, steps: dict[int, str], day: date, state: TouchState) -> InvoiceFacts:
    if invoice.id not in steps:
        return invoice
    return replace(invoice, said=(*invoice.said, Said(steps[invoice.id], day, state)))


def _decide(
    account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime
) -> tuple[tuple[Action, ...], tuple[Because, ...]]:
    closed = vetoes.account_closed(account, cadence, calendar, now)
    covered = vetoes.covered(account, calendar, now)
    proposals: list[Proposal] = []
    because: list[Because] = []
    for invoice in account.invoices:
        answer = _answer(invoice, account, closed, covered, cadence, calendar, now)
        if isinstance(answer, Because):
            because.append(answer)
        else:
            proposals.append(answer)
    actions, silenced = _messages(account, proposals, cadence, calendar, now)
    return actions, (*because, *silenced)


def _answer(
    invoice: InvoiceFacts,
    account: AccountFacts,
    closed: Because | None,
    covered: frozenset[int],
    cadence: Cadence,
    calendar: Calendar,
    now: datetime,
) -> Proposal | Because:
    """The step proposed for one invoice, or the first true cause against it."""
    no = vetoes.not_owed(invoice)
    if no is None and closed is not None:
        no = replace(closed, invoice=invoice.id)
    no = no or vetoes.invoice_held(invoice, calendar, now)
    if no is None and invoice.id in covered:
        no = Because(Cause.COVERED_BY_CREDIT, invoice.id)
    no = no or vetoes.no_address(invoice, account)
    return no or propose(invoice, cadence, calendar, calendar.today(now))


def _messages(
    account: AccountFacts, proposals: list[Proposal], cadence: Cadence, calendar: Calendar, now: datetime
) -> tuple[tuple[Action, ...], tuple[Because, ...]]:
    """Merge proposals into one message per recipient set, firmest first, and apply the vetoes on whole messages."""
    groups: dict[tuple[str, ...], list[Proposal]] = {}
    for proposal in sorted(proposals, key=lambda one: (-one.step.offset, one.invoice.id)):
        groups.setdefault(proposal.invoice.recipients, []).append(proposal)
    actions: list[Action] = []
    because: list[Because] = []
    touches = list(account.touches)
    day = calendar.today(now)
    for recipients, group in groups.items():
        no = vetoes.too_often(recipients, touches, cadence, calendar, now) or vetoes.outside_hours(calendar, now)
        if no:
            because += [replace(no, invoice=one.invoice.id) for one in group]
            continue
        lines = tuple(Line(one.invoice.id, one.step.name, one.missed) for one in group)
        actions.append(Action(account.id, recipients, day, group[0].step.name, lines))
        touches.append(TouchFacts(recipients, day))
    return tuple(actions), tuple(because)

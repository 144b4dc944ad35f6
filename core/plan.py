"""`plan()`: what to say to one account now, why nothing is said about the rest, and when to ask again.

One pure function: no clock, no chance, no I/O. It proposes (`ladder`) and then removes (`vetoes`). It answers only
for `now`; the future is never enqueued, so nothing ever has to be cancelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from core import vetoes
from core.because import Because, Cause
from core.cadence import Anchor, Cadence, Channel, Payer, Step, Tone
from core.calendars import Calendar
from core.facts import AccountFacts, Approval, InvoiceFacts, Said, TouchFacts, TouchState
from core.ladder import Proposal, propose
from core.readers import reachable, readers
from core.timetable import Timetable, timetable

# Raise this when the same facts may give another answer than before: start-up then wakes every account.
PLAN_VERSION = 5

# How long an approved text can be taken back.
TAKE_BACK = timedelta(seconds=60)

_TONES = tuple(Tone)


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice in a message, the step said about it, and the steps passed over unsaid.

    `anchor` is the instance of the anchor the step stands on, `rung` how firm it is. An invoice may stand in two
    lines: a statement that is also its reminder.
    """

    invoice: int
    step: str
    missed: tuple[str, ...] = ()
    anchor: str = ""
    rung: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """One message (or task) to one recipient set on a local day, led by its firmest step.

    `tone` and `template` are those to be used, softened or changed by what is known of the customer.
    """

    account: int
    recipients: tuple[str, ...]
    day: date
    lead: str
    lines: tuple[Line, ...]
    channel: Channel = Channel.EMAIL
    tone: Tone = Tone.FRIENDLY
    template: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Nothing new is said before `wake_at`, which may be early and is never late; None: only a fact can change that.

    `drafts` are messages that wait for a person's approval.
    """

    actions: tuple[Action, ...]
    wake_at: datetime | None
    because: tuple[Because, ...]
    drafts: tuple[Action, ...] = ()


class CarriedOut(NamedTuple):
    """A plan that was carried out: the facts as they stand then, and why nothing more is said."""

    plan: Plan
    facts: AccountFacts
    because: tuple[Because, ...]


_Answer = tuple[list[Action], list[Because], list[Action]]


def plan(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    """Decide for one account at `now` (aware). Doing the actions and asking again gives none."""
    return carried_out(account, cadence, calendar, now).plan


def carried_out(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> CarriedOut:
    """Decide for one account at `now`, and do what was decided at once."""
    table = timetable(cadence, calendar)
    actions, because, drafts = _decide(account, table, now)
    after, silences = account, because
    if actions:
        after = done(account, actions, now)
        silences = _decide(after, table, now)[1]
    wakes = [silence.until for silence in silences if silence.until is not None]
    answer = Plan(tuple(actions), min(wakes) if wakes else None, tuple(because), tuple(drafts))
    return CarriedOut(answer, after, tuple(silences))


def done(
    account: AccountFacts, actions: Iterable[Action], now: datetime, state: TouchState = TouchState.SENT
) -> AccountFacts:
    """The facts as they stand once the actions have been carried out at `now`."""
    touches, words = list(account.touches), dict[int, list[tuple[Line, date]]]()
    for action in actions:
        listed = next((line.anchor for line in action.lines if line.anchor.startswith(Anchor.MONTH)), "")
        touches.append(TouchFacts(action.recipients, action.day, state, now, statement=listed))
        for line in action.lines:
            words.setdefault(line.invoice, []).append((line, action.day))
    invoices = tuple([_said(one, words[one.id], state) if one.id in words else one for one in account.invoices])
    return replace(account, touches=tuple(touches), invoices=invoices)


def _said(invoice: InvoiceFacts, words: Iterable[tuple[Line, date]], state: TouchState) -> InvoiceFacts:
    left = invoice.balance.minor
    said = [Said(line.step, day, state, line.anchor, line.rung, left) for line, day in words]
    return replace(invoice, said=(*invoice.said, *said))


def fingerprint(account: AccountFacts, action: Action) -> str:
    """What a person approves: readers, words' tone, and each line with its balance. Another day is the same text."""
    balances = {one.id: (str(one.balance), str(one.due)) for one in account.invoices}
    shown = (
        action.recipients,
        action.channel.value,
        action.template,
        action.tone.value,
        [(line.invoice, line.step, line.anchor, balances[line.invoice]) for line in action.lines],
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def _decide(account: AccountFacts, table: Timetable, now: datetime) -> _Answer:
    cadence, calendar = table.cadence, table.calendar
    today = calendar.today(now)
    closed = vetoes.account_closed(account, cadence, calendar, now)
    covered = vetoes.covered(account, cadence, calendar, today)
    proposals: list[Proposal] = []
    because: list[Because] = []
    for invoice in account.invoices:
        answer = _no(invoice, account, closed, covered, table, today) or propose(invoice, account, table, today)
        if isinstance(answer, Because):
            because.append(answer)
        else:
            proposals += answer
    return _messages(account, proposals, because, table, now) if proposals else ([], because, [])


def _no(
    invoice: InvoiceFacts,
    account: AccountFacts,
    closed: Because | None,
    covered: frozenset[int],
    table: Timetable,
    today: date,
) -> Because | None:
    """The first true cause against speaking about one invoice."""
    no = vetoes.not_owed(invoice)
    if no is None and closed is not None:
        no = replace(closed, invoice=invoice.id)
    no = no or vetoes.invoice_held(invoice, table.cadence, table.calendar, today)
    if no is None and invoice.id in covered:
        no = Because(Cause.COVERED_BY_CREDIT, invoice.id)
    return no or vetoes.no_address(readers(table.cadence.to_any, invoice, account), account, invoice.id)


def _messages(
    account: AccountFacts, proposals: list[Proposal], because: list[Because], table: Timetable, now: datetime
) -> _Answer:
    """Merge proposals into one message per recipient set, firmest first, and apply the vetoes on whole messages."""
    silences: dict[int, Because] = {}
    actions: list[Action] = []
    drafts: list[Action] = []
    touches = list(account.touches)
    for (recipients, _), group in _groups(account, proposals, silences, table, now).items():
        action = _action(account, recipients, group, table, now)
        no = _veto(account, action, group, touches, table, now)
        if no is None:
            actions.append(action)
            touches.append(TouchFacts(action.recipients, action.day))
            continue
        if no.cause is Cause.AWAITING_APPROVAL:
            drafts.append(action)
        _silence(silences, group, no, table, now)
    spoken = {line.invoice for action in actions for line in action.lines}
    because += [no for invoice, no in silences.items() if invoice not in spoken]
    return actions, because, drafts


_Groups = dict[tuple[tuple[str, ...], Channel], list[Proposal]]


def _groups(
    account: AccountFacts, proposals: list[Proposal], silences: dict[int, Because], table: Timetable, now: datetime
) -> _Groups:
    """By readers and channel, the firmest first. A step that nobody can be told of is a silence."""
    groups: _Groups = {}
    for proposal in sorted(proposals, key=_firmest_first):
        wanted = readers(table.to[proposal.step.name], proposal.invoice, account)
        nobody = vetoes.no_address(wanted, account)
        if nobody is None:
            groups.setdefault((reachable(wanted, account), proposal.step.channel), []).append(proposal)
        else:
            _silence(silences, [proposal], nobody, table, now)
    return groups


def _silence(silences: dict[int, Because], group: list[Proposal], no: Because, table: Timetable, now: datetime) -> None:
    """One silence for each invoice, the one that ends first. What has no end of its own is asked anew every day: until
    then its words may have become untrue.
    """
    until = no.until or table.calendar.opening(table.calendar.today(now) + timedelta(days=1))
    for one in group:
        known = silences.get(one.invoice.id)
        if known is None or until < (known.until or until):
            silences[one.invoice.id] = Because(no.cause, one.invoice.id, until, no.detail)


def _firmest_first(proposal: Proposal) -> tuple[int, bool, int, int]:
    """A welcome comes after everything that speaks of a day."""
    step = proposal.step
    return -step.rung, step.anchor is Anchor.ISSUED, -step.offset, proposal.invoice.id


def _action(
    account: AccountFacts, recipients: tuple[str, ...], group: list[Proposal], table: Timetable, now: datetime
) -> Action:
    lead = _lead(group)
    lines = tuple(Line(one.invoice.id, one.step.name, one.missed, one.anchor, one.step.rung) for one in group)
    return Action(
        account=account.id,
        recipients=recipients,
        day=table.calendar.today(now),
        lead=lead.step.name,
        lines=lines,
        channel=lead.step.channel,
        tone=_tone(lead.step, account, table.cadence),
        template=(lead.branch.template if lead.branch and lead.step.rung else "") or lead.step.template,
    )


def _lead(group: list[Proposal]) -> Proposal:
    """The firmest step; but a statement takes up the day's reminders, and who told us of a hard time about one invoice
    hears the words for that about all.
    """
    for one in group:
        if one.step.anchor is Anchor.MONTH:
            return one
    for one in group:
        if one.step.rung and one.branch is not None and one.branch.ceiling is not None:
            return one
    return group[0]


def _tone(step: Step, account: AccountFacts, cadence: Cadence) -> Tone:
    """The step's own, one softer for who has always paid; nothing makes it harder."""
    soft = cadence.soften and account.payer is Payer.STEADY
    return _TONES[max(_TONES.index(step.tone) - 1, 0)] if soft else step.tone


def _veto(
    account: AccountFacts,
    action: Action,
    group: list[Proposal],
    touches: list[TouchFacts],
    table: Timetable,
    now: datetime,
) -> Because | None:
    """The first veto on the whole message; a draft is shown whatever the hour."""
    caps = (*table.cadence.caps, *account.caps)
    return (
        vetoes.no_channel(group[0].step, account)
        or vetoes.too_often(action.recipients, touches, table.cadence, caps, table.calendar, now)
        or _unapproved(account, action, group, table, now)
        or vetoes.outside_hours(table.calendar, now)
    )


def _unapproved(
    account: AccountFacts, action: Action, group: list[Proposal], table: Timetable, now: datetime
) -> Because | None:
    """Where a person must agree: whether they have, to exactly this, and long enough ago. What a person has said of it
    counts also when nobody must be asked any more.
    """
    word = account.approvals.get(fingerprint(account, action)) if account.approvals else None
    if word is None:
        asked = account.drafts or table.cadence.approve_all
        asked = asked or any(one.step.approve or (one.branch and one.branch.approve) for one in group)
        return Because(Cause.AWAITING_APPROVAL) if asked else None
    if not word.approved:
        return _skipped(word, table.calendar.today(now))
    if now >= word.at + TAKE_BACK:
        return None
    tomorrow = table.calendar.opening(table.calendar.today(now) + timedelta(days=1))
    return Because(Cause.TAKE_BACK, until=min(word.at + TAKE_BACK, tomorrow))


def _skipped(word: Approval, today: date) -> Because:
    if word.until is None:
        return Because(Cause.SKIPPED)
    if word.until <= today:
        return Because(Cause.AWAITING_APPROVAL)
    return Because(Cause.SKIPPED, detail=(("until", word.until.isoformat()),))

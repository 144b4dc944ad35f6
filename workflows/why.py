"""Why somebody heard something on a day, or nothing: read from the answers that were kept, or worked out for a day to
come.

It reads only. What was said comes from touches, what was left unsaid from effects, every silence from decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.because import Because, Cause
from core.calendars import FIRST, Calendar
from core.facts import AccountFacts, TouchState
from core.plan import Action, done, plan
from core.replay import replay
from models import Account, Company, Decision, Effect, EffectState, Invoice, Touch
from workflows import gather
from workflows.calendars import calendar_of
from workflows.errors import Refusal
from workflows.heard import ASKING
from workflows.runtime import Runtime

AHEAD = timedelta(days=366)
_DAY = timedelta(days=1)
_UNSAID = (EffectState.DUE, EffectState.CLAIMED, EffectState.DROPPED, EffectState.REJECTED)


class Source(StrEnum):
    """KEPT: what was decided then. AHEAD: worked out now, as if nothing else happened. NOTHING: no record yet."""

    KEPT = "kept"
    AHEAD = "ahead"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message (or task) that was to be said, led by `step`, about these invoices (ids)."""

    step: str
    invoices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What stood from `since` (UTC) on: what was to be said, and why nothing about the rest."""

    since: datetime
    because: tuple[Because, ...]
    wanted: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A touch: what was said at `at` (UTC), to whom, about which invoices (ids), and what had been read before."""

    uid: str
    at: datetime
    day: date
    kind: str
    step: str
    channel: str
    state: str
    recipients: tuple[str, ...]
    subject: str
    invoices: tuple[int, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A planned message that has not left: it waits, was dropped or was refused. `note` says why, for people."""

    at: datetime
    step: str
    state: str
    invoices: tuple[int, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Why:
    """One account on one day of its company. `numbers` are the invoices' by id; `answers` stand in order, the first one
    from before the day on.
    """

    account_id: int
    name: str
    day: date
    source: Source
    answers: tuple[Answer, ...]
    heard: tuple[Heard, ...]
    unsaid: tuple[Unsaid, ...]
    numbers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Span:
    """Days on end with the same silence, or one on which something was `heard`; `wanted` had not left by its end."""

    first: date
    last: date
    heard: tuple[Heard, ...]
    because: tuple[Because, ...]
    wanted: tuple[Wanted, ...] = ()


def why(rt: Runtime, account_id: int, day: date) -> Why:
    """What was decided about the account on a local date of its company, and why. Refusal for a day that is more than
    a year away.
    """
    now = rt.clock.now()
    with rt.store.read() as session:
        row = session.get_one(Account, account_id)
        calendar = calendar_of(session.get_one(Company, row.company_id), now)
        today = calendar.today(now)
        if not FIRST <= day <= today + AHEAD:
            raise Refusal("Please choose a day at most a year from now.")
        answers = _kept(session, account_id, *_bounds(calendar, day)) if day <= today else ()
        source = Source.KEPT if answers else Source.NOTHING
        if not answers and day >= today:
            answers, source = _ahead(rt, session, account_id, calendar, day), Source.AHEAD
        return Why(
            account_id=account_id,
            name=row.name,
            day=day,
            source=source,
            answers=answers,
            heard=_heard(session, account_id, day, day),
            unsaid=_unsaid(session, account_id, day),
            numbers=numbers(session, account_id),
        )


def spans(rt: Runtime, account_id: int, first: date, last: date) -> tuple[Span, ...]:
    """From `first` to `last` or today, in order; the days before the first record are left out."""
    now = rt.clock.now()
    with rt.store.read() as session:
        row = session.get_one(Account, account_id)
        calendar = calendar_of(session.get_one(Company, row.company_id), now)
        last = min(last, calendar.today(now))
        if last < first:
            return ()
        kept = _kept(session, account_id, _bounds(calendar, first)[0], _bounds(calendar, last)[1])
        heard = _heard(session, account_id, first, last)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    told = [one for day in days if (one := _day(day, kept, heard, calendar)) is not None]
    return tuple(_folded(list(same)) for _, same in groupby(told, key=_same))


def decoded(rows: Iterable[Sequence[Any]]) -> tuple[Because, ...]:
    """Silences as they are stored: (cause, invoice id, until, details) each."""
    return tuple(
        Because(
            Cause(cause),
            invoice,
            datetime.fromisoformat(until) if until else None,
            tuple((str(name), str(value)) for name, value in detail),
        )
        for cause, invoice, until, detail in rows
    )


def numbers(session: Session, account_id: int) -> Mapping[int, str]:
    """The numbers of all the account's invoices, by id."""
    wanted = select(Invoice.id, Invoice.number).where(Invoice.account_id == account_id)
    return {row.id: row.number for row in session.execute(wanted)}


def _bounds(calendar: Calendar, day: date) -> tuple[datetime, datetime]:
    """The first moment of a local day, and that of the next one."""
    return calendar.at(day, time.min), calendar.at(day + _DAY, time.min)


def _kept(session: Session, account_id: int, begin: datetime, end: datetime) -> tuple[Answer, ...]:
    """The answer that stood at `begin`, and each that took its place before `end`."""
    asked = select(Decision).where(Decision.account_id == account_id)
    stood = asked.where(Decision.at <= begin).order_by(Decision.at.desc(), Decision.id.desc()).limit(1)
    later = asked.where(Decision.at > begin, Decision.at < end).order_by(Decision.at, Decision.id)
    return tuple(
        Answer(
            one.at,
            tuple(_standing(because, max(one.at, begin)) for because in decoded(one.because)),
            tuple(Wanted(step, tuple(invoices)) for step, invoices in one.actions),
        )
        for one in (*session.scalars(stood), *session.scalars(later))
    )


def _standing(because: Because, at: datetime) -> Because:
    """A silence that outlasted the moment it was to end at has no known end: only the first of its days was kept."""
    return replace(because, until=None) if because.until is not None and because.until <= at else because


def _heard(session: Session, account_id: int, first: date, last: date) -> tuple[Heard, ...]:
    found = session.scalars(
        select(Touch)
        .where(Touch.account_id == account_id, Touch.day >= first, Touch.day <= last)
        .options(selectinload(Touch.lines), selectinload(Touch.effect))
        .order_by(Touch.sending_at, Touch.id)
    )
    return tuple(
        Heard(
            uid=one.uid,
            at=one.sent_at or one.sending_at,
            day=one.day,
            kind=one.effect.kind,
            step=one.step,
            channel=one.channel,
            state=one.state,
            recipients=tuple(one.recipients),
            subject=one.subject,
            invoices=tuple(dict.fromkeys(line.invoice_id for line in one.lines)),
            evidence=one.evidence,
        )
        for one in found
    )


def _unsaid(session: Session, account_id: int, day: date) -> tuple[Unsaid, ...]:
    found = session.scalars(
        select(Effect)
        .where(
            Effect.account_id == account_id,
            Effect.kind.in_(ASKING),
            Effect.state.in_([state.value for state in _UNSAID]),
            Effect.content["day"].as_string() == day.isoformat(),
        )
        .order_by(Effect.updated_at, Effect.id)
    )
    return tuple(
        Unsaid(
            one.updated_at,
            one.content["lead"],
            one.state,
            tuple(dict.fromkeys(line[0] for line in one.content["lines"])),
            one.note,
        )
        for one in found
    )


def _ahead(rt: Runtime, session: Session, account_id: int, calendar: Calendar, day: date) -> tuple[Answer, ...]:
    """What would be said on the day, and first what would stand then about the rest; as in a preview, the company
    counts as switched on, and its ledger as freshly read.
    """
    now = rt.clock.now()
    begin, end = _bounds(calendar, day)
    begin = max(begin, now)
    known = gather.account(rt, session, account_id, now)
    drafts = gather.account(rt, session, account_id, begin).facts.drafts
    facts = arrived(replace(known.facts, drafts=drafts))
    before = replay(facts, known.cadence, known.calendar, now, begin).sent
    facts = _said(facts, before)
    sent = replay(facts, known.cadence, known.calendar, begin, end).sent
    asked = max(begin, min(known.calendar.opening(day), end - timedelta(seconds=1)))
    rest = plan(replace(_said(facts, sent), live=True, read_at=asked), known.cadence, known.calendar, asked)
    spoken = {line.invoice for _, action in sent for line in action.lines}
    silent = tuple(one for one in rest.because if one.invoice not in spoken)
    return Answer(begin, silent), *(Answer(moment, (), (_wanted(action),)) for moment, action in sent)


def arrived(facts: AccountFacts) -> AccountFacts:
    """What is on its way now will have been said by then."""
    return replace(
        facts,
        invoices=tuple(
            replace(one, said=tuple(replace(said, state=TouchState.SENT) for said in one.said))
            for one in facts.invoices
        ),
    )


def _said(facts: AccountFacts, sent: Iterable[tuple[datetime, Action]]) -> AccountFacts:
    for moment, action in sent:
        facts = done(facts, [action], moment)
    return facts


def _wanted(action: Action) -> Wanted:
    return Wanted(action.lead, tuple(dict.fromkeys(line.invoice for line in action.lines)))


def _day(day: date, kept: Sequence[Answer], heard: Sequence[Heard], calendar: Calendar) -> Span | None:
    """One day as it ended; None when nothing was recorded yet."""
    end = _bounds(calendar, day)[1]
    stood = [one for one in kept if one.since < end]
    today = tuple(one for one in heard if one.day == day)
    if not stood:
        return Span(day, day, today, ()) if today else None
    spoken = {invoice for one in today if one.kind in ASKING for invoice in one.invoices}
    silent = tuple(one for one in stood[-1].because if one.invoice not in spoken)
    return Span(day, day, today, silent, () if spoken else stood[-1].wanted)


def _same(span: Span) -> tuple[Any, ...]:
    """Equal for silences that are told in one line; a day on which something was heard stands alone."""
    silences = tuple((one.cause, one.invoice, one.detail) for one in span.because)
    return (span.first if span.heard else None, silences, span.wanted)


def _folded(same: Sequence[Span]) -> Span:
    return replace(same[0], last=same[-1].last)

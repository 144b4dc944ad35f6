"""A message in a person's own words about open invoices; counted like every word that asks for money.

It keeps what plan() keeps: one a day and reader, the hours between two, every limit, office hours where the customer
is, and nothing about what is paid. It waits a minute, so that it can be taken back, and is held against fresh figures
at the door. What cannot leave is put before a person, never lost and never sent later by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import by_hand as core
from core.because import Because, Cause
from core.cadence import Channel
from core.kindness import Finding
from core.plan import TAKE_BACK, Action, Line, plan
from integrations.channels.base import Conversation, Envelope
from integrations.errors import OutsideError, Transient
from models import Account, Company, Effect, EffectKind, EffectState, Invoice
from workflows import (
    answered,
    audit,
    compose,
    door,
    effects,
    enclosed,
    gather,
    heard,
    mirror,
    own_words,
    sending,
    stopping,
    tasks,
)
from workflows.errors import Refusal
from workflows.messages import Opening, opening
from workflows.runtime import Runtime

STEP = "by-hand"


class Against(Refusal):
    """It may not be sent; `because` says why."""

    def __init__(self, because: Because) -> None:
        super().__init__(f"This may not be sent: {because.cause.value}.")
        self.because = because


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote, to whom, and about which invoices (uids)."""

    words: Opening
    readers: tuple[str, ...]
    invoices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """It as it would leave at `at`; what could be kinder, and what speaks against writing just now."""

    envelope: Envelope
    at: datetime
    findings: tuple[Finding, ...]
    warnings: tuple[Because, ...]


def readers(rt: Runtime, session: Session, account: Account, invoices: Iterable[Invoice]) -> list[str]:
    """Every address of the account, its people and these invoices, without those that are known to be dead."""
    people = {address for _, address, _ in account.people if address}
    known = {
        one.lower() for one in people.union(account.instead, account.emails, *(invoice.emails for invoice in invoices))
    }
    words = heard.address_words(rt, session, account.company_id, known)
    return sorted(known - set(account.refused) - words.get(Cause.BOUNCED, frozenset()))


def suggested(rt: Runtime, account_id: int, invoices: Sequence[int]) -> Opening:
    """Words to begin with, about these open invoices (ids); Refusal where there are none to write about."""
    with rt.store.read() as session:
        gathered = gather.account(rt, session, account_id, rt.clock.now())
        if not invoices:
            raise Refusal("Nothing is open, so there is nothing to write about.")
        action = _action(gathered, (), invoices, "", rt.clock.now())
        return opening(compose.cadence_facts(rt, session, action, gathered), Channel.EMAIL)


def shown(rt: Runtime, account_id: int, written: Written) -> Shown:
    """The message as it would leave now. Refusal where it may not: Against for what stands against it."""
    with rt.store.read() as session:
        return _looked_at(rt, session, account_id, written, "")[0]


def send_soon(rt: Runtime, account_id: int, written: Written, user_id: int) -> Shown:
    """Let it leave in a minute, or when the office opens. Refusal as for `shown`."""
    uid = rt.new_id()
    with rt.store.write() as session:
        found, action, invoices = _looked_at(rt, session, account_id, written, uid)
        if leaving(session, account_id):
            raise Refusal("Another message of yours to them is about to leave; take it back first.")
        company_id = invoices[0].company_id
        effects.want(
            rt,
            session,
            key=f"by-hand/{uid}",
            kind=EffectKind.BY_HAND,
            company_id=company_id,
            account_id=account_id,
            content=answered.content_of(action)
            | {
                "balances": [one.balance_minor for one in invoices],
                "subject": written.words.title,
                "paragraphs": list(written.words.paragraphs),
                "by": user_id,
            },
            not_before=found.at,
        )
        audit.record(rt, session, "by-hand-written", company_id, account_id, uid, user=user_id)
        mirror.wake(session, [account_id], rt.clock.now())
    return found


def _looked_at(
    rt: Runtime, session: Session, account_id: int, written: Written, uid: str
) -> tuple[Shown, Action, Sequence[Invoice]]:
    """The message, what it does, and what it is about. Refusal as for `shown`."""
    gathered = gather.account(rt, session, account_id, rt.clock.now())
    company = session.get_one(Company, gathered.row.company_id)
    invoices, at = _chosen(session, gathered, written), _moment(rt, gathered)
    _check_readers(rt, session, gathered.row, invoices, written.readers)
    ids = [one.id for one in invoices]
    _check(_stopped(rt, session, company), gathered, ids, written.readers, at)
    findings = own_words.checked(rt, session, written.words, company, account_id)
    action = _action(gathered, written.readers, ids, uid, at)
    envelope = compose.cadence_message(rt, session, Effect(uid=""), action, gathered, written.words)
    return Shown(envelope, at, findings, _warnings(gathered, ids, at)), action, invoices


def leaving(session: Session, account_id: int) -> Sequence[Effect]:
    """Those to this account that have not left yet."""
    mine = Effect.account_id == account_id, Effect.kind == EffectKind.BY_HAND.value
    return session.scalars(select(Effect).where(*mine, Effect.state == EffectState.DUE.value)).all()


def take_back(rt: Runtime, effect_id: int, user_id: int) -> None:
    """Let it not leave after all; Refusal when it has, or is leaving."""
    with rt.store.write() as session:
        effect = session.get_one(Effect, effect_id)
        if not effects.move(rt, session, effect, EffectState.DROPPED, since=EffectState.DUE, note="Taken back."):
            raise Refusal("It has already left.")
        audit.record(rt, session, "by-hand-taken-back", effect.company_id, effect.account_id, effect.uid, user=user_id)
        mirror.wake(session, [effect.whom], rt.clock.now())


def dismiss(rt: Runtime, effect_id: int, user_id: int) -> None:
    """A person has seen that it was not sent."""
    with rt.store.write() as session:
        effect = session.get_one(Effect, effect_id)
        if effects.move(rt, session, effect, EffectState.DROPPED, since=EffectState.REJECTED, note=effect.note):
            audit.record(rt, session, "by-hand-seen", effect.company_id, effect.account_id, effect.uid, user=user_id)


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed message to its end: from fresh figures, as it was written, or not at all."""
    try:
        door.read(rt, effect.company_id, [effect.whom])
    except OutsideError as error:
        wait = error.retry_after if isinstance(error, Transient) else sending.AGAIN
        effects.put_back(rt, effect, wait, str(error))
        return
    ready = _ready(rt, effect)
    if isinstance(ready, str):
        _turn_back(rt, effect, ready, EffectState.CLAIMED)
    elif sending.offered(rt, talk, effect, ready.envelope):
        if sending.write_down(rt, effect, ready, EffectState.SENDING):
            sending.deliver(rt, talk, effect)
        else:
            _turn_back(rt, effect, "Something about it changed while it was leaving.", EffectState.DROPPED)


def _ready(rt: Runtime, effect: Effect) -> sending.Ready | str:
    """It as it leaves, or why it does not: a sentence, or a cause."""
    now, content = rt.clock.now(), effect.content
    with rt.store.read() as session:
        gathered = gather.account(rt, session, effect.whom, now, without=effect.id)
        company = session.get_one(Company, effect.company_id)
        ids = [line[0] for line in content["lines"]]
        left = tuple(one for one in content["recipients"] if one not in gathered.row.refused)
        owed = {one.id: one.balance.minor for one in gathered.facts.invoices}
        if date.fromisoformat(content["day"]) != gathered.calendar.today(now):
            return "The day it was written for is over."
        if [owed.get(id) for id in ids] != content["balances"]:
            return "What is open has changed since it was written."
        if not left:
            return "The mail server knows none of its readers."
        try:
            _check(_stopped(rt, session, company), gathered, ids, left, now)
        except Against as against:
            return against.because.cause.value
        action = _action(gathered, left, ids, effect.uid, now)
        words = Opening(content["subject"], tuple(content["paragraphs"]))
        envelope = compose.cadence_message(rt, session, effect, action, gathered, words)
    return sending.Ready(action, gathered.version, envelope, sending.evidence(action, gathered, enclosed.NOTHING))


def _turn_back(rt: Runtime, effect: Effect, why: str, since: EffectState) -> None:
    """It waits on the desk: only a person may say it again."""
    with rt.store.write() as session:
        sending.give_up(rt, session, effect, why, since)


def _moment(rt: Runtime, gathered: gather.Gathered) -> datetime:
    """In a minute, or when the office opens where the customer is."""
    soon = rt.clock.now() + TAKE_BACK
    return soon if gathered.calendar.is_open(soon) else gathered.calendar.next_opening(soon)


def _chosen(session: Session, gathered: gather.Gathered, written: Written) -> Sequence[Invoice]:
    mine = Invoice.account_id == gathered.row.id, Invoice.uid.in_(written.invoices)
    found = session.scalars(select(Invoice).where(*mine).order_by(Invoice.due, Invoice.id)).all()
    if not found or len(found) != len(set(written.invoices)):
        raise Refusal("Please choose at least one open invoice that it is about.")
    return found


def _check_readers(
    rt: Runtime, session: Session, account: Account, invoices: Iterable[Invoice], chosen: tuple[str, ...]
) -> None:
    if not chosen or not set(chosen) <= set(readers(rt, session, account, invoices)):
        raise Refusal("Please choose who gets it.")


def _stopped(rt: Runtime, session: Session, company: Company) -> Because | None:
    return Because(Cause.PAUSED) if stopping.is_stopped(session, company, rt.clock.now()) else None


def _check(
    no: Because | None, gathered: gather.Gathered, ids: Sequence[int], to: tuple[str, ...], at: datetime
) -> None:
    """Against where the account, or one of these invoices, may not be written about at that moment."""
    no = no or core.against(gathered.facts, gathered.cadence, gathered.calendar, ids, to, at)
    if no is not None:
        raise Against(no)


def _warnings(gathered: gather.Gathered, ids: Sequence[int], now: datetime) -> tuple[Because, ...]:
    """What speaks against writing about one of these just now; the person decides."""
    answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
    return tuple(one for one in answer.because if one.invoice in ids and one.cause in tasks.AGAINST)


def _action(gathered: gather.Gathered, to: tuple[str, ...], ids: Sequence[int], uid: str, at: datetime) -> Action:
    lines = tuple(Line(id, STEP, anchor=f"{STEP}/{uid}") for id in ids)
    return Action(gathered.row.id, tuple(sorted(to)), gathered.calendar.today(at), STEP, lines, template=STEP)

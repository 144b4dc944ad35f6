"""One message through the door: plan again on fresh facts, render, offer, write *sending* down, deliver, write how.

A message is sent only if `plan()` still says so for the very facts it was rendered from. After *sending* is written,
a lost answer makes it *in doubt*: it is never repeated by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.plan import Action, Line, plan
from integrations.channels.base import AddressRefused, Conversation, Envelope
from integrations.errors import InDoubt, OutsideError, Rejected, Transient
from models import (
    Account,
    ApprovalRow,
    Company,
    Effect,
    EffectKind,
    EffectState,
    Invoice,
    MissedStep,
    Touch,
    TouchInvoice,
    TouchRecipient,
)
from models.upsert import insert_into
from workflows import answered, audit, compose, door, effects, enclosed, frozen, gather, mirror, terms
from workflows.rows import one_of
from workflows.runtime import Runtime

TRIES = 5
AGAIN = 900.0
Also = Callable[[Session, Touch], None]
# Asked with every message, so they are made once.
_SPOKEN_OF = select(Invoice.id, Invoice.balance_minor, Invoice.currency, Invoice.version).where(
    one_of(Invoice.id, "ids")
)
_CADENCE = select(Company.cadence_version_id).where(Company.id == bindparam("company"))


@dataclass(frozen=True, slots=True)
class Ready:
    """What was decided and rendered at the door, and the version of the facts it stands on. `approval` is the id of a
    person's word on exactly this text.
    """

    action: Action
    version: int
    envelope: Envelope
    evidence: dict[str, Any]
    approval: int | None = None


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed message effect to its end, whatever that is."""
    papers = enclosed.papers(rt, effect)
    ready = ask_again(rt, effect, papers)
    if ready is None:
        return
    if offered(rt, talk, effect, ready.envelope) and write_down(rt, effect, ready, EffectState.SENDING, papers.keep):
        deliver(rt, talk, effect)


def offered(rt: Runtime, talk: Conversation, effect: Effect, envelope: Envelope) -> bool:
    """The half that may be repeated freely; whether the server is ready to take the message."""
    try:
        talk.offer(envelope)
    except Rejected as error:
        with rt.store.write() as session:
            not_taken(rt, session, effect, error, EffectState.CLAIMED)
        return False
    except Transient as error:
        effects.put_back(rt, effect, error.retry_after, str(error))
        return False
    return True


def deliver(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """The half that may have happened: hand it over and write down what the server said."""
    try:
        words = talk.deliver()
    except InDoubt as error:
        _settle(rt, effect, EffectState.IN_DOUBT, str(error))
    except Rejected as error:
        with rt.store.write() as session:
            _unsay(session, effect)
            not_taken(rt, session, effect, error, EffectState.SENDING)
    except Transient as error:
        with rt.store.write() as session:
            _unsay(session, effect)
            effects.back_to_due(rt, session, effect, error.retry_after, str(error), EffectState.SENDING)
    except OutsideError as error:
        _settle(rt, effect, EffectState.IN_DOUBT, str(error))
    else:
        _settle(rt, effect, EffectState.SENT, words)


def ask_again(rt: Runtime, effect: Effect, papers: enclosed.Enclosed = enclosed.NOTHING) -> Ready | None:
    """Plan the account without this effect; None (and dropped) when the message is no longer in the answer.

    None, too, when the round has lasted so long that the figures are old again: it is due once more, and read anew.
    """
    now = rt.clock.now()
    with rt.store.read() as session:
        gathered = gather.account(rt, session, effect.whom, now, without=effect.id)
        answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
        row = session.get_one(Account, effect.account_id)
        keys = {answered.message_key(rt, row.uid, action): action for action in answer.actions}
        action = keys.get(effect.key)
        word = None if action is None else frozen.approved(session, gathered, action)
        ready = None if action is None else _ready(rt, session, effect, action, gathered, word, papers)
        untrue = ready is not None and word is not None and not _true(rt, session, ready, gathered, word)
    if ready is not None and not door.is_recent(rt, effect.company_id, gathered.facts.read_at):
        effects.put_back(rt, effect, 0, "The figures had become too old to be said; they are read again.")
        return None
    if word is not None and untrue:
        _withdraw(rt, effect, word)
        return None
    if ready is not None:
        return ready
    asked = {line[0] for line in effect.content["lines"]}
    why = ", ".join(sorted({one.cause.value for one in answer.because if one.invoice in asked})) or "no longer due"
    drop(rt, effect, f"Asked again before sending; left unsaid: {why}.")
    return None


def _ready(
    rt: Runtime,
    session: Session,
    effect: Effect,
    action: Action,
    gathered: gather.Gathered,
    word: ApprovalRow | None,
    papers: enclosed.Enclosed,
) -> Ready:
    own = None if word is None else frozen.words_of(word)
    envelope = compose.cadence_message(rt, session, effect, action, gathered, own, papers.kinds)
    envelope = replace(envelope, attachments=papers.files)
    return Ready(action, gathered.version, envelope, evidence(action, gathered, papers), word.id if word else None)


def _true(rt: Runtime, session: Session, ready: Ready, gathered: gather.Gathered, word: ApprovalRow) -> bool:
    facts = compose.cadence_facts(rt, session, ready.action, gathered)
    return frozen.still_true(word, facts, ready.action, gathered)


def _withdraw(rt: Runtime, effect: Effect, word: ApprovalRow) -> None:
    """The day has made the approved words untrue: a person is shown the new ones."""
    with rt.store.write() as session:
        frozen.withdraw(rt, session, session.get_one(ApprovalRow, word.id), frozen.CHANGED)
    drop(rt, effect, "Its words were approved on another day and are no longer true; a fresh draft takes their place.")


def evidence(action: Action, gathered: gather.Gathered, papers: enclosed.Enclosed) -> dict[str, Any]:
    """What was read right before it leaves, and what goes along."""
    invoices = {one.id: one for one in gathered.facts.invoices}
    read_at = gathered.facts.read_at
    return {
        "read_at": read_at.isoformat() if read_at else None,
        "facts_version": gathered.version,
        "balances": [[line.invoice, line.step, str(invoices[line.invoice].balance)] for line in action.lines],
        "papers": list(papers.kinds),
        "attached": [one.name for one in papers.files],
    }


def drop(rt: Runtime, effect: Effect, note: str) -> None:
    """Leave it unsaid and plan the account anew; its own key may revive it."""
    with rt.store.write() as session:
        if effects.move(rt, session, effect, EffectState.DROPPED, since=EffectState.CLAIMED, note=note):
            mirror.wake(session, [effect.whom], rt.clock.now())


def write_down(rt: Runtime, effect: Effect, ready: Ready, to: EffectState, also: Also | None = None) -> bool:
    """Commit the effect's new state with the touch, only if no fact changed since it was decided; whether it was.

    `also` is done in the same transaction.
    """
    try:
        with rt.store.write() as session:
            if not _unchanged(session, effect.whom, ready.version):
                raise _Changed
            lease = rt.clock.now() + effects.LEASE
            if not effects.move(rt, session, effect, to, since=EffectState.CLAIMED, lease_until=lease):
                raise _Changed
            touch = _add_touch(rt, session, effect, ready)
            if also is not None:
                also(session, touch)
        return True
    except (_Changed, IntegrityError):
        drop(rt, effect, "A fact changed while the message was being written; planned again.")
        return False


class _Changed(Exception):
    """A fact changed under us; nothing of the transaction stays."""


def _unchanged(session: Session, account_id: int, version: int) -> bool:
    """Lock the account's row and compare its version."""
    row = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.facts_version == version)
        .values(facts_version=version)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return row.first() is not None


def _add_touch(rt: Runtime, session: Session, effect: Effect, ready: Ready) -> Touch:
    mine = {"ids": [line.invoice for line in ready.action.lines]}
    invoices = {one.id: one for one in session.execute(_SPOKEN_OF, mine)}
    touch = new_touch(rt, effect, ready.envelope, ready.action.lead, ready.action.day)
    touch.evidence, touch.approval_id, touch.channel = ready.evidence, ready.approval, ready.action.channel.value
    touch.cadence_version_id = session.scalar(_CADENCE, {"company": effect.company_id})
    session.add(touch)
    session.flush()
    for address in ready.action.recipients:
        hashed = rt.vault.hash_address(address)
        session.add(
            TouchRecipient(touch_id=touch.id, company_id=effect.company_id, address_hash=hashed, day=ready.action.day)
        )
    for line in ready.action.lines:
        invoice = invoices[line.invoice]
        session.add(
            TouchInvoice(
                touch_id=touch.id,
                invoice_id=invoice.id,
                anchor=line.anchor,
                step=line.step,
                rung=line.rung,
                balance_minor=invoice.balance_minor,
                currency=invoice.currency,
                version=invoice.version,
            )
        )
    _remember_missed(rt, session, ready.action.lines)
    return touch


def _remember_missed(rt: Runtime, session: Session, lines: Iterable[Line]) -> None:
    at = rt.clock.now()
    missed = [
        {"invoice_id": one.invoice, "anchor": one.anchor, "step": step, "at": at}
        for one in lines
        for step in one.missed
    ]
    if missed:
        session.execute(insert_into(session, MissedStep).values(missed).on_conflict_do_nothing())


def new_touch(rt: Runtime, effect: Effect, envelope: Envelope, step: str, day: date) -> Touch:
    """The message as it is about to leave, not yet in the session."""
    return Touch(
        uid=rt.new_id(),
        effect_id=effect.id,
        company_id=effect.company_id,
        account_id=effect.account_id,
        state=EffectState.SENDING.value,
        step=step,
        day=day,
        recipients=list(envelope.recipients),
        recipients_hash=rt.vault.hash_address(",".join(envelope.recipients)),
        message_id=envelope.message_id,
        subject=envelope.subject,
        text=envelope.text,
        html=envelope.html,
        evidence={},
        sending_at=rt.clock.now(),
    )


def _settle(rt: Runtime, effect: Effect, state: EffectState, note: str) -> None:
    now = rt.clock.now()
    with rt.store.write() as session:
        if not effects.move(rt, session, effect, state, since=EffectState.SENDING, note=note):
            return  # Recovered by somebody else meanwhile; that one has written it down.
        sent_at = now if state is EffectState.SENT else None
        session.execute(update(Touch).where(Touch.effect_id == effect.id).values(state=state.value, sent_at=sent_at))
        audit.record(rt, session, f"message-{state.value}", effect.company_id, effect.account_id, effect.uid, note=note)
        mirror.wake(session, [effect.whom], now)


def forget(session: Session, touch_id: int) -> None:
    """A message that was not sent after all: its steps are unsaid, its recipients unheard, its terms not given."""
    for table in (TouchInvoice, TouchRecipient):
        session.execute(delete(table).where(table.touch_id == touch_id))
    terms.not_given(session, touch_id)
    session.execute(delete(Touch).where(Touch.id == touch_id))


def _unsay(session: Session, effect: Effect) -> None:
    """The server said no after all: it was not sent, so its steps were not said."""
    for touch_id in session.scalars(select(Touch.id).where(Touch.effect_id == effect.id)).all():
        forget(session, touch_id)


def not_taken(rt: Runtime, session: Session, effect: Effect, error: Rejected, since: EffectState) -> None:
    """The server does not take it. One dead address is remembered and left out from now on, nothing else is.

    Anything else may be the server's own trouble: it is tried a few times, then put before a person.
    """
    dead = error.address if isinstance(error, AddressRefused) else ""
    if not dead and effect.attempts + 1 < TRIES:
        effects.back_to_due(rt, session, effect, AGAIN, str(error), since)
        return
    if dead:
        row = session.get_one(Account, effect.account_id)
        row.refused = sorted({*row.refused, dead.lower()})
    if dead and effect.kind != EffectKind.MESSAGE:
        # Nobody plans a thank-you or an answer anew: the same one goes to whoever is left.
        effects.back_to_due(rt, session, effect, 0, str(error), since)
    else:
        give_up(rt, session, effect, str(error), since)


def give_up(rt: Runtime, session: Session, effect: Effect, note: str, since: EffectState) -> None:
    """Not today; the account is planned anew and says why it is silent."""
    if effects.move(rt, session, effect, EffectState.REJECTED, since=since, note=note):
        audit.record(rt, session, "message-rejected", effect.company_id, effect.account_id, effect.uid, note=note)
        mirror.wake(session, [effect.whom], rt.clock.now())

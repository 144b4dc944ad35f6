"""The thank-you that answers a payment once the ledger shows it. Not a step of any cadence; sent once per payment."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from integrations.channels.base import Conversation, Envelope
from models import Account, Attempt, AttemptLine, Effect, EffectKind
from workflows import compose, effects, gather, saying, sending
from workflows.calendars import today_of
from workflows.runtime import Runtime


def want(rt: Runtime, session: Session, attempt: Attempt) -> None:
    """Thank for this payment, once."""
    effects.want(
        rt,
        session,
        key=f"thanks/{attempt.uid}",
        kind=EffectKind.THANKS,
        company_id=attempt.company_id,
        account_id=attempt.account_id,
        content={"attempt": attempt.id},
    )


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed thank-you to its end."""
    with rt.store.read() as session:
        envelope = _envelope(rt, session, effect)
        day = today_of(compose.company_of(session, effect), rt.clock.now())
    if envelope is None:
        sending.drop(rt, effect, "There is no address to thank.")
        return
    saying.say(rt, talk, effect, envelope, "thanks", day)


def _envelope(rt: Runtime, session: Session, effect: Effect) -> Envelope | None:
    now = rt.clock.now()
    attempt = session.scalars(
        select(Attempt)
        .where(Attempt.id == effect.content["attempt"])
        .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
    ).one()
    row = session.get_one(Account, effect.account_id)
    invoices = [line.invoice for line in attempt.lines]
    everyone = {address for invoice in invoices for address in gather.recipients_of(invoice, row)}
    recipients = tuple(sorted(everyone - set(row.refused)))
    if not recipients or row.erased:
        return None
    day = today_of(compose.company_of(session, effect), now)
    return compose.thanks(rt, session, effect, day, recipients, invoices, (attempt.amount,))

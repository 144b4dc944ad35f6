"""Handing over one message that no plan stands behind: a thank-you, a copy, a fresh link, an answer to a question.

It says what it is given, once; what is said, and to whom, was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from core.because import Cause
from integrations.channels.base import Conversation, Envelope
from models import Account, Effect, EffectState, Invoice
from workflows import effects, gather, heard, sending, stopping
from workflows.runtime import Runtime


def say(rt: Runtime, talk: Conversation, effect: Effect, envelope: Envelope, step: str, day: date) -> None:
    """Send it, and write down how it went. While all sending is stopped it waits, and is not lost."""
    if not sending.offered(rt, talk, effect, envelope):
        return
    now = rt.clock.now()
    with rt.store.write() as session:
        if stopping.waits(rt, session, effect.company_id):
            later = now + stopping.LOOK_AGAIN
            effects.move(
                rt, session, effect, EffectState.DUE, since=EffectState.CLAIMED, note=stopping.NOTE, not_before=later
            )
            return
        lease = now + effects.LEASE
        ours = effects.move(rt, session, effect, EffectState.SENDING, since=EffectState.CLAIMED, lease_until=lease)
        if ours:
            touch = sending.new_touch(rt, effect, envelope, step, day)
            touch.evidence = {"attached": [one.name for one in envelope.attachments]} if envelope.attachments else {}
            session.add(touch)
    if ours:
        sending.deliver(rt, talk, effect)


def readers(rt: Runtime, session: Session, effect: Effect, invoices: Iterable[Invoice]) -> tuple[str, ...]:
    """Everybody who gets mail about these invoices, without addresses that are known to be dead."""
    row = session.get_one(Account, effect.account_id)
    if row.erased:
        return ()
    everyone = {address for one in invoices for address in gather.recipients_of(one, row)} - set(row.refused)
    words = heard.address_words(rt, session, row.company_id, everyone)
    return tuple(sorted(everyone - words.get(Cause.BOUNCED, frozenset())))

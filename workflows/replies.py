"""Answers to what a customer asked for: a copy of their invoices, at once, with the ledger's own PDF.

An answer asks for nothing, is no step of any cadence and counts for no limit. It is sent once for each request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from integrations.channels.base import Conversation, Envelope
from integrations.errors import OutsideError
from models import Effect, EffectKind, EffectState, Invoice, ToldRow
from workflows import compose, decided, documents, door, effects, fresh_links, gather, holds, saying, sending
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.owed import owes
from workflows.runtime import Runtime


def want(rt: Runtime, session: Session, told: ToldRow) -> None:
    """Send a copy of the invoices that were asked about, once."""
    effects.want(
        rt,
        session,
        key=f"answer/{told.uid}",
        kind=EffectKind.ANSWER,
        company_id=told.company_id,
        account_id=told.account_id,
        content={"told": told.uid},
    )


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed answer to its end."""
    if "readers" in effect.content:
        fresh_links.send(rt, talk, effect)
    elif "decided" in effect.content:
        decided.send(rt, talk, effect)
    else:
        _send_copy(rt, talk, effect)


def _send_copy(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """From fresh figures and with every PDF, or not at all."""
    try:
        door.read(rt, effect.company_id, [effect.whom])
        envelope, day = _envelope(rt, effect)
    except (Refusal, OutsideError) as error:
        _not_now(rt, effect, str(error))
        return
    if envelope is None:
        sending.drop(rt, effect, "Nothing of what they asked about is open any more.")
    else:
        saying.say(rt, talk, effect, envelope, "copy", day)


def _envelope(rt: Runtime, effect: Effect) -> tuple[Envelope | None, date]:
    """The answer and its day; None when nothing is open any more. Refusal where it cannot be given."""
    now = rt.clock.now()
    with rt.store.read() as session:
        invoices = _asked(session, effect)
        recipients = saying.readers(rt, session, effect, invoices)
        day = today_of(compose.company_of(session, effect), now)
    if not invoices:
        return None, day
    if not recipients:
        raise Refusal("There is no address to send it to.")
    papers = tuple(documents.attachment(rt, one) for one in invoices)
    with rt.store.read() as session:
        facts = gather.account(rt, session, effect.whom, now).facts
        arranged = frozenset(one.id for one in facts.invoices if one.arranged)
        envelope = compose.copy_of(rt, session, effect, day, recipients, invoices, arranged)
    return replace(envelope, attachments=papers), day


def _asked(session: Session, effect: Effect) -> list[Invoice]:
    """Those of the invoices that are still open."""
    told = session.scalars(
        select(ToldRow).where(ToldRow.uid == effect.content["told"]).options(selectinload(ToldRow.invoices))
    ).one()
    return [one for one in told.invoices if owes(one)]


def _not_now(rt: Runtime, effect: Effect, why: str) -> None:
    """It may go a little later; what never goes, a person sends. Nobody is reminded of what they could not look at."""
    if effect.attempts + 1 < sending.TRIES and documents.available(rt, effect.company_id):
        effects.put_back(rt, effect, sending.AGAIN, why)
        return
    with rt.store.write() as session:
        sending.give_up(rt, session, effect, why, EffectState.CLAIMED)
        session.add_all(
            holds.for_a_person(rt, one, Cause.COPY, f"The copy they asked for could not be sent. {why}")
            for one in _asked(session, effect)
        )

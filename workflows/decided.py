"""Telling customers what came of what they had asked, said or begun: parts, more time, something wrong, a debit.

An answer asks for nothing, is no step of any cadence and counts for no limit; it is sent once for each decision, and
says what was decided then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.facts import Instalment
from core.money import Money
from integrations.channels.base import Conversation
from models import Arrangement, Attempt, Company, Dispute, Effect, EffectKind, Extension, Invoice
from workflows import compose, effects, own_words, saying, sending
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.message_facts import Answered
from workflows.messages import Opening
from workflows.runtime import Runtime

LONGEST = 2000


def checked(rt: Runtime, session: Session, company: Company, account_id: int, words: str, needed: str = "") -> str:
    """A person's words for the customer. Refusal for a threat or a false claim; with `needed` where there are none."""
    words = words.strip()[:LONGEST]
    if words:
        own_words.checked(rt, session, Opening("", (words,)), company, account_id)
    elif needed:
        raise Refusal(needed)
    return words


def want(
    rt: Runtime,
    session: Session,
    template: str,
    row: Arrangement | Attempt | Extension | Dispute,
    invoices: Sequence[Invoice],
    words: str,
    day: date | None = None,
    parts: Sequence[tuple[date, Money]] = (),
) -> None:
    """Tell them, once for this row."""
    content = {
        "decided": template,
        "invoices": [one.id for one in invoices],
        "words": words,
        "day": day.isoformat() if day else None,
        "parts": [[when.isoformat(), amount.minor, amount.currency] for when, amount in parts],
    }
    key = f"answer/{row.uid}"
    effects.want(
        rt,
        session,
        key=key,
        kind=EffectKind.ANSWER,
        company_id=row.company_id,
        account_id=row.account_id,
        content=content,
    )


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed answer to its end."""
    now, content = rt.clock.now(), effect.content
    with rt.store.read() as session:
        invoices = session.scalars(
            select(Invoice).where(Invoice.id.in_(content["invoices"])).order_by(Invoice.id)
        ).all()
        recipients = saying.readers(rt, session, effect, invoices)
        day = today_of(compose.company_of(session, effect), now)
        said = _answered(effect, [one.number for one in invoices])
        envelope = (
            compose.decided(rt, session, effect, content["decided"], day, recipients, said) if recipients else None
        )
    if envelope is None:
        sending.drop(rt, effect, "There is no address to tell what was decided.")
    else:
        saying.say(rt, talk, effect, envelope, content["decided"], day)


def _answered(effect: Effect, numbers: Sequence[str]) -> Answered:
    content = effect.content
    return Answered(
        numbers=tuple(numbers),
        words=content["words"],
        day=date.fromisoformat(content["day"]) if content["day"] else None,
        parts=tuple(
            Instalment(date.fromisoformat(day), Money(minor, currency)) for day, minor, currency in content["parts"]
        ),
    )

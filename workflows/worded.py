"""Whether a message is said in words of one's own: those of its company, else of its practice, in its language.

Only words that are live count, and only in the language they were written for; it changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from core.cadence import Channel
from models import Company, Wording
from workflows.message_facts import MessageFacts
from workflows.templating import spoken

DRAFT, LIVE, ENDED = "draft", "live", "ended"
# Asked with every message, so it is made once. The company's own come last.
_LIVE = (
    select(Wording.source)
    .where(
        Wording.practice_id == bindparam("practice"),
        Wording.state == LIVE,
        Wording.language == bindparam("language"),
        Wording.template == bindparam("template"),
        Wording.channel == bindparam("channel"),
        or_(Wording.company_id.is_(None), Wording.company_id == bindparam("company")),
    )
    .order_by(Wording.company_id.is_not(None), Wording.id)
)


def kind_of(channel: Channel) -> Channel:
    """A letter says what a mail says; a call has words of its own."""
    return Channel.CALL if channel is Channel.CALL else Channel.EMAIL


def worded(session: Session, company: Company, facts: MessageFacts, channel: Channel) -> MessageFacts:
    """With the words that stand in for the shipped ones, where there are such; MessageError as for a message."""
    kind = kind_of(channel)
    language, _ = spoken(facts.template, facts.language, kind)
    asked = {
        "practice": company.practice_id,
        "company": company.id,
        "language": language,
        "template": facts.template,
        "channel": kind.value,
    }
    found = session.scalars(_LIVE, asked).all()
    return replace(facts, source=found[-1] if found else "")

"""Who of a practice is told what, and when: each person's own choice by topic, within the companies they come to.

What protects money and sign-ins cannot be switched off. It sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CompanyAccess, Notice, User
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime


class When(StrEnum):
    AT_ONCE = "at-once"
    DAILY = "daily"
    NOT = "not"


class Topic(StrEnum):
    """ALWAYS is what nobody can switch off: changes of where money goes, and of who comes in."""

    ALWAYS = ""
    CONNECTION = "connection"
    MONEY = "money"
    SENDING = "sending"
    ANSWERS = "answers"
    MORNING = "morning"


# What counts for who has chosen nothing.
USUAL: Mapping[Topic, When] = {
    Topic.ALWAYS: When.AT_ONCE,
    Topic.CONNECTION: When.AT_ONCE,
    Topic.MONEY: When.AT_ONCE,
    Topic.SENDING: When.AT_ONCE,
    Topic.ANSWERS: When.NOT,
    Topic.MORNING: When.NOT,
}
CHOICES = tuple(topic for topic in Topic if topic is not Topic.ALWAYS)


def choice(user: User, topic: str) -> When:
    """When somebody is told of a topic; one that nobody knows cannot be switched off either."""
    if topic not in CHOICES:
        return When.AT_ONCE
    chosen = user.told.get(topic)
    return When(chosen) if chosen in set(When) else USUAL[Topic(topic)]


def choices_of(topic: Topic) -> tuple[When, ...]:
    """What may be chosen; the morning's mail comes in the morning or not."""
    return (When.DAILY, When.NOT) if topic is Topic.MORNING else tuple(When)


def people(session: Session, practice_id: int, company_id: int | None, owners: bool = False) -> Sequence[User]:
    """Whom something concerns, whatever they chose. Who is limited hears of their companies, and of nothing wider."""
    mine = User.practice_id == practice_id, User.left_at.is_(None)
    found = session.scalars(select(User).where(*mine).order_by(User.id)).all()
    limited = {one.id for one in found if one.limited}
    opened = CompanyAccess.user_id.in_(limited), CompanyAccess.company_id == company_id
    there = set(session.scalars(select(CompanyAccess.user_id).where(*opened))) if limited and company_id else set()
    return [one for one in found if (one.owner or not owners) and (not one.limited or one.id in there)]


def copy_key(user: User, notice_uid: str) -> str:
    """Of the row by which somebody hears of a notice in the morning instead of at once."""
    return f"to/{user.uid}/{notice_uid}"


def choose(rt: Runtime, user_id: int, chosen: Mapping[Topic, When]) -> None:
    """A person's own choice. What was gathered for them of a topic they do not want any more is not told."""
    wrong = [topic for topic, when in chosen.items() if topic not in CHOICES or when not in choices_of(topic)]
    if wrong:
        raise Refusal("Please choose one of the times on the page.")
    with rt.store.write() as session:
        user = session.get_one(User, user_id)
        user.told = {**user.told, **{topic.value: when.value for topic, when in chosen.items()}}
        gone = [topic.value for topic, when in chosen.items() if when is When.NOT]
        theirs = Notice.key.startswith(f"to/{user.uid}/", autoescape=True), Notice.state == "daily"
        session.execute(update(Notice).where(*theirs, Notice.topic.in_(gone)).values(state="sent"))
        audit.record_practice(rt, session, "told-chosen", user.practice_id, user.uid, user=user.id, **user.told)

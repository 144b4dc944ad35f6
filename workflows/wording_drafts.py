"""Own words for a message, from the first draft to the day they end: saved, made live, taken back, looked at again.

A draft is said to nobody. What is live is never changed: another takes its place, or the shipped words come back. A
message that a person approved keeps the words that were approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.cadence import Channel
from core.kindness import Finding
from models import Company, Practice, Wording
from workflows import audit, templating, wordings
from workflows.errors import Overtaken, Refusal
from workflows.runtime import Runtime
from workflows.worded import DRAFT, ENDED, LIVE
from workflows.wordings import Judged

_OVERTAKEN = "Somebody else changed these words meanwhile. Nothing of yours was saved; look at what stands there now."


@dataclass(frozen=True, slots=True)
class Place:
    """Which words: of the company, or of its whole practice (None), in a language, for a template of mails or calls."""

    practice_id: int
    company_id: int | None
    language: str
    channel: Channel
    template: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is at a place: the draft, what is live, and what was live before, the newest first."""

    draft: Wording | None
    live: Wording | None
    former: tuple[Wording, ...]


def place_of(wording: Wording) -> Place:
    channel = Channel(wording.channel)
    return Place(wording.practice_id, wording.company_id, wording.language, channel, wording.template)


def at(session: Session, place: Place) -> Standing:
    rows = session.scalars(select(Wording).where(*_there(place)).order_by(Wording.id.desc())).all()
    return Standing(
        next((one for one in rows if one.state == DRAFT), None),
        next((one for one in rows if one.state == LIVE), None),
        tuple(one for one in rows if one.state == ENDED and one.live_at is not None),
    )


def of_language(session: Session, practice_id: int, company_id: int | None, language: str) -> Sequence[Wording]:
    """Drafts and live words of one language: the practice's own, and the company's where one is asked for."""
    wanted = select(Wording).where(
        Wording.practice_id == practice_id, Wording.state.in_((DRAFT, LIVE)), Wording.language == language
    )
    return session.scalars(wanted.where(_of(company_id) | Wording.company_id.is_(None)).order_by(Wording.id)).all()


def _there(place: Place) -> Iterator[ColumnElement[bool]]:
    yield Wording.practice_id == place.practice_id
    yield _of(place.company_id)
    yield Wording.language == place.language
    yield Wording.channel == place.channel.value
    yield Wording.template == place.template


def _of(company_id: int | None) -> ColumnElement[bool]:
    return Wording.company_id.is_(None) if company_id is None else Wording.company_id == company_id


def judge(session: Session, place: Place, source: str) -> Judged:
    """As `wordings.judge`, by the law of every country whose companies would speak so."""
    known = select(Company.country).distinct().where(Company.practice_id == place.practice_id)
    if place.company_id is not None:
        known = known.where(Company.id == place.company_id)
    countries = session.scalars(known.order_by(Company.country)).all() or [""]
    judged = [wordings.judge(source, place.template, place.language, one, place.channel) for one in countries]
    findings: dict[Finding, None] = dict.fromkeys(found for one in judged for found in one.findings)
    return Judged(tuple(findings), judged[0].unheard)


def save(rt: Runtime, place: Place, revision: int, source: str, user_id: int) -> Wording:
    """Keep this text as the draft of a place; `revision` is that of the draft that was looked at, 0 for none.

    Refusal for words that may never leave, and Overtaken when somebody else was first.
    """
    source = wordings.tidy(source)
    with rt.store.read() as session:
        judge(session, place, source)
    with rt.store.write() as session:
        found = _locked(session, place)
        draft = found.draft
        if (draft.revision if draft else 0) != revision:
            raise Overtaken(_OVERTAKEN)
        if source == (found.live.source if found.live else _shipped(place)):
            raise Refusal("These words are said already; change something first.")
        now = rt.clock.now()
        if draft is None:
            draft = _new(rt, session, place, source, user_id)
        else:
            draft.source, draft.revision, draft.changed_at, draft.made_by = source, revision + 1, now, user_id
        session.flush()
        _note(rt, session, draft, "wording-drafted", user_id)
        return draft


def restore(rt: Runtime, wording: Wording, user_id: int) -> Wording:
    """What was live once, as a draft again; Refusal where there is a draft."""
    place = place_of(wording)
    with rt.store.write() as session:
        if _locked(session, place).draft is not None:
            raise Refusal("There is a draft already. Put it away first, then take the earlier words up again.")
        draft = _new(rt, session, place, wording.source, user_id)
        session.flush()
        _note(rt, session, draft, "wording-drafted", user_id, again=wording.number)
        return draft


def make_live(rt: Runtime, wording: Wording, revision: int, user_id: int, *, aloud: bool = False) -> None:
    """From now on these words are said. Refusal where they may not be, or nobody who speaks the language read them."""
    with rt.store.read() as session:
        judged = judge(session, place_of(wording), wording.source)
    if judged.unheard and not aloud:
        raise Refusal(
            "Please tick that somebody who speaks the language has read it aloud: nobody else judges its tone."
        )
    with rt.store.write() as session:
        found = _locked(session, place_of(wording))
        draft, now = found.draft, rt.clock.now()
        if draft is None or (draft.id, draft.revision) != (wording.id, revision) or draft.source != wording.source:
            raise Overtaken(_OVERTAKEN)
        if found.live is not None:
            found.live.state, found.live.ended_at = ENDED, now
        draft.state, draft.live_at, draft.live_by = LIVE, now, user_id
        _note(rt, session, draft, "wording-live", user_id, aloud=judged.unheard)


def drop(rt: Runtime, wording: Wording, revision: int, user_id: int) -> None:
    """Put a draft away."""
    with rt.store.write() as session:
        draft = _locked(session, place_of(wording)).draft
        if draft is None or (draft.id, draft.revision) != (wording.id, revision):
            raise Overtaken(_OVERTAKEN)
        draft.state, draft.ended_at = ENDED, rt.clock.now()
        _note(rt, session, draft, "wording-dropped", user_id)


def end(rt: Runtime, wording: Wording, user_id: int) -> None:
    """Back to what is said without these words: the practice's own, or the shipped ones."""
    with rt.store.write() as session:
        live = _locked(session, place_of(wording)).live
        if live is None or live.id != wording.id:
            raise Overtaken(_OVERTAKEN)
        live.state, live.ended_at = ENDED, rt.clock.now()
        _note(rt, session, live, "wording-ended", user_id)


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each live wording that the product of today, or a country that came later, would refuse."""
    with rt.store.read() as session:
        for one in session.scalars(select(Wording).where(Wording.state == LIVE).order_by(Wording.id)):
            try:
                judge(session, place_of(one), one.source)
            except Refusal as refusal:
                yield f"The own words for {one.template} ({one.language}) may not be said any more: {refusal}"


def _shipped(place: Place) -> str:
    return templating.shipped(place.language, place.template, place.channel)


def _locked(session: Session, place: Place) -> Standing:
    """What there is, with nobody else at it until this is written."""
    session.get_one(Practice, place.practice_id, with_for_update=True)
    return at(session, place)


def _new(rt: Runtime, session: Session, place: Place, source: str, user_id: int) -> Wording:
    now = rt.clock.now()
    last = session.scalar(select(func.max(Wording.number)).where(*_there(place))) or 0
    made = Wording(
        uid=rt.new_id(),
        practice_id=place.practice_id,
        company_id=place.company_id,
        language=place.language,
        channel=place.channel.value,
        template=place.template,
        number=last + 1,
        source=source,
        made_by=user_id,
        made_at=now,
        changed_at=now,
    )
    session.add(made)
    return made


def _note(rt: Runtime, session: Session, wording: Wording, kind: str, user_id: int, **more: Any) -> None:
    said: dict[str, Any] = {
        "user": user_id,
        **more,
        "template": wording.template,
        "language": wording.language,
        "number": wording.number,
    }
    if wording.company_id is None:
        audit.record_practice(rt, session, kind, wording.practice_id, wording.uid, **said)
    else:
        audit.record(rt, session, kind, wording.company_id, subject=wording.uid, **said)

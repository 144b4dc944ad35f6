"""What stands on a draft's page: the picture, each step with its form and words, and what speaks for and against it.

It asks and presents; nothing here changes a draft.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from core.backtest import NOTE
from core.cadence import Anchor, Cadence, Channel, Reason, Step
from core.differences import differences
from core.language import FLAGS, LIMITS
from core.proof import PROMISED, Proof
from models import CadenceDraft, CadenceVersion, Company
from web import cadence_words, comparison, draft_forms, draft_picture, queries, word_queries
from web.auth import person, reach
from web.draft_forms import Shown
from web.guards import runtime
from workflows import backtests, cadence_text, draft_words, drafts, library
from workflows.backtests import Compared
from workflows.calendars import today_of
from workflows.draft_words import Spoken
from workflows.errors import Refusal
from workflows.templating import template_names

STATES: Mapping[str, tuple[str, str]] = {
    drafts.DRAFT: ("being written", "calm"),
    drafts.PROVED: ("proved", "good"),
    drafts.APPROVED: ("approved", "good"),
    drafts.KEPT: ("kept", "good"),
    drafts.DROPPED: ("put away", "calm"),
}
_QUOTED = re.compile("“([a-z0-9-]+)”")
Story = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed that was refused: into which form, and the sentence for each field."""

    into: str = ""  # a step's name, "new", "whole" or "text"; "" for a button
    values: Shown = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    said: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A step in the list: its place in the picture, whether it is the draft's own, its form and its words."""

    number: int
    step: Step
    own: bool
    form: Shown
    spoken: Spoken | None
    stories: Sequence[Story]
    faults: Mapping[str, str]
    open: bool


NOTHING = Typed()


def kept() -> dict[str, str]:
    """With whose eyes the words are read, so that it stays chosen from one press to the next."""
    return {name: request.args[name][:60] for name in ("account", "language") if request.args.get(name)}


def page(draft: CadenceDraft, typed: Typed = NOTHING, proof: Proof | None = None) -> str:
    """The whole page; after a refusal with what was typed, after a proof that failed with its stories."""
    with runtime().store.read() as session:
        found = _around(session, draft)
    try:
        cadence: Cadence | None = library.readable(draft.source)
    except Refusal as refusal:
        cadence, typed = None, typed if typed.into else Typed(said=str(refusal))
    where = found["where"]
    if cadence is not None:
        found |= _of_cadence(draft, cadence, where, found.pop("reader"), typed, proof)
        found |= _tried(cadence, where) if request.args.get("tried") and where else {}
    return render_template(
        "console/draft.html",
        draft=draft,
        cadence=cadence,
        state=STATES[draft.state],
        states=STATES,
        is_open=draft.state in drafts.OPEN,
        typed=typed,
        text=typed.values.get("text", draft.source) if typed.into == "text" else draft.source,
        kept=kept(),
        proof=proof,
        broken=_stories(proof) if proof else (),
        note=NOTE,
        languages=draft_words.languages(),
        choices=_CHOICES,
        **found,
    )


def _around(session: Session, draft: CadenceDraft) -> dict[str, Any]:
    companies = queries.companies(session, reach())
    where = next((one for one in companies if one.id == draft.company_id), None)
    readers = draft_words.readers(session, where.id) if where else ()
    asked = request.args.get("account", "")
    names = word_queries.names(session, [draft.made_by, draft.approved_by])
    return {
        "companies": companies,
        "where": where,
        "readers": readers,
        "reader": next((one for one in readers if one.uid == asked), readers[0] if readers else None),
        "base": session.get(CadenceVersion, draft.based_on_id) if draft.based_on_id else None,
        "version": session.get(CadenceVersion, draft.version_id) if draft.version_id else None,
        "writer": names.get(draft.made_by, ""),
        "approver": names.get(draft.approved_by or 0, ""),
        "others": [one.name for one in drafts.approvers(session, draft)],
        "mine": draft.made_by == person().id,
        "since_base": _since(drafts.base_of(session, draft), draft),
        "since_live": _since(backtests.in_force(session, where), draft) if where else None,
    }


def _since(before: Cadence | None, draft: CadenceDraft) -> list[str] | None:
    """What is different, in sentences; None where there is nothing to hold it against."""
    try:
        read = library.readable(draft.source)
    except Refusal:
        return None
    return None if before is None else [cadence_words.as_sentence(one) for one in differences(before, read)]


def _of_cadence(
    draft: CadenceDraft, cadence: Cadence, where: Company | None, reader: Any, typed: Typed, proof: Proof | None
) -> dict[str, Any]:
    language = request.args.get("language", "")
    language = language if language in draft_words.languages() else ""
    spoken = draft_words.read_by(runtime(), reader, cadence, language) if where and reader else ()
    cards = _cards(draft, cadence, spoken, typed, _stories(proof) if proof else ())
    links = {one.step.name: f"{_here(draft, step=one.step.name)}#step-{one.number}" for one in cards}
    # A new step that was refused, or one that somebody took away while it was being changed: nothing typed is lost.
    homeless = bool(typed.values) and typed.into not in ("whole", "text", *links)
    whole = typed.values if typed.into == "whole" else draft_forms.shown_whole(cadence)
    lanes = [(one, [cards[number - 1] for number, _ in one.steps]) for one in draft_picture.lanes(cadence)]
    return {
        "picture": draft_picture.drawn(cadence, links),
        "links": links,
        "lanes": lanes,
        "reader": reader,
        "spoken_in": language,
        "whole": whole,
        "new": typed.values if homeless else draft_forms.new_step(),
        "homeless": homeless,
        "findings": sum(len(one.findings) for one in spoken),
        "weighed": bool(spoken),
    }


def _here(draft: CadenceDraft, **asked: str) -> str:
    wanted: dict[str, Any] = {**kept(), **asked}
    return url_for("drafts.show", uid=draft.uid, **wanted)


def _cards(
    draft: CadenceDraft, cadence: Cadence, spoken: Sequence[Spoken], typed: Typed, broken: Sequence[Story]
) -> list[Card]:
    own = {one.get("name") for one in cadence_text.steps(draft.source)}
    said = {one.step.name: one for one in spoken}
    wanted = typed.into or request.args.get("step", "")
    at = {step.name: [story for story in broken if _is_about(story, step.name)] for step in cadence.steps}
    return [
        Card(
            number,
            step,
            step.name in own,
            typed.values if typed.into == step.name and typed.values else draft_forms.shown_step(step),
            said.get(step.name),
            at[step.name],
            typed.faults if typed.into == step.name else {},
            open=step.name == wanted or bool(at[step.name]),
        )
        for number, step in enumerate(cadence.steps, 1)
    ]


def _is_about(story: Story, step: str) -> bool:
    """The last step that a story names is the one that breaks the promise."""
    named = _QUOTED.findall(" ".join(story[1]))
    return bool(named) and named[-1] == step


def _stories(proof: Proof) -> list[Story]:
    """Each promise that could be broken, and the smallest story that does it."""
    return [(PROMISED[one.promise], [str(scene) for scene in one.story]) for one in proof.broken]


def _tried(cadence: Cadence, where: Company) -> dict[str, Any]:
    """The draft over the company's own past, beside what it has now."""
    rt = runtime()
    with rt.store.read() as session:
        history = backtests.of_company(session, where.id, today_of(where, rt.clock.now()))
        now = backtests.in_force(session, where)
    tried = [cadence] if now.fingerprint == cadence.fingerprint else [cadence, now]
    try:
        found: Compared = backtests.compare(history, tried, where)
    except Refusal as refusal:
        return {"problem": str(refusal)}
    return {
        "introduction": comparison.introduction(found),
        "tables": comparison.tables(found),
        "unreadable": found.history.unreadable,
    }


_LIMIT_WORDS = {
    "gap_hours": "Hours between two messages",
    "week_limit": "Most messages in 7 days",
    "month_limit": "Most messages in 30 days",
    "oldest_days": "Days late after which a person takes over",
    "start_oldest_days": "So late when the company was connected: a person begins",
    "grace_days": "Days after a promised day before it counts as broken",
    "stale_hours": "Hours for which a reading of the ledger is good",
    "settle_days": "Days of quiet after delivery or a dispute",
    "wait_days": "Days of a steady payer’s usual delay that are waited out",
}
_CHOICES = {
    "anchors": cadence_words.ANCHORS,
    "channels": cadence_words.CHANNELS,
    "tones": cadence_words.TONES,
    "payers": cadence_words.PAYERS,
    "reasons": {one: cadence_words.REASONS[one] for one in Reason},
    "attach": {"invoice": "the invoices", "statement": "a statement of account", "terms": "the terms"},
    "mails": sorted(template_names()),
    "calls": sorted(template_names(channel=Channel.CALL)),
    "limits": {name: (_LIMIT_WORDS[name], *LIMITS[name]) for name in LIMITS},
    "flags": dict(zip(FLAGS, ("A steady payer hears one tone softer", "A person approves every message"), strict=True)),
    "month": Anchor.MONTH,
}

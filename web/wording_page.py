"""What stands on the pages about words of one's own: which there are, and one of them with all that speaks for it.

It asks and presents; nothing here changes a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from core.cadence import Channel
from core.kindness import Finding
from models import Account, Company, Wording
from web import cadence_words, library_queries, queries, word_queries
from web.auth import person, reach
from web.guards import runtime
from workflows import cadences, draft_words, templating, wording_drafts, wording_fields, wording_read
from workflows.errors import Refusal
from workflows.messages import Opening
from workflows.wording_drafts import Place, Standing

LANGUAGES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French"}
WAYS = {"mail": Channel.EMAIL, "call": Channel.CALL}
# When each is said. Complete over the shipped templates (a test says so).
OCCASIONS: Mapping[str, str] = {
    "welcome": "Right after delivery: is all in order?",
    "heads-up": "Some days before the due day",
    "due-today": "On the due day",
    "late-4": "The first word after the due day",
    "late-12": "The second word after the due day",
    "late-21": "The third word after the due day",
    "late-35": "The last word that goes out by itself",
    "statement": "A statement of the account",
    "promise-passed": "A named day went by without the payment",
    "promise-passed-again": "The same, a second time",
    "short-of-cash": "They said that money is short",
    "refuses": "They said that they will not pay",
    "dispute-resolved": "What was wrong has been cleared up",
    "dispute-answered": "The answer to what they said was wrong",
    "arrangement-agreed": "Their parts were agreed to",
    "arrangement-declined": "Their parts were not agreed to",
    "extension-granted": "They were given more time",
    "extension-declined": "They were not given more time",
    "instalment-soon": "A part of an arrangement comes soon",
    "instalment-today": "A part is due today",
    "instalment-missed": "A part did not come",
    "payment-failed": "A payment went back",
    "thanks": "A payment has arrived",
    "copy": "They asked for a copy",
    "fresh-link": "They asked for a fresh link",
    "by-hand": "What a person writes begins with",
    "call-late": "A call about late invoices",
    "call-promise": "A call after a named day",
    "call-instalment": "A call about a part that did not come",
    "call-dispute": "A call about something that is wrong",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One template in the list; `own` is what stands in for it, `wide` whether that is the whole practice's."""

    template: str
    way: str
    occasion: str
    own: Wording | None
    wide: bool
    draft: Wording | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What was just typed or asked for: kept in the form, whatever became of it."""

    source: str | None = None
    said: str = ""
    preview: Opening | None = None


NOTHING = Shown()
Piece = tuple[str, str]


def language() -> str:
    """The one asked for, else the one of the company looked at, else English."""
    asked = request.args.get("language", "")
    return asked if asked in draft_words.languages() else templating.FALLBACK


def company_of(wording: Wording) -> Company | None:
    """Whose words these are; None for the whole practice's."""
    with runtime().store.read() as session:
        return session.get(Company, wording.company_id) if wording.company_id else None


def index(company: Company | None) -> str:
    spoken = language()
    with runtime().store.read() as session:
        companies = queries.companies(session, reach())
        found = wording_drafts.of_language(session, person().practice_id, company.id if company else None, spoken)
    return render_template(
        "console/wordings.html",
        company=company,
        companies=companies,
        language=spoken,
        languages=LANGUAGES,
        lines=list(_lines(spoken, company, found)),
    )


def _lines(spoken: str, company: Company | None, found: Iterable[Wording]) -> Iterable[Line]:
    """In the order in which they come up in an invoice's life; calls last."""
    at: dict[tuple[str, str, bool, str], Wording] = {
        (one.channel, one.template, one.company_id is None, one.state): one for one in found
    }
    for way, channel in WAYS.items():
        known = templating.template_names(spoken, channel)
        for name in (one for one in OCCASIONS if one in known):
            mine, wide = (at.get((channel.value, name, here, "live")) for here in (False, True))
            draft = at.get((channel.value, name, company is None, "draft"))
            yield Line(name, way, OCCASIONS[name], mine or wide, mine is None, draft)


def page(place: Place, way: str, company: Company | None, shown: Shown = NOTHING) -> str:
    """One template with its words; after a refusal with what was typed."""
    with runtime().store.read() as session:
        found = _around(session, place, company)
    standing: Standing = found["standing"]
    shipped = templating.shipped(place.language, place.template, place.channel)
    kept = standing.draft or standing.live
    text = shown.source if shown.source is not None else kept.source if kept else shipped
    preview = shown.preview
    if preview is None and found["reader"] and not shown.said:
        preview = _preview(found["reader"], place, text)
    return render_template(
        "console/wording.html",
        place=place,
        way=way,
        company=company,
        occasion=OCCASIONS[place.template],
        languages=LANGUAGES,
        text=text,
        shipped=shipped,
        differs=[] if text == shipped else list(pieces(shipped, text)),
        said=shown.said,
        preview=preview,
        unheard=place.language != templating.FALLBACK,
        fields=wording_fields,
        **found,
    )


def _preview(reader: Account, place: Place, text: str) -> Opening | None:
    try:
        return wording_read.read_by(runtime(), reader, place, text)
    except Refusal:
        return None  # the form says what is wrong with it when it is saved


def _around(session: Session, place: Place, company: Company | None) -> dict[str, Any]:
    companies = queries.companies(session, reach())
    where = company or next(iter(companies), None)
    readers = draft_words.readers(session, where.id) if where else ()
    asked = request.values.get("account", "")
    standing = wording_drafts.at(session, place)
    rows = [one for one in (standing.draft, standing.live, *standing.former) if one]
    return {
        "companies": companies,
        "where": where,
        "readers": readers,
        "reader": next((one for one in readers if one.uid == asked), readers[0] if readers else None),
        "standing": standing,
        "names": word_queries.names(session, [who for one in rows for who in (one.made_by, one.live_by)]),
        "findings": _findings(session, place, standing),
        "used": list(_used(session, place)),
    }


def _findings(session: Session, place: Place, standing: Standing) -> Sequence[Finding]:
    """What the kindness check says to the draft, else to what is live."""
    kept = standing.draft or standing.live
    try:
        return wording_drafts.judge(session, place, kept.source).findings if kept else ()
    except Refusal:
        return ()  # `flask doctor` complains of it, and it cannot be made live


def _used(session: Session, place: Place) -> Iterable[str]:
    """By which steps of the practice's cadences it is said."""
    seen = set()
    for version in library_queries.versions(session, place.practice_id):
        if version.name in seen:
            continue
        seen.add(version.name)
        cadence = cadences.of_version(version)
        for step in cadence.steps:
            is_call = step.channel is Channel.CALL
            if step.template == place.template and is_call == (place.channel is Channel.CALL):
                yield f"{cadence.title}: {cadence_words.step_when(step)}"


def pieces(before: str, after: str) -> Iterable[Piece]:
    """What is alike, gone and new, line by line: ("same" or "gone" or "new", the line)."""
    old, new = before.splitlines(), after.splitlines()
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (("same", line) for line in old[i:j])
        else:
            yield from (("gone", line) for line in old[i:j])
            yield from (("new", line) for line in new[k:m])

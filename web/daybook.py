"""A day of an account, and a run of days, in words: what was said, what was not, and why. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_interval

from core.because import Because
from core.cadence import Channel
from models import Company, EffectKind, EffectState
from web import cadence_words, formats, presenters
from workflows.why import Answer, Heard, Source, Span, Unsaid, Wanted, Why

_LISTED = 6

SOURCES: Mapping[Source, str] = {
    Source.KEPT: "What was decided then, as it was kept.",
    Source.AHEAD: "Worked out now: what would happen if nobody paid, nothing changed and the company were switched on.",
    Source.NOTHING: "Nothing was recorded about this customer yet on that day.",
}


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nothing is said about the invoices `about` ("" for none by name), and what `ends` it."""

    about: str
    label: str
    sentence: str
    ends: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood from a moment on: `since` in words, the messages that were to be said, and the silences."""

    since: str
    wanted: list[str]
    silences: list[Silence]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was said or left unsaid: when, a sentence, what stands behind it, and a touch's uid or ""."""

    when: str
    sentence: str
    behind: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class DayTold:
    """A whole day. `source` says where it is from."""

    source: str
    heard: list[Told]
    unsaid: list[Told]
    standing: list[Standing]


@dataclass(frozen=True, slots=True)
class SpanTold:
    """A run of equal days: `when`, such as `3–9 Nov 2026`, the last day, what was heard or still to be said, and the
    silences.
    """

    when: str
    day: date
    heard: list[Told]
    wanted: list[str]
    silences: list[Silence]


def told(why: Why, company: Company) -> DayTold:
    """The whole day in words."""
    return DayTold(
        SOURCES[why.source],
        [_heard(one, why.numbers, company) for one in why.heard],
        [_unsaid(one, why.numbers, company) for one in why.unsaid],
        [_standing(one, why, company) for one in why.answers],
    )


def spans(found: Iterable[Span], numbers: Mapping[int, str], company: Company) -> list[SpanTold]:
    """Runs of days in words, the newest first."""
    lines = [
        SpanTold(
            _days(one.first, one.last, company),
            one.last,
            [_heard(each, numbers, company) for each in one.heard],
            _wanted(one.wanted, numbers),
            silences(one.because, numbers, company),
        )
        for one in found
    ]
    return lines[::-1]


def silences(because: Iterable[Because], numbers: Mapping[int, str], company: Company) -> list[Silence]:
    """One for each sentence, with the invoices it is true of; those that ask for a person first."""
    about: dict[tuple[Any, str], list[int]] = {}
    for one in because:
        about.setdefault((one.cause, presenters.because_words(one, company)), []).append(one.invoice or 0)
    lines = [
        Silence(listed(ids, numbers), words.label, sentence, words.ends, words.asks)
        for (cause, sentence), ids in about.items()
        for words in (presenters.CAUSES[cause],)
    ]
    return sorted(lines, key=lambda line: not line.asks)


def listed(ids: Iterable[int], numbers: Mapping[int, str]) -> str:
    """Invoice numbers in a line; of many only the first few."""
    known = [numbers[id] or "no number" for id in ids if id in numbers]
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return ", ".join(known[:_LISTED]) + more


def _days(first: date, last: date, company: Company) -> str:
    if first == last:
        return formats.day(first, company)
    return str(format_interval(first, last, "yMMMd", locale=formats.locale_of(company)))


def _standing(answer: Answer, why: Why, company: Company) -> Standing:
    wanted = _wanted(answer.wanted, why.numbers)
    return Standing(formats.moment(answer.since, company), wanted, silences(answer.because, why.numbers, company))


def _wanted(some: Iterable[Wanted], numbers: Mapping[int, str]) -> list[str]:
    return [f"{presenters.step_title(one.step)} about {listed(one.invoices, numbers)}" for one in some]


def _heard(one: Heard, numbers: Mapping[int, str], company: Company) -> Told:
    title = "Thank you" if one.kind == EffectKind.THANKS else presenters.step_title(one.step)
    about = f" about {listed(one.invoices, numbers)}" if one.invoices else ""
    how = cadence_words.TO_DO.get(Channel(one.channel), "")
    if not how:
        how = f"{presenters.TOUCH_STATES[EffectState(one.state)]} to {', '.join(one.recipients)}"
    sentence = f"{title}, {how[0].lower()}{how[1:]}{about}."
    return Told(formats.clock_time(one.at, company), sentence, _evidence(one.evidence, numbers), one.uid)


def _evidence(evidence: Mapping[str, Any], numbers: Mapping[int, str]) -> str:
    """What had been read right before it left, and what went along; "" where nothing was kept."""
    read = [f"{numbers.get(invoice, '?')} {balance}" for invoice, _, balance in evidence.get("balances", ())]
    along = evidence.get("attached", ())
    told = (("Open when it left", ", ".join(read)), ("Attached", ", ".join(along)))
    return " ".join(f"{what}: {words}." for what, words in told if words)


def _unsaid(one: Unsaid, numbers: Mapping[int, str], company: Company) -> Told:
    state = presenters.TOUCH_STATES[EffectState(one.state)].lower()
    sentence = f"{presenters.step_title(one.step)} about {listed(one.invoices, numbers)}: {state}."
    return Told(formats.clock_time(one.at, company), sentence, one.note)

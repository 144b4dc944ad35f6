"""What law and good custom ask of reminders in a country, as data: types, reading it from TOML, and what follows.

A rule has its source and the day on which somebody read it. Nothing here looks anything up or is legal advice; who may
be written to when is decided in `plan`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from core.cadence import Cap

MONTHS_FRESH = 18
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = frozenset(range(5))


class LawError(ValueError):
    """A country's rules cannot be used; the message is one sentence for the person who wrote them."""


class Kind(StrEnum):
    """How far a rule binds: `HOUSE` is our own default, taken from rules that bind others."""

    STATUTE = "statute"
    GUIDANCE = "guidance"
    HOUSE = "house"


class Topic(StrEnum):
    """What a rule is about."""

    CONTACTS = "contacts"
    HOURS = "hours"
    INTEREST = "interest"
    WORDS = "words"
    OPT_OUT = "opt-out"


class Need(StrEnum):
    """What every message must have: the sender's name, a way to stop, and nothing that is advertised."""

    SENDER = "sender"
    STOP = "stop"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Hours:
    """`opens` ≤ t < `closes` on the customer's own clock; Monday is 0."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is asked, in words, with what of it Dunlin keeps by itself.

    Of interest `name` is the law's, `hundredths` of a percent a year over the central bank's rate, `sums` (debts from
    this amount, fixed sum) in whole units of money, and `rates` the code of the table the rate stands in; without one
    the rule only says what is asked at least. `gap` is what of it nobody works out here. `checked` is the day on which
    somebody read the source.
    """

    topic: Topic
    kind: Kind
    says: str
    source: str
    link: str
    checked: date
    caps: tuple[Cap, ...] = ()
    hours: tuple[Hours, ...] = ()
    needs: frozenset[Need] = frozenset()
    name: str = ""
    hundredths: int = 0
    sums: tuple[tuple[int, int], ...] = ()
    rates: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A country's rules. `covers` are further countries in which they hold too; `gaps` says what was not read."""

    code: str
    name: str
    rules: tuple[Rule, ...] = ()
    covers: frozenset[str] = frozenset()
    gaps: tuple[str, ...] = ()

    @property
    def silent(self) -> tuple[Topic, ...]:
        """The topics of which nothing is known here."""
        known = {rule.topic for rule in self.rules}
        return tuple(topic for topic in Topic if topic not in known)

    @property
    def caps(self) -> tuple[Cap, ...]:
        return tuple(cap for rule in self.rules for cap in rule.caps)


def parse_preset(code: str, text: str) -> Preset:
    """A country's rules from TOML; LawError where one lacks its source, its day or its words."""
    try:
        data = tomllib.loads(text)
        return Preset(
            code,
            data["name"],
            tuple(_rule(one) for one in data.get("rule", ())),
            frozenset(data.get("covers", ())),
            tuple(data.get("gaps", ())),
        )
    except tomllib.TOMLDecodeError as error:
        raise LawError(f"The rules of {code} are no TOML: {error}.") from error
    except KeyError as error:
        raise LawError(f"The rules of {code} lack {error.args[0]!r}; add it.") from error
    except (TypeError, ValueError) as error:
        raise LawError(f"A rule of {code} cannot be used: {error}.") from error


def _rule(one: Mapping[str, Any]) -> Rule:
    for name in ("says", "source", "link"):
        if not one[name].strip():
            raise ValueError(f"{name!r} is empty")
    if type(one["checked"]) is not date:
        raise ValueError("'checked' is not a day")
    return Rule(
        topic=Topic(one["topic"]),
        kind=Kind(one["kind"]),
        says=one["says"],
        source=one["source"],
        link=one["link"],
        checked=one["checked"],
        caps=tuple(Cap(limit, days) for limit, days in one.get("caps", ())),
        hours=tuple(Hours(_days(each["days"]), each["opens"], each["closes"]) for each in one.get("hours", ())),
        needs=frozenset(Need(each) for each in one.get("needs", ())),
        name=one.get("name", ""),
        hundredths=one.get("hundredths", 0),
        sums=tuple((least, given) for least, given in one.get("sums", ())),
        rates=one.get("rates", ""),
        gap=one.get("gap", ""),
    )


def _days(text: str) -> frozenset[int]:
    """Such as Mon-Fri."""
    first, last = (_DAYS.index(day) for day in text.split("-"))
    return frozenset(range(first, last + 1))


def joined(presets: Iterable[Preset]) -> Preset:
    """Presets that hold together, under the first one's name: every rule counts, and each can only forbid."""
    first, *others = presets
    rules, gaps = [*first.rules], [*first.gaps]
    for one in others:
        rules += one.rules
        gaps += one.gaps
    return Preset(first.code, first.name, tuple(dict.fromkeys(rules)), first.covers, tuple(dict.fromkeys(gaps)))


def hours_within(
    presets: Iterable[Preset], opens: time, closes: time, weekdays: frozenset[int] = _WEEK
) -> tuple[time, time]:
    """What is left of sending hours; where a company's own lie wholly outside, the hours that are allowed."""
    asked = [
        hours
        for preset in presets
        for rule in preset.rules
        for hours in rule.hours
        if hours.days.intersection(weekdays)
    ]
    if not asked:
        return opens, closes
    earliest, latest = max(one.opens for one in asked), min(one.closes for one in asked)
    begins, ends = max(opens, earliest), min(closes, latest)
    return (begins, ends) if begins < ends else (earliest, latest)


def stale(presets: Iterable[Preset], today: date) -> list[tuple[Preset, Rule]]:
    """The rules that nobody has read for more than 18 months, each with its preset."""
    year, month = divmod(today.year * 12 + today.month - 1 - MONTHS_FRESH, 12)
    oldest = year, month + 1, today.day
    return [
        (preset, rule)
        for preset in presets
        for rule in preset.rules
        if (rule.checked.year, rule.checked.month, rule.checked.day) < oldest
    ]

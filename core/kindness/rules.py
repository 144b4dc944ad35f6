"""The rules of kindness as data: families of words, patterns built from them, and the facts of law of each country.

Parses and compiles a TOML text and says in one sentence what is wrong with it. It finds nothing and knows no words.

A pattern is a regular expression with three comforts: a space stands for whatever lies between two words of one
sentence, ` ~ ` for up to six words in between, ` ~3 ` for up to three, and `{name}` for any of a family of words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.kindness.finding import Category
from core.kindness.weighing import Scale, parse_scales

_SPACE = r"\W{1,6}"
_GAP = re.compile(r" ~(\d?) ")
_FAMILY = re.compile(r"\{([a-z_]+)\}")
_DEPTH = 8
_CATEGORIES = (Category.THREAT, Category.FALSE_CLAIM, Category.BLAME, Category.SHOUTING)


class RulesError(ValueError):
    """The rules cannot be used; the message is one sentence for the person who wrote them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A hit of `says` in a sentence is a finding, unless `unless` stands in that sentence too.

    `freed`: whether saying the opposite ("we will not …") or speaking of a trade ("invoice for …") makes it harmless.
    `by_terms`: whether it is in order where the customer was given terms that provide for it.
    """

    name: str
    category: Category
    says: re.Pattern[str]
    unless: re.Pattern[str]
    freed: bool
    by_terms: bool
    why: str
    kinder: str


@dataclass(frozen=True, slots=True)
class Essential:
    """Something a whole message must hold."""

    name: str
    says: re.Pattern[str]
    why: str
    kinder: str


@dataclass(frozen=True, slots=True)
class Law:
    """What a country's law gives a creditor for a late trade debt, with where and when that was read.

    `points`: percentage points over `reference`, the central bank's rate, both a year; `most`: the highest rate in all
    that can be right where the reference is not kept here. `sums`: (debts from this amount, fixed sum), both in whole
    units of money, the highest debts last. Empty: the law gives nothing without a contract.
    """

    country: str
    points: tuple[float, ...]
    reference: tuple[float, ...]
    most: float
    sums: tuple[tuple[float, float], ...]
    acts: re.Pattern[str]
    source: str
    read: str


@dataclass(frozen=True, slots=True)
class Claims:
    """The patterns by which a claim about the law is known, and the three ways of being wrong anywhere."""

    law: re.Pattern[str]
    gives: re.Pattern[str]
    harmless: re.Pattern[str]
    overdone: re.Pattern[str]
    acts: re.Pattern[str]
    why: Mapping[str, str]
    kinder: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Limits: school years (Flesch and Kincaid), words in a sentence, syllables in a word."""

    grade: float
    sentence_words: int
    word_syllables: int
    fewest_words: int
    why: Mapping[str, str]
    kinder: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it, compiled. `known` are the words of all patterns; `weighed` is (why, kinder) of what a scale found."""

    rules: tuple[Rule, ...]
    harmless: re.Pattern[str]
    negations: re.Pattern[str]
    bindings: re.Pattern[str]
    trades: re.Pattern[str]
    essentials: tuple[Essential, ...]
    asks: re.Pattern[str]
    laws: Mapping[str, Law]
    claims: Claims
    reading: Reading
    loud: frozenset[str]
    calm: frozenset[str]
    firms: frozenset[str]
    loud_why: str
    loud_kinder: str
    known: frozenset[str]
    scales: Mapping[Category, Scale]
    weighed: Mapping[Category, tuple[str, str]]


def parse_rules(text: str, scales: str = "{}") -> Rules:
    """The rules of a TOML text and the scales of a JSON text; `RulesError` where something is missing or no pattern."""
    try:
        data = tomllib.loads(text)
        families = {name: tuple(words) for name, words in data["words"].items()}
        return _Reader(families).rules(data, parse_scales(scales))
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The rules are no TOML: {error}.") from error
    except KeyError as error:
        raise RulesError(f"The rules lack {error.args[0]!r}; add it.") from error


class _Reader:
    """Compiles patterns out of families."""

    def __init__(self, families: Mapping[str, tuple[str, ...]]) -> None:
        self._families = families

    def rules(self, data: Mapping[str, Any], scales: Mapping[Category, Scale]) -> Rules:
        shouting, patterns = data["shouting"], data["patterns"]
        loud, calm, firms = (frozenset(shouting[name].split()) for name in ("loud", "calm", "firms"))
        return Rules(
            rules=tuple(self._rule(one) for one in data["rule"]),
            harmless=self._any(patterns["harmless"]),
            negations=self._any(patterns["negations"]),
            bindings=self._any(patterns["bindings"]),
            trades=self._any(patterns["trades"]),
            essentials=tuple(
                Essential(one["name"], self._any(one["says"]), one["why"], one["kinder"]) for one in data["essential"]
            ),
            asks=self._any(patterns["asks"]),
            laws=self._laws(data["law"]),
            claims=self._claims(data["claims"], data["law"]),
            reading=Reading(**data["reading"]),
            loud=loud,
            calm=calm,
            firms=firms,
            loud_why=shouting["why"],
            loud_kinder=shouting["kinder"],
            known=frozenset(re.findall(r"[a-z]{2,}", " ".join(_strings([data["words"], data["rule"]])))) | {"a", "i"},
            scales=scales,
            weighed={Category(name): (one["why"], one["kinder"]) for name, one in data["weighed"].items()},
        )

    def _rule(self, one: Mapping[str, Any]) -> Rule:
        if one["category"] not in _CATEGORIES:
            raise RulesError(f"Rule {one['name']!r} has no such category; use one of {', '.join(_CATEGORIES)}.")
        return Rule(
            name=one["name"],
            category=Category(one["category"]),
            says=self._any(one["says"]),
            unless=self._any(one.get("unless", ())),
            freed=one.get("freed", True),
            by_terms=one.get("by_terms", False),
            why=one["why"],
            kinder=one["kinder"],
        )

    def _claims(self, one: Mapping[str, Any], laws: Iterable[Mapping[str, Any]]) -> Claims:
        patterns = {name: self._any(one[name]) for name in ("law", "gives", "harmless", "overdone")}
        acts = self._any([act for law in laws for act in law.get("acts", ())])
        return Claims(**patterns, acts=acts, why=one["why"], kinder=one["kinder"])

    def _laws(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, Law]:
        return {
            country: Law(
                country=country,
                points=tuple(one.get("points", ())),
                reference=tuple(one.get("reference", ())),
                most=one.get("most", 0.0),
                sums=tuple((row[0], row[1]) for row in one.get("sums", ())),
                acts=self._any(one.get("acts", ())),
                source=one["source"],
                read=str(one["read"]),
            )
            for one in entries
            for country in one["countries"]
        }

    def _any(self, patterns: Iterable[str]) -> re.Pattern[str]:
        """One pattern that finds whichever of `patterns` stands first; none finds nothing."""
        made = [self._expanded(one) for one in patterns]
        try:
            return re.compile(rf"(?<!\w)(?:{'|'.join(made)})(?!\w)" if made else r"(?!)", re.IGNORECASE)
        except re.error as error:
            raise RulesError(f"One of these is no pattern ({error}): {'; '.join(patterns)[:200]}.") from error

    def _expanded(self, pattern: str) -> str:
        for _ in range(_DEPTH):
            pattern = _FAMILY.sub(self._family, pattern)
        pattern = re.sub(r"\((?!\?)", "(?:", pattern)
        pattern = _GAP.sub(lambda found: rf"(?:\W{{1,6}}[\w']+){{0,{found[1] or 6}}}?\W{{1,6}}", pattern)
        return pattern.replace(" ?", r"\W{0,6}").replace(" ", _SPACE)

    def _family(self, found: re.Match[str]) -> str:
        if found[1] not in self._families:
            raise RulesError(f"No family of words is called {found[1]!r}; name it under [words].")
        return f"({'|'.join(self._families[found[1]])})"


def _strings(data: Any) -> Iterable[str]:
    """Every text in nested lists and tables, small letters."""
    if isinstance(data, str):
        yield data.lower()
    elif isinstance(data, Mapping | list | tuple):
        for one in data.values() if isinstance(data, Mapping) else data:
            yield from _strings(one)

"""Is a text kind? Loads the rules and the hyphenation, and checks a template or words that a person typed.

It judges through `core.kindness` and says what it found; it stops nothing by itself and changes no text.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyphen

from core.kindness import Advertising, Finding, Page, Rules, advertised, check, parse_advertising, parse_rules

_HOME = Path(__file__).resolve().parent.parent / "templates" / "kindness"


def is_template(text: str) -> bool:
    """Whether a text has placeholders."""
    return "{{" in text or "{%" in text


def check_template(source: str, country: str, *, terms: bool = False) -> tuple[Finding, ...]:
    """Findings in a message template as it is written; `country` is the company's, as its ledger names it."""
    return _findings(Page(source, country, template=True, terms=terms))


def check_text(text: str, country: str, *, whole: bool = False, terms: bool = False) -> tuple[Finding, ...]:
    """Findings in rendered or hand-written words.

    `whole`: the text is a whole message, so what it lacks is named too. `terms`: the customer was given terms that
    provide for fees or interest.
    """
    return _findings(Page(text, country, whole=whole, terms=terms))


def _findings(page: Page) -> tuple[Finding, ...]:
    found = (*check(rules(), page, syllables), *advertised(_advertising(), page.source))
    return tuple(sorted(found, key=lambda one: one.start))


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those with which a text may not leave."""
    return tuple(one for one in findings if one.blocks)


@cache
def rules(language: str = "en") -> Rules:
    """The shipped rules of a language with their scales; FileNotFoundError where there are none."""
    return parse_rules(*((_HOME / f"{language}.{kind}").read_text(encoding="utf-8") for kind in ("toml", "json")))


@cache
def _advertising() -> Advertising:
    return parse_advertising((_HOME / "advertising.toml").read_text(encoding="utf-8"))


def syllables(word: str) -> int:
    """Syllables of an English word, at least 1: the more of what British and American hyphenation find.

    A hyphen may stand only where a syllable ends, though not at all of them, so this can be one too few, never many.
    """
    return max(len(spelling.positions(word.lower())) for spelling in _hyphenations()) + 1


@cache
def _hyphenations() -> tuple[pyphen.Pyphen, ...]:
    return tuple(pyphen.Pyphen(lang=language) for language in ("en_GB", "en_US"))

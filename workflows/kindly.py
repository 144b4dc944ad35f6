"""Is a text kind? Loads the rules and the hyphenation, and checks a template or words that a person typed.

It judges through `core.kindness` and says what it found; it stops nothing by itself and changes no text.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyphen

from core.kindness import Finding, Page, Rules, check, parse_rules

_HOME = Path(__file__).resolve().parent.parent / "templates" / "kindness"


def is_template(text: str) -> bool:
    """Whether a text has placeholders."""
    return "{{" in text or "{%" in text


def check_template(source: str, country: str, *, terms: bool = False) -> tuple[Finding, ...]:
    """Findings in a message template as it is written; `country` is the company's, as its ledger names it."""
    return check(rules(), Page(source, country, template=True, terms=terms), syllables)


def check_text(text: str, country: str, *, whole: bool = False, terms: bool = False) -> tuple[Finding, ...]:
    """Findings in rendered or hand-written words.

    `whole`: the text is a whole message, so what it lacks is named too. `terms`: the customer was given terms that
    provide for fees or interest.
    """
    return check(rules(), Page(text, country, whole=whole, terms=terms), syllables)


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those with which a text may not leave."""
    return tuple(one for one in findings if one.blocks)


@cache
def rules(language: str = "en") -> Rules:
    """The shipped rules of a language with their scales; FileNotFoundError where there are none."""
    return parse_rules(*((_HOME / f"{language}.{kind}").read_text(encoding="utf-8") for kind in ("toml", "json")))


def syllables(word: str) -> int:
    """Syllables of an English word, at least 1: the more of what British and American hyphenation find.

    A hyphen may stand only where a syllable ends, though not at all of them, so this can be one too few, never many.
    """
    return max(len(spelling.positions(word.lower())) for spelling in _hyphenations()) + 1


@cache
def _hyphenations() -> tuple[pyphen.Pyphen, ...]:
    return tuple(pyphen.Pyphen(lang=language) for language in ("en_GB", "en_US"))

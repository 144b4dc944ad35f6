"""May these words take the place of a shipped template? They are read, written in every situation, and judged.

It decides and changes nothing: what it refuses, and what could be kinder, is told in sentences for whoever wrote them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.cadence import Channel
from core.kindness import Finding
from workflows import kindly, wording_rules, wording_trials
from workflows.errors import Refusal
from workflows.messages import Opening
from workflows.templating import FALLBACK, HOME, template_names

_READ = FALLBACK  # the one language whose tone the kindness check can hear


@dataclass(frozen=True, slots=True)
class Judged:
    """What could be kinder, and whether nobody has judged the tone: then somebody who speaks it must read it aloud."""

    findings: tuple[Finding, ...]
    unheard: bool


def judge(source: str, template: str, language: str, country: str = "", channel: Channel = Channel.EMAIL) -> Judged:
    """Refusal, in one sentence, for words that may not leave; `country` is the company's, as its ledger names it.

    Threats and false claims are looked for in the source and in what it becomes, so that none can be put together
    from parts. Nothing is taken to be agreed: fees are named below the list, by the product, where terms allow them.
    """
    if template not in template_names(language, channel):
        raise Refusal(f"There is no template “{template}” in the language “{language}”.")
    source = tidy(source)
    wording_rules.keep(source)
    said = dict.fromkeys(wording_trials.write_all(template, language, source, channel))
    found = [*kindly.check_template(source, country)]
    for one in said:
        found += kindly.blocking(kindly.check_text(_text(one), country))
    found = [one for one in found if not _of_the_language(one, language)]
    blocks = {f"“{one.quote}”: {one.why} {one.kinder}".strip(): None for one in kindly.blocking(tuple(found))}
    if blocks:
        raise Refusal(" ".join(blocks))
    return Judged(tuple(found), language != _READ)


def tidy(source: str) -> str:
    """As it is kept: lines end alike, nothing empty around it."""
    return source.replace("\r\n", "\n").strip()


def _of_the_language(one: Finding, language: str) -> bool:
    """Whether an English rule only hit words of our own messages in that language: French *lien* is a link."""
    return language != _READ and set(_words(one.quote)) <= _shipped(language)


@cache
def _shipped(language: str) -> frozenset[str]:
    files = (HOME / language).glob("*.txt")
    return frozenset(word for file in files for word in _words(file.read_text(encoding="utf-8")))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def _text(said: Opening) -> str:
    return "\n\n".join((said.title, *said.paragraphs))

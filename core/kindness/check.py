"""The check itself: a text goes in, findings come out, in the order in which they stand in the text.

It applies rules that are data and knows no words of its own. It changes no text and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.kindness.finding import Category, Finding
from core.kindness.folding import Folded, fold
from core.kindness.law import claims
from core.kindness.reading import hard_to_read, shouted
from core.kindness.rules import Rule, Rules

# Between a "not" and what it denies stands no new clause.
_CLAUSE = re.compile(r"[,;:]|\b(so|and|but|then|therefore|hence|because|which)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A text to look at. `country`: where the company sits (ISO, two letters), empty if unknown.

    `template`: the text has Jinja placeholders; only rendered words are measured for reading. `whole`: it is a whole
    message, so that what is missing is named. `terms`: the customer was given terms that provide for fees or interest.
    """

    source: str
    country: str = ""
    template: bool = False
    whole: bool = False
    terms: bool = False


def check(rules: Rules, page: Page, syllables: Callable[[str], int]) -> tuple[Finding, ...]:
    """Every finding on `page`, at most one of a category at a place. `syllables` of one word, at least 1."""
    folded = fold(page.source, rules.known, template=page.template)
    sentences = [(start, _masked(rules, text)) for start, text in folded.sentences()]
    found = [
        *(_finding(page, folded, rule, span) for rule, span in _hits(rules, page, sentences)),
        *(
            _at(page, folded, Category.FALSE_CLAIM, "law", span, why, rules.claims.kinder)
            for why, span in claims(rules, page.country, folded.text, sentences)
        ),
        *(
            _at(page, folded, Category.SHOUTING, "shouting", span, rules.loud_why, rules.loud_kinder)
            for span in shouted(rules, folded.text)
        ),
        *(_missing(rules, folded.text) if page.whole else ()),
    ]
    if not page.template:
        found += (
            _at(page, folded, Category.READING, name, span, rules.reading.why[name], rules.reading.kinder)
            for name, span in hard_to_read(rules.reading, folded, syllables)
        )
    return tuple(_once_each_place(sorted(found, key=lambda one: (one.start, -one.end))))


def _masked(rules: Rules, sentence: str) -> str:
    """The sentence with harmless expressions made into one unknown word, every other letter in its place."""
    return rules.harmless.sub(lambda found: "z" * len(found[0]), sentence)


def _hits(rules: Rules, page: Page, sentences: list[tuple[int, str]]) -> Iterator[tuple[Rule, tuple[int, int]]]:
    for begin, sentence in sentences:
        for rule in rules.rules:
            if (rule.by_terms and page.terms) or rule.unless.search(sentence):
                continue
            for found in rule.says.finditer(sentence):
                if not (rule.freed and _freed(rules, sentence, found)):
                    yield rule, (begin + found.start(), begin + found.end())


def _freed(rules: Rules, sentence: str, found: re.Match[str]) -> bool:
    """Whether the sentence denies what it names, or names it only as somebody's trade."""
    if rules.bindings.search(sentence):
        return False
    if rules.trades.search(sentence):
        return True
    return any(
        no.start() < found.end() and not _CLAUSE.search(sentence[no.end() : found.start()])
        for no in rules.negations.finditer(sentence)
    )


def _finding(page: Page, folded: Folded, rule: Rule, span: tuple[int, int]) -> Finding:
    return _at(page, folded, Category(rule.category), rule.name, span, rule.why, rule.kinder)


def _at(
    page: Page, folded: Folded, category: Category, rule: str, span: tuple[int, int] | None, why: str, kinder: str
) -> Finding:
    start, end = folded.span(*span) if span else (0, 0)
    return Finding(category, rule, start, end, page.source[start:end], why, kinder)


def _missing(rules: Rules, text: str) -> Iterator[Finding]:
    """What a message that asks for money leaves out; a message that asks for none needs nothing."""
    if rules.asks.search(text):
        for one in rules.essentials:
            if not one.says.search(text):
                yield Finding(Category.MISSING, one.name, 0, 0, "", one.why, one.kinder)


def _once_each_place(found: list[Finding]) -> Iterator[Finding]:
    last: dict[Category, int] = {}
    for one in found:
        if one.start >= last.get(one.category, -1) or not one.quote:
            yield one
            last[one.category] = max(one.end, last.get(one.category, 0))

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
from core.kindness.weighing import signals

# Between a "not" and what it denies stands no new clause.
_CLAUSE = re.compile(r"[,;:]|\b(so|and|but|then|therefore|hence|because|which)\b", re.IGNORECASE)
# After these it is no denial but a condition.
_IF = re.compile(r"\b(if|should|when|once|until|till|unless|as long as|in case)\b", re.IGNORECASE)
# One word in quotation marks is often only stressed.
_QUOTED = re.compile(r'"[^"]* [^"]* [^"]*"')


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


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence, where it begins, and the rules that hit in it: each with its place and whether that is denied.

    `muted` are the places of words that are not the writer's own; `signals` is what a scale weighs: words and rules.
    """

    begin: int
    text: str
    hits: tuple[tuple[Rule, tuple[int, int], bool], ...]
    muted: tuple[tuple[int, int], ...]
    signals: frozenset[str]


def check(rules: Rules, page: Page, syllables: Callable[[str], int]) -> tuple[Finding, ...]:
    """Every finding on `page`, at most one of a category at a place. `syllables` of one word, at least 1."""
    folded = fold(page.source, rules.known, template=page.template)
    heard = _heard(rules, page, folded)
    masked = [(one.begin, _masked(rules, one.text)) for one in heard]
    found = [
        *_said(rules, page, folded, heard),
        *_weighed(rules, page, folded, heard),
        *(
            _at(page, folded, Category.FALSE_CLAIM, "law", span, why, rules.claims.kinder)
            for why, span in claims(rules, page.country, folded.text, masked)
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


def hear(rules: Rules, page: Page) -> list[frozenset[str]]:
    """The signals of each sentence on `page`: what scales are learned from."""
    return [one.signals for one in _heard(rules, page, fold(page.source, rules.known, template=page.template))]


def _heard(rules: Rules, page: Page, folded: Folded) -> list[Heard]:
    """Every sentence that has a word."""
    found = []
    for begin, text in folded.sentences():
        muted = tuple(_muted(rules, text))
        if words := signals(text, muted):
            hits = tuple(_hits(rules, page, begin, text))
            named = {f"{'no' if denied else 'rule'} {rule.name}" for rule, _, denied in hits}
            found.append(Heard(begin, text, hits, muted, words | named))
    return found


def _muted(rules: Rules, sentence: str) -> Iterator[tuple[int, int]]:
    """Where the words are not the writer's own: harmless expressions, what is quoted, what is denied."""
    yield from (found.span() for found in rules.harmless.finditer(sentence))
    yield from (found.span() for found in _QUOTED.finditer(sentence))
    if not rules.bindings.search(sentence):
        for no in _denials(rules, sentence):
            clause = _CLAUSE.search(sentence, no.end())
            yield no.end(), clause.start() if clause else len(sentence)


def _denials(rules: Rules, sentence: str) -> Iterator[re.Match[str]]:
    """Every "not" that denies something: one that follows an "if" in its clause only says when it will happen."""
    for no in rules.negations.finditer(sentence):
        clause = max((found.end() for found in _CLAUSE.finditer(sentence, 0, no.start())), default=0)
        if not _IF.search(sentence, clause, no.start()):
            yield no


def _masked(rules: Rules, sentence: str) -> str:
    """The sentence with harmless expressions made into one unknown word, every other letter in its place."""
    return rules.harmless.sub(lambda found: "z" * len(found[0]), sentence)


def _hits(rules: Rules, page: Page, begin: int, text: str) -> Iterator[tuple[Rule, tuple[int, int], bool]]:
    sentence = _masked(rules, text)
    for rule in rules.rules:
        if not (rule.by_terms and page.terms):
            for found in rule.says.finditer(sentence):
                denied = bool(rule.unless.search(sentence)) or (rule.freed and _freed(rules, sentence, found))
                yield rule, (begin + found.start(), begin + found.end()), denied


def _freed(rules: Rules, sentence: str, found: re.Match[str]) -> bool:
    """Whether the sentence denies what it names, or names it only as somebody's trade."""
    if rules.bindings.search(sentence):
        return False
    if rules.trades.search(sentence):
        return True
    return any(
        no.start() < found.end() and not _CLAUSE.search(sentence[no.end() : found.start()])
        for no in _denials(rules, sentence)
    )


def _said(rules: Rules, page: Page, folded: Folded, heard: list[Heard]) -> Iterator[Finding]:
    """What rules alone decide: categories that have no scale."""
    for sentence in heard:
        yield from _by_rules(page, folded, sentence, frozenset(Category) - rules.scales.keys())


def _weighed(rules: Rules, page: Page, folded: Folded, heard: list[Heard]) -> Iterator[Finding]:
    """What weighs enough on a scale: rules that hit there say what and why; where none does, the heaviest words do."""
    for category, scale in rules.scales.items():
        weights = scale.weigh_each([one.signals for one in heard])
        heavy = [(weight, one) for weight, one in zip(weights, heard, strict=True) if weight >= scale.bar]
        found = [finding for _, one in heavy for finding in _by_rules(page, folded, one, frozenset([category]))]
        if heavy and not found:
            found = [_by_words(rules, page, folded, max(heavy, key=lambda pair: pair[0])[1], category)]
        yield from found


def _by_rules(page: Page, folded: Folded, sentence: Heard, categories: frozenset[Category]) -> Iterator[Finding]:
    for rule, span, denied in sentence.hits:
        if rule.category in categories and not denied:
            yield _at(page, folded, rule.category, rule.name, span, rule.why, rule.kinder)


def _by_words(rules: Rules, page: Page, folded: Folded, sentence: Heard, category: Category) -> Finding:
    start, end = rules.scales[category].heaviest(sentence.text, sentence.muted)
    why, kinder = rules.weighed[category]
    return _at(page, folded, category, "words", (sentence.begin + start, sentence.begin + end), why, kinder)


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

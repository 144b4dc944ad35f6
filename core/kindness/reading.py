"""How a text sounds and reads apart from what it says: shouting, long sentences, hard words, school years.

Reading level is the grade of Flesch and Kincaid: 0.39 x words a sentence + 11.8 x syllables a word - 15.59
(https://en.wikipedia.org/wiki/Flesch-Kincaid_readability_tests). It only ever advises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from core.kindness.folding import Folded
from core.kindness.rules import Reading, Rules

_CALLS = re.compile(r"(?:[!?] ?){2,}")
_CAPITALS = re.compile(r"\b[A-Z][A-Z']*[A-Z]\b")
_RUN = re.compile(r"\b[A-Z][A-Z']+(?:[^A-Za-z]{1,4}[A-Z][A-Z']*)*\b")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")

Span = tuple[int, int]


def shouted(rules: Rules, text: str) -> Iterator[Span]:
    """Capitals where they are no name and no reference, and marks that come in numbers."""
    for found in _CALLS.finditer(text):
        if "!" in found[0] or found[0].count("?") > 2:
            yield found.span()
    for found in _RUN.finditer(text):
        every = {word.lower() for word in _CAPITALS.findall(found[0])}
        words = every - rules.calm
        if words & rules.loud or (len(words & rules.known) > 2 and not every & rules.firms):
            yield found.span()


def hard_to_read(limits: Reading, page: Folded, syllables: Callable[[str], int]) -> Iterator[tuple[str, Span | None]]:
    """(what is hard, where): a sentence that is too long, a word that is too long, the text as a whole (no place)."""
    sentences = [(begin, list(_WORD.finditer(text))) for begin, text in page.sentences()]
    counted = [(begin, words) for begin, words in sentences if words]
    for begin, words in counted:
        if len(words) > limits.sentence_words:
            yield "sentence", (begin + words[0].start(), begin + words[-1].end())
        for word in words:
            if word[0].islower() and syllables(word[0]) >= limits.word_syllables:
                yield "word", (begin + word.start(), begin + word.end())
    every = [word[0] for _, words in counted for word in words]
    if len(every) >= limits.fewest_words and _grade(len(counted), every, syllables) > limits.grade:
        yield "text", None


def _grade(sentences: int, words: list[str], syllables: Callable[[str], int]) -> float:
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59

"""How much a sentence sounds like a threat, or like blame: each word, pair of words and rule that hits has a weight.

The weights are data, learned from labelled texts (`learning.py`). It adds up and says which words weighed most; it
knows no words of its own and decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any

from core.kindness.finding import Category

Place = tuple[int, int]

_WORD = re.compile(r"[a-z]+|'[a-z]+|\d+|[!?%:£$€]")
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "e", "y")
_PIECE = 5
# Weights are kept as hundredths, and only from so many on: the file is shorter, and no machine rounds another way.
_PARTS = 100
_LEAST = 4
# A sentence is heard with the whole text in mind: thanks around a word of harm change what it means.
_WHOLE = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """`weights` of signals; a sentence that weighs `bar` or more is a finding. `start` is the weight of silence."""

    start: float
    bar: float
    weights: Mapping[str, float]

    def weigh(self, signals: Collection[str]) -> float:
        """A signal counts once, and for less the more there are: long sentences weigh no more than short ones."""
        return self.start + fsum(self.weights.get(one, 0.0) for one in signals) / sqrt(len(signals) or 1)

    def weigh_each(self, sentences: Collection[frozenset[str]]) -> list[float]:
        """The weight of each sentence of one text."""
        whole = _WHOLE * self.weigh(frozenset().union(*sentences))
        return [self.weigh(one) + whole for one in sentences]

    def heaviest(self, sentence: str, muted: Collection[Place]) -> tuple[int, int]:
        """The place of the run of words in `sentence` that weighs most; it must have a word."""
        places = [found.span() for found in _WORD.finditer(sentence.lower())]
        loads = [0.0] * len(places)
        for signal, first, last in _signals(sentence, muted):
            loads[first] += self.weights.get(signal, 0.0) / 2
            loads[last] += self.weights.get(signal, 0.0) / 2
        first, last = _heaviest_run(loads)
        return places[first][0], places[last][1]


def signals(sentence: str, muted: Collection[Place] = ()) -> frozenset[str]:
    """Stems, pairs of stems (next to each other, and over one between), and pieces of words.

    Of words in a `muted` place only the muted stem counts, which learns a weight of its own.
    """
    return frozenset(signal for signal, _, _ in _signals(sentence, muted))


def parse_scales(text: str) -> dict[Category, Scale]:
    """The scales written by `write_scales`."""
    return {Category(name): _scale(one) for name, one in json.loads(text).items()}


def write_scales(scales: Mapping[Category, Scale]) -> str:
    """Scales as JSON, one weight a line in the order of the alphabet; what weighs next to nothing is left out."""
    return json.dumps({name: _written(one) for name, one in scales.items()}, indent=0, sort_keys=True) + "\n"


def _scale(one: Mapping[str, Any]) -> Scale:
    weights = {signal: weight / _PARTS for signal, weight in one["weights"].items()}
    return Scale(one["start"], one["bar"], weights)


def _written(one: Scale) -> dict[str, Any]:
    weights = {signal: round(weight * _PARTS) for signal, weight in one.weights.items()}
    kept = {signal: weight for signal, weight in weights.items() if abs(weight) >= _LEAST}
    return {"start": round(one.start, 2), "bar": round(one.bar, 2), "weights": kept}


def _signals(sentence: str, muted: Collection[Place]) -> Iterator[tuple[str, int, int]]:
    """(signal, its first word, its last word)."""
    found = list(_WORD.finditer(sentence.lower()))
    quiet = [any(start <= one.start() < end for start, end in muted) for one in found]
    words = [one[0] for one in found]
    stems = [f"no {_stem(word)}" if no else _stem(word) for word, no in zip(words, quiet, strict=True)]
    last = len(stems) - 1
    for at, (word, stem) in enumerate(zip(words, stems, strict=True)):
        yield stem, at, at
        if quiet[at]:
            continue
        if at == 0:
            yield f"< {stem}", at, at
        yield (f"{stem} {stems[at + 1]}", at, at + 1) if at < last else (f"{stem} >", at, at)
        if at + 2 <= last:
            yield f"{stem} _ {stems[at + 2]}", at, at + 2
        whole = f"-{word}-"
        for cut in range(len(whole) - _PIECE + 1):
            yield f"-{whole[cut : cut + _PIECE]}", at, at


def _stem(word: str) -> str:
    """A word without its ending: crude, but the same for learning and for judging. Every number is alike."""
    if word.isdigit():
        return "#"
    for ending in _ENDINGS:
        if len(word) > 4 and word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl" else word
    return word


def _heaviest_run(loads: list[float]) -> tuple[int, int]:
    """First and last index of the run with the greatest sum."""
    best, first, last, run, begin = float("-inf"), 0, 0, 0.0, 0
    for at, load in enumerate(loads):
        if run <= 0:
            run, begin = 0.0, at
        run += load
        if run > best:
            best, first, last = run, begin, at
    return first, last

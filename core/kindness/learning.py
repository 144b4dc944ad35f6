"""Learns the weights of a scale from labelled texts: which signals set the unkind sentences apart from the others.

A linear support vector machine by dual coordinate descent (https://doi.org/10.1145/1390156.1390208): same texts, same
order, same weights. Of an unkind text only its heaviest sentence need be unkind, and which one it is is learned too.
It reads and writes no files and judges no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from core.kindness.weighing import Scale

# How much a mistake costs, passes over the texts, and how often the heaviest sentence is chosen anew.
_COST = 1.0
_PASSES = 20
_ROUNDS = 3

Text = Sequence[frozenset[str]]


def learn(unkind: Sequence[Text], others: Sequence[Text], dear: float, folds: int = 5) -> tuple[Scale, str]:
    """(a scale, its mistakes in words) from texts, each given as the signals of its sentences.

    The bar is where, on texts not learned from, the share of the unkind below is `dear` times that of others above.
    """
    held_out: tuple[list[float], list[float]] = ([], [])
    for fold in range(folds):
        scale = _weights([_but(texts, fold, folds) for texts in (unkind, others)])
        for weighed, texts in zip(held_out, (unkind, others), strict=True):
            weighed += (max(scale.weigh_each(text)) for text in texts[fold::folds])
    bar = min(
        sorted(held_out[0] + held_out[1]), key=lambda bar: max(_missed(bar, held_out), _alarms(bar, held_out) * dear)
    )
    scale = _weights([unkind, others])
    said = f"{_missed(bar, held_out):.1%} missed, {_alarms(bar, held_out):.1%} false alarms"
    return Scale(scale.start, bar, scale.weights), said


def _missed(bar: float, weighed: tuple[list[float], list[float]]) -> float:
    return sum(one < bar for one in weighed[0]) / len(weighed[0])


def _alarms(bar: float, weighed: tuple[list[float], list[float]]) -> float:
    return sum(one >= bar for one in weighed[1]) / len(weighed[1])


def _but(texts: Sequence[Text], fold: int, folds: int) -> list[Text]:
    return [text for at, text in enumerate(texts) if at % folds != fold]


def _weights(texts: Sequence[Sequence[Text]]) -> Scale:
    """A scale with its bar still at nothing."""
    unkind, others = texts
    chosen = list(unkind)
    for _ in range(_ROUNDS):
        rows = [(one, 1.0) for text in chosen for one in text] + [(one, -1.0) for text in others for one in text]
        scale = _separate(rows)
        chosen = [[max(text, key=scale.weigh)] for text in unkind]
    return scale


def _separate(sided: list[tuple[frozenset[str], float]]) -> Scale:
    """The weights of the widest street between the rows of either side. Silence is a signal that every row has."""
    names = sorted(frozenset().union(*(row for row, _ in sided)))
    number = {name: at for at, name in enumerate(names)}  # numbers are looked up in half the time
    rows = [(sorted(map(number.__getitem__, row)), 1 / sqrt(len(row) or 1), side) for row, side in sided]
    weights = [0.0] * len(names)
    start, pulls = 0.0, [0.0] * len(rows)
    cost, size = 2 * _COST, 2 + 1 / (2 * _COST)
    # Rows of one side lie together; every pass walks them in strides, so that the sides take turns.
    stride = next(step for step in (7919, 104729, 1) if len(rows) % step)
    for at in [step * stride % len(rows) for step in range(len(rows))] * _PASSES:
        row, share, side = rows[at]
        weighed = start + share * sum(map(weights.__getitem__, row))
        pull = max(pulls[at] - (side * weighed - 1 + pulls[at] / cost) / size, 0.0)
        moved, pulls[at] = (pull - pulls[at]) * side, pull
        if moved:
            start += moved
            push = moved * share
            for one in row:
                weights[one] += push
    return Scale(start, 0.0, dict(zip(names, weights, strict=True)))

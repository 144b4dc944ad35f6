"""The labelled texts of `tests/core/kindness/`, checked by the shipped rules, and how often the check is wrong.

`learn.toml` is what the rules are written against; `apart.toml` only ever judges them.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workflows.kindly import check_text

HOME = Path(__file__).parent / "kindness"
WRONG = frozenset({"threat", "false-claim", "blame", "shouting"})


@dataclass(frozen=True)
class Judged:
    """One text: its label, the categories found in it, and whether it would be stopped."""

    label: str
    found: frozenset[str]
    blocks: bool


@cache
def judged(name: str) -> tuple[Judged, ...]:
    texts = tomllib.loads((HOME / f"{name}.toml").read_text(encoding="utf-8"))["text"]
    return tuple(_judged(text["label"], check_text(text["words"], text.get("country", ""))) for text in texts)


def _judged(label: str, findings: tuple) -> Judged:
    return Judged(label, frozenset(one.category.value for one in findings), any(one.blocks for one in findings))


def missed_threats(name: str) -> float:
    """The share of threats that would leave: nothing in them blocks."""
    threats = [one for one in judged(name) if one.label == "threat"]
    return sum(not one.blocks for one in threats) / len(threats)


def false_alarms(name: str) -> float:
    """The share of harmless texts that are stopped, or called anything but hard to read."""
    fine = [one for one in judged(name) if one.label == "fine"]
    return sum(bool(one.found & WRONG) for one in fine) / len(fine)


def figures(name: str) -> Iterator[str]:
    """A line for each label: how many texts, how many found as such, how many stopped."""
    for label, count in sorted(Counter(one.label for one in judged(name)).items()):
        own = [one for one in judged(name) if one.label == label]
        as_such = sum(label in one.found for one in own)
        called = Counter(category for one in own for category in one.found & WRONG)
        stopped = sum(one.blocks for one in own)
        yield f"{name}: {label}: {count} texts, {as_such} found as such, {stopped} stopped, called {dict(called)}"

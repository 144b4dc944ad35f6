"""The labelled texts of `tests/core/kindness/`, how often the check is wrong on them, and the learning of its weights.

`learn/` is what rules are written against and weights are learned from; `apart.toml` only ever judges them. After a
change to rules or learning texts run `python -m tests.core.kindness_corpus`: it writes the weights anew.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.kindness import Category, Page
from core.kindness.check import hear
from core.kindness.learning import learn
from core.kindness.weighing import Scale, write_scales
from workflows.kindly import check_text, rules

HOME = Path(__file__).parent / "kindness"
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
WEIGHTS = TEMPLATES / "kindness" / "en.json"
WRONG = frozenset({"threat", "false-claim", "blame", "shouting"})
# What each scale is learned from: these labels, against those, and how many misses a false alarm is worth.
SIDES = {Category.THREAT: ({"threat"}, {"fine", "blame", "shouting"}, 1.0), Category.BLAME: ({"blame"}, {"fine"}, 8.0)}


@dataclass(frozen=True)
class Labelled:
    """A text, what it is at its worst (`fine`, or a category), and where the company sits, if that is said."""

    words: str
    label: str
    country: str = ""


@dataclass(frozen=True)
class Judged:
    """One text: its label, the categories found in it, and whether it would be stopped."""

    label: str
    found: frozenset[str]
    blocks: bool


@cache
def labelled(name: str) -> tuple[Labelled, ...]:
    """The texts of `name`.toml, or of all files in the folder `name`, in the order of their names."""
    files = sorted((HOME / name).glob("*.toml")) or [HOME / f"{name}.toml"]
    texts = (text for file in files for text in tomllib.loads(file.read_text(encoding="utf-8"))["text"])
    return tuple(Labelled(text["words"], text["label"], text.get("country", "")) for text in texts)


@cache
def judged(name: str) -> tuple[Judged, ...]:
    return tuple(_judged(text.label, check_text(text.words, text.country)) for text in labelled(name))


def _judged(label: str, findings: tuple) -> Judged:
    return Judged(label, frozenset(one.category.value for one in findings), any(one.blocks for one in findings))


def missed_threats(name: str) -> float:
    """The share of threats that would leave: nothing in them blocks."""
    threats = [one for one in judged(name) if one.label == "threat"]
    return sum(not one.blocks for one in threats) / max(len(threats), 1)


def false_alarms(name: str) -> float:
    """The share of harmless texts that are stopped, or called anything but hard to read."""
    fine = [one for one in judged(name) if one.label == "fine"]
    return sum(bool(one.found & WRONG) for one in fine) / max(len(fine), 1)


def figures(name: str) -> Iterator[str]:
    """A line for each label: how many texts, how many found as such, how many stopped."""
    for label, count in sorted(Counter(one.label for one in judged(name)).items()):
        own = [one for one in judged(name) if one.label == label]
        as_such = sum(label in one.found for one in own)
        called = Counter(category for one in own for category in one.found & WRONG)
        stopped = sum(one.blocks for one in own)
        yield f"{name}: {label}: {count} texts, {as_such} found as such, {stopped} stopped, called {dict(called)}"


def teaching() -> list[Page]:
    """Letters that the scale learns from. They stand apart from the templates: a changed letter is judged by the scale,
    and does not change it.
    """
    files = sorted((HOME / "letters").rglob("*.txt"))
    return [Page(file.read_text(encoding="utf-8"), template=True) for file in files]


def learned(texts: tuple[Labelled, ...]) -> dict[Category, tuple[Scale, str]]:
    """The scales that `texts` and letters of ours teach, each with its mistakes on texts it was not learned from."""
    pages = [*((text.label, Page(text.words)) for text in texts), *(("fine", page) for page in teaching())]
    heard = [(label, hear(rules(), page)) for label, page in pages]
    return {
        category: learn(*([text for label, text in heard if text and label in side] for side in (unkind, others)), dear)
        for category, (unkind, others, dear) in SIDES.items()
    }


if __name__ == "__main__":
    scales = learned(labelled("learn"))
    WEIGHTS.write_text(write_scales({category: scale for category, (scale, _) in scales.items()}), encoding="utf-8")
    for category, (_, mistakes) in scales.items():
        print(f"{category}: {mistakes} among texts not learned from")

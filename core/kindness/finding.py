"""What the kindness check says about a place in a text. It holds; it looks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What is wrong with the words. A threat, a false claim and advertising block; the rest is advice."""

    THREAT = "threat"
    FALSE_CLAIM = "false-claim"
    ADVERTISING = "advertising"
    BLAME = "blame"
    SHOUTING = "shouting"
    MISSING = "missing"
    READING = "reading"

    @property
    def blocks(self) -> bool:
        return self in (Category.THREAT, Category.FALSE_CLAIM, Category.ADVERTISING)


@dataclass(frozen=True, slots=True)
class Finding:
    """`source[start:end]` is `quote`; both places are 0 where the whole text is meant. `rule` names what found it.

    `why` and `kinder` are one sentence each for the person who wrote the text.
    """

    category: Category
    rule: str
    start: int
    end: int
    quote: str
    why: str
    kinder: str

    @property
    def blocks(self) -> bool:
        return self.category.blocks

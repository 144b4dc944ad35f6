"""Words of advertising: a message that asks for money sells nothing. Finds them in a text of any language shipped.

The words are data; it knows none of its own. They are few and plain, for whoever writes a reminder does not hide an
offer in it. A discount for paying early is no advertising.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from core.kindness.finding import Category, Finding
from core.kindness.rules import RulesError


@dataclass(frozen=True, slots=True)
class Advertising:
    """`says` finds the words of every language at once; `why` and `kinder` are for the person who wrote the text."""

    says: re.Pattern[str]
    why: str
    kinder: str


def parse_advertising(text: str) -> Advertising:
    """From TOML: `why`, `kinder`, and under [words] a list of patterns for each language; RulesError where not."""
    try:
        data = tomllib.loads(text)
        words = [one.replace(" ", r"\s+") for each in data["words"].values() for one in each]
        return Advertising(
            re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE), data["why"], data["kinder"]
        )
    except (tomllib.TOMLDecodeError, re.error) as error:
        raise RulesError(f"The words of advertising cannot be read: {error}.") from error
    except KeyError as error:
        raise RulesError(f"The words of advertising lack {error.args[0]!r}; add it.") from error


def advertised(rules: Advertising, source: str) -> tuple[Finding, ...]:
    """Every place in `source` that sells something."""
    return tuple(
        Finding(Category.ADVERTISING, "advertising", *found.span(), found[0], rules.why, rules.kinder)
        for found in rules.says.finditer(source)
    )

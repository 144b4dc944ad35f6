"""Which customers a segment holds by its rule: conditions on what the books say of a customer.

All that a rule names must hold; it never looks at names or addresses, so that no rule is about one person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.cadence import Payer

LONGEST = 60
A_YEAR = 365
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Traits:
    """What the books say of a customer. `billed` is what was invoiced in the last year in the company's own currency,
    in minor units; `days` how long ago the first invoice was written, None where there is none.
    """

    payer: Payer
    country: str
    billed: int
    days: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """Bounds are inclusive, save `billed_below`; 0, and an empty set, ask for nothing."""

    payers: frozenset[Payer] = frozenset()
    countries: frozenset[str] = frozenset()
    billed_from: int = 0
    billed_below: int = 0
    days_least: int = 0
    days_most: int = 0

    @property
    def asks(self) -> bool:
        """Whether it names anything at all."""
        return self != Rule()

    def holds(self, one: Traits) -> bool:
        """A customer without an invoice has been one for no time, and is neither new nor old."""
        aged = not (self.days_least or self.days_most) or (
            one.days is not None and self.days_least <= one.days <= (self.days_most or one.days)
        )
        return (
            (not self.payers or one.payer in self.payers)
            and (not self.countries or one.country in self.countries)
            and one.billed >= self.billed_from
            and (not self.billed_below or one.billed < self.billed_below)
            and aged
        )


def written(rule: Rule) -> dict[str, Any]:
    """As it is kept: plain values."""
    return {
        "payers": sorted(one.value for one in rule.payers),
        "countries": sorted(rule.countries),
        "billed_from": rule.billed_from,
        "billed_below": rule.billed_below,
        "days_least": rule.days_least,
        "days_most": rule.days_most,
    }


def read(kept: Mapping[str, Any]) -> Rule:
    """The rule that `written` wrote."""
    return Rule(
        frozenset(map(Payer, kept["payers"])),
        frozenset(kept["countries"]),
        *(int(kept[name]) for name in ("billed_from", "billed_below", "days_least", "days_most")),
    )


def is_name(text: str) -> bool:
    """Whether a segment may be called so: small letters, digits and dashes."""
    return len(text) <= LONGEST and _NAME.fullmatch(text) is not None

"""Rewards for prompt payment, worked out from sums and days alone."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from core.money import Money


def discount(open_: Money, points: int) -> Money:
    """So many hundredths of a percent of what is open, half a minor unit rounded up."""
    exact = Decimal(open_.minor) * points / 10_000
    return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), open_.currency)

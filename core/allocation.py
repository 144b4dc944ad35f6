"""How a sum is spread over what is open: the first named is paid first. Decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from core.money import Money

Key = TypeVar("Key")


def allocate(amount: Money, balances: Iterable[tuple[Key, Money]]) -> list[tuple[Key, Money]]:
    """What of `amount` goes to each balance, in their order; a balance that gets nothing is left out.

    ValueError when the amount is not positive, is of another currency, or is more than all of them.
    """
    if amount.minor <= 0:
        raise ValueError(f"{amount} cannot be spread.")
    found, left = [], amount
    for key, balance in balances:
        part = min(left, balance)
        if part.minor > 0:
            found.append((key, part))
            left -= part
    if left.minor:
        raise ValueError(f"{left} of {amount} is more than is open.")
    return found

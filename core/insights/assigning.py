"""Which group of a test an account belongs to: by hash, so that it never changes, and evenly over small and large.

Accounts there at the beginning are sorted into four parts by balance, and each part is dealt out evenly in the order of
their hashes. Who comes later is placed by hash alone. It knows accounts only by their names and balances.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.insights.chance import even

PARTS = 4


def assign(test: str, balances: Mapping[str, int], groups: int = 2) -> dict[str, int]:
    """The group, from 0, of each account there is when the test begins; balances in minor units of one currency."""
    by_size = sorted(balances, key=lambda account: (balances[account], account))
    found = {}
    for part in range(PARTS):
        these = by_size[part * len(by_size) // PARTS : (part + 1) * len(by_size) // PARTS]
        first = int(even(test, "part", part) * groups)
        for at, account in enumerate(sorted(these, key=lambda account: even(test, account))):
            found[account] = (first + at) % groups
    return found


def joining(test: str, account: str, groups: int = 2) -> int:
    """The group of an account that comes later."""
    return int(even(test, account) * groups)

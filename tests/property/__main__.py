"""`python -m tests.property N [FIRST]`: live N short lives on each ledger. What breaks a promise is told, with hardly
an act more than that takes. Exit code 1 when something did.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from time import process_time

from tests.faults.__main__ import quiet
from tests.property.lives import drawn, lived, shortened


def main(count: int, first: int = 1) -> int:
    quiet()
    failures = 0
    for kind in ("quickbooks", "xero"):
        started, seen = process_time(), Counter[str]()
        failing = _live(kind, range(first, first + count), seen)
        failures += len(failing)
        refused = sum(many for name, many in seen.items() if name.endswith("(refused)"))
        acts = sum(many for name, many in seen.items() if not name.startswith("="))
        told = f"{count:,} lives, {acts:,} acts, {refused:,} of them refused, {len(failing)} failing {failing or ''}"
        print(f"{kind}: {told}; {process_time() - started:.0f} CPU-seconds.", flush=True)
        print(*(f"  {many:8,}  {name}" for name, many in sorted(seen.items())), sep="\n", flush=True)
    return 1 if failures else 0


def _live(kind: str, seeds: Iterable[int], seen: Counter[str]) -> list[int]:
    """Live them; the seeds of those that broke a promise, each of which is told at once."""
    failing = []
    for seed in seeds:
        if lived(kind, drawn(seed), seen):
            failing.append(seed)
            print(f"{kind}, seed {seed}:", *shortened(kind, drawn(seed)), "", sep="\n  ", flush=True)
    return failing


if __name__ == "__main__":
    given_numbers = [int(one) for one in sys.argv[1:]]
    sys.exit(main(*given_numbers or (100,)))

"""`python -m tests.faults N [FIRST]`: run N seeds and say which of them broke a promise. Exit code 1 when one did."""

from __future__ import annotations

import gc
import logging
import sys
from collections import Counter
from decimal import Decimal
from time import process_time

import structlog

from tests.faults.promises import Outcome
from tests.faults.simulation import simulate


def main(count: int, first: int = 1) -> int:
    quiet()
    gc.freeze()  # what is imported stays; nobody need look through it for garbage
    started, outcomes = process_time(), []
    for seed in range(first, first + count):
        outcomes.append(simulate(seed))
        if outcomes[-1].broken:
            print(f"seed {seed}:", *(f"{kind}: {words}" for kind, words in outcomes[-1].broken), sep="\n  ", flush=True)
    _report(outcomes, process_time() - started)
    return 1 if any(one.broken for one in outcomes) else 0


def quiet() -> None:
    """The log would tell of every fault, at great length."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


def _report(outcomes: list[Outcome], seconds: float) -> None:
    failing = [one.seed for one in outcomes if one.broken]
    for title in ("faults", "kills", "meanwhile"):
        total: Counter[str] = sum((getattr(one, title) for one in outcomes), Counter())
        print(f"\n{title}: {total.total():,}")
        print(*(f"  {count:8,}  {name}" for name, count in sorted(total.items())), sep="\n")
    reached: Counter[str] = sum((one.reached for one in outcomes), Counter())
    killed: Counter[str] = sum((one.kills for one in outcomes), Counter())
    never = sorted(reached.keys() - killed.keys() - {"after a read"})
    broken = Counter(kind for one in outcomes for kind, _ in one.broken)
    counted = ("messages", "payments", "bookings", "rewards", "charges", "in_doubt")
    sums = {name: sum(getattr(one, name) for one in outcomes) for name in counted}
    money = sum((one.money for one in outcomes), Decimal(0))
    print(f"\nboundaries at which nobody was killed: {', '.join(never) or 'none'}")
    print(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sums.items()) + f", {money:,} of money")
    print(
        f"{len(outcomes)} runs, {len(failing)} failing {failing or ''}: {broken['twice']} duplicates, "
        f"{broken['lost']} lost, {broken['unexplained']} unexplained, {broken['other']} other; "
        f"{seconds / len(outcomes):.2f} CPU-seconds a run."
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50, int(sys.argv[2]) if len(sys.argv) > 2 else 1))

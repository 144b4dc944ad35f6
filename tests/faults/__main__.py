"""`python -m tests.faults N [FIRST]`: run N seeds and say which of them broke a promise. Exit code 1 when one did."""

from __future__ import annotations

import logging
import sys
from time import process_time

import structlog

from tests.faults.simulation import simulate


def main(count: int, first: int = 1) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    started, failing = process_time(), []
    totals = {"kills": 0, "faults": 0, "messages": 0, "payments": 0, "in_doubt": 0, "reconnected": 0}
    for seed in range(first, first + count):
        outcome = simulate(seed)
        for name in totals:
            totals[name] += getattr(outcome, name)
        if outcome.broken:
            failing.append(seed)
            print(f"seed {seed}:", *outcome.broken, sep="\n  ")
    seconds = (process_time() - started) / count
    print(f"{count} runs, {len(failing)} failing {failing or ''}; {totals}; {seconds:.2f} CPU-seconds a run.")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50, int(sys.argv[2]) if len(sys.argv) > 2 else 1))

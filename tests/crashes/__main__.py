"""`python -m tests.crashes N [SEED]`: kill N processes on SQLite and N pairs on PostgreSQL.

Says what they did meanwhile. Exit code 1 when a promise broke.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.crashes.killing import Killing
from tests.databases import migrated


def main(kills: int, seed: int = 1) -> int:
    broken = 0
    for backend in ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory(prefix="dunlin-crashes-") as folder, migrated(backend, Path(folder)) as url:
            outcome = Killing(seed, url, Path(folder)).run(kills)
        for kind, words in outcome.broken:
            print(f"  {kind}: {words}")
        print(
            f"{backend}: {outcome.kills.total()} killed, {len(outcome.broken)} promises broken; {outcome.messages} "
            f"messages, {outcome.payments} payments, {outcome.bookings} bookings, {outcome.in_doubt} in doubt; "
            f"people: {dict(outcome.done)}, refused: {dict(outcome.refused)}"
        )
        broken += len(outcome.broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 1))

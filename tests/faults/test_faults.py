"""The promises under faults: a few seeds every day, 300 in the whole suite; `make faults N=…` runs any number."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.simulation import simulate

CHUNK = 25
_REPLAY = "from tests.faults import __main__ as m; m.quiet(); print(m.simulate({seed}).digest)"


def test_a_hostile_week_breaks_no_promise() -> None:
    outcome = simulate(1)
    assert outcome.broken == []
    assert outcome.kills.total() + outcome.faults.total() > 5, "something went wrong, and did no harm"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(1, 301, CHUNK))
def test_many_hostile_weeks_break_no_promise(first: int) -> None:
    outcomes = [simulate(seed) for seed in range(first, first + CHUNK)]
    assert {one.seed: one.broken for one in outcomes if one.broken} == {}
    happened: Counter[str] = sum((one.faults + one.kills for one in outcomes), Counter())
    assert happened.total() > 20 * CHUNK
    assert sum(one.messages for one in outcomes) > CHUNK
    assert sum(one.payments for one in outcomes) > CHUNK / 2


@pytest.mark.slow
def test_the_same_seed_is_the_same_story_to_the_last_row() -> None:
    assert simulate(7) == simulate(7)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_another_machine_replays_a_seed_to_the_last_row() -> None:
    """Nothing may hang on the order of a set, which Python draws anew in each process."""
    said = _REPLAY.format(seed=7)
    digests = {_run(said, hashed) for hashed in ("1", "2")}
    assert digests == {simulate(7).digest}


def _run(said: str, hashed: str) -> str:
    """The last line that a Python of its own prints, its strings hashed by that seed."""
    environment = {**os.environ, "PYTHONHASHSEED": hashed}
    house = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, env=environment, cwd=house, check=True)
    return done.stdout.decode().splitlines()[-1]

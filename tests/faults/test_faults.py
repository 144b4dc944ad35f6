"""The promises under faults, a few seeds every day and fifty in the whole suite; `make faults N=…` runs any number."""

from __future__ import annotations

import pytest

from tests.faults.simulation import simulate


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_hostile_fortnight_breaks_no_promise(seed: int) -> None:
    assert simulate(seed).broken == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(5, 51, 2))
def test_many_hostile_fortnights_break_no_promise(first: int) -> None:
    assert {seed: simulate(seed).broken for seed in (first, first + 1)} == {first: [], first + 1: []}


def test_the_same_seed_is_the_same_story() -> None:
    assert simulate(7) == simulate(7)

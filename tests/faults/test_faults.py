"""The promises under faults: one seed every day, thirty in the whole suite; `make faults N=…` runs any number."""

from __future__ import annotations

import pytest

from tests.faults.simulation import simulate


def test_a_hostile_fortnight_breaks_no_promise() -> None:
    assert simulate(2).broken == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 31, 2))
def test_many_hostile_fortnights_break_no_promise(first: int) -> None:
    assert {seed: simulate(seed).broken for seed in (first, first + 1)} == {first: [], first + 1: []}


@pytest.mark.slow
def test_the_same_seed_is_the_same_story() -> None:
    assert simulate(7) == simulate(7)

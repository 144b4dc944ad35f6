"""After many days of work and faults the mirror is the ledger, to the cent: twelve days always, 200 at night."""

from __future__ import annotations

import pytest

from tests.faults.long_haul import haul


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fortnight_of_bookkeeping_with_faults_at_every_call_ends_with_the_ledgers_own_figures(seed: int) -> None:
    hauled = haul(seed, days=12)
    assert hauled.faults > 10
    assert hauled.differences == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [11, 12])
def test_two_hundred_days_of_it_end_with_the_ledgers_own_figures(seed: int) -> None:
    hauled = haul(seed, days=200)
    assert min(hauled.happened.values()) > 5, hauled.happened
    assert hauled.faults > 400
    assert hauled.differences == []

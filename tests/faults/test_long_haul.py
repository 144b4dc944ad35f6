"""After many days of work and faults the mirror is the ledger, to the cent: two days always, a hundred at night."""

from __future__ import annotations

import pytest

from tests.faults.long_haul import haul


def test_two_days_of_bookkeeping_with_faults_at_every_call_end_with_the_ledgers_own_figures() -> None:
    hauled = haul(1, days=2)
    assert hauled.faults > 10
    assert hauled.differences == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_days_of_it_end_with_the_ledgers_own_figures() -> None:
    hauled = haul(11, days=100)
    assert min(hauled.happened.values()) > 5, hauled.happened
    assert hauled.faults > 200
    assert hauled.differences == []

"""Each cause of silence alone: it is named with its invoice, it is true, and without it the invoice is spoken about."""

from __future__ import annotations

import pytest

from core.because import Cause
from tests.core.builders import OFFICE
from tests.core.causes import CASES, NEVER_PLANNED
from tests.core.truths import Seen
from tests.core.worlds import World, lines


def test_no_cause_is_without_its_facts_its_truth_and_its_remedy() -> None:
    assert set(CASES) | NEVER_PLANNED == set(Cause)
    assert not set(CASES) & NEVER_PLANNED


@pytest.mark.parametrize("cause", list(CASES))
def test_where_it_is_the_only_cause_removing_it_lets_the_invoice_be_spoken_about(cause: Cause) -> None:
    case = CASES[cause]
    world = World(case.facts, case.cadence, OFFICE, case.now)
    answer = world.ask()
    (because,) = answer.because
    assert (because.cause, because.invoice, answer.actions) == (cause, 1, ())
    seen = Seen(world, answer, because)
    assert case.is_true(seen)
    assert lines(case.lift(seen).ask().actions) == [1]

"""How an account pays: its kind and its usual delay, from the days its own paid invoices were late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cadence import Payer
from core.habits import habit


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        ([], (Payer.NEW, 0)),
        ([0, 0], (Payer.NEW, 0)),
        ([0, 0, 0], (Payer.STEADY, 0)),
        ([-9, -5, -8, -12], (Payer.STEADY, 0)),
        ([5, 6, 5, 7, 5], (Payer.STEADY, 5)),
        ([7, 7, 7], (Payer.STEADY, 7)),
        ([8, 8, 8], (Payer.SLOW, 8)),
        ([20, 35, 28, 30], (Payer.SLOW, 28)),
        ([0, 0, 40, 0, 0, 40, 0, 40, 1, 0], (Payer.UNSURE, 0)),
        ([0, 0, 40, 0, 0], (Payer.STEADY, 0)),
        ([0, 0, 0, 0, 25, 30], (Payer.UNSURE, 0)),
        ([0, 0, 0, 0, 25, 30, 0], (Payer.UNSURE, 0)),
        ([2, 3, 3, 2, 30], (Payer.STEADY, 3)),
    ],
)
def test_the_kind_of_payer_and_its_usual_delay(delays: list[int], told: tuple[Payer, int]) -> None:
    assert habit(delays) == told


def test_only_the_last_dozen_count() -> None:
    assert habit([60] * 50 + [1] * 12) == (Payer.STEADY, 1)
    assert habit([1] * 50 + [60] * 12) == (Payer.SLOW, 60)


@given(st.lists(st.integers(-60, 400)))
def test_a_usual_delay_is_never_negative_and_three_payments_make_a_habit_of_some_kind(delays: list[int]) -> None:
    payer, usual = habit(delays)
    assert usual >= 0
    assert (payer is Payer.NEW) == (len(delays) < 3)
    assert payer is not Payer.STEADY or usual <= 7

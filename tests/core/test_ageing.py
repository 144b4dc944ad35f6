"""The bands of age leave no day out and count none twice."""

from __future__ import annotations

import pytest

from core.ageing import BANDS


@pytest.mark.parametrize("days", [*range(-40, 130), 4000])
def test_every_day_belongs_to_one_band(days: int) -> None:
    assert [band.holds(days) for band in BANDS].count(True) == 1


@pytest.mark.parametrize(("days", "place"), [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)])
def test_the_ends_of_a_band_belong_to_it(days: int, place: int) -> None:
    assert BANDS[place].holds(days)

"""A colour stays itself where it can be read, and else comes as near to itself as can be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.contrast import mix, ratio, shade

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_black_on_white_is_21_and_a_colour_on_itself_is_1() -> None:
    assert round(ratio("#000000", "#ffffff"), 3) == 21.0
    assert ratio("#1d6b63", "#1d6b63") == 1.0


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert shade("#1d6b63", "#ffffff") == "#1d6b63"


def test_yellow_becomes_darker_on_white_and_navy_lighter_on_black() -> None:
    assert ratio("#ffff00", "#ffffff") < 1.1
    assert ratio(shade("#ffff00", "#ffffff"), "#ffffff") >= 4.5
    assert ratio(shade("#000080", "#000000"), "#000000") >= 4.5


@given(COLOURS)
def test_every_colour_has_a_shade_that_can_be_read_by_day_and_by_night(colour: str) -> None:
    for ground in ("#f0ede6", "#26323a"):
        assert ratio(shade(colour, ground), ground) >= 4.5


@given(COLOURS, st.floats(0, 1))
def test_a_mixture_is_a_colour(colour: str, part: float) -> None:
    assert len(mix(colour, (255, 255, 255), part)) == 7

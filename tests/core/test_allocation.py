"""A sum spread over what is open: in order, to the cent, never more than is open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.allocation import allocate
from core.money import Money

BALANCES = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


@given(BALANCES, st.data())
def test_the_first_are_filled_first_and_not_a_cent_is_lost(minors: list[int], data: st.DataObject) -> None:
    total = sum(minors)
    if not total:
        return
    amount = data.draw(st.integers(1, total))
    found = allocate(pounds(amount), enumerate(map(pounds, minors)))
    assert sum(part.minor for _, part in found) == amount
    assert [place for place, _ in found] == sorted(place for place, _ in found)
    assert all(0 < part.minor <= minors[place] for place, part in found)
    short = [place for place, part in found if part.minor < minors[place]]
    assert short in ([], [found[-1][0]]), "only the last one may stay open"


@pytest.mark.parametrize("amount", [Money(0, "GBP"), Money(-1, "GBP"), Money(301, "GBP"), Money(5, "EUR")])
def test_what_cannot_be_spread_is_refused(amount: Money) -> None:
    with pytest.raises(ValueError, match=r"cannot be spread|more than is open|EUR"):
        allocate(amount, [("a", pounds(100)), ("b", pounds(200))])

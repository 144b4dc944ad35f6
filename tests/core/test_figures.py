"""The figures of the trade, each worked out by hand beside the program."""

from __future__ import annotations

from datetime import date

import pytest

from core.backtest import Past
from core.insights.figures import (
    Books,
    MixedCurrencies,
    ageing,
    best_possible_dso,
    countback,
    days_beyond_terms,
    dso,
    effectiveness,
    left,
    on_time,
)
from core.money import Money

YEAR = 2026
JANUARY, MARCH = date(YEAR, 1, 1), date(YEAR, 3, 31)


def euros(whole: int, code: str = "EUR") -> Money:
    return Money(whole * 100, code)


def an_invoice(
    number: str, issued: tuple[int, int], due: tuple[int, int], amount: int, *paid: tuple[int, int, int]
) -> Past:
    """Days are (month, day); a payment is (month, day, amount)."""
    parts = tuple((date(YEAR, month, day), euros(part)) for month, day, part in paid)
    return Past("Alder", number, date(YEAR, *issued), date(YEAR, *due), euros(amount), parts)


# Sales: January 1,000, February 1,000, March 1,500. Open on 31 March: 500 + 1,000 + 1,500, of that 1,500 not due.
JAN_A = an_invoice("A", (1, 5), (2, 4), 500, (2, 14, 500))  # ten days late
JAN_B = an_invoice("B", (1, 20), (2, 19), 500)
FEB = an_invoice("C", (2, 10), (3, 12), 1000)
MAR = an_invoice("D", (3, 15), (4, 14), 1500)
QUARTER = Books((JAN_A, JAN_B, FEB, MAR), JANUARY, MARCH)


def test_dso_is_receivables_over_sales_times_days() -> None:
    assert dso(QUARTER).value == pytest.approx(3000 / 3500 * 90)
    assert dso(QUARTER).of == (JAN_B, FEB, MAR, JAN_A)


def test_by_countback_each_month_used_up_counts_with_its_days() -> None:
    assert countback(QUARTER).value == pytest.approx(31 + 28 + 500 / 1000 * 31)


def test_by_countback_a_part_of_the_last_month_is_enough_when_little_is_open() -> None:
    half_paid = an_invoice("D", (3, 15), (4, 14), 1500, (3, 30, 900))
    assert countback(Books((half_paid,), JANUARY, MARCH)).value == pytest.approx(600 / 1500 * 31)


def test_the_best_possible_dso_counts_what_is_not_yet_due() -> None:
    assert best_possible_dso(QUARTER).value == pytest.approx(1500 / 3500 * 90)


def test_days_beyond_terms_are_weighted_by_amount_and_never_below_zero() -> None:
    early = an_invoice("E", (1, 10), (2, 9), 1500, (1, 15, 1500))
    assert days_beyond_terms(Books((JAN_A, early, JAN_B), JANUARY, MARCH)).value == pytest.approx(500 * 10 / 2000)


def test_the_collection_effectiveness_index_leaves_out_what_could_not_be_collected_yet() -> None:
    march = Books(QUARTER.invoices, date(YEAR, 3, 1), MARCH)
    # At the beginning 1,500 open, 1,500 sold, at the end 3,000 open of which 1,500 not due: nothing of 1,500 came in.
    assert effectiveness(march).value == 0
    # In the quarter: 0 at the beginning, 3,500 sold, 3,000 open: 500 of 2,000 came in.
    assert effectiveness(QUARTER).value == pytest.approx(25)


def test_the_on_time_rate_counts_invoices_that_fell_due() -> None:
    on_the_day = an_invoice("F", (1, 10), (2, 9), 10, (2, 9, 10))
    found = on_time(Books((*QUARTER.invoices, on_the_day), JANUARY, MARCH))
    assert found.value == pytest.approx(1 / 4)
    assert MAR not in found.of


def test_what_is_open_is_shown_by_age_with_its_invoices() -> None:
    found = ageing(QUARTER)
    assert [sum_.minor for _, sum_, _ in found] == [150000, 100000, 50000, 0, 0]
    assert [these for _, _, these in found][:3] == [(MAR,), (FEB,), (JAN_B,)]


def test_part_payments_count_from_their_day() -> None:
    one = an_invoice("G", (1, 5), (2, 4), 100, (1, 20, 30), (2, 1, 70))
    assert [left(one, date(YEAR, month, day)) for month, day in ((1, 4), (1, 19), (1, 20), (2, 1))] == [
        0,
        10000,
        7000,
        0,
    ]


def test_where_nothing_was_sold_or_fell_due_a_figure_says_nothing() -> None:
    nothing = Books((), JANUARY, MARCH)
    for figure in (dso, best_possible_dso, days_beyond_terms, effectiveness, on_time):
        assert figure(nothing).value is None
    assert countback(nothing).value == 0
    assert ageing(nothing) == ()


def test_sums_of_several_currencies_are_refused() -> None:
    dollars = Past("Birch", "H", JANUARY, MARCH, euros(5, "USD"))
    with pytest.raises(MixedCurrencies):
        Books((JAN_A, dollars), JANUARY, MARCH)

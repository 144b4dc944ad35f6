"""When an invoice will be paid: only what was known on the day counts, open invoices count, and the promises hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.insights.assessing import Assessment, TooFew, assess, within
from core.insights.choosing import PLAIN, choose
from core.insights.forecaster import Forecast, Forecaster, Settings
from core.insights.grid import Grid, grid_of
from core.insights.groups import BOTH
from core.insights.months import by_month
from core.insights.reasons import in_words
from core.insights.standing import Standing, Verdict, verdict
from core.insights.survival import shrunk, summed
from core.insights.timeline import Invoice, split, timeline
from tests.core.insight_books import HABITS, START, book

EVERY_TRAIT = Settings(365, True, BOTH, 3.0, tuple(range(16)), (0.5, 0.5, 0.5, 0.5))
GRID = Grid(-60, 120)


def foretold(invoices: list[Invoice], chosen: Settings = PLAIN, until: int | None = None) -> list[Forecast]:
    forecaster, found = Forecaster(GRID, chosen, START), []
    for day, settled, issued in timeline(invoices, until):
        forecaster.settle(settled)
        found += forecaster.issue(day, issued)
    return found


def an_invoice(place: int, account: str, issued: int, settled: int | None, terms: int = 30) -> Invoice:
    return Invoice(place, account, START + issued, START + issued + terms, settled and START + settled, 8.0, "EUR")


# Nothing known later is used


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(("all later", "never")), st.integers(60, 200))
def test_whatever_happens_later_the_forecasts_of_a_day_stay_the_same(seed: int, then: str, days: int) -> None:
    day = START + days
    past = book("of two minds", 250, seed)
    future = [
        replace(one, settled=None if then == "never" else one.settled + 9)
        if one.settled is not None and one.settled >= day
        else one
        for one in past
    ]
    same, other = (foretold(one, EVERY_TRAIT, day + 1) for one in (past, future))
    assert [one.summed for one in same] == [one.summed for one in other]
    assert [one.stand for one in same] == [one.stand for one in other]


def test_the_settings_are_chosen_without_a_look_at_what_is_settled_in_the_test() -> None:
    past = book("a long tail", 200)
    earlier, test = split(past)
    until = test[0].issued
    moved = [replace(one, settled=one.settled + 40) if one.late >= until - one.due else one for one in past]
    chosen = [
        choose(one, split_off, until, GRID) for one, split_off in ((past, earlier), (moved, moved[: len(earlier)]))
    ]
    assert chosen[0] == chosen[1]
    assert past != moved


def test_what_is_settled_on_a_day_is_known_on_the_next() -> None:
    paid, same_day, day_after = (
        an_invoice(0, "Alder", 0, 50),
        an_invoice(1, "Birch", 50, None),
        an_invoice(2, "Birch", 51, None),
    )
    days = [(day - START, [one.place for one in settled]) for day, settled, _ in timeline([paid, same_day, day_after])]
    assert days == [(0, []), (50, []), (51, [0])]


def test_a_dispute_is_no_part_of_an_invoice_here() -> None:
    assert not any("disput" in name for name in Invoice.__dataclass_fields__)


# What is open counts


def test_an_account_that_stays_silent_is_expected_later_than_one_without_a_past() -> None:
    others = [an_invoice(place, f"Other {place % 7}", place, place + 30 + place % 9) for place in range(120)]
    silent = [an_invoice(200 + place, "Silent", 40 + place, None) for place in range(4)]
    new = [an_invoice(300, "Silent", 130, None), an_invoice(301, "Nobody yet", 130, None)]
    waited, fresh = foretold([*others, *silent, *new])[-2:]
    assert waited.known.count == fresh.known.count == 0
    assert waited.point > fresh.point + 20
    assert waited.late > fresh.late


def test_an_open_invoice_says_nothing_beyond_the_days_it_has_lasted() -> None:
    prior = [0.1] * 10
    assert shrunk(prior, 5, [0] * 10, 1, [0, 0]) == pytest.approx(prior)
    lasted = shrunk(prior, 5, [0] * 10, 1, [4])
    assert lasted[:4] == pytest.approx([5 / 6 * 0.1] * 4)
    later = lasted[4:]
    assert sum(lasted) == pytest.approx(1)
    assert later == pytest.approx([later[0]] * 6)  # in the shape of the prior


def test_without_a_prior_the_estimate_is_that_of_kaplan_and_meier() -> None:
    """Freireich et al. (1963), 6-MP group, in weeks: the survival printed in every textbook."""
    ended = [0.0] * 24
    for week in (6, 6, 6, 7, 10, 13, 16, 22, 23):
        ended[week] += 1
    still = [week + 1 for week in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
    left = [1 - one for one in summed(shrunk([1 / 24] * 24, 1e-9, ended, 1, still))]
    assert [round(left[week], 3) for week in (6, 7, 10, 13, 16, 22)] == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538]


# What a forecast is


def test_bands_nest_and_hold_the_median() -> None:
    for forecast in foretold(book("a long tail", 300), EVERY_TRAIT):
        (least, most), (low, high) = forecast.band(0.8), forecast.band(0.5)
        assert least <= low <= forecast.point <= high <= most
        assert [forecast.by(late) for late in (-500, 500)] == [0, 1]


def test_where_everybody_pays_on_the_same_day_so_it_is_said() -> None:
    found = assess(book("all alike", 300))
    assert found.forecast.mae == found.naive.mae == 0
    assert found.forecast.auc is None
    assert {one.point for one in found.tested} == {7}


def test_a_company_says_nothing_about_another() -> None:
    """Two companies walked one after the other are foretold as each is alone: nothing is kept between walks."""
    alone = [one.summed for one in foretold(book("early payers", 200))]
    foretold(book("a long tail", 200))
    assert [one.summed for one in foretold(book("early payers", 200))] == alone


def test_ties_by_invoice_date_are_split_in_the_order_of_the_file() -> None:
    same_day = [an_invoice(place, "Alder", 0, 30 + place) for place in range(10)]
    earlier, test = split(list(reversed(same_day)))
    assert ([one.place for one in earlier], [one.place for one in test]) == (list(range(7)), [7, 8, 9])


def test_open_invoices_are_not_put_to_the_test() -> None:
    rows = [an_invoice(place, "Alder", place, place + 30 if place % 2 else None) for place in range(20)]
    earlier, test = split(rows)
    assert (len(earlier), [one.place for one in test]) == (7, [15, 17, 19])


@pytest.mark.parametrize("count", [0, 1, 19])
def test_a_book_with_too_little_in_it_is_told_so(count: int) -> None:
    with pytest.raises(TooFew, match=f"Only {count} invoices .* from 20 on"):
        assess(book("early payers", count))


def test_twenty_settled_invoices_are_enough_to_be_judged_with_plain_settings() -> None:
    found = assess(book("early payers", 20))
    assert (found.forecast.n, found.settings, found.before) == (6, PLAIN, Verdict.TOO_FEW)
    assert "Too little" in in_words(found)


# What it promises, on very different books


def kept(found: Assessment) -> list[str]:
    """The promises that a book broke."""
    ours, naive = found.forecast, found.naive
    broken = [
        f"in {share}" for share in (50, 80) if not within(getattr(ours, f"coverage_{share}"), share / 100, ours.n)
    ]
    if ours.mae > 1.02 * naive.mae:
        broken.append(f"{ours.mae:.2f} days off, the naive rule {naive.mae:.2f}")
    return broken


@pytest.mark.parametrize("habit", ["a drifting company"])
def test_the_bands_hold_what_they_say_and_the_naive_rule_is_never_nearer(habit: str) -> None:
    assert kept(assess(book(habit, 1000))) == []


@pytest.mark.slow
@pytest.mark.parametrize("habit", HABITS)
def test_on_larger_books_of_every_kind_no_promise_breaks_more_often_than_chance_allows(habit: str) -> None:
    """Of coverages that are exactly right, 1 in 20 lies outside its interval: one of six may, and then only just."""
    several = [assess(book(habit, 2400, seed)) for seed in (2, 3, 4)]
    assert [broken for found in several for broken in kept(found)] in ([], ["in 50"], ["in 80"])
    assert all(0.77 <= found.forecast.coverage_80 <= 0.845 for found in several)


# Beside the naive rule


def test_better_and_worse_are_further_apart_than_one_standard_error() -> None:
    assert verdict([0.1, 0.2] * 40) is Verdict.WORSE
    assert verdict([-0.1, -0.2] * 40) is Verdict.BETTER
    assert verdict([1, -1] * 40) is Verdict.ALIKE
    assert verdict([5.0] * 19) is Verdict.TOO_FEW


def test_while_the_naive_rule_is_nearer_its_days_are_given_and_afterwards_no_longer() -> None:
    standing = Standing()
    steps = []
    for day in range(0, 600, 2):
        steps.append(standing.look(day))
        standing.settle(day, 1.0 + day % 4 if 100 <= day < 300 else -1.0)
    first, last = 2 * steps.index(True), 2 * (len(steps) - 1 - steps[::-1].index(True))
    assert 150 <= first <= 300
    assert first < last < 500
    assert not steps[-1]


def test_a_forecast_that_stepped_back_says_so_in_words() -> None:
    found = assess(book("early payers", 300))
    assert not found.steps_back
    stepped = replace(found, judged=tuple(replace(one, stepped=True) for one in found.judged))
    assert stepped.steps_back
    assert "For 90 of the 90 invoices of the test it steps back" in in_words(stepped)
    assert "its days are given throughout" in in_words(replace(stepped, before=Verdict.WORSE))


def test_every_month_has_a_verdict_and_the_months_hold_every_settled_invoice() -> None:
    past = book("a drifting company", 500)
    found = assess(past)
    months = by_month(found.judged)
    assert sum(month.n for month in months) == len(past)
    assert [month.month for month in months] == sorted({month.month for month in months})
    assert {month.verdict for month in months if month.tested and month.n >= 20} == {Verdict.BETTER}
    assert all(month.mae < month.naive_mae for month in months if month.tested and month.n >= 20)


def test_the_grid_has_room_for_a_company_that_drifts() -> None:
    assert grid_of([0] * 100) == Grid(-20, 20)
    assert grid_of([*range(-50, 151)]) == Grid(-98, 198)
    assert grid_of([]) == Grid(-52, 82)

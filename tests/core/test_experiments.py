"""Fair tests: the account is the unit, one may look every day, and "cannot tell yet" is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import sqrt

import pytest

from core.insights import guards
from core.insights.assigning import assign, joining
from core.insights.curves import Spell, curve, difference, spread_of_mean_days
from core.insights.fair import Unit, answer, firsts, followed, in_words, kinds_of, wave_length
from core.insights.safe import ALPHA, Evidence
from core.insights.scores import at_most
from core.insights.simulating import World, alarms, invoices, power

# Freireich et al. (1963): weeks in remission, 6-MP and placebo; the example of most textbooks on survival.
TREATED = [Spell(str(at), week, True) for at, week in enumerate((6, 6, 6, 7, 10, 13, 16, 22, 23))] + [
    Spell(f"c{at}", week, False) for at, week in enumerate((6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
]
PLACEBO = [
    Spell(str(at), week, True)
    for at, week in enumerate((1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23))
]


def evidence_of(first: Sequence[Spell], second: Sequence[Spell]) -> Evidence:
    found = Evidence()
    for day in range(40):
        at_risk = sum(one.days >= day for one in first), sum(one.days >= day for one in second)
        ended = (
            sum(one.ended and one.days == day for one in first),
            sum(one.ended and one.days == day for one in second),
        )
        found.add(at_risk, ended)
    return found


# Curves


def test_the_curve_is_the_one_printed_in_textbooks() -> None:
    left = curve(TREATED, 36).left
    assert [round(left[week], 4) for week in (5, 6, 7, 10, 13, 16, 22, 23, 35)] == [
        1.0,
        0.8571,
        0.8067,
        0.7529,
        0.6902,
        0.6275,
        0.5378,
        0.4482,
        0.4482,
    ]


def test_with_nobody_open_the_restricted_mean_is_the_plain_mean() -> None:
    assert curve(PLACEBO, 40).mean == pytest.approx(sum(one.days for one in PLACEBO) / len(PLACEBO))
    assert curve(PLACEBO, 10).mean == pytest.approx(sum(min(one.days, 10) for one in PLACEBO) / len(PLACEBO))


def test_the_plain_log_rank_statistic_is_the_one_printed_in_textbooks() -> None:
    assert evidence_of(TREATED, PLACEBO).chi_square == pytest.approx(16.79, abs=0.005)


def test_the_interval_is_that_of_leaving_out_one_account_after_the_other() -> None:
    spells = [Spell(one.account, min(one.days or 0, 60), (one.days or 0) <= 60) for one in invoices(World(80), 1)]
    accounts = sorted({one.account for one in spells})
    without = [curve([one for one in spells if one.account != left_out], 60).mean for left_out in accounts]
    middle = sum(without) / len(without)
    jackknife = sqrt((len(without) - 1) / len(without) * sum((one - middle) ** 2 for one in without))
    assert spread_of_mean_days(spells, 60) == pytest.approx(jackknife, rel=0.03)


def test_invoices_of_one_account_do_not_make_the_interval_narrower() -> None:
    once = [Spell(str(at), 10 + at % 20, True) for at in range(40)]
    five_times = [one for one in once for _ in range(5)]
    assert spread_of_mean_days(five_times, 40) == pytest.approx(spread_of_mean_days(once, 40))


def test_the_difference_is_the_seconds_less_the_firsts_within_days_both_were_followed() -> None:
    first = [Spell(str(at), 20 + at % 5, True) for at in range(50)]
    second = [Spell(str(at), 14 + at % 5, True) for at in range(50)]
    found = difference(first, second)
    assert (found.horizon, found.days) == (18, pytest.approx(16 - 18, abs=0.5))
    assert found.low < found.days < found.high < 0


# Evidence


def test_without_a_difference_the_evidence_has_mean_one_whoever_is_in_which_group() -> None:
    """Six accounts are paid on days of which two fall together; every way to deal them into two groups is tried."""
    days = (1, 2, 2, 3, 4, 5)
    values = []
    for second in combinations(range(6), 3):
        found = Evidence()
        for day in sorted(set(days)):
            risk, ended = [0, 0], [0, 0]
            for place, one in enumerate(days):
                risk[place in second] += one >= day
                ended[place in second] += one == day
            found.add((risk[0], risk[1]), (ended[0], ended[1]))
        values.append(found.value)
    assert sum(values) / len(values) == pytest.approx(1)
    assert min(values) < 1 < max(values)


def test_where_only_one_group_is_left_nothing_is_learnt() -> None:
    found = Evidence()
    found.add((0, 5), (0, 2))
    found.add((4, 4), (0, 0))
    assert (found.value, found.events) == (1, 0)


def units(group: int, days: int | None, count: int, began: int = 0) -> list[Unit]:
    return [Unit(f"{group}/{at}", group, began + at % 3, days and days + at % 7) for at in range(count)]


def last(every: list[Unit], until: int, length: int = 7) -> Evidence:
    return next(reversed([found for _, found in followed(every, length, until)]), Evidence())


def test_what_happens_later_does_not_change_what_is_known_today() -> None:
    every = [*units(0, 30, 20), *units(1, 20, 20)]
    today = 25
    later = [replace(one, days=90) if one.began + (one.days or 0) > today else one for one in every]
    assert later != every
    assert last(every, today).logs == last(later, today).logs
    assert last(every, 60).value > last(every, today).value


def test_only_accounts_of_one_wave_and_one_kind_are_compared() -> None:
    apart = [*units(0, 30, 20), *(replace(one, kind=1) for one in units(1, 20, 20))]
    later = [*units(0, 30, 20), *units(1, 20, 20, began=70)]
    assert last(apart, 200).events == last(later, 200).events == 0


def test_an_invoice_that_was_voided_counts_until_then() -> None:
    every = [*units(0, 30, 5), *(replace(one, days=None, left=10) for one in units(1, 30, 5))]
    assert last(every, 200).events == 0
    assert last([*every, *units(1, 9, 1)], 200).events == 1


def test_each_account_counts_with_its_first_invoice_only() -> None:
    assert [one.began for one in firsts([Unit("Alder", 0, 9, 3), Unit("Alder", 0, 2, 30), Unit("Birch", 1, 5, 1)])] == [
        2,
        5,
    ]


def test_waves_are_long_enough_to_compare_in_and_kinds_are_of_equal_size() -> None:
    assert [wave_length(accounts, 6) for accounts in (2000, 300, 90, 20)] == [1, 7, 14, 28]
    assert sorted(kinds_of({str(at): float(at) for at in range(9)}).values()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


# Answers


def test_usually_the_first_answer_is_that_nobody_can_tell_yet() -> None:
    said = answer(last([*units(0, 30, 40), *units(1, 28, 40)], 36), 5)
    assert not said.told
    assert in_words(said, ("the old one", "the new one")).startswith("Cannot tell yet; if it goes on like this, about ")


def test_where_nothing_was_paid_that_is_said() -> None:
    assert in_words(answer(Evidence(), 1), ("a", "b")) == "Cannot tell yet: nothing was paid that could be compared."


def test_a_small_difference_is_not_promised_for_next_year() -> None:
    found = Evidence()
    for _ in range(60):
        found.add((50, 50), (1, 1))
    assert "hardly will within a year" in in_words(answer(found, 8), ("a", "b"))


def test_when_too_few_accounts_are_left_that_is_said_instead_of_a_number_of_weeks() -> None:
    found = last([*units(0, 30, 40), *units(1, 28, 40)], 36)
    assert "about" in in_words(answer(found, 6, still=4000), ("a", "b"))
    assert "with the accounts there are" in in_words(answer(found, 6, still=4), ("a", "b"))


def test_a_large_difference_is_told_and_names_who_is_paid_sooner() -> None:
    said = answer(last([*units(0, 60, 60), *units(1, 20, 60)], 90), 12)
    assert said.told
    assert said.evidence >= 1 / ALPHA
    assert in_words(said, ("The old one", "The new one")).startswith("The new one is paid sooner.")


def test_a_guard_ends_a_test_when_the_new_cadence_costs_more_and_not_when_it_costs_less() -> None:
    quiet, loud = (
        units(0, None, 60),
        [replace(one, days=5 if at < 16 else None) for at, one in enumerate(units(1, 0, 60))],
    )
    assert guards.spoken({"disputes": [*quiet, *loud]}, 7, 100) == ["disputes"]
    turned = [replace(one, group=1 - one.group) for one in (*quiet, *loud)]
    assert guards.spoken({"disputes": turned}, 7, 100) == []
    assert guards.in_words(["disputes", "opt_outs"]) == (
        "The test ends: with the new cadence more customers dispute an invoice, "
        "and more customers want no more reminders."
    )


# Who is in which group


def test_groups_are_even_in_number_and_in_balance_and_never_change() -> None:
    balances = {f"account {at}": at * at for at in range(80)}
    found = assign("winter", balances)
    assert assign("winter", dict(reversed(balances.items()))) == found
    assert assign("spring", balances) != found
    for part in range(4):
        assert sum(found[f"account {at}"] for at in range(20 * part, 20 * part + 20)) == 10


def test_who_joins_later_is_placed_by_hash_alone() -> None:
    placed = [joining("winter", f"account {at}") for at in range(1000)]
    assert 450 < sum(placed) < 550
    assert placed == [joining("winter", f"account {at}") for at in range(1000)]


# Simulated


def test_daily_looks_raise_no_more_false_alarms_than_promised_and_invoices_as_units_do() -> None:
    found = alarms(World(accounts=80, weeks=20, habit=2.0, every=10.0), 60, 60, 1)
    assert found.alarms <= at_most(60, ALPHA)
    assert found.ignoring > 2 * at_most(60, ALPHA)
    assert found.held > found.held_ignoring


def test_a_large_difference_is_found_and_on_the_right_side() -> None:
    found = power(World(accounts=200, weeks=13, ratio=3.0), 15, 1)
    assert found.stopped >= 13
    assert found.wrong == 0
    assert found.days > 5

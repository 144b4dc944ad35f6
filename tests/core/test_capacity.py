"""What a day of many companies costs, worked out: counted by hand from the rounds' rules, and growing with its load."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import capacity
from core.capacity import Limits, Load

LOAD = Load(companies=100, accounts=100, invoices=300, changes=20, xero_share=0.5)
LIMITS = Limits(
    xero_day=1_000,
    xero_minute=60,
    xero_app_minute=10_000,
    quickbooks_minute=500,
    quickbooks_month=500_000,
)
QUIET = replace(LOAD, messages=0)


def calls(kind: str, load: Load = QUIET) -> float:
    """By the clock, without the two of each week about the company itself."""
    return sum(number for purpose, number in capacity.calls_of(kind, load).items() if purpose != "company")


def test_a_day_of_one_company_in_quickbooks_is_five_readings_and_a_sweep_of_invoices_and_credits() -> None:
    assert calls("quickbooks") == (1 + 4) * 1 + 2


def test_a_day_of_one_company_in_xero_is_a_night_of_six_lists_four_rounds_of_one_and_a_sweep_of_four() -> None:
    assert calls("xero") == 6 + 4 * 1 + 4


def test_a_second_page_of_open_invoices_is_one_more_call_and_a_thousandth_invoice_is_not() -> None:
    assert calls("xero", replace(QUIET, invoices=1000)) == calls("xero")
    assert calls("xero", replace(QUIET, invoices=1001)) == calls("xero") + 1


def test_messages_cost_calls_at_the_door_of_xero_only_and_seldom_more_often_than_once_a_day() -> None:
    busy = replace(LOAD, messages=60)
    assert calls("quickbooks", busy) == calls("quickbooks")
    assert calls("xero", busy) - calls("xero") == pytest.approx(5 * 1.4)
    assert capacity.mail_rounds(0.01) == pytest.approx(0.01, rel=0.01)


def test_bookings_are_calls_of_their_own() -> None:
    assert capacity.a_day(QUIET, writes=3).calls["write"] == 300


@pytest.mark.parametrize(("companies", "first"), [(1, 1), (8, 8), (9, 8), (10, 8), (90, 60)])
def test_the_nights_of_many_companies_are_spread_over_ninety_minutes(companies: int, first: int) -> None:
    """Seven minutes apart: the ninth of them begins after an hour and three minutes."""
    assert capacity.in_one_hour(companies) == first


def test_the_busiest_hour_is_the_night_of_quiet_companies() -> None:
    """Of a hundred companies the 67 whose turn comes in the first hour of the night: readings and sweeps."""
    nights = 50 * (1 + 2) + 50 * (6 + 4)
    assert capacity.a_day(QUIET).hour == pytest.approx(nights * capacity.in_one_hour(100) / 100)
    assert capacity.a_day(QUIET).hour < nights


@pytest.mark.parametrize("more", ["companies", "accounts", "invoices", "changes"])
def test_more_of_anything_never_costs_less(more: str) -> None:
    few, many = capacity.a_day(LOAD), capacity.a_day(replace(LOAD, **{more: 10_000}))
    for name in ("hour", "jobs", "messages", "seconds", "busy_seconds", "start_bytes", "year_bytes"):
        assert getattr(many, name) >= getattr(few, name), name
    assert (many.seconds, many.year_bytes) > (few.seconds, few.year_bytes)
    assert sum(many.calls.values()) >= sum(few.calls.values())


def test_ten_times_the_companies_use_ten_times_as_much_of_what_the_whole_app_is_allowed() -> None:
    few = {one.what: one.share for one in capacity.uses(LOAD, LIMITS)}
    many = {one.what: one.share for one in capacity.uses(replace(LOAD, companies=1000), LIMITS)}
    for what in few:
        shared = what.endswith("whole app") or what.startswith("processor")
        assert many[what] == pytest.approx(few[what] * (10 if shared else 1)), what


def test_what_breaks_first_stands_first() -> None:
    shares = [one.share for one in capacity.uses(LOAD, LIMITS)]
    assert shares == sorted(shares, reverse=True)
    scarce = capacity.uses(LOAD, replace(LIMITS, xero_day=10))
    assert (scarce[0].what, scarce[0].share > 1) == ("Xero: calls a day, one organisation", True)


def test_nobody_in_xero_uses_nothing_of_xero() -> None:
    found = {one.what: one.used for one in capacity.uses(replace(LOAD, xero_share=0), LIMITS)}
    assert not any(used for what, used in found.items() if what.startswith("Xero"))


def test_a_second_process_halves_what_a_round_takes_of_them() -> None:
    alone, two = (capacity.uses(LOAD, replace(LIMITS, processes=n)) for n in (1, 2))
    share = {one.what: one.share for one in alone}
    halved = {one.what: one.share for one in two}
    name = "processor seconds in a round of 15 minutes"
    assert halved[name] == pytest.approx(share[name] / 2)


def test_what_is_forgotten_stops_to_grow_and_what_is_kept_does_not() -> None:
    year, two = capacity.rows(LOAD, 365), capacity.rows(LOAD, 730)
    assert two["delivery"] == year["delivery"] < 100 * 20 * 31
    assert two["reading"] == year["reading"]
    assert two["message"] == pytest.approx(2 * year["message"])
    assert two["account"] == year["account"] == 100 * 100


def test_an_empty_book_stores_the_tables_and_its_companies_alone() -> None:
    nobody = Load(companies=1, accounts=0, invoices=0, changes=0, messages=0)
    assert capacity.stored(nobody, 0) == capacity.EMPTY_BYTES + capacity.BYTES["company"][0]

"""`flask capacity` says what a day costs and what breaks first; the bench measures what it predicts."""

from __future__ import annotations

import json

import pytest

from app import create_app
from bench import capacity, capacity_run
from core.capacity import Load


def run(*arguments: str) -> tuple[int, str]:
    result = create_app().test_cli_runner().invoke(args=["capacity", *arguments])
    return result.exit_code, result.output


def test_the_command_needs_no_settings_and_names_what_breaks_first() -> None:
    code, said = run("--companies", "1000")
    assert code == 0
    assert said.startswith("1,000 companies, 500 in QuickBooks and 500 in Xero; a working day:")
    assert "First breaks: processor seconds in a round of 15 minutes" in said


def test_enough_processes_leave_the_metered_reads_of_quickbooks_as_what_breaks_first() -> None:
    code, said = run("--companies", "1000", "--xero-share", "0", "--processes", "1000", "--json")
    first = json.loads(said)["limits"][0]
    assert (code, first["what"], first["limit"]) == (0, "QuickBooks: metered reads a month, whole app", 500_000)


def test_a_limit_of_one_organisation_names_no_number_of_companies() -> None:
    code, said = run("--companies", "1", "--xero-share", "1", "--xero-day", "10", "--json")
    figures = json.loads(said)
    assert (code, figures["fits_up_to"]) == (0, None)
    assert "depends on a company's size" in run("--companies", "1", "--xero-share", "1", "--xero-day", "10")[1]


def test_no_company_at_all_is_refused() -> None:
    code, said = run("--companies", "0")
    assert code == 2
    assert "0 is not in the range" in said


@pytest.mark.parametrize(("share", "night", "sweep"), [(0.0, 1, 2), (1.0, 6, 4)])
def test_a_measured_day_of_two_companies_makes_exactly_the_calls_that_are_predicted(
    share: float, night: int, sweep: int
) -> None:
    day = capacity_run.measure(Load(companies=2, accounts=2, invoices=2, changes=2, xero_share=share))
    assert (day.calls["changes"], day.calls["sweep"]) == (2 * (night + 4), 2 * sweep)
    found = {name: (measured, predicted) for name, measured, predicted in capacity.compared(day)}
    for name in ("changes", "sweep"):
        assert found[name][0] == found[name][1], name

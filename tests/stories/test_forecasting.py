"""`flask forecast`: an export in, figures beside the naive rule out; rows that cannot be read are named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask as App

from app import create_app
from tests.core.insight_books import book

IBM = Path(__file__).resolve().parents[2] / "../shared/data/ibm_accounts_receivable.csv"
IBM_MAP = (
    "customer=customerID",
    "number=invoiceNumber",
    "issued=InvoiceDate",
    "due=DueDate",
    "amount=InvoiceAmount",
    "settled=SettledDate",
)
Flask = Callable[..., Result]


@pytest.fixture(scope="module")
def app() -> App:
    return create_app()


@pytest.fixture
def flask(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The command line of an installation in an empty folder: `flask("forecast", ...)`."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    runner = app.test_cli_runner()
    with app.app_context():
        yield lambda *words: runner.invoke(args=[str(word) for word in words])


def an_export(path: Path, count: int, *more: str) -> Path:
    """A file with column names of its own and days as in Germany."""
    lines = ["Kunde;Beleg;Vom;Fällig;Betrag;Bezahlt"]
    for one in book("mostly on the day", count):
        issued, due, settled = (
            date.fromordinal(day).strftime("%d.%m.%Y") for day in (one.issued, one.due, one.settled or 0)
        )
        lines.append(f"{one.account};R{one.place};{issued};{due};{2.718**one.size:.2f};{settled}")
    path.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    return path


GERMAN = ("customer=Kunde", "number=Beleg", "issued=Vom", "due=Fällig", "amount=Betrag", "settled=Bezahlt")


def test_an_export_with_names_of_its_own_is_judged_and_its_odd_rows_are_named(flask: Flask, tmp_path: Path) -> None:
    odd = "Alder;X1;01.01.2024;31.12.2023;5.00;", "Birch;X2;01.02.2024;02.03.2024;5.00;"
    path = an_export(tmp_path / "book.csv", 150, *odd)
    found = flask("forecast", path, "--currency", "EUR", "--map", *GERMAN, "--json")
    assert found.exit_code == 0, found.output
    told: dict[str, Any] = json.loads(found.stdout)
    assert told["unreadable_rows"] == [
        {"line": 152, "why": "It falls due on 2023-12-31, before it was issued on 2024-01-01."}
    ]
    assert (told["invoices"], told["open"], told["train"]["n"], told["test"]["n"]) == (151, 1, 105, 45)
    for rule in ("forecast", "naive"):
        one = told[rule]
        assert one["mae"] > 0
        assert one["n"] == one["coverage_50_n"] == one["coverage_80_n"] == 45
        assert 0 <= one["auc"] <= 1
        assert 0 <= one["concordance"] <= 1
        assert {"mae", "expected_calibration_error", "coverage_50", "coverage_80"} < set(one)
    assert {month["verdict"] for month in told["by_month"]} <= {"better", "alike", "worse", "too few"}
    assert flask("forecast", path, "--currency", "EUR", "--map", *GERMAN, "--json").stdout == found.stdout


def test_in_words_it_says_how_near_beside_the_naive_rule_and_month_by_month(flask: Flask, tmp_path: Path) -> None:
    path = an_export(tmp_path / "book.csv", 60)
    lines = flask("forecast", path, "--currency", "EUR", "--map", *GERMAN).stdout
    assert "book.csv: 18 invoices, issued from " in lines
    assert "naive rule" in lines
    assert "By month of issue:" in lines


def test_what_is_open_when_the_book_ends_is_expected_by_week(flask: Flask, tmp_path: Path) -> None:
    """One open invoice of 500, which is paid in some week or other; a book with nothing open expects nothing."""
    mapped = [word for each in GERMAN for word in ("--map", each)]
    paid = flask("forecast", an_export(tmp_path / "paid.csv", 700), *mapped, "--currency", "EUR", "--json")
    assert json.loads(paid.stdout)["cash_by_week"] == {}
    last = max(date.fromordinal(one.settled or 0) for one in book("mostly on the day", 700))
    still = f"Alder;X1;{last:%d.%m.%Y};{last + timedelta(days=30):%d.%m.%Y};500.00;"
    found = flask("forecast", an_export(tmp_path / "open.csv", 700, still), *mapped, "--currency", "EUR", "--json")
    weeks = json.loads(found.stdout)["cash_by_week"]["EUR"]
    assert weeks[0]["from"] == str(last + timedelta(days=1))
    assert 400 <= sum(float(week["expected"]) for week in weeks) <= 500
    assert all(0 <= float(week["band_80"][0]) <= float(week["band_80"][1]) <= 500 for week in weeks)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv",), "There is no file nowhere.csv."),
        (("customer=Kunde",), "Name a file of past invoices."),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(flask: Flask, words: tuple[str, ...], said: str) -> None:
    found = flask("forecast", *words)
    assert (found.exit_code, found.stderr.strip().splitlines()[-1]) == (2, f"dunlin: {said}")


def test_a_book_with_too_few_settled_invoices_says_so(flask: Flask, tmp_path: Path) -> None:
    found = flask("forecast", an_export(tmp_path / "book.csv", 12), "--currency", "EUR", "--map", *GERMAN)
    assert found.exit_code == 2
    assert "Only 12 invoices of this book have been settled" in found.stderr


@pytest.mark.shared
@pytest.mark.skipif(not IBM.exists(), reason="the sample book lies beside the checkout")
def test_on_the_public_sample_book_it_beats_the_naive_rule(flask: Flask) -> None:
    told = json.loads(flask("forecast", IBM, "--currency", "USD", "--map", *IBM_MAP, "--json").stdout)
    ours, naive = told["forecast"], told["naive"]
    assert round(naive["mae"], 2) == 6.45
    assert ours["mae"] <= 5.9
    assert ours["auc"] >= 0.86
    assert round(ours["concordance"], 2) >= 0.81
    assert ours["expected_calibration_error"] < naive["expected_calibration_error"] / 2
    assert ours["coverage_50_within"]
    assert ours["coverage_80_within"]
    assert 0.77 <= ours["coverage_80"] <= 0.83
    assert not told["steps_back"]

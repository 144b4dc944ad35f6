"""`flask forecast`: how well it can be foretold when the invoices of a book are paid, beside the naive rule.

It reads the file and the arguments and prints; what is foretold and how that is judged is worked out in
`core.insights`. It opens no ledger and keeps nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from cli import as_json, command, report
from cli_backtest import arguments, text_of
from core.columns import Book, read_book
from core.insights.assessing import Assessment, Figures, TooFew, assess
from core.insights.months import Month, by_month
from core.insights.reasons import in_words, settings_in_words
from core.insights.scores import likely
from core.insights.timeline import day_of, invoices_of
from core.insights.weeks import Week, ahead
from core.money import Money
from workflows.errors import Refusal

NOTE = (
    "Each invoice is foretold on the day it was issued, from what had been settled and what was open before that day. "
    "Days late are signed: settled minus due."
)
_ROWS = (
    ("Mean error, days", "mae", "{:.2f}"),
    ("Late or not, AUC", "auc", "{:.3f}"),
    ("Concordance", "concordance", "{:.3f}"),
    ("Calibration error", "expected_calibration_error", "{:.3f}"),
    ("In the 50 % band", "coverage_50", "{:.1%}"),
    ("In the 80 % band", "coverage_80", "{:.1%}"),
)


@command("forecast", "flask forecast invoices.csv --map customer=Client --map settled=Paid --currency EUR --json")
@click.argument("given", nargs=-1, required=True, metavar="FILE.csv [OURS=THEIRS]...")
@click.option("--map", "mapping", multiple=True, metavar="OURS=THEIRS", help="Which column of the file is which.")
@click.option("--currency", help="The currency of a file that has no such column.")
@click.option("--date-format", help="How the file writes dates, such as %d/%m/%Y.")
@click.option("--decimal-mark", type=click.Choice([".", ","]), help="How the file writes decimals.")
@as_json
def forecast(given: tuple[str, ...], mapping: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """When the invoices of a book would have been expected, and how near that was. The last 30 % of the settled
    invoices, by invoice date, are the test; the settings are chosen on what was known before it.
    """
    path, columns = arguments((*given, *mapping))
    if path is None:
        raise Refusal("Name a file of past invoices.")
    book = read_book(text_of(path), columns, asked["currency"], asked["date_format"], asked["decimal_mark"])
    try:
        found = assess(invoices_of(book.rows))
    except TooFew as error:
        raise Refusal(str(error)) from error
    report(figures(path.name, book, found), as_json, _lines(path.name, book, found))


def figures(source: str, book: Book, found: Assessment) -> dict[str, Any]:
    """The answer of `--json`; keys are stable."""
    tested = found.tested
    return {
        "note": NOTE,
        "source": source,
        "invoices": len(book.rows),
        "customers": len({row.customer for row in book.rows}),
        "open": sum(row.settled is None for row in book.rows),
        "unreadable_rows": [{"line": line, "why": why} for line, why in book.unreadable],
        "train": {"n": len(found.judged) - len(tested)},
        "test": {
            "n": len(tested),
            "from": day_of(tested[0].invoice.issued),
            "to": day_of(tested[-1].invoice.issued),
        },
        "forecast": _figures(found.forecast),
        "naive": _figures(found.naive),
        "steps_back": found.steps_back,
        "reason": in_words(found),
        "settings": settings_in_words(found.settings),
        "by_month": [asdict(month) for month in by_month(found.judged)],
        "cash_by_week": {
            code: [
                {
                    "from": day_of(week.first),
                    "expected": str(week.expected.decimal),
                    "band_50": [str(one.decimal) for one in week.half],
                    "band_80": [str(one.decimal) for one in week.most],
                }
                for week in weeks
            ]
            for code, weeks in _ahead(book, found).items()
        },
    }


def _ahead(book: Book, found: Assessment) -> dict[str, tuple[Week, ...]]:
    """What is open when the book ends, by the week in which it will be paid; nothing where nothing is open."""
    if all(row.settled is not None for row in book.rows):
        return {}
    day = max(max(row.issued, row.settled or row.issued) for row in book.rows).toordinal() + 1
    amounts = {place: row.amount for place, row in enumerate(book.rows)}
    return ahead(invoices_of(book.rows), amounts, found.settings, day)


def _figures(one: Figures) -> dict[str, Any]:
    """With each coverage where the central 95 % of a binomial count of so many lie."""
    told = asdict(one)
    for share in (50, 80):
        low, high = likely(one.n, share / 100)
        told[f"coverage_{share}_n"] = one.n
        told[f"coverage_{share}_likely"] = [low, high]
        told[f"coverage_{share}_within"] = low <= told[f"coverage_{share}"] <= high
    return told


def _lines(source: str, book: Book, found: Assessment) -> list[str]:
    tested = found.tested
    first, last = day_of(tested[0].invoice.issued), day_of(tested[-1].invoice.issued)
    ours, naive = asdict(found.forecast), asdict(found.naive)
    lines = [NOTE, "", f"{source}: {len(tested)} invoices, issued from {first} to {last}, are the test.", ""]
    lines.append(f"  {'':<20}{'forecast':>10}{'naive rule':>12}")
    lines += [f"  {name:<20}{_cell(ours[key], form):>10}{_cell(naive[key], form):>12}" for name, key, form in _ROWS]
    lines += ["", in_words(found), "", *_months(by_month(found.judged))]
    for code, weeks in _ahead(book, found).items():
        lines += ["", f"What is open, by the week in which it will be paid, {code}:", *_weeks(weeks)]
    return lines + [f"Left out, line {line}: {why}" for line, why in book.unreadable]


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _months(months: tuple[Month, ...]) -> list[str]:
    head = f"  {'month':<9}{'n':>6}{'error':>8}{'naive':>8}{'late':>7}{'foretold':>10}{'in 80 %':>9}  verdict"
    rows = [
        f"  {one.month:<9}{one.n:>6}{one.mae:>8.2f}{one.naive_mae:>8.2f}{one.late:>7.0%}{one.foretold_late:>10.0%}"
        f"{one.coverage_80:>9.0%}  {one.verdict}{': steps back' if one.steps_back else ''}"
        f"{'' if one.tested else ' (before the test)'}"
        for one in months
    ]
    return ["By month of issue:", head, *rows]


def _weeks(weeks: tuple[Week, ...]) -> list[str]:
    head = f"  {'from':<12}{'expected':>16}{'50 of 100 between':>36}{'80 of 100 between':>36}"
    return [head] + [
        f"  {day_of(one.first)!s:<12}{one.expected.decimal:>16,}{_between(one.half):>36}{_between(one.most):>36}"
        for one in weeks
    ]


def _between(band: tuple[Money, Money]) -> str:
    return f"{band[0].decimal:,} and {band[1].decimal:,}"


COMMANDS = (forecast,)

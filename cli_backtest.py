"""`flask backtest`: what a cadence would have sent over a file of past invoices or a company's own history.

It reads the file and the arguments and prints; what would have been said and what that means is counted elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app, render_template

from cli import as_json, command, companies, report, runtime
from core.backtest import NOTE
from core.cadence import Cadence
from core.cells import decode
from core.columns import read_book
from core.tally import Tally
from models import Company
from web import comparison, formats
from workflows import backtests
from workflows.backtests import BOOKING_DELAY, Compared, History
from workflows.calendars import today_of
from workflows.errors import Refusal

_DAY = click.DateTime(["%Y-%m-%d"])
_COUNTED = ("weeks", "busiest_days", "by_week", "causes")


@command("backtest", "flask backtest invoices.csv --cadence early-intervention --currency EUR")
@click.argument("given", nargs=-1, metavar="[FILE.csv] [OURS=THEIRS]...")
@click.option("--cadence", help="A shipped cadence's name, or a file such as own.toml; else the company's own.")
@click.option("--against", help="A second cadence, side by side with the first.")
@click.option("--map", "mapping", multiple=True, metavar="OURS=THEIRS", help="Which column of the file is which.")
@click.option("--currency", help="The currency of a file that has no such column.")
@click.option("--date-format", help="How the file writes dates, such as %d/%m/%Y.")
@click.option("--decimal-mark", type=click.Choice([".", ","]), help="How the file writes decimals.")
@click.option("--zone", default="", help="The time zone of days and hours, such as Europe/London.")
@click.option("--country", default="", help="Whose public holidays and limits count, such as GB.")
@click.option("--company", help="A connected company, by name or uid: its hours, and without a file its own history.")
@click.option("--from", "first", type=_DAY, help="The first day; by default that of the first invoice.")
@click.option("--to", "last", type=_DAY, help="The last day; by default that of the last thing known.")
@click.option(
    "--booking-delay",
    default=BOOKING_DELAY,
    show_default=True,
    type=click.IntRange(0, 60),
    help="Days from a payment until it is booked.",
)
@click.option("--html", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Also write a page here.")
@as_json
def backtest(given: tuple[str, ...], company: str | None, html: Path | None, as_json: bool, **asked: Any) -> None:
    """What a cadence would have sent over past invoices. It says what would have been sent, not what would have been
    paid.
    """
    path, mapping = arguments((*given, *asked["mapping"]))
    if path is None and company is None:
        raise Refusal("Name a file of past invoices, or a connected company with --company.")
    own, tried, history = _from_company(company, path is None)
    if path is not None:
        book = read_book(text_of(path), mapping, asked["currency"], asked["date_format"], asked["decimal_mark"])
        history = backtests.of_book(book)
    tried = [_cadence(asked["cadence"])] if asked["cadence"] else tried
    if not tried:
        raise Refusal("Say which cadence to try with --cadence, such as --cadence early-intervention.")
    tried += [_cadence(asked["against"])] if asked["against"] else []
    found = backtests.compare(
        history,
        tried,
        own,
        zone=asked["zone"],
        country=asked["country"].upper(),
        first=_day(asked["first"]),
        last=_day(asked["last"]),
        booking_delay=asked["booking_delay"],
    )
    source = path.name if path else str(company)
    if html is not None:
        html.write_text(page(source, found), encoding="utf-8")
    report(figures(source, found), as_json, _lines(source, found))


def arguments(words: Sequence[str]) -> tuple[Path | None, dict[str, str]]:
    """The file and which column is which: OURS=THEIRS may stand anywhere."""
    pairs = [word for word in words if "=" in word and not Path(word).exists()]
    files = [word for word in words if word not in pairs]
    if len(files) > 1:
        raise Refusal(f"{files[1]!r} is one word too many; a column is named as OURS=THEIRS.")
    mapping = dict(pair.split("=", 1) for pair in pairs)
    empty = next((ours for ours, theirs in mapping.items() if not theirs), None)
    if empty is not None:
        raise Refusal(f"Say which column {empty} is: --map {empty}=COLUMN.")
    return (Path(files[0]) if files else None), mapping


def text_of(path: Path) -> str:
    if not path.is_file():
        raise Refusal(f"There is no file {path}.")
    return decode(path.read_bytes())


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _cadence(which: str) -> Cadence:
    path = Path(which)
    return backtests.cadence_named(path.name, text_of(path) if path.suffix == ".toml" else None)


def _from_company(wanted: str | None, with_history: bool) -> tuple[Company | None, list[Cadence], History]:
    """The company, the cadence in force there, and its own history if that is asked for."""
    if wanted is None:
        return None, [], History(())
    with runtime() as (_, rt):
        own = companies(rt, wanted)[0]
        with rt.store.read() as session:
            history = (
                backtests.of_company(session, own.id, today_of(own, rt.clock.now())) if with_history else History(())
            )
            return own, [backtests.in_force(session, own)], history


def figures(source: str, found: Compared) -> dict[str, Any]:
    """The answer of `--json`; keys are stable."""
    one = found.tallies[0]
    return {
        "note": NOTE,
        "source": source,
        "from": one.start,
        "to": one.end,
        "booking_delay": one.booking_delay,
        "invoices": one.invoices,
        "customers": one.customers,
        "unreadable_rows": [{"line": line, "why": why} for line, why in found.history.unreadable],
        "cadences": [_figures(tally) for tally in found.tallies],
    }


def _figures(tally: Tally) -> dict[str, Any]:
    """Pairs become objects by their first part, so that nobody has to count positions."""
    told = asdict(tally)
    for name in _COUNTED:
        told[name] = {str(key): value for key, value in told[name]}
    return told


def page(source: str, found: Compared) -> str:
    """A page of its own with charts and tables, to be opened in any browser and passed on."""
    styles = Path(current_app.static_folder or "", "dunlin.css").read_text(encoding="utf-8")
    return render_template(
        "backtest/file.html",
        source=source,
        styles=styles,
        count=formats.count,
        thousands=formats.thousands,
        note=NOTE,
        introduction=comparison.introduction(found),
        tables=comparison.tables(found),
        unreadable=found.history.unreadable,
    )


def _lines(source: str, found: Compared) -> list[str]:
    lines = [NOTE, "", f"{source}: {comparison.introduction(found)}"]
    for table in comparison.tables(found):
        if not table.folded:
            lines += ["", *_table(table)]
    for where, why in found.history.unreadable:
        lines.append(f"Left out, {'line ' if isinstance(where, int) else ''}{where}: {why}")
    return lines


def _table(table: comparison.Table) -> list[str]:
    """Columns in line; the labels to the left, the cells to the right."""
    wide = max(len(label) for label, _ in table.rows)
    cells = [[row[place] for _, row in table.rows] for place in range(len(table.columns))]
    widths = [max(map(len, [name, *column])) for name, column in zip(table.columns, cells, strict=True)]
    head = " " * (wide + 4) + "  ".join(name.rjust(width) for name, width in zip(table.columns, widths, strict=True))
    rows = [
        f"  {label.ljust(wide)}  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for label, row in table.rows
    ]
    more = [f"  and {table.more} more"] if table.more else []
    return [f"{table.title}. {table.note}".strip(), head, *rows, *more]


COMMANDS = (backtest,)

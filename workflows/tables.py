"""Lists as files for a spreadsheet, CSV or XLSX, written row by row so that a long one never stands in memory.

It knows cells and columns, and nothing of what they mean. No text ever becomes a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from workflows import archive
from workflows.errors import Refusal

MOST_ROWS = 1_048_575  # below the head; the format has room for no more
_MOST_LETTERS = 32_767  # of a cell, likewise
Row = Sequence[object]


class Kind(StrEnum):
    """What a list is written as; its value is the ending of the file's name."""

    CSV = "csv"
    XLSX = "xlsx"


def write(kind: Kind, head: Sequence[str], rows: Iterable[Row], file: IO[bytes]) -> int:
    """How many rows below the head were written. Refusal when they are more than the format holds."""
    return _csv(head, rows, file) if kind is Kind.CSV else _xlsx(head, rows, file)


def lines(head: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """A CSV table line by line; the first begins with the mark by which spreadsheets know UTF-8."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    mark = "\ufeff"
    for row in chain([head], rows):
        writer.writerow([archive.cell(_plain(one)) for one in row])
        yield (mark + written.getvalue()).encode()
        mark = ""
        written.seek(0)
        written.truncate()


def _plain(value: object) -> object:
    """Moments keep their offset; yes and no are words."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _csv(head: Sequence[str], rows: Iterable[Row], file: IO[bytes]) -> int:
    count = -1
    for line in lines(head, rows):
        file.write(line)
        count += 1
    return count


def _xlsx(head: Sequence[str], rows: Iterable[Row], file: IO[bytes]) -> int:
    """Each row leaves memory when the next one begins."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with Workbook(file, options) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, head, book.add_format({"bold": True}))
        for count, row in enumerate(rows, start=1):
            if count > MOST_ROWS:
                raise Refusal("The list is too long for XLSX. Please take it as CSV, or fewer days of it.")
            for place, value in enumerate(row):
                _cell(sheet, count, place, value, day)
    return count


def _cell(sheet: Worksheet, row: int, place: int, value: Any, day: Format) -> None:
    """Sums are numbers and days are days, so that a spreadsheet can add and sort them; all else is text."""
    value = _plain(value)
    if isinstance(value, Decimal | int):
        sheet.write_number(row, place, value)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, day)
    elif value not in (None, ""):
        sheet.write_string(row, place, str(value)[:_MOST_LETTERS])

"""The cells of an export: its lines and delimiter, how its dates are written, its one decimal mark.

A whole column is judged at once and a mark or format is used only when it is the only one that fits; where two would
do, a person is asked. Knows nothing of invoices, reads no file, and never guesses.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from core.money import exponent


class ColumnError(ValueError):
    """The export cannot be read as it stands; the message is one line saying what is missing or what to add."""


DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y%m%d.0",  # a day that went through a spreadsheet as a number
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m-%d-%y",
    "%d-%m-%y",
    "%y-%m-%d",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
_SPELLED = (("YYYY", "%Y"), ("YY", "%y"), ("MMM", "%b"), ("MM", "%m"), ("M", "%m"), ("DD", "%d"), ("D", "%d"))
_CLOCK = re.compile(r"[T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d\d:?\d\d)?$")
_DELIMITERS = (",", ";", "\t", "|")
_LOOK_AHEAD = 20
_LONGEST = 20
_GROUPED = r"\d{{1,3}}(?:{0}\d{{2,3}})*{0}\d{{3}}"
_NUMBER = {
    mark: re.compile(rf"(?:\d+|{_GROUPED.format(re.escape(group))})?(?:{re.escape(mark)}\d*)?")
    for mark, group in ((".", ","), (",", "."))
}
_NAMES = re.compile(r"[A-Za-z]{0,2}\$|\b[A-Za-z]{3}\b|\b[Kk]r\b\.?|zł|Fr\.|[^\d.,()+\-−\s'’A-Za-z]")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


@dataclass(frozen=True, slots=True)
class Record:
    """The cells that start on `line` (counted from 1); None where the line could not be taken apart."""

    line: int
    cells: tuple[str, ...] | None


def decode(raw: bytes) -> str:
    """The text of an export: UTF-8, UTF-16 where it says so, else Windows-1252 as older spreadsheets write."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def records(text: str) -> list[Record]:
    """Every line that is not empty, cut at the delimiter that the top of the file uses most."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = re.fullmatch(r'"?sep=(.)"?', lines[0])
    if told:
        lines[0] = ""
    return list(_records(lines, told[1] if told else _delimiter(lines)))


def _delimiter(lines: Sequence[str]) -> str:
    top = [line for line in lines if line.strip()][:12]
    return max(_DELIMITERS, key=lambda mark: max((len(_cut(line, mark) or ()) for line in top), default=0))


def _records(lines: Sequence[str], mark: str) -> Iterator[Record]:
    """A quoted cell may run over a few lines; a quote that is never closed costs its own line only."""
    at = 0
    while at < len(lines):
        if not lines[at].strip(f'{mark} \t"'):
            at += 1
            continue
        for taken in range(1, _LOOK_AHEAD + 1):
            cells = _cut("\n".join(lines[at : at + taken]), mark)
            if cells is not None:
                break
        yield Record(at + 1, cells)
        at += taken if cells is not None else 1


def _cut(text: str, mark: str) -> tuple[str, ...] | None:
    try:
        rows = list(csv.reader([text], delimiter=mark, strict=True))
    except csv.Error:
        return None
    return tuple(cell.strip().strip("\u00a0") for cell in rows[0]) if len(rows) == 1 else None


@lru_cache(maxsize=20_000)
def read_date(cell: str, form: str) -> date | None:
    """The date in a cell, its time of day left aside; None when the format does not fit."""
    for text in dict.fromkeys((cell, _CLOCK.sub("", cell))):
        if form.startswith("%Y%m%d") and len(text.partition(".")[0]) != 8:
            continue  # strptime would take 2024111 for a date, and not say which
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - only the date is kept
        except ValueError:
            continue
    return None


def date_formats(columns: Mapping[str, Sequence[str]], told: str | None) -> dict[str, str]:
    """The format of each column's date cells: the one told, or the only known one that fits every readable cell.

    The whole file is judged at once, so that one column can settle what another leaves open. Where no one format can
    be the whole file's, each column is judged by itself. Cells that no known format reads are left out of the decision;
    their rows are unreadable anyway.
    """
    every = [cell for cells in columns.values() for cell in cells]
    if told is not None:
        form = _told_format(every, told)
        return {name: form if _reads_any(form, cells) else _only(cells) or form for name, cells in columns.items()}
    whole = _fitting(every)
    if len(whole) == 1:
        return dict.fromkeys(columns, whole.pop())
    if whole:
        raise ColumnError(f"The dates can be read as {_or(whole)}; say which with --date-format, such as {min(whole)}.")
    own = {name: _fitting(cells) for name, cells in columns.items() if _readable(cells)}
    if not own:
        raise ColumnError("No date in the file could be read; say how they are written with --date-format.")
    for name, fits in own.items():
        if len(fits) > 1:
            raise ColumnError(f"The dates {name} can be read as {_or(fits)}; say which with --date-format.")
        if not fits:
            odd = _odd_one(_readable(every))
            raise ColumnError(
                f"No one date format fits every date (see {odd!r}); say which one counts with --date-format."
            )
    some = next(iter(own.values()))
    return {name: min(own.get(name, some)) for name in columns}


def _or(forms: Iterable[str]) -> str:
    return " or ".join(sorted(forms))


def _readable(cells: Iterable[str]) -> dict[str, set[str]]:
    """The known formats that read each distinct cell, for cells that at least one reads."""
    distinct = dict.fromkeys(_CLOCK.sub("", cell) for cell in cells)
    fits = {cell: {form for form in DATE_FORMATS if read_date(cell, form)} for cell in distinct}
    return {cell: forms for cell, forms in fits.items() if forms}


def _fitting(cells: Iterable[str]) -> set[str]:
    """The formats that fit every readable cell; none where no cell is readable."""
    readable = _readable(cells)
    return set.intersection(*readable.values()) if readable else set()


def _only(cells: Iterable[str]) -> str:
    """The only format that fits, or "" where there is not exactly one."""
    fits = _fitting(cells)
    return fits.pop() if len(fits) == 1 else ""


def _reads_any(form: str, cells: Iterable[str]) -> bool:
    return any(read_date(cell, form) for cell in cells)


def _odd_one(readable: dict[str, set[str]]) -> str:
    left = set(DATE_FORMATS)
    for cell, forms in readable.items():
        left &= forms
        if not left:
            return cell
    return ""


def _told_format(cells: Iterable[str], told: str) -> str:
    """A format in strptime's words, or spelled such as DD/MM/YYYY; it must read at least one of the dates."""
    form = told.strip()
    if "%" not in form:
        for spelled, code in _SPELLED:
            form = re.sub(rf"(?<![%A-Za-z]){spelled}(?![A-Za-z])", code, form, flags=re.IGNORECASE)
    try:
        probe = datetime(2001, 2, 3).strftime(form)  # noqa: DTZ001 - a probe of the format
        whole = datetime.strptime(probe, form).date() == date(2001, 2, 3)  # noqa: DTZ007
    except (ValueError, re.error):
        whole = False
    if not whole:
        raise ColumnError(f"{told!r} is not a date format; write it such as %d/%m/%Y or DD/MM/YYYY.")
    if not _reads_any(form, cells):
        raise ColumnError(f"No date in the file is written as {told}; check --date-format.")
    return form


def _bare(cell: str) -> tuple[str, bool]:
    """The digits and marks of an amount without currency, spaces and apostrophes, and whether it is negative."""
    text = re.sub(r"[\s'’]", "", _NAMES.sub("", cell))
    negative = bool(re.fullmatch(r"\(.*\)|[-−].*|.*[-−]", text))
    return text.strip("()+-−"), negative


def decimal_mark(cells: Iterable[str], told: str | None = None) -> str:
    """The decimal mark of the amounts: the one told, or the only one that fits every readable cell.

    Numbers without any mark fit both and decide nothing; a column of nothing but 1,234 and the like asks.
    """
    if told is not None:
        if told not in _NUMBER:
            raise ColumnError("The decimal mark is a point or a comma; say --decimal-mark . or --decimal-mark ,")
        return told
    marked = [text for text in dict.fromkeys(_bare(cell)[0] for cell in cells) if "." in text or "," in text]
    fits = [{mark for mark, number in _NUMBER.items() if number.fullmatch(text)} for text in marked]
    readable = [marks for marks in fits if marks]
    if not readable:
        return "."
    common = set.intersection(*readable)
    if len(common) != 1:
        why = "may be thousands or decimals" if common else "use both decimal points and decimal commas"
        raise ColumnError(
            f"The amounts {why} (such as {marked[0]}); say which with --decimal-mark . or --decimal-mark ,"
        )
    return common.pop()


def read_amount(cell: str, mark: str, currency: str) -> Decimal:
    """The amount in major units; ValueError with a sentence when it cannot be read exactly in that currency."""
    text, negative = _bare(cell)
    if not any(letter.isdigit() for letter in text) or not _NUMBER[mark].fullmatch(text):
        raise ValueError(f"The amount {cell!r} could not be read.")
    other = _other_currency(cell, currency)
    if other:
        raise ValueError(f"The amount {cell!r} is not in {currency}.")
    if len(text) > _LONGEST:
        raise ValueError(f"The amount {cell!r} is too large.")
    value = Decimal(text.replace("," if mark == "." else ".", "").replace(mark, ".") or "0")
    if value != round(value, exponent(currency)):
        raise ValueError(f"The amount {cell!r} has more decimals than {currency} has.")
    return -value if negative else value


def _other_currency(cell: str, currency: str) -> bool:
    """Whether the cell itself names another currency than the one of its row."""
    codes = re.findall(r"[A-Z]{3}", cell.upper())
    signs = set(cell) & set(_SIGNS.values())
    return any(code != currency for code in codes) or (currency in _SIGNS and bool(signs - {_SIGNS[currency]}))

"""A bank's CSV read into lines: which column is which is guessed for a person, who says so; then every row is read.

A row that cannot be read for certain is named by its line with a sentence. It reads text and keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.bank_words import folded
from core.cells import DATE_FORMATS, ColumnError, Record, date_formats, decimal_mark, decode, read_amount, read_date
from core.cells import records as cut
from core.money import Money
from workflows.bank_files import MOST_LINES, Entry, Statement, tidy
from workflows.errors import Refusal

# What banks call these columns, without accents and signs, the likeliest first; each name counts once.
CALLED: Mapping[str, tuple[str, ...]] = {
    "day": (
        *("bookingdate", "dateposted", "posteddate", "transactiondate", "completeddate", "date", "buchungstag"),
        *("buchungsdatum", "datecomptable", "dateoperation", "fecha", "fechaoperacion", "boekdatum", "datum", "day"),
    ),
    "amount": ("amount", "value", "betrag", "umsatz", "montant", "importe", "bedrag", "sum", "amountgbp", "amounteur"),
    "paid_in": ("paidin", "credit", "creditamount", "moneyin", "deposit", "deposits", "haben", "gutschrift", "abono"),
    "paid_out": ("paidout", "debit", "debitamount", "moneyout", "withdrawal", "withdrawals", "soll", "lastschrift"),
    "payer": (
        *("payer", "name", "counterparty", "counterpartyname", "payee", "beguenstigterzahlungspflichtiger"),
        *("auftraggeberbeguenstigter", "zahlungspflichtiger", "namezahlungsbeteiligter", "ordenante", "nom"),
    ),
    "text": (
        *("reference", "description", "details", "narrative", "memo", "transactiondescription", "verwendungszweck"),
        *("buchungstext", "libelle", "concepto", "omschrijving", "mededelingen", "text", "particulars"),
    ),
    "currency": ("currency", "waehrung", "wahrung", "devise", "divisa", "moneda", "munt", "ccy"),
    "id": ("transactionid", "id", "fitid", "transactionreference", "uniqueid"),
}
_TOP = 20


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is which, by its place from 0, and how days and sums are written. `header` is the place of the line
    that names the columns; `form` and `mark` are "" where nobody can tell without asking.
    """

    header: int
    places: Mapping[str, int]
    form: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file taken apart: the names of its columns and the lines below them."""

    names: tuple[str, ...]
    body: tuple[Record, ...]


def sheet(raw: bytes, header: int) -> Sheet:
    """Refusal where there is no such line, or nothing below it."""
    lines = cut(decode(raw))
    if len(lines) > MOST_LINES + _TOP:
        raise Refusal("This file has more than 20,000 lines. Please ask your bank for a shorter period.")
    if header >= len(lines) or len(lines[header].cells or ()) < 2:
        raise Refusal("No line of this file names its columns. Please bring it as your bank gave it to you.")
    if header + 1 == len(lines):
        raise Refusal("There is no line below the names of the columns.")
    return Sheet(lines[header].cells or (), tuple(lines[header + 1 :]))


def guess(raw: bytes) -> Columns:
    """As well as can be told from the names of the columns and all that stands below them."""
    tops = cut(decode(raw))[:_TOP]
    rated = [(len(_places(one.cells or ())), -place) for place, one in enumerate(tops)]
    header = -max(rated, default=(0, 0))[1]
    known = sheet(raw, header)
    places = _places(known.names)
    if "paid_in" in places and "amount" in places:
        del places["amount"]
    return Columns(header, places, _form(known, places), _mark(known, places))


def _places(names: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[\W_]+", "", folded(one.replace("ü", "ue").replace("ä", "ae"))) for one in names]
    found: dict[str, int] = {}
    for ours, called in CALLED.items():
        place = next(
            (plain.index(one) for one in called if one in plain and plain.index(one) not in found.values()), None
        )
        if place is not None:
            found[ours] = place
    return found


def forms(known: Sheet, place: int | None) -> list[str]:
    """The ways in which the days of this column can be read, the whole column at once."""
    cells = _cells(known, place)
    return [form for form in DATE_FORMATS if cells and all(read_date(one, form) for one in cells)]


def _form(known: Sheet, places: Mapping[str, int]) -> str:
    try:
        return date_formats({"day": _cells(known, places.get("day"))}, None)["day"]
    except ColumnError:
        return ""


def _mark(known: Sheet, places: Mapping[str, int]) -> str:
    try:
        return decimal_mark(
            [one for name in ("amount", "paid_in", "paid_out") for one in _cells(known, places.get(name))]
        )
    except ColumnError:
        return ""


def _cells(known: Sheet, place: int | None) -> list[str]:
    if place is None:
        return []
    return [one.cells[place] for one in known.body if one.cells and len(one.cells) > place and one.cells[place]]


def read(raw: bytes, columns: Columns, account: str, currency: str) -> Statement:
    """Every line as these columns say; sums are in `currency` where no column names one. Refusal where a column is
    missing or the way days or sums are written is in doubt.
    """
    places = columns.places
    if "day" not in places:
        raise Refusal("Please choose the column with the day.")
    if ("amount" in places) == ("paid_in" in places):
        raise Refusal("Please choose either one column with the sum, or the one with what was paid in.")
    if len(set(places.values())) < len(places):
        raise Refusal("Please choose a column only once.")
    known = sheet(raw, columns.header)
    if any(place >= len(known.names) for place in places.values()):
        raise Refusal("This file does not have these columns.")
    if columns.form not in DATE_FORMATS:
        raise Refusal("Please choose how the days are written.")
    if columns.mark not in (".", ","):
        raise Refusal("Please choose whether sums have a decimal point or a decimal comma.")
    entries, bad = [], []
    for record in known.body:
        try:
            entries.append(_entry(record, columns, len(known.names), account, currency))
        except ValueError as error:
            bad.append((record.line, str(error)))
    return Statement("csv", tuple(entries), tuple(bad))


def _entry(record: Record, columns: Columns, width: int, account: str, currency: str) -> Entry:
    """One line; ValueError with its sentence."""
    cells = record.cells
    if cells is None:
        raise ValueError("A quote is opened on this line and never closed.")
    if len(cells) < width or any(cells[width:]):
        raise ValueError(f"The line has {len(cells)} cells; the first line has {width}.")
    said = {name: cells[place] for name, place in columns.places.items()}
    their_currency = said.get("currency", "").upper() or currency
    day = read_date(said["day"], columns.form)
    if day is None or not date(1990, 1, 1) <= day <= date(2200, 1, 1):
        raise ValueError(f"The day {said['day'][:40]!r} could not be read.")
    return Entry(
        record.line,
        account,
        day,
        _amount(said, columns.mark, their_currency),
        tidy(said.get("payer", "")),
        tidy(said.get("text", "")),
        tidy(said.get("id", ""), 255),
    )


def _amount(said: Mapping[str, str], mark: str, currency: str) -> Money:
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError(f"{currency[:20]!r} is no currency.")
    if "amount" in said:
        return Money.parse(read_amount(said["amount"], mark, currency), currency)
    came, went = said["paid_in"], said.get("paid_out", "")
    if bool(came.strip("0., -")) == bool(went.strip("0., -")):
        raise ValueError("It has to be either paid in or paid out.")
    if came.strip("0., -"):
        return Money.parse(abs(read_amount(came, mark, currency)), currency)
    return Money.parse(-abs(read_amount(went, mark, currency)), currency)

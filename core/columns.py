"""An export of past invoices, read row by row: which column is which, and what each row says.

Every command that takes a FILE.csv reads it through here. A row that cannot be read for certain is listed with its
line number and a sentence; nothing is guessed. Reads text only: opening the file is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from core.cells import ColumnError, Record, date_formats, decimal_mark, read_amount, read_date, records
from core.money import Money

__all__ = ["OURS", "Book", "ColumnError", "Row", "read_book"]

NEEDED = ("customer", "number", "issued", "due", "amount")
OURS = (*NEEDED, "settled", "currency", "disputed")
_DATES = ("issued", "due", "settled")
_EMPTY = {"", "-", "--", "n/a", "na", "nan", "nat", "null", "none"}
_YES = {"yes", "y", "true", "t", "1", "x", "disputed"}
_NO = {"no", "n", "false", "f", "0"} | _EMPTY
_NOT_OWED = {"voided", "void", "deleted", "draft", "submitted"}

# What the ledgers call our columns in their own exports. A shape counts only when all it needs is there.
# `type`, `status` and `open` are not ours: they only ever take a row out.
_SHAPES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "Xero, sales invoices",
        {
            "customer": "ContactName",
            "number": "InvoiceNumber",
            "issued": "InvoiceDate",
            "due": "DueDate",
            "amount": "Total",
            "currency": "Currency",
            "settled": "FullyPaidOnDate",
            "type": "Type",
            "status": "Status",
            "open": "InvoiceAmountDue",
        },
    ),
    (
        "QuickBooks, invoice list",
        {
            "customer": "Name",
            "number": "Num",
            "issued": "Date",
            "due": "Due Date",
            "amount": "Amount",
            "currency": "Currency",
            "settled": "Paid Date",
            "type": "Transaction Type",
            "open": "Open Balance",
        },
    ),
    (
        "QuickBooks, invoices by customer",
        {
            "customer": "Customer",
            "number": "No.",
            "issued": "Date",
            "due": "Due Date",
            "amount": "Amount",
            "currency": "Currency",
            "settled": "Paid Date",
            "type": "Type",
            "open": "Open Balance",
        },
    ),
    (
        "QuickBooks, invoices as the interface names them",
        {
            "customer": "customer_id",
            "number": "doc_number",
            "issued": "transaction_date",
            "due": "due_date",
            "amount": "total_amount",
            "currency": "currency_id",
            "deleted": "_fivetran_deleted",
            "open": "balance",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One past invoice, on the line where it stands. `settled` is None while nobody paid."""

    line: int
    customer: str
    number: str
    issued: date
    due: date
    amount: Money
    settled: date | None
    disputed: bool


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that could be read, and a sentence for each line that could not. `shape` is the ledger recognised.

    `date_format` lists the formats of the date columns where they differ.
    """

    rows: tuple[Row, ...]
    unreadable: tuple[tuple[int, str], ...]
    date_format: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The header's columns by our names, the records below it, and how their cells are to be read."""

    places: Mapping[str, int]
    width: int
    body: Sequence[Record]
    shape: str
    itemised: bool
    currency: str | None
    forms: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""


def read_book(
    text: str,
    mapping: Mapping[str, str],
    currency: str | None,
    date_format: str | None,
    decimal_mark: str | None = None,
) -> Book:
    """Read an export. `mapping` is ours → theirs; `currency`, `date_format`, `decimal_mark` are what a person said.

    ColumnError, in one line, when a needed column, the currency, the date format or the decimal mark is in doubt.
    """
    sheet = _read_cells(_sheet(records(text), mapping, currency), date_format, decimal_mark)
    rows: dict[str, Row] = {}
    unreadable: list[tuple[int, str]] = []
    for record in sheet.body:
        try:
            row = _row(record, sheet)
            first = rows.setdefault(row.number, row)
        except ValueError as error:
            unreadable.append((record.line, str(error)))
            continue
        if first is not row and not (sheet.itemised and _same(first, row)):
            unreadable.append((record.line, f"Invoice {row.number} was already on line {first.line}."))
    return Book(tuple(rows.values()), tuple(unreadable), ", ".join(dict.fromkeys(sheet.forms.values())), sheet.shape)


def _same(first: Row, row: Row) -> bool:
    """A ledger's export repeats the invoice on the line of each of its items."""
    return (first.customer, first.issued, first.due, first.amount) == (row.customer, row.issued, row.due, row.amount)


def _sheet(all_records: Sequence[Record], mapping: Mapping[str, str], currency: str | None) -> _Sheet:
    strange = [ours for ours in mapping if ours not in OURS]
    if strange:
        raise ColumnError(f"{strange[0]!r} is not a column of ours; they are {', '.join(OURS)}.")
    if currency is not None and not re.fullmatch(r"[A-Z]{3}", currency):
        raise ColumnError(f"{currency!r} is not an ISO currency code such as EUR.")
    if not all_records:
        raise ColumnError("The file is empty.")
    at = _header(all_records, mapping)
    header = all_records[at].cells or ()
    places, shape = _places(header, mapping)
    if "currency" not in places and currency is None:
        raise ColumnError("There is no column for the currency; say which it is with --currency, such as USD.")
    itemised = "lineamount" in map(_plain, header) or "unitamount" in map(_plain, header)
    return _Sheet(places, len(header), all_records[at + 1 :], shape, itemised, currency)


def _header(all_records: Sequence[Record], mapping: Mapping[str, str]) -> int:
    """The first of the top lines that names what is needed: reports carry a title above their header."""
    for at, record in enumerate(all_records[:12]):
        try:
            _places(record.cells or (), mapping)
        except ColumnError:
            continue
        return at
    widest = max(all_records[:12], key=lambda record: len(record.cells or ()))
    _places(widest.cells or (), mapping)
    raise ColumnError("No line of the file names its columns.")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _places(header: Sequence[str], mapping: Mapping[str, str]) -> tuple[dict[str, int], str]:
    """Our name → column: the person's word first, then our own names, then a ledger's own where it is recognised."""
    shape = next((one for one in _SHAPES if all(_find(header, one[1][ours]) is not None for ours in NEEDED)), ("", {}))
    places: dict[str, int] = {}
    for ours in (*OURS, "type", "status", "open", "deleted"):
        theirs = mapping.get(ours)
        place = _find(header, theirs or ours) if theirs or ours in OURS else None
        if theirs and place is None:
            raise ColumnError(f"There is no column {theirs!r} for {ours}; the columns are {_listed(header)}.")
        if place is None and ours in shape[1]:
            place = _find(header, shape[1][ours])
        if place is not None:
            places[ours] = place
    missing = [ours for ours in NEEDED if ours not in places]
    if missing:
        raise ColumnError(
            f"There is no column for {missing[0]}; name it with --map {missing[0]}=COLUMN. "
            f"The columns are {_listed(header)}."
        )
    return places, shape[0]


def _listed(header: Sequence[str]) -> str:
    return ", ".join(name for name in header if name) or "unnamed"


def _find(header: Sequence[str], name: str) -> int | None:
    """Where the column stands: by its very name, else by its letters and digits alone. Two of one name are refused."""
    for same in (lambda cell: cell == name, lambda cell: _plain(cell) == _plain(name)):
        places = [place for place, cell in enumerate(header) if cell and same(cell)]
        if len(places) > 1:
            raise ColumnError(f"There are two columns called {name!r}; rename one of them.")
        if places:
            return places[0]
    return None


def _read_cells(sheet: _Sheet, form: str | None, mark: str | None) -> _Sheet:
    """Decide how dates and amounts are written, over every row of the right width."""
    good = [record.cells for record in sheet.body if record.cells and len(record.cells) >= sheet.width]
    if not good:
        raise ColumnError("The file has a header but no row of the same width below it.")
    places = {ours: sheet.places[ours] for ours in _DATES if ours in sheet.places}
    dates = {
        ours: [cells[place] for cells in good if cells[place].casefold() not in _EMPTY]
        for ours, place in places.items()
    }
    amounts = [cells[sheet.places["amount"]] for cells in good]
    return replace(sheet, forms=date_formats(dates, form), mark=decimal_mark(amounts, mark))


def _row(record: Record, sheet: _Sheet) -> Row:
    """One row; ValueError with the sentence that is shown for its line."""
    cells = record.cells
    if cells is None:
        raise ValueError("A quote is opened on this line and never closed.")
    if len(cells) < sheet.width or any(cells[sheet.width :]):
        raise ValueError(f"The line has {len(cells)} cells; the header has {sheet.width}.")
    said = {ours: cells[place] for ours, place in sheet.places.items()}
    customer, number = _text(said, "customer"), _text(said, "number")
    _refuse_others(said)
    issued, due = _date(said, "issued", sheet), _date(said, "due", sheet)
    settled = None if _blank(said, "settled") else _date(said, "settled", sheet)
    amount = _amount(said, sheet)
    if due < issued:
        raise ValueError(f"It falls due on {due}, before it was issued on {issued}.")
    if settled is not None and settled < issued:
        raise ValueError(f"It was settled on {settled}, before it was issued on {issued}.")
    if settled is None and _is_closed(said):
        raise ValueError("It is paid, but the file does not say when.")
    return Row(record.line, customer, number, issued, due, amount, settled, _disputed(said))


def _blank(said: Mapping[str, str], ours: str) -> bool:
    return said.get(ours, "").casefold() in _EMPTY


def _text(said: Mapping[str, str], ours: str) -> str:
    if not said[ours]:
        raise ValueError(f"The line has no {ours}.")
    return said[ours]


def _date(said: Mapping[str, str], ours: str, sheet: _Sheet) -> date:
    form = sheet.forms[ours]
    day = read_date(said[ours], form)
    if day is None:
        raise ValueError(f"The date {ours} {said[ours]!r} could not be read as {form}.")
    if not 1970 <= day.year < 2200:
        raise ValueError(f"The date {ours} {said[ours]!r} is too far away to be true.")
    return day


def _amount(said: Mapping[str, str], sheet: _Sheet) -> Money:
    code = said.get("currency", "").upper() or sheet.currency
    if code is None or not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"The currency {said.get('currency', '')!r} is not an ISO code such as EUR.")
    amount = Money.parse(read_amount(said["amount"], sheet.mark, code), code)
    if amount.minor <= 0:
        raise ValueError(f"The amount {said['amount']!r} is not above zero.")
    return amount


def _disputed(said: Mapping[str, str]) -> bool:
    word = said.get("disputed", "").casefold()
    if word not in _YES | _NO:
        raise ValueError(f"Disputed is {said['disputed']!r}, which is neither yes nor no.")
    return word in _YES


def _refuse_others(said: Mapping[str, str]) -> None:
    """A ledger's export also holds credits, drafts and voids; they are no invoices that anybody owed."""
    kind = said.get("type", "").casefold()
    if kind and "invoice" not in kind and kind not in {"accrec", "accountsreceivable"}:
        raise ValueError(f"It is a {said['type']}, not an invoice.")
    if said.get("status", "").casefold() in _NOT_OWED:
        raise ValueError(f"Its status is {said['status']}.")
    if said.get("deleted", "").casefold() == "true":
        raise ValueError("It was deleted in the ledger.")


def _is_closed(said: Mapping[str, str]) -> bool:
    """The ledger says that nothing is open: then somebody paid, on a day the file does not give."""
    nothing = re.fullmatch(r"[^1-9]*0[^1-9]*", said.get("open", ""))
    return said.get("status", "").casefold() == "paid" or nothing is not None

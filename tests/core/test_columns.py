"""Reading exports: which column is which, how its dates are written, its one decimal mark, and dirt listed by line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.cells import ColumnError, decode
from core.columns import Book, read_book
from core.money import Money

IBM = Path(__file__).resolve().parents[2] / "../shared/data/ibm_accounts_receivable.csv"
IBM_MAP = {
    "customer": "customerID",
    "number": "invoiceNumber",
    "issued": "InvoiceDate",
    "due": "DueDate",
    "amount": "InvoiceAmount",
    "settled": "SettledDate",
}
HEAD = "customer,number,issued,due,amount,settled\n"
GOOD = "Ann,1,2024-01-02,2024-02-01,10.00,2024-01-30\n"


def read(text: str, currency: str | None = "USD", **said: str) -> Book:
    return read_book(text, {}, currency, said.get("date_format"), said.get("decimal_mark"))


def only(text: str, currency: str = "USD", **said: str) -> str:
    """The sentence of the one unreadable line."""
    book = read(text, currency, **said)
    assert len(book.unreadable) == 1, book
    return book.unreadable[0][1]


@pytest.mark.shared
@pytest.mark.skipif(not IBM.exists(), reason="the sample book lies beside the checkout")
def test_every_row_of_the_public_sample_book_is_read() -> None:
    book = read_book(IBM.read_text(), IBM_MAP, "USD", None)
    assert (len(book.rows), book.unreadable, book.date_format) == (2466, (), "%m/%d/%Y")
    assert sum(row.disputed for row in book.rows) == 561
    first = book.rows[0]
    assert (first.customer, first.number, first.amount) == ("0379-NEVHP", "611365", Money(5594, "USD"))
    assert (first.issued, first.due, first.settled) == (date(2013, 1, 2), date(2013, 2, 1), date(2013, 1, 15))


def test_columns_named_as_ours_need_no_map_and_their_order_does_not_matter() -> None:
    text = "Amount,DUE,issued,number,customer,settled,currency,disputed\n10.5,2024-02-01,2024-01-02,7,Ann,,eur,yes\n"
    row = read(text, None).rows[0]
    assert (row.amount, row.settled, row.disputed, row.line) == (Money(1050, "EUR"), None, True, 2)


def test_a_missing_column_is_named_with_those_that_exist() -> None:
    with pytest.raises(
        ColumnError, match=r"no column for due; name it with --map due=COLUMN. The columns are customer, n"
    ):
        read("customer,number,issued,amount\nAnn,1,2024-01-02,10\n")


def test_a_map_to_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(ColumnError, match=r"no column 'Fällig' for due; the columns are customer, number"):
        read_book(HEAD + GOOD, {"due": "Fällig"}, "USD", None)


def test_a_map_of_something_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ColumnError, match="'client' is not a column of ours; they are customer, number"):
        read_book(HEAD + GOOD, {"client": "customer"}, "USD", None)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ColumnError, match="two columns called 'amount'"):
        read("customer,number,issued,due,amount,amount\nAnn,1,2024-01-02,2024-02-01,1,2\n")


def test_without_a_currency_column_the_currency_must_be_said() -> None:
    with pytest.raises(ColumnError, match="--currency"):
        read(HEAD + GOOD, None)
    with pytest.raises(ColumnError, match="'dollars' is not an ISO currency code"):
        read(HEAD + GOOD, "dollars")


def test_an_empty_file_and_a_lone_header_are_refused() -> None:
    with pytest.raises(ColumnError, match="The file is empty"):
        read("\n\n")
    with pytest.raises(ColumnError, match="no row"):
        read(HEAD)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    assert len(read((HEAD + GOOD).replace(",", mark)).rows) == 1


def test_a_byte_order_mark_windows_line_ends_and_a_sep_line_are_no_trouble() -> None:
    text = decode(("sep=;\r\n" + (HEAD + GOOD).replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"))
    row = read(text).rows[0]
    assert (row.customer, row.line) == ("Ann", 3)


def test_old_spreadsheets_and_utf_16_are_decoded() -> None:
    text = HEAD + GOOD.replace("Ann", "Zoë")
    assert {read(decode(text.encode(code))).rows[0].customer for code in ("cp1252", "utf-16", "utf-8")} == {"Zoë"}


def test_quotes_may_hold_delimiters_and_line_ends_and_empty_lines_do_not_count_as_rows() -> None:
    text = (
        HEAD + '"Ann, ""the boss""\nSmith",1,2024-01-02,2024-02-01,"1,000.50",\n\n,,,,,\n' + GOOD.replace(",1,", ",2,")
    )
    book = read(text)
    assert [(row.line, row.amount.minor) for row in book.rows] == [(2, 100050), (6, 1000)]
    assert book.rows[0].customer == 'Ann, "the boss"\nSmith'
    assert book.unreadable == ()


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    text = (
        HEAD
        + GOOD
        + '"Bob,2,2024-01-02,2024-02-01,10.00,\n'
        + "".join(f'"Cy, {n}",{n},2024-01-02,2024-02-01,10.00,\n' for n in range(3, 40))
    )
    book = read(text)
    assert book.unreadable == ((3, "A quote is opened on this line and never closed."),)
    assert len(book.rows) == 38


def test_a_line_cut_short_is_not_taken_for_an_unpaid_invoice() -> None:
    assert only(HEAD + GOOD + "Bob,2,2024-01-02,2024-02-01,10.00") == "The line has 5 cells; the header has 6."


def test_a_line_with_a_cell_too_many_is_listed() -> None:
    assert "7 cells" in only(HEAD + GOOD + "Bob,2,2024-01-02,2024-02-01,10,50,2024-02-01\n")


def test_one_day_above_twelve_decides_between_two_formats() -> None:
    rows = read(HEAD + "Ann,1,1/2/2024,1/15/2024,10,\n").rows
    assert (rows[0].issued, rows[0].due) == (date(2024, 1, 2), date(2024, 1, 15))
    rows = read(HEAD + "Ann,1,1/2/2024,15/2/2024,10,\n").rows
    assert (rows[0].issued, rows[0].due) == (date(2024, 2, 1), date(2024, 2, 15))


def test_dates_that_can_be_read_two_ways_ask_for_the_format() -> None:
    text = HEAD + "Ann,1,1/2/2024,3/4/2024,10,\n"
    with pytest.raises(ColumnError, match=r"%d/%m/%Y or %m/%d/%Y; say which with --date-format"):
        read(text)
    assert read(text, date_format="%d/%m/%Y").rows[0].due == date(2024, 4, 3)
    assert read(text, date_format="MM/DD/YYYY").rows[0].due == date(2024, 3, 4)
    timed = HEAD + "Ann,1,1/2/2024 08:15,3/4/2024 17:00,10,\n"
    assert read(timed, date_format="%d/%m/%Y %H:%M").rows[0].due == date(2024, 4, 3)


def test_short_years_that_could_be_days_ask_for_the_format() -> None:
    with pytest.raises(ColumnError, match="%d-%m-%y or %y-%m-%d"):
        read(HEAD + "Ann,1,13-01-02,13-02-01,10,\n")
    assert read(HEAD + "Ann,1,1/2/24,2/14/24,10,\n").rows[0].due == date(2024, 2, 14)


def test_a_file_that_mixes_date_formats_asks_and_then_lists_the_others() -> None:
    text = HEAD + "Ann,1,13/1/2024,14/2/2024,10,\nBob,2,1/20/2024,2/20/2024,10,\n"
    with pytest.raises(ColumnError, match=r"No one date format fits every date \(see '1/20/2024'\)"):
        read(text)
    assert only(text, date_format="%d/%m/%Y") == "The date issued '1/20/2024' could not be read as %d/%m/%Y."


def test_columns_that_write_their_dates_differently_are_each_read_in_their_own_way() -> None:
    text = HEAD + "Ann,1,20240125,20240224.0,10,2024-03-01 00:00:00\nBob,2,20240126,20240225.0,10,\n"
    book = read(text)
    assert [(row.issued, row.due, row.settled) for row in book.rows] == [
        (date(2024, 1, 25), date(2024, 2, 24), date(2024, 3, 1)),
        (date(2024, 1, 26), date(2024, 2, 25), None),
    ]
    assert (book.date_format, book.unreadable) == ("%Y%m%d, %Y%m%d.0, %Y-%m-%d", ())


def test_a_column_of_its_own_way_that_could_be_read_in_two_asks_and_the_others_keep_theirs() -> None:
    text = HEAD + "Ann,1,20240125,3/4/2024,10,\n"
    with pytest.raises(ColumnError, match=r"The dates due can be read as %d/%m/%Y or %m/%d/%Y; say which"):
        read(text)
    (row,) = read(text, date_format="%d/%m/%Y").rows
    assert (row.issued, row.due) == (date(2024, 1, 25), date(2024, 4, 3))


def test_a_column_of_words_where_dates_should_be_costs_its_rows_and_not_the_file() -> None:
    text = HEAD + "Ann,1,20240125,2024-02-24,10,soon\nBob,2,20240125,2024-02-24,10,\n"
    book = read(text)
    assert [row.customer for row in book.rows] == ["Bob"]
    assert book.unreadable == ((2, "The date settled 'soon' could not be read as %Y%m%d."),)


def test_an_impossible_date_costs_its_own_line_only() -> None:
    text = HEAD + GOOD + "Bob,2,2024-02-30,2024-03-01,10,\n"
    assert only(text) == "The date issued '2024-02-30' could not be read as %Y-%m-%d."


def test_a_date_format_that_is_none_or_fits_nothing_is_refused() -> None:
    for told in ("%d.%m", "soon", "%Q", ""):
        with pytest.raises(ColumnError, match="is not a date format"):
            read(HEAD + GOOD, date_format=told)
    with pytest.raises(ColumnError, match="No date in the file is written as"):
        read(HEAD + GOOD, date_format="%d.%m.%Y")


def test_a_time_of_day_is_left_aside_and_month_names_are_read() -> None:
    text = HEAD + "Ann,1,2024-01-02,2024-02-01T00:00:00Z,10,2024-01-30 17:04:11.5\n"
    assert read(text).rows[0].settled == date(2024, 1, 30)
    assert read(HEAD + "Ann,1,02 Jan 2024,01 Feb 2024,10,\n").rows[0].due == date(2024, 2, 1)


@pytest.mark.parametrize(
    ("cells", "minor"),
    [
        (["1,234.56"], 123456),
        (["1.234,56"], 123456),
        (["1 234,56 €", "12,00"], 123456),
        (["1'234.56"], 123456),
        (["1234"], 123400),
        (["1,234", "5.50"], 123400),
        (["1.234", "5,50"], 123400),
        (["EUR 1.234.567,00"], 123456700),
    ],
)
def test_the_decimal_mark_is_decided_by_the_whole_column(cells: list[str], minor: int) -> None:
    lines = [f"Ann;{n};2024-01-02;2024-02-01;{cell};\n" for n, cell in enumerate(cells)]
    assert read(HEAD.replace(",", ";") + "".join(lines), "EUR").rows[0].amount == Money(minor, "EUR")


def test_amounts_that_can_be_read_two_ways_ask_for_the_decimal_mark() -> None:
    text = HEAD.replace(",", ";") + "Ann;1;2024-01-02;2024-02-01;1,234;\n"
    with pytest.raises(
        ColumnError, match=r"may be thousands or decimals \(such as 1,234\); say which with --decimal-mark"
    ):
        read(text)
    assert read(text, decimal_mark=".").rows[0].amount == Money(123400, "USD")
    with pytest.raises(ColumnError, match="both decimal points and decimal commas"):
        read(text + "Bob;2;2024-01-02;2024-02-01;1.234,50;\nCy;3;2024-01-02;2024-02-01;1,234.50;\n")
    with pytest.raises(ColumnError, match="point or a comma"):
        read(text, decimal_mark="x")


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("0.00", "not above zero"),
        ("-12.50", "not above zero"),
        ("(12.50)", "not above zero"),
        ("12.505", "more decimals than USD"),
        ("€12.50", "not in USD"),
        ("CAD 12.50", "not in USD"),
        ("about ten", "could not be read"),
        ("1e3", "could not be read"),
        ("", "could not be read"),
        ("1" * 30, "too large"),
    ],
)
def test_an_amount_that_is_not_a_plain_positive_sum_is_listed(cell: str, sentence: str) -> None:
    assert sentence in only(HEAD + GOOD + f"Bob,2,2024-01-02,2024-02-01,{cell},\n")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Bob,2,2024-02-02,2024-02-01,10,", "It falls due on 2024-02-01, before it was issued on 2024-02-02."),
        (
            "Bob,2,2024-01-02,2024-02-01,10,2024-01-01",
            "It was settled on 2024-01-01, before it was issued on 2024-01-02.",
        ),
        ("Bob,2,2024-01-02,,10,", "The date due '' could not be read as %Y-%m-%d."),
        ("Bob,2,2024-01-02,2024-02-01,10,later", "The date settled 'later' could not be read as %Y-%m-%d."),
        ("Bob,2,2024-01-02,2024-02-01,10,9999-12-31", "The date settled '9999-12-31' is too far away to be true."),
        (",2,2024-01-02,2024-02-01,10,", "The line has no customer."),
        ("Bob,,2024-01-02,2024-02-01,10,", "The line has no number."),
        ("Bob,1,2024-01-02,2024-02-01,10,", "Invoice 1 was already on line 2."),
    ],
)
def test_what_cannot_be_true_is_listed_with_its_line(line: str, sentence: str) -> None:
    book = read(HEAD + GOOD + line + "\n")
    assert book.unreadable == ((3, sentence),)
    assert len(book.rows) == 1


def test_a_word_that_is_neither_yes_nor_no_is_not_taken_for_one() -> None:
    text = (
        HEAD.replace("settled", "disputed") + "Ann,1,2024-01-02,2024-02-01,10,maybe\nBob,2,2024-01-02,2024-02-01,10,N\n"
    )
    assert only(text) == "Disputed is 'maybe', which is neither yes nor no."


XERO = (
    "*ContactName,EmailAddress,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InvoiceAmountPaid,"
    "InvoiceAmountDue,*Description,*Quantity,LineAmount,Currency,Type,Status\n"
)


def test_xeros_own_export_is_recognised_and_the_lines_of_one_invoice_are_one_invoice() -> None:
    text = XERO + (
        "Ann,a@ann.example,INV-1,,13/01/2024,14/02/2024,120.00,0.00,120.00,Design,1,100.00,GBP,Sales invoice,Sent\n"
        "Ann,a@ann.example,INV-1,,13/01/2024,14/02/2024,120.00,0.00,120.00,Print,1,20.00,GBP,Sales invoice,Sent\n"
        "Bob,,INV-2,,15/01/2024,14/02/2024,50.00,50.00,0.00,Print,1,50.00,GBP,Sales invoice,Paid\n"
        "Cy,,CN-1,,15/01/2024,14/02/2024,50.00,0.00,50.00,Print,1,50.00,GBP,Sales credit note,Awaiting Payment\n"
        "Di,,INV-3,,15/01/2024,14/02/2024,50.00,0.00,0.00,Print,1,50.00,GBP,Sales invoice,Voided\n"
    )
    book = read(text, None)
    assert (book.shape, [row.number for row in book.rows]) == ("Xero, sales invoices", ["INV-1"])
    assert book.rows[0].amount == Money(12000, "GBP")
    assert book.unreadable == (
        (4, "It is paid, but the file does not say when."),
        (5, "It is a Sales credit note, not an invoice."),
        (6, "Its status is Voided."),
    )


def test_quickbooks_report_is_recognised_below_its_title() -> None:
    text = (
        "Invoice List by Date\nCedar & Vale Gardens\n\n"
        "Date,Transaction Type,Num,Name,Memo,Due Date,Amount,Open Balance\n"
        '01/13/2024,Invoice,1001,Ann,,02/12/2024,"1,250.00","1,250.00"\n'
        ',,,TOTAL,,,"1,250.00","1,250.00"\n'
    )
    book = read(text)
    assert book.shape == "QuickBooks, invoice list"
    assert [(row.line, row.number, row.amount.minor) for row in book.rows] == [(5, "1001", 125000)]
    assert book.unreadable == ((6, "The line has no number."),)


@pytest.mark.shared
@pytest.mark.skipif(not IBM.exists(), reason="the sample exports lie beside the checkout")
def test_quickbooks_rows_as_its_interface_names_them_are_recognised() -> None:
    path = IBM.parents[1] / "samples/ledger-exports/dbt_quickbooks__invoice_data.csv"
    book = read(decode(path.read_bytes()), None)
    assert [row.number for row in book.rows] == ["2021011355", "20210205"]
    assert len(book.rows) + len(book.unreadable) == len(path.read_text().splitlines()) - 1

"""A ZIP of files that is the same every time, tables a spreadsheet opens safely, and names that harm nobody."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zipfile import ZipFile

import pytest

from workflows import archive

NOW = datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)


def test_the_same_files_at_the_same_moment_give_the_same_bytes_in_whatever_order() -> None:
    one = archive.packed({"b.txt": b"two", "a/c.txt": b"three"}, NOW)
    other = archive.packed({"a/c.txt": b"three", "b.txt": b"two"}, NOW)
    assert one == other
    assert archive.packed({"b.txt": b"two"}, NOW) != archive.packed({"b.txt": b"Two"}, NOW)
    with ZipFile(io.BytesIO(one)) as opened:
        assert opened.testzip() is None
        assert [entry.filename for entry in opened.infolist()] == ["a/c.txt", "b.txt", "index.json"]
        assert {entry.date_time for entry in opened.infolist()} == {(2026, 3, 2, 9, 15, 30)}


def test_the_index_has_the_sum_of_each_file() -> None:
    files = {"a.txt": b"one", "b/c.pdf": b"two"}
    opened = archive.unpacked(archive.packed(files, NOW))
    index = json.loads(opened.pop("index.json"))
    assert opened == files
    assert index == {"sha256": {name: archive.digest(data) for name, data in files.items()}}


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-2", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "\n", "＝1", "\x00=1"])
def test_text_that_a_spreadsheet_takes_for_a_formula_stays_text(text: str) -> None:
    ((cell,),) = archive.rows(archive.table(("head",), [(text,)]))[1:]
    assert cell == f"'{text}"


def test_other_cells_stand_as_they_are() -> None:
    row = ("Fern & Söhne", "a,b", 'say "hi"', "two\nlines", None, date(2026, 3, 2), Decimal("-1.50"), 3, "a=b")
    written = archive.table(("head",), [row])
    assert written.startswith(b"\xef\xbb\xbfhead\r\n")  # so that a spreadsheet reads it as UTF-8
    assert archive.rows(written)[1] == [
        "Fern & Söhne",
        "a,b",
        'say "hi"',
        "two\nlines",
        "",
        "2026-03-02",
        "-1.50",
        "3",
        "a=b",
    ]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("1042", "invoices/1042.pdf"),
        ("INV/2026 7", "invoices/INV-2026-7.pdf"),
        ("../../etc/passwd", "invoices/etc-passwd.pdf"),
        ("..", "invoices/no-number.pdf"),
        ("", "invoices/no-number.pdf"),
        ("C:\\x", "invoices/C-x.pdf"),
        ("9" * 200, f"invoices/{'9' * 80}.pdf"),
    ],
)
def test_a_name_leads_nowhere_else(number: str, name: str) -> None:
    assert archive.new_name("invoices/", number, ".pdf", ()) == name


def test_two_of_the_same_name_are_both_kept() -> None:
    taken: list[str] = []
    for number in ("a/1", "A-1", "a 1"):
        taken.append(archive.new_name("", number, ".pdf", taken))
    assert taken == ["a-1.pdf", "A-1-2.pdf", "a-1-3.pdf"]

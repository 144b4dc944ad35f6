"""Lists and whole companies as files: what is in them and what is not, who may take them, and the note of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import Account, AuditEvent, Invoice, Touch, User
from tests.house import code
from tests.web.edges import HTTPS
from tests.web.world import World
from web import exported, exported_across
from workflows import tables
from workflows.tables import Kind

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def taken(client: FlaskClient, path: str) -> list[list[str]]:
    answer = client.get(path, **HTTPS)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def column(rows: list[list[str]], head: str) -> list[str]:
    place = rows[0].index(head)
    return [row[place] for row in rows[1:]]


def cells(data: bytes) -> list[dict[str, tuple[str, str]]]:
    """Of an XLSX, row by row: (type, text) of each cell by its column's letter."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        {
            re.sub(r"\d", "", str(cell.get("r"))): (cell.get("t", "n"), "".join(cell.itertext()))
            for cell in row.iter(f"{_SHEET}c")
        }
        for row in sheet.iter(f"{_SHEET}row")
    ]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("name", list(exported.BY_NAME))
def test_every_list_of_a_company_can_be_taken(world: World, ann: FlaskClient, name: str, kind: Kind) -> None:
    answer = ann.get(f"/companies/{world.bramley.uid}/lists/{name}.{kind}", **HTTPS)
    assert answer.status_code == 200
    assert f"{name}-Bramley-Joinery-2026-11-18.{kind}" in answer.headers["Content-Disposition"]
    head = exported.BY_NAME[name].head
    if kind is Kind.CSV:
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert rows[0] == list(head)
        assert {len(row) for row in rows} == {len(head)}
    else:
        assert [text for _, text in cells(answer.data)[0].values()] == list(head)


@pytest.mark.parametrize("name", list(exported_across.BY_NAME))
def test_a_list_over_all_companies_has_nothing_of_another_practice(ann: FlaskClient, name: str) -> None:
    rows = taken(ann, f"/lists/{name}.csv")
    assert rows[0] == list(exported_across.BY_NAME[name].head)
    assert "Bramley Joinery" in column(rows, "company")
    assert set(column(rows, "company")) <= {"Bramley Joinery", "Kauri Coast Outfitters", "Tidewater Studio"}


def test_the_desk_as_a_list_is_the_desk(world: World, ann: FlaskClient) -> None:
    count = len(taken(ann, "/lists/desk.csv")) - 1
    waiting = column(taken(ann, "/lists/companies.csv"), "waiting")
    by_company = dict(zip(column(taken(ann, "/lists/companies.csv"), "company"), map(int, waiting), strict=True))
    assert count == sum(by_company.values()) > 5
    assert set(exported_across.KINDS) >= {"touches", "cared", "ending"}


def test_a_customer_who_owes_in_two_currencies_has_two_rows_and_no_sum_over_both(
    world: World, ann: FlaskClient
) -> None:
    rows = taken(ann, f"/companies/{world.bramley.uid}/lists/customers.csv")
    mine = [row for row in rows if row[0] == "Alder & Ash Kitchens"]
    assert [row[6:9] for row in mine] == [["EUR", "730.00", "730.00"], ["GBP", "3015.50", "2050.50"]]


def test_only_what_is_open_and_only_some_days(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/lists/invoices.csv"
    every, open_ = taken(ann, path), taken(ann, f"{path}?open=yes")
    assert "1011" in column(every, "number"), "it is paid"
    assert "1011" not in column(open_, "number")
    days = column(taken(ann, f"{path}?from=2026-10-01&to=2026-10-31"), "issued")
    assert days
    assert all("2026-10-01" <= one <= "2026-10-31" for one in days)
    assert ann.get(f"{path}?from=soon", **HTTPS).status_code == 303, "it says that this is no day"


@pytest.fixture
def hostile(world: World) -> World:
    """A customer who calls themselves a formula."""
    with world.rt.store.write() as session:
        mine = update(Account).where(Account.id == world.accounts["Carver's Yard"].id)
        session.execute(mine.values(name='=HYPERLINK("http://evil.example";"Pay here")', phone="+44 20 7946 0018"))
    return world


def test_no_cell_becomes_a_formula(hostile: World, ann: FlaskClient) -> None:
    path = f"/companies/{hostile.bramley.uid}/lists/customers"
    rows = taken(ann, f"{path}.csv")
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    found = cells(ann.get(f"{path}.xlsx", **HTTPS).data)
    kinds = {kind for row in found for kind, text in row.values() if "HYPERLINK" in text}
    assert kinds == {"inlineStr"}, "text, as which it cannot run"


def test_sums_are_numbers_and_days_are_days_in_a_spreadsheet(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/lists/invoices.xlsx"
    head, *rows = cells(ann.get(path, **HTTPS).data)
    where = {text: place for place, (_, text) in head.items()}
    one = next(row for row in rows if row[where["number"]][1] == "1042")
    assert one[where["total"]] == ("n", "1840.50")
    assert one[where["issued"]] == ("n", str((date(2026, 10, 5) - date(1899, 12, 30)).days))
    assert one[where["number"]][0] == "inlineStr", "a number of an invoice is a name"


def _long(rows: int) -> Iterator[tuple[object, ...]]:
    for place in range(rows):
        yield f"Customer {place}", Decimal("12.50"), date(2026, 10, 5), "x" * 200


@pytest.mark.parametrize("kind", list(Kind))
def test_a_long_list_does_not_stand_in_memory(kind: Kind, tmp_path: Path) -> None:
    """Twenty thousand rows of a quarter of a kilobyte are five megabytes."""
    tracemalloc.start()
    try:
        with (tmp_path / "list").open("wb") as file:
            assert tables.write(kind, ("name", "sum", "day", "text"), _long(20_000), file) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_who_took_a_list_is_written_down(world: World, ann: FlaskClient) -> None:
    taken(ann, f"/companies/{world.bramley.uid}/lists/customers.csv")
    page = ann.get(f"/companies/{world.bramley.uid}/log", **HTTPS).text
    assert "A list was downloaded" in page
    assert "customers" in page


@pytest.mark.parametrize(
    ("role", "lists", "whole"), [("viewer", 403, 403), ("clerk", 200, 403), ("accountant", 200, 200)]
)
def test_who_may_take_what(world: World, ann: FlaskClient, role: str, lists: int, whole: int) -> None:
    with world.rt.store.write() as session:
        session.execute(update(User).where(User.email == "ann@example.com").values(role=role))
    path = f"/companies/{world.bramley.uid}"
    assert ann.get(f"{path}/lists/customers.csv", **HTTPS).status_code == lists
    assert ann.get("/lists/desk.csv", **HTTPS).status_code == lists
    assert ann.get(f"{path}/export.zip", **HTTPS).status_code == whole
    page = ann.get(f"{path}/export", **HTTPS).text
    assert ("/lists/customers.csv" in page) == (lists == 200), "what may not be taken is not offered"
    assert ("/export.zip" in page) == (whole == 200)
    assert ("/lists/desk.csv" in ann.get("/desk", **HTTPS).text) == (lists == 200)


def whole_of(client: FlaskClient, company: Any) -> dict[str, bytes]:
    answer = client.get(f"/companies/{company.uid}/export.zip", **HTTPS)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_everything_of_a_company_is_in_its_file_and_nothing_of_another(world: World, ann: FlaskClient) -> None:
    files = whole_of(ann, world.bramley)
    assert {f"lists/{name}.csv" for name in exported.BY_NAME} <= set(files)
    with world.rt.store.read() as session:
        uids = session.scalars(select(Touch.uid).where(Touch.company_id == world.bramley.id)).all()
        numbers = session.scalars(select(Invoice.number).where(Invoice.company_id == world.bramley.id)).all()
    assert uids
    assert all(any(uid in name for name in files if name.startswith("messages/")) for uid in uids)
    assert all(number.encode() in files["lists/invoices.csv"] for number in numbers)
    everything = b"".join(files.values())
    for name in (b"Kauri Coast", b"Tidewater", b"Foreign Customer", b"Somebody Else", b"Tui Trails"):
        assert name not in everything


def test_its_files_have_the_sums_that_its_index_says_and_its_log_can_be_checked(
    world: World, ann: FlaskClient, tmp_path: Path
) -> None:
    files = whole_of(ann, world.bramley)
    sums = json.loads(files["index.json"])["sha256"]
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "index.json"}
    for name in ("entries.jsonl", "links.csv", "check.py"):
        (tmp_path / name).write_bytes(files[f"log/{name}"])
    entries = files["log/entries.jsonl"].splitlines()
    assert json.loads(entries[-1])["kind"] == "company-taken", "that it was taken is the last entry"
    checked = subprocess.run([sys.executable, "check.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (checked.stdout.strip(), checked.returncode) == (f"{len(entries)} entries fit.", 0)


def test_no_secret_and_no_link_leaves_with_it(world: World, ann: FlaskClient) -> None:
    link = f"{world.rt.public_url}{world.link('Alder & Ash Kitchens')}"
    with world.rt.store.write() as session:
        mine = update(Touch).where(Touch.company_id == world.bramley.id)
        session.execute(mine.values(text=f"Here: {link}", html=f'<a href="{link}">Here</a>'))
        events = session.scalars(select(AuditEvent.id)).all()
    assert events
    everything = b"".join(whole_of(ann, world.bramley).values())
    assert f"{world.rt.public_url}/p/…".encode() in everything
    assert link.encode() not in everything
    for sealed in (world.rt.vault.seal(b"access")[:20], b"secret_hash", b"tenant_sealed"):
        assert sealed not in everything


def test_the_page_sets_its_links_to_the_days_it_was_asked_for(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}"
    page = ann.get(f"{path}/export?from=2026-10-01&to=&open=yes", **HTTPS).text
    assert f"{path}/lists/invoices.csv?from=2026-10-01&amp;open=yes" in page
    assert ann.get(f"{path}/export?from=soon", **HTTPS).location.endswith("/export"), "it says that this is no day"


def test_the_document_explains_every_column_of_every_list() -> None:
    text = (code.ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    for one in (*exported.LISTS, *exported_across.LISTS):
        section = re.split(r"^### ", text.split(f"### {one.title} (`{one.name}`)\n", 1)[1], flags=re.MULTILINE)[0]
        told = re.findall(r"^\| (.+?) \| (.+?) \|$", section, flags=re.MULTILINE)[1:]
        assert told == list(one.columns), one.name

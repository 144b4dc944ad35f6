"""A practice of many companies: its pages stand beside their floors, and ask no more often because there are more.

How long a page takes is never tested.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import load_book, pages
from bench.load_book import Size
from bench.load_pages import Opened
from bench.office import NOWHERE, office
from bench.pages import Beside
from tests.databases import migrated

# The first company alone has more drafts than the page of drafts shows.
FEW = Size(accounts=30, invoices=60, heavy=2, waiting=2, small=0, alike=1, said=1)
MANY = Size(accounts=30, invoices=60, heavy=2, waiting=2, small=0, alike=8, said=1)
SLACK = 3  # a long list of ids is asked about in portions


def beside(size: Size, folder: Path) -> dict[str, Beside]:
    folder.mkdir()
    with migrated("sqlite", folder) as url:
        here = office("quickbooks", NOWHERE, "tenant", url)
        try:
            load_book.fill(here, size)
            return {one.rule: one for one in pages.beside(here, times=1)}
        finally:
            here.rt.engine.close()
            here.rt.store.close()


@pytest.fixture(scope="module")
def practices(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Beside], dict[str, Beside]]:
    """Every page with two companies, and with nine."""
    folder = tmp_path_factory.mktemp("practices")
    return beside(FEW, folder / "few"), beside(MANY, folder / "many")


def test_no_page_asks_the_database_more_often_because_there_are_more_companies(
    practices: tuple[dict[str, Beside], dict[str, Beside]],
) -> None:
    few, many = practices
    asked = {rule: (len(few[rule].page.questions), len(many[rule].page.questions)) for rule in few}
    assert {rule: counts for rule, counts in asked.items() if counts[1] > counts[0] + SLACK} == {}


def test_what_stands_around_every_page_is_one_question(practices: tuple[dict[str, Beside], dict[str, Beside]]) -> None:
    """Who asks, and how much waits everywhere: two, and each begins its own transaction."""
    assert len(practices[1]["/search"].page.questions) == 4


def test_every_page_has_both_floors_and_they_do_less_than_the_page(
    practices: tuple[dict[str, Beside], dict[str, Beside]],
) -> None:
    many = practices[1]
    assert many.keys() == practices[0].keys()
    assert {"/", "/companies", "/companies/<uid>", "/desk", "/approvals", "/accounts/<uid>"} <= many.keys()
    assert [one.rule for one in many.values() if one.worked_out and "statement" in one.rule] == []
    assert all(one.bare > 0 and one.template > 0 for one in many.values())


def test_a_bare_page_answers_the_very_bytes_of_the_page() -> None:
    text = "<html><header>{{ no }}</header><main id=main><ul><li>Fern &amp; Sons<li>Moss</ul></main></html>"
    assert pages.bare({"one": text}).get("/one").text == text


def test_the_table_names_every_page_that_is_over_the_bound(capsys: pytest.CaptureFixture[str]) -> None:
    page = Opened("/desk", 200, 0.02, 4_000)
    told = [Beside("/desk", page, 0.020, 0.001, 0.005), Beside("/companies/<uid>/preview", page, 0.5, 0.001, 0.005)]
    pages.tell(FEW, "sqlite", told)
    said = capsys.readouterr().out
    assert "a bare page of the same bytes: median 20.0, most 20.0; 1 over 5" in said
    assert "its own template with everything in hand: median 4.0, most 4.0; 0 over 5" in said
    assert "/companies/<uid>/preview *" in said

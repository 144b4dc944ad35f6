"""Large books everywhere in the console: no page asks the database more often because there is more in it.

The pages are those of the URL map, over a book of the bench's own; what they say is tested elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import load_book, load_pages
from bench.load_book import Size
from bench.load_pages import Opened
from bench.office import NOWHERE, office
from tests.databases import migrated

SMALL = Size(accounts=200, invoices=400, heavy=52, waiting=105, small=3)
LARGE = Size(accounts=600, invoices=1_200, heavy=208, waiting=420, small=12)
# A long list of ids is asked about in portions, and what is asked once in a process is asked by the first page.
SLACK = 3


def opened(size: Size, folder: Path) -> dict[str, Opened]:
    """Every page over a book of this size, by its rule."""
    folder.mkdir()
    with migrated("sqlite", folder) as url:
        here = office("quickbooks", NOWHERE, "tenant", url)
        try:
            load_book.fill(here, size)
            client = load_pages.entered(here)
            rules = load_pages.paths(here, client.application)
            return {rule: load_pages.opened(here, client, path) for rule, path in rules.items()}
        finally:
            here.rt.engine.close()
            here.rt.store.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Opened, Opened]]:
    """(address, the page over the small book, the same over the large one)."""
    folder = tmp_path_factory.mktemp("books")
    small, large = opened(SMALL, folder / "small"), opened(LARGE, folder / "large")
    assert small.keys() == large.keys()
    return [(rule, small[rule], large[rule]) for rule in small]


def test_no_page_asks_the_database_more_often_because_there_is_more_in_it(
    pages: list[tuple[str, Opened, Opened]],
) -> None:
    grown = {
        rule: (len(small.questions), len(large.questions))
        for rule, small, large in pages
        if len(large.questions) > len(small.questions) + SLACK
    }
    assert not grown


def test_every_page_of_a_large_book_opens_and_is_of_a_size_that_a_browser_bears(
    pages: list[tuple[str, Opened, Opened]],
) -> None:
    assert len(pages) > 40
    assert {rule: large.status for rule, _, large in pages if large.status >= 500} == {}
    assert {rule: large.bytes for rule, _, large in pages if large.bytes > 1_000_000} == {}


def test_pages_of_lists_stay_as_long_as_they_are(pages: list[tuple[str, Opened, Opened]]) -> None:
    """What is paged does not grow with the book: four times as much in it, and the page is no tenth longer."""
    paged = ("/companies/<uid>", "/companies/<uid>?show=all&page=300", "/desk")
    assert [rule for rule, small, large in pages if rule in paged and large.bytes <= 1.1 * small.bytes] == list(paged)

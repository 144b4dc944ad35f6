"""A practice of forty companies, in a real browser: what somebody does on a Monday morning across all of them.

The book is the bench's own, written straight into the tables; nothing is read from a ledger and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

import app as house
from bench import load_book
from bench.load_book import Size
from bench.office import NOWHERE, office
from models import Account, Invoice
from sandbox.wires import serve
from tests.browser.conftest import free_port
from tests.browser.test_looks import DESK, PHONE, _complaints, _open_all, _violations
from tests.databases import migrated

pytestmark = pytest.mark.browser

FORTY = Size(accounts=12, invoices=40, heavy=2, waiting=1, small=0, alike=39, said=1)
WHOM, NUMBER, ADDRESS = "Kingfisher Canoes", "KF-2041", "paddle@kingfisher.example"
LISTS = ("/", "/companies", f"/search?q={NUMBER}")
LONG = ("/desk", "/approvals", "/stop")  # as long as for two companies; `test_looks` looks at them closely


@dataclass(frozen=True, slots=True)
class Practice:
    """Where it is served, and a browser that is signed in there."""

    address: str
    cookies: Path

    def entered(self, chromium: Browser, size: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light") -> Page:
        context = chromium.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce", storage_state=self.cookies
        )
        return context.new_page()


@pytest.fixture(scope="module")
def practice(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("forty")
    with migrated("sqlite", folder) as url:
        here = office("quickbooks", NOWHERE, "tenant", url)
        load_book.fill(here, FORTY)
        with here.rt.store.write() as session:
            known = session.scalars(select(Invoice).where(Invoice.uid == "invoice-30-17")).one()
            account = session.get_one(Account, known.account_id)
            known.number, account.name, account.emails = NUMBER, WHOM, [ADDRESS]
        port = free_port()
        server = serve(house.create_app(here.settings, here.rt), port=port)
        yield Practice(f"http://127.0.0.1:{port}", _signed_in(chromium, f"http://127.0.0.1:{port}", folder))
        server.stop()
        here.rt.engine.close()
        here.rt.store.close()


def _signed_in(chromium: Browser, address: str, folder: Path) -> Path:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("#email", load_book.EMAIL)
    page.fill("#password", load_book.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/")
    page.wait_for_load_state()
    context.storage_state(path=folder / "cookies.json")
    context.close()
    return folder / "cookies.json"


def _press(page: Page, name: str) -> None:
    """And the page that comes is there whole, or the server would still be writing when the browser leaves it."""
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_the_pages_of_forty_companies_are_accessible_fit_and_ask_nobody_else(
    chromium: Browser, practice: Practice, axe: str, scheme: Literal["light", "dark"], size: ViewportSize
) -> None:
    page = practice.entered(chromium, size, scheme)
    heard, asked = _complaints(page), []
    page.on("request", lambda request: asked.append(request.url))
    for path in (*LONG, *LISTS):
        page.goto(f"{practice.address}{path}")
        _open_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{path} is too wide"
        assert path in LONG or _violations(page, axe) == [], path
    assert heard == []
    assert [url for url in asked if not url.startswith((practice.address, "data:"))] == []
    page.context.close()


def test_today_is_about_all_companies_and_names_the_riskiest_first(chromium: Browser, practice: Practice) -> None:
    page = practice.entered(chromium)
    page.goto(practice.address)
    rows = page.get_by_role("region", name="Table of companies by risk").locator("tbody tr")
    expect(rows).to_have_count(40)
    shares = [int(text.split(" %")[0]) for text in rows.locator(".aside").all_inner_texts()]
    assert len(shares) == 40
    assert shares == sorted(shares, reverse=True)
    expect(page.get_by_text("things need a person")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("asked", [NUMBER, NUMBER.lower(), "kingfisher", ADDRESS])
def test_one_customer_of_forty_companies_is_found_from_any_page(
    chromium: Browser, practice: Practice, asked: str
) -> None:
    page = practice.entered(chromium)
    page.goto(f"{practice.address}/desk")
    page.get_by_role("searchbox").fill(asked)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    expect(page.locator("main").get_by_role("link", name=WHOM).first).to_be_visible()
    expect(page.locator("main").get_by_text("Client 017").first).to_be_visible()
    page.context.close()


def test_several_companies_are_stopped_at_once_and_one_button_takes_it_back(
    chromium: Browser, practice: Practice
) -> None:
    page = practice.entered(chromium)
    page.goto(f"{practice.address}/companies")
    for number in (3, 17, 38):
        page.get_by_label(f"Tick Client {number:03d}", exact=True).check()
    page.get_by_text("Change the ticked ones at once").click()
    page.get_by_label("What", exact=True).select_option("stop")
    _press(page, "Show what would happen")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    assert page.locator(".said-list li").all_inner_texts() == ["Client 003", "Client 017", "Client 038"]
    _press(page, "Stop sending for them")
    expect(page.locator(".stop-banner")).to_contain_text("Sending is stopped for 3 companies.")
    _press(page, "Take it back")
    expect(page.locator(".stop-banner")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/companies", "/desk"])
def test_everything_is_stopped_with_one_press_from_any_page(chromium: Browser, practice: Practice, path: str) -> None:
    page = practice.entered(chromium, PHONE)
    page.goto(f"{practice.address}{path}")
    page.get_by_role("link", name="Stop all sending", exact=True).click()
    _press(page, "Stop all sending now")
    page.goto(f"{practice.address}{path}")
    expect(page.locator(".stop-banner")).to_contain_text("All sending is stopped")
    page.get_by_role("link", name="See and resume").click()
    _press(page, "Let it go on")
    expect(page.get_by_role("button", name="Stop all sending now")).to_be_visible()
    page.wait_for_load_state()
    page.context.close()


def test_every_company_of_the_list_is_reached_by_keyboard_and_one_sees_where_one_is(
    chromium: Browser, practice: Practice
) -> None:
    page = practice.entered(chromium)
    page.goto(f"{practice.address}/companies")
    reached, ticks = [], 0
    for _ in range(150):
        page.keyboard.press("Tab")
        name, ticked, seen = page.evaluate(_FOCUSED)
        assert seen, f"one cannot see where one is at {name!r}"
        ticks += ticked
        reached.append(name)
        if name == "Stop all sending":
            break
    companies = [name for name in reached if name.startswith(("Client ", "Heron & Sons"))]
    assert len(companies) == len(set(companies)) == ticks == 40
    assert reached[0] == "Skip to the content"
    page.context.close()


_FOCUSED = """() => {
    const one = document.activeElement, look = getComputedStyle(one);
    return [one.innerText || one.ariaLabel || one.id, one.classList.contains('tick-row'),
            look.outlineStyle !== 'none' || look.boxShadow !== 'none'];
}"""

"""A stranger's first day, in a real browser: from an installation that nobody has come to, to the last click.

The ledger's consent page is the sandbox's, behind a real address. Nothing reaches a customer before the last click.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.books import BookCompany
from tests.browser.test_looks import DESK, _complaints, _violations
from tests.browser.walked import EMAIL, SECRET, untouched
from tests.town import Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["xero", "quickbooks"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Town, str, str]]:
    """An untouched installation, its address, and the kind of its ledger."""
    with untouched(tmp_path, request.param) as (town, address):
        yield town, address, request.param


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def become_owner(page: Page, address: str) -> None:
    """The first who comes owns the installation."""
    page.goto(address)
    for field, words in {
        "Your practice or business": "Sandpiper Accounting",
        "Your name": "Robin",
        "E-mail address": EMAIL,
        "Password": SECRET,
    }.items():
        page.get_by_label(field, exact=True).fill(words)
    press(page, "Create the owner")
    expect(page.get_by_role("heading", name="Connect your first company")).to_be_visible()


def connect(page: Page, kind: str) -> None:
    press(page, f"Connect to {'Xero' if kind == 'xero' else 'QuickBooks'}")
    page.locator("button[value=allow]").click()
    expect(page.get_by_text("We are reading the books now.")).to_be_visible()


def settings(page: Page, about: BookCompany) -> None:
    """Where the company is, where its payments are booked, and who answers: the page says what is missing."""
    page.get_by_role("link", name="Open the settings").click()
    page.get_by_label("Time zone").select_option(about.zone)
    page.get_by_label("Book card payments in").select_option(index=1)
    page.get_by_label("Address for replies").fill(about.email)
    press(page, "Save")
    page.get_by_role("link", name="Go through the first day").click()


def looked_at(page: Page, link: str, axe: str) -> None:
    """A page is opened from the first day, looked at, and left again."""
    page.get_by_role("link", name=link, exact=True).click()
    expect(page.locator("h1")).not_to_contain_text("The first day")
    assert _violations(page, axe) == [], page.url
    page.go_back()


def test_from_nobody_to_the_last_click_and_nothing_leaves_before_it(
    chromium: Browser, there: tuple[Town, str, str], axe: str
) -> None:
    town, address, kind = there
    page = chromium.new_context(viewport=DESK, reduced_motion="reduce").new_page()
    heard, company = _complaints(page), town.books[kind].about.name
    become_owner(page, address)
    connect(page, kind)
    town.settle()
    page.get_by_role("link", name=company, exact=True).first.click()
    page.get_by_role("link", name="Go through the first day").click()
    assert _violations(page, axe) == []
    expect(page.get_by_text("Nothing is sent before you press the last button.")).to_be_visible()
    found = page.locator("#found")
    expect(found).to_contain_text("3 customers, of whom 3 owe something on 3 invoices")
    expect(found).to_contain_text("1 customer cannot be written to")
    found.get_by_role("button").click()
    expect(page.get_by_label("Robin")).to_be_checked()
    press(page, "Leave the ticked ones out")
    page.get_by_label("Early intervention").check()
    press(page, "Choose this one")
    looked_at(page, "Try it on the past", axe)
    press(page, "I have seen it")
    reminders = page.locator("#reminders")
    expect(reminders).to_contain_text("told us so" if kind == "xero" else "does not tell us")
    reminders.get_by_role("button").click()
    settings(page, town.books[kind].about)
    press(page, "It is right")
    looked_at(page, "See the first week", axe)
    page.locator("#first-week").get_by_role("button").click()
    town.at(date(2026, 3, 4))
    assert town.mails() == []
    press(page, "Switch sending on")
    expect(page.get_by_role("button", name="Switch sending on")).to_have_count(0)
    town.at(date(2026, 3, 5), 11)
    assert (heard, town.mails()) == ([], [])  # a person approves first
    page.get_by_role("link", name="Approvals").click()
    press(page, "Approve for Fern & Sons")
    expect(page.get_by_role("button", name="Approve for Fern & Sons")).to_have_count(0)
    town.at(date(2026, 3, 10))
    assert [(mail.recipients, mail.header("X-Dunlin-Step")) for mail in town.mails()] == [
        (("fern@customers.example",), "heads-up")
    ]

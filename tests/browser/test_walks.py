"""A customer walks from the message to the end, in a real browser: on a phone, without scripts, by keyboard alone.

The processors' pages are the sandbox's, behind real addresses; what stands in the ledger afterwards is looked at there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_looks import DESK, PHONE, _complaints, _open_all, _violations
from tests.browser.walked import EMAIL, SECRET, link_in, owner, walked
from tests.stories.days import EVENING
from tests.town import Town

pytestmark = pytest.mark.browser
HEADS_UP = date(2026, 3, 4)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[tuple[Town, str]]:
    with walked(tmp_path) as found:
        yield found


@pytest.fixture(params=["desk", "phone", "no scripts"])
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Another kind of visitor each time."""
    size = DESK if request.param == "desk" else PHONE
    context = chromium.new_context(viewport=size, java_script_enabled=request.param != "no scripts")
    yield context
    context.close()


def opened(town: Town, visit: BrowserContext, step: str = "heads-up") -> Page:
    """The customer follows the link of the last message."""
    mail = town.mails("A-1")[-1]
    assert mail.header("X-Dunlin-Step") == step
    page = visit.new_page()
    page.goto(link_in(mail))
    expect(page.get_by_text("Wren Studio").first).to_be_visible()
    return page


def hosted(page: Page) -> None:
    """The customer pays on the processor's own page."""
    page.wait_for_url("**/c/pay/**")
    page.locator("button[type=submit]").click()


def received(town: Town) -> list[str]:
    return [f"{one.invoice} {one.amount:.2f}" for one in town.xero.payments(town.tenants["xero"])]


def test_message_page_pay_thank_you_ledger(town: tuple[Town, str], visit: BrowserContext) -> None:
    here, _ = town
    here.at(HEADS_UP, EVENING)
    page = opened(here, visit)
    page.get_by_role("button", name="Pay now").click()
    hosted(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    here.at(date(2026, 3, 5), EVENING)
    assert received(here) == ["A-1 100.00"]
    assert here.steps("A-1") == ["heads-up", "thanks"]
    page.goto(link_in(here.mails("A-1")[-1]))
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing left to pay")
    expect(page.get_by_text("£100.00").first).to_be_visible()


def test_message_arrangement_first_part(town: tuple[Town, str], visit: BrowserContext) -> None:
    here, _ = town
    here.company_may(arrange_up_to_minor=50_000, least_deposit=25)
    here.at(HEADS_UP, EVENING)
    page = opened(here, visit)
    page.get_by_text("I cannot pay all of it now").click()
    page.get_by_role("link", name="See at once how it looks in parts").click()
    page.get_by_label("In how many parts").select_option("4")
    page.get_by_label("How far apart").select_option("week")
    page.get_by_role("button", name="Show me the parts").click()
    expect(page.get_by_role("listitem").filter(has_text="£25.00")).to_have_count(4)
    page.get_by_label("I agree to these days and amounts.").check()
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_role("heading", name="You pay in parts")).to_be_visible()
    page.get_by_role("button", name="Pay £25.00 now (by card)").click()
    hosted(page)
    here.at(date(2026, 3, 5), EVENING)
    assert received(here) == ["A-1 25.00"]
    page.goto(link_in(here.mails()[-1]))
    expect(page.get_by_role("listitem").filter(has_text="Paid")).to_have_count(1)


def test_message_dispute_resolved(chromium: Browser, town: tuple[Town, str], visit: BrowserContext) -> None:
    here, address = town
    owner(here)
    here.at(HEADS_UP, EVENING)
    page = opened(here, visit)
    page.locator("summary", has_text="Something is wrong").click()
    page.get_by_label("What is wrong").fill("Two of the shelves are missing.")
    page.locator("#dispute").get_by_role("button", name="Send").click()
    expect(page.locator(".notices")).to_contain_text("Thank you")
    here.at(date(2026, 3, 10), EVENING)
    assert here.steps("A-1") == ["heads-up"], "nobody is asked for money while a person has not answered"
    desk = chromium.new_page()
    desk.goto(f"{address}/sign-in")
    desk.fill("#email", EMAIL)
    desk.fill("#password", SECRET)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    desk.goto(f"{address}/desk")
    expect(desk.get_by_text("Two of the shelves are missing.").first).to_be_visible()
    resolve(desk)
    here.at(date(2026, 3, 12), EVENING)
    assert "dispute-answered" in [mail.header("X-Dunlin-Step") for mail in here.mails()]
    desk.close()


def resolve(desk: Page) -> None:
    """The accountant answers, and says how it ended."""
    form = desk.locator("form[action$='/resolve']").first
    form.locator("select[name=ending]").select_option("corrected")
    form.locator("[name=text]").fill("The two shelves are on their way. Sorry!")
    form.get_by_role("button").first.click()


def test_by_keyboard_alone(chromium: Browser, town: tuple[Town, str]) -> None:
    here, _ = town
    here.at(HEADS_UP, EVENING)
    context = chromium.new_context(viewport=DESK)
    page = opened(here, context)
    heard = _complaints(page)
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
        ring = page.evaluate("(one => one.outlineStyle + one.boxShadow)(getComputedStyle(document.activeElement))")
        assert ring != "nonenone", f"one cannot see where one is at {seen[-1]!r}"
        if seen[-1].startswith("Pay now"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert heard == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_on_the_way_is_accessible(chromium: Browser, town: tuple[Town, str], axe: str, scheme: str) -> None:
    here, _ = town
    here.company_may(arrange_up_to_minor=50_000, part_payments=True)
    here.at(HEADS_UP, EVENING)
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    page = opened(here, context)
    link = page.url
    heard = _complaints(page)
    uid = here.invoice("A-1").uid
    look = f"/arrange/look?invoice={uid}&count=3&every=week&first={here.now.date()}"
    for place in ("", "?answer=dispute", "?answer=in-order", "/arrange", look, "/more-time", "/statement", "/thanks"):
        answer = page.goto(f"{link}{place}")
        assert answer is not None
        assert answer.ok, place
        _open_all(page)
        assert _violations(page, axe) == [], place
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], f"{place} is too wide"
    assert heard == []
    context.close()

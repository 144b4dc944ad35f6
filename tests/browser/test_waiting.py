"""What takes longer than a moment says so while it lasts, and is silent when somebody comes back."""

from __future__ import annotations

from time import sleep

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import sign_in
from tests.web.world import World

pytestmark = pytest.mark.browser


def test_a_backtest_says_that_it_works_until_its_answer_is_there(chromium: Browser, served: tuple[World, str]) -> None:
    world, address = served
    page = chromium.new_context(reduced_motion="reduce").new_page()
    sign_in(page, address)
    page.goto(f"{address}/companies/{world.bramley.uid}/backtest")
    working = page.locator(".working")
    expect(working).to_be_hidden()
    page.evaluate(_REMEMBER)

    def slowly(route: Route) -> None:
        sleep(1)
        route.continue_()

    page.route("**/backtest?*", slowly)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    said = page.evaluate("sessionStorage.getItem('said')")
    assert said == "Going through the past invoices, day by day. This can take some seconds."
    expect(working).to_be_hidden()


# While a page is being left nobody can look at it from outside, so it writes down what it showed.
_REMEMBER = """() => {
  const shown = document.querySelector(".working");
  new MutationObserver(() => sessionStorage.setItem("said", shown.textContent)).observe(shown, {childList: true});
}"""

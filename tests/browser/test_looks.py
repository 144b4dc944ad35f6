"""What a person sees: no page breaks an accessibility rule, its own policy, or the width of a phone, light or dark."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.conftest import sign_in
from tests.web import pages
from tests.web.world import World

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 360, "height": 740}
# While a first reading runs, its page renews itself every few seconds, without a script; that one rule is left out.
RULES = {"rules": {"meta-refresh": {"enabled": False}}}


def _violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("options => axe.run(document, options)", {**RULES, "iframes": False})
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def _complaints(page: Page) -> list[str]:
    """What the browser itself refuses or reports, such as a broken content policy; a 404 of its own is expected."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "console",
        lambda said: (
            heard.append(said.text) if said.type in ("error", "warning") and "status of 404" not in said.text else None
        ),
    )
    return heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_accessible_fits_and_keeps_its_own_policy(
    chromium: Browser, served: tuple[World, str], axe: str, scheme: Literal["light", "dark"], size: ViewportSize
) -> None:
    world, address = served
    context = chromium.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    heard = _complaints(page)
    page.goto(f"{address}/sign-in")
    assert _violations(page, axe) == []
    sign_in(page, address)
    for name, path in {**pages.console(world), **pages.portal(world)}.items():
        page.goto(f"{address}{path}")
        for details in page.locator("details").all():
            details.evaluate("one => one.open = true")
        assert _violations(page, axe) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} is too wide"
        assert heard == [], name
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_customer_names_a_day_and_says_what_is_wrong_on_a_phone(
    chromium: Browser, served: tuple[World, str], scripts: bool
) -> None:
    world, address = served
    context = chromium.new_context(viewport=PHONE, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{address}{world.link('Fennimore Architects' if scripts else 'Kestrel Homes')}")
    page.get_by_text("Choose a day").click()
    page.get_by_label("I will pay on").fill("2026-11-27")
    page.get_by_role("button", name="Tell us this day").click()
    assert "We noted Friday, 27 November 2026" in page.inner_text("main")
    page.get_by_text("Something is wrong", exact=True).click()
    page.get_by_label("What is wrong").fill("It lacks our order number.")
    page.get_by_role("button", name="Send").click()
    assert "Thank you for telling us" in page.inner_text("main")
    context.close()


def test_the_pay_button_shows_the_sum_of_what_is_ticked(chromium: Browser, served: tuple[World, str]) -> None:
    world, address = served
    page = chromium.new_page()
    page.goto(f"{address}{world.link('Alder & Ash Kitchens')}")
    button = page.get_by_role("button", name="Pay now").first
    assert "£3,015.50" in button.inner_text()
    invoices = page.locator(".pay-form")
    invoices.get_by_label("1051").uncheck()
    assert "£2,805.50" in button.inner_text()
    for number in ("1042", "1060"):
        invoices.get_by_label(number).uncheck()
    assert button.is_disabled()
    page.close()


def test_a_message_is_seen_in_its_frame_and_its_frame_can_do_nothing(
    chromium: Browser, served: tuple[World, str]
) -> None:
    world, address = served
    page = chromium.new_page()
    sign_in(page, address)
    page.goto(f"{address}/touches/{world.touch.uid}")
    frame: Any = page.frame_locator("iframe.message")
    assert "Could you have a look?" in frame.locator("body").inner_text()
    assert page.evaluate("document.querySelector('iframe.message').contentDocument") is None
    page.close()

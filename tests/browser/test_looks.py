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
# What a page looks like is decided by its styles alone, so one that was opened once can be looked at in every way.
LOOKS: list[tuple[Literal["light", "dark"], ViewportSize]] = [
    ("light", DESK),
    ("light", PHONE),
    ("dark", PHONE),
    ("dark", DESK),
]
# While a first reading runs, its page renews itself every few seconds, without a script; that one rule is left out.
# Only what breaks a rule is written out in full; what keeps it would be most of the report.
OPTIONS = {"rules": {"meta-refresh": {"enabled": False}}, "iframes": False, "resultTypes": ["violations"]}
VIOLATED = """async options => (await axe.run(document, options)).violations.map(
    one => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`)"""
PARTS = 4  # tests that share the pages, so that several workers can


def _violations(page: Page, axe: str) -> list[str]:
    if page.evaluate("window.axe === undefined"):
        page.evaluate(axe)
    return list(page.evaluate(VIOLATED, OPTIONS))


def _open_all(page: Page) -> None:
    """Everything that folds is unfolded."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


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


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_fits_and_keeps_its_own_policy(
    chromium: Browser, served: tuple[World, str], axe: str, part: int
) -> None:
    world, address = served
    context = chromium.new_context(reduced_motion="reduce")  # or a colour is looked at on its way to another
    page = context.new_page()
    heard = _complaints(page)
    _look(page, f"{address}/sign-in", axe, "sign-in")
    sign_in(page, address)
    for name, path in [*pages.console(world).items(), *pages.portal(world).items()][part::PARTS]:
        _look(page, f"{address}{path}", axe, name)
        assert heard == [], name
    context.close()


def _look(page: Page, url: str, axe: str, name: str) -> None:
    """One page, light and dark, on a desk and on a phone."""
    page.goto(url)
    _open_all(page)
    for scheme, size in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        assert _violations(page, axe) == [], f"{name}, {scheme}, {size['width']} wide"
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} is too wide"


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

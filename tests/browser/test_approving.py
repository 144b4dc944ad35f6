"""Drafts and calls in a real browser: by keys and without scripts, light and dark, on a desk and a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import serving, sign_in
from tests.browser.test_looks import DESK, PHONE, _complaints, _violations
from tests.web.approving import Asked, asked

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asked, str]]:
    with serving(tmp_path_factory.mktemp("approving")) as (world, address):
        yield asked(world), address


def _paths(queue: Asked) -> dict[str, str]:
    kea = queue.drafts["Kea Kayaks"].uid
    return {
        "drafts": "/approvals",
        "editing": f"/approvals/{kea}",
        "tasks": "/tasks",
        "call": f"/tasks/{queue.call.uid}",
        "letter": f"/tasks/{queue.letter.uid}",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_are_accessible_and_fit(
    chromium: Browser, queue: tuple[Asked, str], axe: str, scheme: Literal["light", "dark"], size: ViewportSize
) -> None:
    context = chromium.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    heard = _complaints(page)
    sign_in(page, queue[1])
    for name, path in _paths(queue[0]).items():
        page.goto(f"{queue[1]}{path}")
        for details in page.locator("details").all():
            details.evaluate("one => one.open = true")
        assert _violations(page, axe) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} is too wide"
        assert heard == [], name
    context.close()


def _here(page: Page) -> str:
    return str(page.evaluate("document.activeElement.querySelector?.('h3')?.innerText ?? ''"))


def test_keys_move_through_the_queue_and_decide_and_can_be_switched_off(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(tmp_path_factory.mktemp("keys")) as (world, address):
        found = asked(world)
        page = chromium.new_page()
        sign_in(page, address)
        page.goto(f"{address}/approvals")
        page.keyboard.press("a")
        assert page.url.endswith("/approvals")
        page.keyboard.press("j")
        first = _here(page)
        page.keyboard.press("j")
        assert _here(page) != first
        page.keyboard.press("k")
        assert _here(page) == first
        page.keyboard.press("s")
        page.keyboard.type("jk")
        assert page.evaluate("document.activeElement.value") == "jk"
        page.get_by_role("button", name="Switch the keys off").click()
        page.keyboard.press("j")
        assert _here(page) == ""
        page.get_by_role("button", name="Switch the keys on").click()
        page.keyboard.press("j")
        page.keyboard.press("a")
        expect(page.locator(".draft")).to_have_count(len(found.drafts) - 1)
        page.close()


def test_a_draft_is_edited_and_a_call_is_settled_without_scripts(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(tmp_path_factory.mktemp("plain")) as (world, address):
        found = asked(world)
        context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
        page = context.new_page()
        sign_in(page, address)
        page.goto(f"{address}/approvals/{found.drafts['Kea Kayaks'].uid}")
        page.get_by_label("Subject").fill("A small thing")
        page.get_by_role("button", name="Approve with these words").click()
        assert "Approved. It can be taken back" in page.inner_text("main")
        page.goto(f"{address}/tasks/{found.call.uid}")
        page.get_by_label("They will pay on").fill("2026-11-27")
        page.get_by_role("button", name="Note this day").click()
        assert "Nothing is said until" in page.inner_text("main")
        context.close()

"""Takes the screenshots in docs/screenshots: `python -m tests.browser.shots`. The small world, in a real browser."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests.browser.conftest import ARGUMENTS, sign_in
from tests.web.edges import make_app, new_store, runtime
from tests.web.world import World

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


def _console(browser: Browser, address: str, world: World, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    sign_in(page, address)
    company, alder = f"/companies/{world.bramley.uid}", world.accounts["Alder & Ash Kitchens"].uid
    wanted = {
        "today": "/",
        "companies": "/companies",
        "company": company,
        "preview": f"{company}/preview",
        "cadence": f"{company}/cadence",
        "account": f"/accounts/{alder}",
        "statement": f"/accounts/{alder}/statement",
        "invoice": f"/invoices/{world.invoices['1042'].uid}",
        "readings": f"{company}/ledger",
        "connection": f"{company}/connection",
        "desk": "/desk",
        "delete-company": f"{company}/delete",
        "personal-data": f"/accounts/{alder}/personal",
        "library": "/library",
        "draft": f"/drafts/{world.draft.uid}?step=late-12",
        "segments": f"{company}/segments",
        "words": f"/wordings/in/en/mail/late-12?company={world.bramley.uid}",
    }
    for name, path in wanted.items():
        if scheme == "light" or name == "company":
            page.goto(f"{address}{path}")
            page.screenshot(path=FOLDER / f"{name}{'-dark' if scheme == 'dark' else ''}.png")
    context.close()


def _portal(browser: Browser, address: str, world: World) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}{world.link('Brightwell Primary School')}")
    page.screenshot(path=FOLDER / "portal-phone.png")
    context.close()


def main() -> None:
    """All screenshots, anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = new_store(f"sqlite:///{folder}/dunlin.db")
        world = World(runtime(store, public_url="http://127.0.0.1"))
        server = make_server("127.0.0.1", 0, make_app(world.rt, DUNLIN_MISSING=[]), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        address = f"http://127.0.0.1:{server.server_port}"
        for scheme in ("light", "dark"):
            _console(browser, address, world, scheme)
        _portal(browser, address, world)
        browser.close()
        server.shutdown()
        store.close()


if __name__ == "__main__":
    main()

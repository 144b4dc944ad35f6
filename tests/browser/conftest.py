"""A real browser in front of a real server on a loopback port, with the small world of the web tests behind it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright
from werkzeug.serving import make_server

from tests.web.edges import PASSWORD, make_app, new_store, runtime
from tests.web.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AXE = Path(os.environ.get("DUNLIN_TEST_AXE", Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's own script."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm install axe-core)")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("DUNLIN_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            pytest.skip(f"Chromium does not start here: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """The world and the address it is served at."""
    with serving(tmp_path_factory.mktemp("browser")) as found:
        yield found


@contextmanager
def serving(folder: Path) -> Iterator[tuple[World, str]]:
    """A world of its own, kept in the folder, behind a real server."""
    store = new_store(f"sqlite:///{folder}/dunlin.db")
    world = World(runtime(store, mode="demo", public_url="http://127.0.0.1"))
    app = make_app(world.rt, DUNLIN_MAILBOX_URL="http://127.0.0.1:1/")
    app.add_url_rule("/demo/next-day", "demo.next_day", lambda: "", methods=["POST"])
    server = make_server("127.0.0.1", 0, _closing(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield world, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    store.close()


def _closing(app: WSGIApplication) -> WSGIApplication:
    """What is answered is closed with its last byte, or when a browser hangs up: werkzeug's own server forgets to where
    the connection is cut before it has looked for more to read.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        with ExitStack() as stack:
            body = app(environ, start)
            if hasattr(body, "close"):
                stack.callback(body.close)
            yield from body

    return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#email", "ann@example.com")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/")

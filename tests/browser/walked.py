"""A town behind real addresses: Dunlin and the processors' pages served on loopback ports, for a browser to walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import app as house
from models import User
from sandbox.mailbox import Mail
from sandbox.wires import serve
from tests.browser.conftest import free_port
from tests.town import Town
from workflows import people

EMAIL, SECRET = "robin@sandpiper.example", "a long enough secret"
_LINK = re.compile(r"https?://[^\s<>\"']+/p/[^\s<>\"'?]+")


@contextmanager
def walked(folder: Path, kind: str = "xero") -> Iterator[tuple[Town, str]]:
    """One company with the invoice A-1 of 100.00, due on 9 March, and the address Dunlin is served at."""
    with ExitStack() as stack:
        town = Town(f"sqlite:///{folder}/dunlin.db")
        stack.callback(town.close)
        pages = []
        for twin in (town.stripe, town.gocardless):
            server = serve(twin.app)
            stack.callback(server.stop)
            pages.append((twin, server.url))
        town.customer(kind, "fern", "Fern & Sons")
        town.open(kind, "A-1", "fern", date(2026, 3, 9))
        town.begin(kinds=[kind])
        for twin, url in pages:
            twin.base_url = url
        port = free_port()
        town.rt = replace(town.rt, public_url=f"http://127.0.0.1:{port}")
        web = house.create_app(town.settings, town.rt)
        web.config["DUNLIN_FORM_HOSTS"] = [url for _, url in pages]
        stack.callback(serve(web, port=port).stop)
        yield town, town.rt.public_url


def link_in(mail: Mail) -> str:
    """The address of the customer's page, as it stands in the message."""
    found = _LINK.search(mail.text)
    assert found is not None, mail.text
    return found[0]


def owner(town: Town) -> None:
    """Somebody of the practice who can sign in."""
    made = people.create_owner(town.rt, "Elsewhere", "Robin", EMAIL, SECRET)
    with town.rt.store.write() as session:
        session.get_one(User, made).practice_id = town.practice_id

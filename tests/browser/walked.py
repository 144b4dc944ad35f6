"""A town behind real addresses: Dunlin and the processors' pages served on loopback ports, for a browser to walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import app as house
from models import User
from sandbox.books import BookCustomer, BookPayment
from sandbox.mailbox import Mail
from sandbox.wires import serve
from tests.browser.conftest import free_port
from tests.town import Town, lay_tables
from workflows import people

EMAIL, SECRET = "robin@sandpiper.example", "a long enough secret"
_LINK = re.compile(r"https?://[^\s<>\"']+/p/[^\s<>\"'?]+")


@contextmanager
def untouched(folder: Path, kind: str) -> Iterator[tuple[Town, str]]:
    """An installation to which nobody has come yet, its ledger's own consent page behind a real address, too.

    In the books are Fern & Sons with the invoice A-1, due on 9 March, and one that was paid late; one of the
    practice's own people, who bought something; and somebody without an address.
    """
    with ExitStack() as stack:
        town = Town(f"sqlite:///{folder}/dunlin.db")
        stack.callback(town.close)
        twin = town.twin(kind)
        server = serve(twin.app)
        stack.callback(server.stop)
        twin.base_url = server.url
        town.network.route(urlsplit(server.url).netloc, twin.app)
        _books(town, kind)
        town.tenants = {kind: twin.add_company(town.books[kind])}
        port = free_port()
        town.start()
        lay_tables(town.rt.store)
        town.rt = replace(town.rt, public_url=f"http://127.0.0.1:{port}")
        web = house.create_app(town.settings, town.rt)
        web.config["DUNLIN_FORM_HOSTS"] = [server.url]
        stack.callback(serve(web, port=port).stop)
        yield town, town.rt.public_url


def _books(town: Town, kind: str) -> None:
    books = town.books[kind]
    town.customer(kind, "fern", "Fern & Sons")
    town.open(kind, "A-1", "fern", date(2026, 3, 9))
    town.open(kind, "A-0", "fern", date(2026, 1, 9))
    books.payments.append(BookPayment("A-0", Decimal("100.00"), date(2026, 1, 20)))
    town.customer(kind, "robin", "Robin", EMAIL)
    town.open(kind, "A-2", "robin", date(2026, 3, 9))
    books.customers.append(BookCustomer("moss", "Moss", "Moss", ()))
    town.open(kind, "A-3", "moss", date(2026, 2, 20))


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

"""The pretend world set up on loopback ports: ledgers, card processor, mailbox, people and the judge.

It gives the product nothing but addresses and keys, as a real vendor would, and carries webhooks to it over HTTP.
"""

from __future__ import annotations

import mmap
import struct
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Protocol

import requests

from sandbox.books import LedgerTwin
from sandbox.gocardless import GoCardlessTwin
from sandbox.judge import Judge
from sandbox.mail_provider import MailProviderTwin
from sandbox.mailbox import Mailbox
from sandbox.people import People, load
from sandbox.quickbooks import QuickBooksTwin
from sandbox.stripe import StripeTwin
from sandbox.wires import Server, serve
from sandbox.world import World
from sandbox.xero import XeroTwin

WEBHOOK_TIMEOUT = (3, 30)


class WorldClock:
    """The pretend world's time. It stands still until it is moved, and is never moved back."""

    def __init__(self, start: datetime) -> None:
        self._now, self._lock = start, threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def move(self, to: datetime) -> None:
        with self._lock:
            self._now = max(self._now, to)


class FileClock(WorldClock):
    """The same for several processes: the time stands in a file, which whoever moves it has begun with `start`."""

    SECONDS = struct.Struct("d")

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        if start is not None:
            path.write_bytes(self.SECONDS.pack(start.timestamp()))
        with path.open("r+b") as held:
            self._page = mmap.mmap(held.fileno(), 0)
        super().__init__(self.now())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.SECONDS.unpack_from(self._page)[0], UTC)

    def move(self, to: datetime) -> None:
        self.SECONDS.pack_into(self._page, 0, max(self.now(), to).timestamp())


class Product(Protocol):
    """What a demo needs of Dunlin besides its web address: to be told that time has passed."""

    url: str

    def settle(self) -> None:
        """Do everything that is due now."""
        ...

    def next_moment(self) -> datetime | None:
        """When there is something to do next."""
        ...

    def figures(self) -> dict[str, object]:
        """What only Dunlin can say of itself."""
        ...


def ids(seed: int) -> Callable[[], str]:
    """Names like the product's own, the same for the same seed."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    chance, lock = Random(f"ids/{seed}"), threading.Lock()

    def new_id() -> str:
        with lock:
            return "".join(chance.choices(letters, k=22))

    return new_id


def mail_environment(provider: MailProviderTwin, url: str) -> dict[str, str]:
    """The settings under which people sign in to their mailboxes at `url`, whichever provider they choose."""
    names = {"CLIENT_ID": provider.client_id, "CLIENT_SECRET": provider.client_secret, "LOGIN_URL": url}
    return {f"DUNLIN_{kind}_{name}": value for kind in ("MICROSOFT", "GOOGLE") for name, value in names.items()}


def environment(
    quickbooks: QuickBooksTwin,
    xero: XeroTwin,
    stripe: StripeTwin,
    gocardless: GoCardlessTwin,
    smtp_url: str,
    public_url: str,
) -> dict[str, str]:
    """The settings under which a product finds these twins, each at its `base_url`."""
    return {
        "DUNLIN_MODE": "demo",
        "DUNLIN_PUBLIC_URL": public_url,
        "DUNLIN_SIGN_UPS": "open",
        "DUNLIN_QUICKBOOKS_CLIENT_ID": quickbooks.client_id,
        "DUNLIN_QUICKBOOKS_CLIENT_SECRET": quickbooks.client_secret,
        "DUNLIN_QUICKBOOKS_WEBHOOK_KEY": quickbooks.webhook_key,
        "DUNLIN_QUICKBOOKS_AUTHORIZE_URL": f"{quickbooks.base_url}/connect/oauth2",
        "DUNLIN_QUICKBOOKS_TOKEN_URL": f"{quickbooks.base_url}/oauth2/v1/tokens/bearer",
        "DUNLIN_QUICKBOOKS_REVOKE_URL": f"{quickbooks.base_url}/v2/oauth2/tokens/revoke",
        "DUNLIN_QUICKBOOKS_DISCOVERY_URL": f"{quickbooks.base_url}/.well-known/openid_configuration",
        "DUNLIN_QUICKBOOKS_API_URL": quickbooks.base_url,
        "DUNLIN_XERO_CLIENT_ID": xero.client_id,
        "DUNLIN_XERO_CLIENT_SECRET": xero.client_secret,
        "DUNLIN_XERO_WEBHOOK_KEY": xero.webhook_key,
        "DUNLIN_XERO_AUTHORIZE_URL": f"{xero.base_url}/identity/connect/authorize",
        "DUNLIN_XERO_TOKEN_URL": f"{xero.base_url}/connect/token",
        "DUNLIN_XERO_REVOKE_URL": f"{xero.base_url}/connect/revocation",
        "DUNLIN_XERO_DISCOVERY_URL": f"{xero.base_url}/.well-known/openid-configuration",
        "DUNLIN_XERO_API_URL": xero.base_url,
        "DUNLIN_STRIPE_API_URL": stripe.base_url,
        "DUNLIN_GOCARDLESS_API_URL": gocardless.base_url,
        "DUNLIN_SMTP_URL": smtp_url,
        "DUNLIN_MAIL_FROM": "post.dunlin.example",
    }


class Stage:
    """The world running. `steps` are the names of the cadence's steps, for the judge."""

    def __init__(self, world: World, clock: WorldClock, seed: int, steps: Collection[str]) -> None:
        self.world, self.clock = world, clock
        new_id = ids(seed)
        self.mail_provider = MailProviderTwin(clock.now, new_id)
        self.mailbox = Mailbox(clock.now)
        self.mailbox.knows_token = self.mail_provider.opens
        self.mailbox.start()
        self.quickbooks = QuickBooksTwin(clock.now, new_id)
        self.xero = XeroTwin(clock.now, new_id)
        self.stripe = StripeTwin(clock.now, new_id, "sk_test_sandbox", "whsec_sandbox")
        self.gocardless = GoCardlessTwin(clock.now, new_id)
        self.servers: dict[str, Server] = {
            name: serve(app)
            for name, app in (
                ("quickbooks", self.quickbooks.app),
                ("xero", self.xero.app),
                ("stripe", self.stripe.app),
                ("gocardless", self.gocardless.app),
                ("mailbox", self.mailbox.app),
                ("mail-provider", self.mail_provider.app),
            )
        }
        for twin in (self.quickbooks, self.xero, self.stripe, self.gocardless):
            twin.base_url = self.servers[twin.kind].url
        twins: dict[str, LedgerTwin] = {"quickbooks": self.quickbooks, "xero": self.xero}
        self.books = load(world, twins)
        self.people = People(world, self.mailbox, self.books, requests.Session(), clock.now)
        self.judge = Judge(world, self.books, self.people, self.stripe, steps)
        self.mailbox.on_message = self.judge.on_message
        self._post = requests.Session()
        self._post.trust_env = False

    def environment(self, public_url: str) -> dict[str, str]:
        """The settings under which the product finds this world."""
        ledgers = environment(self.quickbooks, self.xero, self.stripe, self.gocardless, self.mailbox.url, public_url)
        return {**ledgers, **mail_environment(self.mail_provider, self.servers["mail-provider"].url)}

    def deliver_webhooks(self, url: str) -> int:
        """Post every waiting webhook to the product; how many."""
        twins = (self.quickbooks, self.xero, self.stripe, self.gocardless)
        waiting = [hook for twin in twins for hook in twin.webhooks()]
        for hook in waiting:
            where = hook.url or f"{url}/webhooks/{hook.kind}"
            answer = self._post.post(where, data=hook.raw, headers=hook.headers, timeout=WEBHOOK_TIMEOUT)
            if answer.status_code != 200:
                raise RuntimeError(f"The product answered {answer.status_code} to a {hook.kind} webhook.")
        return len(waiting)

    def close(self) -> None:
        for server in self.servers.values():
            server.stop()
        self.mailbox.stop()
        self.people.http.close()
        self._post.close()

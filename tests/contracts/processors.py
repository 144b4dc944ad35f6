"""Where the contract of every processor is tried: a twin, a company's account at it, a payer's browser, and a clock.

One entry of `TWINS` for each kind in the registry, one `Way` for each method in which it can be paid. No tests here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import requests

from core.money import Money
from integrations.processors.base import Checkout, CheckoutOrder, Happening, Method, Processor, ProcessorKeys
from integrations.registry import PROCESSORS
from integrations.transport import Transport
from sandbox.gocardless import GoCardlessTwin
from sandbox.processors import PretendProcessor
from sandbox.stripe import StripeTwin
from sandbox.wires import Network, serve

REFERENCE = "attempt-22-characters-x"
TWINS = {
    "stripe": lambda clock, new_id: StripeTwin(clock, new_id, "sk_test_first", "whsec_first"),
    "gocardless": GoCardlessTwin,
}
FORMS = {"stripe": {"card": "4242 4242 4242 4242"}, "gocardless": {"account_number": "55 779911"}}
OPENING = {"stripe": "/checkout/sessions", "gocardless": "/billing_requests"}


@dataclass(frozen=True)
class Way:
    """One way to pay: through this kind of processor, by this method, in a currency that both know."""

    kind: str
    method: Method

    def __str__(self) -> str:
        return f"{self.kind} {self.method.value}"


WAYS = [Way(kind, method) for kind, adapter in PROCESSORS.items() for method in adapter.ways]


@dataclass
class Place:
    """`payer` presses the button on a hosted page; `now` is the twin's clock."""

    way: Way
    transport: Transport
    payer: requests.Session
    url: str = ""
    now: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    twin: PretendProcessor = field(init=False)
    keys: ProcessorKeys = field(init=False)

    def __post_init__(self) -> None:
        ids = count(1)
        self.twin = TWINS[self.way.kind](lambda: self.now, lambda: f"{next(ids):06}")
        self.keys = self.company("Harbour Bakery Ltd")

    def company(self, name: str) -> ProcessorKeys:
        """One more company's own account."""
        return ProcessorKeys(*self.twin.open_account(name))

    def opened(self, keys: ProcessorKeys | None = None, url: str = "") -> Processor:
        return PROCESSORS[self.way.kind](keys or self.keys, url or self.url, self.transport)

    @property
    def processor(self) -> Processor:
        return self.opened()

    def order(self, *lines: tuple[str, Money], reference: str = REFERENCE, keep: bool = False) -> CheckoutOrder:
        return CheckoutOrder(
            reference=reference,
            lines=lines or (("Invoice 1001", Money(12_345, "EUR")), ("Invoice 1002", Money(100_000, "EUR"))),
            success_url="https://dunlin.test/paid",
            cancel_url="https://dunlin.test/portal",
            method=self.way.method,
            language="de-AT",
            keep=keep,
        )

    def press(self, url: str, **typed: str) -> requests.Response:
        """What the page answers when the payer fills it in and presses its button."""
        form = FORMS[self.way.kind] | typed
        return self.payer.post(url, data=form, allow_redirects=False, timeout=5)

    def paid(self, order: CheckoutOrder | None = None, key: str = "key-1") -> Checkout:
        """A page that was opened and paid, and whose money has come."""
        opened = self.processor.start(order or self.order(), key)
        assert self.press(opened.url).status_code == 303
        self.processor.look_up(opened.id)
        self.days(4)
        return self.processor.look_up(opened.id)

    def days(self, number: int) -> None:
        self.now += timedelta(days=number)

    def told(self, keys: ProcessorKeys | None = None) -> list[Happening]:
        """Everything that the waiting webhooks say."""
        processor = self.opened(keys)
        return [one for hook in self.twin.webhooks() for one in processor.events(hook.raw, hook.headers)]


AnyPlace = TypeVar("AnyPlace", bound=Place)


@contextmanager
def open_place(way: Way, over: str = "in process", build: type[AnyPlace] = Place) -> Iterator[AnyPlace]:
    """A place over a real socket of this machine, or without one."""
    if over == "socket":
        with requests.Session() as payer:
            place = build(way, Transport(), payer)
            with serve(place.twin.app) as server:
                place.url = server.url
                yield place
        return
    network = Network()
    transport = Transport(adapter=network.adapter, pool=network.pool)
    place = build(way, transport, transport.mount(requests.Session()), "https://processor.test")
    network.route("processor.test", place.twin.app)
    yield place

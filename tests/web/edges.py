"""The edge of the world for the web tests: a clock that stands, pretend vendors, and an app around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar, cast

from flask import Flask
from flask.testing import FlaskClient

import web
from core.money import Money
from integrations.channels.smtp import Smtp
from integrations.errors import BadSignature, OutsideError
from integrations.ledgers.base import DepositAccount, Feature, Limit, Page, Purpose
from integrations.oauth import OAuthApp
from integrations.openid import OpenId
from integrations.processors.base import Checkout, CheckoutOrder, CheckoutState, Method, ProcessorKind
from integrations.transport import Transport
from models.store import Store, migrate
from web.guards import limiter
from workflows import cadences
from workflows.begun import Begun
from workflows.runtime import Runtime, Work
from workflows.vault import Vault

NOW = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)  # a Wednesday
PASSWORD = "a walk along the shore"


@dataclass
class StillClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class NoEngine:
    def give(self, rt: Runtime, work: Work) -> int:
        raise AssertionError("no page performs effects")

    def close(self, wait: bool = True) -> None:
        pass


class PretendLedger:
    """The edge of the world: a ledger in which nothing changes by itself, and which can be told to be `down`."""

    limits: ClassVar[Any] = (Limit("minute", 60, 60), Limit("month", 2_592_000, 500_000, whole_app=True, metered=True))
    changes_tell_all = False
    metered = "reads"
    drafts = False
    reminders_place = "Switch them off there."
    down: OutsideError | None = None

    def __init__(self, kind: str, label: str) -> None:
        self.kind, self.label, self.key_memory = kind, label, 300
        known = [feature for feature in Feature if feature is not Feature.EXPECTED or kind == "xero"]
        self.scopes: Any = getattr(type(self), "scopes", None) or dict.fromkeys(known, (frozenset({"read"}),))
        site = f"https://{kind}.example"
        vouching = OpenId("Intuit" if kind == "quickbooks" else label, f"{site}/discovery")
        urls = f"{site}/authorize", f"{site}/token", f"{site}/revoke"
        self.oauth = OAuthApp(label, "id", "secret", *urls, ("read",), openid=vouching)

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Callable[[str], None]) -> PretendLedger:
        return self

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        return (DepositAccount("35", "Current account", "GBP"), DepositAccount("36", "Card clearing"))

    def income_choices(self) -> tuple[DepositAccount, ...]:
        return (DepositAccount("80", "Discounts given"), DepositAccount("81", "Sales"))

    def expense_choices(self) -> tuple[DepositAccount, ...]:
        return (DepositAccount("90", "Bank charges"),)

    def deep_link(self, entity: str, id: str, short_code: str) -> str:
        return f"https://{self.kind}.example/{entity}/{id}"

    def pdf(self, invoice: str) -> bytes:
        self._answer()
        return b"%PDF-1.4 " + invoice.encode()

    def pay_link(self, invoice: str) -> str:
        self._answer()
        return "" if invoice == "1060" else f"https://pay.{self.kind}.example/{invoice}"

    def _answer(self) -> None:
        if self.down is not None:
            raise self.down

    def door(self, cursor: str, customers: Sequence[str], purpose: Purpose = Purpose.DOOR) -> Iterator[Page]:
        """Nothing has changed since the mirror was filled."""
        self._answer()
        return iter((Page(cursor=f"{cursor}."),))

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Any, ...]:
        if headers.get("X-Signature") != "good":
            raise BadSignature("The signature does not fit.")
        return ()


class PretendProcessor:
    """The edge of the world: a company's account at a processor, where every page stays open."""

    def account(self) -> str:
        return "Bramley's account"

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        (amount,) = [sum((one[1] for one in order.lines[1:]), order.lines[0][1])]
        return Checkout("cs_1", order.reference, CheckoutState.OPEN, amount, url="https://pay.example/cs_1")

    def look_up(self, checkout: str) -> Checkout:
        return Checkout(checkout, "", CheckoutState.OPEN, Money(0, "GBP"), url="https://pay.example/cs_1")

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Any, ...]:
        raise BadSignature("The signature does not fit.")


def _pretend_stripe() -> ProcessorKind:
    ways = {Method.CARD: None, Method.DEBIT: frozenset({"EUR"})}
    return ProcessorKind("stripe", "Stripe", ways, ("Key", "Secret"), lambda _keys: PretendProcessor())  # type: ignore[arg-type, return-value]


def runtime(store: Store, mode: str = "production", **changes: Any) -> Runtime:
    numbers = count(1)
    fields: dict[str, Any] = {
        "clock": StillClock(),
        "new_id": lambda: f"uid{next(numbers):019d}",
        "store": store,
        "vault": Vault(["k" * 32], "i" * 32),
        "mode": mode,
        "public_url": "https://dunlin.example",
        "mail_from": "mail.example",
        "link_keys": ("l" * 32,),
        "transport": Transport(),
        "ledgers": {
            "quickbooks": PretendLedger("quickbooks", "QuickBooks"),
            "xero": PretendLedger("xero", "Xero"),
        },
        "processors": {"stripe": _pretend_stripe()},
        "channel": None,
        "mailbox": Smtp,
        "engine": NoEngine(),
        "count_call": lambda *_call: None,
        "pause": lambda _seconds: None,
        "turns": lambda *_place: nullcontext(),
        "me": "this-one",
        "begun": Begun(lambda: 0.0),
    }
    return Runtime(**{**fields, **changes})


class _Client(FlaskClient):
    """A client of one world, though the app may be lent to others in between."""

    rt: Runtime

    def open(self, *args: Any, **kwargs: Any) -> Any:
        self.application.extensions["dunlin"] = self.rt
        return super().open(*args, **kwargs)


_made: dict[str, Flask] = {}


def client_of(rt: Runtime, **config: Any) -> FlaskClient:
    """A client of the app around a runtime, with its limits unspent. One app of a kind is made: a page asks its
    runtime about all else.
    """
    kind = repr((rt.mode, rt.public_url, sorted(config.items())))
    if kind not in _made:
        _made[kind] = make_app(rt, **config)
        _made[kind].test_client_class = _Client
    app = _made[kind]
    with app.app_context():
        limiter.reset()
    client = app.test_client()
    cast(_Client, client).rt = rt
    return client


def make_app(rt: Runtime, **config: Any) -> Flask:
    app = Flask("dunlin-under-test", root_path=str(cadences.SHIPPED.parent.parent))
    missing = [("DUNLIN_SMTP_URL", "Set up the mail server, so that messages can leave.")]
    hosts = ["https://pay.example", "https://xero.example"]
    app.config.update({"SECRET_KEY": "s" * 32, "DUNLIN_FORM_HOSTS": hosts, "DUNLIN_MISSING": missing, **config})
    web.register(app, rt)
    return app


def sign_in(client: FlaskClient, email: str = "ann@example.com") -> FlaskClient:
    page = client.get("/sign-in", base_url="https://dunlin.example")
    fields = {"email": email, "password": PASSWORD, "csrf_token": token_in(page.text)}
    answer = client.post("/sign-in", data=fields, **HTTPS)
    assert answer.status_code == 303, answer.text
    return client


HTTPS: dict[str, Any] = {"base_url": "https://dunlin.example"}


def token_in(page: str) -> str:
    """The CSRF token of the first form on a page."""
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def new_store(url: str = "sqlite://") -> Store:
    store = Store(url)
    migrate(store)
    return store

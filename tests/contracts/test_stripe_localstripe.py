"""An outside judge: localstripe, somebody else's Stripe, holds the adapter to what both know of it.

That is keys, refunds in the shapes in which Stripe expands and lists them, and signed webhooks. It knows no Checkout
and no disputes, which stay with our own twin: here a checkout is a thin page around one of localstripe's payments.
Nothing here keeps a card for later, so its SetupIntents have nothing of ours to judge. It runs as a process of its own.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import requests
import stripe
from flask import Flask, Response, request

from core.money import Money
from integrations.errors import BadSignature, Misconfigured
from integrations.processors.base import CheckoutState, MoneyBack, ProcessorKeys
from integrations.processors.stripe import Stripe
from integrations.transport import Transport
from sandbox.wires import serve

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("localstripe") is None, reason="localstripe is not installed"),
]
KEYS = ProcessorKeys("sk_test_localstripe", "whsec_localstripe")
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
KEPT = Path("/tmp/localstripe.pickle")  # where it writes what it holds, whatever it is told


@pytest.fixture(scope="module")
def judge() -> Iterator[str]:
    """localstripe on a free port; skipped with its own words where it cannot be started."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localstripe.server", "--from-scratch", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _ready(process, f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            KEPT.unlink(missing_ok=True)


def _ready(process: subprocess.Popen[str], url: str) -> str:
    for _ in range(100):
        with suppress(requests.ConnectionError):
            requests.get(url, timeout=1)
            return url
        if process.poll() is not None:
            break
        time.sleep(0.1)
    words = process.stderr.read() if process.stderr and process.poll() is not None else "no answer within 10 seconds"
    pytest.skip(f"localstripe could not be started: {words.strip().splitlines()[-1]}")


@pytest.fixture
def seller(judge: str) -> stripe.StripeClient:
    """The company at its dashboard."""
    return stripe.StripeClient(KEYS.secret, base_addresses={"api": judge}, max_network_retries=0)


@pytest.fixture
def payment(seller: stripe.StripeClient) -> str:
    """A card payment of 123.45 EUR that has just been made."""
    card: Any = {"type": "card", "card": CARD}
    method = seller.v1.payment_methods.create(card)
    asked: Any = {"amount": 12_345, "currency": "eur", "payment_method": method.id}
    return seller.v1.payment_intents.confirm(seller.v1.payment_intents.create(asked).id).id


@pytest.fixture
def look_up(judge: str, payment: str) -> Iterator[Callable[[], tuple[CheckoutState, tuple[MoneyBack, ...]]]]:
    """The adapter's own look at a checkout whose payment is localstripe's; what it asks besides goes there as it is."""
    front = Flask("front")

    @front.get("/v1/<path:path>")
    def ask(path: str) -> Response:
        asked = dict(request.args)
        if path == "checkout/sessions/cs_1":
            path = f"payment_intents/{payment}"
            asked = {"expand[0]": request.args["expand[0]"].removeprefix("payment_intent.")}
        authorization = {"Authorization": request.headers["Authorization"]}
        answer = requests.get(f"{judge}/v1/{path}", params=asked, headers=authorization, timeout=5)
        if "expand[0]" not in asked:
            return Response(answer.content, answer.status_code, mimetype="application/json")
        whole = {"amount_total": 12_345, "currency": "eur", "payment_status": "paid", "status": "complete"}
        return front.json.response({"id": "cs_1", **whole, "payment_intent": answer.json()})

    with serve(front) as server:
        adapter = Stripe(KEYS, server.url, Transport())

        def seen() -> tuple[CheckoutState, tuple[MoneyBack, ...]]:
            checkout = adapter.look_up("cs_1")
            assert checkout.payment == payment
            return checkout.state, checkout.returned

        yield seen


def test_a_payment_nobody_asked_back_is_paid_and_whole(
    look_up: Callable[[], tuple[CheckoutState, tuple[MoneyBack, ...]]],
) -> None:
    assert look_up() == (CheckoutState.PAID, ())


def test_refunds_are_read_as_another_stripe_writes_them(
    seller: stripe.StripeClient, payment: str, look_up: Callable[[], tuple[CheckoutState, tuple[MoneyBack, ...]]]
) -> None:
    part = seller.v1.refunds.create({"payment_intent": payment, "amount": 345})
    rest = seller.v1.refunds.create({"payment_intent": payment, "amount": 12_000})
    state, returned = look_up()
    assert state is CheckoutState.PAID
    assert {(one.id, one.kind, one.amount, one.undone) for one in returned} == {
        (part.id, "refund", Money(345, "EUR"), False),
        (rest.id, "refund", Money(12_000, "EUR"), False),
    }


def test_more_refunds_than_are_shown_at_once_are_paged_through(
    seller: stripe.StripeClient, payment: str, look_up: Callable[[], tuple[CheckoutState, tuple[MoneyBack, ...]]]
) -> None:
    wanted = {seller.v1.refunds.create({"payment_intent": payment, "amount": 10}).id for _ in range(105)}
    _, returned = look_up()
    assert {one.id for one in returned} == wanted
    assert len(returned) == 105


def test_its_webhooks_are_believed_and_nobody_elses(judge: str, seller: stripe.StripeClient) -> None:
    heard: SimpleQueue[tuple[bytes, dict[str, str]]] = SimpleQueue()
    ear = Flask("ear")

    @ear.post("/")
    def hear() -> str:
        heard.put((request.get_data(), dict(request.headers)))
        return ""

    with serve(ear) as server:
        told = {"url": f"{server.url}/", "secret": KEYS.webhook, "events": ["customer.created"]}
        requests.post(f"{judge}/_config/webhooks/ours", json=told, timeout=5).raise_for_status()
        seller.v1.customers.create({"email": "ann@example.com"})
        raw, headers = heard.get(timeout=10)
    (event,) = Stripe(KEYS, judge, Transport()).events(raw, headers)
    assert event.what == "customer.created"
    with pytest.raises(BadSignature):
        Stripe(ProcessorKeys(KEYS.secret, "whsec_other"), judge, Transport()).events(raw, headers)
    with pytest.raises(BadSignature):
        Stripe(KEYS, judge, Transport()).events(raw.replace(b"ann@", b"eve@"), headers)


def test_a_key_it_does_not_take_is_the_companys_mistake(judge: str) -> None:
    with pytest.raises(Misconfigured):
        Stripe(ProcessorKeys("not-a-key", ""), judge, Transport()).look_up("cs_1")

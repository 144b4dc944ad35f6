"""What every card processor promises, proved against its sandbox twin, over a real socket and in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import requests
import stripe

from core.money import Money
from integrations.errors import BadSignature, InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient
from integrations.processors.base import CheckoutOrder, ProcessorSettings
from integrations.processors.stripe import Stripe
from integrations.transport import Transport
from sandbox.stripe import StripeTwin
from sandbox.wires import Network, serve

KEYS = ("sk_test_ours", "whsec_ours")
ORDER = CheckoutOrder(
    reference="attempt-22-characters-x",
    lines=(("Invoice 1001", Money(12_345, "EUR")), ("Invoice 1002", Money(100_000, "EUR"))),
    success_url="https://dunlin.test/paid?session={CHECKOUT_SESSION_ID}",
    cancel_url="https://dunlin.test/portal",
)


@dataclass
class Place:
    """A twin, the adapter in front of it, a browser, and a clock that can be moved."""

    twin: StripeTwin
    settings: ProcessorSettings
    transport: Transport
    browser: requests.Session
    now: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)

    @property
    def processor(self) -> Stripe:
        return Stripe(self.settings, self.transport)


@pytest.fixture(params=["socket", "in process"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    place: Place
    ids = count(1)
    twin = StripeTwin(lambda: place.now, lambda: f"{next(ids):06}", *KEYS)
    if request.param == "socket":
        with serve(twin.app) as server, requests.Session() as browser:
            place = Place(twin, ProcessorSettings(*KEYS, server.url), Transport(), browser)
            yield place
    else:
        network = Network()
        network.route("stripe.test", twin.app)
        transport = Transport(adapter=network.adapter, pool=network.pool)
        browser = transport.mount(requests.Session())
        place = Place(twin, ProcessorSettings(*KEYS, "https://stripe.test"), transport, browser)
        yield place


def press_pay(place: Place, url: str, card: str = "4242 4242 4242 4242") -> requests.Response:
    return place.browser.post(url, data={"card": card}, allow_redirects=False, timeout=5)


def test_a_customer_pays_and_everybody_agrees_on_it(place: Place) -> None:
    opened = place.processor.start(ORDER, "key-1")
    assert (opened.state, opened.reference, opened.amount) == ("open", ORDER.reference, Money(112_345, "EUR"))
    page = place.browser.get(opened.url, timeout=5)
    assert "1,123.45 EUR" in page.text
    assert "Invoice 1001" in page.text
    assert place.twin.webhooks() == [], "looking is not paying"

    went_to = press_pay(place, opened.url)
    assert went_to.status_code == 303
    assert went_to.headers["Location"] == f"https://dunlin.test/paid?session={opened.id}"

    paid = place.processor.look_up(opened.id)
    assert (paid.state, paid.amount, paid.url) == ("paid", opened.amount, "")
    (told,) = place.twin.webhooks()
    ((event_id, event_type, about),) = place.processor.events(told.raw, told.headers)
    assert event_id.startswith("evt_")
    assert (event_type, about) == ("checkout.session.completed", paid)
    (booked,) = place.twin.paid_sessions()
    assert (booked.reference, booked.payment, booked.lines) == (ORDER.reference, paid.payment, ORDER.lines)
    assert place.twin.webhooks() == [], "each delivery is handed out once"


def test_a_declined_card_costs_nothing_and_the_page_stays_open(place: Place) -> None:
    opened = place.processor.start(ORDER, "key-1")
    declined = press_pay(place, opened.url, "4000 0000 0000 0002")
    assert "Your card was declined." in declined.text
    assert "card number is invalid" in press_pay(place, opened.url, "4242 4242 4242 4241").text
    assert place.processor.look_up(opened.id) == opened
    assert place.twin.paid_sessions() == []
    assert press_pay(place, opened.url).status_code == 303


def test_nobody_pays_the_same_page_twice(place: Place) -> None:
    opened = place.processor.start(ORDER, "key-1")
    press_pay(place, opened.url)
    assert press_pay(place, opened.url).status_code == 402
    assert len(place.twin.paid_sessions()) == 1
    assert "has been paid" in place.browser.get(opened.url, timeout=5).text


def test_the_same_key_never_opens_a_second_page(place: Place) -> None:
    first = place.processor.start(ORDER, "key-1")
    assert place.processor.start(ORDER, "key-1") == first
    assert place.processor.start(ORDER, "key-2").id != first.id


def test_the_same_key_for_another_payment_is_refused(place: Place) -> None:
    place.processor.start(ORDER, "key-1")
    with pytest.raises(Rejected) as refusal:
        place.processor.start(replace(ORDER, reference="another"), "key-1")
    assert refusal.value.code == "idempotency_error"
    assert refusal.value.reference.startswith("req_")


def test_a_lost_answer_is_in_doubt_and_the_same_key_finds_the_page_that_was_opened(place: Place) -> None:
    place.twin.plan_fault("/checkout/sessions", "drop")
    with pytest.raises(InDoubt):
        place.processor.start(ORDER, "key-1")
    assert place.twin.calls == {"POST /v1/checkout/sessions": 1}, "the library must not repeat it by itself"
    found = place.processor.start(ORDER, "key-1")
    assert place.processor.start(ORDER, "key-1") == found
    press_pay(place, found.url)
    assert len(place.twin.paid_sessions()) == 1


@pytest.mark.parametrize(
    ("fault", "starting", "looking"),
    [("503", InDoubt, Transient), ("lost", InDoubt, Transient), ("429", RateLimited, RateLimited)],
)
def test_what_the_caller_may_do_after_a_fault(
    place: Place, fault: str, starting: type[OutsideError], looking: type[OutsideError]
) -> None:
    opened = place.processor.start(ORDER, "key-1")
    place.twin.plan_fault("/checkout/sessions", fault, times=2)
    with pytest.raises(starting):
        place.processor.start(ORDER, "key-2")
    with pytest.raises(looking):
        place.processor.look_up(opened.id)
    assert place.processor.look_up(opened.id) == opened, "the fault has passed"


def test_a_processor_that_is_not_there(place: Place) -> None:
    nowhere = Stripe(replace(place.settings, api_url="http://127.0.0.1:9"), place.transport)
    with pytest.raises(InDoubt):
        nowhere.start(ORDER, "key-1")
    with pytest.raises(Transient):
        nowhere.look_up("cs_test_1")


def test_our_own_wrong_key_is_our_own_mistake_and_is_not_repeated_to_anyone(place: Place) -> None:
    wrong = Stripe(replace(place.settings, secret_key="sk_test_wrong"), place.transport)
    with pytest.raises(Misconfigured) as mistake:
        wrong.start(ORDER, "key-1")
    assert "sk_test_wrong" not in str(mistake.value)


def test_a_checkout_nobody_knows(place: Place) -> None:
    with pytest.raises(Rejected) as refusal:
        place.processor.look_up("cs_test_nothing")
    assert refusal.value.code == "resource_missing"


def test_a_page_left_open_expires_after_a_day_and_says_so(place: Place) -> None:
    opened = place.processor.start(ORDER, "key-1")
    place.now += timedelta(hours=23)
    assert place.processor.look_up(opened.id).state == "open"
    assert place.twin.webhooks() == []
    place.now += timedelta(hours=2)
    (told,) = place.twin.webhooks()
    ((_, event_type, about),) = place.processor.events(told.raw, told.headers)
    assert event_type == "checkout.session.expired"
    assert about == replace(opened, state="expired", url="")
    assert "expired" in place.browser.get(opened.url, timeout=5).text
    assert press_pay(place, opened.url).status_code == 402
    assert place.twin.paid_sessions() == []


def test_a_page_closed_by_us_cannot_be_paid(place: Place) -> None:
    opened = place.processor.start(ORDER, "key-1")
    assert place.processor.expire(opened.id).state == "expired"
    assert press_pay(place, opened.url).status_code == 402
    with pytest.raises(Rejected):
        place.processor.expire(opened.id)
    assert place.twin.paid_sessions() == []


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (Money(12_345, "EUR"), 12_345),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50_000),
        (Money(50_000, "MGA"), 500),
        (Money(5_120, "KWD"), 5_120),
    ],
    ids=lambda value: str(value),
)
def test_amounts_cross_in_stripes_own_units_and_come_back_unchanged(place: Place, amount: Money, units: int) -> None:
    opened = place.processor.start(replace(ORDER, lines=(("Invoice", amount),)), "key-1")
    assert opened.amount == amount
    sessions = stripe.StripeClient(
        KEYS[0],
        base_addresses={"api": place.settings.api_url},
        http_client=stripe.RequestsClient(session=place.browser),
    ).v1.checkout.sessions
    assert sessions.retrieve(opened.id).amount_total == units


@pytest.mark.parametrize("amount", [Money(5_124, "KWD"), Money(150, "MGA"), Money(500, "UGX")], ids=str)
def test_an_amount_stripe_cannot_charge_exactly_is_refused_before_it_is_sent(place: Place, amount: Money) -> None:
    with pytest.raises(Rejected, match=amount.currency):
        place.processor.start(replace(ORDER, lines=(("Invoice", amount),)), "key-1")
    assert not place.twin.calls


def test_a_hundred_and_fifty_invoices_fit_on_one_page_to_the_cent(place: Place) -> None:
    lines = tuple((f"Invoice {number}", Money(100 + number, "EUR")) for number in range(150))
    opened = place.processor.start(replace(ORDER, lines=lines), "key-1")
    assert opened.amount == Money(sum(amount.minor for _, amount in lines), "EUR")
    assert "51 more" in place.browser.get(opened.url, timeout=5).text


def test_two_currencies_are_never_paid_at_once(place: Place) -> None:
    with pytest.raises(Rejected):
        place.processor.start(replace(ORDER, lines=(("A", Money(1, "EUR")), ("B", Money(1, "USD")))), "key-1")


def test_what_is_not_signed_by_stripe_is_not_believed(place: Place) -> None:
    press_pay(place, place.processor.start(ORDER, "key-1").url)
    (told,) = place.twin.webhooks()
    signature = told.headers["Stripe-Signature"]
    assert place.processor.events(told.raw, {"STRIPE-SIGNATURE": signature}), "header names have no case"
    stale = stripe.WebhookSignature.generate_signature_header(told.raw.decode(), KEYS[1], timestamp=1_700_000_000)
    forgeries = [
        (told.raw.replace(b"112345", b"1"), signature),
        (told.raw, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        (told.raw, "nonsense"),
        (told.raw, stale),
        (b"\xff\xfe", signature),
    ]
    for raw, header in forgeries:
        with pytest.raises(BadSignature):
            place.processor.events(raw, {"Stripe-Signature": header})
    with pytest.raises(BadSignature):
        place.processor.events(told.raw, {})


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"object": "event", "id": "evt_1", "type": "x", "data": 5}'])
def test_a_signed_webhook_that_makes_no_sense_is_refused(place: Place, body: str) -> None:
    header = stripe.WebhookSignature.generate_signature_header(body, KEYS[1])
    with pytest.raises(Rejected) as refusal:
        place.processor.events(body.encode(), {"Stripe-Signature": header})
    assert refusal.value.code == "unreadable"
    assert not isinstance(refusal.value, BadSignature)


def test_a_webhook_about_something_else_is_read_but_is_no_checkout(place: Place) -> None:
    event = {"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {"object": "charge"}}}
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, KEYS[1])
    expected = (("evt_1", "charge.refunded", None),)
    assert place.processor.events(body.encode(), {"Stripe-Signature": header}) == expected


def test_a_finished_page_whose_money_is_still_on_its_way_is_not_paid(place: Place) -> None:
    press_pay(place, place.processor.start(ORDER, "key-1").url)
    (told,) = place.twin.webhooks()
    body = told.raw.decode().replace('"payment_status": "paid"', '"payment_status": "unpaid"')
    header = stripe.WebhookSignature.generate_signature_header(body, KEYS[1])
    ((_, _, about),) = place.processor.events(body.encode(), {"Stripe-Signature": header})
    assert about is not None
    assert about.state == "open"


def test_the_twin_refuses_what_stripe_refuses(place: Place) -> None:
    good = {
        "mode": "payment",
        "success_url": "https://dunlin.test/",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "100",
        "line_items[0][price_data][product_data][name]": "Invoice",
    }
    wrong: list[dict[str, str]] = [
        {"mode": "setup"},
        {"success_url": ""},
        {"line_items[0][quantity]": "0"},
        {"line_items[0][price_data][currency]": "EUR"},
        {"line_items[0][price_data][unit_amount]": "1.5"},
        {"line_items[0][price_data][unit_amount]": "-100"},
        {"client_reference": "misspelt"},
        {"client_reference_id": "x" * 201},
    ]
    url, headers = f"{place.settings.api_url}/v1/checkout/sessions", {"Authorization": f"Bearer {KEYS[0]}"}
    assert place.browser.post(url, data=good, headers=headers, timeout=5).status_code == 200
    for change in wrong:
        answer = place.browser.post(url, data=good | change, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error"), change
    assert place.browser.get(f"{place.settings.api_url}/v1/customers", headers=headers, timeout=5).status_code == 404
    assert place.browser.get(f"{place.settings.api_url}/c/pay/cs_test_none", timeout=5).status_code == 404

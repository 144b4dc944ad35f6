"""What only Stripe knows: declined cards, its own units of money, pages that expire, disputes, many refunds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import stripe

from core.money import Money
from integrations.errors import BadSignature, Rejected
from integrations.processors.base import CheckoutState, Method
from sandbox.stripe import StripeTwin
from tests.contracts.processors import REFERENCE, Place, Way, open_place


class StripePlace(Place):
    twin: StripeTwin


@pytest.fixture
def place() -> Iterator[StripePlace]:
    with open_place(Way("stripe", Method.CARD), build=StripePlace) as opened:
        yield opened


def signed(place: Place, body: str) -> dict[str, str]:
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, place.keys.webhook)}


def test_a_declined_card_costs_nothing_and_the_page_stays_open(place: StripePlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    assert "Your card was declined." in place.press(opened.url, card="4000 0000 0000 0002").text
    assert "card number is invalid" in place.press(opened.url, card="4242 4242 4242 4241").text
    assert place.processor.look_up(opened.id) == opened
    assert place.twin.paid_sessions() == []
    assert place.press(opened.url).status_code == 303


def test_a_page_left_open_expires_after_a_day_and_says_so(place: StripePlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.now += timedelta(hours=23)
    assert place.processor.look_up(opened.id).state is CheckoutState.OPEN
    assert place.twin.webhooks() == []
    place.now += timedelta(hours=2)
    (told,) = place.told()
    assert (told.what, told.checkout, told.reference) == ("checkout.session.expired", opened.id, REFERENCE)
    assert place.processor.look_up(opened.id) == replace(opened, state=CheckoutState.EXPIRED, url="")
    assert "expired" in place.payer.get(opened.url, timeout=5).text


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (Money(12_345, "EUR"), 12_345),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50_000),
        (Money(50_000, "MGA"), 500),
        (Money(5_120, "KWD"), 5_120),
    ],
    ids=str,
)
def test_amounts_cross_in_stripes_own_units_and_come_back_unchanged(
    place: StripePlace, amount: Money, units: int
) -> None:
    paid = place.paid(place.order(("Invoice", amount)))
    assert paid.amount == amount
    place.twin.refund(paid.payment)
    (back,) = place.processor.look_up(paid.id).returned
    assert back.amount == amount
    (told,) = [one for one in place.twin.webhooks() if b"checkout.session.completed" in one.raw]
    assert json.loads(told.raw)["data"]["object"]["amount_total"] == units


@pytest.mark.parametrize("amount", [Money(5_124, "KWD"), Money(150, "MGA"), Money(500, "UGX")], ids=str)
def test_an_amount_stripe_cannot_charge_exactly_is_refused_before_it_is_sent(place: Place, amount: Money) -> None:
    with pytest.raises(Rejected, match=amount.currency):
        place.processor.start(place.order(("Invoice", amount)), "key-1")
    assert not place.twin.calls


def test_a_hundred_and_fifty_invoices_fit_on_one_page_to_the_cent(place: Place) -> None:
    lines = [(f"Invoice {number}", Money(100 + number, "EUR")) for number in range(150)]
    opened = place.processor.start(place.order(*lines), "key-1")
    assert opened.amount == Money(sum(amount.minor for _, amount in lines), "EUR")
    assert "51 more" in place.payer.get(opened.url, timeout=5).text


@pytest.mark.parametrize(
    ("language", "shown"), [("fr", "fr"), ("fr-CA", "fr-CA"), ("de-AT", "de"), ("en-GB", "en-GB"), ("cy", "auto")]
)
def test_the_page_speaks_the_customers_language_where_stripe_does(place: Place, language: str, shown: str) -> None:
    opened = place.processor.start(replace(place.order(), language=language), "key-1")
    place.press(opened.url)
    (told,) = place.twin.webhooks()
    assert json.loads(told.raw)["data"]["object"]["locale"] == shown


def test_a_refund_that_the_card_does_not_take_comes_again(place: StripePlace) -> None:
    paid = place.paid()
    place.twin.fail_refund(place.twin.refund(paid.payment))
    (back,) = place.processor.look_up(paid.id).returned
    assert (back.kind, back.undone) == ("refund", True)


def test_more_refunds_than_stripe_shows_at_once_are_all_found(place: StripePlace) -> None:
    paid = place.paid()
    wanted = {place.twin.refund(paid.payment, Money(10 + number, "EUR")) for number in range(120)}
    found = place.processor.look_up(paid.id).returned
    assert {one.id for one in found} == wanted
    assert len(found) == 120


def test_a_dispute_takes_the_money_at_once_and_gives_it_again_when_it_is_won(place: StripePlace) -> None:
    paid = place.paid()
    dispute = place.twin.dispute(paid.payment, Money(100_000, "EUR"))
    (back,) = place.processor.look_up(paid.id).returned
    assert (back.id, back.kind, back.amount, back.undone) == (dispute, "chargeback", Money(100_000, "EUR"), False)
    place.twin.close_dispute(dispute, won=True)
    (won,) = place.processor.look_up(paid.id).returned
    assert won == replace(back, undone=True)


def test_a_dispute_that_is_lost_stays_lost(place: StripePlace) -> None:
    paid = place.paid()
    place.twin.close_dispute(place.twin.dispute(paid.payment), won=False)
    (back,) = place.processor.look_up(paid.id).returned
    assert (back.amount, back.undone) == (paid.amount, False)


def test_an_inquiry_of_the_bank_takes_no_money(place: StripePlace) -> None:
    paid = place.paid()
    place.twin.dispute(paid.payment, inquiry=True)
    assert place.processor.look_up(paid.id).returned == ()


def test_refunds_and_disputes_are_told_with_the_payment_they_are_about(place: StripePlace) -> None:
    paid = place.paid()
    place.told()
    place.twin.fail_refund(place.twin.refund(paid.payment, Money(1, "EUR")))
    place.twin.close_dispute(place.twin.dispute(paid.payment), won=True)
    told = place.told()
    assert {one.payment for one in told} == {paid.payment}
    assert [one.what for one in told] == [
        "refund.created",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_an_old_webhook_is_not_believed(place: Place) -> None:
    place.press(place.processor.start(place.order(), "key-1").url)
    (told,) = place.twin.webhooks()
    key = place.keys.webhook
    stale = stripe.WebhookSignature.generate_signature_header(told.raw.decode(), key, timestamp=1_700_000_000)
    with pytest.raises(BadSignature):
        place.processor.events(told.raw, {"Stripe-Signature": stale})


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"object": "event", "id": "evt_1", "type": "x", "data": 5}'])
def test_a_signed_webhook_that_makes_no_sense_is_refused(place: Place, body: str) -> None:
    with pytest.raises(Rejected) as refusal:
        place.processor.events(body.encode(), signed(place, body))
    assert refusal.value.code == "unreadable"
    assert not isinstance(refusal.value, BadSignature)


def test_a_webhook_about_something_else_is_read_and_is_about_nothing_of_ours(place: Place) -> None:
    body = json.dumps(
        {"id": "evt_1", "object": "event", "type": "payout.paid", "data": {"object": {"object": "payout"}}}
    )
    (told,) = place.processor.events(body.encode(), signed(place, body))
    assert (told.id, told.what) == ("evt_1", "payout.paid")
    assert (told.reference, told.checkout, told.payment, told.mandate) == ("", "", "", "")


def test_a_finished_page_whose_money_is_still_on_its_way_is_pending(place: StripePlace) -> None:
    """Only Stripe's own "paid" is paid. No card does this; a slower method would, were one switched on."""
    opened = place.processor.start(place.order(), "key-1")
    place.twin.pay(opened.id, settled=False)
    assert place.processor.look_up(opened.id).state is CheckoutState.PENDING


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
    url, headers = f"{place.url}/v1/checkout/sessions", {"Authorization": f"Bearer {place.keys.secret}"}
    made = place.payer.post(url, data=good, headers=headers, timeout=5)
    assert made.status_code == 200
    for change in wrong:
        answer = place.payer.post(url, data=good | change, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error"), change
    for path in ("v1/customers", "c/pay/cs_test_none"):
        assert place.payer.get(f"{place.url}/{path}", headers=headers, timeout=5).status_code == 404
    unknown = {"expand[0]": "customer"}
    session = f"{url}/{made.json()['id']}"
    assert place.payer.get(session, params=unknown, headers=headers, timeout=5).status_code == 400

"""What only GoCardless knows: a debit takes days and may come back, a mandate is kept, and webhooks come in batches."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.money import Money
from integrations.errors import BadSignature, InDoubt, Rejected, Transient
from integrations.processors.base import Checkout, CheckoutState, Collection, MandateState, Method
from sandbox.gocardless import BOUNCING_NUMBER, GoCardlessTwin
from tests.contracts.processors import REFERENCE, Place, Way, open_place

DEBIT, INSTANT = Way("gocardless", Method.DEBIT), Way("gocardless", Method.INSTANT)
TOTAL = Money(112_345, "EUR")


class BankPlace(Place):
    twin: GoCardlessTwin

    def agreed(self, keep: bool = False, number: str = "55779911") -> Checkout:
        """A customer who has just agreed to a debit, or pressed Pay."""
        opened = self.processor.start(self.order(keep=keep), "key-1")
        assert self.press(opened.url, account_number=number).status_code == 303
        return self.processor.look_up(opened.id)

    def state_after(self, days: int, checkout: Checkout) -> CheckoutState:
        self.days(days)
        return self.processor.look_up(checkout.id).state


@pytest.fixture
def place() -> Iterator[BankPlace]:
    with open_place(DEBIT, build=BankPlace) as opened:
        yield opened


@pytest.fixture
def instant() -> Iterator[BankPlace]:
    with open_place(INSTANT, build=BankPlace) as opened:
        yield opened


def test_a_debit_is_pending_until_the_bank_confirms_it(place: BankPlace) -> None:
    agreed = place.agreed()
    assert (agreed.state, agreed.amount, agreed.url) == (CheckoutState.PENDING, TOTAL, "")
    assert [place.state_after(1, agreed) for _ in range(6)] == [CheckoutState.PENDING] * 3 + [CheckoutState.PAID] * 3
    (only,) = place.twin.collected()
    assert (only.status, only.reference, only.amount) == ("paid_out", REFERENCE, TOTAL)


def test_an_instant_payment_is_there_at_once(instant: BankPlace) -> None:
    paid = instant.agreed()
    assert (paid.state, paid.amount, paid.mandate) == (CheckoutState.PAID, TOTAL, "")


def test_nothing_is_collected_before_the_customer_has_agreed(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    assert place.state_after(6, opened) is CheckoutState.OPEN
    assert place.twin.collected() == []


def test_the_page_says_how_much_will_be_collected_and_for_what(place: BankPlace) -> None:
    """A page for a mandate shows no sum of its own."""
    page = place.payer.get(place.processor.start(place.order(), "key-1").url, timeout=5).text
    assert "Invoice 1001, Invoice 1002: 1123.45 EUR" in page
    assert "Harbour Bakery Ltd" in page


def test_many_invoices_are_named_as_far_as_there_is_room(place: BankPlace) -> None:
    lines = [(f"Invoice {number}", Money(100, "EUR")) for number in range(150)]
    opened = place.processor.start(place.order(*lines), "key-1")
    assert opened.amount == Money(15_000, "EUR")
    assert "…: 150.00 EUR" in place.payer.get(opened.url, timeout=5).text


def test_a_debit_the_bank_refuses_has_failed_and_says_why(place: BankPlace) -> None:
    agreed = place.agreed(number=BOUNCING_NUMBER)
    assert place.state_after(3, agreed) is CheckoutState.PENDING
    place.days(1)
    failed = place.processor.look_up(agreed.id)
    assert (failed.state, failed.returned) == (CheckoutState.FAILED, ())
    assert "insufficient funds" in failed.why


def test_a_failed_debit_that_is_tried_again_may_still_come(place: BankPlace) -> None:
    agreed = place.agreed()
    place.twin.fail(agreed.payment)
    assert place.processor.look_up(agreed.id).state is CheckoutState.FAILED
    place.twin.retry(agreed.payment)
    assert place.processor.look_up(agreed.id).state is CheckoutState.PENDING
    assert place.state_after(4, agreed) is CheckoutState.PAID
    assert place.processor.look_up(agreed.id).returned == (), "what never came did not go back"


def test_a_debit_that_fails_after_it_had_come_is_paid_and_went_back(place: BankPlace) -> None:
    paid = place.paid()
    place.twin.fail(paid.payment)
    seen = place.processor.look_up(paid.id)
    (back,) = seen.returned
    assert (seen.state, back.kind, back.amount, back.undone) == (CheckoutState.PAID, "failure", TOTAL, False)
    assert place.processor.look_up(paid.id) == seen
    place.twin.retry(paid.payment)
    place.days(4)
    (again,) = place.processor.look_up(paid.id).returned
    assert again == replace(back, undone=True), "the second try brought it"


def test_a_chargeback_takes_the_money_until_the_bank_finds_it_was_wrong(place: BankPlace) -> None:
    paid = place.paid()
    place.twin.charge_back(paid.payment)
    (back,) = place.processor.look_up(paid.id).returned
    assert (back.kind, back.amount, back.undone) == ("chargeback", TOTAL, False)
    place.twin.cancel_chargeback(paid.payment)
    (won,) = place.processor.look_up(paid.id).returned
    assert won == replace(back, undone=True)
    place.twin.charge_back(paid.payment)
    assert [one.undone for one in place.processor.look_up(paid.id).returned] == [True, False]


def test_a_refund_that_the_bank_does_not_take_comes_again(place: BankPlace) -> None:
    paid = place.paid()
    place.twin.return_refund(place.twin.refund(paid.payment))
    (back,) = place.processor.look_up(paid.id).returned
    assert (back.kind, back.undone) == ("refund", True)


def test_a_debit_called_off_by_the_company_has_failed(place: BankPlace) -> None:
    agreed = place.agreed()
    place.twin.cancel(agreed.payment)
    assert place.processor.look_up(agreed.id).state is CheckoutState.FAILED
    assert place.state_after(6, agreed) is CheckoutState.FAILED


def test_a_mandate_withdrawn_before_anything_was_collected_is_a_failure_not_an_error(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    (mandate,) = place.twin.mandates
    place.twin.cancel_mandate(mandate)
    failed = place.processor.look_up(opened.id)
    assert failed.state is CheckoutState.FAILED
    assert "inactive" in failed.why
    assert place.twin.collected() == []


def test_however_many_ask_at_once_one_payment_is_made(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    with ThreadPoolExecutor(8) as many:
        seen = list(many.map(lambda _: place.opened().look_up(opened.id), range(16)))
    assert len({one.payment for one in seen}) == 1
    assert len(place.twin.collected()) == 1


def test_the_payment_whose_making_was_not_heard_of_is_found_not_made_again(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    place.twin.plan_fault("/events", "lost")  # what it asks for next
    with pytest.raises(Transient):
        place.processor.look_up(opened.id)
    (made,) = place.twin.collected()
    assert place.processor.look_up(opened.id).payment == made.payment
    assert len(place.twin.collected()) == 1


def test_a_page_is_opened_again_where_it_was(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    assert place.processor.look_up(opened.id).url == opened.url
    place.twin.plan_fault("/billing_request_flows", "drop")
    with pytest.raises(InDoubt):
        place.processor.start(place.order(reference="another"), "key-2")
    assert place.processor.start(place.order(reference="another"), "key-2").url


def test_a_mandate_that_is_kept_collects_the_next_parts(place: BankPlace) -> None:
    mandate = place.agreed(keep=True).mandate
    assert place.processor.mandate(mandate) is MandateState.PENDING
    place.days(3)
    assert place.processor.mandate(mandate) is MandateState.ACTIVE

    order = Collection("instalment-2", mandate, Money(5_000, "EUR"), "Instalment 2 of 3")
    collected = place.processor.collect(order, "collect-2")
    assert (collected.state, collected.amount) == (CheckoutState.PENDING, Money(5_000, "EUR"))
    assert (collected.reference, collected.mandate) == ("instalment-2", mandate)
    assert place.processor.collect(order, "collect-2") == collected, "the same key never collects twice"
    assert place.state_after(4, collected) is CheckoutState.PAID
    assert [one.reference for one in place.twin.collected()] == [REFERENCE, "instalment-2"]


def test_a_mandate_that_was_not_asked_to_be_kept_is_not_handed_out(place: BankPlace) -> None:
    assert place.agreed(keep=False).mandate == ""


def test_a_lost_answer_to_collecting_is_in_doubt_and_the_same_key_finds_it(place: BankPlace) -> None:
    mandate = place.agreed(keep=True).mandate
    order = Collection("instalment-2", mandate, Money(5_000, "EUR"), "Instalment 2 of 3")
    place.twin.plan_fault("/payments", "drop")
    with pytest.raises(InDoubt):
        place.processor.collect(order, "collect-2")
    assert place.processor.collect(order, "collect-2").reference == "instalment-2"
    assert len(place.twin.collected()) == 2


def test_a_payment_that_was_made_is_never_said_not_to_have_happened(place: BankPlace) -> None:
    order = Collection("instalment-2", place.agreed(keep=True).mandate, Money(5_000, "EUR"), "Instalment 2 of 3")
    place.twin.plan_fault("/events", "429")  # asked for after it was made
    with pytest.raises(InDoubt):
        place.processor.collect(order, "collect-2")
    assert len(place.twin.collected()) == 2


def test_the_key_of_one_collection_is_no_key_for_another(place: BankPlace) -> None:
    order = Collection("instalment-2", place.agreed(keep=True).mandate, Money(5_000, "EUR"), "Instalment 2 of 3")
    place.processor.collect(order, "collect-2")
    with pytest.raises(Rejected, match="another payment"):
        place.processor.collect(replace(order, reference="instalment-3"), "collect-2")


def test_a_page_that_ends_while_we_ask_where_it_is_has_no_address_and_is_not_lost(place: BankPlace) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.twin.flows.clear()
    assert place.processor.look_up(opened.id) == replace(opened, url="")


def test_a_mandate_that_has_ended_collects_nothing_more(place: BankPlace) -> None:
    mandate = place.agreed(keep=True).mandate
    place.days(4)
    place.twin.cancel_mandate(mandate)
    assert place.processor.mandate(mandate) is MandateState.ENDED
    with pytest.raises(Rejected, match="inactive") as refusal:
        place.processor.collect(Collection("instalment-2", mandate, Money(5_000, "EUR"), "Instalment"), "collect-2")
    assert refusal.value.code == "mandate_is_inactive"


@pytest.mark.parametrize(("way", "currency"), [(DEBIT, "CHF"), (INSTANT, "USD"), (INSTANT, "SEK")])
def test_a_currency_that_cannot_be_paid_this_way_is_refused_before_it_is_sent(way: Way, currency: str) -> None:
    with open_place(way) as place:
        with pytest.raises(Rejected, match=currency) as refusal:
            place.processor.start(place.order(("Invoice", Money(500, currency))), "key-1")
        assert refusal.value.code == "currency"
        assert not place.twin.calls


@pytest.mark.parametrize("currency", ["GBP", "EUR", "SEK", "DKK", "AUD", "NZD", "CAD", "USD"])
def test_a_debit_comes_in_every_currency_it_is_offered_in(place: BankPlace, currency: str) -> None:
    paid = place.paid(place.order(("Invoice", Money(12_345, currency))))
    assert (paid.state, paid.amount) == (CheckoutState.PAID, Money(12_345, currency))


@pytest.mark.parametrize(("language", "shown"), [("fr-CA", "fr"), ("es", "es"), ("cy", "en")])
def test_the_page_speaks_the_customers_language_where_gocardless_does(
    place: BankPlace, language: str, shown: str
) -> None:
    place.processor.start(replace(place.order(), language=language), "key-1")
    (flow,) = place.twin.flows.values()
    assert flow.language == shown


def test_a_batch_of_events_says_what_each_is_about(place: BankPlace) -> None:
    paid = place.paid(place.order(keep=True))
    (hook,) = place.twin.webhooks()
    told = {one.what: one for one in place.processor.events(hook.raw, hook.headers)}
    assert {"billing_requests.fulfilled", "mandates.active", "payments.created", "payments.confirmed"} <= set(told)
    assert told["payments.confirmed"].payment == paid.payment
    assert told["mandates.active"].mandate == paid.mandate


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"events": [{"id": "EV1"}]}', '{"events": 5}'])
def test_a_signed_webhook_that_makes_no_sense_is_refused(place: BankPlace, body: str) -> None:
    proof = hmac.new(place.keys.webhook.encode(), body.encode(), hashlib.sha256).hexdigest()
    with pytest.raises(Rejected) as refusal:
        place.processor.events(body.encode(), {"Webhook-Signature": proof})
    assert refusal.value.code == "unreadable"
    assert not isinstance(refusal.value, BadSignature)


def test_the_twin_refuses_what_gocardless_refuses(place: BankPlace) -> None:
    headers = {"Authorization": f"Bearer {place.keys.secret}", "GoCardless-Version": "2015-07-06"}

    def asked(path: str, body: dict[str, object], **more: str) -> tuple[int, str]:
        answer = place.payer.post(f"{place.url}/{path}", json={path: body}, headers=headers | more, timeout=5)
        return answer.status_code, answer.json()["error"]["type"]

    wanted = {"mandate_request": {"currency": "GBP"}}
    too_much = dict.fromkeys("abcd", "x")
    assert asked("billing_requests", {}) == (422, "validation_failed")
    assert asked("billing_requests", {"mandate_request": {"currency": "CHF"}}) == (422, "validation_failed")
    assert asked("billing_requests", {**wanted, "metadata": too_much}) == (422, "validation_failed")
    assert asked("billing_requests", wanted, **{"GoCardless-Version": "2014"}) == (400, "invalid_api_usage")
    assert asked("customers", {}) == (404, "invalid_api_usage")
    assert place.payer.get(f"{place.url}/billing/flow/BRF_none", timeout=5).status_code == 404

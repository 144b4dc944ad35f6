"""Payouts, read through the adapters: every cent of each is explained by payments, fees and what went back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.money import Money
from integrations.errors import Misconfigured, OutsideError, RateLimited, Transient
from integrations.processors.base import EntryKind, Method, Payout, PayoutState
from integrations.processors.gocardless_payouts import payout_of
from integrations.processors.gocardless_wire import answers
from sandbox.gocardless import GoCardlessTwin
from sandbox.stripe import StripeTwin
from tests.contracts.processors import Place, Way, open_place

LONG_AGO = date(2000, 1, 1)
CARD, DEBIT = Way("stripe", Method.CARD), Way("gocardless", Method.DEBIT)
EUR = "EUR"


class StripePlace(Place):
    twin: StripeTwin


class BankPlace(Place):
    twin: GoCardlessTwin


@pytest.fixture(params=[CARD, DEBIT], ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with open_place(request.param) as opened:
        yield opened


@pytest.fixture
def cards() -> Iterator[StripePlace]:
    with open_place(CARD, build=StripePlace) as opened:
        yield opened


@pytest.fixture
def bank() -> Iterator[BankPlace]:
    with open_place(DEBIT, build=BankPlace) as opened:
        yield opened


def pay(place: Place, minor: int, currency: str = EUR, more: str = "") -> str:
    """A payment that its customer has made; its id."""
    order = replace(place.order(("Invoice", Money(minor, currency))), reference=f"try-{minor}{more}")
    opened = place.processor.start(order, f"key-{minor}{currency}{more}")
    place.press(opened.url)
    return place.processor.look_up(opened.id).payment


def after(place: Place, days: int) -> tuple[Payout, ...]:
    """All payouts so many days later, none of which passes unseen."""
    for _ in range(days):
        place.now += timedelta(days=1)
        place.twin.time_passes()
    return place.processor.payouts(LONG_AGO)


def told(payout: Payout) -> list[tuple[EntryKind, str, int, int]]:
    return [(one.kind, one.payment, one.amount.minor, one.fee.minor) for one in payout.entries]


def test_a_payment_is_paid_out_with_its_fee_to_the_cent(place: Place) -> None:
    payment, fee = pay(place, 12_345), {"stripe": 205, "gocardless": 143}[place.way.kind]
    assert after(place, 0) == ()
    (payout,) = after(place, 10)
    assert [one.amount.minor for one in payout.entries if one.kind is EntryKind.PAYMENT] == [12_345]
    assert {one.payment for one in payout.entries} == {payment}
    assert sum(one.fee.minor for one in payout.entries) == fee
    assert payout.amount == Money(12_345 - fee, EUR)
    assert payout.whole
    assert payout.state is PayoutState.PAID
    assert place.processor.payouts(payout.arrives + timedelta(days=1)) == ()


def test_a_payout_of_many_payments_comes_over_pages_whole(cards: StripePlace) -> None:
    paid = {pay(cards, 1_000 + n) for n in range(120)}
    (payout,) = after(cards, 10)
    assert {one.payment for one in payout.entries} == paid
    assert len(payout.entries) == 120
    assert payout.whole


def test_what_goes_back_after_a_payout_is_carried_over_into_the_next(cards: StripePlace) -> None:
    first = pay(cards, 5_000)
    assert len(after(cards, 10)) == 1
    cards.twin.refund(first, Money(1_000, EUR))
    cards.twin.dispute(first, Money(4_000, EUR))
    assert len(after(cards, 10)) == 1
    second = pay(cards, 20_000)
    payout = after(cards, 10)[-1]
    assert sorted(told(payout)) == [
        (EntryKind.CHARGEBACK, first, -4_000, 2_000),
        (EntryKind.PAYMENT, second, 20_000, 320),
        (EntryKind.REFUND, first, -1_000, 0),
    ]
    assert payout.amount == Money(12_680, EUR)
    assert payout.whole


@pytest.mark.parametrize(("currency", "minor", "fee"), [("JPY", 5_000, 95), ("ISK", 5_000, 95)])
def test_a_currency_without_decimals_keeps_its_size(cards: StripePlace, currency: str, minor: int, fee: int) -> None:
    pay(cards, minor, currency)
    (payout,) = after(cards, 10)
    assert payout.amount == Money(minor - fee, currency)
    assert payout.whole


@pytest.mark.parametrize(("fault", "error"), [("html", Transient), ("429", RateLimited), ("lost", Transient)])
@pytest.mark.parametrize("step", ["payouts", "entries"])
def test_a_spoilt_answer_is_mapped_as_elsewhere(place: Place, step: str, fault: str, error: type[OutsideError]) -> None:
    pay(place, 5_000)
    after(place, 10)
    entries = {"stripe": "balance_transactions", "gocardless": "payout_items"}[place.way.kind]
    place.twin.plan_fault("payouts" if step == "payouts" else entries, fault)
    with pytest.raises(error):
        place.processor.payouts(LONG_AGO)
    assert len(place.processor.payouts(LONG_AGO)) == 1


def test_a_payout_whose_entries_do_not_add_up_says_so(place: Place) -> None:
    pay(place, 5_000)
    (payout,) = after(place, 10)
    assert not replace(payout, entries=()).whole
    assert not replace(payout, amount=payout.amount + Money(1, EUR)).whole


def test_another_company_sees_nothing_of_it(place: Place) -> None:
    pay(place, 5_000)
    assert len(after(place, 10)) == 1
    assert place.opened(place.company("Mill Lane Ltd")).payouts(LONG_AGO) == ()


def test_wrong_keys_are_refused(place: Place) -> None:
    place.twin.accounts.clear()
    with pytest.raises(Misconfigured):
        place.processor.payouts(LONG_AGO)


# GoCardless alone


def test_a_debits_payout_is_coming_on_the_day_it_is_made_and_paid_the_next(bank: BankPlace) -> None:
    pay(bank, 5_000)
    seen = [after(bank, 1) for _ in range(8)]
    assert [len(one) for one in seen] == [0] * 6 + [1] * 2, "six days until it is paid out, in the payout of the next"
    (coming,), (paid,) = seen[-2:]
    assert (coming.state, paid.state) == (PayoutState.COMING, PayoutState.PAID)
    assert (coming.arrives, paid.arrives) == (bank.now.date() - timedelta(days=1), bank.now.date())
    assert coming.entries == paid.entries


def test_several_hundred_items_come_over_pages_whole(bank: BankPlace) -> None:
    account = bank.twin.accounts[bank.keys.secret]
    paid = [bank.twin.pays(account, Money(1_005 + n, EUR), "", {}, None).id for n in range(300)]
    (payout,) = after(bank, 3)
    assert [one.payment for one in payout.entries if one.kind is EntryKind.PAYMENT] == paid
    assert bank.twin.calls["GET /payout_items"] == 2
    assert payout.whole
    assert len({one.id for one in payout.entries}) == 600


def test_half_a_cent_of_a_fee_is_neither_lost_nor_found(bank: BankPlace) -> None:
    """Three fees of 143.5 are 430.5: the payout is told in whole cents, and so are its entries."""
    for n in range(3):
        pay(bank, 12_345, more=f"-{n}")
    (payout,) = after(bank, 10)
    assert sorted(one.fee.minor for one in payout.entries if one.kind is EntryKind.FEE) == [143, 143, 144]
    assert payout.amount == Money(3 * 12_345 - 430, EUR)
    assert payout.whole


def test_a_fee_is_never_more_than_the_most(bank: BankPlace) -> None:
    pay(bank, 90_000)
    (payout,) = after(bank, 10)
    assert payout.amount == Money(90_000 - 400, EUR)


def test_refunds_and_chargebacks_are_taken_out_of_a_later_payout_and_fees_given_back(bank: BankPlace) -> None:
    first, second = pay(bank, 5_000), pay(bank, 8_000)
    assert len(after(bank, 10)) == 1
    for _ in range(2):
        bank.twin.refund(first, Money(1_000, EUR))
    bank.twin.charge_back(second)
    assert len(after(bank, 10)) == 1, "more is owed than there is"
    third = pay(bank, 20_000)
    payout = after(bank, 10)[-1]
    assert told(payout) == [
        (EntryKind.REFUND, first, -1_000, 0),
        (EntryKind.REFUND, first, -1_000, 0),
        (EntryKind.CHARGEBACK, second, -8_000, 0),
        (EntryKind.FEE, second, 0, -100),
        (EntryKind.PAYMENT, third, 20_000, 0),
        (EntryKind.FEE, third, 0, 220),
    ]
    assert payout.amount == Money(9_880, EUR)
    assert payout.whole
    assert len({one.id for one in payout.entries}) == 6


def test_what_was_taken_back_may_come_again(bank: BankPlace) -> None:
    charged, failed, refunded = pay(bank, 5_000), pay(bank, 8_000), pay(bank, 3_000)
    pay(bank, 50_000, more="-enough")
    after(bank, 6)
    back = bank.twin.refund(refunded)
    bank.twin.charge_back(charged)
    bank.twin.fail(failed)
    after(bank, 1)
    bank.twin.cancel_chargeback(charged)
    bank.twin.retry(failed)
    bank.twin.return_refund(back)
    found = after(bank, 10)
    sums = dict.fromkeys((charged, failed, refunded), 0)
    for payout in found:
        for entry in payout.entries:
            if entry.payment in sums:
                sums[entry.payment] += entry.amount.minor - entry.fee.minor
    assert sums == {charged: 5_000 - 70, failed: 8_000 - 100, refunded: 3_000 - 50}
    assert len(found) == 3
    assert all(one.whole for one in found)


def test_what_failed_before_it_was_paid_out_is_in_no_payout(bank: BankPlace) -> None:
    payment = pay(bank, 5_000)
    after(bank, 5)
    bank.twin.fail(payment)
    assert after(bank, 5) == ()


def test_a_payout_of_each_currency_and_day(bank: BankPlace) -> None:
    pay(bank, 5_000)
    pay(bank, 6_000, "GBP")
    after(bank, 1)
    pay(bank, 7_000)
    found = after(bank, 10)
    assert [str(one.amount) for one in found] == ["49.30 EUR", "59.20 GBP", "69.10 EUR"]
    assert [one.view["id"] for one in bank.twin.payouts_made(bank.keys.secret)] == [one.id for one in found]
    assert bank.processor.payouts(found[-1].arrives - timedelta(days=1)) == found[-1:]


def test_what_a_payout_is_made_of_is_told_for_six_months_only(bank: BankPlace) -> None:
    pay(bank, 5_000)
    (known,) = after(bank, 10)
    bank.days(200)
    (old,) = bank.processor.payouts(LONG_AGO)
    assert old == replace(known, entries=())
    assert not old.whole


ROW = {
    "id": "PO1", "amount": 9_820, "arrival_date": "2026-03-05", "created_at": "2026-03-04T10:13:45.858Z",
    "currency": "GBP", "fx": {"fx_currency": None, "fx_amount": None}, "status": "paid",
}  # fmt: skip


def item(kind: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "amount": amount, "taxes": [], "links": {"payment": "PM1"}, **more}


@pytest.mark.parametrize("kind", ["gocardless_fee", "app_fee", "surcharge_fee"])
def test_a_fee_has_its_taxes_inside(kind: str) -> None:
    taxed = item(kind, "-180.0", taxes=[{"amount": "-30.0", "currency": "GBP", "tax_rate_id": "GB_VAT_1"}])
    payout = payout_of(ROW, [item("payment_paid_out", "10000.0"), taxed])
    assert told(payout) == [(EntryKind.PAYMENT, "PM1", 10_000, 0), (EntryKind.FEE, "PM1", 0, 180)]
    assert payout.whole


@pytest.mark.parametrize(
    ("kind", "told_as"), [("revenue_share", EntryKind.OTHER), ("news", EntryKind.OTHER), ("refund", EntryKind.REFUND)]
)
def test_what_is_neither_a_payment_nor_a_fee_is_told_as_it_is(kind: str, told_as: EntryKind) -> None:
    payout = payout_of(ROW, [item("payment_paid_out", "10000.0"), item(kind, "-180.0", links={})])
    assert told(payout)[1] == (told_as, "", -180, 0)
    assert payout.whole


@pytest.mark.parametrize(("total", "whole"), [(9_819, False), (9_820, True), (9_821, True), (9_822, False)])
def test_half_a_penny_goes_the_way_the_payout_went_and_no_further(total: int, whole: bool) -> None:
    items = [item("gocardless_fee", "-0.5"), item("payment_paid_out", "10000.0"), item("gocardless_fee", "-179.0")]
    payout = payout_of({**ROW, "amount": total}, items)
    assert payout.whole is whole
    assert [one.amount.minor for one in payout.entries] == [0, 10_000, 0]


def test_a_payout_that_bounced_has_failed_and_a_word_nobody_knows_is_not_paid() -> None:
    states = [payout_of({**ROW, "status": one}, []).state for one in ("bounced", "pending", "news")]
    assert states == [PayoutState.FAILED, PayoutState.COMING, PayoutState.COMING]


def test_changed_money_is_told_as_it_arrived_and_is_not_explained_in_another_currency() -> None:
    items = [item("payment_paid_out", "9820.0")]
    coming = payout_of({**ROW, "fx": {"fx_currency": "EUR", "fx_amount": None}, "status": "pending"}, items)
    assert (coming.amount, coming.entries) == (Money(9_820, "GBP"), ())
    paid = payout_of({**ROW, "fx": {"fx_currency": "EUR", "fx_amount": 11_390}}, items)
    assert (paid.amount, paid.entries, paid.whole) == (Money(11_390, "EUR"), (), False)


def test_an_amount_that_cannot_be_read_is_an_answer_to_ask_for_again() -> None:
    with pytest.raises(Transient, match="could not be read"), answers(changing=False):
        payout_of(ROW, [item("payment_paid_out", "much")])

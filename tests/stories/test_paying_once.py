"""Paying once: two carts, two clicks, a payment somebody removed, and links that open only what was sent to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from core.money import Money
from models import AttemptLine
from sandbox.stripe import Declined
from tests.stories.days import town_of
from tests.town import Town
from workflows import links
from workflows.errors import Refusal

DUE = date(2026, 3, 9)
BOTH = pytest.mark.parametrize("kind", ["quickbooks", "xero"])


def page_of(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def line_state(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return [line.state for line in session.query(AttemptLine).order_by(AttemptLine.id)]


@BOTH
def test_a_second_cart_with_the_same_invoice_closes_the_first(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        first = town.checkout("A-1")
        town.pay("A-1", "A-2")
        with pytest.raises(Declined):
            town.stripe.pay(page_of(first))
        town.settle()
        assert [len(one.lines) for one in town.stripe.paid_sessions()] == [2]
        assert line_state(town)[0] == "void"


def test_who_goes_back_and_chooses_another_sum_or_another_way_gets_a_page_for_that() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.company_may(part_payments=True)
        first = town.checkout("A-1", amount=Money(5_000, "GBP"))
        second = town.checkout("A-1")
        assert town.checkout("A-1") == second, "the same again is the same page"
        town.debit("A-1")
        for page in (first, second):
            with pytest.raises(Declined):
                town.stripe.pay(page_of(page))
        town.settle()
        assert line_state(town) == ["void", "void", "coming"]


@BOTH
def test_a_cart_paid_in_another_window_is_not_offered_again(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        town.stripe.pay(page_of(town.checkout("A-1")))
        with pytest.raises(Refusal, match="received a payment"):
            town.checkout("A-1", "A-2")


@BOTH
def test_a_page_left_open_is_closed_when_the_invoice_is_paid_at_the_bank(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        page = page_of(town.checkout("A-1"))
        town.transfer(kind, "A-1", "100.00")
        town.at(date(2026, 3, 3))
        with pytest.raises(Declined):
            town.stripe.pay(page)


@BOTH
def test_a_payment_removed_in_the_ledger_waits_for_a_person_and_its_payer_is_left_alone(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.at(date(2026, 3, 3))
        assert town.steps("A-1") == ["thanks"]
        tenant = town.tenants[kind]
        (payment,) = town.twin(kind).payments(tenant)
        town.twin(kind).unreceive(tenant, payment.id)
        town.at(date(2026, 3, 14))
        assert town.invoice("A-1").balance.decimal == Decimal(100)
        assert line_state(town) == ["desk"]
        assert town.causes("A-1") == {"in-flight"}
        assert town.steps("A-1") == ["thanks"], "he has paid: nobody reminds him"


def test_a_link_opens_only_the_invoices_that_are_sent_to_its_reader() -> None:
    town = Town()
    town.customer("quickbooks", "house", "House", "office@house.example")
    town.open("quickbooks", "P-1", "house", DUE, emails=("one@tenants.example",))
    town.open("quickbooks", "P-2", "house", DUE, emails=("two@tenants.example",))
    town.begin(kinds=("quickbooks",))
    try:
        account = town.account("P-1")
        uids = [town.invoice("P-1").uid, town.invoice("P-2").uid]

        def opened_by(address: str) -> list[str]:
            target = links.read(town.rt, links.make(town.rt, account, [address]))
            return sorted(links.allowed(town.rt, target, uids))

        assert opened_by("one@tenants.example") == [uids[0]]
        assert opened_by("two@tenants.example") == [uids[1]]
        assert opened_by("office@house.example") == sorted(uids)
        assert opened_by("former@tenants.example") == []
    finally:
        town.close()

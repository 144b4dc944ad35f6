"""A credit or payment that cannot be read may cover what is open: whoever owes that is left alone until it can."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw
from sqlalchemy import select

from core.because import Cause
from core.money import Money
from integrations.ledgers.base import LedgerCustomer, Unreadable
from integrations.ledgers.xero import lists
from models import UnreadableRow
from tests.stories.days import EVENING
from tests.town import MONDAY, Town
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_mirror_facts import CREDIT, LATER, LATEST, PAYMENT, one, store, woken
from workflows import gather

MONEY: dict[str, Any] = {"credit": CREDIT, "payment": PAYMENT}
EITHER = pytest.mark.parametrize("entity", MONEY)
MOSS = LedgerCustomer("c-2", "Moss")


def held(office: Office, customer: str = "c-1") -> bool:
    """Whether the account is held for money that cannot be read."""
    id = office.account(customer).id
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, id, office.clock.now()).facts
    return Cause.UNREADABLE_CREDIT in {hold.cause for hold in facts.holds}


@EITHER
def test_whoever_it_belongs_to_is_held_until_it_can_be_read(office: Office, entity: str) -> None:
    good = MONEY[entity]
    odd = Unreadable(entity, good.id, "Odd.", customer="c-1")
    store(office, MONDAY, customers=(MOSS,), invoices=(an_invoice("i-1"), an_invoice("i-2", customer="c-2")))
    assert not held(office)
    assert woken(office, lambda: store(office, MONDAY, unreadable=(odd,))) == {"c-1"}
    assert (held(office), held(office, "c-2")) == (True, False)
    assert woken(office, lambda: store(office, LATER, unreadable=(odd,))) == set(), "nothing is new"
    assert woken(office, lambda: store(office, LATEST, **{f"{entity}s": (good,)})) == {"c-1"}
    assert not held(office)


@EITHER
def test_it_holds_no_longer_when_it_is_gone(office: Office, entity: str) -> None:
    store(office, MONDAY, unreadable=(Unreadable(entity, "x-1", "Odd.", customer="c-1"),))
    assert held(office)
    assert woken(office, lambda: store(office, LATER, deleted=((entity, "x-1"),))) == {"c-1"}
    assert not held(office)


@EITHER
def test_it_holds_whoever_is_billed_for_its_customer(office: Office, entity: str) -> None:
    store(office, MONDAY, customers=(replace(MOSS, bills_to="c-1"),))
    odd = Unreadable(entity, "x-1", "Odd.", customer="c-2")
    assert woken(office, lambda: store(office, LATER, unreadable=(odd,))) == {"c-1"}
    assert held(office)


@EITHER
def test_one_that_does_not_show_whose_it_is_holds_whose_it_was_before_and_else_nobody(
    office: Office, entity: str
) -> None:
    store(office, MONDAY, **{f"{entity}s": (MONEY[entity],)})
    assert woken(office, lambda: store(office, LATER, unreadable=(Unreadable(entity, "x-1", "Odd."),))) == set()
    assert not held(office)
    known = Unreadable(entity, MONEY[entity].id, "Odd.")
    assert woken(office, lambda: store(office, LATER, unreadable=(known,))) == {"c-1"}
    assert held(office)


@EITHER
def test_one_that_turns_out_to_be_somebody_elses_holds_them_instead(office: Office, entity: str) -> None:
    store(office, MONDAY, customers=(MOSS,), unreadable=(Unreadable(entity, "x-1", "Odd.", customer="c-1"),))
    odd = Unreadable(entity, "x-1", "Odd.", customer="c-2")
    assert woken(office, lambda: store(office, LATER, unreadable=(odd,))) == {"c-1", "c-2"}
    assert (held(office), held(office, "c-2")) == (False, True)


def test_an_unreadable_invoice_or_customer_holds_nobody_for_money(office: Office) -> None:
    odd = tuple(Unreadable(entity, "x-1", "Odd.", customer="c-1") for entity in ("invoice", "customer"))
    store(office, MONDAY, unreadable=odd)
    assert not held(office)


def test_money_that_no_database_takes_holds_whose_it_is(office: Office) -> None:
    store(office, MONDAY, credits=(replace(CREDIT, remaining=Money(10**30, "GBP")),))
    assert one(office, UnreadableRow, CREDIT.id).customer == "c-1"
    assert held(office)


# As Xero sends it


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (lists.CREDITS[0], b'{"CreditNoteID": "n-1", "Contact": {"ContactID": "c-1", "Name": 7}, "Total": "x"}'),
        (lists.PAYMENTS, b'{"PaymentID": "p-1", "Amount": [], "Invoice": {"Contact": {"ContactID": "c-1"}}}'),
    ],
)
def test_xeros_odd_rows_say_whose_they_are(kind: lists.Kind, body: bytes) -> None:
    (odd,) = kind.read([Raw(body)]).unreadable
    assert (odd.customer, odd.raw) == ("c-1", body)


@pytest.mark.parametrize("body", [b"7", b"{}", b'{"Contact": null}', b'{"Contact": 7, "Invoice": {"Contact": []}}'])
def test_xeros_rows_that_do_not_say_whose_they_are_are_nobodys(body: bytes) -> None:
    (odd,) = lists.PAYMENTS.read([Raw(body)]).unreadable
    assert odd.customer == ""


def test_nobody_is_chased_for_what_an_unreadable_credit_may_cover_until_it_is_mended(town: Town) -> None:
    town.customer("xero", "fern")
    town.open("xero", "A-1", "fern", date(2026, 3, 9))
    town.begin(kinds=["xero"])
    tenant = town.tenants["xero"]
    town.at(date(2026, 3, 3), 12)
    town.xero.credit(tenant, "CN", "fern", date(2026, 3, 3), Decimal("40.00"))
    town.xero.spoil(tenant, "credit", "CN", RemainingCredit=None)
    town.at(date(2026, 3, 10), EVENING)
    assert (town.steps("A-1"), town.causes("A-1")) == ([], {"unreadable-credit"})
    with town.rt.store.read() as session:
        assert session.scalars(select(UnreadableRow.entity)).all() == ["credit"]
    town.xero.spoil(tenant, "credit", "CN")
    town.at(date(2026, 3, 16), EVENING)
    assert town.steps("A-1") == ["late-4"]

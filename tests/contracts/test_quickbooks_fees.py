"""What is odd about QuickBooks when a fee is charged or a processor's is booked: taxes, drafts, mails and accounts."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from core.facts import InvoiceStatus
from integrations.errors import InDoubt, Rejected
from tests.contracts.test_quickbooks_orders import REFERENCE, TODAY, carry_out, dollars, expense, fee
from tests.sandbox.quickbooks_world import ABROAD, ACME, World, gathered


@pytest.fixture
def world() -> World:
    return World()


def test_a_fee_stands_as_an_invoice_that_nobody_mails_or_prints(world: World) -> None:
    order, ledger = fee(world), world.ledger()
    body = json.loads(ledger.prepare(order), parse_float=Decimal)
    assert body["PrivateNote"] == f"Booked for invoice 1001 by Dunlin, reference {REFERENCE}"
    assert {"DocNumber", "BillEmail", "SalesTermRef", "GlobalTaxCalculation"}.isdisjoint(body), "QuickBooks' own affair"
    assert (body["EmailStatus"], body["PrintStatus"]) == ("NotSet", "NotSet")
    [line] = body["Line"]
    assert (line["Description"], line["Amount"]) == (order.words, Decimal("40.00"))
    assert line["SalesItemLineDetail"] == {"ItemRef": {"value": order.income}, "TaxCodeRef": {"value": "NON"}}
    [read] = gathered(ledger.named("invoice", [carry_out(ledger, order).id])).invoices
    assert (read.issued, read.due, read.status, read.mailed) == (TODAY, order.due, InvoiceStatus.OPEN, False)


def test_outside_the_us_tax_does_not_apply_to_the_whole_document() -> None:
    world = World(about=replace(ACME, country="GB"))
    ledger = world.ledger()
    for number, order in enumerate((fee(world), expense(world))):
        body = json.loads(ledger.prepare(order))
        assert (body["GlobalTaxCalculation"], "TaxCodeRef" in str(body["Line"])) == ("NotApplicable", False)
        assert ledger.write(order, ledger.prepare(order), f"key-{number}")
        with pytest.raises(Rejected, match="wants to know the tax"):
            ledger.write(order, json.dumps(body | {"GlobalTaxCalculation": "TaxExcluded"}).encode(), f"other-{number}")


def test_where_the_country_is_not_told_nobody_guesses_the_tax(world: World) -> None:
    order = fee(world)
    world.twin.realms[world.realm].get("CompanyInfo", "1")["Country"] = None
    with pytest.raises(Rejected, match="does not say in which country") as refused:
        world.ledger().prepare(order)
    assert refused.value.code == "country"


def test_quickbooks_knows_no_drafts(world: World) -> None:
    assert world.quickbooks.drafts is False
    with pytest.raises(Rejected, match="knows no drafts of invoices") as refused:
        world.ledger().prepare(replace(fee(world), draft=True))
    assert refused.value.code == "draft"


def test_another_amount_than_was_ordered_is_shown_to_a_person(world: World) -> None:
    ledger = world.ledger()
    for number, order in enumerate((fee(world), expense(world))):
        less = replace(order, amount=dollars("2.00"))
        with pytest.raises(InDoubt, match=r"instead of 2\.00 USD. Correct or delete it there"):
            ledger.write(less, ledger.prepare(order), f"key-{number}")
        with pytest.raises(InDoubt, match=rf"reference {REFERENCE}"):
            ledger.find(less)


def test_a_fee_that_the_bookkeeper_voided_is_found_as_gone(world: World) -> None:
    order, ledger = fee(world), world.ledger()
    written = carry_out(ledger, order)
    world.client().post("invoice", {"Id": written.id, "SyncToken": written.version}, operation="void")
    found = ledger.find(order)
    assert found is not None
    assert (found.id, found.gone) == (written.id, True)


def test_an_expense_names_its_accounts_and_who_kept_the_money(world: World) -> None:
    order, ledger = expense(world), world.ledger()
    written = carry_out(ledger, order)
    [spent] = world.twin.expenses(world.realm)
    assert (spent.id, spent.amount, spent.spent_on) == (written.id, Decimal("2.90"), TODAY)
    assert (spent.paid_from, spent.expense, spent.words) == (order.paid_from, order.expense, "Fees of payout po_7")
    assert spent.note == f"Kept back by Stripe. Booked by Dunlin, reference {REFERENCE}"
    row = world.twin.realms[world.realm].rows["Purchase"][written.id]
    assert (row["PaymentType"], row["DocNumber"]) == ("Cash", REFERENCE[:21])
    assert all(one.id != written.id for one in gathered(ledger.snapshot(TODAY)).payments), "it is no payment"


@pytest.mark.parametrize("wrong", ["Services", "Payment processing fees", "nowhere", ""])
def test_only_from_an_account_that_payments_arrive_on_money_is_spent(world: World, wrong: str) -> None:
    accounts = world.twin.realms[world.realm].rows["Account"].values()
    id = next((one["Id"] for one in accounts if one["Name"] == wrong), wrong and "999")
    with pytest.raises(Rejected, match="Choose another one in the company's settings"):
        world.ledger().prepare(replace(expense(world), paid_from=id))


def test_an_account_made_inactive_pays_for_nothing_more(world: World) -> None:
    order = expense(world)
    world.twin.realms[world.realm].get("Account", order.paid_from)["Active"] = False
    with pytest.raises(Rejected, match="is gone from QuickBooks"):
        world.ledger().prepare(order)


def test_an_expense_is_in_the_currency_of_its_account() -> None:
    world = World(about=ABROAD)
    ledger, order = world.ledger(), expense(world)
    euros = next(one.id for one in ledger.deposit_accounts() if one.currency == "EUR")
    with pytest.raises(Rejected, match="kept in EUR in QuickBooks, not in USD"):
        ledger.prepare(replace(order, paid_from=euros))
    assert json.loads(ledger.prepare(order))["CurrencyRef"] == {"value": "USD"}


def test_only_expense_accounts_are_offered_for_fees(world: World) -> None:
    assert [one.name for one in world.ledger().expense_choices()] == ["Payment processing fees"]

"""What is odd about Xero when a fee is charged or a processor's fee is booked: taxes, contacts, banks and journals."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from core.money import Money
from integrations.errors import InDoubt, Rejected
from tests.contracts.xero_office import REFERENCE, Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_invoice_for_a_fee_says_what_it_is_for_and_bears_no_tax(office: Office) -> None:
    ledger, order = office.ledger(), office.fee()
    sent = json.loads(ledger.prepare(order))["Invoices"][0]
    assert (sent["Contact"], sent["LineAmountTypes"]) == ({"ContactID": order.customer}, "NoTax")
    assert sent["Reference"] == f"INV-1 {REFERENCE}"
    assert "SentToContact" not in sent
    taxed = replace(order, income="200")
    made = ledger.write(taxed, ledger.prepare(taxed), "key-1")
    [read] = [row for page in ledger.named("invoice", [made.id]) for row in page.invoices]
    assert (read.total, read.balance, read.mailed) == (order.amount, order.amount, False), "though the account has one"


def test_an_invoice_or_expense_over_another_amount_than_ordered_is_shown_to_a_person(office: Office) -> None:
    ledger = office.ledger()
    for number, order in enumerate((office.fee(), office.expense())):
        less = replace(order, amount=Money(200, "NZD"))
        with pytest.raises(InDoubt, match=r"instead of 2\.00 NZD"):
            ledger.write(less, ledger.prepare(order), f"key-{number}")
        with pytest.raises(InDoubt, match=r"instead of 2\.00 NZD"):
            ledger.find(less)


def test_a_fee_that_was_voided_is_found_as_gone(office: Office) -> None:
    ledger, order = office.ledger(), office.fee()
    made = ledger.write(order, ledger.prepare(order), "key-1")
    books = office.twin.organisations[office.tenant]
    books.void(books.invoices[made.id])
    found = ledger.find(order)
    assert found is not None
    assert (found.id, found.gone) == (made.id, True)


def test_money_is_spent_from_a_bank_and_from_any_other_account_by_a_journal(office: Office) -> None:
    ledger = office.ledger()
    for number, order in enumerate((office.expense(), office.journal())):
        ledger.write(order, ledger.prepare(order), f"key-{number}")
    spent, moved = office.twin.expenses(office.tenant)
    assert [(one.amount, one.expense, one.paid_from) for one in (spent, moved)] == [
        (Decimal("2.90"), "404", office.expense().paid_from),
        (Decimal("2.90"), "404", office.journal().paid_from),
    ]
    assert (spent.note, moved.note) == (REFERENCE, f"Fees of payout po_7 (Stripe, {REFERENCE})")


def test_a_payee_becomes_a_contact_once_and_is_never_changed(office: Office) -> None:
    ledger, order = office.ledger(), office.expense()
    assert json.loads(ledger.prepare(order))["BankTransactions"][0]["Contact"] == {"Name": "Stripe"}
    ledger.write(order, ledger.prepare(order), "key-1")
    contacts = office.twin.organisations[office.tenant].contacts.values()
    [stripe] = [one.id for one in contacts if one.name == "Stripe"]
    again = replace(order, reference="another")
    assert json.loads(ledger.prepare(again))["BankTransactions"][0]["Contact"] == {"ContactID": stripe}


def test_an_expense_in_a_currency_that_its_account_is_not_kept_in_is_refused(office: Office) -> None:
    for order, words in ((office.expense(), "The account is kept in NZD"), (office.journal(), "no bank account only")):
        with pytest.raises(Rejected, match=rf"{words}.* the fee is in AUD\. Book the fee in Xero by hand") as refused:
            office.ledger().prepare(replace(order, amount=Money(290, "AUD")))
        assert refused.value.code == "currency"


def test_an_account_that_takes_no_payments_or_has_no_code_pays_for_nothing(office: Office) -> None:
    ledger, journal = office.ledger(), office.journal()
    accounts = {one.code: one for one in office.twin.organisations[office.tenant].accounts.values()}
    for id in (accounts["200"].id, accounts["091"].id, office.twin.new_uuid(), ""):
        with pytest.raises(Rejected, match="Choose another one in the company's settings"):
            ledger.prepare(replace(journal, paid_from=id))
    accounts["620"].code = ""
    with pytest.raises(Rejected, match="has no code in Xero"):
        ledger.prepare(journal)


def test_an_expense_is_found_even_when_its_account_is_gone(office: Office) -> None:
    ledger = office.ledger()
    made = {}
    for number, order in enumerate((office.expense(), office.journal())):
        made[order.paid_from] = ledger.write(order, ledger.prepare(order), f"key-{number}")
    lost = replace(office.expense(), paid_from=office.twin.new_uuid())
    assert ledger.find(lost) in made.values()
    assert ledger.find(replace(lost, reference="another")) is None

"""What Dunlin may rely on in every ledger when it charges a fee or books what a processor kept back from a payout.

One class of tests each, run over the registry like `test_ledgers.py`; the company is in Germany and keeps euros.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.facts import InvoiceStatus
from integrations.errors import InDoubt, Rejected
from integrations.ledgers.base import (
    ExpenseOrder,
    Feature,
    InvoiceOrder,
    LedgerInvoice,
    LedgerSettings,
    features,
    needs,
)
from integrations.registry import LEDGERS
from tests.contracts.test_ledgers import TODAY, Place, together
from tests.contracts.test_ledgers_in_full import OURS, carry_out, eur, invoice

DUE = TODAY + timedelta(days=14)
# The permissions beyond those that are asked for by default, and the requests that write a fee and an expense.
MORE = {"quickbooks": "", "xero": "accounting.banktransactions accounting.manualjournals"}
CALLS = {"quickbooks": ("/invoice", "/purchase"), "xero": ("PUT /api.xro/2.0/Invoices", "/BankTransactions")}


class Office(Place):
    """A place where everything is allowed that a ledger has a permission for."""

    def _settings(self, kind: str, host: str) -> LedgerSettings:
        asked = LEDGERS[kind](super()._settings(kind, host)).oauth.scopes
        return replace(super()._settings(kind, host), scopes=" ".join((*asked, MORE[kind])).strip())

    def fee(self, draft: bool = False) -> InvoiceOrder:
        about = invoice(self, "R-1")
        income = self.open().income_choices()[-1].id
        return InvoiceOrder(about.customer, eur("40.00"), TODAY, DUE, income, "Late fee", OURS, about.number, draft)

    def expense(self) -> ExpenseOrder:
        ledger = self.open()
        account, choice = ledger.deposit_accounts()[0].id, ledger.expense_choices()[0].id
        return ExpenseOrder(eur("1.75"), TODAY, account, choice, "GoCardless", "Fees of payout PO-7", OURS)

    def made(self) -> list[LedgerInvoice]:
        """The invoices that were not there before."""
        return [one for one in self.snapshot().invoices if not one.number.startswith("R-")]


@pytest.fixture(params=list(LEDGERS))
def office(request: pytest.FixtureRequest) -> Office:
    return Office(request.param)


class TestChargingAFee:
    def test_it_is_the_customers_open_invoice_over_just_that_amount(self, office: Office) -> None:
        order = office.fee()
        written = carry_out(office, order)
        [fee] = office.made()
        assert (fee.id, fee.customer, fee.status) == (written.id, order.customer, InvoiceStatus.OPEN)
        assert (fee.total, fee.balance) == (eur("40.00"), eur("40.00")), "no tax is added"
        assert (fee.issued, fee.due) == (TODAY, DUE)
        assert fee.number, "it has a number of the ledger's own"
        assert fee.mailed is False

    def test_the_next_reading_of_the_changes_brings_it_and_a_webhook_tells_of_it(self, office: Office) -> None:
        cursor = office.snapshot().cursor or ""
        office.later(minutes=10)
        written = carry_out(office, office.fee())
        assert written.id in [one.id for one in together(office.open().changes(cursor)).invoices]
        told = [one for hook in office.twin.webhooks() for one in office.kind.events(hook.raw, hook.headers)]
        assert ("invoice", written.id) in [(one.entity, one.id) for one in told]

    def test_it_is_made_once_under_one_key_and_found_by_our_reference(self, office: Office) -> None:
        order, ledger = office.fee(), office.open()
        assert ledger.find(order) is None
        body = ledger.prepare(order)
        assert body == ledger.prepare(order), "equal orders make equal bytes"
        first = ledger.write(order, body, "key-1")
        assert ledger.write(order, body, "key-1") == first
        assert [one.id for one in office.made()] == [first.id]
        assert ledger.find(order) == first
        assert ledger.find(replace(order, reference="o-another-2345678901x")) is None

    def test_a_lost_answer_is_in_doubt_and_the_invoice_is_found(self, office: Office) -> None:
        order, ledger = office.fee(), office.open()
        body = ledger.prepare(order)
        office.twin.plan_fault(CALLS[office.kind.kind][0], "drop")
        with pytest.raises(InDoubt):
            ledger.write(order, body, "key-1")
        found = ledger.find(order)
        assert found is not None
        assert ledger.write(order, body, "key-1") == found
        assert [one.id for one in office.made()] == [found.id]

    def test_it_can_be_left_as_a_draft_only_where_the_ledger_has_drafts(self, office: Office) -> None:
        order = office.fee(draft=True)
        if not office.kind.drafts:
            with pytest.raises(Rejected, match="no drafts"):
                carry_out(office, order)
            assert office.made() == []
            return
        written = carry_out(office, order)
        [draft] = together(office.open().named("invoice", [written.id])).invoices
        assert (draft.status, draft.total) == (InvoiceStatus.DRAFT, eur("40.00"))
        assert office.open().find(order) == written

    def test_nothing_is_charged_into_closed_books(self, office: Office) -> None:
        order = office.fee()
        office.twin.lock(office.tenant, TODAY)
        with pytest.raises(Rejected, match="closed"):
            carry_out(office, order)
        assert office.made() == []

    @pytest.mark.parametrize(("income", "words"), [("", "Choose in the company's settings"), ("999", "settings")])
    def test_without_what_it_is_booked_on_nothing_is_charged(self, office: Office, income: str, words: str) -> None:
        with pytest.raises(Rejected, match=words):
            carry_out(office, replace(office.fee(), income=income))
        assert office.made() == []

    def test_nobody_unknown_is_charged(self, office: Office) -> None:
        order = office.fee()
        with pytest.raises(Rejected):
            carry_out(office, replace(order, customer=order.customer[:-1] + "99"))
        assert office.made() == []


class TestBookingWhatAProcessorKeptBack:
    def test_from_every_account_that_payments_arrive_on(self, office: Office) -> None:
        before = office.snapshot()
        for number, account in enumerate(office.open().deposit_accounts()):
            order = replace(office.expense(), paid_from=account.id, reference=f"{OURS[:-1]}{number}")
            written = carry_out(office, order, f"key-{number}")
            spent = office.twin.expenses(office.tenant)[-1]
            assert (spent.id, spent.amount, spent.spent_on) == (written.id, order.amount.decimal, TODAY)
            assert (spent.paid_from, spent.expense, spent.words) == (order.paid_from, order.expense, order.words)
            assert order.reference in spent.note
            assert office.open().find(order) == written
        assert number >= 1, "a bank account and a clearing account"
        after = office.snapshot()
        assert (after.invoices, after.payments, after.credits) == (before.invoices, before.payments, before.credits)

    def test_once_under_one_key(self, office: Office) -> None:
        order, ledger = office.expense(), office.open()
        assert ledger.find(order) is None
        body = ledger.prepare(order)
        assert body == ledger.prepare(order), "equal orders make equal bytes"
        first = ledger.write(order, body, "key-1")
        assert ledger.write(order, body, "key-1") == first
        assert len(office.twin.expenses(office.tenant)) == 1
        assert ledger.find(replace(order, reference="o-another-2345678901x")) is None

    def test_a_lost_answer_is_in_doubt_and_the_expense_is_found(self, office: Office) -> None:
        order, ledger = office.expense(), office.open()
        body = ledger.prepare(order)
        office.twin.plan_fault(CALLS[office.kind.kind][1], "drop")
        with pytest.raises(InDoubt):
            ledger.write(order, body, "key-1")
        found = ledger.find(order)
        assert found is not None
        assert ledger.write(order, body, "key-1") == found
        assert [one.id for one in office.twin.expenses(office.tenant)] == [found.id]

    def test_all_that_were_booked_are_read_back_in_few_calls_and_one_that_is_gone_is_missing(
        self, office: Office
    ) -> None:
        accounts = office.open().deposit_accounts()
        orders = [replace(office.expense(), paid_from=one.id) for one in (accounts * 3)[:4]]
        written = [
            carry_out(office, replace(one, reference=f"{OURS[:-1]}{place}"), f"key-{place}").id
            for place, one in enumerate(orders)
        ]
        office.calls.clear()
        found = office.open().expenses(written)
        assert sorted(one.id for one in found) == sorted(written)
        assert {one.total for one in found} <= {orders[0].amount.decimal, None}, "a journal tells no total"
        assert len(office.calls) <= 2, "one for each list they may stand in"
        office.twin.withdraw_expense(office.tenant, written[1])
        assert sorted(one.id for one in office.open().expenses(written)) == sorted({*written} - {written[1]})
        assert office.open().expenses([]) == ()

    def test_nothing_is_booked_into_closed_books(self, office: Office) -> None:
        order = office.expense()
        office.twin.lock(office.tenant, TODAY)
        with pytest.raises(Rejected, match="closed"):
            carry_out(office, order)
        assert office.twin.expenses(office.tenant) == []

    @pytest.mark.parametrize("wrong", [{"expense": ""}, {"expense": "999"}, {"paid_from": ""}, {"paid_from": "999"}])
    def test_an_account_that_is_unknown_is_chosen_again(self, office: Office, wrong: dict[str, str]) -> None:
        with pytest.raises(Rejected, match="company's settings"):
            carry_out(office, replace(office.expense(), **wrong))  # type: ignore[arg-type]
        assert office.twin.expenses(office.tenant) == []

    def test_only_what_money_can_be_spent_on_is_offered(self, office: Office) -> None:
        offered, incomes = office.open().expense_choices(), office.open().deposit_accounts()
        assert offered
        assert all(one.id and one.name for one in offered)
        assert not {one.id for one in offered} & {one.id for one in incomes}
        assert not [one for one in offered if "Sales" in one.name or "Services" in one.name]


class TestPermission:
    def test_each_order_names_the_permission_it_needs(self, office: Office) -> None:
        assert (needs(office.fee()), needs(office.expense())) == (Feature.INVOICES, Feature.EXPENSES)
        assert {Feature.INVOICES, Feature.EXPENSES} <= features(office.kind.scopes, office.kind.oauth.scopes)
        assert features(office.kind.scopes, ()) == frozenset()

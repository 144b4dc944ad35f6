"""From the card to the bank: a payout with its payments and fees, its fee booked once, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from integrations.ledgers.base import LedgerSettings
from integrations.ledgers.xero import Xero
from integrations.ledgers.xero.scopes import ASKED
from models import Payout
from models.store import Store
from tests.stories.days import BOTH, EVENING, town_of
from tests.town import Town
from workflows import companies, money_rules, payouts, reconcile
from workflows.errors import Refusal
from workflows.money_rules import Wanted

DUE = date(2026, 3, 9)
ME = 1


class _Wide(Town):
    """Here the operator has Dunlin ask Xero for what booking fees takes."""

    def start(self, store: Store | None = None) -> None:
        super().start(store)
        wide = " ".join((*ASKED, "accounting.banktransactions", "accounting.manualjournals"))
        settings = replace(LedgerSettings(**self.settings.ledger("xero")), scopes=wide)
        self.rt = replace(self.rt, ledgers={**self.rt.ledgers, "xero": Xero(settings)})


def book_fees(town: Town, kind: str) -> None:
    company = town.company(kind).id
    expense = companies.expense_choices(town.rt, company)[0].id
    money_rules.keep(town.rt, company, Wanted(payout_fees="expense", payout_expense=expense), ME)


def a_week_of_nights(town: Town) -> None:
    for _ in range(7):
        town.at(town.now.date() + timedelta(days=1), EVENING)
        payouts.read_all(town.rt)
        town.settle()


def kept(town: Town) -> Sequence[Payout]:
    with town.rt.store.read() as session:
        return session.scalars(select(Payout).options(selectinload(Payout.entries)).order_by(Payout.id)).all()


def test_a_payout_is_read_with_its_payments_and_its_fee_is_booked_once() -> None:
    kind = "quickbooks"
    with town_of(kind, ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as town:
        book_fees(town, kind)
        town.pay("A-1")
        town.pay("B-1")
        a_week_of_nights(town)
        (row,) = kept(town)
        currency = town.company(kind).currency
        assert (str(row.amount), row.state, row.whole) == (f"196.60 {currency}", "paid", True)
        assert [(one.amount_minor, one.fee_minor) for one in row.entries] == [(10_000, 170), (10_000, 170)]
        (expense,) = town.twin(kind).expenses(town.tenants[kind])
        assert expense.amount == Decimal("3.40")
        a_week_of_nights(town)
        assert len(town.twin(kind).expenses(town.tenants[kind])) == 1
        assert list(reconcile.differences(town.rt)) == []


def test_where_nobody_chose_so_no_fee_is_booked_and_nothing_that_arrived_before_is() -> None:
    kind = "quickbooks"
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        a_week_of_nights(town)
        assert len(kept(town)) == 1
        book_fees(town, kind)
        a_week_of_nights(town)
        assert town.twin(kind).expenses(town.tenants[kind]) == []


def test_a_debit_is_paid_out_and_its_fee_is_booked_too() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        book_fees(town, "quickbooks")
        town.debit("A-1")
        a_week_of_nights(town)
        a_week_of_nights(town)
        (row,) = kept(town)
        assert (str(row.amount), row.state, row.whole) == ("98.80 USD", "paid", True)
        (expense,) = town.quickbooks.expenses(town.tenants["quickbooks"])
        assert expense.amount == Decimal("1.20")
        assert list(reconcile.differences(town.rt)) == []


def test_where_the_permission_does_not_cover_it_the_choice_is_refused_and_payouts_are_shown_all_the_same() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        with pytest.raises(Refusal, match="no permission for booking the fees of a processor"):
            book_fees(town, "xero")
        town.pay("A-1")
        a_week_of_nights(town)
        assert [one.whole for one in kept(town)] == [True]


@pytest.mark.slow
def test_a_fee_whose_answer_was_lost_is_booked_once() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        book_fees(town, "quickbooks")
        town.pay("A-1")
        town.at(date(2026, 3, 3), EVENING)
        town.quickbooks.plan_fault("/purchase", "drop")
        a_week_of_nights(town)
        assert len(town.quickbooks.expenses(town.tenants["quickbooks"])) == 1


@pytest.mark.slow
def test_a_processor_that_does_not_answer_is_asked_the_next_night() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.at(date(2026, 3, 6), EVENING)
        town.stripe.plan_fault("/payouts", "503")
        assert payouts.read_all(town.rt) == 0
        assert payouts.read_all(town.rt) == 1


def test_a_booked_fee_that_somebody_deletes_or_changes_in_the_ledger_is_named_until_it_is_right_again() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        book_fees(town, "quickbooks")
        town.pay("A-1")
        a_week_of_nights(town)
        rows = town.quickbooks.realms[town.tenants["quickbooks"]].rows["Purchase"]
        (id,) = rows
        kept_row = rows.pop(id)
        (said,) = _tonight(town)
        assert "is not in the ledger any more" in said
        assert "1.70" in said
        rows[id] = {**kept_row, "TotalAmt": Decimal("9.99")}
        (said,) = _tonight(town)
        assert "over another sum" in said
        rows[id] = kept_row
        assert _tonight(town) == []
        assert len(town.quickbooks.expenses(town.tenants["quickbooks"])) == 1, "nothing was booked again by itself"


@BOTH
def test_a_fee_that_is_deleted_is_named_on_both_ledgers_and_one_that_is_only_dated_anew_is_not(kind: str) -> None:
    town = _Wide()
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", DUE)
    with closing(town.begin(kinds=[kind])):
        book_fees(town, kind)
        town.pay("A-1")
        a_week_of_nights(town)
        (fee,) = town.twin(kind).expenses(town.tenants[kind])
        if kind == "xero":
            town.xero.organisations[town.tenants[kind]].expenses[fee.id].on += timedelta(days=3)
        assert _tonight(town) == []
        town.twin(kind).withdraw_expense(town.tenants[kind], fee.id)
        (said,) = _tonight(town)
        assert "is not in the ledger any more" in said


def test_a_ledger_that_does_not_answer_at_night_leaves_the_last_answer_as_it_was() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        book_fees(town, "quickbooks")
        town.pay("A-1")
        a_week_of_nights(town)
        town.quickbooks.realms[town.tenants["quickbooks"]].rows["Purchase"].clear()
        assert len(_tonight(town)) == 1
        town.quickbooks.plan_fault("/query", "503", times=20)
        assert len(_tonight(town)) == 1


def _tonight(town: Town) -> list[str]:
    reconcile.nightly(town.rt)
    return [one.what for one in reconcile.differences(town.rt)]

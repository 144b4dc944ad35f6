"""A discount was earned, and then its payment went back: a person takes the discount back, or leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from core.money import Money
from models import Posting
from sandbox.books import BookPayment
from sandbox.quickbooks import records
from sandbox.quickbooks.realm import Realm
from tests.stories.days import BOTH, EVENING
from tests.stories.staff import Robin
from tests.stories.test_discounts import ME, MONDAY, balance, offering, reward
from tests.town import Town
from workflows import desk, month_end_sums, reconcile, returned, unearned
from workflows.errors import Refusal
from workflows.pending import Kind

PAID = date(2026, 3, 4)  # by this evening the discount is granted


@contextmanager
def given(kind: str) -> Iterator[Town]:
    """Fern paid 98.00 of A-1 by card in time, and 2.00 were given."""
    with offering(kind) as town:
        assert Robin(town, kind, days=0).id == ME
        town.pay("A-1")
        town.at(PAID, EVENING)
        assert (reward(town).state, balance(town, kind)) == ("granted", Decimal(0))
        yield town


def refund(town: Town, amount: Money | None = None) -> None:
    town.stripe.refund(town.stripe.paid_sessions()[0].payment, *([amount] if amount else []))
    town.at(PAID + timedelta(days=1), EVENING)


def credit(town: Town, kind: str) -> Decimal:
    """What anybody could still use of a credit."""
    return sum(town.twin(kind).open_credit(town.tenants[kind]).values(), Decimal(0))


def _posted(town: Town, kind: Kind) -> Posting:
    with town.rt.store.read() as session:
        return session.scalars(select(Posting).where(Posting.kind == kind.value)).one()


def differences(town: Town) -> list[str]:
    return [one.what for one in reconcile.differences(town.rt)]


@BOTH
def test_a_refund_of_all_puts_it_on_the_desk_and_taken_back_the_invoice_is_open_in_full(kind: str) -> None:
    with given(kind) as town:
        refund(town)
        assert (reward(town).state, balance(town, kind)) == ("unearned", Decimal(98)), "never by itself"
        assert reward(town).note.endswith("The payment that earned it went back, and the credit still stands.")
        (said,) = differences(town)
        assert "Say on the desk whether" in said
        unearned.decide(town.rt, reward(town).id, ME, take=True)
        town.at(PAID + timedelta(days=2), EVENING)
        assert (reward(town).state, balance(town, kind), credit(town, kind)) == ("taken", Decimal(100), Decimal(0))
        assert town.invoice("A-1").balance_minor == 10_000
        assert differences(town) == []
        with pytest.raises(Refusal, match="no longer on the desk"):
            unearned.decide(town.rt, reward(town).id, ME, take=True)


@BOTH
def test_left_as_it_is_the_credit_stands_and_nobody_hears_of_it_again(kind: str) -> None:
    with given(kind) as town:
        refund(town)
        unearned.decide(town.rt, reward(town).id, ME, take=False)
        town.at(PAID + timedelta(days=3), EVENING)
        assert (reward(town).state, balance(town, kind)) == ("kept", Decimal(98))
        assert differences(town) == []


@BOTH
def test_while_it_is_being_taken_back_nobody_is_asked_for_a_sum_that_is_about_to_change(kind: str) -> None:
    with given(kind) as town:
        refund(town)
        unearned.decide(town.rt, reward(town).id, ME, take=True)
        write = {"quickbooks": "/payment?", "xero": "DELETE "}[kind]
        town.twin(kind).plan_fault(write, "503", seconds=20 * 3600)
        town.at(PAID + timedelta(days=2), 12)
        assert "being-changed" in town.causes("A-1")
        town.at(PAID + timedelta(days=4), EVENING)
        assert (balance(town, kind), credit(town, kind)) == (Decimal(100), Decimal(0)), (
            "once, however often it is tried"
        )


@BOTH
def test_of_a_refund_of_a_part_a_person_decides_and_no_part_of_the_discount_is_worked_out(kind: str) -> None:
    with given(kind) as town:
        refund(town, Money(3_000, town.company(kind).currency))
        assert (reward(town).state, balance(town, kind)) == ("unearned", Decimal(0))
        assert "all of it back, or leave it" in reward(town).note
        unearned.decide(town.rt, reward(town).id, ME, take=True)
        town.at(PAID + timedelta(days=2), EVENING)
        assert (reward(town).state, balance(town, kind)) == ("taken", Decimal(2)), "all of the discount, and no more"


@pytest.mark.slow
@BOTH
def test_a_refund_of_a_part_stays_on_the_desk_until_the_person_decides_although_the_money_is_put_right(
    kind: str,
) -> None:
    with given(kind) as town:
        refund(town, Money(3_000, town.company(kind).currency))
        tenant = town.tenants[kind]
        (payment,) = town.twin(kind).payments(tenant)
        town.twin(kind).unreceive(tenant, payment.id)
        town.twin(kind).receive(tenant, BookPayment("A-1", Decimal(68), PAID, "hand 1"))
        with town.rt.store.read() as session:
            (row,) = returned.of(session, 1)
        returned.done_by_hand(town.rt, row.id, ME)
        town.at(PAID + timedelta(days=2), EVENING)
        assert (reward(town).state, balance(town, kind)) == ("unearned", Decimal(30))


@pytest.mark.slow
@BOTH
def test_money_that_comes_again_clears_the_desk_by_itself(kind: str) -> None:
    with given(kind) as town:
        tenant = town.tenants[kind]
        (payment,) = town.twin(kind).payments(tenant)
        town.twin(kind).unreceive(tenant, payment.id)
        town.at(PAID + timedelta(days=1), EVENING)
        assert reward(town).state == "unearned", "a bookkeeper who removes it is the same"
        town.transfer(kind, "A-1", "98.00")
        town.at(PAID + timedelta(days=2), EVENING)
        assert (reward(town).state, reward(town).note) == ("granted", unearned.CAME)


@BOTH
def test_a_credit_that_the_bookkeeper_takes_out_first_needs_nobody_any_more(kind: str) -> None:
    with given(kind) as town:
        refund(town)
        tenant = town.tenants[kind]
        town.twin(kind).withdraw_credit(tenant, _posted(town, Kind.CREDIT).external_id)
        town.at(PAID + timedelta(days=2), EVENING)
        assert (reward(town).state, reward(town).note) == ("taken", unearned.BY_HAND)
        assert (balance(town, kind), differences(town)) == (Decimal(100), [])


@pytest.mark.slow
@BOTH
def test_what_the_ledger_refuses_waits_on_the_desk_and_dropped_it_is_asked_about_again(kind: str) -> None:
    with given(kind) as town:
        refund(town)
        town.twin(kind).lock(town.tenants[kind], PAID + timedelta(days=1))
        unearned.decide(town.rt, reward(town).id, ME, take=True)
        town.at(PAID + timedelta(days=2), EVENING)
        posting = _posted(town, Kind.UNDO_ALLOCATION)
        assert (posting.state, balance(town, kind)) == ("desk", Decimal(98))
        desk.settle_posting(town.rt, posting.id, "drop", ME)
        town.at(PAID + timedelta(days=3), EVENING)
        assert reward(town).state == "unearned"


@pytest.mark.slow
def test_the_months_figures_count_what_was_taken_back() -> None:
    with given("xero") as town:
        refund(town)
        unearned.decide(town.rt, reward(town).id, ME, take=True)
        town.at(PAID + timedelta(days=2), EVENING)
        company = town.company("xero")
        with town.rt.store.read() as session:
            found = month_end_sums.of(session, company, MONDAY.replace(day=1))
        assert found.written["GBP"].discounts == Money(0, "GBP")


# A credit note that somebody changes in the ledger


def memo_of(town: Town) -> tuple[Realm, dict[str, Any]]:
    realm = town.quickbooks.realms[town.tenants["quickbooks"]]
    (memo,) = realm.rows["CreditMemo"].values()
    return realm, memo


def lower(town: Town, amount: str) -> None:
    """The bookkeeper makes the credit memo smaller, for which it must be free of its invoice."""
    realm, memo = memo_of(town)
    for link in memo.get("LinkedTxn", ()):
        records.delete(realm, "Payment", dict(realm.get("Payment", link["TxnId"])))
    line = {**memo["Line"][0], "Amount": Decimal(amount)}
    records.save(realm, "CreditMemo", {**memo, "sparse": True, "Line": [line]})


def use_again(town: Town, amount: str) -> None:
    realm, memo = memo_of(town)
    (invoice,) = realm.rows["Invoice"].values()
    ends = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}, {"TxnId": memo["Id"], "TxnType": "CreditMemo"}]
    lines = [{"Amount": Decimal(amount), "LinkedTxn": [one]} for one in ends]
    records.save(realm, "Payment", {"CustomerRef": memo["CustomerRef"], "TotalAmt": Decimal(0), "Line": lines})


def test_a_credit_memo_of_ours_that_was_made_smaller_is_named_whether_it_is_used_or_not() -> None:
    with given("quickbooks") as town:
        town.at(PAID + timedelta(days=1), EVENING)
        assert differences(town) == []
        lower(town, "1.50")
        town.at(PAID + timedelta(days=2), EVENING)
        (said,) = differences(town)
        assert (
            said == "The discount of 2.00 USD for invoice A-1 stands in the ledger over 1.50 USD. Put it right there."
        )
        use_again(town, "1.50")
        town.at(PAID + timedelta(days=3), EVENING)
        assert differences(town) == [said], "used, nothing is left of it, and yet it is told"
        town.quickbooks.plan_fault("/query", "503", times=20)
        assert differences(town) == [said], "where it cannot be asked the last answer stands"


@BOTH
def test_a_credit_note_of_ours_that_somebody_deletes_is_named(kind: str) -> None:
    with given(kind) as town:
        town.twin(kind).withdraw_credit(town.tenants[kind], _posted(town, Kind.CREDIT).external_id)
        town.at(PAID + timedelta(days=2), EVENING)
        (said,) = differences(town)
        assert "is not in the ledger any more. Give it once more" in said

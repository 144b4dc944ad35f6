"""What Dunlin may rely on in every ledger when it takes a credit note of its own back: first from its invoice, then out
of the books, each once; what somebody else uses is left to a person. Run over the registry like `test_ledgers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from integrations.errors import InDoubt, Rejected
from integrations.ledgers.base import (
    AllocationOrder,
    Feature,
    LedgerCredit,
    UndoAllocationOrder,
    UndoCreditOrder,
    Written,
    needs,
)
from integrations.registry import LEDGERS
from tests.contracts.test_ledgers import TODAY, Place, together
from tests.contracts.test_ledgers_in_full import OURS, a_credit, carry_out, eur, invoice

BACK = "o-7401920012345678902x"
# The requests that release a credit and that take it out of the books.
CALLS = {"quickbooks": ("/payment?", "/creditmemo?"), "xero": ("DELETE ", "POST /api.xro/2.0/CreditNotes")}


@dataclass(frozen=True)
class Used:
    """A credit note of 20.00 that is used for R-1, of which 120.50 were open."""

    place: Place
    credit: str
    invoice: str

    @property
    def release(self) -> UndoAllocationOrder:
        return UndoAllocationOrder(self.credit, self.invoice, BACK)

    @property
    def withdrawal(self) -> UndoCreditOrder:
        return UndoCreditOrder(self.credit, BACK)

    def standing(self) -> list[LedgerCredit]:
        return [one for one in self.place.snapshot().credits if one.id == self.credit and not one.gone]

    def open_credit(self) -> Decimal:
        """What the customer has left in credit."""
        found: Decimal = self.place.twin.open_credit(self.place.tenant).get("ada", Decimal(0))
        return found


@pytest.fixture(params=list(LEDGERS))
def used(request: pytest.FixtureRequest) -> Used:
    place = Place(request.param)
    credit, about = carry_out(place, a_credit(place)).id, invoice(place, "R-1")
    carry_out(place, AllocationOrder(credit, about.id, about.customer, eur("20.00"), TODAY, OURS), "key-2")
    assert invoice(place, "R-1").balance == eur("100.50")
    return Used(place, credit, about.id)


def test_released_and_withdrawn_the_invoice_is_open_in_full_and_nothing_is_left_to_use(used: Used) -> None:
    ledger = used.place.open()
    assert ledger.find(used.release) is None
    carry_out(used.place, used.release, "key-3")
    assert invoice(used.place, "R-1").balance == eur("120.50")
    assert used.open_credit() == Decimal("20.00")
    assert ledger.find(used.release) == Written(used.credit)
    assert ledger.find(used.withdrawal) is None
    written = carry_out(used.place, used.withdrawal, "key-4")
    assert written.id == used.credit
    assert used.open_credit() == 0
    assert used.standing() == []
    assert ledger.find(used.withdrawal) == Written(used.credit)
    assert needs(used.release) == needs(used.withdrawal) == Feature.CREDITS


def test_the_next_reading_of_the_changes_shows_the_invoice_open_and_the_credit_gone(used: Used) -> None:
    cursor = used.place.snapshot().cursor or ""
    used.place.later(minutes=10)
    carry_out(used.place, used.release, "key-3")
    carry_out(used.place, used.withdrawal, "key-4")
    page = together(used.place.open().changes(cursor))
    assert {one.number: one.balance for one in page.invoices}["R-1"] == eur("120.50")
    assert ("credit", used.credit) in page.deleted or [one.gone for one in page.credits if one.id == used.credit]


def test_equal_orders_make_equal_bytes_and_a_lost_answer_is_found(used: Used) -> None:
    ledger, (releases, withdraws) = used.place.open(), CALLS[used.place.kind.kind]
    for order, call in ((used.release, releases), (used.withdrawal, withdraws)):
        body = ledger.prepare(order)
        assert body == ledger.prepare(order)
        used.place.twin.plan_fault(call, "drop")
        with pytest.raises(InDoubt):
            ledger.write(order, body, f"key-{call}"[:20])
        assert ledger.find(order) == Written(used.credit)
    assert (used.open_credit(), invoice(used.place, "R-1").balance) == (Decimal(0), eur("120.50"))


def test_a_credit_in_use_is_not_withdrawn_and_one_that_is_free_is_not_released(used: Used) -> None:
    ledger = used.place.open()
    with pytest.raises(Rejected, match="by hand"):
        ledger.prepare(used.withdrawal)
    carry_out(used.place, used.release, "key-3")
    with pytest.raises(Rejected, match="nothing is left to do"):
        ledger.prepare(used.release)
    assert used.open_credit() == Decimal("20.00")


def test_what_also_helps_to_pay_another_invoice_is_left_to_a_person(used: Used) -> None:
    place = used.place
    credit, other = carry_out(place, a_credit(place), "key-5").id, invoice(place, "R-2")
    about = invoice(place, "R-1")
    for place_in_line, one in enumerate((about, other)):
        order = AllocationOrder(credit, one.id, one.customer, eur("10.00"), TODAY, f"{OURS[:-1]}{place_in_line}")
        carry_out(place, order, f"key-6-{place_in_line}")
    with pytest.raises(Rejected, match="by hand"):
        place.open().prepare(UndoAllocationOrder(credit, about.id, BACK))


def test_what_a_bookkeeper_has_taken_back_already_counts_as_done(used: Used) -> None:
    used.place.twin.withdraw_credit(used.place.tenant, used.credit)
    ledger = used.place.open()
    assert ledger.find(used.release) == ledger.find(used.withdrawal) == Written(used.credit)
    with pytest.raises(Rejected):
        ledger.prepare(used.withdrawal)


def test_nothing_is_taken_out_of_closed_books(used: Used) -> None:
    used.place.twin.lock(used.place.tenant, TODAY + timedelta(days=1))
    with pytest.raises(Rejected) as refusal:
        carry_out(used.place, used.release, "key-3")
    assert any(word in str(refusal.value).lower() for word in ("closed", "lock"))
    assert used.open_credit() == 0

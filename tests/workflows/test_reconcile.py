"""Processor, Dunlin and ledger are compared payment by payment, and each difference is one sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Attempt, AttemptLine
from tests.town import Town
from workflows import reconcile, sync

BOTH = pytest.mark.parametrize("kind", ["quickbooks", "xero"])


def paid(town: Town, kind: str) -> Town:
    """One invoice of 100.00, paid by card, booked and seen in the ledger."""
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", date(2026, 3, 9))
    town.begin(kinds=[kind])
    town.pay("A-1")
    town.at(date(2026, 3, 2), 22)
    assert [one.what for one in reconcile.differences(town.rt)] == []
    return town


def found(town: Town) -> list[str]:
    return [one.what for one in reconcile.differences(town.rt)]


@BOTH
def test_a_payment_deleted_in_the_ledger_is_noticed(town: Town, kind: str) -> None:
    paid(town, kind)
    tenant = town.tenants[kind]
    (payment,) = town.twin(kind).payments(tenant)
    town.twin(kind).unreceive(tenant, payment.id)
    assert sync.sync_company(town.rt, town.company(kind).id)
    (what,) = found(town)
    assert what.startswith("Invoice A-1: 100.00")
    assert "removed in the ledger" in what
    assert town.invoice("A-1").balance.decimal == Decimal(100)


def test_what_the_processor_sees_otherwise_is_noticed(town: Town) -> None:
    paid(town, "xero")
    with town.rt.store.write() as session:
        session.scalars(select(Attempt)).one().amount_minor = 9000
    assert found(town)[0].startswith("The processor took 100.00")
    town.stripe.plan_fault("sessions", "503")
    assert found(town)[0].startswith("The processor could not be asked")


def test_what_was_taken_and_is_not_yet_in_the_ledger_is_named(town: Town) -> None:
    paid(town, "xero")
    with town.rt.store.write() as session:
        line = session.scalars(select(AttemptLine)).one()
        line.state, line.ledger_payment = "taken", ""
    (what,) = found(town)
    assert what.startswith("Invoice A-1: 100.00 GBP was taken and is not yet seen in the ledger.")

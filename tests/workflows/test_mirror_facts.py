"""What the mirror keeps of each kind of row, and which changes wake an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import (
    LedgerCredit,
    LedgerCustomer,
    LedgerPayment,
    LedgerPerson,
    LedgerTerm,
    Page,
    TermRule,
)
from models import Account, Credit, Payment, Term
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from workflows import mirror
from workflows.mirror import Kept
from workflows.shapes import SHAPES

LATER = MONDAY + timedelta(minutes=10)
LATEST = LATER + timedelta(minutes=10)
MARCH = date(2026, 3, 1)
FERN = LedgerCustomer("c-1", "Fern", emails=("fern@customers.example",))
INVOICE = an_invoice("i-1")
PAYMENT = LedgerPayment("p-1", "c-1", MARCH, Money(500, "GBP"), "our reference")
CREDIT = LedgerCredit("n-1", "c-1", "note", Money(700, "GBP"))
TERM = LedgerTerm("t-1", "Net 30", TermRule.AFTER_ISSUE, 30)
ROWS: dict[str, Any] = {"customers": FERN, "invoices": INVOICE, "payments": PAYMENT, "credits": CREDIT, "terms": TERM}


def store(office: Office, started: datetime, **rows: Any) -> Kept:
    return mirror.store(office.rt, office.company, Page(**rows), started)


def one(office: Office, table: Any, external_id: str) -> Any:
    with office.rt.store.read() as session:
        return session.scalars(select(table).where(table.external_id == external_id)).one()


def woken(office: Office, act: Callable[[], object]) -> set[str]:
    """The accounts whose facts changed through the act."""

    def versions() -> dict[str, int]:
        with office.rt.store.read() as session:
            return {row.external_id: row.facts_version for row in session.scalars(select(Account))}

    before = versions()
    act()
    return {id for id, version in versions().items() if before.get(id) != version}


# What is kept


def test_every_column_of_a_mirrored_table_is_read_from_the_ledger_or_is_known_to_be_ours() -> None:
    ours = {
        "customer": {"uid", "language", "refused", "facts_version", "wake_at", "because", "planned_at"}
        | {
            "read_at",
            "gone_at",
            "segment",
            "segment_by",
            "payer",
            "usual_delay",
            "instead",
            "link_generation",
            "care",
            "erased_at",
            "look_again",
            "assignee_id",
        },
        "invoice": {"uid", "seen_at", "pay_link"},
    }
    for shape in SHAPES.values():
        from_the_ledger = {*shape.known, "company_id", "external_id"}
        assert set(shape.table.c.keys()) - from_the_ledger == ours.get(shape.entity, set()), shape.entity
        assert shape.facts <= set(shape.names)
        assert "version" not in shape.facts


def test_what_a_ledger_tells_about_a_customer_is_kept(office: Office) -> None:
    people = (LedgerPerson("Ann", "ann@fern.example", True), LedgerPerson("Bo", "bo@fern.example", False))
    store(office, MONDAY, customers=(replace(FERN, people=people, phone="+44 20 7946 0000", term="t-1"),))
    row = office.account("c-1")
    assert row.people == [["Ann", "ann@fern.example", True], ["Bo", "bo@fern.example", False]]
    assert (row.phone, row.term, row.row_read_at) == ("+44 20 7946 0000", "t-1", MONDAY)
    store(office, LATER, customers=(replace(FERN, people=people, phone="+44 20 7946 0000", erased=True),))
    assert (office.account("c-1").people, office.account("c-1").phone) == ([], ""), "an erased person"


def test_what_a_ledger_tells_about_an_invoice_is_kept_and_its_pay_link_left_alone(office: Office) -> None:
    said: dict[str, Any] = {
        "mailed": True,
        "shipped": date(2026, 1, 30),
        "expected": date(2026, 3, 20),
        "term": "t-1",
        "branding": "b-1",
    }
    store(office, MONDAY, invoices=(an_invoice("i-1", cc=("boss@fern.example",), **said),))
    row = office.invoice("i-1")
    assert {name: getattr(row, name) for name in said} == said
    assert (row.cc, row.pay_link, row.seen_at, row.read_at) == (["boss@fern.example"], "", MONDAY, MONDAY)
    office.change(row, pay_link="https://pay.example/1")
    store(office, LATER, invoices=(an_invoice("i-1", "1.00"),))
    row = office.invoice("i-1")
    assert (row.mailed, row.cc, row.expected) == (None, [], None)
    assert (row.pay_link, row.seen_at, row.read_at) == ("https://pay.example/1", MONDAY, LATER)


def test_what_a_ledger_tells_about_money_is_kept(office: Office) -> None:
    applied = (("i-1", Money(300, "GBP")), ("i-2", Money(200, "GBP")))
    note = replace(CREDIT, number="CN-1", issued=MARCH, applied=applied)
    store(office, MONDAY, payments=(replace(PAYMENT, applied=applied),), credits=(note,))
    payment, credit = one(office, Payment, "p-1"), one(office, Credit, "n-1")
    assert payment.applied == credit.applied == [["i-1", 300], ["i-2", 200]]
    assert (payment.paid_on, payment.amount_minor, payment.reference) == (MARCH, 500, "our reference")
    assert (credit.number, credit.issued, credit.remaining_minor) == ("CN-1", MARCH, 700)
    assert (payment.read_at, credit.read_at, payment.gone_at, credit.gone_at) == (MONDAY, MONDAY, None, None)


@pytest.mark.parametrize(
    ("percent", "points"), [("0", 0), ("2", 200), ("1.5", 150), ("0.005", 1), ("0.0049", 0), ("33.335", 3334)]
)
def test_terms_are_kept_with_their_discount_in_hundredths_of_a_percent(
    office: Office, percent: str, points: int
) -> None:
    early = replace(TERM, name="2/10 net 30", discount_days=10, discount_percent=Decimal(percent))
    assert store(office, MONDAY, terms=(TERM,)) == Kept(1, 1)
    store(office, LATER, terms=(early,))
    row = one(office, Term, "t-1")
    assert (row.name, row.rule, row.days, row.discount_days) == ("2/10 net 30", "after-issue", 30, 10)
    assert (row.discount_points, row.active) == (points, True)
    store(office, LATEST, deleted=(("term", "t-1"),))
    assert not one(office, Term, "t-1").active


def test_a_row_that_stands_twice_in_a_page_is_kept_as_it_stands_last(office: Office) -> None:
    twice = (an_invoice("i-1", "100.00"), an_invoice("i-2"), an_invoice("i-1", "40.00"))
    assert store(office, MONDAY, invoices=twice) == Kept(3, 2)
    assert office.invoice("i-1").balance_minor == 4000


# What wakes

QUIET: list[tuple[str, dict[str, Any]]] = [
    *((kind, {"version": "later"}) for kind in ("customers", "invoices", "payments", "credits")),
    *(("customers", one) for one in ({"phone": "1"}, {"term": "t"})),
    *(("invoices", one) for one in ({"mailed": True}, {"branding": "b"}, {"term": "t"}, {"cc": ("b@x.example",)})),
    *(("invoices", one) for one in ({"expected": MARCH}, {"raw_status": "Sent"})),
    ("payments", {"reference": "other"}),
    ("credits", {"number": "CN-2"}),
    ("terms", {"days": 14}),
]
LOUD: list[tuple[str, dict[str, Any]]] = [
    *(("customers", one) for one in ({"emails": ()}, {"active": False}, {"erased": True})),
    ("customers", {"people": (LedgerPerson("A", "a@x.example", True),)}),
    *(("invoices", one) for one in ({"due": MARCH}, {"due": None}, {"issued": MARCH}, {"number": "N-9"})),
    ("invoices", {"shipped": MARCH}),
    *(
        ("invoices", one)
        for one in ({"balance": Money(1, "GBP")}, {"total": Money(1, "GBP")}, {"emails": ("b@x.example",)})
    ),
    ("invoices", {"status": InvoiceStatus.UNKNOWN}),
    *(
        ("payments", one)
        for one in ({"amount": Money(1, "GBP")}, {"gone": True}, {"applied": (("i-1", Money(1, "GBP")),)})
    ),
    *(("credits", one) for one in ({"remaining": Money(1, "GBP")}, {"gone": True})),
]


@pytest.mark.parametrize(("kind", "change"), QUIET)
def test_a_change_that_is_no_fact_is_stored_and_wakes_nobody(office: Office, kind: str, change: dict[str, Any]) -> None:
    store(office, MONDAY, **{kind: (ROWS[kind],)})
    counted = 0 if change == {"version": "later"} else 1
    kept: list[Kept] = []
    act = lambda: kept.append(store(office, LATER, **{kind: (replace(ROWS[kind], **change),)}))  # noqa: E731
    assert woken(office, act) == set()
    assert kept == [Kept(1, counted)]
    assert store(office, LATEST, **{kind: (replace(ROWS[kind], **change),)}) == Kept(1, 0), "it is stored now"


@pytest.mark.parametrize(("kind", "change"), LOUD)
def test_a_changed_fact_wakes_its_account(office: Office, kind: str, change: dict[str, Any]) -> None:
    store(
        office,
        MONDAY,
        customers=(FERN, LedgerCustomer("c-2", "Moss")),
        **({} if kind == "customers" else {kind: (ROWS[kind],)}),
    )
    office.change(office.account("c-1"), wake_at=None)
    assert woken(office, lambda: store(office, LATER, **{kind: (replace(ROWS[kind], **change),)})) == {"c-1"}
    assert office.account("c-1").wake_at == office.clock.now()


@pytest.mark.parametrize("kind", ["invoices", "payments", "credits"])
def test_what_passes_from_one_customer_to_another_wakes_both(office: Office, kind: str) -> None:
    others = tuple(LedgerCustomer(f"c-{number}", f"C{number}") for number in (2, 3))
    store(office, MONDAY, customers=others, **{kind: (ROWS[kind],)})
    passed = woken(office, lambda: store(office, LATER, **{kind: (replace(ROWS[kind], customer="c-2"),)}))
    assert passed == {"c-1", "c-2"}


def test_a_new_account_is_planned_at_once_and_one_that_is_due_keeps_its_turn(office: Office) -> None:
    now = office.clock.now()
    store(office, MONDAY, invoices=(an_invoice("i-9", customer="c-9"),))
    assert office.account("c-9").wake_at == now
    waiting = now - timedelta(hours=1)
    office.change(office.account("c-9"), wake_at=waiting)
    assert woken(office, lambda: store(office, LATER, invoices=(an_invoice("i-9", "1.00", "c-9"),))) == {"c-9"}
    assert office.account("c-9").wake_at == waiting
    office.change(office.account("c-9"), wake_at=now + timedelta(days=3))
    store(office, LATEST, invoices=(an_invoice("i-9", "2.00", "c-9"),))
    assert office.account("c-9").wake_at == now

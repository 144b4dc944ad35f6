"""How an account pays is learned from its own past; nothing else is looked at."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from core.cadence import Payer
from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerCredit, LedgerPayment
from models import Extension, Invoice
from tests.workflows.office import Office, an_invoice
from workflows import habits

DUE = date(2026, 1, 5)
SUM = Money(10_000, "GBP")


def paid(office: Office, *delays: int, first: int = 0) -> None:
    """Invoices due week after week, each paid in one sum so many days late."""
    for place, late in enumerate(delays, start=first):
        due = DUE + timedelta(days=7 * place)
        closed = an_invoice(f"i-{place}", "0.00", due=due, issued=due - timedelta(days=30), status=InvoiceStatus.PAID)
        payment = LedgerPayment(
            id=f"p-{place}",
            customer="c-1",
            paid_on=due + timedelta(days=late),
            amount=SUM,
            applied=((f"i-{place}", SUM),),
        )
        office.read(office.clock.now(), invoices=(closed,), payments=(payment,))


def known(office: Office) -> tuple[str, int]:
    row = office.account("c-1")
    return row.payer, row.usual_delay


def test_two_paid_invoices_tell_nothing_yet(office: Office) -> None:
    paid(office, 2, 3)
    assert (habits.learn(office.rt, office.company.id), known(office)) == (0, (Payer.NEW, 0))


def test_a_habit_is_learned_once_and_wakes_the_account(office: Office) -> None:
    paid(office, 2, 3, 4, 3)
    before = office.account("c-1").facts_version
    assert (habits.learn_all(office.rt), known(office)) == (1, (Payer.STEADY, 3))
    assert office.account("c-1").facts_version == before + 1
    assert (habits.learn_all(office.rt), office.account("c-1").facts_version) == (0, before + 1)


def test_a_habit_that_changes_is_learned_anew(office: Office) -> None:
    paid(office, 2, 3, 4, 3)
    habits.learn_all(office.rt)
    paid(office, 30, 40, first=4)
    assert (habits.learn_all(office.rt), known(office)[0]) == (1, Payer.UNSURE)


def test_what_was_settled_by_a_credit_note_or_is_still_open_tells_nothing(office: Office) -> None:
    paid(office, 2, 3)
    due = DUE + timedelta(days=40)
    credited = an_invoice("i-c", "0.00", due=due, status=InvoiceStatus.PAID)
    note = LedgerCredit("n-1", "c-1", "note", Money(0, "GBP"), applied=(("i-c", SUM),))
    office.read(office.clock.now(), invoices=(credited, an_invoice("i-open", due=due)), credits=(note,))
    assert habits.learn(office.rt, office.company.id) == 0


def test_who_pays_within_the_time_that_was_given_is_not_late(office: Office) -> None:
    paid(office, 2, 3, 30, 3)
    with office.rt.store.write() as session:
        row = session.scalars(select(Invoice).where(Invoice.external_id == "i-2")).one()
        more = {"day": row.due + timedelta(days=27), "state": "granted", "asked_at": office.clock.now()}
        about = {"company_id": row.company_id, "account_id": row.account_id, "invoices": [row]}
        session.add(Extension(uid=office.rt.new_id(), **about, **more))
    assert (habits.learn_all(office.rt), known(office)) == (1, (Payer.STEADY, 3))

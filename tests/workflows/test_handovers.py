"""Handing over to an agency: what a person must know, what is refused, what is named as missing, and who took what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.because import Cause
from core.cadence import Reason
from core.money import Money
from integrations.ledgers.base import LedgerCredit, LedgerPayment
from models import Account, Attempt, AttemptLine, AuditEvent, Handover, HoldRow
from tests.stories.days import town_of
from tests.stories.staff import Robin
from tests.town import Town
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from workflows import afterwards, archive, bundle, handovers, holds, reasons
from workflows.errors import Refusal

TODAY = date(2026, 3, 2)
DUE = date(2026, 2, 20)
HERON = "Heron Recoveries"


@contextmanager
def late(count: int = 2) -> Iterator[tuple[Town, int, int]]:
    """A Xero town whose one customer has so many late invoices, A-1 the latest; the ids of its account and of Robin."""
    dues = {f"A-{place}": DUE + timedelta(days=place - count) for place in range(1, count + 1)}
    with town_of("xero", *((number, "fern", due) for number, due in dues.items())) as town:
        yield town, town.account("A-1").id, Robin(town, "xero", 0).id


def rows(town: Town | Office, account: int) -> list[Handover]:
    with town.rt.store.read() as session:
        return handovers.of_account(session, account)


def log(town: Town) -> list[str]:
    wanted = select(AuditEvent.kind).where(AuditEvent.kind.startswith("handover")).order_by(AuditEvent.id)
    with town.rt.store.read() as session:
        return [kind.removeprefix("handover-") for kind in session.scalars(wanted)]


def change(town: Town, kind: Any, id: int, **values: Any) -> None:
    with town.rt.store.write() as session:
        for name, value in values.items():
            setattr(session.get_one(kind, id), name, value)


def test_the_file_is_sealed_and_is_taken_whole_only_once_it_is_released_and_everybody_who_takes_it_is_noted() -> None:
    with late() as (town, account, robin):
        row = handovers.prepare(town.rt, account, robin)
        with town.rt.store.read() as session:
            sealed = session.get_one(Handover, row.id).file_sealed
        assert sealed is not None
        assert b"README" not in sealed
        with pytest.raises(Refusal, match="has to be released before"):
            handovers.taken(town.rt, row.id, robin)
        assert handovers.taken(town.rt, row.id, robin, "invoices/A-1.pdf").startswith(b"%PDF-")
        with pytest.raises(Refusal, match="no such file"):
            handovers.taken(town.rt, row.id, robin, "../secrets")
        handovers.release(town.rt, row.id, f"  {HERON} ", " We called. ", robin)
        whole = handovers.taken(town.rt, row.id, robin)
        assert archive.digest(whole) == row.file_hash
        assert list(archive.unpacked(whole)) == [name for name, *_ in row.content["files"]]
        assert log(town) == ["prepared", "downloaded", "released", "downloaded"]
        (kept,) = rows(town, account)
        assert (kept.agency, kept.note, kept.released_by_id) == (HERON, "We called.", robin)


def test_it_is_held_by_whoever_released_it_and_let_go_of_only_by_calling_it_back() -> None:
    with late() as (town, account, robin):
        row = handovers.prepare(town.rt, account, robin)
        handovers.release(town.rt, row.id, HERON, "", robin)
        with town.rt.store.read() as session:
            (hold,) = session.scalars(select(HoldRow).where(HoldRow.account_id == account)).all()
        assert (hold.cause, hold.until, hold.owner_id, hold.state) == ("agency", None, robin, "open")
        with pytest.raises(Refusal, match="Call it back on the page of the hand-over"):
            holds.release(town.rt, hold.uid, robin)
        for again in (
            lambda: handovers.prepare(town.rt, account, robin),
            lambda: handovers.release(town.rt, row.id, HERON, "", robin),
            lambda: handovers.discard(town.rt, row.id, robin),
        ):
            with pytest.raises(Refusal, match=r"with an agency already|another state"):
                again()
        change(town, Account, account, wake_at=None)
        handovers.recall(town.rt, row.id, robin)
        with town.rt.store.read() as session:
            assert session.get_one(HoldRow, hold.id).state == "ended"
            assert session.get_one(Account, account).wake_at == town.now
        assert rows(town, account)[0].state == "recalled"
        with pytest.raises(Refusal, match="another state"):
            handovers.recall(town.rt, row.id, robin)
        assert handovers.taken(town.rt, row.id, robin)  # what was handed over can still be shown


def test_preparing_anew_or_throwing_away_takes_the_old_file_out_of_the_world() -> None:
    with late() as (town, account, robin):
        first, second = (handovers.prepare(town.rt, account, robin) for _ in range(2))
        handovers.discard(town.rt, second.id, robin)
        assert [row.state for row in rows(town, account)] == ["discarded", "discarded"]
        for row in (first, second):
            assert handovers.contents(town.rt, row.id) == {}
            with pytest.raises(Refusal, match="thrown away"):
                handovers.taken(town.rt, row.id, robin)
            with pytest.raises(Refusal, match="another state"):
                handovers.release(town.rt, row.id, HERON, "", robin)


@pytest.mark.parametrize("agency", ["", "  ", "x" * 201])
def test_without_an_agency_there_is_nobody_to_hand_over_to(agency: str) -> None:
    with pytest.raises(Refusal, match="agency's name"):
        handovers.release(None, 0, agency, "", 0)  # type: ignore[arg-type]


def test_who_has_breathing_space_is_not_handed_over_and_the_page_says_so() -> None:
    with late() as (town, account, robin):
        row = handovers.prepare(town.rt, account, robin)
        held = holds.hold(town.rt, account, Cause.BREATHING_SPACE, owner_id=robin, invoice_uid=town.invoice("A-2").uid)
        for act in (
            lambda: handovers.release(town.rt, row.id, HERON, "", robin),
            lambda: handovers.prepare(town.rt, account, robin),
        ):
            with pytest.raises(Refusal, match="breathing space"):
                act()
        assert rows(town, account)[0].state == "prepared"
        holds.release(town.rt, held.uid, robin)
        handovers.release(town.rt, handovers.prepare(town.rt, account, robin).id, HERON, "", robin)


def test_an_erased_customer_and_one_who_owes_nothing_are_not_handed_over() -> None:
    with late(1) as (town, account, robin):
        change(town, Account, account, erased=True)
        with pytest.raises(Refusal, match="erased"):
            handovers.prepare(town.rt, account, robin)
        change(town, Account, account, erased=False)
        row = handovers.prepare(town.rt, account, robin)
        town.transfer("xero", "A-1", "100.00")  # paid, and the ledger is asked before it is released
        town.clock.move(town.now + timedelta(minutes=10))
        with pytest.raises(Refusal, match="Nothing is open"):
            handovers.release(town.rt, row.id, HERON, "", robin)
        with pytest.raises(Refusal, match="Nothing is open"):
            handovers.prepare(town.rt, account, robin)


def test_a_person_is_told_what_stands_against_it() -> None:
    with late(4) as (town, account, robin):
        town.promise("A-1", TODAY + timedelta(days=4))
        town.dispute("A-2")
        reasons.tell(town.rt, account, [town.invoice("A-3").uid], Reason.SHORT_OF_CASH)
        town.checkout("A-4")
        holds.hold(town.rt, account, Cause.REPLIED, owner_id=robin)
        holds.hold(town.rt, account, Cause.PAUSED, until=TODAY + timedelta(days=1), owner_id=robin)
        town.clock.move(town.now + timedelta(days=1))
        with town.rt.store.read() as session:
            found = handovers.outlook(town.rt, session, account)
        assert {(one.cause, one.numbers) for one in found.warned} == {
            (Cause.REPLIED, ()),
            (Cause.PROMISE, ("A-1",)),
            (Cause.DISPUTE, ("A-2",)),
            (Cause.SHORT_OF_CASH, ("A-3",)),
        }
        assert found.refusal == ""


def test_without_the_ledger_it_is_prepared_with_what_is_missing_named_and_not_released(office: Office) -> None:
    robin = a_person(office)
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2")))
    row = handovers.prepare(office.rt, office.account_id, robin)
    assert [what for what, _ in row.content["missing"]] == [
        "Today's figures",
        "The invoice N-1 as PDF",
        "The invoice N-2 as PDF",
    ]
    assert row.content["open"] == [[20_000, "GBP"]]
    files = handovers.contents(office.rt, row.id)
    assert "statement.pdf" in files
    for what, why in row.content["missing"]:
        assert f"{what}: {why}" in files[bundle.README].decode()
    with pytest.raises(Refusal, match="Nobody knows whether it is still open"):
        handovers.release(office.rt, row.id, HERON, "", robin)


def test_only_the_forty_that_are_due_longest_are_fetched_and_the_others_are_named() -> None:
    with late(42) as (town, account, robin):
        before = town.calls[("xero", "document")]
        row = handovers.prepare(town.rt, account, robin)
        assert town.calls[("xero", "document")] - before == bundle.MOST == 40
        assert [what for what, _ in row.content["missing"]] == [
            "The invoice A-41 as PDF",
            "The invoice A-42 as PDF",
        ]
        names = [name for name, *_ in row.content["files"]]
        assert sum(name.startswith("invoices/") for name in names) == 40


def test_where_the_ledger_breaks_off_the_rest_is_named_and_not_tried() -> None:
    with late(4) as (town, account, robin):
        town.xero.plan_fault(town.invoice("A-2").external_id, "429-day", times=9)
        before = town.calls[("xero", "document")]
        row = handovers.prepare(town.rt, account, robin)
        assert town.calls[("xero", "document")] - before == 2
        assert [what for what, _ in row.content["missing"]] == [f"The invoice A-{place} as PDF" for place in (2, 3, 4)]
        assert {name for name, *_ in row.content["files"] if name.startswith("invoices/")} == {"invoices/A-1.pdf"}
        town.xero.faults.clear()
        town.clock.move(town.now + timedelta(days=1))
        assert handovers.prepare(town.rt, account, robin).content["missing"] == []


def test_one_that_the_ledger_does_not_print_keeps_none_of_the_others_back() -> None:
    with late(3) as (town, account, robin):
        gone = town.invoice("A-2").external_id
        town.xero.plan_fault(gone, "401-scope", times=9)
        row = handovers.prepare(town.rt, account, robin)
        assert [what for what, _ in row.content["missing"]] == ["The invoice A-2 as PDF"]


def test_what_came_since_is_told_apart_from_what_was_handed_over(office: Office) -> None:
    robin, now, ten = a_person(office), office.clock.now(), Money(1000, "GBP")
    old = LedgerPayment("p1", "c-1", TODAY, ten, "old", applied=(("1", ten),))
    office.read(now, invoices=(an_invoice("1", "90.00"),), payments=(old,))
    row = handovers.prepare(office.rt, office.account_id, robin)
    office.clock.move(now + timedelta(days=1))
    later = office.clock.now()
    office.read(
        later,
        invoices=(an_invoice("1", "80.00"), an_invoice("2")),
        payments=(
            LedgerPayment("p1", "c-1", TODAY, ten, "old", gone=True, version="2"),
            # Booked for a day before the hand-over, and new all the same.
            LedgerPayment("p2", "c-1", TODAY - timedelta(days=9), ten, "=new", applied=(("1", ten),)),
        ),
        credits=(LedgerCredit("k1", "c-1", "credit note", ten, number="C-1", issued=TODAY),),
    )
    whose = {"company_id": office.company.id, "account_id": office.account_id}
    attempt = Attempt(uid="attempt", processor="stripe", state="paid", currency="GBP", amount_minor=500, **whose)
    attempt.created_at = attempt.paid_at = later
    line = AttemptLine(uid="line", invoice_id=office.invoice("1").id, amount_minor=500, currency="GBP", state="taken")
    with office.rt.store.write() as session:
        session.add(attempt)
        session.flush()
        line.attempt_id = attempt.id
        session.add(line)
    with office.rt.store.read() as session:
        found = afterwards.since(session, row)
    assert [(one.kind, one.name, str(one.amount), one.about) for one in found.came] == [
        ("payment", "=new", "10.00 GBP", "N-1 10.00"),
        ("on-its-way", "line", "5.00 GBP", "N-1"),
        ("credit", "C-1", "10.00 GBP", ""),
        ("invoice", "N-2", "100.00 GBP", "N-2"),
        ("undone", "old", "10.00 GBP", ""),
    ]
    assert [str(one) for one in (*found.handed, *found.left)] == ["90.00 GBP", "80.00 GBP"]
    assert archive.rows(handovers.news(office.rt, row.id, robin))[1][2] == "'=new"


def test_a_company_lists_who_waits_and_who_is_with_an_agency() -> None:
    with late(1) as (town, account, robin):
        company = town.company("xero").id
        with town.rt.store.read() as session:
            assert handovers.with_agencies(session, company) == []
        row = handovers.prepare(town.rt, account, robin)
        with town.rt.store.read() as session:
            assert [(one.id, mine.id) for one, mine in handovers.with_agencies(session, company)] == [(row.id, account)]
        handovers.discard(town.rt, row.id, robin)
        with town.rt.store.read() as session:
            assert handovers.with_agencies(session, company) == []

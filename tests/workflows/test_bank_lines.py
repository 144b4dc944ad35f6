"""Lines of the bank are kept once, hold what they probably pay, and are settled when the ledger shows the money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.because import Cause
from core.calendars import Calendar
from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerPayment
from models import AuditEvent, BankFile, BankLine, User
from tests.workflows.office import Office, an_invoice
from workflows import bank_lines, retention
from workflows.bank_files import Entry, Statement
from workflows.errors import Refusal
from workflows.standing import standing

DAY = date(2026, 3, 2)


def entry(minor: int, text: str = "", payer: str = "", day: date = DAY) -> Entry:
    return Entry(1, "12345678", day, Money(minor, "GBP"), payer, text)


@pytest.fixture
def ann(office: Office) -> int:
    """The bookkeeper; two invoices of Fern are open, N-1 of 100 and N-2 of 40."""
    office.read(office.clock.now(), invoices=(an_invoice("1001"), an_invoice("1002", "40.00")))
    with office.rt.store.write() as session:
        row = User(
            role="accountant", uid="ann", practice_id=office.company.practice_id, email="ann@example.com", name="Ann"
        )
        row.password_hash, row.created_at = "-", office.clock.now()
        session.add(row)
    return row.id


def bring(office: Office, ann: int, *entries: Entry, name: str = "a.csv", **more: Any) -> BankFile:
    statement = Statement("csv", entries, more.pop("bad", ()))
    raw = repr((name, entries)).encode()
    return bank_lines.bring(office.rt, office.company.id, name, raw, statement, ann, more.pop("despite", False))


def lines(office: Office) -> list[BankLine]:
    with office.rt.store.read() as session:
        wanted = select(BankLine).options(selectinload(BankLine.matches)).order_by(BankLine.day, BankLine.external_id)
        return list(session.scalars(wanted))


def held(office: Office, number: str, after: timedelta = timedelta()) -> list[Cause]:
    now, id = office.clock.now() + after, office.invoice(number).id
    calendar = Calendar(zone="Europe/London")
    with office.rt.store.read() as session:
        found = standing(session, [office.account_id], [id], calendar, now).holds.get(id, [])
    return [one.cause for one in found if one.until is None or one.until > calendar.today(now)]


def shows_payment(office: Office, invoice: str, minor: int = 10_000, balance: str = "0.00") -> None:
    """The ledger is read again and shows that it was paid."""
    paid = InvoiceStatus.PAID if balance == "0.00" else InvoiceStatus.OPEN
    now = office.clock.now()
    office.read(
        now,
        invoices=(an_invoice(invoice, balance, status=paid, version="later"),),
        payments=(LedgerPayment("p-1", "c-1", DAY, Money(minor, "GBP"), applied=((invoice, Money(minor, "GBP")),)),),
    )
    with office.rt.store.write() as session:
        bank_lines.see(office.rt, session, office.company.id)


def test_a_line_that_names_its_invoice_holds_it_for_ten_days_at_most(office: Office, ann: int) -> None:
    assert held(office, "1001") == []
    bring(office, ann, entry(10_000, "Invoice N-1001"))
    (line,) = lines(office)
    assert (line.state, line.holds_until) == ("matched", office.clock.now().date() + timedelta(days=10))
    assert held(office, "1001") == [Cause.BANK_LINE]
    assert held(office, "1002") == []
    assert held(office, "1001", timedelta(days=9)) == [Cause.BANK_LINE]
    assert held(office, "1001", timedelta(days=10)) == []
    with office.rt.store.read() as session:
        late = bank_lines.overdue(session, office.company.id, line.holds_until)
    assert [one.uid for one in late] == [line.uid], "it is looked at again"


def test_a_hold_is_not_made_longer_by_matching_again(office: Office, ann: int) -> None:
    bring(office, ann, entry(10_000, "Invoice N-1001"))
    (first,) = lines(office)
    office.clock.move(office.clock.now() + timedelta(days=4))
    bring(office, ann, entry(1, "something else"), name="b.csv")
    assert {one.holds_until for one in lines(office) if one.matches} == {first.holds_until}


def test_the_line_is_seen_once_the_ledger_shows_the_payment(office: Office, ann: int) -> None:
    bring(office, ann, entry(10_000, payer="Fern"))
    assert [one.state for one in lines(office)] == ["probable"]
    shows_payment(office, "1001")
    (line,) = lines(office)
    assert (line.state, line.note) == ("seen", "The ledger shows this payment.")
    assert held(office, "1001") == []


def test_a_line_from_before_that_the_ledger_has_already_holds_nothing(office: Office, ann: int) -> None:
    shows_payment(office, "1001")
    bring(office, ann, entry(10_000, "N-1001"))
    assert [one.state for one in lines(office)] == ["seen"]


def test_the_same_file_is_refused_and_the_same_line_counts_once(office: Office, ann: int) -> None:
    both = entry(10_000, "N-1001"), entry(500, "other")
    bring(office, ann, both[0])
    with pytest.raises(Refusal, match="This very file was brought in on"):
        bring(office, ann, both[0])
    file = bring(office, ann, *both, name="overlapping.csv")
    assert (file.lines, file.known, len(lines(office))) == (2, 1, 2)


def test_lines_that_could_not_be_read_are_left_out_only_when_a_person_says_so(office: Office, ann: int) -> None:
    bad = ((3, "The day could not be read."),)
    with pytest.raises(Refusal, match="Some lines could not be read"):
        bring(office, ann, entry(10_000), bad=bad)
    assert lines(office) == []
    assert bring(office, ann, entry(10_000), bad=bad, despite=True).lines == 1
    with pytest.raises(Refusal, match="no booked line"):
        bring(office, ann)


def test_a_person_decides_and_takes_it_back(office: Office, ann: int) -> None:
    bring(office, ann, entry(10_000, payer="Fern"))
    (line,) = lines(office)
    bank_lines.refuse(office.rt, line.uid, ann)
    assert (lines(office)[0].state, held(office, "1001")) == ("unclear", [])
    bring(office, ann, entry(1, "x"), name="b.csv")
    assert next(one.state for one in lines(office) if one.uid == line.uid) == "unclear", "what was said stands"
    bank_lines.undo(office.rt, line.uid, ann)
    assert held(office, "1001") == [Cause.BANK_LINE]
    bank_lines.confirm(office.rt, line.uid, ann)
    shows_payment(office, "1001")
    assert next(one.state for one in lines(office) if one.uid == line.uid) == "seen"
    with office.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).where(AuditEvent.kind.startswith("bank-")).order_by("id")).all()
    assert kinds == [
        "bank-file-brought",
        "bank-line-refused",
        "bank-file-brought",
        "bank-line-undone",
        "bank-line-matched",
    ]


def test_a_person_chooses_an_invoice_and_never_gives_it_more_than_is_open(office: Office, ann: int) -> None:
    bring(office, ann, entry(9_000, "?"), entry(9_000, "??"), entry(-1, "fee"))
    out, first, second = (
        sorted(lines(office), key=lambda one: one.text)[2],
        *(one for one in lines(office) if one.amount_minor > 0),
    )
    chosen = office.invoice("1001").uid
    bank_lines.confirm(office.rt, first.uid, ann, chosen)
    bank_lines.confirm(office.rt, second.uid, ann, chosen)
    assert sorted(part.amount_minor for one in lines(office) for part in one.matches) == [1_000, 9_000]
    assert out.state == "set-aside"
    with pytest.raises(Refusal, match="settled already"):
        bank_lines.set_aside(office.rt, out.uid, ann)
    with pytest.raises(Refusal, match="went out"):
        bank_lines.undo(office.rt, out.uid, ann)
    bring(office, ann, entry(100, "???"), name="b.csv")
    third = next(one for one in lines(office) if one.text == "???")
    with pytest.raises(Refusal, match="Another line pays all of this invoice"):
        bank_lines.confirm(office.rt, third.uid, ann, chosen)
    with pytest.raises(Refusal, match="Please choose which invoice"):
        bank_lines.confirm(office.rt, third.uid, ann)


def test_lines_in_any_order_and_overlapping_files_end_alike(office: Office, ann: int) -> None:
    some = (
        entry(10_000, payer="Fern"),
        entry(10_000, payer="Fern", day=DAY + timedelta(days=1)),
        entry(4_000, "N-1002"),
        entry(14_000, payer="Fern"),
    )
    ends = set()
    for place, order in enumerate(permutations(some, 3)):
        ends.add(_after(office, ann, [order[:2], order[1:], some], place))
    assert len(ends) == 1


def _after(office: Office, ann: int, files: Sequence[Sequence[Entry]], place: int) -> tuple[Any, ...]:
    """Where all lines stand after these files; everything is taken out again."""
    for number, entries in enumerate(files):
        bring(office, ann, *entries, name=f"{place}-{number}.csv")
    found = tuple(
        (one.external_id, one.state, tuple((part.invoice_id, part.amount_minor) for part in one.matches))
        for one in lines(office)
    )
    with office.rt.store.write() as session:
        for table in (BankLine, BankFile):
            for row in session.scalars(select(table)):
                session.delete(row)
            session.flush()
    return found


def test_settled_lines_go_after_400_days_and_open_ones_stay(office: Office, ann: int) -> None:
    bring(office, ann, entry(-500, "fee"), entry(700, "who?"))
    office.clock.move(office.clock.now() + timedelta(days=402))
    assert retention.forget(office.rt) == 1
    assert [one.text for one in lines(office)] == ["who?"]

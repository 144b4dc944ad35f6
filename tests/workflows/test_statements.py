"""The statement of account from the rows of a mirror: whose money counts, what stands beside it, and how it is said."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from core.account_statement import Age, Kind, Part
from core.because import Cause
from core.facts import InvoiceStatus
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerPayment, Unreadable
from models import Attempt, AttemptLine, HoldRow
from tests.workflows.books import Books, give_credit
from tests.workflows.office import Office, an_invoice
from tests.workflows.stating import SECOND, gbp, paid, written
from workflows import answers, postings, statements, templating
from workflows.errors import Refusal

TODAY = date(2026, 3, 2)


def told(part: Part) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.number, str(one.amount.decimal)) for one in part.movements]


def only(office: Office, account_id: int | None = None) -> Part:
    with office.rt.store.read() as session:
        found = statements.statement_of(office.rt, session, account_id or office.account_id, TODAY)
    (part,) = found.parts
    return part


# As the two ledgers tell it


@pytest.fixture(params=["quickbooks", "xero"])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(request.param, invoices=3)
    yield made
    made.close()


def test_it_closes_with_what_stands_in_the_ledger(books: Books) -> None:
    """A transfer for a part, a card payment, a credit note that is used, and money without an invoice."""
    town = books.town
    town.transfer(books.kind, "A-2", "40.00")
    books.pay("A-1")
    give_credit(books, "A-3", "20")
    postings.put_on_account(books.rt, town.account("A-2").id, books.money("15"), town.now.date(), books.me)
    for _ in range(3):
        town.settle()
        books.wait(hours=12)
    account, today = town.account("A-2").id, town.now.date()
    with books.rt.store.read() as session:
        (part,) = statements.statement_of(books.rt, session, account, today).parts
    in_the_books = sum(books.balance(number) for number in ("A-1", "A-2", "A-3")) - books.on_account()
    assert (part.opening.decimal, part.closing.decimal) == (0, in_the_books)
    assert part.credit.decimal == books.on_account() == 15
    found = [(one.kind, one.amount.decimal, one.about) for one in part.movements]
    assert [one for one in found if one[0] is Kind.INVOICE] == [(Kind.INVOICE, 100, ())] * 3
    assert (Kind.RECEIVED, -40, ("A-2",)) in found
    assert (Kind.RECEIVED, -100, ("A-1",)) in found
    assert (Kind.ON_ACCOUNT, -15, ()) in found
    kind = Kind.USED if books.kind == "quickbooks" else Kind.CREDIT
    assert (kind, -20, ("A-3",)) in found
    assert len(found) == 7


# Whose money counts


def test_money_of_those_billed_through_it_counts_and_they_have_no_statement_of_their_own(office: Office) -> None:
    child = LedgerCustomer("c-2", "Fern Annex", bills_to="c-1")
    office.read(
        office.clock.now(),
        customers=(child,),
        invoices=(an_invoice("1", customer="c-2"), an_invoice("2", "0", customer="c-2", status=InvoiceStatus.PAID)),
        payments=(paid("p", "100", "2", customer="c-2"),),
    )
    assert told(only(office)) == [
        ("invoice", "N-1", "100.00"),
        ("invoice", "N-2", "100.00"),
        ("received", "", "-100.00"),
    ]
    with office.rt.store.read() as session:
        annex = statements.statement_of(office.rt, session, office.account("c-2").id, TODAY)
    assert annex.parts == ()


def test_a_payment_that_names_no_customer_counts_where_its_invoice_is(office: Office) -> None:
    office.read(
        office.clock.now(),
        customers=(LedgerCustomer("c-2", "Moss"),),
        invoices=(
            an_invoice("1", "0", status=InvoiceStatus.PAID),
            an_invoice("2", "0", customer="c-2", status=InvoiceStatus.PAID),
        ),
        payments=(paid("p", "100", "1", customer=""), paid("q", "100", "2", customer="")),
    )
    for account_id, number in ((office.account_id, "N-1"), (office.account("c-2").id, "N-2")):
        part = only(office, account_id)
        assert told(part) == [("invoice", number, "100.00"), ("received", "", "-100.00")]
        assert part.movements[1].about == (number,)


def test_what_it_paid_for_somebody_else_is_no_movement_of_its_own(office: Office) -> None:
    office.read(
        office.clock.now(),
        customers=(LedgerCustomer("c-2", "Moss"),),
        invoices=(an_invoice("1"), an_invoice("2", "0", customer="c-2", status=InvoiceStatus.PAID)),
        payments=(paid("p", "100", "2"),),
    )
    assert told(only(office)) == [("invoice", "N-1", "100.00")]
    assert told(only(office, office.account("c-2").id))[1] == ("settled", "N-2", "-100.00")


def test_voided_invoices_drafts_and_what_was_undone_never_moved_anything(office: Office) -> None:
    office.read(
        office.clock.now(),
        invoices=(
            an_invoice("1"),
            an_invoice("2", status=InvoiceStatus.VOIDED),
            an_invoice("3", status=InvoiceStatus.DRAFT),
        ),
        payments=(LedgerPayment("p", "c-1", SECOND, gbp("50"), gone=True),),
        credits=(LedgerCredit("c", "c-1", "credit note", gbp("9"), gone=True, issued=SECOND),),
    )
    assert told(only(office)) == [("invoice", "N-1", "100.00")]


def test_money_left_of_a_payment_counts_once_and_an_overpayment_is_money_received(office: Office) -> None:
    office.read(
        office.clock.now(),
        invoices=(an_invoice("1"),),
        payments=(LedgerPayment("p", "c-1", SECOND, gbp("30")),),
        credits=(
            LedgerCredit("p", "c-1", "unapplied payment", gbp("30"), issued=SECOND),
            LedgerCredit("o", "c-1", "overpayment", gbp("5"), issued=SECOND),
            LedgerCredit("n", "c-1", "credit note", gbp("2"), number="CN-1", issued=SECOND),
        ),
    )
    part = only(office)
    assert told(part)[1:] == [("on-account", "", "-5.00"), ("on-account", "", "-30.00"), ("unused", "CN-1", "-2.00")]
    assert (part.closing, part.credit) == (gbp("63"), gbp("37"))


def test_an_invoice_whose_state_is_not_known_is_named_and_not_counted(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1", status=InvoiceStatus.UNKNOWN), an_invoice("2")))
    part = only(office)
    assert told(part) == [("held", "N-1", "0.00"), ("invoice", "N-2", "100.00")]
    assert [one.number for one in part.outstanding.invoices] == ["N-2"]
    assert "a person is looking into it" in written(office)["parts"][0]["lines"][0]["what"]


def test_money_that_could_not_be_read_is_said(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    assert written(office)["notes"] == []
    row = Unreadable("payment", "p", "Its amount is no number.", b"{}", "c-1")
    office.read(office.clock.now(), unreadable=(row,))
    (note,) = written(office)["notes"]
    assert "could not be read" in note


# What stands beside an invoice


def note(office: Office) -> str:
    return str(written(office)["parts"][0]["standing"]["invoices"][0]["note"])


def test_what_they_told_us_or_agreed_on_stands_beside_the_invoice(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    uid = office.invoice("1").uid
    assert note(office) == ""
    answers.promise(office.rt, office.account_id, [uid], date(2026, 3, 12))
    assert note(office) == "You named 12 Mar 2026"
    answers.dispute(office.rt, office.account_id, uid, "It came broken.")
    assert note(office).startswith("You told us something is wrong; we answer by ")
    office.clock.move(datetime(2026, 6, 1, 9, tzinfo=UTC))
    assert note(office) == "You told us something is wrong; we are looking into it"


def _hold(office: Office, cause: Cause, until: date | None) -> None:
    at = {"made_at": office.clock.now(), "invoice_id": office.invoice("1").id, "cause": cause.value, "until": until}
    with office.rt.store.write() as session:
        session.add(HoldRow(uid=office.rt.new_id(), company_id=office.company.id, account_id=office.account_id, **at))


def test_more_time_stands_with_its_last_day_and_not_after_it(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    _hold(office, Cause.EXTENSION, date(2026, 3, 11))
    assert note(office) == "We agreed on time until 10 Mar 2026"
    office.clock.move(office.clock.now() + timedelta(days=9))
    assert note(office) == ""


def _attempt(office: Office, state: str, line: str) -> None:
    rt, whose = office.rt, {"company_id": office.company.id, "account_id": office.account_id}
    with rt.store.write() as session:
        money = {"amount_minor": 10_000, "currency": "GBP"}
        attempt = Attempt(uid=rt.new_id(), processor="stripe", state=state, created_at=rt.clock.now(), **whose, **money)
        session.add(attempt)
        session.flush()
        about = {"attempt_id": attempt.id, "invoice_id": office.invoice("1").id}
        session.add(AttemptLine(uid=rt.new_id(), state=line, **about, **money))


def test_what_was_paid_and_is_not_booked_yet_is_said_and_thanked_for(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    _attempt(office, "open", "waiting")
    assert (note(office), written(office)["parts"][0]["on_its_way"]) == ("", "")
    _attempt(office, "paid", "taken")
    assert note(office) == "Paid, on its way to our books"
    said = written(office)["parts"][0]["on_its_way"]
    assert said == "£100.00 of it is paid already and on its way to our books. Thank you."


# What is no period


def test_days_that_are_no_period_are_refused_in_one_sentence(office: Office) -> None:
    with pytest.raises(Refusal, match="cannot be after its last"):
        written(office, since=date(2026, 3, 1), until=date(2026, 2, 1))
    with pytest.raises(Refusal, match="today at the latest"):
        written(office, until=date(2026, 3, 3))


# Its words


def test_every_kind_age_and_note_has_its_words_in_every_language() -> None:
    for file in templating.HOME.glob("*/words.toml"):
        words = tomllib.loads(file.read_text(encoding="utf-8"))["statement"]
        for name in (*Kind, *Age, *statements.BESIDE):
            assert words[name.value].strip(), name

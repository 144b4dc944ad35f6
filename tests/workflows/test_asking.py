"""What a person may ask to have written, what is refused at once, and what becomes of the rest: at the desk, in the
log, in the mirror, and in the nightly comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.money import Money
from models import AuditEvent, Grant, Notice
from models.store import Store
from sandbox.books import BookPayment
from tests.workflows.books import DUE, LATER, WISHES, WORDS, Books, Wish, give_credit
from workflows import desk, postings, reconcile, sync
from workflows.errors import Refusal
from workflows.pending import pending_invoices

KINDS = ("quickbooks", "xero")
BOTH = pytest.mark.parametrize("books", KINDS, indirect=True)
EACH = pytest.mark.parametrize("wish", WISHES.values(), ids=list(WISHES))


@pytest.fixture
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(request.param)
    yield made
    made.close()


def written(books: Books) -> bool:
    return all(state == "written" for _, state in books.states())


@EACH
@BOTH
def test_without_the_permission_it_goes_to_the_desk_at_once_and_nothing_is_asked(books: Books, wish: Wish) -> None:
    wish.ask(books)
    with books.rt.store.write() as session:
        session.scalars(select(Grant)).one().scope = "openid"
    before = books.twin.calls.copy()
    books.perform()
    (kind, state), note = books.states()[0], books.postings()[0].note
    assert (state, books.twin.calls) == ("desk", before), kind
    assert note.startswith("Dunlin has no permission for ")
    assert "Connect the company again" in note


@pytest.mark.parametrize("name", ["credit", "on-account"])
@BOTH
def test_the_ledgers_refusal_stands_at_the_desk_as_a_sentence(books: Books, name: str) -> None:
    wish, end_of_year = WISHES[name], date(2026, 12, 31)
    posting = wish.ask(books)
    books.twin.lock(books.tenant, end_of_year)
    books.perform()
    refused = books.posting(name)
    assert (refused.state, wish.times(books)) == ("desk", 0)
    assert "closed" in refused.note.lower() or "lock" in refused.note.lower()
    books.twin.lock(books.tenant, None)
    desk.settle_posting(books.rt, posting.id, "retry", books.me)
    books.perform()
    assert (wish.times(books), written(books)) == (1, True)
    with pytest.raises(Refusal, match="no longer on the desk"):
        desk.settle_posting(books.rt, posting.id, "retry", books.me)


@BOTH
def test_what_waits_at_the_desk_is_done_by_hand_or_dropped(books: Books) -> None:
    posting = give_credit(books)
    books.twin.lock(books.tenant, date(2026, 12, 31))
    books.perform()
    assert pending_invoices_of(books) == {"A-1"}
    with pytest.raises(Refusal):
        desk.settle_posting(books.rt, posting.id, "perhaps", books.me)
    desk.settle_posting(books.rt, posting.id, "drop", books.me)
    books.twin.lock(books.tenant, None)
    books.wait(hours=1)
    books.perform()
    assert (books.states(), books.credit_notes(), pending_invoices_of(books)) == ([("credit", "void")], 0, set())
    give_credit(books)
    books.twin.lock(books.tenant, date(2026, 12, 31))
    books.perform()
    desk.settle_posting(books.rt, books.postings()[1].id, "done", books.me)
    assert books.postings()[1].note == "Done by hand."


def pending_invoices_of(books: Books) -> set[str]:
    ids = {books.invoice_id(number): number for number in ("A-1", "A-2")}
    with books.rt.store.read() as session:
        return {ids[one] for one in pending_invoices(session, list(ids))}


@BOTH
def test_an_invoice_counts_as_under_way_until_a_later_reading_shows_it(books: Books) -> None:
    give_credit(books)
    assert pending_invoices_of(books) == {"A-1"}
    books.perform()
    assert pending_invoices_of(books) == {"A-1"}, "written, and the mirror does not know it"
    books.wait(minutes=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert (pending_invoices_of(books), books.town.invoice("A-1").balance) == (set(), books.money("80"))


@BOTH
def test_money_on_account_counts_for_all_invoices_of_its_account(books: Books) -> None:
    WISHES["on-account"].ask(books)
    books.perform()
    assert pending_invoices_of(books) == {"A-1", "A-2"}
    books.wait(minutes=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert pending_invoices_of(books) == set()


@BOTH
def test_undoing_twice_is_once(books: Books) -> None:
    payment = books.pay()
    first = postings.undo_payment(books.rt, books.company.id, payment, books.me)
    assert postings.undo_payment(books.rt, books.company.id, payment, books.me).id == first.id
    books.perform()
    assert postings.undo_payment(books.rt, books.company.id, payment, books.me).id == first.id
    assert (books.balance(), books.line().state, len(books.postings())) == (100, "void", 1)
    books.wait(minutes=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert books.line().state == "void", "a person wanted it so: nothing waits at the desk"
    assert list(reconcile.differences(books.rt)) == []


@BOTH
def test_a_payment_the_bookkeeper_took_back_first_is_taken_back(books: Books) -> None:
    payment = books.pay()
    postings.undo_payment(books.rt, books.company.id, payment, books.me)
    books.twin.unreceive(books.tenant, payment)
    books.perform()
    assert (books.balance(), written(books)) == (100, True)


@BOTH
def test_a_credit_whose_invoice_is_paid_meanwhile_waits_for_a_person(books: Books) -> None:
    give_credit(books)
    books.twin.receive(books.tenant, BookPayment("A-1", books.balance(), books.town.now.date(), "bank 1"))
    assert sync.sync_company(books.rt, books.company.id)
    books.perform()
    assert (books.states(), books.credit_notes()) == ([("credit", "desk")], 0)
    assert "only 0.00" in books.posting("credit").note


def test_a_day_on_which_money_is_expected_is_kept_where_the_ledger_has_a_place_for_it() -> None:
    for kind, state in (("xero", "written"), ("quickbooks", "desk")):
        books = Books(kind)
        postings.expect_payment(books.rt, books.invoice_id(), LATER, books.me)
        books.perform()
        assert books.posting("expected-date").state == state
        if kind == "xero":
            assert sync.sync_company(books.rt, books.company.id)
            assert books.town.invoice("A-1").expected == LATER
        else:
            assert "expected" in books.posting("expected-date").note
        books.close()


def test_what_makes_no_sense_is_refused_at_once() -> None:
    books = Books("xero")
    rt, invoice, me, today = books.rt, books.invoice_id(), books.me, books.town.now.date()
    account = books.town.account("A-1").id

    def credit(amount: Money, words: str = WORDS) -> object:
        return postings.give_credit(rt, invoice, amount, words, me)

    nonsense = {
        "at most 100.00": lambda: credit(books.money("100.01")),
        "A credit for this invoice": lambda: credit(books.money("0")),
        "what is open of it": lambda: credit(Money(2000, "EUR")),
        "say what the credit is for": lambda: credit(books.money("20"), " \n"),
        "due on that day already": lambda: postings.move_due_date(rt, invoice, DUE, me),
        "the invoice's own date": lambda: postings.move_due_date(rt, invoice, date(2020, 1, 1), me),
        "two years away": lambda: postings.move_due_date(rt, invoice, date(2036, 1, 1), me),
        "from today on": lambda: postings.expect_payment(rt, invoice, today - timedelta(days=1), me),
        "a note of at most": lambda: postings.add_note(rt, invoice, "x" * 2501, me),
        "the sum that was paid": lambda: postings.put_on_account(rt, account, books.money("0"), today, me),
        "in the future": lambda: postings.put_on_account(rt, account, books.money("5"), today + timedelta(days=1), me),
        "no such payment": lambda: postings.undo_payment(rt, books.company.id, "nobody's", me),
        "not in the ledger": lambda: postings.undo_payment(rt, books.company.id, "", me),
    }
    for words, ask in nonsense.items():
        with pytest.raises(Refusal, match=words):
            ask()
    books.set_company(income_choice="", deposit_account="")
    with pytest.raises(Refusal, match="settings"):
        credit(books.money("20"))
    with pytest.raises(Refusal, match="settings"):
        postings.put_on_account(rt, account, books.money("5"), today, me)
    assert books.postings() == books.effects() == []
    books.close()


@BOTH
def test_the_same_cannot_be_asked_for_twice(books: Books) -> None:
    give_credit(books)
    with pytest.raises(Refusal, match="being written just now"):
        give_credit(books)
    with pytest.raises(Refusal, match="being written just now"):
        postings.move_due_date(books.rt, books.invoice_id(), LATER, books.me)
    give_credit(books, "A-2")
    books.town.transfer(books.kind, "A-2", "100.00")
    assert sync.sync_company(books.rt, books.company.id)
    with pytest.raises(Refusal, match="not open any more"):
        give_credit(books, "A-2")


@BOTH
def test_who_asked_and_what_came_of_it_stands_in_the_log(books: Books) -> None:
    posting = give_credit(books)
    books.perform()
    with books.rt.store.read() as session:
        facts = session.scalars(select(AuditEvent.kind).where(AuditEvent.subject == posting.uid)).all()
    assert (facts, posting.asked_by) == (["posting-asked", "posting-written"], books.me)


@BOTH
def test_a_credit_note_removed_in_the_ledger_is_named_and_told_once(books: Books) -> None:
    give_credit(books)
    books.perform()
    books.wait(minutes=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert list(reconcile.differences(books.rt)) == []
    books.remove_credit()
    books.wait(days=2)
    assert sync.sync_company(books.rt, books.company.id)
    (found,) = reconcile.differences(books.rt)
    assert found.what.startswith("The credit note of 20.00")
    assert "A-1 is not in the ledger any more" in found.what
    for _ in range(2):
        assert reconcile.nightly(books.rt) == 1
    with books.rt.store.read() as session:
        (notice,) = session.scalars(select(Notice)).all()
    assert found.what in notice.text


def test_asking_writing_seeing_and_comparing_work_on_each_database(store: Store) -> None:
    books = Books("xero", store)
    undone = postings.undo_payment(books.rt, books.company.id, books.pay("A-2"), books.me)
    give_credit(books)
    books.perform()
    books.wait(minutes=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert (written(books), pending_invoices_of(books), books.balance("A-2")) == (True, set(), 100)
    assert postings.undo_payment(books.rt, books.company.id, undone.content["payment"], books.me).id == undone.id
    books.twin.lock(books.tenant, date(2026, 12, 31))
    refused = give_credit(books, "A-2")
    books.perform()
    desk.settle_posting(books.rt, refused.id, "drop", books.me)
    assert (list(reconcile.differences(books.rt)), reconcile.nightly(books.rt)) == ([], 0)

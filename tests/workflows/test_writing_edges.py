"""What is written when things are not as we thought: the next reading comes a month later, the books were closed or
opened since the last one, the ledger used a credit by itself, the permission is not even asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from integrations.ledgers.base import LedgerSettings
from integrations.ledgers.xero import Xero
from integrations.ledgers.xero.scopes import ASKED
from models import Grant
from sandbox.books import BookPayment
from sandbox.quickbooks import records
from tests.workflows.books import LATER, WISHES, Books, give_credit
from workflows import desk, postings, sync
from workflows.pending import pending_invoices

BOTH = pytest.mark.parametrize("books", ["quickbooks", "xero"], indirect=True)
QUICKBOOKS = pytest.mark.parametrize("books", ["quickbooks"], indirect=True)
FEBRUARY, LAST_OF_FEBRUARY = date(2026, 2, 20), date(2026, 2, 28)


@pytest.fixture
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(request.param)
    yield made
    made.close()


def under_way(books: Books) -> bool:
    id = books.invoice_id()
    with books.rt.store.read() as session:
        return bool(pending_invoices(session, [id]))


def try_again(books: Books, kind: str) -> None:
    desk.settle_posting(books.rt, books.posting(kind).id, "retry", books.me)
    books.perform()


# Read late


@BOTH
def test_what_was_written_long_before_the_next_reading_holds_its_invoice_no_longer_than_until_then(
    books: Books,
) -> None:
    give_credit(books)
    books.perform()
    books.wait(days=31)
    assert under_way(books)
    assert sync.sync_company(books.rt, books.company.id)
    assert not under_way(books)
    seen = [one.content["seen"] for one in books.postings()]
    books.wait(days=1)
    assert sync.sync_company(books.rt, books.company.id)
    assert [one.content["seen"] for one in books.postings()] == seen, "it is noted once"


# Closed books


def put_on_account(books: Books) -> None:
    account = books.town.account("A-1").id
    postings.put_on_account(books.rt, account, books.money("50"), FEBRUARY, books.me)
    books.perform()


@BOTH
def test_trying_again_dates_it_on_the_first_open_day_when_the_books_were_closed_since_the_last_reading(
    books: Books,
) -> None:
    books.twin.lock(books.tenant, LAST_OF_FEBRUARY)
    put_on_account(books)
    assert (books.posting("on-account").state, books.company.locked_until) == ("desk", None)
    try_again(books, "on-account")
    written = books.posting("on-account")
    assert (written.state, books.on_account(), books.company.locked_until) == ("written", 50, LAST_OF_FEBRUARY)
    assert written.note.endswith("so it is dated 1 March 2026.")


@BOTH
def test_trying_again_keeps_the_day_when_the_books_were_opened_for_it(books: Books) -> None:
    books.set_company(locked_until=date(2026, 12, 31))
    put_on_account(books)
    assert "closed books" in books.posting("on-account").note
    try_again(books, "on-account")
    assert (books.posting("on-account").state, books.posting("on-account").note) == ("written", "")
    assert (books.on_account(), books.company.locked_until) == (50, None)


# A credit that QuickBooks uses by itself


def apply_by_itself(books: Books, amount: int) -> None:
    """As QuickBooks does it by default, at once and in its own words."""
    realm = books.town.quickbooks.realms[books.tenant]
    done: list[str] = []

    def after(method: str, url: str) -> None:
        if method != "POST" or "/creditmemo?" not in url or done:
            return
        done.append(url)
        invoice, (credit,) = books._row("A-1"), realm.rows["CreditMemo"].values()
        linked = ((invoice["Id"], "Invoice"), (credit["Id"], "CreditMemo"))
        lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for id, kind in linked]
        body = {name: invoice[name] for name in ("CustomerRef", "CurrencyRef") if name in invoice}
        records.save(realm, "Payment", {**body, "TotalAmt": 0, "TxnDate": "2026-03-02", "Line": lines})

    books.town.network.after = after


@QUICKBOOKS
def test_a_credit_that_quickbooks_used_by_itself_counts_as_used(books: Books) -> None:
    apply_by_itself(books, 20)
    give_credit(books)
    books.perform()
    assert books.states() == [("credit", "written"), ("allocation", "written")]
    assert (books.balance(), books.posting("allocation").note.startswith("The credit had been used")) == (80, True)


@QUICKBOOKS
def test_so_it_does_when_the_mirror_shows_the_invoice_as_paid_before_we_come_to_it(books: Books) -> None:
    apply_by_itself(books, 100)
    give_credit(books, amount="100")
    books.perform(1)
    assert books.states() == [("credit", "written"), ("allocation", "due")]
    assert sync.sync_company(books.rt, books.company.id)
    assert books.town.invoice("A-1").status == "paid"
    books.perform()
    assert books.states() == [("credit", "written"), ("allocation", "written")]


def _pay(books: Books) -> None:
    books.twin.receive(books.tenant, BookPayment("A-1", books.balance(), books.town.now.date(), "bank"))


def _delete_credit(books: Books) -> None:
    realm = books.town.quickbooks.realms[books.tenant]
    (row,) = realm.rows["CreditMemo"].values()
    records.delete(realm, "CreditMemo", {"Id": row["Id"], "SyncToken": row["SyncToken"]})


@pytest.mark.parametrize(
    ("kind", "meanwhile"),
    [("quickbooks", _pay), ("xero", _pay), ("quickbooks", _delete_credit), ("xero", Books.remove_credit)],
)
def test_a_credit_that_stands_unused_or_not_at_all_still_waits_for_a_person(
    kind: str, meanwhile: Callable[[Books], Any]
) -> None:
    books = Books(kind)
    give_credit(books)
    books.perform(1)
    meanwhile(books)
    books.perform()
    waiting = [("credit", "written"), ("allocation", "desk")]
    assert books.states() == waiting
    assert sync.sync_company(books.rt, books.company.id)
    try_again(books, "allocation")
    assert books.states() == waiting
    assert books.posting("allocation").note
    books.close()


# Permissions


def ask_for_less(books: Books) -> None:
    """As an installation does whose operator has not widened what it asks Xero for."""
    narrow = Xero(LedgerSettings(**books.town.settings.ledger("xero")))
    books.rt = books.town.rt = replace(books.rt, ledgers={**books.rt.ledgers, "xero": narrow})
    with books.rt.store.write() as session:
        session.scalars(select(Grant)).one().scope = " ".join(ASKED)


def test_what_the_installation_does_not_ask_for_is_told_as_what_its_operator_must_mend() -> None:
    books = Books("xero")
    ask_for_less(books)
    WISHES["on-account"].ask(books)
    books.perform()
    refused = books.posting("on-account")
    assert refused.state == "desk"
    assert "Whoever runs this installation must add accounting.banktransactions" in refused.note
    assert "allow it" not in refused.note, "no consent of theirs can help as it is"
    books.close()


def test_what_a_ledger_has_no_place_for_is_not_blamed_on_a_permission() -> None:
    books = Books("quickbooks")
    postings.expect_payment(books.rt, books.invoice_id(), LATER, books.me)
    books.perform()
    assert books.posting("expected-date").note.startswith("QuickBooks has no way of keeping the day")
    assert "onnect" not in books.posting("expected-date").note
    books.close()


# The machine


@BOTH
def test_a_disk_that_is_full_for_a_day_gives_up_nothing_that_is_to_be_written(books: Books) -> None:
    """Before it went out at all: it stays due, and is written once when there is room again."""
    give_credit(books)
    full = True

    @event.listens_for(books.rt.store.engine, "before_cursor_execute")
    def refuse(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        if full and statement.startswith("UPDATE effect") and "sending" in str(values):
            raise OperationalError(statement, {}, Exception("the disk is full"))

    for _ in range(12):
        books.perform(1)
        assert [one.state for one in books.effects()] == ["due"]
        books.wait(hours=2)
    full = False
    books.perform()
    assert books.credit_notes() == 1
    assert ("credit", "written") in books.states()

"""The pages in front of whole pretend ledgers: what a person presses here stands in the books, and is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Grant
from sandbox.books import BookPayment
from sandbox.wires import Lost
from tests.web.edges import client_of, token_in
from tests.workflows.books import Books
from workflows import links, sign_ins

HERE: dict[str, Any] = {"base_url": "https://dunlin.test"}


@pytest.fixture(params=["quickbooks", "xero"])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(request.param)
    yield made
    made.close()


@pytest.fixture
def ann(books: Books) -> FlaskClient:
    client = client_of(books.rt)
    with client.session_transaction(**HERE) as session:
        session["browser"] = sign_ins.begin(books.rt, books.me, "")
    return client


def _press(client: FlaskClient, path: str, **form: Any) -> str:
    token = token_in(client.get("/", **HERE).text)
    answer = client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HERE)
    assert answer.status_code == 200
    return answer.text


def _text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split()))


def _invoice(books: Books) -> str:
    return f"/invoices/{books.town.invoice('A-1').uid}"


def _portal(books: Books) -> str:
    account = books.town.account("A-1")
    return f"/p/{links.make(books.rt, account, account.emails)}"


def test_a_credit_given_on_the_page_stands_in_the_books_and_on_the_page(books: Books, ann: FlaskClient) -> None:
    _press(ann, f"{_invoice(books)}/credit", amount="20.00", words="For the late delivery")
    books.perform()
    assert books.balance() == Decimal(80)
    books.wait(minutes=6)
    page = _text(ann.get(_invoice(books), **HERE).text)
    assert re.search(r"Open \S*80\.00 Total \S*100\.00", page)
    assert re.search(r"Use of the credit of \S*20\.00 Written", page)


def test_a_note_left_on_the_page_is_in_the_invoices_history(books: Books, ann: FlaskClient) -> None:
    _press(ann, f"{_invoice(books)}/note", text="They moved to Leith.")
    books.perform()
    assert "They moved to Leith." in books.history()


def test_both_the_accountant_and_the_customer_get_the_ledgers_own_pdf(books: Books, ann: FlaskClient) -> None:
    uid = books.town.invoice("A-1").uid
    for path in (f"/invoices/{uid}/pdf", f"{_portal(books)}/invoices/{uid}.pdf"):
        answer = ann.get(path, **HERE)
        assert answer.mimetype == "application/pdf", path
        assert answer.data.startswith(b"%PDF")


def test_whoever_opens_the_page_sees_what_was_paid_a_minute_ago(books: Books, ann: FlaskClient) -> None:
    books.wait(hours=1)
    books.twin.receive(books.tenant, BookPayment("A-1", Decimal(30), books.town.now.date(), "bank"))
    books.wait(minutes=1)
    assert re.search(r"\S*170\.00 2 invoices", _text(ann.get(_portal(books), **HERE).text))


def test_the_page_of_readings_counts_what_was_really_called(books: Books, ann: FlaskClient) -> None:
    page = _text(ann.get(f"/companies/{books.company.uid}/ledger", **HERE).text)
    assert re.search(r"The whole book [1-9]\d* – Complete", page)
    before = int(re.search(r"Calls today (\d+)", page)[1])  # type: ignore[index]
    assert before > 0
    ann.get(f"{_invoice(books)}/pdf", **HERE)
    page = _text(ann.get(f"/companies/{books.company.uid}/ledger", **HERE).text)
    assert f"Calls today {before + 1}" in page
    assert "Invoices as PDF, and the ledger's pages to pay them because somebody asked 1 1" in page


def test_what_credit_notes_are_booked_on_is_listed_by_the_ledger_itself(books: Books, ann: FlaskClient) -> None:
    page = ann.get(f"/companies/{books.company.uid}/settings", **HERE).text
    chosen = re.search(r'id="income_choice".*?</select>', page, re.S)[0]  # type: ignore[index]
    assert f'value="{books.company.income_choice}" selected' in chosen
    assert "As chosen before" not in chosen


def test_the_desk_offers_to_book_on_account_only_where_that_is_allowed(books: Books, ann: FlaskClient) -> None:
    page = books.town.checkout("A-1")
    books.town.transfer(books.kind, "A-1", "100.00")
    books.town.stripe.pay(page.rpartition("/")[2])
    books.town.settle()
    assert (books.line().state, 'value="on-account"' in ann.get("/desk", **HERE).text) == ("desk", True)
    with books.rt.store.write() as session:
        session.scalars(select(Grant)).one().scope = "openid accounting.payments"
    page = ann.get("/desk", **HERE).text
    assert ('value="on-account"' in page, 'value="paid-back"' in page) == (False, True)


def test_a_ledger_that_is_away_costs_freshness_and_nothing_else(books: Books, ann: FlaskClient) -> None:
    read = _text(ann.get(_portal(books), **HERE).text)
    books.wait(hours=2)
    books.town.network.before = _away
    page = _text(ann.get(_portal(books), **HERE).text)
    assert re.search(r"\S*200\.00 2 invoices", page)
    assert _figures_at(page) == _figures_at(read)


def _away(_method: str, _url: str) -> None:
    raise Lost("Nobody is there.")


def _figures_at(page: str) -> str:
    return re.search(r"These figures were read at (\d\d:\d\d)", page)[1]  # type: ignore[index]

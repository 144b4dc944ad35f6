"""One invoice's page and one account's: what the ledger says of them, its papers, and what a person has written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.money import Money
from integrations.errors import OutsideError, Rejected, Transient
from models import Effect, Grant, Invoice, Posting
from tests.web.edges import HTTPS, PretendLedger, client_of, sign_in, token_in
from tests.web.world import World
from web import forms
from workflows.errors import Refusal

ALDER = "Alder & Ash Kitchens"


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


def _press(client: FlaskClient, path: str, **form: Any) -> str:
    token = token_in(client.get("/", **HTTPS).text)
    answer = client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return _text(answer.text)


def _invoice(world: World, number: str = "1042") -> str:
    return f"/invoices/{world.invoices[number].uid}"


def _account(world: World, name: str = ALDER) -> str:
    return f"/accounts/{world.accounts[name].uid}"


def _asked(world: World, invoice: str = "1042") -> list[Posting]:
    """What was asked for about an invoice, each with its effect waiting."""
    with world.rt.store.read() as session:
        found = session.scalars(select(Posting).where(Posting.invoice_id == world.invoices[invoice].id)).all()
        keys = set(session.scalars(select(Effect.key).where(Effect.state == "due")))
    assert {f"posting/{one.uid}" for one in found} <= keys
    return list(found)


def _grumpy(world: World, error: OutsideError) -> FlaskClient:
    """Ann, before a QuickBooks that answers every question with this."""
    ledger = PretendLedger("quickbooks", "QuickBooks")
    ledger.down = error
    world.rt = replace(world.rt, ledgers={**world.rt.ledgers, "quickbooks": ledger})
    return sign_in(client_of(world.rt))


# What is shown


def test_an_account_says_who_gets_mail_its_terms_and_when_it_was_read(shown: World, onlooker: FlaskClient) -> None:
    page = _text(onlooker.get(_account(shown), **HTTPS).text)
    for words in (
        "Figures read at 10:30.",
        "Robin Alder robin@alder.example gets the ledger's invoices",
        "Kim Ash no address",
        "020 7946 0018",
        "2.5 % 10, net 30: due 30 days after the invoice's date, 2.5 % off for paying within 10 days.",
        "Open credit £45.00 CreditMemo",
        "mailed by it expected 25 Nov 2026",
    ):
        assert words.replace("'", "&#39;") in page or words in page, words


def test_an_account_that_could_not_be_read_again_says_so(world: World) -> None:
    page = _text(_grumpy(world, Transient("QuickBooks is away.")).get(_account(world), **HTTPS).text)
    assert "Figures read at 10:18. Something has changed since ; it is read again in a few minutes." in page


def test_figures_of_another_day_are_shown_with_their_day(world: World) -> None:
    client = _grumpy(world, Transient("QuickBooks is away."))
    world.rt.clock.moment += timedelta(days=2)  # type: ignore[attr-defined]
    sign_in(client)
    assert "Figures read on 18 Nov 2026, 10:18." in _text(client.get(_account(world), **HTTPS).text)


def test_an_invoice_says_what_the_ledger_says_and_where_to_see_it(shown: World, onlooker: FlaskClient) -> None:
    answer = onlooker.get(_invoice(shown), **HTTPS).text
    page = _text(answer)
    for words in (
        "Expected 25 Nov 2026",
        "QuickBooks has mailed it.",
        "pay@alder.example copy to files@alder.example",
        "due 30 days after the invoice",
    ):
        assert words in page, words
    assert 'href="https://quickbooks.example/invoice/1042"' in answer


# Papers


def test_the_ledgers_own_picture_of_an_invoice_is_a_download(world: World, ann: FlaskClient) -> None:
    answer = ann.get(f"{_invoice(world)}/pdf", **HTTPS)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", b"%PDF-1.4 1042")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="1042.pdf"'


def test_a_number_with_anything_in_it_makes_a_harmless_file_name(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.get_one(Invoice, world.invoices["1042"].id).number = '../a";\r\nX: 1/é'
    answer = ann.get(f"{_invoice(world)}/pdf", **HTTPS)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-X-1.pdf"'


@pytest.mark.parametrize(
    "error", [Transient("QuickBooks is away."), Rejected("QuickBooks has no such invoice any more.")]
)
def test_a_paper_that_does_not_come_is_one_sentence(world: World, error: OutsideError) -> None:
    client = _grumpy(world, error)
    for answer in (client.get(f"{_invoice(world)}/pdf", follow_redirects=True, **HTTPS),):
        assert f"The ledger did not give it just now. {error}" in _text(answer.text)
    assert str(error) in _press(client, f"{_invoice(world)}/pay-link")


def test_the_ledgers_page_to_pay_is_asked_for_once_and_kept(world: World, ann: FlaskClient) -> None:
    assert "Ask QuickBooks for it" in _text(ann.get(_invoice(world), **HTTPS).text)
    assert "https://pay.quickbooks.example/1042" in _press(ann, f"{_invoice(world)}/pay-link")
    with world.rt.store.read() as session:
        assert session.get_one(Invoice, world.invoices["1042"].id).pay_link == "https://pay.quickbooks.example/1042"
    assert "Ask QuickBooks for it" not in _text(ann.get(_invoice(world), **HTTPS).text)
    assert "The ledger has no page of its own" in _press(ann, f"{_invoice(world, '1060')}/pay-link")


# What a person may have written


def test_a_credit_is_asked_for_with_its_words(world: World, ann: FlaskClient) -> None:
    page = _press(ann, f"{_invoice(world)}/credit", amount="12.50", words="For the late delivery")
    assert "The credit note is being written" in page
    assert "Credit note over £12.50 Being written" in page
    assert "credit and due date have to wait" in page
    (asked,) = _asked(world)
    assert (asked.amount, asked.content["words"]) == (Money(1250, "GBP"), "For the late delivery")
    assert "Credit note over £12.50" in _text(ann.get(_account(world), **HTTPS).text)
    assert "is being written just now" in _press(ann, f"{_invoice(world)}/credit", amount="1", words="Again")


def test_dates_and_notes_are_asked_for(world: World, ann: FlaskClient) -> None:
    assert "The new due date is being written." in _press(ann, f"{_invoice(world)}/due-date", day="2026-12-04")
    assert "The day is being written." in _press(ann, f"{_invoice(world)}/expected-date", day="2026-12-01")
    assert "The note is being written." in _press(ann, f"{_invoice(world)}/note", text="They moved to Leith.")
    asked = {one.kind: one for one in _asked(world)}
    assert (asked["due-date"].day, asked["expected-date"].day) == (date(2026, 12, 4), date(2026, 12, 1))
    assert asked["note"].content["text"] == "They moved to Leith."


@pytest.mark.parametrize(
    ("way", "form", "sentence"),
    [
        ("credit", {"amount": "12,50", "words": "x"}, "in figures with a point, such as 12.50"),
        ("credit", {"amount": "-5", "words": "x"}, "in figures with a point, such as 12.50"),
        ("credit", {"amount": "1.005", "words": "x"}, "at most 2 places after the point"),
        ("credit", {"amount": "99999", "words": "x"}, "can be at most 1840.50 GBP"),
        ("credit", {"amount": "5", "words": " "}, "say what the credit is for"),
        ("due-date", {"day": "soon"}, "Please choose a day."),
        ("due-date", {"day": "2026-11-04"}, "due on that day already"),
        ("expected-date", {"day": "2026-11-01"}, "from today on"),
        ("note", {"text": ""}, "Please write a note"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    world: World, ann: FlaskClient, way: str, form: dict[str, str], sentence: str
) -> None:
    assert sentence in _press(ann, f"{_invoice(world)}/{way}", **form)
    assert _asked(world) == []


def test_nothing_but_a_note_is_offered_for_an_invoice_that_is_paid(world: World, ann: FlaskClient) -> None:
    page = ann.get(_invoice(world, "1011"), **HTTPS).text
    forms_there = re.findall(rf'action="{_invoice(world, "1011")}/([a-z-]+)"', page)
    assert forms_there == ["note"]
    assert "not open any more" in _press(ann, f"{_invoice(world, '1011')}/credit", amount="1", words="x")


def test_quickbooks_keeps_no_expected_day_and_xero_does(world: World, ann: FlaskClient) -> None:
    assert "QuickBooks keeps no such day." in _text(ann.get(_invoice(world), **HTTPS).text)
    assert "/expected-date" in ann.get(_invoice(world, "INV-021"), **HTTPS).text


# Forms that write nothing into the ledger need no permission of its.
OURS = {
    "assign",
    "promise",
    "remarks",
    "dispute",
    "care",
    "hold",
    "release",
    "address",
    "told",
    "dealt-with",
    "arrange",
    "end-arrangement",
    "segment",
    "why",
    "links",
    "more-time",
}


def test_what_the_permission_does_not_cover_is_not_offered(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.execute(update(Grant).values(scope="something-else"))
    for path in (_invoice(world), _account(world)):
        page = ann.get(path, **HTTPS).text
        assert "The permission does not cover" in _text(page)
        assert set(re.findall(rf'action="{path}/([a-z-]+)"', page)) <= OURS
        assert "/pdf" not in page
    refused = ann.get(f"{_invoice(world)}/pdf", follow_redirects=True, **HTTPS).text
    assert "The permission does not cover the ledger&#39;s documents." in refused


def test_money_is_put_on_account_in_a_currency_of_theirs(world: World, ann: FlaskClient) -> None:
    form = {"amount": "120.00", "currency": "EUR", "day": "2026-11-17"}
    assert "€120.00 put on account Being written" in _press(ann, f"{_account(world)}/on-account", **form)
    assert "one of the currencies" in _press(ann, f"{_account(world)}/on-account", **{**form, "currency": "JPY"})
    assert "dated in the future" in _press(ann, f"{_account(world)}/on-account", **{**form, "day": "2026-11-19"})


def test_only_a_payment_of_this_customer_is_taken_back(world: World, ann: FlaskClient) -> None:
    page = ann.get(_account(world), **HTTPS).text
    assert '<option value="p1">12 Nov 2026, £210.00, BACS</option>' in page
    assert "no such payment" in _press(ann, f"{_account(world)}/take-back", payment="p9")
    assert "no such payment" in _press(ann, f"{_account(world, 'Dene Interiors')}/take-back", payment="p1")
    assert "Payment taken back Being written" in _press(ann, f"{_account(world)}/take-back", payment="p1")


def test_a_sum_is_read_in_the_places_its_currency_has() -> None:
    assert forms.money(" 12.5 ", "GBP") == Money(1250, "GBP")
    assert forms.money("12", "JPY") == Money(12, "JPY")
    for text in ("", "1e5", "NaN", "1 000", "0x10", "9" * 13, "１２"):
        with pytest.raises(Refusal):
            forms.money(text, "GBP")
    with pytest.raises(Refusal):
        forms.money("12.5", "JPY")

"""Whose page it is: logo, colour and number; how to pay; and a receipt for what was paid here."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from core import contrast
from models import Attempt, AttemptLine, BankDetails, Brand, Company, Reversal
from tests.web.edges import HTTPS, token_in
from tests.web.world import World

ROOT = Path(__file__).resolve().parents[2]
ALDER, HALLAM = "Alder & Ash Kitchens", "Hallam & Daughters"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def add(world: World, row: Any) -> None:
    with world.rt.store.write() as session:
        session.add(row)


def brand(world: World, **fields: Any) -> None:
    add(world, Brand(uid=world.rt.new_id(), company_id=world.bramley.id, **fields))


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_a_company_without_a_look_shows_its_first_letter(world: World, stranger: FlaskClient) -> None:
    page = stranger.get(world.link(ALDER), **HTTPS).text
    assert '<span class="initial" aria-hidden="true">B</span>' in page
    assert "look.css" not in page
    for path in ("logo", "look.css"):
        assert stranger.get(f"{world.link(ALDER)}/{path}", **HTTPS).status_code == 404


def test_its_logo_comes_as_what_it_is_and_to_no_forged_link(world: World, stranger: FlaskClient) -> None:
    brand(world, logo=PNG, logo_kind="image/png", phone="+44 20 7946 0000")
    page = stranger.get(world.link(ALDER), **HTTPS).text
    assert f'src="{world.link(ALDER)}/logo"' in page
    assert 'href="tel:+442079460000"' in page
    answer = stranger.get(f"{world.link(ALDER)}/logo", **HTTPS)
    assert (answer.data, answer.mimetype) == (PNG, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert stranger.get(f"{world.link(ALDER)}x/logo", **HTTPS).status_code == 404


@pytest.mark.parametrize("colour", ["#f2a900", "#1d6b63", "#ffffff", "#000000", "#ff0000", "#7fd1c5"])
def test_its_colour_can_be_read_by_day_and_by_night(world: World, stranger: FlaskClient, colour: str) -> None:
    brand(world, colour=colour)
    assert f'href="{world.link(ALDER)}/look.css"' in stranger.get(world.link(ALDER), **HTTPS).text
    answer = stranger.get(f"{world.link(ALDER)}/look.css", **HTTPS)
    assert answer.mimetype == "text/css"
    day, night = (
        dict(re.findall(r"--accent(-ink|-wash|): (#[0-9a-f]{6})", one)) for one in answer.text.split("@media")
    )
    for rules, grounds in ((day, ("#ffffff", "#f5f3ee", "#f0ede6")), (night, ("#12181c", "#1a2228", "#26323a"))):
        for ground in grounds:
            assert contrast.ratio(rules[""], ground) >= 4.5, (colour, ground)
        assert contrast.ratio(rules["-ink"], rules[""]) >= 4.5


def test_the_page_offers_each_way_to_pay_in_its_currency(world: World, stranger: FlaskClient) -> None:
    page = stranger.get(world.link(ALDER), **HTTPS).text
    assert _ways(page) == [["stripe:card"], ["stripe:card", "stripe:debit"]]
    assert "Pay another amount" not in page
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).part_payments = True
    assert "Pay another amount" in stranger.get(world.link(ALDER), **HTTPS).text


def _ways(page: str) -> list[list[str]]:
    forms = re.findall(r'<form class="panel pay-form".*?</form>', page, re.S)
    return [re.findall(r'name="way" value="([\w:]+)"', form) for form in forms]


def pay(client: FlaskClient, world: World, numbers: Sequence[str], **fields: str) -> Any:
    link = world.link(ALDER)
    chosen = [world.invoices[number].uid for number in numbers]
    data = {"csrf_token": token_in(client.get(link, **HTTPS).text), "invoice": chosen, **fields}
    return client.post(f"{link}/pay", data=data, **HTTPS)


def test_a_part_goes_to_the_oldest_invoice_where_the_company_takes_parts(world: World, stranger: FlaskClient) -> None:
    fields = {"way": "stripe:card", "amount": "1,900", "currency": "GBP"}
    assert pay(stranger, world, ("1042", "1051"), **fields).location == world.link(ALDER)
    assert "Bramley Joinery asks for whole invoices." in text(stranger.get(world.link(ALDER), **HTTPS).text)
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).part_payments = True
    assert pay(stranger, world, ("1042", "1051"), **fields).location == "https://pay.example/cs_1"
    with world.rt.store.read() as session:
        mine = Attempt.account_id == world.accounts[ALDER].id
        (attempt,) = session.scalars(select(Attempt).where(mine)).all()
    assert attempt.amount_minor == 190_000


@pytest.mark.parametrize("amount", ["-5", "1e5", "12,3", "99999999", "0.001"])
def test_an_amount_that_cannot_be_is_refused_in_one_sentence(world: World, stranger: FlaskClient, amount: str) -> None:
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).part_payments = True
    answer = pay(stranger, world, ["1042"], way="stripe:card", amount=amount, currency="GBP")
    assert answer.location == world.link(ALDER)
    assert re.search(r"Please give (the|an) amount", text(stranger.get(world.link(ALDER), **HTTPS).text))


def test_a_way_that_is_not_offered_is_refused(world: World, stranger: FlaskClient) -> None:
    for way in ("stripe:debit", "gocardless:instant", "stripe:cash"):
        pay(stranger, world, ["1042"], way=way)
        if way != "stripe:cash":  # an unknown method is the first one there is
            page = text(stranger.get(world.link(ALDER), **HTTPS).text)
            assert "This way to pay is not offered any more." in page, way


def test_a_transfer_has_its_details_and_a_reference_to_quote(world: World, stranger: FlaskClient) -> None:
    details = {"holder": "Bramley Joinery Ltd", "fields": [["Sort code", "12-34-56"], ["Account", "1234 5678"]]}
    add(
        world,
        BankDetails(
            uid=world.rt.new_id(),
            company_id=world.bramley.id,
            currency="GBP",
            state="in-use",
            in_use_since=world.rt.clock.now(),
            **details,
        ),
    )
    page = text(stranger.get(world.link(ALDER), **HTTPS).text)
    assert page.count("Pay by bank transfer") == 1, "there are none for euros"
    assert "Bramley Joinery Ltd Sort code 12-34-56 Account 1234 5678 Reference to quote RF" in page
    alone = text(stranger.get(world.link("Fennimore Architects"), **HTTPS).text)
    assert "Reference to quote 1061" in alone


def attempt_of(world: World) -> Attempt:
    with world.rt.store.read() as session:
        mine = Attempt.account_id == world.accounts[HALLAM].id
        return session.scalars(select(Attempt).where(mine)).one()


def test_what_was_paid_here_has_a_receipt(world: World, stranger: FlaskClient) -> None:
    attempt = attempt_of(world)
    add(
        world,
        Reversal(
            uid=world.rt.new_id(),
            attempt_id=attempt.id,
            external_id="re_1",
            kind="refund",
            currency="GBP",
            amount_minor=900,
            made_at=world.rt.clock.now(),
        ),
    )
    link = f"{world.link(HALLAM)}/receipts/{attempt.uid}.pdf"
    assert link in stranger.get(world.link(HALLAM), **HTTPS).text
    answer = stranger.get(link, **HTTPS)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt-2026-11-18.pdf"'
    paper = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    for words in ("Receipt", "Bramley Joinery", HALLAM, "£999.00", "1047", "£9.00 went back", attempt.uid):
        assert words in paper, words


def test_a_receipt_is_given_to_nobody_else(world: World, stranger: FlaskClient) -> None:
    uid = attempt_of(world).uid
    for link in (world.link(ALDER), f"{world.link(HALLAM)}x"):
        assert stranger.get(f"{link}/receipts/{uid}.pdf", **HTTPS).status_code == 404
    with world.rt.store.write() as session:
        session.get_one(Attempt, attempt_of_id(session, uid)).state = "open"
    assert stranger.get(f"{world.link(HALLAM)}/receipts/{uid}.pdf", **HTTPS).status_code == 404


def attempt_of_id(session: Any, uid: str) -> int:
    return int(session.scalars(select(Attempt.id).where(Attempt.uid == uid)).one())


def test_money_that_the_bank_will_still_move_is_shown_without_a_receipt(world: World, stranger: FlaskClient) -> None:
    uid = attempt_of(world).uid
    with world.rt.store.write() as session:
        session.get_one(Attempt, attempt_of_id(session, uid)).state = "pending"
        session.get_one(AttemptLine, world.booking.id).state = "coming"
    page = stranger.get(world.link(HALLAM), **HTTPS).text
    assert "on its way to our books" in text(page)
    assert f"/receipts/{uid}.pdf" not in page
    assert "with a bank some days" in text(stranger.get(f"{world.link(HALLAM)}/thanks", **HTTPS).text)


def test_a_payment_is_shown_once_when_the_ledger_knows_it_too(world: World, stranger: FlaskClient) -> None:
    page = text(stranger.get(world.link(HALLAM), **HTTPS).text)
    assert page.count("£999.00") == 2, "the invoice, and the payment on its way"


def test_the_page_is_light_enough_for_a_phone_far_from_town(world: World, stranger: FlaskClient) -> None:
    page = stranger.get(world.link(ALDER), **HTTPS).text
    files = re.findall(r'(?:href|src)="(/static/[\w.]+\.(?:css|js))"', page)
    assert set(files) == {"/static/portal.css", "/static/dunlin.css", "/static/dunlin.js"}
    assert "bootstrap" not in page
    sizes = [len(page.encode()), *((ROOT / one[1:]).stat().st_size for one in files)]
    assert sum(sizes) < 75_000, "HTML, styles and script, before anybody packs them"

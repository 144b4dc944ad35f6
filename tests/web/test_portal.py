"""The customer's page: opening it changes nothing, and each of its three ways does exactly what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from integrations.errors import Transient
from models import Account, Attempt, Base, Credit, Dispute, Invoice, Promise
from tests.web import pages
from tests.web.edges import HTTPS, PretendLedger, client_of, token_in
from tests.web.world import World
from web.portal_answers import ANSWERS

ALDER = "Alder & Ash Kitchens"


def _rows(world: World) -> dict[str, list[Any]]:
    """The whole database, row by row."""
    with world.rt.store.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def _paper(world: World, number: str = "1042", link: str = "") -> str:
    return f"{link or world.link(ALDER)}/invoices/{world.invoices[number].uid}.pdf"


def _send(client: FlaskClient, link: str, way: str, **form: Any) -> Any:
    token = token_in(client.get(link, **HTTPS).text)
    return client.post(
        f"{link}/{way if way == 'pay' else f'answers/{way}'}",
        data={**form, "csrf_token": token},
        follow_redirects=way != "pay",
        **HTTPS,
    )


def _without_readings(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """All but when the ledger was last read: whoever looks may make the figures fresh."""
    for table, readings in (("account", {"read_at"}), ("connection", {"read_at", "cursor"})):
        places = [place for place, one in enumerate(Base.metadata.tables[table].columns) if one.name not in readings]
        rows[table] = [tuple(row[place] for place in places) for row in rows[table]]
    return {name: found for name, found in rows.items() if name not in ("reading", "dirty_row")}


def test_opening_every_link_changes_nothing_but_when_the_ledger_was_read(world: World, stranger: FlaskClient) -> None:
    before = _without_readings(_rows(world))
    for path in pages.portal(world).values():
        stranger.get(path, **HTTPS)
    assert _without_readings(_rows(world)) == before


def test_opening_every_link_again_changes_nothing(world: World, stranger: FlaskClient) -> None:
    for path in pages.portal(world).values():
        stranger.get(path, **HTTPS)
    before = _rows(world)
    for path in pages.portal(world).values():
        for _ in range(3):
            stranger.get(path, **HTTPS)
            stranger.head(path, **HTTPS)
    stranger.get(_paper(world), **HTTPS)
    for path in ("logo", "look.css", "receipts/nothing.pdf"):
        stranger.get(f"{world.link(ALDER)}/{path}", **HTTPS)
    for way in ("pay", "fresh", *(f"answers/{one}" for one in ANSWERS)):
        assert stranger.get(f"{world.link(ALDER)}/{way}", **HTTPS).status_code == 405
    assert _rows(world) == before


def test_the_page_says_who_asks_for_what_and_whom_to_write_to(shown: World) -> None:
    page = client_of(shown.rt).get(shown.link(ALDER), **HTTPS).text
    for words in ("Bramley Joinery", ALDER, "accounts@bramley.example", "£3,015.50", "€730.00", "£45.00", "£660.00"):
        assert words.replace("&", "&amp;") in page, words
    assert "Sign out" not in page


def test_one_payment_is_in_one_currency(shown: World) -> None:
    page = client_of(shown.rt).get(shown.link(ALDER), **HTTPS).text
    forms = re.findall(r'<form class="panel pay-form".*?</form>', page, re.S)
    uids = {shown.invoices[number].uid: number for number in ("1042", "1051", "1060", "1055")}
    chosen = [{uids[uid] for uid in re.findall(r'value="(uid\d+)"[^>]*checked', form)} for form in forms]
    assert chosen == [{"1042", "1051", "1060"}, {"1055"}]


def test_what_is_paid_or_disputed_is_not_asked_for_again(shown: World) -> None:
    client = client_of(shown.rt)
    paid = client.get(shown.link("Hallam & Daughters"), **HTTPS).text
    assert "Nothing left to pay" in paid
    assert 'type="checkbox"' not in paid
    disputed = client.get(shown.link("Carver's Yard"), **HTTPS).text
    assert "we answer by 23 Nov 2026" in disputed
    assert not re.search(r'type="checkbox"[^>]*checked', disputed)


def test_pay_leads_to_the_hosted_page_and_two_clicks_are_one_attempt(world: World, stranger: FlaskClient) -> None:
    invoice = world.invoices["1042"].uid
    for _ in range(2):
        answer = _send(stranger, world.link(ALDER), "pay", invoice=[invoice])
        assert (answer.status_code, answer.location) == (303, "https://pay.example/cs_1")
    with world.rt.store.read() as session:
        attempts = session.scalars(select(Attempt).where(Attempt.account_id == world.accounts[ALDER].id)).all()
    assert [(one.amount_minor, one.currency) for one in attempts] == [(184050, "GBP")]


def test_paying_nothing_or_somebody_elses_invoice_is_refused_kindly(world: World, stranger: FlaskClient) -> None:
    link = world.link(ALDER)
    for chosen in ([], [world.invoices["1048"].uid], ["nonsense"]):
        answer = _send(stranger, link, "pay", invoice=chosen)
        assert (answer.status_code, answer.location) == (303, link)
    assert "Please choose at least one invoice" in stranger.get(link, **HTTPS).text


def test_a_named_day_is_noted_and_shown(world: World, stranger: FlaskClient) -> None:
    uids = [world.invoices[number].uid for number in ("1042", "1051")]
    answer = _send(stranger, world.link(ALDER), "promise", invoice=uids, day="2026-11-30")
    assert "We noted Monday, 30 November 2026" in answer.text
    assert answer.text.count(">You named 30 Nov 2026<") == 2
    with world.rt.store.read() as session:
        made = session.scalars(select(Promise).where(Promise.account_id == world.accounts[ALDER].id)).all()
        waking = session.get_one(Account, world.accounts[ALDER].id).wake_at
    assert len(made) == 1
    assert waking == world.rt.clock.now()


def test_a_day_that_cannot_be_is_refused_in_one_sentence(world: World, stranger: FlaskClient) -> None:
    uid = world.invoices["1042"].uid
    for day in ("", "soon", "2026-11-17", "2027-11-17", "99999-01-01"):
        answer = _send(stranger, world.link(ALDER), "promise", invoice=[uid], day=day)
        assert "Please choose" in answer.text, day
    with world.rt.store.read() as session:
        assert session.scalars(select(Promise).where(Promise.account_id == world.accounts[ALDER].id)).all() == []


def test_something_is_wrong_reaches_a_person_and_is_shown_as_written(world: World, stranger: FlaskClient) -> None:
    said = "Wrong <b>amount</b> & no order number"
    answer = _send(stranger, world.link(ALDER), "dispute", invoice=world.invoices["1042"].uid, text=said)
    assert "Thank you for telling us" in answer.text
    assert "You told us something is wrong" in answer.text
    with world.rt.store.read() as session:
        opened = session.scalars(select(Dispute).where(Dispute.account_id == world.accounts[ALDER].id)).one()
    assert opened.text == said
    empty = _send(stranger, world.link(ALDER), "dispute", invoice=world.invoices["1051"].uid, text="  ")
    assert "in a few words" in empty.text


def test_a_forged_or_expired_link_opens_nothing_and_says_what_to_do(world: World, stranger: FlaskClient) -> None:
    good = world.link(ALDER)
    for path in (f"{good}x", good[:-5], "/p/nothing", f"{good[:20]}{'A' if good[20] != 'A' else 'B'}{good[21:]}"):
        for answer in (stranger.get(path, **HTTPS), stranger.get(f"{path}/thanks", **HTTPS)):
            assert answer.status_code == 404
            assert "reply to the e-mail" in answer.text
    assert stranger.get(good, **HTTPS).status_code == 200
    world.rt.clock.moment = world.rt.clock.moment.replace(year=2027)  # type: ignore[attr-defined]
    late = stranger.get(good, **HTTPS)
    assert late.status_code == 404
    assert "expired" in late.text


def test_a_link_can_be_answered_only_so_often_in_a_minute(world: World, stranger: FlaskClient) -> None:
    link = world.link(ALDER)
    token = token_in(stranger.get(link, **HTTPS).text)
    tries = [
        stranger.post(f"{link}/answers/promise", data={"day": "", "csrf_token": token}, **HTTPS).status_code
        for _ in range(42)
    ]
    assert set(tries[:30]) == {422}
    assert tries[-1] == 429
    assert stranger.get(link, **HTTPS).status_code == 200


def test_without_a_processor_there_is_no_pay_button(world: World) -> None:
    page = client_of(replace(world.rt, processors={})).get(world.link(ALDER), **HTTPS).text
    assert "Pay now" not in page
    assert "Choose a day" in page


# Credit, papers, and how fresh the figures are


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


def test_open_credit_is_said_with_what_is_left_to_pay(world: World, stranger: FlaskClient) -> None:
    page = _text(stranger.get(world.link(ALDER), **HTTPS).text)
    assert "You have £45.00 in credit with us. Once it is set against your invoices, £2,970.50 is left to pay." in page


def test_credit_that_covers_everything_says_so(world: World, stranger: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.execute(update(Credit).values(remaining_minor=301_550))
    page = _text(stranger.get(world.link(ALDER), **HTTPS).text)
    assert "It covers everything that is open in GBP; you need not pay that again." in page


def test_the_page_says_when_its_figures_were_read(world: World, stranger: FlaskClient) -> None:
    assert "These figures were read at 10:30." in _text(stranger.get(world.link(ALDER), **HTTPS).text)


def test_when_the_ledger_is_away_the_page_shows_what_was_read_last(world: World) -> None:
    page = _text(_away(world).get(world.link(ALDER), **HTTPS).text)
    assert "£3,015.50" in page
    assert "These figures were read at 10:18." in page


def _away(world: World) -> FlaskClient:
    """A customer's browser, while QuickBooks is away."""
    ledger = PretendLedger("quickbooks", "QuickBooks")
    ledger.down = Transient("QuickBooks says 503 to company 4711.")
    world.rt = replace(world.rt, ledgers={**world.rt.ledgers, "quickbooks": ledger})
    return client_of(world.rt)


def test_an_invoice_on_the_page_is_a_download(world: World, stranger: FlaskClient) -> None:
    assert _paper(world) in stranger.get(world.link(ALDER), **HTTPS).text
    answer = stranger.get(_paper(world), **HTTPS)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", b"%PDF-1.4 1042")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_an_invoice_that_is_not_on_the_page_is_not_given(world: World, stranger: FlaskClient) -> None:
    other = world.link("Brightwell Primary School")
    for number, link in (("1042", other), ("1011", ""), ("1042", f"{world.link(ALDER)}x")):
        assert stranger.get(_paper(world, number, link), **HTTPS).status_code == 404, number
    assert stranger.get(f"{world.link(ALDER)}/invoices/nothing.pdf", **HTTPS).status_code == 404


def test_a_paper_that_does_not_come_is_told_without_the_ledgers_words(world: World) -> None:
    answer = _away(world).get(_paper(world), follow_redirects=True, **HTTPS)
    assert "The invoice cannot be fetched just now." in _text(answer.text)
    assert "4711" not in answer.text


def test_papers_are_fetched_only_so_often_in_a_minute(world: World, stranger: FlaskClient) -> None:
    tries = [stranger.get(_paper(world), **HTTPS).status_code for _ in range(12)]
    assert set(tries[:8]) == {200}
    assert tries[-1] == 429


def test_the_ledgers_own_page_is_offered_once_it_is_known(world: World, stranger: FlaskClient) -> None:
    assert "See it online" not in stranger.get(world.link(ALDER), **HTTPS).text
    with world.rt.store.write() as session:
        session.get_one(Invoice, world.invoices["1042"].id).pay_link = "https://pay.quickbooks.example/1042"
    page = stranger.get(world.link(ALDER), **HTTPS).text
    assert page.count('<a href="https://pay.quickbooks.example/1042" rel="noopener noreferrer"') == 1

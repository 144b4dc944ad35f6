"""The statement as page and file: in the console, and behind the customer's link no more of it than they may see."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from models import Account, Invoice
from tests.web.edges import HTTPS, client_of, sign_in
from tests.web.world import World
from workflows import links

ALDER = "Alder & Ash Kitchens"


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split()).replace("&amp;", "&")


def _words(paper: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages).split())


def _console(world: World, name: str = ALDER) -> str:
    return f"/accounts/{world.accounts[name].uid}/statement"


def _both(world: World) -> tuple[str, str]:
    return _console(world), f"{world.link(ALDER)}/statement"


def test_the_page_shows_what_moved_what_is_open_and_for_how_long(shown: World, onlooker: FlaskClient) -> None:
    for path in _both(shown):
        page = _text(onlooker.get(path, **HTTPS).text)
        for words in (
            "1 Aug 2026 to 18 Nov 2026",
            "Amounts in GBP What moved Day What Amount Balance Opening balance £0.00 20 Aug 2026",
            "2 Oct 2026 Payment received, thank you For invoice 1011 -£660.00 £0.00",
            "Closing balance £2,970.50 Open invoices on 18 Nov 2026",
            "1051 16 Nov 2026 £210.00 of £420.00",
            "Together £3,015.50 Open credit, not set against an invoice £45.00 Left once it is used £2,970.50",
            "How long it has been due Not due yet £965.00 1 to 30 days £2,050.50",
            "Amounts in EUR",
            "Closing balance €730.00",
        ):
            assert words in page, words


def test_the_days_can_be_chosen_and_stay_chosen(shown: World, onlooker: FlaskClient) -> None:
    for path in _both(shown):
        page = onlooker.get(f"{path}?since=2026-10-01&until=2026-10-31", **HTTPS).text
        assert 'name="since" required max="2026-11-18" value="2026-10-01"' in page
        assert "since=2026-10-01&amp;until=2026-10-31" in page
        assert "Opening balance £660.00 2 Oct 2026" in _text(page)
        assert "12 Nov 2026 Payment received" not in _text(page)


def test_the_account_and_the_customers_page_lead_to_it(shown: World, onlooker: FlaskClient) -> None:
    console, portal = _both(shown)
    assert f'href="{console}"' in onlooker.get(console.removesuffix("/statement"), **HTTPS).text
    assert f'href="{portal}">Statement of account</a>' in onlooker.get(portal.removesuffix("/statement"), **HTTPS).text


def test_it_is_a_download_that_says_the_same(shown: World, onlooker: FlaskClient) -> None:
    for path in _both(shown):
        answer = onlooker.get(f"{path}.pdf?since=2026-10-01&until=2026-11-18", **HTTPS)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-2026-11-18.pdf"'
        paper = _words(answer.data)
        assert "1 Oct 2026 to 18 Nov 2026" in paper
        assert "Closing balance £2,970.50" in paper


def test_the_paper_from_a_link_leads_back_to_that_link(shown: World, onlooker: FlaskClient) -> None:
    link = shown.link(ALDER)
    assert f"https://dunlin.example{link}".encode() in onlooker.get(f"{link}/statement.pdf", **HTTPS).data


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("since=soon", "Please choose a day."),
        ("until=2026-02-30", "Please choose a day."),
        ("since=2026-11-02&until=2026-11-01", "The first day of a statement cannot be after its last."),
        ("until=2026-11-19", "The last day of a statement can be today at the latest."),
        ("since=2026-12-01", "The first day of a statement cannot be after its last."),
    ],
)
def test_days_that_cannot_be_are_refused_in_one_sentence(
    world: World, ann: FlaskClient, asked: str, answered: str
) -> None:
    for path in _both(world):
        for kind in ("", ".pdf"):
            answer = ann.get(f"{path}{kind}?{asked}", **HTTPS)
            assert (answer.status_code, answer.location) == (303, path)
            assert answered in _text(ann.get(path, **HTTPS).text)


def test_empty_days_are_the_usual_ones(shown: World, onlooker: FlaskClient) -> None:
    for path in _both(shown):
        assert "1 Aug 2026 to 18 Nov 2026" in _text(onlooker.get(f"{path}?since=&until=", **HTTPS).text)


def test_nobody_else_opens_it(world: World, stranger: FlaskClient) -> None:
    otto = sign_in(client_of(world.rt), "otto@example.com")
    for kind in ("", ".pdf"):
        assert otto.get(f"{_console(world)}{kind}", **HTTPS).status_code == 404
        assert stranger.get(f"{_console(world)}{kind}", **HTTPS).location.startswith("/sign-in")
        for path in (f"{world.link(ALDER)}x", world.link(ALDER)[:-4], "/p/nothing"):
            answer = stranger.get(f"{path}/statement{kind}", **HTTPS)
            assert answer.status_code == 404
            assert "reply to the e-mail" in answer.text


def test_each_link_shows_its_own_account_only(shown: World) -> None:
    stranger = client_of(shown.rt)
    page = _text(stranger.get(f"{shown.link('Hallam & Daughters')}/statement", **HTTPS).text)
    assert "£999.00 of it is paid already and on its way to our books. Thank you." in page
    assert "1047 6 Nov 2026 Paid, on its way to our books £999.00" in page
    assert "1042" not in page


def test_who_gets_mail_about_one_invoice_sees_only_that_one(world: World, stranger: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.get_one(Invoice, world.invoices["1051"].id).emails = ["site@alder.example"]
        account = session.get_one(Account, world.accounts[ALDER].id)
    link = f"/p/{links.make(world.rt, account, ['site@alder.example'])}"
    assert "Your open invoices as a list" in stranger.get(link, **HTTPS).text
    page = stranger.get(f"{link}/statement?since=2026-01-01", **HTTPS).text
    paper = _words(stranger.get(f"{link}/statement.pdf", **HTTPS).data)
    for said in (_text(page), paper):
        assert "Open invoices" in said
        assert "1051" in said
        assert "£210.00" in said
        for hidden in ("1042", "1055", "1011", "Opening balance", "Payment", "£45.00"):
            assert hidden not in said, hidden
    assert 'name="since"' not in page


def test_a_link_is_answered_with_papers_only_so_often_in_a_minute(world: World, stranger: FlaskClient) -> None:
    path = f"{world.link('Fennimore Architects')}/statement.pdf"
    tries = [stranger.get(path, **HTTPS).status_code for _ in range(62)]
    assert set(tries[:30]) == {200}
    assert 429 in tries

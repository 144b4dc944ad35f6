"""The page of a hand-over: what else could be tried, the file to look through, its release, and the way back."""

from __future__ import annotations

import io
import re
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.because import Cause
from integrations.errors import Transient
from models import Account, AuditEvent, Handover, HoldRow, Invoice, User
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World
from workflows import answers, holds

ALDER = "Alder & Ash Kitchens"


def _path(world: World, name: str = ALDER) -> str:
    return f"/accounts/{world.accounts[name].uid}/handover"


def _text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'").replace("&amp;", "&")
    return re.sub(r" ([.,:;])", r"\1", words)


def _page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, **HTTPS)
    assert answer.status_code == 200
    return _text(answer.text)


def _press(client: FlaskClient, path: str, **form: Any) -> str:
    form["csrf_token"] = token_in(client.get("/", **HTTPS).text)
    assert client.post(path, data=form, **HTTPS).status_code == 303
    return _page(client, path.rpartition("/handover")[0] + "/handover")


def _rows(world: World, name: str = ALDER) -> list[Handover]:
    with world.rt.store.read() as session:
        mine = select(Handover).where(Handover.account_id == world.accounts[name].id).order_by(Handover.id)
        return list(session.scalars(mine))


def _prepared(world: World, client: FlaskClient, name: str = ALDER) -> str:
    """Prepare it; the address of it."""
    assert "nothing is handed over yet" in _press(client, _path(world, name))
    return f"{_path(world, name)}/{_rows(world, name)[-1].uid}"


def _seen(world: World) -> int:
    with world.rt.store.read() as session:
        return len(session.scalars(select(AuditEvent.id).where(AuditEvent.kind == "handover-downloaded")).all())


def test_first_the_page_says_what_else_could_be_tried_and_what_stands_against_it(
    shown: World, onlooker: FlaskClient
) -> None:
    page = _page(onlooker, _path(shown, "Kestrel Homes"))
    for words in (
        "What else could be tried first",
        "Offer parts, or more time",
        "All of it They wrote to us",
        "1102 Paying in parts They are paying in agreed parts.",
        "1102 Wrong person",
        "Open now £230.00",
        "You look through it before anybody else sees it.",
    ):
        assert words in page, words
    assert "020 7946 0018" in _page(onlooker, _path(shown))


def test_everything_in_it_can_be_read_before_it_is_released(world: World, ann: FlaskClient) -> None:
    way = _prepared(world, ann)
    page = _page(ann, _path(world))
    for words in (
        "Open then £3,015.50 €730.00",
        "Less open credit £45.00",
        "To: pay@alder.example Subject: Invoice 1042 from Bramley Joinery",
        "invoice 1042 is a few days late. Could you have a look?",
        "person Robin Alder robin@alder.example",
        "GBP 3015.50 on 3 invoices",
        "Release it to the agency",
    ):
        assert words in page, words
    assert _seen(world) == 0
    paper = ann.get(f"{way}/file", query_string={"name": "invoices/1042.pdf"}, **HTTPS)
    assert (paper.data, paper.mimetype) == (b"%PDF-1.4 1042", "application/pdf")
    assert paper.headers["Content-Disposition"] == 'attachment; filename="1042.pdf"'
    assert ann.get(f"{way}/file", query_string={"name": "statement.pdf"}, **HTTPS).data.startswith(b"%PDF-")
    assert _seen(world) == 2
    assert ann.get(f"{way}/file", **HTTPS).status_code == 404
    for wrong in (f"{way}/file?name=../x", f"{way}/zip"):
        assert ann.get(wrong, **HTTPS).status_code == 303
    assert "has to be released before it can be taken" in _page(ann, _path(world))
    assert _seen(world) == 2


def test_released_it_is_taken_whole_silences_the_customer_and_comes_back_with_one_click(
    world: World, ann: FlaskClient
) -> None:
    way = _prepared(world, ann)
    assert "give the agency's name" in _press(ann, f"{way}/release", agency=" ")
    page = _press(ann, f"{way}/release", agency="Heron <Recoveries>", note="We called.")
    assert "With Heron &lt;Recoveries&gt; since 18 Nov 2026, 10:30, released by Ann Harbour" in page
    assert "Nothing has come yet." in page
    whole = ann.get(f"{way}/zip", **HTTPS)
    assert whole.headers["Content-Disposition"] == 'attachment; filename="handover-Alder-Ash-Kitchens-2026-11-18.zip"'
    with ZipFile(io.BytesIO(whole.data)) as opened:
        assert "messages/2026-11-09-late-4.txt" in opened.namelist()
    account = _page(ann, f"/accounts/{world.accounts[ALDER].uid}")
    assert "With Heron &lt;Recoveries&gt; since" in account
    assert "With the agency: Ann Harbour looks after it." in account
    assert "Let go of: With the agency" not in account
    assert "Heron" in _page(ann, f"/companies/{world.bramley.uid}")
    with world.rt.store.read() as session:
        held = select(HoldRow.uid).where(HoldRow.account_id == world.accounts[ALDER].id, HoldRow.state == "open")
        uid = session.scalars(held).one()
    form = {"hold": uid, "csrf_token": token_in(ann.get("/", **HTTPS).text)}
    answer = ann.post(f"/accounts/{world.accounts[ALDER].uid}/release", data=form, follow_redirects=True, **HTTPS)
    assert "Call it back on the page of the hand-over" in answer.text
    page = _press(ann, f"{way}/recall")
    assert "Called back. The cadence goes on, one rung at a time." in page
    assert "for Heron &lt;Recoveries&gt; Called back" in page
    assert ann.get(f"{way}/zip", **HTTPS).status_code == 200
    with world.rt.store.read() as session:
        assert session.scalars(held).all() == []
        assert session.get_one(Account, world.accounts[ALDER].id).wake_at == world.rt.clock.now()


def test_what_came_since_is_shown_and_taken_for_the_agency(world: World, ann: FlaskClient) -> None:
    page = _page(ann, _path(world, "Rimu Rafting"))
    assert "Handed over $880.00 Of that still open $480.00" in page
    assert "Paid 18 Nov 2026 BACS 12 INV-022 400.00 $400.00" in page
    table = ann.get(f"{_path(world, 'Rimu Rafting')}/{world.released.uid}/since", **HTTPS)
    assert (table.mimetype, _seen(world)) == ("text/csv", 1)
    assert "payment,2026-11-18,BACS 12,NZD,400.00,INV-022 400.00" in table.text


def test_what_changed_meanwhile_is_said_and_has_to_be_looked_at_again(world: World, ann: FlaskClient) -> None:
    way = _prepared(world, ann)
    answers.dispute(world.rt, world.accounts[ALDER].id, world.invoices["1042"].uid, "Two doors are missing.")
    page = _page(ann, _path(world))
    assert "Something has changed since this was put together (disputes.csv)." in page
    assert "1042 Something is wrong" in page
    assert "Release it to the agency" not in page
    assert "disputes.csv. Prepare it anew." in _press(ann, f"{way}/release", agency="Heron")
    assert [row.state for row in _rows(world)] == ["prepared"]
    assert "disputes.csv: what they said was wrong, and the answers (1)" in _press(ann, _path(world))
    assert [row.state for row in _rows(world)] == ["discarded", "prepared"]


def test_thrown_away_it_is_gone_and_everything_is_as_before(world: World, ann: FlaskClient) -> None:
    way = _prepared(world, ann)
    assert "Nothing was handed over" in _press(ann, f"{way}/discard")
    assert ann.get(f"{way}/file?name=README.txt", **HTTPS).status_code == 303
    assert "was thrown away, with its file" in _page(ann, _path(world))
    assert _rows(world)[0].file_sealed is None


def test_nobody_is_offered_who_is_to_be_left_in_peace_or_owes_nothing(world: World, ann: FlaskClient) -> None:
    with world.rt.store.read() as session:
        robin = session.scalars(select(User.id).where(User.email == "ann@example.com")).one()
    holds.hold(world.rt, world.accounts[ALDER].id, Cause.BREATHING_SPACE, owner_id=robin)
    page = _page(ann, _path(world))
    assert "They have breathing space, and nobody is handed over while they do." in page
    assert "Put it together" not in page
    assert "What else could be tried" not in page
    with world.rt.store.write() as session:
        invoice = session.get_one(Invoice, world.invoices["1049"].id)
        invoice.balance_minor, invoice.status = 0, "paid"
    assert "Nothing is open any more" in _press(ann, _path(world, "Carver's Yard"))
    assert _rows(world) == _rows(world, "Carver's Yard") == []


def test_with_the_ledger_away_it_is_prepared_with_what_is_missing_and_not_released(
    world: World, ann: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.rt.ledgers["quickbooks"], "down", Transient("QuickBooks does not answer."))
    way = _prepared(world, ann)
    page = _page(ann, _path(world))
    assert "Today's figures The ledger could not be read just now. QuickBooks does not answer." in page
    assert "The invoice 1055 as PDF The ledger did not give it just now." in page
    assert "Nobody knows whether it is still open." in _press(ann, f"{way}/release", agency="Heron")
    assert [row.state for row in _rows(world)] == ["prepared"]


def test_a_hand_over_of_another_customer_or_practice_is_not_found(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    for way in ("release", "discard", "recall"):
        path = f"{_path(world)}/{world.prepared.uid}/{way}"
        assert ann.post(path, data={"csrf_token": token, "agency": "Heron"}, **HTTPS).status_code == 404
    for way in ("zip", "file?name=README.txt", "since"):
        assert ann.get(f"{_path(world)}/{world.released.uid}/{way}", **HTTPS).status_code == 404
    otto = sign_in(client_of(world.rt), "otto@example.com")
    stranger = client_of(world.rt)
    for way in ("", "/zip", "/file?name=README.txt", "/since"):
        path = _path(world, "Rimu Rafting") + (f"/{world.released.uid}{way}" if way else "")
        assert otto.get(path, **HTTPS).status_code == 404
        assert stranger.get(path, **HTTPS).location.startswith("/sign-in")

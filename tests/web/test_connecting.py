"""Connecting: state and verifier stay in the session; every way back that is not right is one clear sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from integrations.errors import Misconfigured
from integrations.ledgers.base import Feature
from models import Company, Connection
from tests.web.edges import HTTPS, PretendLedger, client_of, sign_in, token_in
from tests.web.world import World
from workflows import grants


def _begin(client: FlaskClient, kind: str = "xero") -> str:
    """Press Connect; the state that went to the vendor."""
    token = token_in(client.get("/", **HTTPS).text)
    answer = client.post(f"/connect/{kind}", data={"csrf_token": token}, **HTTPS)
    assert answer.status_code == 303
    assert answer.location.startswith(f"https://{kind}.example/authorize?")
    query = parse_qs(urlsplit(answer.location).query)
    assert query["redirect_uri"] == [f"https://dunlin.example/connect/{kind}/callback"]
    return query["state"][0]


def _come_back(client: FlaskClient, kind: str = "xero", **query: str) -> str:
    answer = client.get(f"/connect/{kind}/callback", query_string=query, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return answer.text


def _companies(world: World) -> int:
    with world.rt.store.read() as session:
        return session.scalar(select(func.count()).select_from(Company)) or 0


def test_a_refused_consent_connects_nothing(world: World, ann: FlaskClient) -> None:
    before, state = _companies(world), _begin(ann)
    assert "You did not allow access to Xero" in _come_back(ann, state=state, error="access_denied")
    assert _companies(world) == before


def test_an_answer_with_another_state_connects_nothing(ann: FlaskClient) -> None:
    _begin(ann)
    assert "did not match our question" in _come_back(ann, state="another", code="c")
    assert "No connection to Xero was under way" in _come_back(ann, state="another", code="c")


def test_an_answer_to_no_question_connects_nothing(ann: FlaskClient) -> None:
    assert "No connection to QuickBooks was under way" in _come_back(ann, "quickbooks", state="s", code="c")


def test_an_answer_from_another_ledger_than_asked_connects_nothing(ann: FlaskClient) -> None:
    state = _begin(ann, "xero")
    assert "No connection to QuickBooks was under way" in _come_back(ann, "quickbooks", state=state, code="c")


def test_an_answer_without_a_code_connects_nothing(ann: FlaskClient) -> None:
    assert "did not give access" in _come_back(ann, state=_begin(ann), error="server_error")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_ledger_we_do_not_know_is_no_page_or_a_sentence(ann: FlaskClient, method: str) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    if method == "GET":
        assert ann.get("/connect/abacus/callback", **HTTPS).status_code == 404
        return
    answer = ann.post("/connect/abacus", data={"csrf_token": token}, follow_redirects=True, **HTTPS)
    assert "no developer keys" in answer.text


# How a connection stands


class AskedLedger(PretendLedger):
    """A ledger that can be asked whether it still lets us in, and knows scopes."""

    scopes: ClassVar[Any] = {
        Feature.READ: (frozenset({"read"}),),
        Feature.PAYMENTS: (frozenset({"pay"}), frozenset({"all", "more"})),
    }
    limits: ClassVar[Any] = ()

    def company(self) -> None:
        """It lets us in."""


@pytest.fixture
def robin(world: World) -> FlaskClient:
    """The owner of the first practice in front of a QuickBooks that can be asked."""
    ledger = AskedLedger("quickbooks", "QuickBooks")
    world.rt = replace(world.rt, ledgers={**world.rt.ledgers, "quickbooks": ledger})
    return sign_in(client_of(world.rt))


def _change(world: World, **values: object) -> None:
    """Set columns of Bramley's connection and its permission."""
    with world.rt.store.write() as session:
        tie = session.scalars(
            select(Connection).where(Connection.company_id == world.bramley.id).options(joinedload(Connection.grant))
        ).one()
        for name, value in values.items():
            setattr(tie if hasattr(tie, name) else tie.grant, name, value)


def _post(client: FlaskClient, path: str, **form: str) -> str:
    """Press the button; the page one comes to."""
    token = token_in(client.get("/", **HTTPS).text)
    return client.post(path, data={"csrf_token": token, **form}, follow_redirects=True, **HTTPS).text


def test_the_connection_page_says_what_is_allowed_and_until_when(world: World, robin: FlaskClient) -> None:
    _change(world, scope="read", hard_expires_at=world.rt.clock.now() + timedelta(days=40))
    page = robin.get(f"/companies/{world.bramley.uid}/connection", **HTTPS).text
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", page, re.S)[1:]]
    assert rows == [
        "Read customers, invoices, payments and credit Yes read",
        "Book payments against invoices, and take them back No pay or all more",
    ]
    assert "28 Dec 2026" in page
    assert "Disconnect Bramley Joinery" in page


def test_the_connection_page_says_why_it_ended_and_offers_to_connect_that_company_again(
    world: World, robin: FlaskClient
) -> None:
    _change(world, state="needs_reconnect", ended_why="It was disconnected in QuickBooks.")
    for path in (f"/companies/{world.bramley.uid}/connection", "/connect/quickbooks/reconnect"):
        page = robin.get(path, **HTTPS).text
        assert "It was disconnected in QuickBooks." in page
        assert f'name="company" value="{world.bramley.uid}"' in page
    assert "Bramley" not in robin.get("/connect/xero/reconnect", **HTTPS).text


def test_the_connection_page_says_when_our_own_keys_are_at_fault(world: World, robin: FlaskClient) -> None:
    grants.note_trouble(world.rt, "quickbooks", Misconfigured("QuickBooks does not accept our keys."))
    page = robin.get(f"/companies/{world.bramley.uid}/connection", **HTTPS).text
    assert "QuickBooks does not accept our keys." in page
    assert "do not connect again" in page


def test_checking_a_connection_says_what_came_of_it(world: World, robin: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/check-connection"
    assert "The connection holds: QuickBooks let us in just now." in _post(robin, path)
    _change(world, state="needs_reconnect")
    assert "QuickBooks does not let us in. Connect Bramley Joinery again." in _post(robin, path)


def test_the_vendors_disconnect_address_is_for_people_signed_in_and_only_starts_a_check(
    world: World, robin: FlaskClient, stranger: FlaskClient
) -> None:
    assert "/sign-in" in stranger.get("/connect/quickbooks/disconnected?realmId=1", **HTTPS).location
    answer = robin.get("/connect/quickbooks/disconnected?realmId=9341452", follow_redirects=True, **HTTPS)
    assert "We are asking QuickBooks which companies are still connected" in answer.text
    assert "9341452" not in answer.text
    with world.rt.store.read() as session:
        company = session.get_one(Company, world.bramley.id)
        assert company.next_sync_at == world.rt.clock.now()
        assert "needs_reconnect" not in session.scalars(select(Connection.state)).all()
    assert robin.get("/connect/abacus/disconnected", **HTTPS).status_code == 404


def test_connecting_again_remembers_which_company_and_comes_back_to_it(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    company = {"csrf_token": token, "company": world.kauri.uid}
    answer = ann.post("/connect/xero", data=company, **HTTPS)
    state = parse_qs(urlsplit(answer.location).query)["state"][0]
    with ann.session_transaction(**HTTPS) as kept:
        assert kept["consent"]["company"] == world.kauri.uid
    assert "You did not allow access to Xero" in _come_back(ann, state=state, error="access_denied")


def test_another_practices_company_and_another_ledgers_cannot_be_connected_again(
    world: World, ann: FlaskClient
) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    for uid in (world.foreign.uid, world.bramley.uid, "nobody"):
        answer = ann.post("/connect/xero", data={"csrf_token": token, "company": uid}, **HTTPS)
        assert answer.status_code == 404
    for path in ("connection", "check-connection"):
        method = ann.get if path == "connection" else ann.post
        answer = method(f"/companies/{world.foreign.uid}/{path}", data={"csrf_token": token}, **HTTPS)
        assert answer.status_code == 404

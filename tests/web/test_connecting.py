"""Connecting: state and verifier stay in the session; every way back that is not right is one clear sentence."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models import Company
from tests.web.edges import HTTPS, token_in
from tests.web.world import World


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

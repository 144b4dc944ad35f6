"""What whoever watches over the installation is told: alive, ready, how it is; and an id to quote for each request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from models import Account, Company, Effect, Practice
from models.store import Store
from tests.web.edges import HTTPS, StillClock, client_of, new_store, runtime
from workflows import library, pulse
from workflows.runtime import Runtime, Upkeep

TOKEN = "t" * 40


@pytest.fixture
def store() -> Iterator[Store]:
    made = new_store()
    yield made
    made.close()


def ask(rt: Runtime, page: str, **headers: str) -> Any:
    return client_of(rt).get(page, headers={name.replace("_", "-"): value for name, value in headers.items()}, **HTTPS)


def ticked(rt: Runtime) -> Runtime:
    pulse.Pulses(rt).beat("sync", lambda _rt: 3)
    return rt


def test_health_says_that_the_process_lives_even_when_the_database_is_gone(store: Store) -> None:
    rt = runtime(store)
    store.close()
    answer = ask(rt, "/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_says_so_when_the_clock_has_ticked_lately(store: Store) -> None:
    answer = ask(ticked(runtime(store)), "/ready")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_pages_of_the_version_before_stay_ready_beside_newer_tables(store: Store) -> None:
    rt = ticked(runtime(store))
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert ask(rt, "/ready").status_code == 200


def test_ready_names_the_first_thing_that_is_wrong(store: Store) -> None:
    rt = ticked(runtime(store, clock=(clock := StillClock())))
    clock.moment += timedelta(minutes=6)
    answer = ask(rt, "/ready")
    assert (answer.status_code, answer.text) == (
        503,
        "The clock does not tick; start Dunlin anew and look at its log.\n",
    )
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert ask(rt, "/ready").text == "The tables are not those of this version; start Dunlin anew.\n"
    with store.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert (ask(rt, "/ready").status_code, ask(rt, "/ready").text) == (503, "The database does not answer.\n")


def test_who_asks_too_often_is_told_to_wait(store: Store) -> None:
    client = client_of(runtime(store))
    codes = {client.get("/health", **HTTPS).status_code for _ in range(130)}
    assert codes == {200, 429}


def test_without_a_token_there_are_no_metrics_and_with_one_only_its_bearer_sees_them(store: Store) -> None:
    assert ask(runtime(store), "/metrics").status_code == 404
    rt = runtime(store, upkeep=Upkeep(metrics_token=TOKEN))
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}, {"Authorization": "Bearer ü"}):
        assert ask(rt, "/metrics", **wrong).status_code == 401, wrong
    assert ask(rt, "/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200


def effects_of(rt: Runtime, states: dict[str, str]) -> None:
    """Messages of Bramley & Sons to Fern, by key."""
    now = rt.clock.now()
    with rt.store.write() as session:
        practice = Practice(uid="p", name="Sandpiper", created_at=now)
        session.add(practice)
        session.flush()
        version = library.shipped_version(rt, session, practice.id, "default").id
        about = {"name": "Bramley & Sons", "ledger_kind": "xero", "currency": "GBP", "country": "GB"}
        company = Company(uid="c", practice_id=practice.id, cadence_version_id=version, created_at=now, **about)
        session.add(company)
        session.flush()
        account = Account(uid="a", company_id=company.id, external_id="1", name="Fern")
        session.add(account)
        session.flush()
        ours = {"kind": "message", "company_id": company.id, "account_id": account.id, "not_before": now}
        for key, state in states.items():
            session.add(Effect(uid=key, key=key, state=state, created_at=now, updated_at=now, **ours))


def test_the_metrics_tell_what_waits_and_name_nobody(store: Store) -> None:
    rt = ticked(runtime(store, clock=(clock := StillClock()), upkeep=Upkeep(metrics_token=TOKEN)))
    effects_of(rt, {"1": "due", "2": "in_doubt", "3": "sent"})
    clock.moment += timedelta(seconds=90)
    page = ask(rt, "/metrics", Authorization=f"Bearer {TOKEN}").text
    for line in (
        'dunlin_effects{kind="message",state="due"} 1.0',
        'dunlin_effects{kind="message",state="in_doubt"} 1.0',
        "dunlin_oldest_due_effect_seconds 90.0",
        'dunlin_verb_well_seconds{verb="sync"} 90.0',
        "dunlin_needs_reconnect 0.0",
    ):
        assert line in page.splitlines()
    assert 'state="sent"' not in page, "what is done is not counted: it grows for ever"
    assert "Bramley" not in page
    assert "Fern" not in page


def test_requests_are_counted_by_endpoint_and_answer_never_by_address(store: Store) -> None:
    rt = runtime(store, upkeep=Upkeep(metrics_token=TOKEN))
    ask(rt, "/p/a-link-of-somebody")
    page = ask(rt, "/metrics", Authorization=f"Bearer {TOKEN}").text
    assert 'endpoint="portal.show"' in page
    assert "a-link-of-somebody" not in page


def test_a_method_that_somebody_made_up_is_counted_among_others(store: Store) -> None:
    rt = runtime(store, upkeep=Upkeep(metrics_token=TOKEN))
    client_of(rt).open("/health", method="BREW", **HTTPS)
    page = ask(rt, "/metrics", Authorization=f"Bearer {TOKEN}").text
    assert "BREW" not in page
    assert 'method="other"' in page


@pytest.fixture
def client(store: Store) -> FlaskClient:
    return client_of(runtime(store))


def test_every_answer_has_an_id_and_an_errors_page_shows_it(client: FlaskClient) -> None:
    answer = client.get("/nowhere", **HTTPS)
    given = answer.headers["X-Request-Id"]
    assert len(given) == 22
    assert f"<code>{given}</code>" in answer.text
    assert client.get("/nowhere", **HTTPS).headers["X-Request-Id"] != given


@pytest.mark.parametrize(
    ("sent", "kept"), [("abcdef-123456", True), ("a b", False), ("x" * 65, False), ("<i>12345678", False)]
)
def test_a_proxys_id_is_taken_only_where_it_is_one(client: FlaskClient, sent: str, kept: bool) -> None:
    answer = client.get("/health", headers={"X-Request-Id": sent}, **HTTPS)
    assert (answer.headers["X-Request-Id"] == sent) is kept


def test_the_demo_moves_its_own_clock_and_is_ready_without_ticks(store: Store) -> None:
    rt = runtime(store, mode="demo", public_url="http://127.0.0.1:8000")
    assert client_of(rt).get("/ready", base_url="http://127.0.0.1:8000").status_code == 200

"""What production's log says of a whole story: enough to follow each job and request, and of nobody anything at all."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import select, text, update

import app as house
from integrations import quiet
from models import Account, Company, Grant, User
from sandbox.quickbooks import faults as quickbooks_faults
from tests.town import Town
from workflows import clock, pulse
from workflows.runtime import Runtime

HTTPS = "https://dunlin.test"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything from debug up, ours and the libraries', as production writes it."""
    heard, before, root = io.StringIO(), structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet.speak(logging.DEBUG, heard, as_json=True)
    root.setLevel(logging.DEBUG)
    yield heard
    structlog.configure(**before)
    root.handlers, root.level = handlers, level


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town()
    made.customer("quickbooks", "fern", "Fernleigh Brothers", "wilhelmina@fernleigh.example")
    made.open("quickbooks", "A-1701", "fern", date(2026, 3, 4), "1234.56")
    made.open("quickbooks", "A-1702", "fern", date(2026, 3, 9), "77.77")
    yield made.begin(kinds=["quickbooks"])
    made.close()


def a_day(town: Town, pulses: pulse.Pulses) -> None:
    """Every verb once, each as a serving process runs it."""
    town.carry()
    for name, (verb, _) in clock.VERBS.items():
        pulses.beat(name, verb)


def confess(rt: Runtime) -> int:
    """A mistake of ours whose words, variables and SQL hold all there is."""
    with rt.store.write() as session:
        account = session.scalars(select(Account)).first()
        assert account is not None
        address = account.emails[0]
        session.execute(text("UPDATE account SET nothing = :a"), {"a": f"{address} owes USD 1,234.56"})
    return 0


def known(town: Town, link: str) -> dict[str, str]:
    """Every name, address, sum, link and key that a reader of the log could know somebody by, or get in with."""
    with town.rt.store.read() as session:
        found = {f"name {one.id}": one.name for one in session.scalars(select(Account))}
        found |= {f"address {one}": one for row in session.scalars(select(Account)) for one in row.emails}
        found |= {f"company {one.id}": one.name for one in session.scalars(select(Company))}
        found |= {f"replies {one.id}": one.email for one in session.scalars(select(Company))}
        for grant in session.scalars(select(Grant)):
            found[f"token {grant.id}"] = town.rt.vault.unseal(grant.access_sealed).decode()
        found |= {f"user {one.id}": one.email for one in session.scalars(select(User))}
    found |= {"link": link, "amount": "1234.56", "amount with a comma": "1,234.56", "smaller amount": "77.77"}
    found |= {f"vault {number}": key for number, key in enumerate(town.settings.secret_keys)}
    return found | {"index": town.settings.index_key, "realm": town.tenants["quickbooks"]}


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_the_log_of_days_full_of_trouble_names_nobody(town: Town, log: io.StringIO) -> None:
    rt, pulses = town.rt, pulse.Pulses(town.rt)
    client = house.create_app(town.settings, rt).test_client()
    link = town.checkout("A-1701")
    for fault in [*quickbooks_faults.ANSWERS][:12]:
        town.clock.move(town.now + timedelta(hours=5))
        town.quickbooks.plan_fault("/v3/company", fault, seconds=1)
        with rt.store.write() as session:
            session.execute(update(Company).values(next_sync_at=town.now))
        a_day(town, pulses)
    for name, verb in clock.NIGHTLY.items():
        pulses.beat(name, verb)
    pulses.beat("confess", confess)
    for page in ("/", f"/p/{link.rpartition('/')[2]}", "/p/forged-by-somebody", "/sign-in", "/webhooks/quickbooks"):
        client.get(page, base_url=HTTPS)
    client.post("/webhooks/quickbooks", data=b"wilhelmina@fernleigh.example", base_url=HTTPS)
    logging.getLogger("waitress").error("Exception while serving /p/%s", "a-link-that-was-signed")
    logging.getLogger("apscheduler").warning("Fernleigh's address is wilhelmina@fernleigh.example")

    said, everything = lines(log), log.getvalue()
    assert len(said) > 5, "it does say something"
    assert any(one.get("verb") == "confess" and "Traceback" in one["exception"] for one in said)
    assert all(len(one["job"]) == 22 for one in said if "verb" in one)
    told = {what: word for what, word in known(town, link).items() if word and word in everything}
    assert told == {}
    assert "a-link-that-was-signed" not in everything


def test_what_went_wrong_on_a_page_is_found_by_the_id_that_its_reader_can_quote(town: Town, log: io.StringIO) -> None:
    client = house.create_app(town.settings, town.rt).test_client()
    with town.rt.store.write() as session:
        session.execute(text("ALTER TABLE memory RENAME TO mislaid"))
        session.execute(text('ALTER TABLE "user" RENAME TO gone'))
    answer = client.get("/sign-in", base_url=HTTPS)
    assert answer.status_code == 500
    quoted = answer.headers["X-Request-Id"]
    assert quoted in answer.text
    (failed,) = (one for one in lines(log) if one["event"] == "a page failed")
    assert (failed["request"], failed["endpoint"]) == (quoted, "auth.sign_in")

"""No token, secret or organisation's id gets out of the vault: not into a log, a page, a note or an error's words.

Over real sockets, so that every library in between may speak, through every way in which the vendors can fail.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select

import app as house
from core.money import Money
from integrations import quiet
from integrations.errors import OutsideError
from integrations.ledgers.base import PaymentOrder
from integrations.transport import Transport
from models import AuditEvent, AuditKey, Base, User
from models.store import Store
from sandbox.quickbooks import faults as quickbooks_faults
from sandbox.wires import serve
from sandbox.xero import faults as xero_faults
from tests.stories.consent import consent, heron
from tests.stories.days import BOTH
from tests.town import Town
from workflows import connections, doctor, renewals, sign_ins, sync
from workflows.connections import with_ledger
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.vault import unseal_with

HTTPS = "https://dunlin.test"
FAULTS = {"quickbooks": [*quickbooks_faults.ANSWERS, quickbooks_faults.DROP], "xero": list(xero_faults.KINDS)}
PLACES = {
    "quickbooks": ("/v3/company", "/tokens/bearer"),
    "xero": ("/api.xro", "/connect/token", "/Connections"),
}


class OpenTown(Town):
    """The ledgers on loopback ports, spoken to by the libraries' own transport."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        for twin in (self.quickbooks, self.xero):
            twin.base_url = stack.enter_context(serve(twin.app)).url
            self.network.route(urlsplit(twin.base_url).netloc, twin.app)

    def start(self, store: Store | None = None) -> None:
        super().start(store)
        self.rt = replace(self.rt, transport=Transport())


class Ears:
    """Everything that was written to any log, and said to anybody."""

    def __init__(self) -> None:
        self.log, self.said = io.StringIO(), list[str]()

    def hear(self, act: Callable[[], object]) -> None:
        try:
            self.said.append(str(act()))
        except (OutsideError, Refusal) as error:
            self.said.append("".join(traceback.format_exception(error)))

    @property
    def everything(self) -> str:
        return "\n".join([self.log.getvalue(), *self.said])


@pytest.fixture
def ears() -> Iterator[Ears]:
    """Listening at debug to every logger there is."""
    made, root = Ears(), logging.getLogger()
    handler, before, others = logging.StreamHandler(made.log), root.level, root.handlers[:]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet.speak(logging.DEBUG, made.log)
    yield made
    root.handlers = others
    root.setLevel(before)


def secrets_of(town: Town, kind: str) -> set[str]:
    """Every token the vendor ever gave, our keys there, and the ids of organisations, people and connections."""
    twin = town.twin(kind)
    found = {twin.client_secret, *town.tenants.values(), *twin.tokens._access}
    for grant in twin.tokens.grants:
        found |= {grant.refresh, grant.subject, *grant.old_refresh}
    if kind == "xero":
        found |= {town.xero.user_id, *town.xero.connections}
    assert all(len(one) > 6 for one in found), found
    return found


def broken(town: Town, kind: str) -> bool:
    with town.rt.store.read() as session:
        return bool(connections.broken(session, Reach(town.practice_id), kind))


def signed_in(town: Town) -> FlaskClient:
    with town.rt.store.write() as session:
        fields = {"uid": "robin", "email": "robin@sandpiper.example", "name": "Robin", "password_hash": "-"}
        robin = User(role="accountant", practice_id=town.practice_id, created_at=town.now, **fields)
        session.add(robin)
        session.flush()
        user_id = robin.id
    client = house.create_app(town.settings, town.rt).test_client()
    with client.session_transaction(base_url=HTTPS) as kept:
        kept["browser"] = sign_ins.begin(town.rt, user_id, "")
    return client


def live_through(town: Town, kind: str, client: FlaskClient, ears: Ears) -> None:
    """A reading, a booking, and a person who opens a page that asks the ledger."""
    rt, company = town.rt, town.company(kind)
    reference, currency = town.new_id(), company.currency
    order = PaymentOrder("1", "1", Money(100, currency), date(2026, 3, 2), "1", reference)
    ears.hear(lambda: sync.sync_company(rt, company.id))
    ears.hear(lambda: with_ledger(rt, company.id, lambda ledger: ledger.write(order, ledger.prepare(order), reference)))
    look(client, ears, f"/companies/{company.uid}/settings")


def look(client: FlaskClient, ears: Ears, *pages: str) -> None:
    for page in pages:
        answer = client.get(page, base_url=HTTPS)
        ears.said += [answer.text, str(answer.headers)]


def look_around(town: Town, kind: str, client: FlaskClient, ears: Ears) -> None:
    company = f"/companies/{town.company(kind).uid}"
    look(client, ears, "/", "/desk", company, f"{company}/connection", f"/connect/{kind}/reconnect", "/nowhere")
    look(client, ears, f"/connect/{kind}/callback?realmId=1&code=c&state=s")
    ears.hear(lambda: list(doctor.complaints(town.rt)))
    ears.hear(lambda: renewals.refresh_idle(town.rt))
    ears.hear(lambda: connections.check(town.rt, town.company(kind).id))


def kept_in_the_open(town: Town) -> str:
    """Every row of every table as text, and the log's own payloads opened."""
    lines = []
    with town.rt.store.read() as session:
        for table in Base.metadata.sorted_tables:
            lines += [repr(tuple(row)) for row in session.execute(select(table))]
        whose = AuditKey.account_id.is_not_distinct_from(AuditEvent.account_id)
        for event, key in session.execute(
            select(AuditEvent, AuditKey).join(AuditKey, (AuditKey.company_id == AuditEvent.company_id) & whose)
        ):
            assert key.key_sealed is not None
            lines.append(unseal_with(town.rt.vault.unseal(key.key_sealed), event.payload_sealed).decode())
    return "\n".join(lines)


@BOTH
def test_nothing_secret_gets_out_whatever_goes_wrong(kind: str, ears: Ears) -> None:
    with ExitStack() as stack:
        town = OpenTown(stack)
        town.customer(kind, "fern")
        town.open(kind, "A-1", "fern", date(2026, 3, 9))
        town.begin(kinds=[kind])
        stack.callback(town.close)
        client = signed_in(town)
        look_around(town, kind, client, ears)
        for place in PLACES[kind]:
            for fault in FAULTS[kind]:
                town.clock.move(town.now + timedelta(hours=2))
                town.twin(kind).plan_fault(place, fault, seconds=1)
                live_through(town, kind, client, ears)
                if place == PLACES[kind][1] or broken(town, kind):
                    ears.hear(lambda: consent(town, kind, [town.tenants[kind]]))
                if broken(town, kind):
                    look_around(town, kind, client, ears)
                    town.clock.move(town.now + timedelta(seconds=1))
                    town.connect(kind)
        _give_and_take(town, kind, client, ears)
        heard, kept = ears.everything, kept_in_the_open(town)
        secrets = secrets_of(town, kind)
    assert len(secrets) > 10
    assert "sync failed" in heard, "our own log speaks"
    assert [one for one in sorted(secrets) if one in heard] == []
    assert [one for one in sorted(secrets) if one in kept] == []


def _give_and_take(town: Town, kind: str, client: FlaskClient, ears: Ears) -> None:
    """Refused consents, a made-up code, a permission that died, our keys refused, and the end of it all."""
    company = town.company(kind)
    ears.hear(lambda: consent(town, kind, [heron(town, kind)], company.uid))
    twin = town.twin(kind)
    right, twin.client_secret = twin.client_secret, "another-secret"
    town.clock.move(town.now + timedelta(hours=2))
    live_through(town, kind, client, ears)
    look_around(town, kind, client, ears)
    twin.client_secret = right
    twin.disconnect(town.tenants[kind])
    live_through(town, kind, client, ears)
    look_around(town, kind, client, ears)
    assert "must be connected again" in ears.everything


def test_our_own_log_shows_no_values_of_variables_in_a_traceback(ears: Ears) -> None:
    token = "a-token-in-a-variable"
    try:
        raise ValueError("It broke.")
    except ValueError:
        structlog.get_logger().exception("something broke")
    assert "It broke." in ears.log.getvalue()
    assert token not in ears.log.getvalue()


def test_the_libraries_own_words_go_nowhere_even_when_somebody_turns_them_up(ears: Ears) -> None:
    for name in ("requests_oauthlib.oauth2_session", "urllib3.connectionpool", "xero_python.rest", "oauthlib.oauth2"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.debug("a-token")
        logger.warning("/v3/company/9341452")
        logger.setLevel(logging.NOTSET)
    assert ears.log.getvalue() == ""

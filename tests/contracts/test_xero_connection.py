"""The Xero adapter's edges: consent and connections, webhooks, and how its bytes travel."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import oauth
from integrations.errors import BadSignature, InDoubt, Misconfigured, Reconnect, Rejected, Transient
from integrations.ledgers.base import LedgerSettings
from integrations.ledgers.xero import Xero
from integrations.oauth import Token
from integrations.transport import Transport
from sandbox.books import BookPayment, Company
from sandbox.wires import serve
from tests.sandbox.xero_world import CALLBACK, EURO, World, gathered

YEAR_START = date(2026, 1, 1)


@pytest.fixture
def world() -> World:
    return World()


# --- consent and connections ---


def test_the_consent_asks_for_granular_scopes_with_pkce(world: World) -> None:
    url, state, verifier = oauth.begin(world.xero.oauth, CALLBACK)
    asked = parse_qs(urlsplit(url).query)
    assert asked["scope"][0].split() == [
        *("openid", "profile", "email", "offline_access", "accounting.invoices"),
        *("accounting.payments", "accounting.contacts.read", "accounting.settings.read"),
    ]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"] == [state]
    assert 43 <= len(verifier) <= 128


def test_one_consent_may_give_several_organisations_to_one_person(world: World) -> None:
    other = world.twin.add_company(Company(EURO))
    _, first = world.connect(world.tenant)
    _, second = world.connect(other)
    assert first.holder == second.holder == world.twin.user_id
    assert [tenant.name for tenant in first.tenants] == ["Kiwi Trading Ltd"]
    assert [(tenant.id, tenant.fresh) for tenant in second.tenants] == [(world.tenant, False), (other, True)]


@pytest.mark.parametrize("untold", ["by the token", "by the list", "oddly"])
def test_where_nobody_tells_in_which_consent_it_was_given_every_organisation_counts_as_new(
    world: World, untold: str
) -> None:
    other = world.twin.add_company(Company(EURO))
    world.connect(world.tenant)
    token, _ = world.connect(other)
    if untold == "by the token":
        token = replace(token, access=_with_claims(token.access, authentication_event_id=None))
    elif untold == "oddly":
        token = replace(token, access=_with_claims(token.access, authentication_event_id=7))
    for one in world.twin.connections.values():
        one.event = "" if untold == "by the list" else one.event
    world.twin.tokens._access[token.access] = (world.twin.tokens.grants[0], world.now + timedelta(minutes=30))
    consent = world.xero.consent(token, {}, world.transport)
    assert [tenant.fresh for tenant in consent.tenants] == [True, True]


def _with_claims(access: str, **change: Any) -> str:
    head, body, sign = access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | change
    return ".".join((head, base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), sign))


@pytest.mark.parametrize("access", ["opaque", "a.b.c", "e30.e30.x"])
def test_a_token_that_names_nobody_is_refused(world: World, access: str) -> None:
    token = Token(access, "", (), world.now + timedelta(minutes=30))
    with pytest.raises(Rejected, match="whose it is"):
        world.xero.consent(token, {}, world.transport)


def test_disconnecting_one_organisation_leaves_the_other_and_may_be_repeated(world: World) -> None:
    other = world.twin.add_company(Company(EURO))
    token, consent = world.connect(world.tenant, other)
    connection = next(tenant.connection for tenant in consent.tenants if tenant.id == world.tenant)
    for _ in range(2):
        world.xero.disconnect(token, connection, world.transport)
    with pytest.raises(Reconnect):
        world.open(token, world.tenant).company()
    assert world.open(token, other).company().name == "Euro Service GmbH"


def test_an_organisations_id_is_not_a_connections_id(world: World) -> None:
    token, _ = world.connect()
    with pytest.raises(Rejected):
        world.xero.disconnect(token, world.tenant, world.transport)
    assert world.open(token).company().name == "Kiwi Trading Ltd"


def test_a_disconnect_in_xero_asks_to_connect_again(world: World) -> None:
    ledger = world.ledger()
    world.twin.disconnect(world.tenant)
    with pytest.raises(Reconnect, match="connect it again"):
        ledger.company()


def test_tokens_rotate_and_a_lost_answer_may_be_asked_again_with_the_old_one(world: World) -> None:
    token, _ = world.connect()
    world.twin.plan_fault("/connect/token", "drop")
    with pytest.raises(Transient):
        oauth.refresh(world.xero.oauth, token.refresh, world.transport, world.later(minutes=31))
    fresh = oauth.refresh(world.xero.oauth, token.refresh, world.transport, world.later(minutes=1))
    assert fresh.refresh != token.refresh
    assert world.open(fresh).company().name == "Kiwi Trading Ltd"
    world.later(minutes=31)
    with pytest.raises(Reconnect):
        oauth.refresh(world.xero.oauth, token.refresh, world.transport, world.now)


def test_revoking_ends_everything_the_person_gave(world: World) -> None:
    token, _ = world.connect()
    oauth.revoke(world.xero.oauth, token.refresh, world.transport)
    with pytest.raises(Reconnect):
        oauth.refresh(world.xero.oauth, token.refresh, world.transport, world.now)
    assert world.twin.connections == {}


def test_wrong_keys_of_ours_are_not_the_customers_fault(world: World) -> None:
    token, _ = world.connect()
    world.twin.client_secret = "changed at Xero"
    with pytest.raises(Misconfigured):
        oauth.refresh(world.xero.oauth, token.refresh, world.transport, world.now)


# --- webhooks ---


def test_what_people_do_in_xero_is_told_once_with_keys_that_repeat(world: World) -> None:
    world.connect()
    paid = world.order("INV-1")
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(115), date(2026, 11, 2)))
    world.twin.credit(world.tenant, "CN-1", "wilma", date(2026, 11, 2), Decimal(6))
    world.twin.archive(world.tenant, "wilma")
    [delivery] = world.twin.webhooks()
    events = world.xero.events(delivery.raw, delivery.headers)
    assert [event.entity for event in events] == ["invoice", "credit", "customer"]
    assert {event.tenant for event in events} == {world.tenant}
    assert events[0].id == paid.invoice
    assert [event.key for event in world.xero.events(delivery.raw, delivery.headers)] == [one.key for one in events]
    assert world.twin.webhooks() == []


def test_the_handshake_is_answered_truthfully(world: World) -> None:
    answers = []
    for delivery, _ in world.twin.handshake():
        try:
            answers.append(200 if world.xero.events(delivery.raw, delivery.headers) == () else 500)
        except BadSignature:
            answers.append(401)
    assert answers == [status for _, status in world.twin.handshake()] == [200, 401, 200]


def test_without_a_webhooks_key_nothing_is_believed(world: World) -> None:
    """Anybody can sign with an empty key."""
    raw = b'{"events":[]}'
    signature = base64.b64encode(hmac.new(b"", raw, hashlib.sha256).digest()).decode()
    keyless = Xero(LedgerSettings("id", "secret", "", *["https://xero.test"] * 4))
    with pytest.raises(Misconfigured, match="no webhooks key"):
        keyless.events(raw, {"x-xero-signature": signature})


def test_a_signature_is_over_the_raw_bytes_and_must_be_there(world: World) -> None:
    delivery, _ = world.twin.handshake()[0]
    shouted = {name.upper(): value for name, value in delivery.headers.items()}
    assert world.xero.events(delivery.raw, shouted) == ()
    for raw, headers in (
        (delivery.raw + b" ", delivery.headers),
        (delivery.raw, {}),
        (delivery.raw, {"x-xero-signature": "é"}),
    ):
        with pytest.raises(BadSignature):
            world.xero.events(raw, headers)


def test_odd_events_and_unknown_kinds_are_left_out_and_spelling_does_not_matter(world: World) -> None:
    def row(**change: str) -> dict[str, str]:
        about = {"resourceId": "r", "eventDateUtc": "2026-11-21T00:44:09.923", "tenantId": "t"}
        return about | {"eventType": "Update", "eventCategory": "INVOICE"} | change

    known = [row(), row(eventCategory="SUBSCRIPTION"), row(tenantId=""), row(eventType="UPDATE")]
    odd: list[Any] = [None, 7, "x", [], {"resourceId": 7, "tenantId": "t", "eventCategory": "INVOICE"}]
    raw = json.dumps({"events": [*odd, *known]}).encode()
    headers = {"x-xero-signature": world.twin.hooks._sign(raw, world.twin.webhook_key)}
    first, second = world.xero.events(raw, headers)
    assert first == second


@pytest.mark.parametrize("raw", [b"<html>", b'{"events":[{"resourceId":"\xff"}]}', b"[]"])
def test_a_signed_message_that_is_no_delivery_is_refused(world: World, raw: bytes) -> None:
    headers = {"x-xero-signature": world.twin.hooks._sign(raw, world.twin.webhook_key)}
    with pytest.raises(Rejected, match="could not be read"):
        world.xero.events(raw, headers)


# --- how bytes travel ---


class Watched:
    """A pool that notes what it is asked."""

    def __init__(self, pool: Any) -> None:
        self.pool, self.asked = pool, list[tuple[str, Any, dict[str, str], Any]]()

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.asked.append((url, options["timeout"], options["headers"], options.get("body") or options.get("fields")))
        return self.pool.request(method, url, **options)


def test_every_call_has_both_timeouts_the_tenant_and_words_for_yes(world: World) -> None:
    watched = Watched(world.network.pool())
    token, _ = world.connect()
    ledger = world.xero.open(token.access, world.tenant, Transport(world.network.adapter, lambda: watched), world.meter)
    cursor = gathered(list(ledger.snapshot(YEAR_START))).cursor or ""
    world.later(minutes=3)
    list(ledger.door(cursor, [world.order().customer]))
    order = world.order()
    body = ledger.prepare(order)
    ledger.write(order, body, "key-1")
    ledger.write(order, body, "key-1")
    for url, timeout, headers, _ in watched.asked:
        assert (timeout.connect_timeout, timeout.read_timeout) == (5, 60), url
        assert headers["xero-tenant-id"] == world.tenant
        assert headers["Accept"] == "application/json"
    assert ("includeArchived", "true") in watched.asked[0][3]
    assert any(headers.get("If-Modified-Since") == "2026-11-02T08:55:00+00:00" for _, _, headers, _ in watched.asked)
    assert watched.asked[-1][3] == watched.asked[-2][3]  # the same bytes, so the key fits
    assert json.loads(watched.asked[-1][3]) == json.loads(body)


App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def answering(world: World, status: str, headers: list[tuple[str, str]], change: Callable[[bytes], bytes]) -> App:
    """The twin behind something that changes every answer of the accounting API."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = b"".join(world.twin.app(environ, lambda *_: None))
        start_response(status, headers)
        return [change(body)]

    return app


def test_compressed_answers_are_asked_for_and_read(world: World) -> None:
    ledger = world.ledger()
    world.network.route("xero.test", answering(world, "200 OK", [("Content-Encoding", "gzip")], gzip.compress))
    assert ledger.company().name == "Kiwi Trading Ltd"


def test_a_page_in_place_of_an_answer_is_asked_again_or_left_in_doubt(world: World) -> None:
    ledger, order = world.ledger(), world.order()
    page = answering(world, "200 OK", [("Content-Type", "text/html")], lambda _: b"<html>maintenance</html>")
    world.network.route("xero.test", page)
    with pytest.raises(Transient, match="could not be read"):
        list(ledger.snapshot(YEAR_START))
    with pytest.raises(InDoubt, match="could not be read"):
        ledger.write(order, ledger.prepare(order), "key-1")


def test_nothing_modified_is_nothing_new_and_the_reading_goes_on_from_then(world: World) -> None:
    ledger = world.ledger()
    headers = [("Date", "Mon, 02 Nov 2026 09:00:00 GMT")]
    world.network.route("xero.test", answering(world, "304 Not Modified", headers, lambda _: b""))
    [*pages, last] = ledger.changes("2026-11-02T08:00:00+00:00")
    assert [(page.customers, page.invoices, page.credits) for page in pages] == [((), (), ())] * 6
    assert last.cursor == "2026-11-02T09:00:00+00:00"
    with pytest.raises(Transient):  # where nothing was asked about a time, it is no answer
        list(ledger.snapshot(YEAR_START))


@pytest.mark.parametrize("page", [b"<html>proxy</html>", b'{"Message":"\xff"}'])
def test_a_400_that_is_no_json_is_still_a_plain_refusal(world: World, page: bytes) -> None:
    ledger = world.ledger()
    world.network.route("xero.test", answering(world, "400 Bad Request", [], lambda _: page))
    with pytest.raises(Rejected, match="status 400") as caught:
        ledger.company()
    assert caught.value.code == "400"


def test_over_a_real_socket_a_broken_write_is_sent_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OAUTHLIB_INSECURE_TRANSPORT", "1")
    with serve(world.twin.app) as server:
        world.settle(server.url)
        world.transport = Transport()
        ledger, order = world.ledger(), world.order()
        assert len(gathered(list(ledger.snapshot(YEAR_START))).invoices) == 2
        world.twin.plan_fault("PUT /api.xro/2.0/Payments", "drop")
        with pytest.raises(InDoubt):
            ledger.write(order, ledger.prepare(order), "key-1")
        assert world.twin.calls["PUT /Payments"] == 1
        assert ledger.find(order) is not None
        world.twin.plan_fault("/Organisation", "429-day")
        with pytest.raises(Transient) as caught:
            ledger.company()
        assert caught.value.retry_after == 40000


def test_a_write_that_never_left_is_not_in_doubt(world: World) -> None:
    with serve(world.twin.app) as server:
        closed = server.url
    keys = ("id", "secret", "key")
    ledger = Xero(LedgerSettings(*keys, *[closed] * 4)).open("token", world.tenant, Transport(), world.meter)
    with pytest.raises(Transient):
        ledger.write(world.order(), ledger.prepare(world.order()), "key-1")

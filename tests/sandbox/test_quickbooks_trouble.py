"""What goes wrong in the pretend QuickBooks: every planned fault, throttles, tokens that die, and odd webhooks."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Thread
from xml.etree import ElementTree

import pytest
import requests

from sandbox.quickbooks import faults, hooks
from sandbox.wires import serve
from tests.sandbox.quickbooks_scene import START, Client, Scene, payment

HARD = {"x-include-refresh-token-hard-expires-in": "true"}


@pytest.fixture
def world() -> Scene:
    return Scene()


@pytest.fixture
def client(world: Scene) -> Client:
    return world.client()


# --- planned faults ---

SEEN = {  # kind: status, kind of body, and a word in it
    "504": (504, "text/html", ""),
    "403-permission": (403, "application/json", '"120"'),
    "503": (503, "text/html", "Service Unavailable"),
    "500": (500, "application/json", '"10000"'),
    "429": (429, "text/xml", "ThrottleExceeded"),
    "429-bare": (429, "text/xml", "ThrottleExceeded"),
    "429-month": (429, "application/json", "ThrottleExceeded"),
    "403-throttle": (403, "text/xml", "003001"),
    "403": (403, "application/json", "003100"),
    "401": (401, "application/json", "Token expired: id"),
    "401-xml": (401, "text/xml", "Authentication"),
    "200-fault": (200, "application/json", '"6190"'),
    "4002": (400, "application/json", '"Service"'),
}


@pytest.mark.parametrize("kind", sorted(SEEN))
def test_each_fault_has_its_shape_and_passes(client: Client, kind: str) -> None:
    client.world.twin.plan_fault("/preferences", kind)
    answer = client.get("preferences")
    status, mimetype, word = SEEN[kind]
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, mimetype)
    assert word in answer.text
    assert answer.headers["intuit_tid"]
    assert "Preferences" in client.get("preferences").json()


def test_every_fault_there_is_is_seen_here() -> None:
    assert SEEN.keys() | {"lost"} == faults.ANSWERS.keys()


@pytest.mark.parametrize(("kind", "done"), [("drop", 1), ("lost", 0)])
def test_a_lost_answer_is_a_broken_connection_on_real_wires_too(kind: str, done: int) -> None:
    world = Scene()
    access = world.sign_in()["access_token"]
    with serve(world.twin.app) as server:
        world.twin.plan_fault("POST /v3", kind)
        body = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}, "TotalAmt": 5}
        url, headers = f"{server.url}/v3/company/{world.realm}/payment", {"Authorization": f"Bearer {access}"}
        with pytest.raises(requests.RequestException):
            requests.post(url, json=body, headers=headers, timeout=5)
    assert len(world.twin.realms[world.realm].rows["Payment"]) == done


def test_a_fault_may_last_for_seconds_and_says_how_many_are_left(world: Scene, client: Client) -> None:
    world.twin.plan_fault("/query", "429", seconds=30)
    waits = []
    for _ in range(3):
        answer = client.get("query", query="SELECT * FROM Invoice")
        waits.append(answer.headers.get("Retry-After"))
        world.later(seconds=12)
    assert waits == ["30", "18", "6"]
    assert client.get("query", query="SELECT * FROM Invoice").status_code == 200


@pytest.mark.parametrize(("kind", "wait"), [("429", "60"), ("429-bare", None), ("429-month", None)])
def test_a_throttle_says_how_long_to_wait_or_does_not(client: Client, kind: str, wait: str | None) -> None:
    client.world.twin.plan_fault("GET /v3", kind)
    assert client.get("preferences").headers.get("Retry-After") == wait


def test_the_months_reads_stay_used_up_until_the_month_is_over(world: Scene) -> None:
    world.twin.plan_fault("GET /v3", "429-month", seconds=timedelta(days=28).total_seconds())
    for days in (0, 1, 25):
        world.later(days=days)
        assert world.client().get("preferences").status_code == 429
    world.later(days=2)
    assert world.client().get("preferences").status_code == 200


# --- throttles ---


def test_no_throttle_unless_one_is_switched_on(client: Client) -> None:
    assert {client.get("preferences").status_code for _ in range(30)} == {200}


def test_too_many_in_a_second_or_a_minute_are_throttled_in_xml(world: Scene, client: Client) -> None:
    world.twin.limits(per_second=3, per_minute=5)
    statuses = [client.get("preferences").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    world.later(seconds=1)
    answers = [client.get("preferences") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert ElementTree.fromstring(answers[-1].text).find(".//{*}Error[@code='3001']") is not None
    world.later(seconds=60)
    assert client.get("preferences").status_code == 200
    world.twin.limits()
    assert {client.get("preferences").status_code for _ in range(9)} == {200}


def test_batches_have_a_limit_of_their_own(world: Scene, client: Client) -> None:
    world.twin.limits(batches_per_minute=2)
    body = {"BatchItemRequest": [{"bId": "a", "Query": "SELECT COUNT(*) FROM Invoice"}]}
    assert [client.post("batch", body).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("preferences").status_code == 200


# --- tokens ---


def test_a_hurried_rotation_leaves_no_grace(world: Scene) -> None:
    first = world.sign_in()["refresh_token"]
    assert world.refresh(first).json()["refresh_token"] == first, "within a day the value stays"
    world.twin.rotate_now(world.realm)
    second = world.refresh(first).json()["refresh_token"]
    assert second != first
    assert world.refresh(first).json()["error"] == "invalid_grant"
    assert world.refresh(second).json()["refresh_token"] == second, "only the next one was hurried"


def test_an_ordinary_rotation_leaves_the_old_token_a_day(world: Scene) -> None:
    first = world.sign_in()["refresh_token"]
    world.later(hours=25)
    second = world.refresh(first).json()["refresh_token"]
    assert second != first
    assert world.refresh(first).json()["refresh_token"] == second, "whoever lost the answer may ask again"
    world.later(hours=25)
    assert world.refresh(first).json()["error"] == "invalid_grant"


def test_a_lost_answer_to_a_hurried_rotation_is_the_end(world: Scene) -> None:
    first = world.sign_in()["refresh_token"]
    world.twin.rotate_now(world.realm)
    world.twin.plan_fault("/tokens/bearer", "drop")
    with pytest.raises(requests.ConnectionError):
        world.refresh(first)
    assert world.refresh(first).status_code == 400


def test_a_customer_who_disconnects_ends_both_tokens_at_once(world: Scene) -> None:
    held = world.sign_in()
    client = Client(world, held["access_token"])
    world.twin.disconnect(world.realm)
    answer = client.get("preferences")
    assert (answer.status_code, answer.json()["fault"]["error"][0]["code"]) == (401, "3200")
    assert world.refresh(held["refresh_token"]).json()["error"] == "invalid_grant"
    world.twin.receive(world.realm, payment("1001", "1.00"))
    assert world.twin.webhooks() == []
    assert world.client().get("preferences").status_code == 200, "and may connect again"


def test_the_five_years_count_from_the_consent(world: Scene) -> None:
    token = world.sign_in()["refresh_token"]
    world.twin.authorised_at(world.realm, START - timedelta(days=5 * 365 - 60))
    left = world.refresh(token, **HARD).json()["x_refresh_token_hard_expires_in"]
    assert left == 60 * 86400
    world.later(days=59)
    assert world.refresh(token, **HARD).json()["x_refresh_token_hard_expires_in"] == 86400, "refreshing adds nothing"
    world.later(days=1)
    assert world.refresh(token).json()["error"] == "invalid_grant"
    assert world.sign_in()["refresh_token"] != token


def test_another_admin_takes_the_company_over(world: Scene) -> None:
    first = world.sign_in()
    second = world.sign_in(admin="sam@acme.test")
    assert Client(world, first["access_token"]).get("preferences").status_code == 401
    assert world.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert Client(world, second["access_token"]).get("preferences").status_code == 200
    again = world.sign_in(admin="sam@acme.test")
    assert Client(world, second["access_token"]).get("preferences").status_code == 200, "the same admin ends nothing"
    assert Client(world, again["access_token"]).get("preferences").status_code == 200


def test_token_calls_are_counted_by_what_they_are_for(world: Scene) -> None:
    token = world.sign_in()["refresh_token"]
    with serve(world.twin.app) as server:
        fields = {"grant_type": "refresh_token", "refresh_token": token}
        auth = (world.twin.client_id, world.twin.client_secret)
        url = f"{server.url}/oauth2/v1/tokens/bearer"
        threads = [Thread(target=requests.post, args=(url, fields), kwargs={"auth": auth}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert world.twin.token_calls == {"authorization_code": 1, "refresh_token": 8}


# --- webhooks ---


def told(world: Scene, how: str) -> list[tuple[bool, list[int]]]:
    """(rightly signed, which of two payments) of each delivery."""
    ids = [world.twin.receive(world.realm, payment("1001", "1.00")) for _ in range(2)]
    found = []
    for hook in world.twin.webhooks(how):
        signed = hook.headers["intuit-signature"] == hooks.sign(hook.raw, world.twin.webhook_key)
        found.append((signed, [ids.index(event["intuitentityid"]) for event in json.loads(hook.raw)]))
    return found


@pytest.mark.parametrize(
    ("how", "deliveries"),
    [
        ("", [(True, [0, 1])]),
        ("twice", [(True, [0, 1]), (True, [0, 1])]),
        ("backwards", [(True, [1]), (True, [0])]),
        ("unsigned", [(False, [0, 1]), (True, [0, 1])]),
    ],
)
def test_webhooks_come_as_they_are_told_to(world: Scene, how: str, deliveries: list[tuple[bool, list[int]]]) -> None:
    world.sign_in()
    assert told(world, how) == deliveries
    assert world.twin.webhooks(how) == []


def test_a_payment_may_send_news_of_its_invoice_too(world: Scene) -> None:
    world.sign_in()
    seen = []
    for on in (False, True):
        world.twin.tell_linked(world.realm, on=on)
        world.twin.receive(world.realm, payment("1001", "1.00"))
        [hook] = world.twin.webhooks()
        seen.append({event["type"] for event in json.loads(hook.raw)})
    assert seen == [{"qbo.payment.created.v1"}, {"qbo.payment.created.v1", "qbo.invoice.updated.v1"}]


def test_a_repeated_delivery_is_the_same_to_the_byte(world: Scene) -> None:
    world.sign_in()
    world.twin.receive(world.realm, payment("1001", "1.00"))
    first, second = world.twin.webhooks("twice")
    assert first == second
    with pytest.raises(ValueError, match="twice, backwards, unsigned"):
        world.twin.webhooks("sideways")

"""QuickBooks' webhooks beyond the everyday: merges, several companies in one body, odd entries among good ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import Rejected
from integrations.ledgers.base import LedgerEvent, LedgerSettings
from integrations.ledgers.quickbooks import QuickBooks
from tests.sandbox.quickbooks_world import World

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples/quickbooks"
KEY = "verifier"


def events(body: Any) -> list[LedgerEvent]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = base64.b64encode(hmac.new(KEY.encode(), raw, hashlib.sha256).digest()).decode()
    kind = QuickBooks(LedgerSettings("id", "secret", KEY, "", "", "", ""))
    return list(kind.events(raw, {"intuit-signature": signature}))


def cloud(**fields: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "id": "e1",
        "source": "intuit.x",
        "type": "qbo.invoice.updated.v1",
        "time": "2026-10-07T19:59:07.034359333Z",
        "intuitentityid": "12",
        "intuitaccountid": "310687",
        "data": {},
    } | fields
    return {name: value for name, value in whole.items() if value is not ...}


def legacy(*entities: dict[str, Any], realm: str = "310687") -> dict[str, Any]:
    return {"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}


@pytest.mark.parametrize(
    "odd", [{"datacontenttype": ...}, {"data": None}, {"data": ...}, {"time": ...}, {"time": None}]
)
def test_an_event_needs_only_its_company_its_kind_and_its_row(odd: dict[str, Any]) -> None:
    assert events([cloud(**odd)]) == [LedgerEvent("310687", "invoice", "12", "e1")]


def test_one_body_may_speak_of_several_companies() -> None:
    assert [event.tenant for event in events([cloud(), cloud(id="e2", intuitaccountid="9")])] == ["310687", "9"]
    row = {"name": "CreditMemo", "id": "1", "operation": "Update", "lastUpdated": "2026-01-01T00:00:00Z"}
    told = events({"eventNotifications": [legacy(row), legacy(row, realm="9")]})
    assert [(event.tenant, event.entity) for event in told] == [("310687", "credit"), ("9", "credit")]
    assert len({event.key for event in told}) == 2


@pytest.mark.parametrize("name", ["deletedid", "deletedId"])
def test_a_merge_speaks_of_both_customers(name: str) -> None:
    new = events([cloud(type="qbo.customer.merged.v1", data={name: "13"})])
    assert [(event.entity, event.id) for event in new] == [("customer", "12"), ("customer", "13")]
    row = {"name": "Customer", "id": "12", "operation": "Merge", "lastUpdated": "2026-01-01T00:00:00Z", name: "13"}
    old = events({"eventNotifications": [legacy(row)]})
    assert [(event.entity, event.id) for event in old] == [("customer", "12"), ("customer", "13")]
    assert all(len({event.key for event in told}) == 2 for told in (new, old))


@pytest.mark.parametrize("legacy_shape", [False, True])
def test_a_merge_in_the_pretend_quickbooks_tells_of_both(legacy_shape: bool) -> None:
    world = World()
    world.connect()
    world.twin.legacy_webhooks = legacy_shape
    world.twin.merge(world.realm, "bill", "amy")
    told = {
        (event.entity, event.id)
        for hook in world.twin.webhooks()
        for event in world.quickbooks.events(hook.raw, hook.headers)
    }
    assert {("customer", world.row("Customer", key)["Id"]) for key in ("amy", "bill")} <= told


@pytest.mark.parametrize(
    "odd", [None, 5, {}, {"type": "qbo"}, {"intuitentityid": None, "type": "qbo.invoice.updated.v1"}]
)
def test_an_odd_entry_costs_itself_alone(odd: Any) -> None:
    assert [event.id for event in events([cloud(), odd, cloud(id="e2", intuitentityid=14)])] == ["12", "14"]


def test_other_kinds_of_rows_are_told_under_their_own_name() -> None:
    kinds = ("term", "preferences", "vendor", "salesReceipt")
    told = events([cloud(id=kind, type=f"qbo.{kind}.created.v1") for kind in kinds])
    assert [event.entity for event in told] == ["term", "preferences", "vendor", "salesreceipt"]


@pytest.mark.parametrize("body", [b"not json", b"\xff", 5, "text", {}, {"other": []}, [5], [{}]])
def test_a_signed_body_in_which_nothing_can_be_read_is_refused(body: Any) -> None:
    with pytest.raises(Rejected):
        events(body)


@pytest.mark.parametrize("body", [[], {"eventNotifications": []}])
def test_an_empty_body_tells_nothing(body: Any) -> None:
    assert events(body) == []


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample material beside the checkout")
def test_every_sample_of_a_message_is_read() -> None:
    found = {
        path.name: events(path.read_bytes()) for path in SAMPLES.glob("webhook_*.json") if "vector" not in path.name
    }
    assert len(found) >= 6
    assert all(found.values())
    assert found["webhook_cloudevents_dotnet.json"][0].entity == "class"

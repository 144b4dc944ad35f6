"""How the pretend QuickBooks is brought into the situation of each recorded answer, and what it then answers.

Situations only: which file belongs to which, and what may differ, stands in `test_quickbooks_samples.py`.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.quickbooks import shapes
from tests.sandbox.quickbooks_scene import START, Client, payment

Json = Any


def _writable(entity: str, sample: Json) -> dict[str, Json]:
    """What a person could have typed in to make this row."""
    return {name: value for name, value in sample.items() if name in shapes.WRITABLE[entity]}


def made_customer(client: Client, sample: Json, parents: dict[str, str] | None = None) -> Json:
    fields = _writable("Customer", sample)
    if "ParentRef" in fields:
        fields["ParentRef"] = {"value": (parents or {})[fields["ParentRef"]["value"]]}
    return client.post("customer", fields).json()["Customer"]


def made_invoice(client: Client, sample: Json, customer: str, entity: str = "Invoice") -> Json:
    """The sample's invoice; one that is void in the sample gets amounts first and is voided then."""
    fields = _writable(entity, sample) | {"CustomerRef": {"value": customer}}
    fields["Line"] = json.loads(json.dumps(sample["Line"]))
    void = sample["TotalAmt"] == 0 and fields.pop("PrivateNote", "") == "Voided"
    for line in fields["Line"]:
        line["Amount"] = line["Amount"] or 5
        if "ItemRef" in line.get("SalesItemLineDetail", {}):
            line["SalesItemLineDetail"]["ItemRef"] = {"value": "1"}
    row = client.post(entity.lower(), fields, include="allowduplicatedocnum").json()[entity]
    if void:
        return client.post("invoice", {"Id": row["Id"], "SyncToken": "0"}, operation="void").json()[entity]
    return row


def amy(client: Client, sample: Json) -> str:
    """A customer with the addresses of the sample's invoice."""
    addresses = {name: sample[name] for name in ("BillAddr", "ShipAddr") if name in sample}
    fields = {"DisplayName": f"Amy {sample.get('DocNumber', '')}", **addresses}
    return str(client.post("customer", fields).json()["Customer"]["Id"])


def customer_answer(client: Client, sample: Json) -> Json:
    row = made_customer(client, sample["Customer"])
    return client.get(f"customer/{row['Id']}").json()


def customer_update(client: Client, sample: Json) -> Json:
    row = client.post("customer", {"DisplayName": "Jack Mow"}).json()["Customer"]
    fields = {"DisplayName": "Jack Moe", "PrimaryPhone": sample["Customer"]["PrimaryPhone"]}
    return client.post("customer", {**fields, "Id": row["Id"], "SyncToken": "0"}).json()


def customer_by_name(client: Client, sample: Json) -> Json:
    fields = _writable("Customer", sample["QueryResponse"]["Customer"][0]) | {"DisplayName": "Amy's Other Sanctuary"}
    client.post("customer", fields)
    return client.get("query", query="SELECT * FROM Customer WHERE DisplayName = 'Amy\\'s Other Sanctuary'").json()


def customer_list(client: Client, sample: Json) -> Json:
    rows = sample["QueryResponse"]["Customer"]
    ids: dict[str, str] = {}
    for row in sorted(rows, key=lambda one: one.get("Level", 0)):
        typed = {**row, "DisplayName": f"{row['DisplayName']} II"}
        ids[row["Id"]] = made_customer(client, typed, ids)["Id"]
    statement = "SELECT * FROM Customer WHERE DisplayName LIKE '% II' MAXRESULTS 1000 STARTPOSITION 1"
    answer = client.get("query", query=statement).json()
    by_id = {row["Id"]: row for row in answer["QueryResponse"]["Customer"]}
    answer["QueryResponse"]["Customer"] = [by_id[ids[row["Id"]]] for row in rows]
    return answer


def count(client: Client, _sample: Json) -> Json:
    return client.get("query", query="SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)").json()


def invoice_answer(client: Client, sample: Json) -> Json:
    row = made_invoice(client, sample["Invoice"], amy(client, sample["Invoice"]))
    return client.get(f"invoice/{row['Id']}").json()


def invoice_list(client: Client, sample: Json) -> Json:
    """One of the list was cut down to its subtotal by its author: nobody could make that."""
    makeable = [row for row in sample if any(line["DetailType"] != "SubTotalLineDetail" for line in row["Line"])]
    return [made_invoice(client, row, amy(client, row)) for row in makeable]


def credit_memos(client: Client, sample: Json) -> Json:
    return [made_invoice(client, row, amy(client, row), "CreditMemo") for row in sample]


def invoice_deleted(client: Client, _sample: Json) -> Json:
    row = client.world.row("Invoice", "1001")
    return client.post("invoice", {"Id": row["Id"], "SyncToken": "0"}, operation="delete").json()


def _payment_fields(client: Client, total: float, applied: float) -> dict[str, Json]:
    row = client.world.row("Invoice", "1001")
    lines = [{"Amount": applied, "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}]
    return {"CustomerRef": {"value": row["CustomerRef"]["value"]}, "TotalAmt": total, "Line": lines}


def payment_with_rest(client: Client, _sample: Json) -> Json:
    return client.post("payment", _payment_fields(client, 65.0, 55.0)).json()


def payment_deleted(client: Client, _sample: Json) -> Json:
    id = client.post("payment", _payment_fields(client, 65.0, 55.0)).json()["Payment"]["Id"]
    return client.post("payment", {"Id": id, "SyncToken": "0"}, operation="delete").json()


def payment_voided(client: Client, _sample: Json) -> Json:
    fields = _payment_fields(client, 65.0, 55.0) | {"PaymentMethodRef": {"value": "2"}}
    id = client.post("payment", fields).json()["Payment"]["Id"]
    body = {"SyncToken": "0", "Id": id, "sparse": True}
    return client.post("payment", body, operation="update", include="void").json()


def payment_linking_credit(client: Client, _sample: Json) -> Json:
    world = client.world
    memo = world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal(30))
    fields = _payment_fields(client, 0, 30) | {"PaymentMethodRef": {"value": "16"}, "PaymentRefNum": "123456"}
    fields["Line"].append({"Amount": 30, "LinkedTxn": [{"TxnId": memo, "TxnType": "CreditMemo"}]})
    return client.post("payment", fields).json()


def company(client: Client, _sample: Json) -> Json:
    return client.get(f"companyinfo/{client.world.realm}").json()["CompanyInfo"]


def preferences(client: Client, sample: Json) -> Json:
    client.world.twin.lock(client.world.realm, date(2018, 12, 31))
    answer = client.get("preferences").json()
    if isinstance(sample, list):
        return [answer["Preferences"]]
    return answer if "Preferences" in sample else {name: answer["Preferences"][name] for name in sample}


def cdc_live(client: Client, _sample: Json) -> Json:
    return client.get("cdc", entities="invoice", changedSince=(START - timedelta(days=2)).isoformat()).json()


def cdc_empty(client: Client, _sample: Json) -> Json:
    return client.get("cdc", entities="Payment", changedSince=START.isoformat()).json()


def cdc_deleted(client: Client, _sample: Json) -> Json:
    client.world.twin.delete(client.world.realm, "1001")
    since = (START - timedelta(days=2)).isoformat()
    return client.get("cdc", entities="Customer,Invoice", changedSince=since).json()


def batch(client: Client, _sample: Json) -> Json:
    """A creation, a deletion of what is not there, a stale update and a query, together."""
    update = {"Id": client.world.row("Invoice", "1001")["Id"], "SyncToken": "9", "sparse": True, "PrivateNote": "x"}
    items: list[Json] = [
        {"bId": "bid1", "operation": "create", "Customer": {"DisplayName": "Boraski Family Store"}},
        {"bId": "bid2", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"bId": "bid3", "operation": "update", "Invoice": update},
        {"bId": "bid4", "Query": "select * from Invoice where TotalAmt > '30.00'"},
    ]
    return client.post("batch", {"BatchItemRequest": items}).json()


def items(client: Client, _sample: Json) -> Json:
    return client.get("query", query="SELECT * FROM Item").json()


def unknown_property(client: Client, _sample: Json) -> Json:
    return client.post("invoice", {"BadJson": 1}).json()


def bad_id(client: Client, _sample: Json) -> Json:
    return client.get("customer/1.5").json()


def unsupported(client: Client, _sample: Json) -> Json:
    return client.get("customer/1/5").json()


def duplicate_name(client: Client, _sample: Json) -> Json:
    return client.post("customer", {"DisplayName": "Amy's Bird Sanctuary"}).json()


def not_found(client: Client, _sample: Json) -> Json:
    return client.get("invoice/4711").json()


def stale(client: Client, _sample: Json) -> Json:
    row = client.world.row("Invoice", "1001")
    return client.post("invoice", {"Id": row["Id"], "SyncToken": "7", "sparse": True, "PrivateNote": "x"}).json()


def stale_void(client: Client, _sample: Json) -> Json:
    row = client.world.row("Invoice", "1001")
    return client.post("invoice", {"Id": row["Id"], "SyncToken": "7"}, operation="void").json()


def bad_query(client: Client, _sample: Json) -> Json:
    return client.get("query", query="SELECT * FROM").json()


def broken_address(client: Client, _sample: Json) -> Json:
    client.world.twin.plan_fault("/cdc", "4002")
    return cdc_empty(client, None)


def expired(client: Client, _sample: Json) -> Json:
    client.world.later(hours=2)
    return client.get("customer/1").json()


def throttled_xml(client: Client, _sample: Json) -> Json:
    client.world.twin.plan_fault("/customer", "429")
    return client.get("customer/1").text


def unauthorised_xml(client: Client, _sample: Json) -> Json:
    client.world.twin.plan_fault("/customer", "401-xml")
    return client.get("customer/1").text


def discovery(client: Client, _sample: Json) -> Json:
    return client.session.get(f"{client.world.base}/.well-known/openid_configuration").json()


def refreshed(client: Client, sample: Json) -> Json:
    token = client.world.twin.tokens.grants[0].refresh
    asked = {"x-include-refresh-token-hard-expires-in": "true"} if "x_refresh_token_hard_expires_in" in sample else {}
    return client.world.refresh(token, **asked).json()


def refused_refresh(client: Client, _sample: Json) -> Json:
    return client.world.refresh("nonsense").json()


def refused_revocation(client: Client, _sample: Json) -> Json:
    twin = client.world.twin
    auth, body = (twin.client_id, twin.client_secret), {"token": "nonsense"}
    return client.world.browser().post(f"{client.world.base}/v2/oauth2/tokens/revoke", json=body, auth=auth).json()


def webhook(client: Client, sample: Json) -> Json:
    world = client.world
    world.twin.legacy_webhooks = isinstance(sample, dict)
    world.twin.receive(world.realm, payment("1001", "1.00"))
    world.twin.void(world.realm, "1002")
    [hook] = world.twin.webhooks()
    return json.loads(hook.raw)

"""Expenses and untaxed invoices that an app writes into the pretend QuickBooks, and what it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks_scene import ABROAD, ACME, Scene, code


@pytest.fixture
def world() -> Scene:
    return Scene()


def account(world: Scene, name: str) -> dict[str, str]:
    rows = world.twin.realms[world.realm].rows["Account"].values()
    return {"value": next(row["Id"] for row in rows if row["Name"] == name)}


def purchase(world: Scene, **fields: Any) -> dict[str, Any]:
    """The body of an expense of 2.90 for fees, paid from the clearing account."""
    detail = {"AccountRef": account(world, "Payment processing fees")}
    line = {"Amount": 2.9, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    return {"PaymentType": "Cash", "AccountRef": account(world, "Undeposited Funds"), "Line": [line]} | fields


def test_an_expense_is_kept_listed_and_told_like_any_transaction(world: Scene) -> None:
    client = world.client()
    world.twin.webhooks()
    made = client.post("purchase", purchase(world, DocNumber="po-7", PrivateNote="fees")).json()["Purchase"]
    assert (made["TotalAmt"], made["TxnDate"], made["AccountRef"]["name"]) == (2.9, "2026-11-02", "Undeposited Funds")
    assert [row["Id"] for row in client.query("SELECT * FROM Purchase WHERE DocNumber = 'po-7'")["Purchase"]] == [
        made["Id"]
    ]
    assert client.query("SELECT * FROM Purchase WHERE DocNumber = 'po-8'") == {}
    assert client.get(f"purchase/{made['Id']}").json()["Purchase"]["PrivateNote"] == "fees"
    [block] = client.cdc(world.now, "Purchase")
    assert [row["Id"] for row in block["Purchase"]] == [made["Id"]]
    [event] = [one for hook in world.twin.webhooks() for one in json.loads(hook.raw)]
    assert (event["type"], event["intuitentityid"]) == ("qbo.purchase.created.v1", made["Id"])
    [spent] = world.twin.expenses(world.realm)
    assert (spent.id, spent.amount, spent.note) == (made["Id"], Decimal("2.9"), "fees")


def test_a_deleted_expense_leaves_a_stub(world: Scene) -> None:
    client = world.client()
    made = client.post("purchase", purchase(world)).json()["Purchase"]
    assert client.post("purchase", {"Id": made["Id"], "SyncToken": "0"}, operation="delete").status_code == 200
    assert (world.twin.expenses(world.realm), client.query("SELECT * FROM Purchase")) == ([], {})
    [block] = client.cdc(world.now, "Purchase")
    assert [row["status"] for row in block["Purchase"]] == ["Deleted"]


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"PaymentType": None}, "2020"),
        ({"AccountRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"AccountRef": {"value": "999"}}, "2500"),
        ({"PaymentType": "Barter"}, "6000"),
        ({"PaymentType": "Check"}, "6000"),
        ({"Line": [{"Amount": 1, "DetailType": "ItemBasedExpenseLineDetail"}]}, "6000"),
        ({"Line": [{"Amount": 1, "DetailType": "AccountBasedExpenseLineDetail"}]}, "2020"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"Surprise": 1}, "2010"),
    ],
)
def test_an_expense_must_say_from_where_and_on_what(world: Scene, change: dict[str, Any], refused: str) -> None:
    assert code(world.client().post("purchase", purchase(world) | change)) == refused
    assert world.twin.expenses(world.realm) == []


def test_nothing_is_spent_in_another_currency_or_in_closed_books() -> None:
    world = Scene(about=ABROAD)
    client = world.client()
    assert code(client.post("purchase", purchase(world, CurrencyRef={"value": "EUR"}))) == "6000"
    world.twin.lock(world.realm, world.now.date())
    assert code(client.post("purchase", purchase(world))) == "6210"
    assert world.twin.expenses(world.realm) == []


@pytest.mark.parametrize("entity", ["purchase", "invoice"])
@pytest.mark.parametrize(
    ("country", "whole", "tax_code", "refused"),
    [
        ("GB", {}, "", "6000"),
        ("GB", {"GlobalTaxCalculation": "TaxExcluded"}, "", "6000"),
        ("GB", {"GlobalTaxCalculation": "NotApplicable"}, "NON", "2500"),
        ("GB", {"GlobalTaxCalculation": "NotApplicable"}, "", ""),
        ("US", {}, "77", "2500"),
        ("US", {}, "NON", ""),
        ("US", {}, "", ""),
    ],
)
def test_no_tax_is_said_in_another_way_outside_the_us(
    entity: str, country: str, whole: dict[str, str], tax_code: str, refused: str
) -> None:
    world = Scene(about=replace(ACME, country=country))
    body = purchase(world)
    if entity == "invoice":
        line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "4"}}}
        body = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}, "Line": [line]}
    [line] = body["Line"]
    if tax_code:
        line[line["DetailType"]] |= {"TaxCodeRef": {"value": tax_code}}
    answer = world.client().post(entity, body | whole)
    assert (answer.status_code, code(answer) if refused else "") == (400 if refused else 200, refused)

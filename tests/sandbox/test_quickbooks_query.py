"""The pretend QuickBooks is asked: its query language, its feed of changes, and several questions in one batch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.quickbooks_scene import START, Client, Scene, invoice, payment


@pytest.fixture
def client() -> Client:
    return Scene().client()


def numbers(client: Client, where: str) -> list[str]:
    answer = client.query(f"SELECT * FROM Invoice WHERE {where}")
    return [row["DocNumber"] for row in answer.get("Invoice", [])]


# --- the query language ---


def test_a_hundred_rows_are_given_unless_more_are_asked_for(client: Client) -> None:
    for number in range(1100):
        client.world.twin.add_invoice(client.world.realm, invoice(f"B{number}", amount="1.00"))
    assert client.query("SELECT * FROM Invoice")["maxResults"] == 100
    assert client.query("SELECT * FROM Invoice MAXRESULTS 5000")["maxResults"] == 1000
    rest = client.query("SELECT * FROM Invoice STARTPOSITION 1001 MAXRESULTS 1000")
    assert (rest["startPosition"], len(rest["Invoice"])) == (1001, 102)
    assert client.query("SELECT * FROM Invoice STARTPOSITION 1103") == {}
    assert client.query("SELECT COUNT(*) FROM Invoice") == {"totalCount": 1102}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Balance > '50'", ["1001"]),
        ("Balance <= '46.6' AND DueDate = '2026-10-31'", ["1002"]),
        ("DocNumber IN ('1001', '1002')", ["1001", "1002"]),
        ("DocNumber LIKE '10%2'", ["1002"]),
        ("Id = '2'", ["1002"]),
        ("CustomerRef = '1'", ["1001"]),
        ("TxnDate >= '2026-10-02'", []),
        ("MetaData.LastUpdatedTime > '2026-11-01T17:00:00Z'", []),
        ("MetaData.LastUpdatedTime >= '2026-11-01T09:00:00-08:00'", ["1001", "1002"]),
        ("MetaData.LastUpdatedTime >= '2026-11-01T09:00:00'", ["1001", "1002"]),
    ],
)
def test_rows_are_chosen_by_their_fields(client: Client, where: str, found: list[str]) -> None:
    assert numbers(client, where) == found


def test_rows_are_given_in_the_order_asked_for(client: Client) -> None:
    rows = client.query("select * from Invoice ORDER BY Balance")["Invoice"]
    assert [row["DocNumber"] for row in rows] == ["1002", "1001"]
    rows = client.query("select * from invoice orderby TxnDate asc maxresults 1")["Invoice"]
    assert [row["DocNumber"] for row in rows] == ["1001"]
    rows = client.query("select * from invoice orderby DocNumber desc")["Invoice"]
    assert [row["DocNumber"] for row in rows] == ["1002", "1001"]


def test_quotes_and_backslashes_are_escaped_with_a_backslash(client: Client) -> None:
    client.post("customer", {"DisplayName": "O'Neil \\ Sons"})
    found = client.query(r"SELECT * FROM Customer WHERE DisplayName = 'O\'Neil \\ Sons'")
    assert [row["DisplayName"] for row in found["Customer"]] == ["O'Neil \\ Sons"]
    assert client.query("SELECT * FROM Customer WHERE DisplayName = 'O''Neil'")["code"] == "4000"


def test_archived_rows_are_given_only_when_asked_for(client: Client) -> None:
    client.world.twin.archive(client.world.realm, "bill")
    assert client.query("SELECT COUNT(*) FROM Customer") == {"totalCount": 1}
    assert client.query("SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)") == {"totalCount": 2}
    assert client.query("SELECT COUNT(*) FROM Customer WHERE Active = 'false'") == {"totalCount": 1}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM", "4000"),
        ("SELECT * FROM Invoice WHERE Balance > 50", "4000"),
        ("SELECT * FROM Invoice WHERE Balance > '1' OR Id = '2'", "4000"),
        ("SELECT * FROM Invoice WHERE Balance ~ '1'", "4000"),
        ("SELECT * FROM Invoice STARTPOSITION x", "4000"),
        ("SELECT * FROM Invoice STARTPOSITION 0", "4001"),
        ("SELECT * FROM Invoice ORDERBY Id", "4001"),
        ("SELECT * FROM Invoice WHERE Id > '2'", "4001"),
        ("SELECT * FROM Invoice WHERE Balance = 'much'", "4001"),
        ("SELECT * FROM Payment WHERE PrivateNote = 'x'", "4001"),
        ("SELECT * FROM Unicorn", "4001"),
    ],
)
def test_what_the_language_does_not_know_is_refused(client: Client, statement: str, code: str) -> None:
    assert client.query(statement)["code"] == code


def test_a_statement_may_be_posted(client: Client) -> None:
    answer = client.session.post(f"{client.root}/query", data="SELECT COUNT(*) FROM Customer")
    assert answer.json()["QueryResponse"] == {"totalCount": 2}


# --- the feed of changes ---


def test_the_feed_gives_whole_rows_and_an_empty_object_for_what_did_not_change(client: Client) -> None:
    client.world.later(minutes=10)
    client.world.twin.receive(client.world.realm, payment("1001", "5.00"))
    customers, invoices, payments, memos = client.cdc(START + timedelta(minutes=1))
    assert ([row["DisplayName"] for row in customers["Customer"]], memos) == (["Amy's Bird Sanctuary"], {})
    assert [row["Balance"] for row in invoices["Invoice"]] == [95.0]
    assert (payments["startPosition"], payments["maxResults"]) == (1, 1)


def test_rows_stand_in_order_of_change_with_the_deleted_last(client: Client) -> None:
    world = client.world
    world.twin.add_invoice(world.realm, invoice("1003"))
    gone = world.row("Invoice", "1001")["Id"]
    world.twin.delete(world.realm, "1001")
    world.later(minutes=1)
    world.twin.receive(world.realm, payment("1002", "1.00"))
    [block] = client.cdc(START - timedelta(days=2), "invoice")
    assert [row.get("DocNumber") for row in block["Invoice"]] == ["1003", "1002", None]
    stub = {"LastUpdatedTime": "2026-11-02T09:00:00-08:00"}
    assert block["Invoice"][-1] == {"domain": "QBO", "status": "Deleted", "Id": gone, "MetaData": stub}


def test_an_archived_customer_is_an_ordinary_row_that_is_not_active(client: Client) -> None:
    client.world.twin.archive(client.world.realm, "bill")
    [block] = client.cdc(START, "Customer")
    assert [(row["DisplayName"], row["Active"]) for row in block["Customer"]] == [("Bill's Windsurf Shop", False)]


def test_the_feed_stops_at_a_thousand_objects_without_a_second_page(client: Client) -> None:
    for number in range(1200):
        client.world.twin.add_invoice(client.world.realm, invoice(f"B{number}", amount="1.00"))
    blocks = client.cdc(START - timedelta(days=2), "Invoice,Customer")
    assert [block.get("maxResults") for block in blocks] == [1000, None]


@pytest.mark.parametrize("since", ["2026-10-01T00:00:00-07:00", "yesterday", ""])
def test_the_feed_does_not_reach_further_back_than_thirty_days(client: Client, since: str) -> None:
    answer = client.get("cdc", entities="Invoice", changedSince=since)
    assert answer.status_code == 400
    assert answer.json()["Fault"]["Error"][0]["Message"]


# --- several in one ---


def test_a_batch_answers_each_item_on_its_own(client: Client) -> None:
    row = client.world.row("Invoice", "1001")
    items = [
        {"bId": "a", "operation": "update", "optionsData": "void", "Invoice": {"Id": row["Id"], "SyncToken": "0"}},
        {"bId": "b", "operation": "delete", "Invoice": {"Id": row["Id"], "SyncToken": "0"}},
        {"bId": "c", "Query": "SELECT COUNT(*) FROM Invoice WHERE Balance > '0'"},
        {"bId": "d", "operation": "create", "Unicorn": {}},
    ]
    answer = client.post("batch", {"BatchItemRequest": items})
    by_id = {one["bId"]: one for one in answer.json()["BatchItemResponse"]}
    assert answer.status_code == 200
    assert by_id["a"]["Invoice"]["PrivateNote"] == "Voided"
    assert by_id["b"]["Fault"]["Error"][0]["code"] == "5010"
    assert by_id["c"]["QueryResponse"] == {"totalCount": 1}
    assert by_id["d"]["Fault"]["Error"][0]["code"] == "500"


def test_a_batch_holds_at_most_thirty_items(client: Client) -> None:
    items = [{"bId": str(place), "Query": "SELECT * FROM Invoice"} for place in range(31)]
    assert client.post("batch", {"BatchItemRequest": items}).status_code == 400


def test_an_invoice_can_be_had_as_pdf(client: Client) -> None:
    answer = client.get(f"invoice/{client.world.row('Invoice', '1001')['Id']}/pdf")
    assert (answer.headers["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")

"""What an app may write into the pretend QuickBooks beyond a plain payment, and what it is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks_scene import ABROAD, Client, Scene, code, invoice, payment


@pytest.fixture
def world() -> Scene:
    return Scene()


@pytest.fixture
def client(world: Scene) -> Client:
    return world.client()


def ref(world: Scene, entity: str, key: str) -> dict[str, str]:
    return {"value": world.row(entity, key)["Id"]}


def memo(world: Scene, amount: float, **fields: object) -> dict[str, Any]:
    """The body of a new credit memo for Amy."""
    detail = {"ItemRef": {"value": "2"}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": ref(world, "Customer", "amy"), "Line": [line]} | fields


def lines(*targets: tuple[str, str, float]) -> list[dict[str, Any]]:
    return [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for kind, id, amount in targets]


# --- credit ---


def test_a_credit_memo_is_open_until_it_is_used(world: Scene, client: Client) -> None:
    made = client.post("creditmemo", memo(world, 30.5, PrivateNote="ours")).json()["CreditMemo"]
    assert (made["TotalAmt"], made["Balance"], made["RemainingCredit"]) == (30.5, 30.5, 30.5)
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "2", "name": "Discounts given"}
    bill = world.row("Invoice", "1001")["Id"]
    body = {"CustomerRef": ref(world, "Customer", "amy"), "TotalAmt": 0}
    body["Line"] = lines(("Invoice", bill, 20), ("CreditMemo", made["Id"], 20))
    used = client.post("payment", body).json()["Payment"]
    assert (used["TotalAmt"], used["UnappliedAmt"], len(used["Line"])) == (0, 0, 2)
    made = client.get(f"creditmemo/{made['Id']}").json()["CreditMemo"]
    assert (made["RemainingCredit"], made["Balance"]) == (10.5, 10.5)
    assert made["LinkedTxn"] == [{"TxnId": used["Id"], "TxnType": "Payment"}]
    assert world.twin.balance(world.realm, "1001") == 80
    gone = client.post("payment", {"Id": used["Id"], "SyncToken": "0"}, operation="delete")
    assert gone.status_code == 200
    assert world.twin.open_credit(world.realm) == {"amy": Decimal("30.5")}
    assert world.twin.balance(world.realm, "1001") == 100


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]}, "2020"),
        ({"CustomerRef": {"value": "77"}}, "2500"),
        ({"Surprise": 1}, "2010"),
    ],
)
def test_a_credit_memo_must_say_for_whom_and_for_what(
    world: Scene, client: Client, change: dict[str, Any], refused: str
) -> None:
    assert code(client.post("creditmemo", memo(world, 5) | change)) == refused
    assert world.twin.open_credit(world.realm) == {}


def test_an_unknown_item_is_a_bad_reference(world: Scene, client: Client) -> None:
    body = memo(world, 5)
    body["Line"][0]["SalesItemLineDetail"]["ItemRef"] = {"value": "77"}
    assert code(client.post("creditmemo", body)) == "2500"


def test_more_credit_than_there_is_cannot_be_used(world: Scene, client: Client) -> None:
    made = client.post("creditmemo", memo(world, 10)).json()["CreditMemo"]
    body = {"CustomerRef": ref(world, "Customer", "amy"), "TotalAmt": 0}
    body["Line"] = lines(("Invoice", world.row("Invoice", "1001")["Id"], 11), ("CreditMemo", made["Id"], 11))
    assert code(client.post("payment", body)) == "6000"
    assert world.twin.balance(world.realm, "1001") == 100


def test_only_an_unused_credit_memo_can_be_deleted(world: Scene, client: Client) -> None:
    used = world.twin.credit(world.realm, "CN-1", "amy", world.now.date(), Decimal(5), "1001")
    free = world.twin.credit(world.realm, "CN-2", "amy", world.now.date(), Decimal(7))
    token = world.row("CreditMemo", "CN-1")["SyncToken"]
    assert code(client.post("creditmemo", {"Id": used, "SyncToken": token}, operation="delete")) == "6000"
    assert client.post("creditmemo", {"Id": free, "SyncToken": "0"}, operation="delete").status_code == 200
    assert (world.twin.open_credit(world.realm), world.row("Customer", "amy")["Balance"]) == ({}, 95)


def test_items_are_a_list_to_choose_from(client: Client) -> None:
    rows = client.query("SELECT * FROM Item WHERE Type IN ('Service', 'NonInventory')")["Item"]
    assert [row["Name"] for row in rows if row["Active"]] == ["Services", "Discounts given", "Late fees"]
    assert client.query("SELECT COUNT(*) FROM Item") == {"totalCount": 4}
    assert client.get("item/1").json()["Item"]["IncomeAccountRef"]["name"] == "Services"


# --- payments ---


def test_a_payment_may_be_partly_or_not_at_all_for_an_invoice(world: Scene, client: Client) -> None:
    body = {"CustomerRef": ref(world, "Customer", "amy"), "TotalAmt": 50}
    whole = client.post("payment", body).json()["Payment"]
    assert (whole["UnappliedAmt"], whole["Line"]) == (50.0, [])
    body["Line"] = lines(("Invoice", world.row("Invoice", "1001")["Id"], 20))
    part = client.post("payment", body).json()["Payment"]
    assert part["UnappliedAmt"] == 30.0
    assert world.twin.open_credit(world.realm) == {"amy": 80}


def test_a_voided_payment_is_not_a_payment_of_nothing(world: Scene, client: Client) -> None:
    id = world.twin.receive(world.realm, payment("1001", "30.00"))
    params = {"operation": "update", "include": "void"}
    row = client.post("payment", {"Id": id, "SyncToken": "0", "sparse": True}, **params).json()["Payment"]
    assert (row["TotalAmt"], row["UnappliedAmt"], row["Line"], row["PrivateNote"]) == (0, 0, [], "Voided")
    assert code(client.post("payment", {"Id": id, "SyncToken": "1"}, operation="void")) == "500", "its own way only"


def test_what_is_void_stays_void(world: Scene, client: Client) -> None:
    for _ in range(2):
        world.twin.void(world.realm, "1001")
    assert world.row("Invoice", "1001")["PrivateNote"] == "Voided"


def test_a_foreign_invoice_is_not_paid_in_another_currency() -> None:
    world = Scene(about=ABROAD)
    id = world.twin.add_invoice(world.realm, invoice("E-1", amount="80.00", currency="EUR"))
    body = {"CustomerRef": ref(world, "Customer", "amy"), "TotalAmt": 80, "Line": lines(("Invoice", id, 80))}
    client = world.client()
    assert code(client.post("payment", body)) == "6000"
    assert client.post("payment", body | {"CurrencyRef": {"value": "EUR"}}).status_code == 200
    assert world.twin.balance(world.realm, "E-1") == 0


# --- invoices ---


def test_a_sparse_update_moves_the_due_date_and_nothing_else(world: Scene, client: Client) -> None:
    before = client.get("invoice/1").json()["Invoice"]
    after = client.change("Invoice", "1", DueDate="2026-12-24").json()["Invoice"]
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert (changed, after["DueDate"]) == ({"DueDate", "SyncToken", "MetaData"}, "2026-12-24")


def test_a_full_update_empties_what_it_does_not_name(world: Scene, client: Client) -> None:
    given = {"PrivateNote": "call first", "ShipDate": "2026-10-02", "BillEmailCc": {"Address": "cc@amy.test"}}
    given |= {"BillEmail": {"Address": "b@amy.test"}, "SalesTermRef": {"value": "2"}, "DueDate": "2027-01-01"}
    row = client.change("Invoice", "1", **given).json()["Invoice"]
    assert given.items() <= (row | {"SalesTermRef": {"value": row["SalesTermRef"]["value"]}}).items()
    body = {name: row[name] for name in ("Id", "SyncToken", "CustomerRef", "Line")}
    row = client.post("invoice", body).json()["Invoice"]
    assert not given.keys() - {"DueDate"} & row.keys()
    assert (row["DueDate"], row["DocNumber"], row["Balance"]) == ("2026-10-31", "1001", 100.0)
    assert code(client.post("invoice", {"Id": "1", "SyncToken": row["SyncToken"], "PrivateNote": "x"})) == "2020"


def test_what_is_to_be_mailed_needs_an_address(client: Client) -> None:
    assert code(client.change("Invoice", "1", EmailStatus="NeedToSend")) == "2020"
    sent = client.change("Invoice", "1", EmailStatus="NeedToSend", BillEmail={"Address": "b@amy.test"})
    assert sent.json()["Invoice"]["EmailStatus"] == "NeedToSend"


def test_null_empties_a_field(client: Client) -> None:
    client.change("Invoice", "1", PrivateNote="call first")
    assert "PrivateNote" not in client.change("Invoice", "1", PrivateNote=None).json()["Invoice"]
    assert code(client.change("Invoice", "1", CustomerRef=None)) == "2020"


def test_a_job_may_leave_its_parent(world: Scene, client: Client) -> None:
    job = client.post("customer", {"DisplayName": "Roof", "ParentRef": {"value": "1"}}).json()["Customer"]
    client.change("Invoice", "1", CustomerRef={"value": job["Id"]})
    assert (job["FullyQualifiedName"], job["Level"]) == ("Amy's Bird Sanctuary:Roof", 1)
    assert world.row("Customer", "amy")["BalanceWithJobs"] == 100
    free = client.change("Customer", job["Id"], ParentRef=None).json()["Customer"]
    assert (free["FullyQualifiedName"], free.get("Level"), free.get("ParentRef")) == ("Roof", None, None)
    assert (world.row("Customer", "amy")["BalanceWithJobs"], free["BalanceWithJobs"]) == (0, 100.0)


def test_an_invoice_may_be_given_to_another_customer_while_nothing_is_booked_on_it(
    world: Scene, client: Client
) -> None:
    assert client.change("Invoice", "1", CustomerRef=ref(world, "Customer", "bill")).status_code == 200
    owed = [world.row("Customer", key)["Balance"] for key in ("amy", "bill")]
    assert owed == [0, Decimal("146.60")]
    world.twin.receive(world.realm, payment("1001", "1.00"))
    assert code(client.change("Invoice", "1", CustomerRef=ref(world, "Customer", "amy"))) == "6000"


def test_a_number_is_given_once_unless_one_insists(world: Scene, client: Client) -> None:
    body = memo(world, 5, DocNumber="1001")
    answer = client.post("invoice", body)
    assert (answer.status_code, code(answer)) == (400, "6140")
    assert client.post("invoice", body, include="allowduplicatedocnum").json()["Invoice"]["DocNumber"] == "1001"
    assert client.post("invoice", memo(world, 5)).json()["Invoice"]["DocNumber"] == "1001", "QuickBooks counts itself"
    world.twin.prefer(world.realm, "SalesFormsPrefs", CustomTxnNumbers=True)
    assert "DocNumber" not in client.post("invoice", memo(world, 5)).json()["Invoice"]


@pytest.mark.parametrize(("name", "most"), [("PrivateNote", 4000), ("CustomerMemo", 1000), ("BillEmail", 100)])
def test_a_text_has_a_longest_length(client: Client, name: str, most: int) -> None:
    def change(length: int) -> Any:
        text = "a" * length
        return client.change("Invoice", "1", **{name: {"value": text, "Address": text} if name[0] != "P" else text})

    assert change(most).status_code == 200
    assert code(change(most + 1)) == "2050"


def test_an_invoice_without_a_due_date_gets_one_from_its_terms(world: Scene, client: Client) -> None:
    fields = {"DayOfMonthDue": 10, "DueNextMonthDays": 15, "Name": "10th", "Type": "DATE_DRIVEN"}
    monthly = client.post("term", fields).json()["Term"]["Id"]

    def due(issued: str, term: str) -> str:
        body = memo(world, 5, TxnDate=issued) | ({"SalesTermRef": {"value": term}} if term else {})
        return str(client.post("invoice", body).json()["Invoice"]["DueDate"])

    assert [due("2026-11-02", term) for term in ("", "1", "2")] == ["2026-12-02", "2026-11-02", "2026-11-17"]
    assert due("2026-10-20", monthly) == "2026-11-10"
    assert due("2026-11-02", monthly) == "2026-12-10", "too near to be meant this month"
    assert code(client.post("term", {"Name": "Net 15", "DueDays": 15})) == "6240"
    assert code(client.post("term", {"Name": "Net 7"})) == "2020"


def test_terms_and_items_are_in_the_feed(world: Scene, client: Client) -> None:
    client.post("term", {"Name": "Net 7", "DueDays": 7})
    terms, items = client.cdc(world.now, "Term,Item")
    assert ([row["Name"] for row in terms["Term"]], items) == (["Net 7"], {})


def test_a_picture_of_an_invoice_is_a_whole_file(client: Client) -> None:
    client.change("Customer", "1", DisplayName="Amy (Birds)")
    client.change("Invoice", "1", CustomerRef={"value": "1"})
    body = client.session.get(f"{client.root}/invoice/1/pdf", headers={"Accept": "application/pdf"}).content
    start = int(body.split(b"startxref\n")[1].split()[0])
    assert (body[:8], body[start : start + 4], body[-6:]) == (b"%PDF-1.4", b"xref", b"%%EOF\n")
    places = [int(line[:10]) for line in body[start:].split(b"\n") if line.endswith(b"00000 n ")]
    assert [body[place:].split(b" ")[0] for place in places] == [b"1", b"2", b"3", b"4", b"5"]
    assert b"(Invoice 1001) Tj" in body
    assert rb"(To Amy \(Birds\)) Tj" in body


# --- batches ---


def test_a_batch_answers_with_at_most_a_thousand_objects(client: Client) -> None:
    for number in range(500):
        client.world.twin.add_invoice(client.world.realm, invoice(f"B{number}", amount="1.00"))
    items = [{"bId": str(place), "Query": "SELECT * FROM Invoice MAXRESULTS 1000"} for place in range(2)]
    items.append({"bId": "c", "Query": "SELECT COUNT(*) FROM Invoice"})
    answers = client.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert answers[0]["QueryResponse"]["maxResults"] == 502
    assert answers[1]["Fault"]["Error"][0]["code"] == "6000"
    assert answers[2]["QueryResponse"] == {"totalCount": 502}


def test_a_batch_with_a_request_id_has_short_names_in_it(client: Client) -> None:
    items = [{"bId": "x" * 11, "Query": "SELECT COUNT(*) FROM Invoice"}]
    assert client.post("batch", {"BatchItemRequest": items}).status_code == 200
    assert code(client.post("batch", {"BatchItemRequest": items}, requestid="r1")) == "2050"
    assert code(client.post("batch", {"BatchItemRequest": []}, requestid="r" * 37)) == "2050"

"""The pretend QuickBooks keeps books as the real one does: sign-in, versions and repeats, and bookings."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from sandbox.books import Company
from tests.sandbox.quickbooks_scene import (
    ABROAD,
    Client,
    Scene,
    invoice,
    payment,
)


@pytest.fixture
def world() -> Scene:
    return Scene()


@pytest.fixture
def client(world: Scene) -> Client:
    return world.client()


# --- signing in ---


class Page(HTMLParser):
    """Collects the fields and buttons of a page, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag in ("input", "button"):
            self.fields.append((held.get("type", tag), held["name"], held["value"]))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_consent_page_offers_the_companies_and_both_answers(world: Scene) -> None:
    other = world.twin.add_company(Company(ABROAD))
    asked = world.asks() | {"state": 's"><x'}
    page = Page(world.browser().get(f"{world.base}/connect/oauth2", params=asked).text)
    assert ("radio", "realm", world.realm) in page.fields
    assert ("radio", "realm", other) in page.fields
    assert {("button", "decision", "allow"), ("button", "decision", "deny")} <= set(page.fields)
    assert ("hidden", "state", 's"><x') in page.fields, "and nothing breaks out of the page"
    assert "Acme Design Inc" in page.words


def test_an_app_nobody_knows_is_not_sent_anywhere(world: Scene) -> None:
    asked = world.asks() | {"client_id": "stranger"}
    answer = world.browser().get(f"{world.base}/connect/oauth2", params=asked, allow_redirects=False)
    assert answer.status_code == 400


def test_a_wrong_secret_is_the_apps_fault_and_says_so(world: Scene) -> None:
    answer = world.ask_token("wrong", grant_type="refresh_token", refresh_token="x")
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_the_hard_end_is_told_only_when_asked_for(world: Scene) -> None:
    fields = world.refresh(world.sign_in()["refresh_token"]).json()
    assert "x_refresh_token_hard_expires_in" not in fields
    assert fields["x_refresh_token_expires_in"] == 8726400


@pytest.mark.parametrize("days", [102, 5 * 365])
def test_a_refresh_token_dies_of_disuse_and_of_old_age(world: Scene, days: int) -> None:
    token = world.sign_in()["refresh_token"]
    world.later(days=days)
    answer = world.refresh(token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_connecting_again_after_a_withdrawal_does_not_wake_the_old_tokens(world: Scene) -> None:
    old = world.client()
    world.twin.tokens.revoke(world.twin.tokens.grants[0].refresh)
    new = world.client()
    assert old.get("preferences").status_code == 401
    assert new.get("preferences").status_code == 200


def test_a_token_opens_one_company_only(world: Scene, client: Client) -> None:
    other = world.twin.add_company(Company(ABROAD))
    answer = client.session.get(f"{world.base}/v3/company/{other}/preferences")
    assert (answer.status_code, answer.json()["fault"]["error"][0]["code"]) == (403, "3100")


def test_every_answer_carries_its_own_intuit_tid(client: Client) -> None:
    answers = [client.get("preferences"), client.get("nonsense"), client.get("query", query="x")]
    assert len({answer.headers["intuit_tid"] for answer in answers}) == 3


# --- versions and repeats ---


def test_each_write_is_a_new_version_and_an_old_one_is_refused(client: Client) -> None:
    row = client.world.row("Invoice", "1001")
    change = {"Id": row["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "call first"}
    first = client.post("invoice", change).json()["Invoice"]
    assert (first["SyncToken"], first["PrivateNote"], first["DueDate"]) == ("1", "call first", "2026-10-31")
    again = client.post("invoice", change)
    assert (again.status_code, again.json()["Fault"]["Error"][0]["code"]) == (400, "5010")


def test_a_full_update_drops_what_it_leaves_out(client: Client) -> None:
    row = client.world.row("Customer", "amy")
    assert row["PrimaryEmailAddr"] == {"Address": "Birds@Amy.test, books@amy.test"}
    client.post("customer", {"Id": row["Id"], "SyncToken": "0", "DisplayName": "Amy"})
    assert "PrimaryEmailAddr" not in client.world.row("Customer", "amy")


def test_a_repeated_request_id_gets_the_first_answer_and_books_nothing(world: Scene, client: Client) -> None:
    body = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}, "TotalAmt": 5}
    first = client.post("payment", body, requestid="r1")
    world.later(minutes=5)
    assert client.post("payment", body, requestid="r1").content == first.content
    assert client.query("SELECT COUNT(*) FROM Payment") == {"totalCount": 1}
    assert client.post("payment", body, requestid="r2").json()["Payment"]["Id"] != first.json()["Payment"]["Id"]


def test_a_refused_request_may_be_corrected_under_its_id(world: Scene, client: Client) -> None:
    body: dict[str, object] = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}}
    assert client.post("payment", body, requestid="r1").status_code == 400
    assert client.post("payment", {**body, "TotalAmt": 5}, requestid="r1").status_code == 200


def test_a_request_id_has_at_most_fifty_characters(client: Client) -> None:
    assert client.post("payment", {}, requestid="r" * 51).json()["Fault"]["Error"][0]["code"] == "2050"


def test_money_as_text_is_refused(world: Scene, client: Client) -> None:
    body = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}, "TotalAmt": "5.00"}
    assert client.post("payment", body).json()["Fault"]["Error"][0]["code"] == "2010"


# --- bookings ---


def test_a_payment_lowers_the_invoice_and_stands_on_both_sides(world: Scene, client: Client) -> None:
    id = world.twin.receive(world.realm, payment("1001", "30.00"))
    row = client.get(f"invoice/{world.row('Invoice', '1001')['Id']}").json()["Invoice"]
    assert (row["Balance"], row["TotalAmt"], row["SyncToken"]) == (70.0, 100.0, "1")
    assert row["LinkedTxn"] == [{"TxnId": id, "TxnType": "Payment"}]
    line = client.get(f"payment/{id}").json()["Payment"]["Line"][0]
    assert (line["Amount"], line["LinkedTxn"]) == (30.0, [{"TxnId": row["Id"], "TxnType": "Invoice"}])
    assert [one["value"]["Value"] for one in line["LineEx"]["any"]] == [row["Id"], "100.00", "1001"]


def test_a_customers_balance_follows_without_a_new_version(world: Scene) -> None:
    assert world.row("Customer", "amy")["Balance"] == 100
    world.later(minutes=1)
    world.twin.receive(world.realm, payment("1001", "30.00"))
    amy = world.row("Customer", "amy")
    assert (amy["Balance"], amy["SyncToken"]) == (70, "0")
    assert amy["MetaData"]["LastUpdatedTime"] == "2026-11-02T09:01:00-08:00"


@pytest.mark.parametrize("way", ["void", "delete"])
def test_taking_a_payment_back_restores_the_invoice(world: Scene, client: Client, way: str) -> None:
    id = world.twin.receive(world.realm, payment("1001", "100.00"))
    params = {"operation": "delete"} if way == "delete" else {"operation": "update", "include": "void"}
    assert client.post("payment", {"Id": id, "SyncToken": "0", "sparse": True}, **params).status_code == 200
    row = world.row("Invoice", "1001")
    assert (row["Balance"], row["LinkedTxn"], world.twin.payments(world.realm)) == (100, [], [])
    assert world.row("Customer", "amy")["Balance"] == 100
    assert client.get(f"payment/{id}").status_code == (400 if way == "delete" else 200)


def test_a_payment_update_replaces_all_lines_or_none(world: Scene, client: Client) -> None:
    id = world.twin.receive(world.realm, payment("1001", "30.00"))
    client.post("payment", {"Id": id, "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert world.row("Invoice", "1001")["Balance"] == 70
    changed = client.post("payment", {"Id": id, "SyncToken": "1", "sparse": True, "Line": []}).json()["Payment"]
    assert (changed["UnappliedAmt"], world.row("Invoice", "1001")["Balance"]) == (30.0, 100)


def test_a_refused_payment_update_changes_nothing(world: Scene, client: Client) -> None:
    id = world.twin.receive(world.realm, payment("1001", "30.00"))
    answer = client.post("payment", {"Id": id, "SyncToken": "0", "sparse": True, "TotalAmt": 10})
    assert answer.status_code == 400
    assert (world.row("Invoice", "1001")["Balance"], world.row("Customer", "amy")["Balance"]) == (70, 70)
    assert client.get(f"payment/{id}").json()["Payment"]["TotalAmt"] == 30.0


@pytest.mark.parametrize(
    ("total", "applied", "customer", "code"),
    [(101, 101, "amy", "6000"), (50, 60, "amy", "6000"), (50, 50, "bill", "6000"), (5, 5.001, "amy", "6000")],
)
def test_a_payment_that_does_not_add_up_is_refused(
    world: Scene, client: Client, total: float, applied: float, customer: str, code: str
) -> None:
    linked = [{"TxnId": world.row("Invoice", "1001")["Id"], "TxnType": "Invoice"}]
    lines = [{"Amount": applied, "LinkedTxn": linked}]
    body = {"CustomerRef": {"value": world.row("Customer", customer)["Id"]}, "TotalAmt": total, "Line": lines}
    assert client.post("payment", body).json()["Fault"]["Error"][0]["code"] == code
    assert world.twin.balance(world.realm, "1001") == 100


def test_voiding_a_paid_invoice_leaves_the_money_unapplied(world: Scene, client: Client) -> None:
    id = world.twin.receive(world.realm, payment("1001", "40.00"))
    world.twin.void(world.realm, "1001")
    row = world.row("Invoice", "1001")
    assert (row["TotalAmt"], row["Balance"], row["LinkedTxn"], row["PrivateNote"]) == (0, 0, [], "Voided")
    paid = client.get(f"payment/{id}").json()["Payment"]
    assert (paid["TotalAmt"], paid["UnappliedAmt"], paid["Line"]) == (40.0, 40.0, [])
    assert world.row("Customer", "amy")["Balance"] == -40


def test_a_paid_invoice_must_be_unlinked_before_it_is_deleted(world: Scene, client: Client) -> None:
    world.twin.receive(world.realm, payment("1001", "40.00"))
    row = world.row("Invoice", "1001")
    body = {"Id": row["Id"], "SyncToken": row["SyncToken"]}
    assert client.post("invoice", body, operation="delete").json()["Fault"]["Error"][0]["code"] == "6000"


def test_an_invoice_keeps_a_note_when_it_is_voided(client: Client) -> None:
    row = client.world.row("Invoice", "1001")
    client.post("invoice", {"Id": row["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "twice by mistake"})
    client.world.twin.void(client.world.realm, "1001")
    assert client.world.row("Invoice", "1001")["PrivateNote"] == "Voided - twice by mistake"


def test_a_foreign_invoice_has_its_currency_a_rate_and_home_amounts() -> None:
    world = Scene(about=ABROAD)
    world.twin.add_invoice(world.realm, invoice("E-1", amount="80.00", currency="EUR"))
    world.twin.receive(world.realm, payment("E-1", "40.00"))
    row = world.client().get(f"invoice/{world.row('Invoice', 'E-1')['Id']}").json()["Invoice"]
    assert (row["CurrencyRef"]["value"], row["ExchangeRate"]) == ("EUR", 1.25)
    assert (row["HomeTotalAmt"], row["HomeBalance"]) == (100.0, 50.0)

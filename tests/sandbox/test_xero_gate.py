"""Who may come into the pretend Xero and how often, what goes wrong on the way, and keys that answer the same twice."""

from __future__ import annotations

import threading

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.xero_caller import APP, Caller, invoice


@pytest.fixture
def caller() -> Caller:
    return Caller()


def test_a_token_a_tenant_and_a_scope_are_needed(caller: Caller) -> None:
    assert caller.get("Organisation", {"Authorization": "Bearer x"}).status_code == 401
    other = caller.get("Organisation", {"xero-tenant-id": caller.twin.new_uuid()})
    assert (other.status_code, other.get_json()["Detail"]) == (403, "AuthenticationUnsuccessful")


@pytest.mark.parametrize(
    ("scope", "may", "may_not"),
    [
        ("accounting.payments.read", ["GET Payments", "GET Overpayments"], ["PUT Payments", "GET Invoices"]),
        ("accounting.invoices.read", ["GET Invoices", "GET CreditNotes"], ["PUT CreditNotes", "GET Payments"]),
        ("accounting.invoices", ["GET Invoices", "PUT CreditNotes"], ["GET Contacts", "PUT BankTransactions"]),
        ("accounting.banktransactions", ["PUT BankTransactions"], ["PUT Payments", "GET Prepayments"]),
        (
            "accounting.settings.read",
            ["GET Organisation", "GET Accounts", "GET BrandingThemes", "GET InvoiceReminders/Settings"],
            ["GET Contacts"],
        ),
    ],
)
def test_each_call_needs_its_own_scope(scope: str, may: list[str], may_not: list[str]) -> None:
    caller = Caller(f"openid offline_access {scope}")
    for call in may:
        assert caller.send(*call.split(), body=None).status_code != 401, call
    for call in may_not:
        refused = caller.send(*call.split(), body={})
        assert refused.status_code == 401, call
        assert "insufficent_scope" in refused.headers["WWW-Authenticate"]


def test_what_a_token_allows_stands_in_the_token_and_the_next_one_has_what_was_added() -> None:
    caller = Caller("openid offline_access accounting.invoices.read")
    before = caller.tokens
    caller.connect("openid accounting.payments")
    after, caller.tokens = caller.tokens, before
    assert (caller.get("Invoices").status_code, caller.get("Payments").status_code) == (200, 401)
    caller.tokens = after
    assert (caller.get("Invoices").status_code, caller.get("Payments").status_code) == (200, 200)


def test_less_may_be_given_than_was_asked() -> None:
    caller = Caller("openid offline_access")
    caller.twin.grant_only("accounting.contacts")
    assert caller.connect()["scope"] == "openid offline_access accounting.contacts"
    assert (caller.get("Contacts").status_code, caller.get("Invoices").status_code) == (200, 401)
    caller.twin.grant_only()
    caller.connect()
    assert caller.get("Invoices").status_code == 200


def test_an_older_app_has_one_scope_for_all_transactions() -> None:
    caller = Caller()
    caller.twin.broad_scopes = True
    caller.twin.user_id = caller.twin.new_uuid()  # somebody who has given nothing yet
    caller.connect("openid accounting.transactions accounting.contacts.read")
    assert [caller.get(path).status_code for path in ("Invoices", "Payments", "Contacts", "Organisation")] == [
        200,
        200,
        200,
        401,
    ]


def left(answer: TestResponse) -> list[str]:
    return [answer.headers[f"X-{name}Limit-Remaining"] for name in ("Min", "Day", "AppMin")]


def test_every_answer_says_what_is_left_of_the_limits(caller: Caller) -> None:
    caller.twin.limits(per_minute=60, per_day=1000)
    first, second = caller.get("Organisation"), caller.get("Organisation")
    assert (left(first), left(second)) == (["59", "999", "9999"], ["58", "998", "9998"])
    assert left(caller.get("Organisation", {"Authorization": "Bearer x"})) == left(second)
    caller.twin.plan_fault("/Organisation", "503")
    assert left(caller.get("Organisation")) == left(second)
    assert first.headers["xero-correlation-id"] != second.headers["xero-correlation-id"]


def test_the_limits_are_not_in_force_until_somebody_wants_them(caller: Caller) -> None:
    answers = [caller.get("BrandingThemes") for _ in range(70)]
    assert {answer.status_code for answer in answers} == {200}
    assert left(answers[-1]) == ["60", "5000", "10000"]


@pytest.mark.parametrize(("limit", "wait"), [("minute", 20), ("day", 15 * 3600 - 40)])
def test_a_limit_is_named_and_says_how_long_to_wait(caller: Caller, limit: str, wait: int) -> None:
    caller.later(seconds=40)  # it is nine in the morning, UTC
    caller.twin.limits(**{f"per_{limit}": 2})
    statuses = [caller.get("Organisation").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    limited = caller.get("Organisation")
    assert (limited.headers["X-Rate-Limit-Problem"], limited.headers["Retry-After"]) == (limit, str(wait))
    caller.later(seconds=wait)
    caller.tokens = caller.refresh()
    assert caller.get("Organisation").status_code == 200


def test_five_calls_at_once_and_no_sixth(caller: Caller) -> None:
    caller.twin.limits()
    arrived, answers = threading.Semaphore(0), list[TestResponse]()

    def ask() -> None:
        arrived.release()
        answers.append(caller.twin.app.test_client().get("/api.xro/2.0/Organisation", headers=caller.headers))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    with caller.twin.turns:  # nobody is served before all of them have come
        for thread in threads:
            thread.start()
            arrived.acquire()
        while caller.twin.there[caller.tenant] < 6:
            threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429]
    [refused] = [answer for answer in answers if answer.status_code == 429]
    assert refused.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused.headers


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("kind", "status", "headers"),
    [
        ("429", 429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "37"}),
        ("429-minute", 429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "37"}),
        ("429-bare", 429, {"X-Rate-Limit-Problem": "minute", "Retry-After": None}),
        ("429-day", 429, {"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}),
        ("429-concurrent", 429, {"X-Rate-Limit-Problem": "concurrent", "Retry-After": None}),
        ("429-appminute", 429, {"X-Rate-Limit-Problem": "appminute", "Retry-After": "37"}),
        ("503", 503, {"Content-Type": "text/html; charset=utf-8"}),
        ("500", 500, {"Content-Type": "application/json"}),
        ("401", 401, {"WWW-Authenticate": None}),
        ("401-expired", 401, {"WWW-Authenticate": None}),
        ("401-scope", 401, {"WWW-Authenticate": 'OAuth realm="Xero", error="insufficent_scope"'}),
        ("403", 403, {"Content-Type": "application/json"}),
    ],
)
def test_a_planned_refusal_comes_once_and_nothing_is_done(
    caller: Caller, kind: str, status: int, headers: dict[str, str | None]
) -> None:
    caller.twin.plan_fault("PUT /api.xro/2.0/Payments", kind)
    refused = caller.pay("k1")
    assert refused.status_code == status
    assert {name: refused.headers.get(name) for name in headers} == headers
    assert caller.rows("Payments") == []
    assert caller.pay("k1").status_code == 200  # what never reached Xero is not remembered under the key


def test_a_drop_is_done_and_a_loss_is_not_and_both_break_off(caller: Caller) -> None:
    for kind, booked in (("lost", 0), ("drop", 1)):
        caller.twin.plan_fault("PUT /api.xro/2.0/Payments", kind)
        broken = caller.pay("k1")
        assert int(broken.headers["Content-Length"]) > len(broken.data)
        assert len(caller.rows("Payments")) == booked
    assert caller.pay("k1").status_code == 200
    assert len(caller.rows("Payments")) == 1


def test_a_fault_is_planned_for_a_path_and_a_number_of_times_or_a_while(caller: Caller) -> None:
    caller.twin.plan_fault("/Accounts", "503", times=2)
    paths = ("Organisation", "Accounts", "Accounts", "Accounts")
    assert [caller.get(path).status_code for path in paths] == [200, 503, 503, 200]
    caller.twin.plan_fault("/Accounts", "429", seconds=30)
    assert {caller.get("Accounts").status_code for _ in range(3)} == {429}
    caller.later(seconds=10.5)
    assert caller.get("Accounts").headers["Retry-After"] == "20"
    caller.later(seconds=20)
    assert caller.get("Accounts").status_code == 200
    with pytest.raises(ValueError, match="has no fault"):
        caller.twin.plan_fault("/Accounts", "fire")


def test_the_front_door_can_fail_too_and_a_lost_refresh_may_be_asked_again_for_half_an_hour(caller: Caller) -> None:
    old = caller.tokens["refresh_token"]
    caller.twin.plan_fault("/connect/token", "drop")
    lost = caller.http.post("/connect/token", data={"grant_type": "refresh_token", "refresh_token": old}, headers=APP)
    assert int(lost.headers["Content-Length"]) > len(lost.data)
    again = caller.refresh(old)
    assert again["refresh_token"] != old
    caller.later(minutes=31)
    assert caller.refresh(old) == {"error": "invalid_grant"}
    assert "access_token" in caller.refresh(again["refresh_token"])


def test_told_to_rotate_now_the_old_token_dies_without_grace(caller: Caller) -> None:
    old = caller.tokens["refresh_token"]
    caller.twin.rotate_now(caller.tenant)
    new = caller.refresh(old)["refresh_token"]
    assert caller.refresh(old) == {"error": "invalid_grant"}
    following = caller.refresh(new)["refresh_token"]
    assert caller.refresh(new)["refresh_token"] == following  # and the grace is back afterwards


def test_an_organisation_that_was_disconnected_is_forbidden_and_not_listed_any_more(caller: Caller) -> None:
    mine = {"Authorization": caller.headers["Authorization"]}
    assert len(caller.http.get("/connections", headers=mine).get_json()) == 1
    caller.twin.disconnect(caller.tenant)
    refused = caller.get("Organisation")
    assert (refused.status_code, refused.get_json()["Detail"]) == (403, "AuthenticationUnsuccessful")
    assert caller.http.get("/connections", headers=mine).get_json() == []
    assert "access_token" in caller.refresh()


def test_what_another_person_connected_is_not_mine(caller: Caller) -> None:
    mine = caller.tokens
    caller.twin.user_id = caller.twin.new_uuid()
    theirs = caller.connect()
    assert theirs["refresh_token"] != mine["refresh_token"]
    caller.http.post("/connect/revocation", data={"token": theirs["refresh_token"]}, headers=APP)
    assert caller.refresh(theirs["refresh_token"]) == {"error": "invalid_grant"}
    caller.tokens = mine
    assert caller.get("Organisation").status_code == 200


# --- keys ---


def test_a_key_answers_the_same_for_six_minutes_errors_too(caller: Caller) -> None:
    first = caller.pay("k1")
    assert caller.pay("k1").data == first.data
    assert caller.pay("k1", Amount=1).status_code == 400
    refused = caller.pay("k2", Amount=900)
    caller.twin.add_invoice(caller.tenant, invoice("INV-3", amount="900"))
    assert caller.pay("k2", Amount=900).data == refused.data
    assert len(caller.rows("Payments")) == 1
    caller.later(minutes=6)
    assert caller.pay("k1").get_json()["Payments"][0]["PaymentID"] != first.get_json()["Payments"][0]["PaymentID"]


def test_an_answer_from_memory_counts_against_the_limits_too(caller: Caller) -> None:
    caller.twin.limits()
    assert [left(caller.pay("k1"))[0] for _ in range(3)] == ["59", "58", "57"]


def test_a_key_belongs_to_one_request_and_is_not_endless(caller: Caller) -> None:
    assert caller.pay("k1").status_code == 200
    other = caller.send("PUT", "CreditNotes", {"CreditNotes": []}, "k1")
    assert (other.status_code, "different request" in other.text) == (400, True)
    assert caller.pay("k" * 129).status_code == 400

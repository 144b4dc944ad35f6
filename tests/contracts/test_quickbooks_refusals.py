"""QuickBooks' refusals as an accountant reads them, from recorded bodies and from those the fact sheet describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from integrations.errors import InDoubt, Misconfigured, OutsideError, RateLimited, Reconnect, Rejected, Stale, Transient
from integrations.ledgers.base import Feature, LedgerSettings, Limit, features
from integrations.ledgers.quickbooks import QuickBooks, faults, refusals

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples/quickbooks"
TOKEN = "eyJ-a-secret-token"


def meaning(
    status: int, body: bytes | str, headers: dict[str, str] | None = None, writing: bool = False
) -> OutsideError:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else body.encode()
    answer.headers.update(headers or {})
    with pytest.raises(OutsideError) as raised:
        faults.check(answer, TOKEN, writing=writing)
    assert TOKEN not in str(raised.value)
    return raised.value


def fault(code: str, detail: str, message: str = "No") -> str:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-11-02T09:00:00-08:00"})


@pytest.mark.parametrize("code", sorted(refusals.SENTENCES))
def test_every_refusal_says_what_it_is_about_and_what_to_do(code: str) -> None:
    refusal = meaning(400, fault(code, "Some: detail of theirs"))
    assert isinstance(refusal, Rejected)
    assert refusal.code == code
    told = str(refusal).partition(" QuickBooks says: ")[0]
    assert told.endswith(".")
    assert len(told.split()) > 7
    assert "QuickBooks" in told or code in ("2050", "6190")


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        (
            "The account period has closed and the account books cannot be updated",
            "Choose a date after the closing date",
        ),
        (
            "Deposited Transaction cannot be changed: 1 this transaction has been deposited",
            "Take it out of the deposit",
        ),
        ("Make sure all your transactions have a GST rate before you save.", "Choose an item with a tax code"),
        ("The currency of the transaction is invalid for customer", "Check the currency"),
        ("Something you're trying to use has been made inactive.", "Make it active again"),
        ("A rule nobody has heard of", "own rules do not allow this"),
    ],
)
def test_a_rule_of_the_books_is_told_by_its_words(detail: str, told: str) -> None:
    refusal = meaning(400, fault("6000", detail, "A business validation error has occurred"))
    assert told in str(refusal)
    assert f"QuickBooks says: {detail}" in str(refusal)


@pytest.mark.parametrize("length", [0, 200_000])
def test_a_fault_in_a_good_answer_is_heard_however_long_the_answer_is(length: int) -> None:
    told, more = json.loads(fault("3200", "No")), {"more": "x" * length}
    assert type(meaning(200, json.dumps(told | more))) is Reconnect
    assert type(meaning(200, json.dumps(more | told))) is Reconnect


def test_a_row_that_speaks_of_a_fault_is_none() -> None:
    row = {"Id": "1", "DocNumber": "Fault", "PrivateNote": '"Fault"'}
    answer = requests.Response()
    answer.status_code = 200
    answer._content = json.dumps({"QueryResponse": {"Invoice": [row] * 1000}}).encode()
    faults.check(answer, TOKEN, writing=False)


def test_a_stale_version_is_read_again() -> None:
    detail = "Stale Object Error : You and X were working on this at the same time."
    refusal = meaning(400, fault("5010", detail), writing=True)
    assert type(refusal) is Stale
    assert refusal.code == "5010"


def test_lost_rights_need_an_administrator() -> None:
    refusal = meaning(400, fault("120", "Authorization Failure"))
    assert type(refusal) is Reconnect
    assert "administrators must connect" in str(refusal)


def test_nobodys_words_are_quoted_longer_than_a_line_and_never_the_token() -> None:
    refusal = meaning(400, fault("6000", f"No {TOKEN} " + "x" * 900))
    assert len(str(refusal)) < 500
    assert "…" in str(refusal)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "Mon, 02 Nov 2026 17:01:30 GMT", "Date": "Mon, 02 Nov 2026 17:00:00 GMT"}, 90),
        ({"Retry-After": "Mon, 02 Nov 2026 16:00:00 GMT", "Date": "Mon, 02 Nov 2026 17:00:00 GMT"}, 1),
        ({"Retry-After": "Mon, 02 Nov 2026 17:01:30 GMT"}, 60),
    ],
)
def test_how_long_to_wait_when_asked_to_slow_down(headers: dict[str, str], seconds: float) -> None:
    limited = meaning(429, "", headers)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == seconds


@pytest.mark.parametrize("status", [403, 400, 500])
def test_throttling_is_known_by_its_words_under_any_status(status: int) -> None:
    words = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert isinstance(meaning(status, json.dumps({"fault": {"error": [{"message": words}]}})), RateLimited)


@pytest.mark.parametrize(
    ("name", "status", "kind", "code"),
    [
        ("fault_400_2010_unknown_property.json", 400, Rejected, "2010"),
        ("fault_400_2030_invalid_id.json", 400, Rejected, "2030"),
        ("fault_400_500_unsupported_operation.json", 400, Rejected, "500"),
        ("fault_400_6240_duplicate_name.json", 400, Rejected, "6240"),
        ("fault_4002_query_processing_service.json", 400, Rejected, "4002"),
        ("fault_401_token_expired_lowercase.json", 401, Reconnect, ""),
        ("fault_401_general_2018.xml", 401, Reconnect, ""),
        ("fault_429_throttle_2017.xml", 429, RateLimited, ""),
        ("fault_429_throttle_2017.xml", 403, RateLimited, ""),
        ("fault_429_throttle_UNVERIFIED.json", 429, RateLimited, ""),
    ],
)
@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample material beside the checkout")
def test_recorded_refusals_are_told_apart(name: str, status: int, kind: type[OutsideError], code: str) -> None:
    refusal = meaning(status, (SAMPLES / name).read_bytes())
    assert type(refusal) is kind
    assert getattr(refusal, "code", "") == code
    assert "AB0" not in str(refusal)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "<html><body>Gateway</body></html>"])
def test_a_failure_of_theirs_is_doubt_only_for_what_was_written(status: int, body: str) -> None:
    assert type(meaning(status, body)) is Transient
    assert type(meaning(status, body, writing=True)) is InDoubt


def test_a_refusal_without_a_word_still_says_something() -> None:
    assert str(meaning(404, "")).startswith("QuickBooks does not know this company or document")
    assert str(meaning(418, "")) == "QuickBooks refused this; look it up there."


def test_a_company_of_another_kind_than_the_keys_is_our_fault() -> None:
    assert type(meaning(403, fault("3100", "ApplicationAuthorizationFailed"))) is Misconfigured


# --- what the kind says of itself ---


def test_one_scope_allows_everything_quickbooks_has_and_without_it_nothing_is() -> None:
    everything = frozenset(Feature) - {Feature.EXPECTED}  # its invoices have no such day
    assert features(QuickBooks.scopes, ["openid", "com.intuit.quickbooks.accounting"]) == everything
    assert features(QuickBooks.scopes, ["openid"]) == frozenset()


def test_scopes_and_quota_can_be_set() -> None:
    plain = QuickBooks(LedgerSettings("id", "secret", "", "", "", "", ""))
    assert plain.oauth.scopes == ("com.intuit.quickbooks.accounting",)
    assert plain.limits == (Limit("minute", 60, 500), Limit("month", 2_592_000, 500_000, whole_app=True, metered=True))
    other = QuickBooks(LedgerSettings("id", "secret", "", "", "", "", "", "accounting openid", 1_000_000))
    assert (other.oauth.scopes, other.limits[1].calls) == (("accounting", "openid"), 1_000_000)

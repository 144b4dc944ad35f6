"""Every refusal Xero is known to give, in whatever shape: one sentence that says what it is about and what to do, and
never a token or a body.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.errors import InDoubt, OutsideError, RateLimited, Reconnect, Rejected, Transient
from integrations.ledgers.xero import faults, refusals

# What Xero says, what of it must be in our sentence, and what there is to do about it.
SAID = [
    (
        "Payments can only be made against Authorised documents",
        "Less is open",
        "on the customer's account or paid back",
    ),
    ("Payment amount exceeds the amount outstanding on this document", "Less is open", "Look at the invoice in Xero"),
    ("Account could not be found", "account that was chosen", "Choose another one"),
    ("Account type is invalid for making a payment to/from", "account that was chosen", "Choose another one"),
    ("Account code '999' is not a valid code for this document.", "account that was chosen", "Choose another one"),
    (
        "The document date cannot be before the end of year lock date, currently set at 31 March 2026",
        "currently set at 31 March 2026",
        "Move the lock date in Xero",
    ),
    (
        "The document date cannot be before the period lock date, currently set at 31 March 2026",
        "closed in Xero",
        "with a later date",
    ),
    (
        "This document cannot be edited as it has a payment or credit note allocated to it.",
        "a payment or a credit note stands against it",
        "Take that back in Xero first",
    ),
    ("Invoice not of valid status for modification", "paid, voided, deleted or not approved", "as it stands"),
    ("Organisation is not subscribed to currency EUR", "currency EUR", "Add the currency there"),
    ("Email address must be valid.", "e-mail address", "Correct it at the contact in Xero"),
    ("Something nobody has seen before", "Something nobody has seen before", "do it there by hand"),
]
HEADERS = {"xero-correlation-id": "c-1"}


def shapes(said: str) -> list[Any]:
    """Every shape in which Xero is known to wrap its words."""
    wrong = {"ValidationErrors": [{"Message": said}]}
    general = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
    return [
        general | {"Elements": [{"PaymentID": None, **wrong}]},
        general | {"Elements": [{"Allocations": [wrong], "ValidationErrors": []}]},
        general | {"Elements": [wrong | {"StatusAttributeString": "ERROR", "HasValidationErrors": "true"}, wrong]},
        {"ErrorNumber": "10", "Message": said, "Elements": None},
        {"Type": None, "Title": "Bad Request", "Status": 400, "Detail": said, "Extensions": {}},
        wrong | {"StatusAttributeString": "ERROR"},
        {"Message": said, "Elements": {"odd": [1, None, "x"]}},
    ]


@pytest.mark.parametrize(("said", "about", "todo"), SAID, ids=[said[:40] for said, _, _ in SAID])
def test_a_refusal_says_what_it_is_about_and_what_to_do(said: str, about: str, todo: str) -> None:
    for shape in shapes(said):
        error = faults.refusal(400, HEADERS, json.dumps(shape).encode(), "the payment")
        assert type(error) is Rejected, shape
        text = str(error)
        assert about in text, shape
        assert todo in text, shape
        assert text.count(said.rstrip(".")) <= 1, "nothing is said twice"
        assert text.endswith(".")
        assert "ValidationErrors" not in text
        assert error.reference == "c-1"


def test_several_objections_are_all_told_once() -> None:
    both = [{"Message": said} for said, _, _ in SAID[:2]]
    body = json.dumps({"Elements": [{"ValidationErrors": both * 2}]}).encode()
    text = str(faults.refusal(400, {}, body, "the payment"))
    assert text.endswith(f"Xero says: {SAID[0][0]}; {SAID[1][0]}.")


def test_a_used_key_leaves_it_in_doubt() -> None:
    said = "The Idempotency-Key has already been used with a different request"
    for shape in shapes(said):
        assert type(faults.refusal(400, {}, json.dumps(shape).encode(), "the payment")) is InDoubt


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (401, {"WWW-Authenticate": 'OAuth realm="x", error="insufficent_scope"'}, b"", Rejected),
        (401, {"www-authenticate": "insufficient_scope"}, b"", Rejected),
        (401, {}, b'{"Detail":"TokenExpired: eyJhbGciOi"}', Reconnect),
        (403, {}, b'{"Type":null,"Title":"Forbidden","Status":403,"Detail":"AuthenticationUnsuccessful"}', Reconnect),
        (403, {}, b'{"Title":"Forbidden","Detail":"Not yours"}', Rejected),
        (404, {}, b"The resource you're looking for cannot be found", Rejected),
        (408, {}, b"", Transient),
        (302, {}, b"", Transient),
        (400, {}, b"<html>proxy</html>", Rejected),
        (400, {}, b'["odd"]', Rejected),
        (429, {"X-Rate-Limit-Problem": "app-minute"}, b"", RateLimited),
        (429, {}, b"", RateLimited),
        (503, {}, b"<html>", Transient),
    ],
)
def test_every_status_says_what_the_caller_may_do(
    status: int, headers: dict[str, str], body: bytes, error: type[OutsideError]
) -> None:
    found = faults.refusal(status, headers, body)
    assert type(found) is error
    assert "eyJ" not in str(found)
    assert "<html" not in str(found)
    if isinstance(found, Transient):
        assert found.retry_after > 0


def test_a_missing_permission_says_that_connecting_again_grants_it() -> None:
    error = faults.refusal(401, {"WWW-Authenticate": "insufficent_scope"}, b"", "the note")
    assert isinstance(error, Rejected)
    assert error.code == "scope"
    assert "Connect the company again" in str(error)


@pytest.mark.parametrize("body", [b"", b"null", b"7", b'{"ValidationErrors":"x","Message":7}', b'{"Elements":[[[]]]}'])
def test_an_answer_without_words_has_none(body: bytes) -> None:
    assert refusals.words(body) == ""
    assert str(faults.refusal(400, {}, body, "the note")).startswith("Xero refused the note: status 400.")

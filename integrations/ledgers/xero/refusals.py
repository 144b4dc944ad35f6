"""Xero's refusals in the words of an accountant: what it is about and what to do.

A table and its look-up; the vendor's own words are added where they say more. Never a token, never a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

SCOPE = (
    "Dunlin was not given the permission for this in Xero. Connect the company again and allow what is asked there, or "
    "do it in Xero by hand."
)
GONE = "Xero no longer has what this is about. Read the company again, then decide again."
_GENERAL = "A validation exception occurred"


class _Refusal(NamedTuple):
    """`says` is looked for in Xero's words, whatever their case. `quoted`: those words are worth showing too."""

    says: str
    sentence: str
    quoted: bool = False


# From section 4 of Xero's documentation of payments, invoices and idempotency, and what integrators report.
_TABLE = (
    _Refusal(
        "only be made against authorised|exceeds the amount outstanding",
        "Less is open on the invoice in Xero than this books: it was paid, credited or voided meanwhile. Look at the "
        "invoice in Xero; what is too much can be kept on the customer's account or paid back.",
        quoted=True,
    ),
    _Refusal(
        "account could not be found|account type is invalid|account code .* is not (a )?valid",
        "Xero does not take this booking on the account that was chosen. Choose another one in the company's settings.",
        quoted=True,
    ),
    _Refusal(
        "end of year lock date|period lock date|locked period",
        "The date lies in a period that is closed in Xero. Move the lock date in Xero, or book it with a later date.",
        quoted=True,
    ),
    _Refusal(
        "cannot be edited as it has a payment or credit note",
        "Xero does not let this be changed, because a payment or a credit note stands against it. Take that back in "
        "Xero first, or leave the document as it is.",
    ),
    _Refusal(
        "not of valid status",
        "Xero does not let this be changed as it stands: it is paid, voided, deleted or not approved yet.",
    ),
    _Refusal(
        "not subscribed to currency",
        "The organisation does not use this currency in Xero. Add the currency there, or book it by hand.",
        quoted=True,
    ),
    _Refusal(
        "email address must be valid",
        "The contact has an e-mail address in Xero that is none. Correct it at the contact in Xero.",
    ),
    _Refusal(
        "not filtering .* efficiently",
        "The organisation is too large for this question to Xero. Tell whoever looks after this installation.",
        quoted=True,
    ),
)
_REUSED = re.compile("used with a different request", re.IGNORECASE)
_FOUND = [(re.compile(one.says, re.IGNORECASE), one) for one in _TABLE]


def sentence(said: str, about: str = "") -> str:
    """What to show for Xero's own words `said` about `about` (the payment, the credit note …)."""
    words = said.strip().rstrip(".")
    for pattern, refusal in _FOUND:
        if pattern.search(words):
            return f"{refusal.sentence} Xero says: {words}." if refusal.quoted else refusal.sentence
    what = f" {about}" if about else ""
    todo = " Put right in Xero what it names, or do it there by hand." if about else ""
    return f"Xero refused{what}: {words or 'it does not say why'}.{todo}"


def reused(said: str) -> bool:
    """Whether Xero remembers another request under this key: what became of that one, this answer does not tell."""
    return bool(_REUSED.search(said))


def words(body: bytes) -> str:
    """What Xero says is wrong, from any of the shapes it says it in; "" for what is no JSON.

    Validation messages may stand at the top, in `Elements`, or deeper at the part that is wrong.
    """
    try:
        said = msgspec.json.decode(body)
    except ValueError:
        return ""  # a page from something before Xero; its text is no use to anybody
    if not isinstance(said, dict):
        return ""
    texts = [said.get(name) for name in ("Message", "Detail", "Title")]
    general = next((text for text in texts if isinstance(text, str) and text and text != _GENERAL), "")
    return joined(said) or general


def joined(said: Any) -> str:
    """The validation messages anywhere in `said`, each once, as one sentence without its full stop; ""."""
    texts = [text.strip().rstrip(".") for text in _messages(said)]
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _messages(said: Any) -> Iterator[str]:
    for value in said if isinstance(said, list) else []:
        yield from _messages(value)
    for name, value in said.items() if isinstance(said, dict) else []:
        if name == "ValidationErrors" and isinstance(value, list):
            yield from (
                one["Message"] for one in value if isinstance(one, dict) and isinstance(one.get("Message"), str)
            )
        else:
            yield from _messages(value)

"""What a QuickBooks answer means when it is no good: status and body to the error that says what the caller may do.

Judges by what came back, never by an exception's class. QuickBooks says no in four shapes: JSON with capitals, JSON
without (the gateway), XML (throttling and some 401s) and HTML. A gateway's 401 echoes the access token, so those
bodies are never quoted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from integrations.errors import InDoubt, Misconfigured, OutsideError, RateLimited, Reconnect, Rejected, Stale, Transient
from integrations.ledgers.quickbooks import refusals

LABEL = "QuickBooks"
THROTTLE_SECONDS = 60.0
_END = 32_768  # bytes; no fault is as long
_GRANT_GONE = {"100", "3200"}
_NO_RIGHTS = "120"
_STALE = "5010"
_CODE_IN_WORDS = re.compile(r"errorCode=0*(\d+)")
_XML_ERROR = re.compile(r'<Error[^>]*code="(\d+)"', re.IGNORECASE)
_XML_WORDS = re.compile(r"<(Message|Detail)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """The vendor's code and words; all empty when the answer held no fault we can read."""

    code: str = ""
    message: str = ""
    detail: str = ""


def check(answer: requests.Response, token: str, *, writing: bool) -> None:
    """Return when the answer is a good one; raise what it means otherwise. HTTP 200 may carry a fault.

    Of a long body only the ends are looked at: a fault takes the place of the rows, it does not stand among them.
    """
    body = answer.content
    ends = body if len(body) <= 2 * _END else body[:_END] + body[-_END:]
    if answer.status_code == 200 and b'"Fault"' not in ends and b'"fault"' not in ends:
        return
    said = read(body)
    if answer.status_code == 200 and said == Said():
        return
    raise _meaning(answer.status_code, said, answer.headers, token, writing=writing)


def read(body: bytes) -> Said:
    """The first error in any of the shapes."""
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _read_xml(body)
    else:
        said = _read_json(fields) if isinstance(fields, dict) else Said()
    in_words = _CODE_IN_WORDS.search(said.message)
    return replace(said, code=said.code.lstrip("0") or (in_words[1] if in_words else ""))


def _read_json(fields: dict[str, Any]) -> Said:
    fault = fields.get("Fault") or fields.get("fault")
    if not isinstance(fault, dict):
        return Said()
    errors = fault.get("Error") or fault.get("error")
    first = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        first = {}
    words = {str(name).lower(): "" if value is None else str(value) for name, value in first.items()}
    fallback = f"a fault of type {fault.get('type')}"
    return Said(words.get("code", ""), words.get("message") or fallback, words.get("detail", ""))


def _read_xml(body: bytes) -> Said:
    text = body.decode("utf-8", "replace")
    code = _XML_ERROR.search(text)
    if code is None:
        return Said()
    words = {name.lower(): html.unescape(value) for name, value in _XML_WORDS.findall(text)}
    return Said(code[1], words.get("message", ""), words.get("detail", ""))


def _meaning(status: int, said: Said, headers: Mapping[str, str], token: str, *, writing: bool) -> OutsideError:
    reference = headers.get("intuit_tid", "")
    # The throttle of a minute and the one of the month cannot be told apart for sure; both mean to come back later.
    if status == 429 or said.code == "3001" or "ThrottleExceeded" in said.message + said.detail:
        return RateLimited(f"{LABEL} asks us to slow down.", _retry_after(headers), reference)
    if said.code == "3100":
        return Misconfigured(f"{LABEL} does not let this app's keys work with that company.", reference)
    if said.code == _NO_RIGHTS:
        words = f"Who connected {LABEL} may no longer see these books; one of its administrators must connect again."
        return Reconnect(words, reference)
    if status == 401 or said.code in _GRANT_GONE:
        return Reconnect(f"{LABEL} no longer accepts this permission; connect again.", reference)
    if status >= 500 or said.code == "10000":
        return severe(f"{LABEL} had a failure of its own ({status}).", reference, writing=writing)
    if 300 <= status < 400:
        return Misconfigured(f"{LABEL} answered with a redirect; its address is not set up rightly.", reference)
    words = refusals.sentence(said.code, status, _clean(said.detail or said.message, token))
    kind = Stale if said.code == _STALE else Rejected
    return kind(words, said.code or str(status), reference)


def severe(message: str, reference: str = "", *, writing: bool) -> OutsideError:
    """A failure after which a read is simply repeated, but a write may have happened."""
    return InDoubt(message, reference) if writing else Transient(message, reference=reference)


def unreachable(error: requests.RequestException, *, writing: bool) -> OutsideError:
    """No answer at all. Only a connection that was never made proves that nothing happened."""
    if not writing or _never_sent(error):
        return Transient(f"{LABEL} could not be reached.")
    return InDoubt(f"The answer of {LABEL} was lost.")


def _never_sent(error: requests.RequestException) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds, from a number or from a date beside the answer's own; a minute when neither is told."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,7}(\.\d+)?", text):
        return float(text)
    try:
        wait = (parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return THROTTLE_SECONDS
    return max(wait, 1.0)


def _clean(text: str, token: str) -> str:
    """One short line without the token."""
    line = " ".join((text.replace(token, "…") if token else text).split())
    return line if len(line) <= 300 else line[:299] + "…"

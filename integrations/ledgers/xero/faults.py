"""Xero's ways of saying no, turned into what the caller may do about it.

Read from the status, headers and body, never from exception classes alone. No token and no body gets into a message.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from integrations.errors import InDoubt, OutsideError, RateLimited, Reconnect, Rejected, Transient
from integrations.ledgers.xero.structs import Message, Problem

_WAITS = {"concurrent": 5.0, "minute": 60.0, "appminute": 60.0, "app-minute": 60.0, "day": 6 * 3600.0}
_WORDS = {"concurrent": "at one time", "minute": "this minute", "day": "today"}
_SCOPE = ("insufficent_scope", "insufficient_scope")  # the first is Xero's own spelling


def refusal(status: int, headers: Mapping[str, str], body: bytes, writing: bool) -> OutsideError:
    """The error for an answer that is not 2xx. A server's fault in a write is in doubt: it may have been done."""
    found = {name.lower(): str(value) for name, value in headers.items()}
    reference = found.get("xero-correlation-id", "")
    problem = _problem(body)
    if status == 429:
        return _limited(found, reference)
    if status == 401:
        return _unauthorised(found, body, reference)
    if status == 403 and (problem.Detail or "").startswith("AuthenticationUnsuccessful"):
        return Reconnect("Xero no longer lets Dunlin into this organisation; connect it again.", reference)
    if status >= 500 and writing:
        return InDoubt(f"Xero answered {status}; the change may or may not have been made.", reference)
    if status >= 500 or status == 408 or 300 <= status < 400:
        return Transient(f"Xero answered {status}; it will be asked again.", 60, reference)
    code = str(problem.ErrorNumber or status)
    return Rejected(f"Xero refused: {_said(problem, status)}", code, reference)


def lost(error: Exception, writing: bool) -> OutsideError:
    """The error for an answer that never came. Only a connection that was never made is surely nothing done."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    never_sent = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    if writing and not never_sent:
        return InDoubt("Xero's answer was lost; the change may or may not have been made.")
    return Transient("Xero could not be reached; it will be asked again.", 30)


def unreadable(writing: bool) -> OutsideError:
    """The error for a good status with a body that is not what was asked for."""
    if writing:
        return InDoubt("Xero's answer could not be read; the change may or may not have been made.")
    return Transient("Xero's answer could not be read; it will be asked again.", 60)


def messages(errors: list[Message] | None) -> str:
    """Xero's validation messages as one sentence, or ""."""
    texts = [(one.text or "").strip().rstrip(".") for one in errors or []]
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _problem(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem, strict=False)
    except ValueError:
        return Problem()  # a page from something before Xero; its text is no use to anybody


def _said(problem: Problem, status: int) -> str:
    every = [error for element in problem.Elements or [] for error in element.ValidationErrors or []]
    said = messages(every) or problem.Message or problem.Detail or f"status {status}"
    return f"{said.strip().rstrip('.')}."


def _unauthorised(headers: Mapping[str, str], body: bytes, reference: str) -> OutsideError:
    said = headers.get("www-authenticate", "") + body.decode("utf-8", "replace")
    if any(word in said for word in _SCOPE):
        return Rejected("This connection was not given the permission for that; connect again.", "scope", reference)
    return Reconnect("Xero no longer accepts this access token; it must be renewed.", reference)


def _limited(headers: Mapping[str, str], reference: str) -> RateLimited:
    which = headers.get("x-rate-limit-problem", "minute").lower()
    wait = _seconds(headers.get("retry-after", ""), _WAITS.get(which, 60.0))
    when = _WORDS.get(which, "this minute")
    return RateLimited(f"Xero's limit of calls {when} is used up ({which}).", wait, reference)


def _seconds(retry_after: str, default: float) -> float:
    return float(retry_after) if retry_after.strip().isdigit() else default

"""Xero's ways of saying no, turned into what the caller may do about it.

Read from the status, headers and body, never from exception classes alone. No token and no body gets into a message.
"""

from __future__ import annotations

from collections.abc import Mapping

from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from integrations.errors import InDoubt, OutsideError, RateLimited, Reconnect, Rejected, Transient
from integrations.ledgers.xero import refusals, structs

_WAITS = {"concurrent": 5.0, "minute": 60.0, "appminute": 60.0, "app-minute": 60.0, "day": 6 * 3600.0}
_WORDS = {"concurrent": "at one time", "minute": "this minute", "day": "today"}
_SCOPE = ("insufficent_scope", "insufficient_scope")  # the first is Xero's own spelling


def refusal(status: int, headers: Mapping[str, str], body: bytes, about: str = "") -> OutsideError:
    """The error for an answer that is not 2xx.

    `about` names what was to be written. A server's fault in a write is in doubt: it may have been done.
    """
    found = {name.lower(): str(value) for name, value in headers.items()}
    reference = found.get("xero-correlation-id", "")
    if status == 429:
        return _limited(found, reference)
    if status == 401:
        return _unauthorised(found, body, reference)
    if status == 403 and b"authenticationunsuccessful" in body.lower():
        return Reconnect("Xero no longer lets Dunlin into this organisation; connect it again.", reference)
    if status >= 500 and about:
        return InDoubt(f"Xero answered {status}; {about} may or may not have been written.", reference)
    if status >= 500 or status == 408 or 300 <= status < 400:
        return Transient(f"Xero answered {status}; it will be asked again.", 60, reference)
    if status == 404:
        return Rejected(refusals.GONE, "404", reference)
    number = structs.named(body, "ErrorNumber") or str(status)
    return refused(refusals.words(body) or f"status {status}", about, number, reference)


def refused(said: str, about: str, code: str, reference: str = "") -> OutsideError:
    """The error for Xero's own words. `code` is Xero's number of the kind of error, 10 for a validation."""
    if refusals.reused(said):
        return InDoubt("Xero has already had a different request under this key; look what became of it.", reference)
    return Rejected(refusals.sentence(said, about), code, reference)


def lost(error: Exception, writing: bool) -> OutsideError:
    """The error for an answer that never came. Only a connection that was never made is surely nothing done."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    never_sent = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    if writing and not never_sent:
        return InDoubt("Xero's answer was lost; the change may or may not have been made.")
    return Transient("Xero could not be reached; it will be asked again.", 30)


def unreadable(writing: bool = False) -> OutsideError:
    """The error for a good status with a body that is not what was asked for."""
    if writing:
        return InDoubt("Xero's answer could not be read; the change may or may not have been made.")
    return Transient("Xero's answer could not be read; it will be asked again.", 60)


def _unauthorised(headers: Mapping[str, str], body: bytes, reference: str) -> OutsideError:
    said = headers.get("www-authenticate", "") + body.decode("utf-8", "replace")
    if any(word in said.lower() for word in _SCOPE):
        return Rejected(refusals.SCOPE, "scope", reference)
    return Reconnect("Xero no longer accepts this access token; it must be renewed.", reference)


def _limited(headers: Mapping[str, str], reference: str) -> RateLimited:
    which = headers.get("x-rate-limit-problem", "minute").lower()
    wait = _seconds(headers.get("retry-after", ""), _WAITS.get(which, 60.0))
    when = _WORDS.get(which, "this minute")
    return RateLimited(f"Xero's limit of calls {when} is used up ({which}).", wait, reference)


def _seconds(retry_after: str, default: float) -> float:
    return float(retry_after) if retry_after.strip().isdigit() else default

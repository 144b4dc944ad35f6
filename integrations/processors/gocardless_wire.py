"""GoCardless' official library on our own transport: no retries, no redirects, our errors. It decides nothing.

The library calls `requests` anew for every request and tries three times; here one session carries it, once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import requests
from gocardless_pro import errors, services
from gocardless_pro.api_client import ApiClient

from integrations.errors import InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient
from integrations.transport import Transport

TIMEOUT = (5, 20)
MOST = 500  # rows the API gives at once
_ONCE, _NO_PAUSE = 1, 0  # the library counts the first try, too

Row = Mapping[str, Any]


class _Wire(ApiClient):  # type: ignore[misc]
    """What the library's services speak through."""

    def __init__(self, base_url: str, token: str, session: requests.Session) -> None:
        super().__init__(base_url, token, TIMEOUT)
        self._session = session

    def get(self, path: str, params: Any = None, headers: Any = None) -> requests.Response:
        return self._send("GET", path, headers, params=params)

    def post(self, path: str, body: Any, headers: Any = None) -> requests.Response:
        return self._send("POST", path, headers, data=json.dumps(body))

    def _send(self, method: str, path: str, headers: Any, **said: Any) -> requests.Response:
        answer = self._session.request(
            method,
            self._url_for(path),
            headers=self._headers(headers),
            timeout=self.timeout,
            allow_redirects=False,
            **said,
        )
        self._handle_errors(answer)
        return answer


class Wire:
    """The services this house uses, by the library's own names."""

    def __init__(self, api_url: str, token: str, transport: Transport) -> None:
        wire = _Wire(api_url, token, transport.mount(requests.Session()))
        self.creditors = services.CreditorsService(wire, _ONCE, _NO_PAUSE)
        self.events = services.EventsService(wire, _ONCE, _NO_PAUSE)
        self.flows = services.BillingRequestFlowsService(wire, _ONCE, _NO_PAUSE)
        self.mandates = services.MandatesService(wire, _ONCE, _NO_PAUSE)
        self.payments = services.PaymentsService(wire, _ONCE, _NO_PAUSE)
        self.payout_items = services.PayoutItemsService(wire, _ONCE, _NO_PAUSE)
        self.payouts = services.PayoutsService(wire, _ONCE, _NO_PAUSE)
        self.refunds = services.RefundsService(wire, _ONCE, _NO_PAUSE)
        self.requests = services.BillingRequestsService(wire, _ONCE, _NO_PAUSE)

    @staticmethod
    def create(service: Any, body: Row, key: str) -> Row:
        """Make something once: under a key that was used before the library fetches what was made then.

        Rejected when that has another reference of ours: the key was used for something else.
        """
        found: Row = service.create(dict(body), {"Idempotency-Key": key}).attributes
        if found["metadata"].get("reference") != body["metadata"]["reference"]:
            raise Rejected("This key was used for another payment.", code="idempotent_creation_conflict")
        return found

    @staticmethod
    def all(service: Any, **which: str) -> list[Row]:
        """Every row there is, in GoCardless' own order (the newest first)."""
        return [one.attributes for one in service.all({**which, "limit": MOST})]

    def items(self, payout: str) -> list[Row]:
        """What a payout is made of; nothing of one that is so old (six months) that GoCardless no longer says."""
        try:
            return self.all(self.payout_items, payout=payout)
        except errors.ApiError as error:
            if error.code != HTTPStatus.GONE:
                raise
            return []


@contextmanager
def answers(changing: bool) -> Iterator[None]:
    """Turn the library's errors into ours. A change whose answer was lost or broken is in doubt."""
    try:
        yield
    except errors.ApiError as error:
        raise _ours(error, changing) from error
    except (errors.GoCardlessProError, requests.RequestException) as error:
        raise lost("GoCardless could not be reached or did not answer properly.", changing) from error
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise lost("GoCardless' answer could not be read.", changing) from error


def _ours(error: errors.ApiError, changing: bool) -> OutsideError:
    said: Row = error.error if isinstance(error.error, dict) else {}
    reference = str(said.get("request_id") or "")
    if said.get("code") in (401, 403):
        words = "GoCardless does not accept this access token. Make a new one with read-write access in GoCardless."
        return Misconfigured(words, reference)
    if isinstance(error, errors.RateLimitError):
        return RateLimited("GoCardless asks us to slow down.", retry_after=60, reference=reference)
    if not said or isinstance(error, errors.IdempotentCreationConflictError):
        return Transient("GoCardless is still busy with the same request.", retry_after=5, reference=reference)
    if isinstance(error, errors.ValidationFailedError | errors.InvalidApiUsageError | errors.InvalidStateError):
        first: Row = next(iter(said.get("errors") or ()), {})
        why = " ".join(str(part) for part in (first.get("field"), first.get("message") or said.get("message")) if part)
        return Rejected(f"GoCardless said no: {why}", str(first.get("reason") or said.get("type") or ""), reference)
    return lost("GoCardless did not answer properly.", changing, reference)


def lost(message: str, changing: bool, reference: str = "") -> OutsideError:
    """No proper answer: in doubt where something may have changed."""
    return InDoubt(message, reference) if changing else Transient(message, retry_after=30, reference=reference)

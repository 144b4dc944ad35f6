"""One Xero API client per job, wired so that nothing of another job can reach it and nothing is sent twice.

The official client builds the requests; the bytes travel through our transport, without its retries, its refreshing of
tokens or its models. Answers are raw bytes, and the meter hears of every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import ApiException, HTTPStatusException
from xero_python.identity import IdentityApi

from integrations.ledgers.base import Answered, LedgerSettings, Meter, Purpose
from integrations.ledgers.xero import faults
from integrations.transport import Transport

TIMEOUT = (5, 60)
_ROOT = "/api.xro/2.0"
_NOTHING = b'{"Status":"OK"}'
_LEFT = {"minute": "X-MinLimit-Remaining", "day": "X-DayLimit-Remaining", "appminute": "X-AppMinLimit-Remaining"}


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    headers: Mapping[str, str]


class Client:
    """Calls on behalf of one organisation with one access token. Not shared between threads."""

    def __init__(
        self, settings: LedgerSettings, access_token: str, tenant: str, transport: Transport, meter: Meter
    ) -> None:
        client = _wired(settings, access_token, transport)
        self._accounting = AccountingApi(client, base_url=_host(settings) + _ROOT)
        self._tenant, self._meter = tenant, meter

    def read(self, purpose: Purpose, method: str, *ids: str, **options: Any) -> Answer:
        """One GET of the accounting API. Transient when the answer is lost."""
        with self._meter.call(purpose) as answered:
            return answer_of(getattr(self._accounting, method), self._tenant, *ids, heard=answered, **options)

    def write(self, about: str, method: str, *arguments: Any, key: str) -> Answer:
        """One change under an idempotency key, sent once. InDoubt when the answer is lost.

        `about` names what is written, for the sentence of a refusal.
        """
        call = getattr(self._accounting, method)
        with self._meter.call(Purpose.WRITE, read=False) as answered:
            return answer_of(call, self._tenant, *arguments, idempotency_key=key, about=about, heard=answered)

    def remove(self, about: str, method: str, *ids: str) -> Answer:
        """One removal, for which Xero takes neither a body nor a key. InDoubt when the answer is lost."""
        call = getattr(self._accounting, method)
        with self._meter.call(Purpose.WRITE, read=False) as answered:
            return answer_of(call, self._tenant, *ids, about=about, heard=answered)


def identity(settings: LedgerSettings, access_token: str, transport: Transport) -> IdentityApi:
    """The connections of a token. They are not counted against any organisation's limits."""
    return IdentityApi(_wired(settings, access_token, transport), base_url=_host(settings))


def answer_of(
    call: Callable[..., Any], *arguments: Any, about: str = "", heard: Answered | None = None, **options: Any
) -> Answer:
    """Make one SDK call with our timeout and read its raw bytes; every failure becomes one of our errors.

    With `about` it is a change: then a lost answer is in doubt. `heard` is told of every answer, refusals too.
    """
    try:
        answer = call(*arguments, _preload_content=False, _request_timeout=TIMEOUT, **options)
        body = bytes(answer.data)
    except HTTPStatusException as error:
        answer, body = error.http_resp.urllib3_response, error.body or b""
        _tell(heard, answer, body)
        if answer.status == 304 and "if_modified_since" in options:  # Xero does not say whether it ever answers so
            return Answer(_NOTHING, answer.headers)
        raise faults.refusal(answer.status, answer.headers, body, about) from None  # its text has the body
    except (urllib3.exceptions.HTTPError, ApiException) as error:
        raise faults.lost(error, bool(about)) from error
    _tell(heard, answer, body)
    return Answer(body, answer.headers)


def _tell(heard: Answered | None, answer: Any, body: bytes) -> None:
    """Pass on the size as it came over the wire, compressed or not, and what Xero says is left."""
    if heard is None:
        return
    left = {name: answer.headers.get(header) or "" for name, header in _LEFT.items()}
    heard(answer.tell() or len(body), {name: int(count) for name, count in left.items() if count.strip().isdigit()})


def _host(settings: LedgerSettings) -> str:
    return settings.api_url.rstrip("/").removesuffix(_ROOT)


def _wired(settings: LedgerSettings, access_token: str, transport: Transport) -> ApiClient:
    """A client of its own for this token."""
    # A token given to Configuration() itself would be the first one ever made, for everybody (its default is copied).
    configuration = Configuration(debug=False)
    configuration.oauth2_token = OAuth2Token(client_id=settings.client_id, client_secret=settings.client_secret)
    client = ApiClient(configuration, pool_threads=1)
    client.rest_client.pool_manager = transport.pool()
    client.set_default_header("Accept-Encoding", "gzip")
    # Without expires_at the client never refreshes by itself: it knows no lease and no timeout.
    token = {"access_token": access_token, "scope": [], "expires_in": 1800, "token_type": "Bearer"}
    client.oauth2_token_getter(lambda: dict(token))
    client.oauth2_token_saver(lambda _token: None)
    return client

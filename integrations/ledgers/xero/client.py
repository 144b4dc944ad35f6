"""One Xero API client per job, wired so that nothing of another job can reach it and nothing is sent twice.

The official client builds the requests; the bytes travel through our transport, without its retries, its refreshing of
tokens or its models. Answers are raw bytes.
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

from integrations.ledgers.base import LedgerSettings, Meter
from integrations.ledgers.xero import faults
from integrations.transport import Transport

TIMEOUT = (5, 60)
_ROOT = "/api.xro/2.0"


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
        host = settings.api_url.rstrip("/").removesuffix(_ROOT)
        self.accounting = AccountingApi(client, base_url=host + _ROOT)
        self.identity = IdentityApi(client, base_url=host)
        self.tenant, self._meter = tenant, meter

    def read(self, purpose: str, method: str, **options: Any) -> Answer:
        """One GET of the accounting API. Transient when the answer is lost."""
        self._meter(purpose)
        return answer_of(getattr(self.accounting, method), self.tenant, **options)

    def write(self, purpose: str, method: str, body: Any, key: str) -> Answer:
        """One change under an idempotency key, sent once. InDoubt when the answer is lost."""
        self._meter(purpose)
        return answer_of(getattr(self.accounting, method), self.tenant, body, idempotency_key=key, writing=True)


def answer_of(call: Callable[..., Any], *arguments: Any, writing: bool = False, **options: Any) -> Answer:
    """Make one SDK call with our timeout and read its raw bytes; every failure becomes one of our errors."""
    try:
        answer = call(*arguments, _preload_content=False, _request_timeout=TIMEOUT, **options)
        return Answer(bytes(answer.data), answer.headers)
    except HTTPStatusException as error:
        answer = error.http_resp.urllib3_response
        raise faults.refusal(
            answer.status, answer.headers, error.body or b"", writing
        ) from None  # its text has the body
    except (urllib3.exceptions.HTTPError, ApiException) as error:
        raise faults.lost(error, writing) from error


def _wired(settings: LedgerSettings, access_token: str, transport: Transport) -> ApiClient:
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

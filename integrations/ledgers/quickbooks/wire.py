"""The way to one QuickBooks company: python-quickbooks' client on a session of our own. Bytes in, bytes out.

The session adds what the client lacks: a timeout, no redirects, and the last answer, from which faults are judged.
It parses nothing but faults, retries nothing and never refreshes a token.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests
from quickbooks import QuickBooks as Client

from integrations.errors import Transient
from integrations.ledgers.base import Meter
from integrations.ledgers.quickbooks import faults
from integrations.transport import Transport

TIMEOUT = (5, 125)  # the vendor gives up after 120 seconds
MINOR_VERSION = 75
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


class Session(requests.Session):
    """What the client asks of a session: an access token and `request`."""

    def __init__(self, access_token: str) -> None:
        super().__init__()
        self.access_token = access_token
        self.last: requests.Response | None = None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", TIMEOUT)
        options.setdefault("allow_redirects", False)
        self.last = None
        self.last = super().request(method, url, *args, **options)
        return self.last


class Wire:
    """One company with one access token. `api_url` is the host, without /v3."""

    def __init__(self, api_url: str, access_token: str, realm: str, transport: Transport, meter: Meter) -> None:
        self._token, self._meter = access_token, meter
        self._session = Session(access_token)
        transport.mount(self._session)
        self._client = Client(company_id=quote(realm, safe=""), minorversion=MINOR_VERSION, use_decimal=True)
        self._client.session = self._session
        self._client.api_url_v3 = f"{api_url.rstrip('/')}/v3"

    def get(self, path: str, purpose: str, **params: str) -> bytes:
        """The body of a reading."""
        return self._read("GET", path, _HEADERS, params, b"", purpose)

    def query(self, statement: str, purpose: str) -> bytes:
        """The body of the answer to a SELECT; `quoted` makes values safe to put in."""
        headers = {**_HEADERS, "Content-Type": "application/text"}
        return self._read("POST", "query", headers, {}, statement.encode(), purpose)

    def create(self, entity: str, body: bytes, key: str) -> bytes:
        """Post exactly these bytes under a request id. InDoubt when the answer was lost."""
        self._meter("write")
        try:
            self._client.create_object(entity, body, request_id=key)
        except requests.RequestException as error:
            raise faults.unreachable(error, writing=True) from None
        except Exception:
            # The client's exceptions quote bodies, and so the token; what came back says more than their class.
            if self._session.last is None:
                raise
        return self._checked(self._session.last, writing=True)

    def _read(
        self, method: str, path: str, headers: dict[str, str], params: dict[str, str], data: bytes, purpose: str
    ) -> bytes:
        self._meter(purpose)
        url = f"{self._client.api_url}/company/{self._client.company_id}/{path}"
        query = {**params, "minorversion": str(MINOR_VERSION)}
        try:
            answer = self._client.process_request(method, url, headers=dict(headers), params=query, data=data)
        except requests.RequestException as error:
            raise faults.unreachable(error, writing=False) from None
        return self._checked(answer, writing=False)

    def _checked(self, answer: requests.Response | None, *, writing: bool) -> bytes:
        if answer is None:
            raise Transient(f"{faults.LABEL} was not asked.")
        faults.check(answer, self._token, writing=writing)
        return answer.content


def quoted(value: str) -> str:
    """A value for a SELECT, as QuickBooks escapes it: backslashes first, then quotes."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

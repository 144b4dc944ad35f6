"""The way to one QuickBooks company: python-quickbooks' client on a session of our own. Bytes in, bytes out.

The session adds what the client lacks: a timeout, no redirects, and the last answer, from which faults are judged.
Every call stands behind the meter. It parses nothing but faults, retries nothing and never refreshes a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import requests
from quickbooks import QuickBooks as Client
from urllib3.exceptions import HTTPError

from integrations.errors import Transient
from integrations.ledgers.base import Answered, Meter, Purpose
from integrations.ledgers.quickbooks import faults
from integrations.transport import Transport

TIMEOUT = (5, 125)  # the vendor gives up after 120 seconds
MINOR_VERSION = 75
BATCH_MOST = 30
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class Answer(NamedTuple):
    """A good answer: its bytes, and the Date header for bodies that do not tell their time."""

    body: bytes
    date: str


class Session(requests.Session):
    """What the client asks of a session: an access token and `request`."""

    def __init__(self, access_token: str) -> None:
        super().__init__()
        self.access_token = access_token
        self.last: requests.Response | None = None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", TIMEOUT)
        options.setdefault("allow_redirects", False)
        options["stream"] = True
        self.last = None
        answer = super().request(method, url, *args, **options)
        try:
            # By itself the library reads ten kilobytes at a time: for a page of rows that takes as long as decoding it.
            answer._content = answer.raw.read(decode_content=True)
        except HTTPError as error:
            raise requests.ConnectionError(error, request=answer.request) from error
        self.last = answer
        return answer


class Wire:
    """One company with one access token. `api_url` is the host, without /v3."""

    def __init__(self, api_url: str, access_token: str, realm: str, transport: Transport, meter: Meter) -> None:
        self._token, self._meter = access_token, meter
        self._session = Session(access_token)
        transport.mount(self._session)
        self._client = Client(company_id=quote(realm, safe=""), minorversion=MINOR_VERSION, use_decimal=True)
        self._client.session = self._session
        self._client.api_url_v3 = f"{api_url.rstrip('/')}/v3"

    def get(self, path: str, purpose: Purpose, **params: str) -> Answer:
        """The answer to a reading."""
        return self._read("GET", path, _JSON, params, b"", purpose)

    def pdf(self, path: str) -> Answer:
        return self._read("GET", path, {"Accept": "application/pdf"}, {}, b"", Purpose.DOCUMENT)

    def query(self, statement: str, purpose: Purpose) -> Answer:
        """The answer to a SELECT; `quoted` makes values safe to put in."""
        headers = {**_JSON, "Content-Type": "application/text"}
        return self._read("POST", "query", headers, {}, statement.encode(), purpose)

    def queries(self, statements: Sequence[str], purpose: Purpose) -> Answer:
        """The answers to at most BATCH_MOST SELECTs, in one call."""
        requests_ = [{"bId": str(place), "Query": text} for place, text in enumerate(statements)]
        body = msgspec.json.encode({"BatchItemRequest": requests_})
        return self._read("POST", "batch", _JSON, {}, body, purpose)

    def post(self, entity: str, body: bytes, key: str, **params: str) -> Answer:
        """Post exactly these bytes under a request id. InDoubt when the answer was lost."""
        with self._meter.call(Purpose.WRITE, read=False) as answered:
            try:
                self._client.post(self._url(entity.lower()), body, request_id=key, params=params)
            except requests.RequestException as error:
                raise faults.unreachable(error, writing=True) from None
            except Exception:
                # The client's exceptions quote bodies, and so the token; what came back says more than their class.
                if self._session.last is None:
                    raise
            return self._checked(self._session.last, answered, writing=True)

    def _read(
        self, method: str, path: str, headers: dict[str, str], params: dict[str, str], data: bytes, purpose: Purpose
    ) -> Answer:
        query = {**params, "minorversion": str(MINOR_VERSION)}
        with self._meter.call(purpose) as answered:
            try:
                answer = self._client.process_request(
                    method, self._url(path), headers=dict(headers), params=query, data=data
                )
            except requests.RequestException as error:
                raise faults.unreachable(error, writing=False) from None
            return self._checked(answer, answered, writing=False)

    def _url(self, path: str) -> str:
        return f"{self._client.api_url}/company/{self._client.company_id}/{path}"

    def _checked(self, answer: requests.Response | None, answered: Answered, *, writing: bool) -> Answer:
        """QuickBooks does not say how much of its limits is left."""
        if answer is None:
            raise Transient(f"{faults.LABEL} was not asked.")
        answered(len(answer.content), {})
        faults.check(answer, self._token, writing=writing)
        return Answer(answer.content, answer.headers.get("Date", ""))


def quoted(value: str) -> str:
    """A value for a SELECT, as QuickBooks escapes it: backslashes first, then quotes."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

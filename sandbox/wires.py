"""The wires of the pretend world: HTTP to a WSGI app without sockets, or with real ones on loopback.

It carries bytes and breaks on demand; it knows nothing of any vendor. Three faults have words of their own, `Lost`,
`Slow` and `Instead`, so that a fault run need not know which HTTP library is asking.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
Hook = Callable[[str, str], None]


class Lost(Exception):
    """The connection broke. Raised in `before` the request never arrived; in `after` only the answer was lost."""


class Slow(Exception):
    """The answer did not come in time; the same two meanings."""


class Instead(Exception):
    """Somebody in between answers: in `before` nothing was done, in `after` it was and its real answer is lost."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        super().__init__(status)
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.answer = _Answer(status, "", named, body)


class UnknownHost(Exception):
    """No route leads to this host."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class Network:
    """Routes host names to WSGI apps. `before` and `after` are called around each request with (method, url).

    A hook may raise Lost or Slow, which reach the caller as its own library's errors, or Instead, which it takes for
    the answer; anything else passes untouched.
    """

    def __init__(self) -> None:
        self._apps: dict[str, WSGIApp] = {}
        self.before: Hook | None = None
        self.after: Hook | None = None

    def route(self, netloc: str, app: WSGIApp) -> None:
        """Send everything for `netloc` ("quickbooks.test" or "127.0.0.1:5001") to `app`."""
        self._apps[netloc.lower()] = app

    def adapter(self) -> BaseAdapter:
        """An adapter for requests. A broken wire raises requests.ConnectionError, a slow one requests.ReadTimeout."""
        return _Adapter(self)

    def pool(self) -> urllib3.PoolManager:
        """A PoolManager for urllib3. A broken wire raises ProtocolError, an unknown host MaxRetryError."""
        return _Pool(self)

    def carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """One request and its answer. Lost, Slow or UnknownHost; a body shorter than it promised is Lost."""
        app = self._apps.get(urlsplit(url).netloc.lower())
        if app is None:
            raise UnknownHost(f"Nobody answers at {urlsplit(url).netloc}.")
        try:
            if self.before is not None:
                self.before(method, url)
            answer = _ask(app, _environ(method, url, headers, body))
            if self.after is not None:
                self.after(method, url)
        except Instead as other:
            return other.answer
        promised = {name.lower(): value for name, value in answer.headers}.get("content-length")
        if promised is not None and method != "HEAD" and len(answer.body) < int(promised):
            raise Lost("The answer broke off.")
        return answer


def _ask(app: WSGIApp, environ: dict[str, Any]) -> _Answer:
    chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    code, _, reason = status.partition(" ")
    return _Answer(int(code), reason, list(headers), b"".join(chunks))


def _environ(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_LENGTH":
            continue
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = _text(value)
    return environ


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return bytes(body.read()) if hasattr(body, "read") else b"".join(body)


class _Original:
    """Just enough of http.client's response for both libraries to find cookies in."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


def _response(answer: _Answer, method: str, url: str, preload_content: bool) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        body=BytesIO(answer.body),
        headers=urllib3.HTTPHeaderDict(answer.headers),
        status=answer.status,
        reason=answer.reason,
        preload_content=preload_content,
        original_response=_Original(answer.headers),  # type: ignore[arg-type]
        request_method=method,
        request_url=url,
    )


class _Adapter(BaseAdapter):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        method, url = request.method or "GET", request.url or ""
        try:
            answer = self.network.carry(method, url, request.headers, _bytes(request.body))
        except (Lost, UnknownHost) as error:
            raise requests.ConnectionError(str(error), request=request) from error
        except Slow as error:
            raise requests.ReadTimeout(str(error), request=request) from error
        return HTTPAdapter().build_response(request, _response(answer, method, url, preload_content=False))

    def close(self) -> None:
        """Nothing is open."""


class _Pool(urllib3.PoolManager):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> urllib3.HTTPResponse:
        """Redirects are handed back, never followed: a ledger's API has none."""
        headers = options.get("headers") or {}
        pool = urllib3.HTTPConnectionPool(urlsplit(url).hostname or "")
        try:
            answer = self.network.carry(method, url, headers, _bytes(options.get("body")))
        except UnknownHost as error:
            raise MaxRetryError(pool, url, error) from error
        except Lost as error:
            raise ProtocolError(str(error), error) from error
        except Slow as error:
            raise ReadTimeoutError(pool, url, str(error)) from error
        return _response(answer, method, url, bool(options.get("preload_content", True)))


class _Quiet(WSGIRequestHandler):
    timeout = 30  # a browser opens connections it never uses; they must not stay for ever

    def log_request(self, *_args: Any) -> None:
        """Say nothing: the pretend world's traffic is not the product's log."""


class Server:
    """A WSGI app on a real loopback port, one thread a connection. Also a context manager."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self.url = f"http://{server.host}:{server.port}"
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port; repeated calls do nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def serve(app: WSGIApp, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `app` until `stop()`; port 0 takes a free one. OSError when the port is taken."""
    with socket.create_server((host, port)) as bound:  # werkzeug itself would leave the process on a taken port
        port = bound.getsockname()[1]
        server = make_server(host, port, _listening(app), threaded=True, request_handler=_Quiet, fd=bound.fileno())
        return Server(server)


def _listening(app: WSGIApp) -> WSGIApp:
    """Hear the whole request before the app speaks: werkzeug waits for unread input before it hangs up."""

    def heard(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        return app(environ, start_response)

    return heard

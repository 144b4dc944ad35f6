"""The page server: a ledger's whole book on a loopback port, in a process of its own, without limits or refusals.

    python -m bench.server xero 100000

prints its port. Rows are encoded before the first request, so an answer costs one join. `POST /bench/begin?rows=N` cuts
the book to its first N invoices and forgets the calls, `GET /bench/calls` tells them.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from bench import book
from bench.dialects import DIALECTS, NotUnderstood, lists

TOKEN = b'{"access_token":"bench","refresh_token":"bench","token_type":"Bearer","expires_in":3600}'


class Library:
    """One book, how much of it is shown, and how often it was asked."""

    def __init__(self, kind: str, rows: int) -> None:
        self.book, self._answer = book.made(kind, rows), DIALECTS[kind]
        self._lock, self.calls, self.bytes = threading.Lock(), 0, 0
        self.begin(rows)

    def begin(self, rows: int) -> None:
        self._lists, self.calls, self.bytes = lists(self.book, rows), 0, 0

    def answer(self, target: str, body: bytes) -> bytes:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/bench/begin":
            self.begin(int(query["rows"]))
            return json.dumps({"tenant": self.book.tenant}).encode()
        if parts.path == "/bench/calls":
            return json.dumps({"calls": self.calls, "bytes": self.bytes}).encode()
        if parts.path.endswith(("/token", "/bearer")):
            return TOKEN
        answer = self._answer(self.book, self._lists, parts.path, query, body)
        with self._lock:
            self.calls, self.bytes = self.calls + 1, self.bytes + len(answer)
        return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    library: Library

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer, status = self.library.answer(self.path, body), b"200 OK"
        except NotUnderstood as error:
            answer, status = str(error).encode(), b"400 Bad Request"
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(answer))
        self.wfile.write(head + answer)

    do_POST = do_GET


def main(kind: str, rows: int) -> None:
    Handler.library = Library(kind, rows)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

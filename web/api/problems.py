"""What an API answers when it cannot: a problem in JSON (RFC 9457) with one sentence. Touches no database."""

from __future__ import annotations

import http
from collections.abc import Mapping

import msgspec
from flask import Response

PREFIX = "/api/"
SENTENCES = {
    400: "The request cannot be read.",
    401: "Please send a token that is in use, as Authorization: Bearer and the token.",
    404: "There is no such thing, or it is not open to you.",
    405: "This address does not take that method.",
    409: "The same is under way, or broke off. Look whether it was done before you ask under a new key.",
    413: "That was too much to take in at once.",
    415: "Please send JSON, with Content-Type: application/json.",
    429: "There were too many requests in a short time. Wait a few minutes, then try again.",
    500: "Something went wrong here, not with you. Please try again in a minute.",
}


class Problem(msgspec.Struct):
    """What went wrong: `detail` is a sentence for people that says what to do."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"


class Wrong(Exception):
    """Raised while an answer is made: the status, and the sentence that says why."""

    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(sentence or SENTENCES[status])
        self.status = status


def answer(status: int, sentence: str = "", headers: Mapping[str, str] | None = None) -> Response:
    told = sentence or SENTENCES.get(status) or SENTENCES[400 if status < 500 else 500]
    body = msgspec.json.encode(Problem(http.HTTPStatus(status).phrase, status, told))
    response = Response(body, status, mimetype="application/problem+json")
    response.headers.update(headers or {})
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response

"""The API's routes, made from the table of operations, and its door: a token, its limits, what its person may.

It parses, asks one operation, and answers in JSON. A cookie opens nothing here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import msgspec
from flask import Blueprint, Response, request
from flask_limiter.util import get_remote_address

from core.roles import Role
from web.api import document as documents
from web.api import problems
from web.api.operations import OPERATIONS, Operation
from web.api.problems import Wrong
from web.api.reads import Asking
from web.guards import limiter, runtime, was_refused
from workflows import audit, reaching, repeated, second_step, tokens
from workflows.errors import Refusal

pages = Blueprint("api", __name__, url_prefix=documents.BASE)


def _secret() -> str:
    """The token that was sent, if one was."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip()[:200] if scheme.lower() == "bearer" else ""


def _by_token() -> str:
    secret = _secret()
    return f"api/{hashlib.sha256(secret.encode()).hexdigest()}" if secret else get_remote_address()


# So much for each token; and for guessing, by where it comes from.
limiter.limit("1200 per 5 minutes", key_func=_by_token)(pages)
limiter.limit("60 per 5 minutes", deduct_when=was_refused)(pages)


@pages.errorhandler(Wrong)
def _wrong(wrong: Wrong) -> Response:
    return problems.answer(wrong.status, str(wrong))


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return problems.answer(422, str(refusal))


@pages.get("/openapi.json")
def document() -> Response:
    """What can be asked; it says nothing of anybody, so it needs no token."""
    return Response(msgspec.json.encode(documents.made()), mimetype="application/json")


def _asking(one: Operation) -> Asking:
    """Whoever the token speaks for, who may do this; Wrong otherwise."""
    found = tokens.of(runtime(), _secret())
    if found is None:
        raise Wrong(401)
    person, token = found
    if second_step.is_owed(runtime(), person):
        raise Wrong(403, "Whoever made this token owns a practice and needs a second step first. Please set it up.")
    if one.changes and not token.may_change:
        raise Wrong(403, "This token only reads. Make one that may change things on the page Your tokens.")
    if not Role(person.role).may(one.role):
        raise Wrong(403, f"This needs at least the role {one.role.value}. Please ask an owner of your practice.")
    return Asking(runtime(), person, reaching.of(person), token)


def _wish(one: Operation) -> msgspec.Struct:
    try:
        return _body(one) if one.changes else msgspec.convert(_fields(), one.wish, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Wrong(400, f"The request does not fit: {error}.") from None


def _fields() -> Mapping[str, str]:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Wrong(400, f"{twice[0][:40]} is given more than once. Please give it once.")
    return request.args.to_dict()


def _body(one: Operation) -> msgspec.Struct:
    if request.args:
        raise Wrong(400, "This address takes no fields. Please put them into the body.")
    if request.mimetype != "application/json":
        raise Wrong(415)
    found: msgspec.Struct = msgspec.json.decode(request.get_data(), type=one.wish)
    return found


def _serve(one: Operation, **named: str) -> Response:
    asking = _asking(one)
    if any("\0" in uid or len(uid) > 40 for uid in named.values()):
        raise Wrong(404)
    wish = _wish(one)
    key = _key() if one.changes else ""
    if key:
        return _once(asking, key, lambda: _done(one, asking, named, wish))
    return _done(one, asking, named, wish)


def _done(one: Operation, asking: Asking, named: Mapping[str, str], wish: msgspec.Struct) -> Response:
    with audit.acting(asking.person.id):
        told = one.does(asking, *named.values(), wish)
    return Response(msgspec.json.encode(told), one.status, mimetype="application/json")


def _key() -> str:
    """The key under which it may be asked for again, with or without the quotes of a structured header."""
    key = request.headers.get("Idempotency-Key", "").strip().removeprefix('"').removesuffix('"')
    if "Idempotency-Key" in request.headers and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Wrong(400, "Please give an Idempotency-Key of 1 to 255 printable characters, such as a random UUID.")
    return key


def _once(asking: Asking, key: str, work: Callable[[], Response]) -> Response:
    """The first answer where the same was asked for before; what is refused does not use the key up."""
    wished = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.get_data()).hexdigest()
    asked = repeated.Asked(asking.token.id, key, wished)
    try:
        known = repeated.begin(asking.rt, asked)
    except repeated.OtherWish:
        raise Wrong(422, "This Idempotency-Key was used for another request. Please take a new one.") from None
    except repeated.UnderWay:
        raise Wrong(409) from None
    if known is not None:
        return Response(known[1], known[0], mimetype="application/json")
    try:
        answer = work()
    except (Wrong, Refusal):
        repeated.forget(asking.rt, asked)
        raise
    repeated.keep(asking.rt, asked, answer.status_code, answer.get_data())
    return answer


def _route(one: Operation) -> None:
    def view(**named: str) -> Response:
        return _serve(one, **named)

    path = one.path.replace("{uid}", "<uid>")
    pages.add_url_rule(path, one.name, view, methods=[one.method])


for _one in OPERATIONS:
    _route(_one)

"""The OpenAPI 3.1 document, made from the table of operations and the structs they are made of. It asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from web.api.operations import OPERATIONS, Operation
from web.api.problems import SENTENCES, Problem
from web.api.wishes import UID

BASE = "/api/v1"
_REF = "#/components/schemas/{name}"
_ABOUT = """\
What Dunlin's console shows, for programs: companies, customers, what was said to them and why nothing was, what was
agreed on and paid. A few things can be changed. A token is made on the page Your tokens; it sees what its person sees.

Lists come in pages, in the order in which things came. `next` of a page is `after` of the one that follows; null after
the last. Ids are uids. Sums say their minor units, their currency, and the same as a decimal. Moments are UTC. What
cannot be done is told as a problem (RFC 9457), with one sentence in `detail`.
"""


@cache
def made() -> Mapping[str, Any]:
    """The whole document."""
    kinds = [Problem, *(one.answer for one in OPERATIONS), *(one.wish for one in OPERATIONS)]
    _, schemas = msgspec.json.schema_components(dict.fromkeys(kinds), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    of_address = {one.wish.__name__ for one in OPERATIONS if not one.changes}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dunlin", "version": "1", "description": _ABOUT},
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in of_address},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                f"Problem{status}": _problem(status) for status in (400, 401, 403, 404, 409, 413, 415, 422, 429)
            },
        },
    }


def _operation(one: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*(_UID if one.of_one else []), *(_KEY if one.changes else _fields(schemas[one.wish.__name__]))],
        "responses": {str(one.status): _answer(one), **_problems(one)},
    }
    if one.changes:
        told["description"] = f"Needs a token that may change things, of a person who is at least {one.role.value}."
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(one.wish)}}}
    return told


_UID = [{"name": "uid", "in": "path", "required": True, "schema": {"type": "string", "pattern": UID}}]

_KEY = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and body within 24 hours is done once, and answered as the first time.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    }
]


def _fields(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": of} for name, of in schema["properties"].items()]


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _answer(one: Operation) -> dict[str, Any]:
    return {"description": one.summary, "content": {"application/json": {"schema": _ref(one.answer)}}}


def _problems(one: Operation) -> dict[str, Any]:
    found = {400, 401, 429, *({404} if one.of_one else ()), *({403, 409, 413, 415, 422} if one.changes else {422})}
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(found)}


def _problem(status: int) -> dict[str, Any]:
    words = {403: "The token, or its person, may not do this.", 422: "It cannot be done; the sentence says why."}
    content = {"application/problem+json": {"schema": _ref(Problem)}}
    return {"description": words.get(status) or SENTENCES[status], "content": content}

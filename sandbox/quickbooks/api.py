"""The accounting API of the pretend QuickBooks over HTTP: who may ask, what is asked, and what it answers.

Bookings are made in `records.py`; this file only reads requests and dresses answers.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Response, request

from sandbox.quickbooks import faults, query, records, shapes
from sandbox.quickbooks.faults import Body, Fault
from sandbox.quickbooks.realm import Realm

LOOK_BACK = timedelta(days=30)
CDC_MOST = 1000
BATCH_MOST = 30
BY_PATH = {entity.lower(): entity for entity in shapes.QUERYABLE}


def handle(realm: Realm, rest: str) -> Response:
    """Answer one authorised request below /v3/company/<realm>/; faults in their upper-case form with a time."""
    try:
        body = _dispatch(realm, rest)
    except Fault as fault:
        beside = {} if fault.code == "2030" else {"time": shapes.answer_time(realm.clock())}
        return faults.answer(fault.body() | beside, fault.status)
    if isinstance(body, Response):
        return body
    return faults.answer(body | {"time": shapes.answer_time(realm.clock())})


def _dispatch(realm: Realm, rest: str) -> Body | Response:
    head, *tail = rest.strip("/").split("/")
    if head == "query" and not tail:
        statement = request.args.get("query") or request.get_data(as_text=True)
        return {"QueryResponse": query.run(realm, statement)}
    if head == "cdc" and request.method == "GET":
        return _cdc(realm)
    if head == "batch" and request.method == "POST":
        return {"BatchItemResponse": [_batch_item(realm, item) for item in _batch(_json())]}
    entity = BY_PATH.get(head)
    if entity is None:
        raise faults.unsupported(request.path)
    if request.method == "GET":
        return _read(realm, entity, tail)
    if tail or entity not in shapes.WRITABLE:
        raise faults.unsupported(request.path)
    return {entity: _write(realm, entity, _json())}


def _json() -> Body:
    try:
        body = json.loads(request.get_data(), parse_float=Decimal)
    except ValueError as error:
        raise Fault("2010", "Request has invalid or unsupported property", "The body is no JSON") from error
    if not isinstance(body, dict):
        raise Fault("2010", "Request has invalid or unsupported property", "The body is no object")
    return body


def _read(realm: Realm, entity: str, tail: list[str]) -> Body | Response:
    if entity == "Preferences" and not tail:
        return {entity: realm.get(entity, "1")}
    if entity == "CompanyInfo" and tail == [realm.id]:
        return {entity: realm.get(entity, "1")}
    if entity == "Invoice" and tail[1:] == ["pdf"]:
        row = realm.get(entity, tail[0])
        return Response(f"%PDF-1.4\n% Invoice {row['DocNumber']}\n%%EOF\n", mimetype="application/pdf")
    if len(tail) != 1:
        raise faults.unsupported(request.path)
    if not re.fullmatch(r"-?\d+", tail[0]):
        raise faults.invalid_id(tail[0])
    return {entity: realm.get(entity, tail[0])}


def _write(realm: Realm, entity: str, fields: Body) -> Body:
    operation, include = request.args.get("operation", ""), request.args.get("include", "")
    if operation == "delete":
        return records.delete(realm, entity, fields)
    if include == "void" or operation == "void":
        if (entity == "Payment") != (include == "void" and operation == "update"):
            raise faults.unsupported(request.full_path)
        return records.void(realm, entity, fields)
    return records.save(realm, entity, fields)


def _batch(body: Body) -> list[Body]:
    items = body.get("BatchItemRequest")
    if not isinstance(items, list):
        raise faults.missing("BatchItemRequest")
    if len(items) > BATCH_MOST:
        raise faults.business(f"A batch holds at most {BATCH_MOST} items")
    return items


def _batch_item(realm: Realm, item: Body) -> Body:
    """One item on its own: a fault in it is its answer and touches no other."""
    try:
        return {**_batch_answer(realm, item), "bId": item.get("bId")}
    except Fault as fault:
        return {**fault.body(), "bId": item.get("bId")}


def _batch_answer(realm: Realm, item: Body) -> Body:
    if "Query" in item:
        return {"QueryResponse": query.run(realm, str(item["Query"]))}
    entity = next((name for name in item if name in shapes.WRITABLE), None)
    if entity is None:
        raise faults.unsupported("batch")
    fields: dict[str, Any] = item[entity]
    if item.get("operation") == "delete":
        return {entity: records.delete(realm, entity, fields)}
    if item.get("optionsData") == "void" or item.get("operation") == "void":
        return {entity: records.void(realm, entity, fields)}
    return {entity: records.save(realm, entity, fields)}


def _cdc(realm: Realm) -> Body:
    """Changed rows by entity, deleted stubs last, at most 1000 objects and no second page."""
    since = _since(realm)
    blocks: list[Body] = []
    room = CDC_MOST
    for name in request.args.get("entities", "").split(","):
        entity = BY_PATH.get(name.strip().lower())
        if entity is None:
            raise faults.query_error(f"Invalid entity {name} for cdc")
        stubs = realm.deletions(entity, since)
        rows = (realm.changes(entity, since) + stubs)[:room]
        room -= len(rows)
        block: Body = {entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {}
        blocks.append(block | {"totalCount": len(rows)} if stubs and rows else block)
    return {"CDCResponse": [{"QueryResponse": blocks}]}


def _since(realm: Realm) -> datetime:
    text = request.args.get("changedSince", "")
    try:
        since = datetime.fromisoformat(text)
    except ValueError as error:
        raise faults.query_error(f"Invalid changedSince {text}") from error
    since = since if since.tzinfo else since.replace(tzinfo=shapes.PACIFIC)
    if realm.clock() - since > LOOK_BACK:
        detail = f"Operation cdc with changedSince date {text} which is older than fixed days is not supported."
        raise Fault("500", "Unsupported Operation", detail)
    return since

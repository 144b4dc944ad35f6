"""The accounting API of the pretend QuickBooks over HTTP: who may ask, what is asked, and what it answers.

Bookings are made in `records.py`; this file only reads requests and dresses answers.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Response, request

from sandbox.quickbooks import faults, paylink, pdf, query, records, rules, shapes
from sandbox.quickbooks.faults import Body, Fault
from sandbox.quickbooks.realm import Realm

LOOK_BACK = timedelta(days=30)
CDC_MOST = 1000
BATCH_MOST = 30
BATCH_OBJECTS = 1000
BY_PATH = {entity.lower(): entity for entity in shapes.QUERYABLE}


def handle(realm: Realm, rest: str) -> Response:
    """Answer one authorised request below /v3/company/<realm>/; faults in their upper-case form with a time."""
    try:
        if realm.ended and not rest.startswith("companyinfo"):
            raise faults.ended()
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
        return {"QueryResponse": _query(realm, request.args.get("query") or request.get_data(as_text=True))}
    if head == "cdc" and request.method == "GET":
        return _cdc(realm)
    if head == "batch" and request.method == "POST":
        return {"BatchItemResponse": _batch_answers(realm, _batch(_json()))}
    entity = BY_PATH.get(head)
    if entity is None:
        raise faults.unsupported(request.path)
    if request.method == "GET":
        return _read(realm, entity, tail)
    if entity == "Invoice" and tail[1:] == ["send"]:
        row = records.send(realm, _row(realm, entity, tail[0]), request.args.get("sendTo", ""))
        return {entity: realm.shown(entity, row)}
    if tail or entity not in shapes.WRITABLE:
        raise faults.unsupported(request.path)
    return {entity: _write(realm, entity, _json(), _operation(entity))}


def _operation(entity: str) -> str:
    """What a POST wants to be done; a payment is voided in its own way."""
    operation, include = request.args.get("operation", ""), request.args.get("include", "")
    if include != "void" and operation != "void":
        return operation
    if (entity == "Payment") != (include == "void" and operation == "update"):
        raise faults.unsupported(request.full_path)
    return "void"


def _json() -> Body:
    try:
        body = json.loads(request.get_data(), parse_float=Decimal)
    except ValueError as error:
        raise Fault("2010", "Request has invalid or unsupported property", "The body is no JSON") from error
    if not isinstance(body, dict):
        raise Fault("2010", "Request has invalid or unsupported property", "The body is no object")
    return body


def _query(realm: Realm, statement: str) -> Body:
    answer = query.run(realm, statement)
    if "Invoice" in answer and paylink.WANTED in _include():
        answer["Invoice"] = [paylink.added(realm, row) for row in answer["Invoice"]]
    return answer


def _include() -> list[str]:
    return request.args.get("include", "").split(",")


def _read(realm: Realm, entity: str, tail: list[str]) -> Body | Response:
    if entity == "Preferences" and not tail:
        return {entity: realm.shown(entity, realm.get(entity, "1"))}
    if entity == "CompanyInfo" and tail == [realm.id]:
        return {entity: realm.shown(entity, realm.get(entity, "1"))}
    if entity == "Invoice" and tail[1:] == ["pdf"]:
        return Response(_picture(realm, _row(realm, entity, tail[0])), mimetype="application/pdf")
    if len(tail) != 1:
        raise faults.unsupported(request.path)
    row = realm.shown(entity, _row(realm, entity, tail[0]))
    return {entity: paylink.added(realm, row) if entity == "Invoice" and paylink.WANTED in _include() else row}


def _row(realm: Realm, entity: str, id: str) -> Body:
    if not re.fullmatch(r"-?\d+", id):
        raise faults.invalid_id(id)
    return realm.get(entity, id)


def _picture(realm: Realm, row: Body) -> bytes:
    currency = row["CurrencyRef"]["value"]
    lines = [realm.about.name, f"Invoice {row.get('DocNumber', '')}", f"To {row['CustomerRef']['name']}"]
    lines += [f"Date {row['TxnDate']}, due {row['DueDate']}", f"Total {row['TotalAmt']:.2f} {currency}"]
    return pdf.page([*lines, f"Open {row['Balance']:.2f} {currency}"])


def _write(realm: Realm, entity: str, fields: Body, operation: str) -> Body:
    """One booking as an app may make it; `operation` is delete, void or anything else for create and update."""
    rules.check(realm, entity, fields, _include())
    if operation == "delete":
        return records.delete(realm, entity, fields)
    book = records.void if operation == "void" else records.save
    return realm.shown(entity, book(realm, entity, fields))


def _batch(body: Body) -> list[Body]:
    items = body.get("BatchItemRequest")
    if not isinstance(items, list):
        raise faults.missing("BatchItemRequest")
    if len(items) > BATCH_MOST:
        raise faults.business(f"A batch holds at most {BATCH_MOST} items")
    if "requestid" in request.args and any(len(str(item.get("bId"))) > 10 for item in items):
        raise faults.too_long("bId")
    return items


def _batch_answers(realm: Realm, items: list[Body]) -> list[Body]:
    """Item by item; a query that finds no room among the objects of the whole answer is refused in its place."""
    answers: list[Body] = []
    room = BATCH_OBJECTS
    for item in items:
        answer = _batch_item(realm, item)
        room -= answer.get("QueryResponse", {}).get("maxResults", 0)
        if room < 0:
            full = faults.business(f"A batch answers with at most {BATCH_OBJECTS} objects")
            answer, room = {**full.body(), "bId": item.get("bId")}, 0
        answers.append(answer)
    return answers


def _batch_item(realm: Realm, item: Body) -> Body:
    """One item on its own: a fault in it is its answer and touches no other."""
    try:
        return {**_batch_answer(realm, item), "bId": item.get("bId")}
    except Fault as fault:
        return {**fault.body(), "bId": item.get("bId")}


def _batch_answer(realm: Realm, item: Body) -> Body:
    if "Query" in item:
        return {"QueryResponse": _query(realm, str(item["Query"]))}
    entity = next((name for name in item if name in shapes.WRITABLE), None)
    if entity is None:
        raise faults.unsupported("batch")
    void = item.get("optionsData") == "void"
    return {entity: _write(realm, entity, item[entity], "void" if void else str(item.get("operation")))}


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

"""The envelopes of the pretend Xero's answers: good ones, refusals, and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Response, g, request

from sandbox.xero import asked, shapes
from sandbox.xero.records import Invalid

_JSON = msgspec.json.Encoder(decimal_format="number")


def send(**body: Any) -> Response:
    """`body` in Xero's envelope."""
    envelope = {
        "Id": g.twin.new_uuid(),
        "Status": "OK",
        "ProviderName": "Dunlin",
        "DateTimeUTC": shapes.stamp(g.twin.clock(), offset=""),
    }
    return Response(_JSON.encode(envelope | body), mimetype="application/json")


def refuse(error: Exception, number: int = 16, kind: str = "QueryParseException", **more: Any) -> Response:
    body = {"ErrorNumber": number, "Type": kind, "Message": str(error), **more}
    return Response(_JSON.encode(body), 400, mimetype="application/json")


def invalid(row: shapes.Json, error: Invalid) -> Response:
    """The bookkeeping said no to this row."""
    wrong = row | {"ValidationErrors": [{"Message": text} for text in error.messages]}
    return refuse(Exception("A validation exception occurred"), 10, "ValidationException", Elements=[wrong])


def missing() -> Response:
    return Response("The resource you're looking for cannot be found", 404)


def each(name: str, make: Callable[[shapes.Json], shapes.Json]) -> Response:
    """Every row of the body made into one of the answer.

    One wrong row refuses the whole, unless `summarizeErrors=false`. (What Xero does then with the rows before it is not
    documented; here they stand.)
    """
    separately = request.args.get("summarizeErrors") == "false"
    done: list[shapes.Json] = []
    try:
        rows = asked.rows(name)
    except asked.Unreadable as error:
        return refuse(error, 17, "PostDataInvalidException")
    for row in rows:
        try:
            done.append(make(row))
        except Invalid as error:
            if not separately:
                return invalid(row, error)
            wrong = [{"Message": text} for text in error.messages]
            done.append(
                row | {"ValidationErrors": wrong, "StatusAttributeString": "ERROR", "HasValidationErrors": True}
            )
    return send(**{name: done})

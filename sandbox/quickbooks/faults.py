"""How QuickBooks says no: its fault bodies in all their shapes, and the faults a test can plan.

It builds answers only; when they are given is decided by the API and by the plans.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from xml.sax.saxutils import escape

from flask import Response, request

Body = dict[str, Any]
XML_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


class Fault(Exception):
    """A refusal in QuickBooks' words; `code` is the vendor's number as text."""

    def __init__(
        self,
        code: str,
        message: str,
        detail: str,
        *,
        status: int = 400,
        element: str | None = None,
        kind: str = "ValidationFault",
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail
        self.status, self.element, self.kind = status, element, kind

    def body(self) -> Body:
        """The upper-case form, as it stands alone and inside a batch."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element is not None:
            error["element"] = self.element
        return {"Fault": {"Error": [error], "type": self.kind}}


def stale() -> Fault:
    detail = (
        "Stale Object Error : You and Robin Book were working on this at the same time. "
        "Robin Book finished before you did, so your work was not saved."
    )
    return Fault("5010", "Stale Object Error", detail, element="")


def not_found() -> Fault:
    detail = (
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return Fault("610", "Object Not Found", detail, element="")


def duplicate_name() -> Fault:
    return Fault("6240", "Duplicate Name Exists Error", "The name supplied already exists. : null")


def duplicate_number(number: str, entity: str, id: str) -> Fault:
    detail = (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber={number} is assigned to TxnType={entity} with TxnId={id}"
    )
    return Fault("6140", "Duplicate Document Number Error", detail, element="")


def closed() -> Fault:
    detail = (
        "The account period has closed and the account books cannot be updated through the QBO Services API. "
        "Please use the QBO website to make these changes."
    )
    return Fault("6210", "Account Period Closed, Cannot Update Through Services API", detail, element="")


def deposited() -> Fault:
    detail = (
        "Deposited Transaction cannot be changed : If you need to change or delete this transaction, "
        "you must delete the deposit it's on first."
    )
    return Fault("6540", "Deposited Transaction cannot be changed", detail, element="")


def too_long(name: str) -> Fault:
    detail = f"String length is either shorter or longer than supported by specification : {name}"
    return Fault(
        "2050", "String Length is either shorter or longer than supported by specification", detail, element=name
    )


def ended() -> Fault:
    detail = "Subscription period has ended or canceled or there was a billing problem"
    return Fault("6190", "Invalid Company Status", detail)


def unsupported(path: str) -> Fault:
    detail = f"Operation Could not find resource for relative : {path} of full path: {path} is not supported."
    return Fault("500", "Unsupported Operation", detail)


def invalid_id(value: str) -> Fault:
    return Fault("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{value}", element="Id")


def unknown_property(entity: str, name: str, known: int) -> Fault:
    detail = (
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}), '
        f"not marked as ignorable ({known} known properties)\n specified is unsupported or invalid"
    )
    return Fault("2010", "Request has invalid or unsupported property", detail)


def missing(name: str) -> Fault:
    detail = f"Required parameter {name} is missing in the request"
    return Fault("2020", "Required param missing, need to supply the required value for the API", detail, element=name)


def bad_reference(detail: str) -> Fault:
    return Fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {detail}", element="")


def business(detail: str) -> Fault:
    message = "A business validation error has occurred while processing your request"
    return Fault("6000", message, f"Business Validation Error: {detail}", element="")


def parse_error(detail: str) -> Fault:
    return Fault("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_error(detail: str) -> Fault:
    return Fault("4001", "Invalid query", f"QueryValidationError: {detail}")


def number(value: object) -> float | int:
    """Money as QuickBooks writes it: a JSON number, a bare 0 for nothing."""
    return float(value) if value else 0  # type: ignore[arg-type]


def answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, default=number), status, mimetype="application/json")


def bearer() -> str:
    """The access token of the present request."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def unauthorised(token: str, moment: int) -> Response:
    """The gateway's lower-case 401, which echoes the token."""
    error = {
        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "detail": f"Token expired: {token}",
        "code": "3200",
        "element": None,
    }
    body: Body = {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": "AUTHENTICATION"}}
    body |= {"report": None, "queryResponse": None, "batchItemResponse": [], "attachableResponse": []}
    body |= {"syncErrorResponse": None, "requestId": None, "time": moment, "status": None, "cdcresponse": []}
    response = answer(body, 401)
    response.headers["Www-Authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
    return response


def _xml(status: int, kind: str, code: str, message: str, detail: str) -> Response:
    text = (
        f'{XML_HEAD}<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-01-01T00:00:00.000-08:00">'
        f'<Fault type="{kind}"><Error code="{code}"><Message>{escape(message)}</Message>'
        f"<Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
    )
    return Response(text, status, mimetype="text/xml")


_THROTTLED = "message=ThrottleExceeded; errorCode=003001; statusCode=429"


def throttled(status: int = 429, wait: float = 0) -> Response:
    """The throttle's XML; with `wait` it also says how many seconds to wait, which nobody has seen it do."""
    response = _xml(status, "SERVICE", "3001", _THROTTLED, "The request limit was reached.  Try again later")
    if wait:
        response.headers["Retry-After"] = str(ceil(wait))
    return response


def _out_of_quota() -> Response:
    """The month's free reads are used up. Its real body is unknown; this one is in JSON, unlike the throttle's."""
    detail = "The monthly limit of CorePlus API calls was reached"
    error = {"message": _THROTTLED, "detail": detail, "code": "3001", "element": None}
    return answer({"fault": {"error": [error], "type": "SERVICE"}, "time": 0}, 429)


def not_authorised() -> Response:
    """The app may not touch this company: lower-case again, code 3100."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    error = {"message": message, "detail": "Application not authorised", "code": "3100", "element": None}
    return answer({"fault": {"error": [error], "type": "AUTHORIZATION"}, "time": 0}, 403)


def _html(status: int, words: str) -> Response:
    return Response(f"<html><head><title>{words}</title></head><body>{words}</body></html>", status)


def _bad_mail() -> Response:
    detail = "QueryProcessingError: To email address entered is invalid"
    fault = Fault("4002", "Error processing query", detail, kind="Service")
    return answer(fault.body() | {"time": "2026-01-01T00:00:00.000-08:00"}, 400)


def _no_permission() -> Response:
    """The person who connected the company may not do this any more."""
    detail = "The user does not have permission to perform this operation"
    return answer(Fault("120", "Authorization Failure", detail, kind="AuthorizationFault").body(), 403)


def _severe() -> Response:
    return answer(Fault("10000", "An application error has occurred", "System Failure", kind="SystemFault").body(), 500)


Answer = Callable[[float], Response]  # from the seconds the fault will still last, 0 when they are not known
USUAL_WAIT = 60
ANSWERS: dict[str, Answer] = {
    "504": lambda _left: Response("", 504),
    "503": lambda _left: _html(503, "Service Unavailable"),
    "500": lambda _left: _severe(),
    "429": lambda left: throttled(wait=left or USUAL_WAIT),
    "429-bare": lambda _left: throttled(),
    "429-month": lambda _left: _out_of_quota(),
    "403-throttle": lambda _left: throttled(403),
    "403": lambda _left: not_authorised(),
    "403-permission": lambda _left: _no_permission(),
    "401": lambda _left: unauthorised(bearer(), 0),
    "401-xml": lambda _left: _xml(
        401,
        "AuthenticationFault",
        "100",
        "General Authentication Error",
        "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401",
    ),
    "200-fault": lambda _left: answer(ended().body()),
    "4002": lambda _left: _bad_mail(),
    "lost": lambda _left: cut(_html(200, "lost")),
}
DROP = "drop"


def cut(response: Response) -> Response:
    """Half an answer that promises more: every HTTP client takes it for a broken connection."""
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    response.headers["Content-Length"] = str(len(body) + 64)
    return response


@dataclass(slots=True)
class PlannedFault:
    """Requests whose "METHOD path" contains `path_contains` meet this: the next `times`, or all before `until`."""

    path_contains: str
    kind: str
    times: int = 1
    until: datetime | None = None


class FaultPlan:
    """What will go wrong. Kinds: every name in ANSWERS (nothing is done), and "drop" (done, but the answer is lost)."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(self, fault: PlannedFault) -> None:
        if fault.kind != DROP and fault.kind not in ANSWERS:
            raise ValueError(f"{fault.kind!r} is no planned fault; there are {', '.join([DROP, *ANSWERS])}.")
        self._planned.append(fault)

    def take(self, request_line: str, now: datetime) -> tuple[str, float]:
        """The kind that hits this request and the seconds it will last; ("", 0) when none does."""
        for plan in self._planned:
            if plan.path_contains not in request_line:
                continue
            if plan.until is not None and now < plan.until:
                return plan.kind, (plan.until - now).total_seconds()
            if plan.until is None and plan.times > 0:
                plan.times -= 1
                return plan.kind, 0
        return "", 0

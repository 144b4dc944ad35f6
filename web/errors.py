"""One clear page for each way a request can fail: what happened and what to do. Touches no session and no database."""

from __future__ import annotations

import structlog
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from web.api import problems

log = structlog.get_logger()

PAGES = {
    400: ("That did not arrive whole", "The request was not complete. Go back, reload the page and try once more."),
    401: ("Please sign in", "This page is for people who are signed in."),
    403: ("Not for you", "You may not see this page. Sign in with another account, or ask the owner."),
    404: ("Nothing here", "There is no such page, or it belongs to somebody else. Check the address, or start over."),
    405: ("Not that way", "This address only takes a form. Go back and use the button on the page."),
    413: ("Too large", "That was too much to take in at once. Shorten it and try again."),
    429: ("A short break", "There were too many tries in a short time. Wait a few minutes, then try again."),
    500: ("Our mistake", "Something went wrong here, not with you. Nothing was lost; please try again in a minute."),
}
NO_TOKEN = (
    "The page was too old",
    "The form's safety check was missing, and nothing was changed. Go back, reload the page and try once more; "
    "cookies must be allowed for this site.",
)


def register(app: Flask) -> None:
    app.register_error_handler(CSRFError, _no_token)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def page(code: int, title: str, sentence: str) -> tuple[str, int]:
    return render_template("errors/error.html", code=code, title=title, sentence=sentence), code


def _to_a_vendor() -> bool:
    """Vendors read status codes, not pages. A wrong method has no blueprint, so the path decides."""
    return request.path.startswith("/webhooks/")


def _to_a_program() -> bool:
    """Likewise, and programs read problems in JSON."""
    return request.path.startswith(problems.PREFIX)


def _no_token(_error: CSRFError) -> ResponseReturnValue:
    return page(400, *NO_TOKEN)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if _to_a_vendor():
        return "", error.code
    allowed = getattr(error, "valid_methods", None)
    if _to_a_program():
        return problems.answer(error.code, headers={"Allow": ", ".join(allowed)} if allowed else None)
    body, code = page(error.code, *PAGES.get(error.code, PAGES[400 if error.code < 500 else 500]))
    return (body, code, {"Allow": ", ".join(allowed)}) if allowed else (body, code)


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("a page failed", path_of=request.endpoint, error=type(error).__name__)
    if _to_a_program():
        return problems.answer(500)
    return ("", 500) if _to_a_vendor() else page(500, *PAGES[500])

"""A person's own password once more, before something is changed that an open session alone must not change.

Guessing is limited; the check itself is `people.confirm`.
"""

from __future__ import annotations

from flask import Response, g, request

from web.auth import person
from web.guards import limiter, runtime
from workflows import people
from workflows.errors import Refusal


def _who() -> str:
    return f"confirm/{person().id}"


def _was_wrong(_response: Response) -> bool:
    return bool(g.get("wrong_password"))


limited = limiter.shared_limit("10 per 5 minutes", scope="confirm", key_func=_who, deduct_when=_was_wrong)


def confirm() -> None:
    """Refusal unless the form's field `confirm` holds the password of whoever is signed in."""
    try:
        people.confirm(runtime(), person().id, request.form.get("confirm", ""))
    except Refusal:
        g.wrong_password = True
        raise

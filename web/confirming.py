"""A person's own password once more, and the code of their second step, before something is changed that an open
session alone must not change. Guessing is limited; the checks are `people.confirm` and `second_step.demand`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, g, request

from web.auth import person
from web.guards import limiter, runtime
from workflows import people, second_step
from workflows.errors import Refusal


def _who() -> str:
    return f"confirm/{person().id}"


def _was_wrong(_response: Response) -> bool:
    return bool(g.get("wrong_password"))


limited = limiter.shared_limit("10 per 5 minutes", scope="confirm", key_func=_who, deduct_when=_was_wrong)


@contextmanager
def counted() -> Iterator[None]:
    """A Refusal inside counts as a wrong guess."""
    try:
        yield
    except Refusal:
        g.wrong_password = True
        raise


def confirm() -> None:
    """Refusal unless the form's field `confirm` holds the password of whoever is signed in, and `own_code`, where they
    have a second step, its code.
    """
    with counted():
        people.confirm(runtime(), person().id, request.form.get("confirm", ""))
        second_step.demand(runtime(), person().id, request.form.get("own_code", "")[:100])

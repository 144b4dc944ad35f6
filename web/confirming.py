"""A person's own password once more, and the code of their second step, before something is changed that an open
session alone must not change. Guessing is limited; the checks are `people.confirm` and `second_step.demand`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Response, g, request

from web.auth import browser, person
from web.guards import limiter, runtime
from workflows import people, second_step
from workflows.errors import Refusal

_JUST_NOW = timedelta(minutes=10)


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
    have a second step, its code. Who has no password must have come in through a vendor a few minutes ago.
    """
    with counted():
        if person().password_hash:
            people.confirm(runtime(), person().id, request.form.get("confirm", ""))
        elif not has_just_come():
            raise Refusal("You signed in too long ago for this. Sign out, sign in the same way again, and do it then.")
        second_step.demand(runtime(), person().id, request.form.get("own_code", "")[:100])


def has_just_come() -> bool:
    """Whether a vendor vouched for whoever is signed in here a few minutes ago."""
    here = browser()
    return bool(here.through) and runtime().clock.now() - here.made_at <= _JUST_NOW

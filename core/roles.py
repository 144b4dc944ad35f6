"""Who in a practice may do what: four roles, each of which may do all that the one before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A `viewer` looks. A `clerk` also tends: answers, approves, makes calls, settles what waits on the desk. An
    `accountant` also sets: cadences, settings, connections. An `owner` also decides where money goes, whom messages
    come from, who is erased and who else may come in.
    """

    VIEWER = "viewer"
    CLERK = "clerk"
    ACCOUNTANT = "accountant"
    OWNER = "owner"

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = list(Role)

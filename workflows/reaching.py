"""How far a person may see: their practice's companies, or the ones among them that were opened to them.

Every question of a page that begins with a person goes through here; it finds nothing and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from models import Company, CompanyAccess, User


@dataclass(frozen=True, slots=True)
class Reach:
    """`user_id` is None for who comes to all companies of the practice."""

    practice_id: int
    user_id: int | None = None

    @property
    def limited(self) -> bool:
        return self.user_id is not None

    def company(self) -> ColumnElement[bool]:
        """The condition that `Company` is one of theirs."""
        mine = Company.practice_id == self.practice_id
        return mine & _opened(self.user_id) if self.limited else mine

    def asked(self) -> dict[str, Any]:
        """What a statement made with `of_reach` is asked with."""
        return {"practice": self.practice_id, "person": self.user_id}


def of(user: User) -> Reach:
    return Reach(user.practice_id, user.id if user.limited else None)


def whole(practice_id: int) -> Reach:
    """All companies of a practice: for what is done for nobody in particular."""
    return Reach(practice_id)


def of_reach(limited: bool) -> ColumnElement[bool]:
    """As `Reach.company`, for statements that are made once and asked with `Reach.asked`."""
    mine = Company.practice_id == bindparam("practice")
    return mine & _opened(bindparam("person")) if limited else mine


def _opened(user: Any) -> ColumnElement[bool]:
    return Company.id.in_(select(CompanyAccess.company_id).where(CompanyAccess.user_id == user))

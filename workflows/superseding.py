"""A later word about some invoices takes the place of an earlier one; about other invoices the earlier one stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, selectinload

from models import Arrangement, Extension, Invoice, Promise, ToldRow

Row = TypeVar("Row", Promise, ToldRow, Extension, Arrangement)


def supersede(
    session: Session,
    kind: type[Row],
    states: Collection[str],
    invoices: Sequence[Invoice],
    close: Callable[[Row], None],
    which: ColumnElement[bool] | None = None,
) -> None:
    """Take these invoices out of every such row in one of these states, and `close` what is then about nothing."""
    ids = {one.id for one in invoices}
    about = kind.state.in_(states), kind.invoices.any(Invoice.id.in_(ids)), true() if which is None else which
    for earlier in session.scalars(select(kind).where(*about).options(selectinload(kind.invoices))).all():
        left = [one for one in earlier.invoices if one.id not in ids]
        if left:
            earlier.invoices = left
        else:
            close(earlier)

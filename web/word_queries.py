"""Read-only questions about what people said, agreed on and are asked: drafts, calls, holds, reasons, arrangements.

Thin like `queries`: no words, no decisions, never a change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, selectinload

from models import Account, Arrangement, Draft, Effect, HoldRow, Invoice, Task, ToldRow, User
from workflows.owed import is_owed

# Asked at every look at a customer's page, so it is made once.
_TOLD = (
    select(ToldRow)
    .where(ToldRow.account_id == bindparam("account"))
    .options(selectinload(ToldRow.invoices))
    .order_by(ToldRow.id.desc())
)


def drafts(session: Session, companies: Collection[int], limit: int) -> Sequence[Draft]:
    """The oldest drafts of these companies, company by company."""
    wanted = select(Draft).where(Draft.company_id.in_(companies)).order_by(Draft.company_id, Draft.id)
    return session.scalars(wanted.limit(limit)).all()


def outcomes(session: Session, account_id: int) -> Mapping[int, str]:
    """By touch: what came of the call or the letter; "" while it is still to be done."""
    rows = session.execute(select(Task.touch_id, Task.outcome).where(Task.account_id == account_id))
    return {touch: outcome for touch, outcome in rows}  # noqa: C416


def holds(session: Session, account_id: int) -> list[tuple[HoldRow, str | None]]:
    """Every hold that a person or a workflow ever set, with the name of who looks after it."""
    rows = session.execute(
        select(HoldRow, User.name)
        .outerjoin(User, User.id == HoldRow.owner_id)
        .where(HoldRow.account_id == account_id)
        .order_by(HoldRow.id)
    )
    return [(row, owner) for row, owner in rows]


def told(session: Session, account_id: int) -> Sequence[ToldRow]:
    """Every reason they ever gave, the newest first."""
    return session.scalars(_TOLD, {"account": account_id}).all()


def answers_sent(session: Session, told: Iterable[ToldRow]) -> Mapping[str, Effect]:
    """By the uid of a reason: the message that answers it, where one does."""
    keys = {f"answer/{one.uid}": one.uid for one in told}
    return {keys[one.key]: one for one in session.scalars(select(Effect).where(Effect.key.in_(keys)))} if keys else {}


def arrangements(session: Session, account_id: int) -> Sequence[Arrangement]:
    return session.scalars(
        select(Arrangement)
        .where(Arrangement.account_id == account_id)
        .options(selectinload(Arrangement.invoices), selectinload(Arrangement.parts))
        .order_by(Arrangement.id)
    ).all()


def addresses(session: Session, account: Account) -> list[str]:
    """Whom mail about the account and its open invoices goes to, small and sorted."""
    if account.instead:
        return sorted({address.lower() for address in account.instead})
    open_invoices = select(Invoice.emails).where(Invoice.account_id == account.id, is_owed())
    rows: Iterable[list[str]] = [account.emails, *session.scalars(open_invoices)]
    return sorted({address.lower() for emails in rows for address in emails})


def names(session: Session, people: Iterable[int | None]) -> Mapping[int, str]:
    """Of those who sign in, by id."""
    return {user.id: user.name for user in session.scalars(select(User).where(User.id.in_(set(people))))}


def call_to_make(session: Session, account_id: int) -> Task | None:
    """The earliest call about the account that waits to be made."""
    waiting = select(Task).where(Task.account_id == account_id, Task.kind == "call", Task.state == "open")
    return session.scalars(waiting.order_by(Task.day)).first()

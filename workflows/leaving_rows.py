"""Which rows are a company's, table by table, and taking them away a few at a time; what of others mentions it.

The one place that says so: a test walks all tables and fails for one that is named nowhere here. It asks nobody whether
anything may go; `leaving` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, delete, or_, select
from sqlalchemy.orm import Session

from models import Account, Base, BulkChange, CadenceDraft, Company, Invitation, Notice, Rollout
from workflows.runtime import Runtime

AT_ONCE = 500  # rows in one transaction: nobody waits long behind it
GONE = "a deleted company"
# Rows that are a company's by way of another row of its own: the column that leads there.
THROUGH: Mapping[str, str] = {
    "arrangement_invoice": "arrangement_id",
    "attempt_line": "attempt_id",
    "bank_match": "line_id",
    "decision": "account_id",
    "extension_invoice": "extension_id",
    "instalment": "arrangement_id",
    "missed_step": "invoice_id",
    "payout_entry": "payout_id",
    "promise_invoice": "promise_id",
    "reversal": "attempt_id",
    "terms_given": "terms_id",
    "told_invoice": "told_id",
    "touch_invoice": "touch_id",
}
# What goes last, in one transaction with the receipt.
LAST = frozenset({"company", "audit_head"})
_PEOPLE = "the practice's own people"
# What stays, and why.
STAYS: Mapping[str, str] = {
    "api_answer": "sealed, and gone within a day",
    "api_token": _PEOPLE,
    "bulk_change": "the practice's own; what it says of the company is taken out",
    "cadence_draft": "the practice's own; on whose books it was tried is taken out",
    "cadence_version": "the practice's library",
    "call_window": "counts of calls of the whole installation",
    "deletion": "the receipt itself",
    "delivery": "webhooks as they came, sealed, and gone after 30 days",
    "departure": "when messages left a mailbox, which is named by a hash; gone after a day",
    "grant": "a permission that stands above companies; its tokens are destroyed when none uses it",
    "identity": _PEOPLE,
    "invitation": _PEOPLE,
    "memory": "what the installation remembers of itself",
    "practice": "whose company it was",
    "pulse": "what the installation remembers of itself",
    "rollout": "the practice's own; what it says of the company is taken out",
    "sign_in": _PEOPLE,
    "user": _PEOPLE,
}


def tables() -> Iterator[Table]:
    """Those whose rows go, each before the ones that it leans on."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in LAST and table.name not in STAYS:
            yield table


def of_company(table: Table, company_id: int) -> ColumnElement[bool]:
    """The condition that a row of this table is the company's."""
    if "company_id" not in table.c:
        column = table.c[THROUGH[table.name]]
        (key,) = column.foreign_keys
        return column.in_(select(key.column).where(key.column.table.c.company_id == company_id))
    mine = table.c.company_id == company_id
    if not table.c.company_id.nullable or "account_id" not in table.c:
        return mine
    return or_(mine, table.c.account_id.in_(select(Account.id).where(Account.company_id == company_id)))


def some_go(session: Session, table: Table, company_id: int) -> int:
    """Take a few of its rows away; how many went. 0 when none is left."""
    key = table.c["id"] if "id" in table.c else table.c[THROUGH[table.name]]
    chosen = select(key).distinct().where(of_company(table, company_id)).limit(AT_ONCE)
    return cast(CursorResult[Any], session.execute(delete(table).where(key.in_(chosen)))).rowcount


def take_out_mentions(session: Session, company: Company) -> None:
    """What the practice's own rows say of the company's accounts, by their ids."""
    accounts = set(session.scalars(select(Account.id).where(Account.company_id == company.id)))
    mine = company.practice_id
    for change in session.scalars(select(BulkChange).where(BulkChange.practice_id == mine)):
        change.items = [
            one for one in change.items if one.get("account") not in accounts and one.get("company") != company.id
        ]
    for draft in session.scalars(select(CadenceDraft).where(CadenceDraft.company_id == company.id)):
        draft.company_id = None
    for rollout in session.scalars(select(Rollout).where(Rollout.practice_id == mine)):
        rollout.moves = [one for one in rollout.moves if one[0] != company.id]
    for invitation in session.scalars(select(Invitation).where(Invitation.practice_id == mine)):
        invitation.companies = [one for one in invitation.companies if one not in (company.id, company.uid)]


def blank_notices(rt: Runtime, session: Session, practice_id: int, name: str) -> None:
    """Notices over all companies name customers: the words of those that were sent go, and the name in those to come.

    That one was sent stays, so that it is not sent again.
    """
    mine = select(Notice).where(Notice.practice_id == practice_id, Notice.company_id.is_(None))
    for notice in session.scalars(mine.where(Notice.created_at <= rt.clock.now())):
        if notice.state in ("sent", "failed"):
            notice.subject, notice.text = "", ""
        else:
            notice.subject, notice.text = _without(notice.subject, name), _without(notice.text, name)


def _without(text: str, name: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", GONE, text, flags=re.IGNORECASE) if name else text

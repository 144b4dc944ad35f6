"""Finding a customer, an invoice or a message by what somebody typed. Read-only; what is typed is taken literally.

Messages are found by their reader's whole address or through the invoices that were found: their texts are long, and
reading through all of them would take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_ as either
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from core.addresses import is_address
from core.money import exponent
from models import Account, Company, Invoice, Touch, TouchInvoice
from workflows.owed import is_owed
from workflows.reaching import Reach

MOST = 50
_SUM = re.compile(r"\d{1,3}(?:[, ’']\d{3})+(?:\.\d{1,3})?|\d{1,12}(?:\.\d{1,3})?")
_MARKS = re.compile(r"[, ’']")


@dataclass(frozen=True, slots=True)
class Found:
    """At most `MOST` of each, with its company."""

    customers: Sequence[tuple[Account, Company]] = ()
    invoices: Sequence[tuple[Invoice, Account, Company]] = ()
    messages: Sequence[tuple[Touch, Account, Company]] = ()

    def __bool__(self) -> bool:
        return bool(self.customers or self.invoices or self.messages)


def holds(column: Any, text: str) -> ColumnElement[bool]:
    """That a text column has these letters in it, large or small; `%`, `_` and `\\` mean themselves."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text.lower())
    found: ColumnElement[bool] = func.lower(column).like(f"%{escaped}%", escape="\\")
    return found


def find(session: Session, reach: Reach, asked: str) -> Found:
    invoices = _invoices(session, reach, asked)
    return Found(_customers(session, reach, asked), invoices, _messages(session, reach, asked, invoices))


def _customers(session: Session, reach: Reach, asked: str) -> Sequence[tuple[Account, Company]]:
    """By a part of the name, or of an address; lists of addresses are kept as JSON, which is plain text for ASCII."""
    mine = (
        select(Account, Company)
        .join(Company, Company.id == Account.company_id)
        .where(reach.company(), Account.gone_at.is_(None), Account.erased_at.is_(None))
        .order_by(func.lower(Account.name), Account.id)
        .limit(MOST)
    )
    where = holds(Account.name, asked)
    if "@" in asked:
        lists = (Account.emails, Account.people, Account.instead)
        where = reduce(either, (holds(cast(one, String), asked) for one in lists), where)
    return [(account, company) for account, company in session.execute(mine.where(where))]


def _invoices(session: Session, reach: Reach, asked: str) -> Sequence[tuple[Invoice, Account, Company]]:
    """By a part of the number, or by exactly this sum as total or as what is open; open ones first."""
    wanted = or_(holds(Invoice.number, asked), *_sums(session, reach, asked))
    mine = (
        select(Invoice, Account, Company)
        .join(Account, Account.id == Invoice.account_id)
        .join(Company, Company.id == Invoice.company_id)
        .where(reach.company(), wanted)
        .order_by(is_owed().desc(), Invoice.issued.desc(), Invoice.id)
        .limit(MOST)
    )
    return [(invoice, account, company) for invoice, account, company in session.execute(mine)]


def _sums(session: Session, reach: Reach, asked: str) -> list[ColumnElement[bool]]:
    """For each currency in use: that it is the sum, or what is open of it."""
    text = asked.strip("€$£¥ ")
    if _SUM.fullmatch(text) is None:
        return []
    value = Decimal(_MARKS.sub("", text))
    used = session.scalars(
        select(Invoice.currency).join(Company, Company.id == Invoice.company_id).where(reach.company()).distinct()
    )
    by_minor: dict[int, list[str]] = {}
    for currency in used:
        minor = value.scaleb(exponent(currency))
        if minor == minor.to_integral_value() and minor < 10**18:
            by_minor.setdefault(int(minor), []).append(currency)
    return [
        and_(Invoice.currency.in_(currencies), or_(Invoice.total_minor == minor, Invoice.balance_minor == minor))
        for minor, currencies in by_minor.items()
    ]


def _messages(
    session: Session, reach: Reach, asked: str, invoices: Collection[tuple[Invoice, Account, Company]]
) -> Sequence[tuple[Touch, Account, Company]]:
    """To exactly this address, or about the invoices that were found; the newest first."""
    about = [one.id for one, _, _ in invoices]
    by_invoice = select(TouchInvoice.touch_id).where(TouchInvoice.invoice_id.in_(about))
    where: ColumnElement[bool] = Touch.id.in_(by_invoice)
    if is_address(asked):
        readers = holds(cast(Account.emails, String), asked) | holds(cast(Account.instead, String), asked)
        theirs = select(Account.id).join(Company, Company.id == Account.company_id).where(reach.company(), readers)
        where |= Touch.account_id.in_(theirs) & holds(cast(Touch.recipients, String), f'"{asked}"')
    mine = (
        select(Touch, Account, Company)
        .join(Account, Account.id == Touch.account_id)
        .join(Company, Company.id == Touch.company_id)
        .where(reach.company(), where)
        .order_by(Touch.id.desc())
        .limit(MOST)
    )
    return [(touch, account, company) for touch, account, company in session.execute(mine)]

"""What came after an account was put together for an agency: payments, credit, new invoices. It reads rows; no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.money import Money, totals
from models import Account, Handover, Payment
from workflows import archive, billing, dossier
from workflows.calendars import today_of


@dataclass(frozen=True, slots=True)
class Came:
    """Something that came after a hand-over was put together. `kind`: payment, on-its-way, credit, invoice, undone."""

    kind: str
    day: date | None
    name: str
    amount: Money
    about: str


@dataclass(frozen=True, slots=True)
class Since:
    """`handed` is what was open then, `left` what of the same invoices is open now, per currency."""

    handed: tuple[Money, ...]
    left: tuple[Money, ...]
    came: tuple[Came, ...]


def since(session: Session, row: Handover) -> Since:
    """What came after it was put together: payments, credit and new invoices, and payments that were undone."""
    found, last = dossier.books(session, row.account_id), row.content["last"]
    left = totals(one.balance for one in found.open if one.id <= last["invoice"])
    handed = [Money(minor, currency) for minor, currency in row.content["open"]]
    came = [
        *(
            Came("payment", one.paid_on, one.reference, _sum(one), found.about(one.applied, one.currency))
            for one in found.payments
            if one.id > last["payment"]
        ),
        *_waiting(found),
        *(
            Came("credit", one.issued, one.number, Money(one.remaining_minor, one.currency), "")
            for one in found.credits
            if one.id > last["credit"]
        ),
        *(
            Came("invoice", one.issued, one.number, one.total, one.number)
            for one in found.invoices
            if one.id > last["invoice"]
        ),
        *(
            Came("undone", one.paid_on, one.reference, _sum(one), found.about(one.applied, one.currency))
            for one in _undone(session, found.account, row)
        ),
    ]
    return Since(tuple(handed), tuple(left.get(one.currency, Money.zero(one.currency)) for one in handed), tuple(came))


def _sum(payment: Payment) -> Money:
    return Money(payment.amount_minor, payment.currency)


def _waiting(found: dossier.Books) -> list[Came]:
    return [
        Came(
            "on-its-way",
            today_of(found.company, attempt.paid_at) if attempt.paid_at else None,
            line.uid,
            line.amount,
            found.numbers.get(line.invoice_id, ""),
        )
        for attempt, line in found.waiting()
    ]


def _undone(session: Session, account: Account, row: Handover) -> Sequence[Payment]:
    """Payments that the file still shows and the ledger no longer does."""
    return session.scalars(
        select(Payment)
        .where(
            Payment.company_id == account.company_id,
            Payment.customer.in_(billing.family(account.company_id, [account.external_id])),
            Payment.id <= row.content["last"]["payment"],
            Payment.gone_at > row.prepared_at,
        )
        .order_by(Payment.id)
    ).all()


def table_of(found: Since) -> bytes:
    """The same as a CSV for the agency."""
    head = ("what", "day", "name", "currency", "amount", "invoices")
    rows = [(one.kind, one.day, one.name, one.amount.currency, one.amount.decimal, one.about) for one in found.came]
    return archive.table(head, rows)

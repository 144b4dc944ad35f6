"""What the API tells of what was agreed on and paid: holds, promises, disputes, arrangements, payments.

Each function answers one operation; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

import models
from core.money import Money
from web.api import queries, shapes
from web.api.reads import Asking
from web.api.wishes import OfCustomer, Page


def holds(asking: Asking, uid: str, query: Page) -> shapes.Holds:
    account = asking.customer(uid)
    with asking.rt.store.read() as session:
        some = queries.holds(session, account, query)
        return shapes.Holds([hold(session, account, one) for one in some.rows], some.next)


def hold(session: Session, account: models.Account, row: models.HoldRow) -> shapes.Hold:
    known = queries.uids(session, models.Invoice, [row.invoice_id])
    about = known.get(row.invoice_id) if row.invoice_id is not None else None
    return shapes.Hold(row.uid, account.uid, about, row.cause, row.until, row.note, row.state, row.made_at)


def promises(asking: Asking, uid: str, query: OfCustomer) -> shapes.Promises:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.promises(session, company, query)
        whose = _whose(session, some)
    return shapes.Promises([promise(one, whose[one.account_id]) for one in some.rows], some.next)


def _whose(session: Session, some: queries.Some) -> Mapping[int, str]:
    return queries.uids(session, models.Account, (one.account_id for one in some.rows))


def promise(row: models.Promise, customer: str) -> shapes.Promise:
    return shapes.Promise(row.uid, customer, row.day, row.state, _uids(row.invoices), row.made_at, row.settled_at)


def _uids(rows: Any) -> list[str]:
    return [one.uid for one in sorted(rows, key=lambda one: one.id)]


def disputes(asking: Asking, uid: str, query: OfCustomer) -> shapes.Disputes:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.disputes(session, company, query)
        whose = _whose(session, some)
    return shapes.Disputes([dispute(one, whose[one.account_id], one.invoice.uid) for one in some.rows], some.next)


def dispute(row: models.Dispute, customer: str, invoice: str) -> shapes.Dispute:
    return shapes.Dispute(
        row.uid,
        customer,
        invoice,
        row.text,
        row.answer_by,
        row.state,
        row.ending,
        row.resolution,
        row.opened_at,
        row.resolved_at,
    )


def arrangements(asking: Asking, uid: str, query: OfCustomer) -> shapes.Arrangements:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.arrangements(session, company, query)
        whose = _whose(session, some)
    return shapes.Arrangements([_arrangement(one, whose[one.account_id]) for one in some.rows], some.next)


def _arrangement(row: models.Arrangement, customer: str) -> shapes.Arrangement:
    parts = [
        shapes.Part(one.uid, one.day, shapes.Money.of(one.amount))
        for one in sorted(row.parts, key=lambda one: (one.day, one.id))
    ]
    return shapes.Arrangement(row.uid, customer, row.state, _uids(row.invoices), parts, row.made_at, row.ended_at)


def payments(asking: Asking, uid: str, query: OfCustomer) -> shapes.Payments:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.payments(session, company, query)
        whose = _whose(session, some)
    return shapes.Payments([_payment(one, whose[one.account_id]) for one in some.rows], some.next)


def _payment(row: models.Attempt, customer: str) -> shapes.Payment:
    lines = [
        shapes.Booked(one.invoice.uid, shapes.Money.of(one.amount), one.state, one.ledger_payment, one.confirmed_at)
        for one in sorted(row.lines, key=lambda one: one.id)
    ]
    amount = shapes.Money.of(Money(row.amount_minor, row.currency))
    return shapes.Payment(row.uid, customer, row.processor, row.method, amount, row.paid_at, lines)

"""A practice with one very large company and a hundred small ones, or with many alike, written straight into the tables
and then planned.

What stands in it follows from its numbers alone. It measures nothing, and its customers' addresses lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert, text

from bench.office import Office
from models import (
    Account,
    Company,
    Connection,
    Delivery,
    Dispute,
    Effect,
    HoldRow,
    Invoice,
    Payment,
    Promise,
    ToldRow,
    Touch,
    TouchInvoice,
    UnreadableRow,
    User,
)
from workflows import people, planner

PORTION = 5_000
EMAIL, PASSWORD = "owner@practice.example", "a walk along the shore"
Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """`heavy` of the `invoices` belong to the first account, as many are paid beside them; `waiting` things of each
    kind wait for a person; `small` further companies have ten invoices each, `alike` further ones have the same book,
    nine of ten of them without drafts. About each account `said` messages went out in the past.
    """

    accounts: int = 20_000
    invoices: int = 50_000
    heavy: int = 500
    waiting: int = 1_000
    small: int = 100
    alike: int = 0
    said: int = 0

    @property
    def span(self) -> int:
        """How far the numbers of one book reach; those of the next one begin behind them."""
        return self.invoices + self.heavy + (1 + self.said) * self.accounts + 2 * self.waiting + 11 * self.small + 1


def fill(here: Office, size: Size, live: bool = True) -> None:
    """Write the book, and let the planner answer for every account of it."""
    now = here.rt.clock.now()
    _practice(here, size, now, live)
    for number in range(size.alike + 1):
        for row, values in _book(here, size, now):
            _write(here, row, (_moved(here, size, number, one) for one in values) if number else values)
    for row, values in zip((Account, Invoice), _small(here, size, now), strict=True):
        _write(here, row, values)
    _counted_on(here)
    while planner.plan_due(here.rt, 5_000):
        pass
    with here.rt.store.write() as session:
        session.execute(Delivery.__table__.insert(), [_heard(now)])
        session.connection().exec_driver_sql("ANALYZE")


def _counted_on(here: Office) -> None:
    """PostgreSQL counts by itself, and has not seen the numbers that were written."""
    if here.rt.store.is_sqlite:
        return
    with here.rt.store.write() as session:
        for name in ("account", "company", "connection", "effect", "invoice", "touch"):
            last = f"(SELECT max(id) FROM {name})"
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last})"))


def _book(here: Office, size: Size, now: datetime) -> Iterator[tuple[Any, Rows]]:
    """One company's rows, those first that others lean on."""
    yield Account, _accounts(here, size, now)
    yield Invoice, _invoices(here, size, now)
    yield Payment, _payments(here, size, now)
    yield Effect, _effects(here, size, now)
    yield Touch, _touches(here, size, now)
    yield TouchInvoice, _lines(size)
    yield from _waits(here, size, now).items()


_NUMBERED = ("id", "account_id", "invoice_id", "effect_id", "touch_id")
_NAMED = ("uid", "key", "message_id")


def _moved(here: Office, size: Size, number: int, row: dict[str, Any]) -> dict[str, Any]:
    """The same row of a further company's book."""
    by = number * size.span
    numbers = {name: row[name] + by for name in _NUMBERED if name in row}
    names = {name: f"{row[name]}-{number}" for name in _NAMED if name in row}
    company = {"company_id": here.company_id + size.small + number} if "company_id" in row else {}
    lines = [[invoice + by, step] for invoice, step in row.get("content", {}).get("lines", ())]
    return row | numbers | names | company | ({"content": {"lines": lines}} if lines else {})


def _practice(here: Office, size: Size, now: datetime, live: bool) -> None:
    """Somebody to sign in, and the further companies beside the first one."""
    owner = people.create_owner(here.rt, "Nobody else", "Ann Owner", EMAIL, PASSWORD)
    with here.rt.store.write() as session:
        company, tie = session.get_one(Company, here.company_id), session.get_one(Connection, 1)
        company.live_at, company.draft_days, company.email = now if live else None, 30, "books@heron.example"
        tie.read_at, tie.cursor = now, "bench"
        session.get_one(User, owner).practice_id = company.practice_id
        session.flush()
        ours, theirs = _stored(company), _stored(tie)
        for number in range(1, size.small + size.alike + 1):
            about = {"id": company.id + number, "uid": f"company-{number}", "name": f"Client {number:03d}"}
            about["draft_days"] = 0 if number > size.small and number % 10 else company.draft_days
            session.execute(insert(Company).values(ours | about))
            tie_about = {"id": tie.id + number, "uid": f"tie-{number}", "external_tag": _tag(here, number)}
            session.execute(insert(Connection).values(theirs | tie_about | {"company_id": about["id"]}))


def tenant(number: int) -> str:
    """What the ledger calls a small company."""
    return f"small-{number}"


def _tag(here: Office, number: int) -> str:
    return here.rt.vault.tag("quickbooks", tenant(number))


def _stored(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _heard(now: datetime) -> dict[str, Any]:
    """The vendor's webhooks reach us, so that nobody's look costs a reading."""
    return {"kind": "quickbooks", "key": "heard", "received_at": now, "handled_at": now, "attempts": 1} | {
        "raw_sealed": b"",
        "events_sealed": b"",
        "note": "",
    }


def _write(here: Office, row: Any, values: Rows) -> None:
    table: Table = row.__table__
    left = iter(values)
    while portion := list(islice(left, PORTION)):
        with here.rt.store.write() as session:
            session.execute(insert(table), portion)


def _accounts(here: Office, size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for id in range(1, size.accounts + 1):
        refused = [f"c{id}@customers.example"] if id % (size.accounts // size.waiting) == 3 else []
        yield {
            "id": id,
            "uid": f"account-{id}",
            "company_id": here.company_id,
            "external_id": f"c-{id}",
            "name": f"Customer {id * 7919 % size.accounts:05d}",
            "emails": [f"c{id}@customers.example"],
            "people": [],
            "refused": refused,
            "instead": [],
            "because": [],
            "wake_at": now - timedelta(hours=1),
        }


def _account_of(size: Size, invoice: int) -> int:
    return 1 if invoice <= 2 * size.heavy else 1 + invoice % size.accounts


def _invoices(here: Office, size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for id in range(1, size.invoices + size.heavy + 1):
        issued = now.date() - timedelta(days=20 + id % 80)
        paid = id <= size.heavy
        yield {
            "id": id,
            "uid": f"invoice-{id}",
            "company_id": here.company_id,
            "account_id": _account_of(size, id),
            "external_id": f"i-{id}",
            "customer": f"c-{_account_of(size, id)}",
            "number": f"INV-{id}",
            "issued": issued,
            "due": issued + timedelta(days=30),
            "currency": "USD",
            "total_minor": 10_000 + id,
            "balance_minor": 0 if paid else 10_000 + id,
            "status": "paid" if paid else "open",
            "emails": [],
            "cc": [],
            "seen_at": now,
            "read_at": now,
        }


def _small(here: Office, size: Size, now: datetime) -> tuple[Rows, Rows]:
    """An account with ten invoices for each small company."""
    accounts, invoices = [], []
    account, invoice = next(iter(_accounts(here, size, now))), next(iter(_invoices(here, size, now)))
    for number in range(1, size.small + 1):
        company, about = here.company_id + number, size.accounts + number
        accounts.append(account | {"id": about, "uid": f"account-{about}", "company_id": company, "refused": []})
        for place in range(10):
            id = size.invoices + size.heavy + number * 10 + place
            mine = {"id": id, "uid": f"invoice-{id}", "external_id": f"i-{id}", "account_id": about}
            owed = {"company_id": company, "balance_minor": 10_000, "status": "open"}
            invoices.append(invoice | mine | owed)
    return accounts, invoices


def _payments(here: Office, size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for id in range(1, size.heavy + 1):
        yield {
            "company_id": here.company_id,
            "customer": "c-1",
            "external_id": f"p-{id}",
            "paid_on": now.date() - timedelta(days=id % 60),
            "currency": "USD",
            "amount_minor": 10_000 + id,
            "reference": f"Transfer {id}",
            "applied": [[f"i-{id}", 10_000 + id]],
            "read_at": now,
        }


def _said(size: Size) -> Iterator[tuple[int, int]]:
    """(number of a message, the invoice it was about): some to many accounts, as many to the first one."""
    for number in range(1, size.waiting + 1):
        yield number, number  # paid ones of the first account
        yield size.waiting + number, 2 * size.heavy + number
    for place in range(size.said * size.accounts):
        yield 2 * size.waiting + 1 + place, 2 * size.heavy + 1 + place % (size.invoices - 2 * size.heavy)


def _state(size: Size, number: int) -> str:
    return "in_doubt" if size.waiting < number <= 2 * size.waiting else "sent"


def _said_at(now: datetime, number: int) -> datetime:
    return now - timedelta(days=number % 90 + 1)


def _effects(here: Office, size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for number, invoice in _said(size):
        yield {
            "id": number,
            "uid": f"effect-{number}",
            "key": f"message/{number}",
            "kind": "message",
            "company_id": here.company_id,
            "account_id": _account_of(size, invoice),
            "state": _state(size, number),
            "not_before": _said_at(now, number),
            "content": {"lines": [[invoice, "late-4"]]},
            "created_at": _said_at(now, number),
            "updated_at": _said_at(now, number),
        }


def _touches(here: Office, size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for number, invoice in _said(size):
        at = _said_at(now, number)
        yield {
            "id": number,
            "uid": f"touch-{number}",
            "effect_id": number,
            "company_id": here.company_id,
            "account_id": _account_of(size, invoice),
            "state": _state(size, number),
            "step": "late-4",
            "day": at.date(),
            "recipients": ["c@customers.example"],
            "message_id": f"<{number}@dunlin.example>",
            "subject": f"Invoice INV-{invoice}",
            "text": "Could you have a look?\n",
            "html": "<body>Could you have a look?</body>",
            "evidence": {},
            "sending_at": at,
            "sent_at": at,
        }


def _lines(size: Size) -> Iterator[dict[str, Any]]:
    for number, invoice in _said(size):
        about = {"anchor": f"due/{number}", "step": "late-4", "balance_minor": 10_000, "currency": "USD"}
        yield {"touch_id": number, "invoice_id": invoice, **about}


def _waits(here: Office, size: Size, now: datetime) -> dict[Any, Rows]:
    """What waits at the desk: each at an account of its own; and as many open promises."""
    day = now.date() + timedelta(days=3)

    def rows(first: int, **more: Any) -> Rows:
        for place in range(size.waiting):
            account = 2 + (first + place) % (size.accounts - 2)
            yield {
                "uid": f"waits-{first}-{place}",
                "company_id": here.company_id,
                "account_id": account,
                **more,
            }

    def invoices(first: int, **more: Any) -> Rows:
        for place, row in enumerate(rows(first, **more)):
            invoice = 2 * size.heavy + 1 + place
            yield {**row, "invoice_id": invoice, "account_id": _account_of(size, invoice)}

    def unreadable() -> Rows:
        for place in range(size.waiting):
            about = {"entity": "invoice", "external_id": f"odd-{place}", "reason": "Its total is not a number."}
            yield {"uid": f"row-{place}", "company_id": here.company_id, "seen_at": now, **about}

    return {
        Dispute: invoices(1, text="Two are missing.", answer_by=day, state="open", opened_at=now),
        ToldRow: rows(5_000, reason="dispute", day=now.date(), answer_by=day, state="open", detail={}, made_at=now),
        HoldRow: rows(9_000, cause="replied", state="open", made_at=now),
        Promise: rows(13_000, day=day, until=day + timedelta(days=4), state="open", made_at=now),
        UnreadableRow: unreadable(),
    }

"""One company with one account, made of bare rows, for tests of a single workflow on a chosen database."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerCustomer, LedgerInvoice, Page
from models import Account, Company, Effect, EffectKind, Invoice, Practice
from models.store import Store
from tests.town import Town, lay_tables
from workflows import effects, library, mirror


class Office:
    """`rt` is Dunlin on the given store, else in memory; `clock` moves only when told."""

    def __init__(self, store: Store | None = None) -> None:
        town = Town()
        town.start(store)
        if store is None:
            lay_tables(town.rt.store)
        self.rt, self.clock, self.close = town.rt, town.clock, town.close
        now = self.clock.now()
        with self.rt.store.write() as session:
            practice = Practice(uid=self.rt.new_id(), name="Sandpiper Accounting", created_at=now)
            session.add(practice)
            session.flush()
            self.company = Company(
                uid=self.rt.new_id(),
                practice_id=practice.id,
                name="Larch & Co",
                ledger_kind="xero",
                currency="GBP",
                country="GB",
                zone="Europe/London",
                cadence_version_id=library.shipped_version(self.rt, session, practice.id, "default").id,
                draft_days=0,
                created_at=now,
            )
            session.add(self.company)
        self.read(now, customers=(LedgerCustomer("c-1", "Fern", emails=("fern@customers.example",)),))
        self.account_id = self.account("c-1").id

    def read(self, started: datetime, **rows: Any) -> int:
        """Store a page as a reading that began at `started`; how many rows it had."""
        return mirror.store(self.rt, self.company, Page(**rows), started).rows

    def want(self, key: str, kind: EffectKind = EffectKind.MESSAGE, **content: Any) -> None:
        with self.rt.store.write() as session:
            effects.want(
                self.rt,
                session,
                key=key,
                kind=kind,
                company_id=self.company.id,
                account_id=self.account_id,
                content=content,
            )

    def effects(self) -> dict[str, Effect]:
        with self.rt.store.read() as session:
            return {one.key: one for one in session.scalars(select(Effect).order_by(Effect.id))}

    def account(self, external_id: str) -> Account:
        with self.rt.store.read() as session:
            return session.scalars(select(Account).where(Account.external_id == external_id)).one()

    def invoice(self, external_id: str) -> Invoice:
        with self.rt.store.read() as session:
            return session.scalars(select(Invoice).where(Invoice.external_id == external_id)).one()

    def change(self, row: Any, **values: Any) -> None:
        """Set columns of a row straight in the database."""
        with self.rt.store.write() as session:
            found = session.get_one(type(row), row.id)
            for name, value in values.items():
                setattr(found, name, value)


def an_invoice(id: str, balance: str = "100.00", customer: str = "c-1", **fields: Any) -> LedgerInvoice:
    """An open invoice of 100 pounds as a ledger's adapter hands it over."""
    values: dict[str, Any] = {
        "issued": date(2026, 2, 1),
        "due": date(2026, 3, 9),
        "total": Money(10_000, "GBP"),
        "balance": Money(int(float(balance) * 100), "GBP"),
        "status": InvoiceStatus.OPEN,
        "version": balance,
    }
    return LedgerInvoice(id=id, customer=customer, number=f"N-{id}", **{**values, **fields})

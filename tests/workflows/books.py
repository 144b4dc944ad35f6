"""A town with one ledger for what is written into it: every kind of change, and a look into the books from outside.

It asks for changes as a person would and counts what stands there, in the same words for both ledgers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.money import Money
from integrations.ledgers.base import LedgerSettings
from integrations.ledgers.xero import Xero
from integrations.ledgers.xero.scopes import ASKED
from models import AttemptLine, Company, Effect, Posting, User
from models.store import Store
from sandbox.quickbooks import records
from sandbox.xero.records import VOIDED
from tests.town import Town
from workflows import dispatcher, postings
from workflows.connections import with_ledger

DUE = date(2026, 3, 20)
LATER = date(2026, 4, 2)
WORDS = "For the late delivery"


class _Town(Town):
    """Here the operator has Dunlin ask Xero for bank transactions too, without which no money goes on account."""

    def start(self, store: Store | None = None) -> None:
        super().start(store)
        wide = " ".join((*ASKED, "accounting.banktransactions"))
        settings = replace(LedgerSettings(**self.settings.ledger("xero")), scopes=wide)
        self.rt = replace(self.rt, ledgers={**self.rt.ledgers, "xero": Xero(settings)})


class Books:
    """Open invoices of 100.00 of one customer, connected and live; the bookkeeper has made every choice."""

    def __init__(self, kind: str, store: Store | None = None, invoices: int = 2) -> None:
        self.kind, self.town = kind, _Town()
        self.town.customer(kind, "fern")
        for number in range(1, invoices + 1):
            self.town.open(kind, f"A-{number}", "fern", DUE)
        self.town.begin(store, kinds=[kind])
        self.rt, self.tenant, self.twin = self.town.rt, self.town.tenants[kind], self.town.twin(kind)
        choices = with_ledger(self.rt, self.company.id, lambda ledger: ledger.income_choices())
        self.set_company(income_choice=choices[0].id)
        self.me = self._person()

    def _person(self) -> int:
        with self.rt.store.write() as session:
            named = {"email": "ann@sandpiper.example", "name": "Ann", "password_hash": "-"}
            person = User(
                role="accountant",
                uid=self.rt.new_id(),
                practice_id=self.town.practice_id,
                created_at=self.town.now,
                **named,
            )
            session.add(person)
        return person.id

    # Dunlin's side

    @property
    def company(self) -> Company:
        return self.town.company(self.kind)

    def set_company(self, **values: Any) -> None:
        with self.rt.store.write() as session:
            company = session.get_one(Company, self.company_id(session))
            for name, value in values.items():
                setattr(company, name, value)

    def company_id(self, session: Any) -> int:
        return int(session.scalars(select(Company.id).where(Company.ledger_kind == self.kind)).one())

    def money(self, amount: str) -> Money:
        return Money.parse(amount, self.company.currency)

    def invoice_id(self, number: str = "A-1") -> int:
        return self.town.invoice(number).id

    def postings(self) -> list[Posting]:
        with self.rt.store.read() as session:
            return list(session.scalars(select(Posting).order_by(Posting.id)))

    def states(self) -> list[tuple[str, str]]:
        return [(one.kind, one.state) for one in self.postings()]

    def effects(self) -> list[Effect]:
        with self.rt.store.read() as session:
            found = session.scalars(select(Effect).where(Effect.kind == "booking").order_by(Effect.id))
            return list(found)

    def line(self) -> AttemptLine:
        with self.rt.store.read() as session:
            return session.scalars(select(AttemptLine)).one()

    def perform(self, rounds: int = 3) -> None:
        """Carry out what is due now, and what that asks for; nothing is read meanwhile."""
        for _ in range(rounds):
            dispatcher.book_due(self.rt)
            dispatcher.perform_due(self.rt)

    def posting(self, kind: str) -> Posting:
        """The one posting of a kind."""
        (found,) = (one for one in self.postings() if one.kind == kind)
        return found

    def wait(self, **time: float) -> None:
        self.town.clock.move(self.town.now + timedelta(**time))

    # The books, from outside

    def credit_notes(self) -> int:
        if self.kind == "xero":
            return len(self.town.xero.organisations[self.tenant].credits)
        return len(self.town.quickbooks.realms[self.tenant].rows["CreditMemo"])

    def balance(self, number: str = "A-1") -> Decimal:
        return self.twin.balance(self.tenant, number)

    def on_account(self) -> Decimal:
        return self.twin.open_credit(self.tenant).get("fern", Decimal(0))

    def due(self, number: str = "A-1") -> date:
        if self.kind == "xero":
            return self.town.xero.organisations[self.tenant].invoice(number).due
        return date.fromisoformat(self._row(number)["DueDate"])

    def history(self, number: str = "A-1") -> str:
        """All that was noted on an invoice."""
        if self.kind == "xero":
            books = self.town.xero.organisations[self.tenant]
            return "\n".join(text for _, text in books.notes.get(books.invoice(number).id, []))
        return str(self._row(number).get("PrivateNote", ""))

    def _row(self, number: str) -> Any:
        realm = self.town.quickbooks.realms[self.tenant]
        return realm.get("Invoice", realm.keys["Invoice", number])

    def remove_credit(self) -> None:
        """The bookkeeper takes the one credit note off its invoice and out of the books."""
        if self.kind == "xero":
            books = self.town.xero.organisations[self.tenant]
            (credit,) = books.credits.values()
            for one in list(credit.allocations):
                books.deallocate(one)
            credit.status, credit.updated = VOIDED, self.town.now
            return
        realm = self.town.quickbooks.realms[self.tenant]
        for entity in ("Payment", "CreditMemo"):
            (row,) = realm.rows[entity].values()
            records.delete(realm, entity, {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    def pay(self, number: str = "A-1") -> str:
        """A card payment, booked and seen; its vendor id."""
        self.town.pay(number)
        self.town.settle()
        self.wait(hours=8)
        self.town.settle()
        return self.line().ledger_payment

    def close(self) -> None:
        self.town.close()


@dataclass(frozen=True)
class Wish:
    """One kind of change: how it is asked for, how often it stands in the books, and the path of its write."""

    ask: Callable[[Books], Posting]
    times: Callable[[Books], Any]
    quickbooks: str
    xero: str

    def path(self, books: Books) -> str:
        return self.quickbooks if books.kind == "quickbooks" else self.xero


def _undo(books: Books) -> Posting:
    return postings.undo_payment(books.rt, books.company.id, books.pay(), books.me)


def give_credit(books: Books, number: str = "A-1", amount: str = "20") -> Posting:
    return postings.give_credit(books.rt, books.invoice_id(number), books.money(amount), WORDS, books.me)


def _allocations(books: Books) -> Decimal:
    return (100 - books.balance()) / 20


WISHES = {
    "credit": Wish(give_credit, Books.credit_notes, "/creditmemo?", "PUT /api.xro/2.0/CreditNotes"),
    "allocation": Wish(give_credit, _allocations, "/payment?", "/Allocations"),
    "due-date": Wish(
        lambda books: postings.move_due_date(books.rt, books.invoice_id(), LATER, books.me),
        lambda books: books.due() == LATER,
        "/invoice?",
        "POST /api.xro/2.0/Invoices",
    ),
    "note": Wish(
        lambda books: postings.add_note(books.rt, books.invoice_id(), "Rang Ann, she pays on Friday.", books.me),
        lambda books: books.history().count("Rang Ann"),
        "/invoice?",
        "PUT /api.xro/2.0/Invoices",
    ),
    "undo-payment": Wish(_undo, lambda books: books.balance() == 100, "/payment?", "POST /api.xro/2.0/Payments"),
    "on-account": Wish(
        lambda books: postings.put_on_account(
            books.rt, books.town.account("A-1").id, books.money("50"), books.town.now.date(), books.me
        ),
        lambda books: books.on_account() / 50,
        "/payment?",
        "PUT /api.xro/2.0/BankTransactions",
    ),
}

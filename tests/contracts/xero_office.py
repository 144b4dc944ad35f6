"""A pretend Xero with an order of every kind that the adapter carries out. It sets the scene; the tests judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.money import Money
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    LedgerSettings,
    NoteOrder,
    Order,
    PaymentOrder,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
)
from integrations.ledgers.xero import Xero
from sandbox.books import BookPayment
from sandbox.xero.records import Invoice
from tests.sandbox.xero_world import World, invoice

TODAY = date(2026, 11, 2)
REFERENCE = "r-aBcDeFgHiJkLmNoPqRs_"


class Office(World):
    """A world whose permission also covers bank transactions and journals, and one order of each kind."""

    def settle(self, base: str) -> None:
        super().settle(base)
        keys = (self.twin.client_id, self.twin.client_secret, self.twin.webhook_key)
        paths = ("/identity/connect/authorize", "/connect/token", "/connect/revocation", "")
        scopes = " ".join((*self.xero.oauth.scopes, "accounting.banktransactions", "accounting.manualjournals"))
        self.xero = Xero(LedgerSettings(*keys, *(base + path for path in paths), scopes=scopes))

    def bill(self, number: str = "INV-1") -> Invoice:
        return self.twin.invoice(self.tenant, number)

    def payment(self) -> PaymentOrder:
        return self.order(reference=REFERENCE)

    def on_account(self) -> PaymentOrder:
        return replace(self.payment(), invoice="", amount=Money(3050, "NZD"))

    def undo(self) -> UndoPaymentOrder:
        made = self.twin.receive(self.tenant, BookPayment("INV-2", Decimal(6), TODAY, "bank"))
        return UndoPaymentOrder(made, REFERENCE)

    def credit_note(self) -> CreditOrder:
        words = "For your patience"
        return CreditOrder(self.bill().contact.id, Money(1500, "NZD"), TODAY, "200", words, REFERENCE)

    def allocation(self) -> AllocationOrder:
        note = self.twin.credit(self.tenant, "CN-9", "barney", TODAY, Decimal(20))
        bill = self.bill()
        return AllocationOrder(note, bill.id, bill.contact.id, Money(1500, "NZD"), TODAY, REFERENCE)

    def used(self) -> tuple[str, str]:
        """A credit note that is used for an invoice of its own; the ids of both."""
        bill = self.twin.add_invoice(self.tenant, invoice("INV-8"))
        return self.twin.credit(self.tenant, "CN-8", "barney", TODAY, Decimal(3), "INV-8"), bill

    def release(self) -> UndoAllocationOrder:
        return UndoAllocationOrder(*self.used(), REFERENCE)

    def withdrawal(self) -> UndoCreditOrder:
        return UndoCreditOrder(self.twin.credit(self.tenant, "CN-7", "barney", TODAY, Decimal(4)), REFERENCE)

    def fee(self) -> InvoiceOrder:
        day, about = date(2026, 11, 16), self.bill()
        words = "Fee for late payment of INV-1"
        return InvoiceOrder(about.contact.id, Money(4000, "NZD"), TODAY, day, "270", words, REFERENCE, about.number)

    def draft(self) -> InvoiceOrder:
        """Under a reference of its own: two invoices of one could not be told apart."""
        return replace(self.fee(), draft=True, reference=REFERENCE[::-1])

    def expense(self) -> ExpenseOrder:
        """Kept back from a payout into the bank account."""
        bank = self.twin.organisations[self.tenant].bank
        return ExpenseOrder(Money(290, "NZD"), TODAY, bank.id, "404", "Stripe", "Fees of payout po_7", REFERENCE)

    def journal(self) -> ExpenseOrder:
        """The same where payments are booked on an account that is no bank account."""
        accounts = self.twin.organisations[self.tenant].accounts.values()
        return replace(self.expense(), paid_from=next(one.id for one in accounts if one.code == "620"))

    def due(self) -> DateOrder:
        return DateOrder(self.bill().id, date(2026, 12, 24), False, REFERENCE)

    def expected(self) -> DateOrder:
        return DateOrder(self.bill().id, date(2026, 12, 1), True, REFERENCE)

    def note(self) -> NoteOrder:
        return NoteOrder(self.bill().id, "They promise to pay on 1 December.", REFERENCE)

    def everything(self) -> str:
        """The books as they stand, to see whether anything has changed."""
        books = self.twin.organisations[self.tenant]
        payments = [(one.amount, one.status, one.reference) for one in books.payments.values()]
        credits = [(one.kind, one.total, one.remaining, one.reference) for one in books.credits.values()]
        invoices = [(one.number, one.total, one.status, one.reference) for one in books.invoices.values()]
        money = (payments, credits, invoices, self.twin.expenses(self.tenant))
        return str((money, self.bill().due, self.bill().expected, books.notes))


KINDS: dict[str, tuple[Callable[[Office], Order], str]] = {
    "a payment": (Office.payment, "PUT /api.xro/2.0/Payments"),
    "money on account": (Office.on_account, "PUT /api.xro/2.0/BankTransactions"),
    "undoing a payment": (Office.undo, "POST /api.xro/2.0/Payments"),
    "a credit note": (Office.credit_note, "PUT /api.xro/2.0/CreditNotes"),
    "using a credit note": (Office.allocation, "PUT /api.xro/2.0/CreditNotes"),
    "releasing a credit note": (Office.release, "DELETE /api.xro/2.0/CreditNotes"),
    "taking one out of the books": (Office.withdrawal, "POST /api.xro/2.0/CreditNotes"),
    "an invoice for a fee": (Office.fee, "PUT /api.xro/2.0/Invoices"),
    "a draft of one": (Office.draft, "PUT /api.xro/2.0/Invoices"),
    "an expense": (Office.expense, "PUT /api.xro/2.0/BankTransactions"),
    "a journal": (Office.journal, "PUT /api.xro/2.0/ManualJournals"),
    "a due date": (Office.due, "POST /api.xro/2.0/Invoices"),
    "an expected date": (Office.expected, "POST /api.xro/2.0/Invoices"),
    "a note": (Office.note, "PUT /api.xro/2.0/Invoices"),
}

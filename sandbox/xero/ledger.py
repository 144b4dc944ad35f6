"""The books of one pretend Xero organisation: what bookkeeping may do to its records.

It holds the rules Xero enforces and, where they are known, its exact messages. It knows no HTTP, no JSON, no tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from uuid import NAMESPACE_URL, uuid5

from sandbox.books import BookCompany, BookCustomer, BookInvoice
from sandbox.xero.records import (
    DELETED,
    DRAFT,
    OPEN,
    PAID,
    SUBMITTED,
    VOIDED,
    Account,
    Allocation,
    Contact,
    Credit,
    Expense,
    Invalid,
    Invoice,
    Line,
    Payment,
)

HAS_MONEY_ON_IT = "This document cannot be edited as it has a payment or credit note allocated to it."
NOT_VALID = "Invoice not of valid status for modification"
# What may still be edited once money has been booked on a document, of the fields this pretend Xero knows.
_EVEN_WHEN_PAID = {"due", "theme", "reference", "url", "sent"}
# Edits of these do not move the stamp of a part-paid document.
_SILENT = {"due", "sent"}


class Organisation:
    """One organisation. `changed` is told of every change: (category, "CREATE" or "UPDATE", id).

    `payments_tell`: whether a payment fires an INVOICE webhook; Xero does not say. `expected_when_part_paid`: whether
    ExpectedPaymentDate may be set on a part-paid invoice; Xero does not say either, its list of fields lacks it.
    """

    def __init__(
        self, id: str, about: BookCompany, short_code: str, new_id: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        self.id, self.about, self.short_code, self.new_id, self._clock = id, about, short_code, new_id, clock
        self.created = clock()
        self.lock_date: date | None = None
        self.year_lock_date: date | None = None
        self.reminders = False
        self.payments_tell, self.expected_when_part_paid = True, False
        self.terms: dict[str, tuple[int, str]] = {}
        self.contacts: dict[str, Contact] = {}
        self.invoices: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.credits: dict[str, Credit] = {}
        self.expenses: dict[str, Expense] = {}
        self.notes: dict[str, list[tuple[datetime, str]]] = {}
        self.spoiled: dict[str, dict[str, object]] = {}
        self._contact_ids: dict[str, str] = {}
        self._invoice_ids: dict[str, str] = {}
        self.changed: Callable[[str, str, str], None] = lambda *_change: None
        self.accounts = {one.id: one for one in self._chart(about.currency)}
        self.themes = {new_id(): name for name in ("Standard", "Very orange invoice!")}

    def _chart(self, currency: str) -> list[Account]:
        tax = Decimal("0.15")
        return [
            Account(self.new_id(), "090", "Business Bank Account", "BANK", currency),
            Account(self.new_id(), "200", "Sales", "REVENUE", "", tax=tax),
            Account(self.new_id(), "260", "Discounts and goodwill", "REVENUE", "", tax=tax),
            Account(self.new_id(), "620", "Online payments clearing", "CURRENT", "", takes_payments=True),
            Account(self.new_id(), "091", "Old Savings Account", "BANK", currency, status="ARCHIVED"),
            Account(self._derived("270"), "270", "Late fees and interest", "OTHERINCOME", ""),
            Account(self._derived("404"), "404", "Payment processing fees", "EXPENSE", "", tax=tax),
        ]

    def _derived(self, name: str) -> str:
        """An id that follows from the organisation's own, so that every other one stays what it was."""
        return str(uuid5(NAMESPACE_URL, f"{self.id}/{name}"))

    @property
    def bank(self) -> Account:
        return next(one for one in self.accounts.values() if one.type == "BANK")

    def contact(self, key: str) -> Contact:
        return self.contacts[self._contact_ids[key]]

    def invoice(self, number: str) -> Invoice:
        return self.invoices[self._invoice_ids[number]]

    def has(self, number: str) -> bool:
        return number in self._invoice_ids

    def rate(self, currency: str) -> Decimal:
        """How much of `currency` one unit of the base currency buys; the pretend rates never move."""
        return Decimal(1) if currency == self.about.currency else Decimal("1.25")

    def allows(self, day: date) -> None:
        """Invalid when the books are closed up to that day or later."""
        for until, name in ((self.lock_date, "period"), (self.year_lock_date, "end of year")):
            if until is not None and day <= until:
                shown = until.strftime("%d %B %Y")
                raise Invalid(f"The document date cannot be before the {name} lock date, currently set at {shown}")

    # Contacts

    def add_contact(self, customer: BookCustomer) -> Contact:
        it, status = customer, "ARCHIVED" if customer.archived else "ACTIVE"
        contact = Contact(self.new_id(), it.key, it.name, it.contact, it.emails, self._clock(), status)
        contact.term = self.terms[it.term] if it.term else None
        self.contacts[contact.id] = contact
        self._contact_ids[it.key] = contact.id
        self.changed("CONTACT", "CREATE", contact.id)
        return contact

    def touch(self, contact: Contact) -> None:
        contact.updated = self._clock()
        self.changed("CONTACT", "UPDATE", contact.id)

    def merge(self, gone: Contact, into: Contact) -> None:
        """Its documents go over as they are, their stamps unmoved; the contact stays behind, archived."""
        documents: list[Invoice | Credit] = [*self.invoices.values(), *self.credits.values()]
        for document in documents:
            if document.contact is gone:
                document.contact = into
        gone.merged_into, gone.status = into.id, "ARCHIVED"
        self.touch(gone)
        self.touch(into)

    # Invoices

    def add_invoice(self, invoice: BookInvoice) -> Invoice:
        it, now = invoice, self._clock()
        if it.key in self._invoice_ids:
            raise Invalid("Invoice # must be unique.")
        contact = self.contact(it.customer)
        made = Invoice(self.new_id(), it.key, contact, it.issued, it.due, it.amount, it.currency, it.description, now)
        return self._keep(made)

    def make_invoice(
        self, contact: Contact, on: date, due: date, total: Decimal, currency: str, lines: list[Line]
    ) -> Invoice:
        """An invoice over the API, numbered by Xero."""
        self.allows(on)
        number = next(name for at in count(len(self.invoices) + 1) if not self.has(name := f"INV-{at:04}"))
        words = ", ".join(line.text for line in lines)
        made = Invoice(self.new_id(), number, contact, on, due, total, currency, words, self._clock(), lines=lines)
        return self._keep(made)

    def _keep(self, made: Invoice) -> Invoice:
        made.theme = next(iter(self.themes))
        self.invoices[made.id] = made
        self._invoice_ids[made.number] = made.id
        self.changed("INVOICE", "CREATE", made.id)
        return made

    def edit(self, invoice: Invoice, **fields: object) -> None:
        """Change some of `sent due expected theme reference url`, all or none; Invalid when Xero would refuse."""
        if invoice.status in (VOIDED, DELETED) or (fields.get("sent") and invoice.status not in (OPEN, PAID)):
            raise Invalid(NOT_VALID)
        self.allows(invoice.issued)
        allowed = _EVEN_WHEN_PAID | ({"expected"} if self.expected_when_part_paid and invoice.open else set())
        if invoice.touched and not set(fields) <= allowed:
            raise Invalid(HAS_MONEY_ON_IT)
        for name, value in fields.items():
            setattr(invoice, name, value)
        if not (invoice.touched and set(fields) <= _SILENT):
            invoice.updated = self._clock()
            self.changed("INVOICE", "UPDATE", invoice.id)

    def void(self, invoice: Invoice) -> None:
        self._end(invoice, OPEN, VOIDED)

    def delete(self, invoice: Invoice) -> None:
        """A draft can be deleted; what was approved can only be voided."""
        if invoice.status not in (DRAFT, SUBMITTED):
            return self.void(invoice)
        return self._end(invoice, invoice.status, DELETED)

    def _end(self, invoice: Invoice, only: str, status: str) -> None:
        if invoice.touched:
            raise Invalid(HAS_MONEY_ON_IT)
        if invoice.status != only:
            raise Invalid(NOT_VALID)
        self.allows(invoice.issued)
        invoice.status, invoice.updated = status, self._clock()
        self.changed("INVOICE", "UPDATE", invoice.id)

    # Payments

    def pay(self, invoice: Invoice, account: Account | None, on: date, amount: Decimal, reference: str) -> Payment:
        """Book a payment, or Invalid with every message Xero would give."""
        self._may_pay(invoice, account, on, amount)
        assert account is not None
        payment = Payment(self.new_id(), invoice, account, on, amount, reference, self._clock())
        self.payments[payment.id] = payment
        invoice.payments.append(payment)
        self._money_moved(invoice, payment.updated)
        return payment

    def _may_pay(self, invoice: Invoice, account: Account | None, on: date, amount: Decimal) -> None:
        wrong = []
        if account is None or account.status != "ACTIVE":
            wrong.append("Account could not be found")
        elif account.type != "BANK" and not account.takes_payments:
            wrong.append("Account type is invalid for making a payment to/from")
        if invoice.status != OPEN:
            wrong.append("Payments can only be made against Authorised documents")
        if amount > invoice.open:
            wrong.append("Payment amount exceeds the amount outstanding on this document")
        if amount <= 0:
            wrong.append("Payment amount must be greater than zero")
        try:
            self.allows(on)
        except Invalid as closed:
            wrong += closed.messages
        if wrong:
            raise Invalid(*wrong)

    def unpay(self, payment: Payment) -> None:
        """Delete a payment; its invoice is open again."""
        if payment.status == DELETED:
            raise Invalid("This payment has already been deleted")
        self.allows(payment.on)
        payment.status, payment.updated = DELETED, self._clock()
        self._money_moved(payment.invoice, payment.updated)

    def _money_moved(self, invoice: Invoice, now: datetime) -> None:
        invoice.settle(now)
        if self.payments_tell:
            self.changed("INVOICE", "UPDATE", invoice.id)

    def spend(
        self,
        on: date,
        amount: Decimal,
        paid_from: Account,
        expense: Account,
        words: str,
        reference: str,
        contact: Contact | None = None,
    ) -> Expense:
        """Book money spent; no webhook tells of it."""
        self.allows(on)
        made = Expense(self.new_id(), on, amount, paid_from, expense, words, reference, self._clock(), contact)
        self.expenses[made.id] = made
        return made

    # Credit

    def add_credit(
        self, kind: str, key: str, contact: Contact, on: date, total: Decimal, currency: str, lines: list[Line]
    ) -> Credit:
        """A credit note (its `key` is its number, given by Xero when empty), or money on account."""
        self.allows(on)
        key = key or f"CN-{len(self.credits) + 1:04}"
        credit = Credit(self.new_id(), key, kind, contact, on, total, currency, self._clock(), lines=lines)
        if kind != "CreditNotes":
            credit.account, credit.transaction = self.bank, self.new_id()
        self.credits[credit.id] = credit
        self.changed(credit_category(kind), "CREATE", credit.id)
        return credit

    def allocate(self, credit: Credit, invoice: Invoice, on: date, amount: Decimal | None = None) -> Allocation:
        """Use `amount` of the credit for the invoice, or as much as the two allow. The refusals are our own words."""
        most = min(credit.remaining, invoice.open)
        amount = most if amount is None else amount
        if credit.status not in (OPEN, PAID) or invoice.status not in (OPEN, PAID):
            raise Invalid("Credit can only be allocated between Authorised documents")
        if amount <= 0:
            raise Invalid("The amount to allocate must be greater than zero")
        if amount > most:
            raise Invalid("The amount to allocate exceeds what is left of the credit or the amount outstanding")
        self.allows(on)
        made = Allocation(self.new_id(), credit, invoice, amount, on)
        credit.allocations.append(made)
        invoice.allocations.append(made)
        self._credit_moved(made)
        return made

    def deallocate(self, allocation: Allocation) -> None:
        self.allows(allocation.on)
        allocation.credit.allocations.remove(allocation)
        allocation.invoice.allocations.remove(allocation)
        self._credit_moved(allocation)

    def void_credit(self, credit: Credit) -> None:
        if credit.allocations:
            raise Invalid(HAS_MONEY_ON_IT)
        self.allows(credit.on)
        credit.status, credit.updated = VOIDED, self._clock()
        self.changed(credit_category(credit.kind), "UPDATE", credit.id)

    def _credit_moved(self, allocation: Allocation) -> None:
        now, credit, invoice = self._clock(), allocation.credit, allocation.invoice
        credit.settle(now)
        invoice.settle(now)
        self.changed(credit_category(credit.kind), "UPDATE", credit.id)
        self.changed("INVOICE", "UPDATE", invoice.id)


def credit_category(kind: str) -> str:
    """The webhook category of a credit collection: CreditNotes becomes CREDITNOTE."""
    return kind.rstrip("s").upper()

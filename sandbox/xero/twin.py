"""The Xero twin: what people and tests may do to the pretend Xero, and the app that answers like it.

Every change is stamped with the world's clock. Unless told otherwise one person owns all its organisations, as an
accountant would. Its keys, limits and troubles are `place.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.books import BookCredit, BookCustomer, BookExpense, BookInvoice, BookPayment, Company
from sandbox.xero.ledger import Organisation
from sandbox.xero.place import Place
from sandbox.xero.records import OPEN, PAID, VOIDED, ZERO, Contact, Credit, Expense, Invoice, Payment, Person
from sandbox.xero.shapes import CREDIT_TYPES


class XeroTwin(Place):
    """A `sandbox.books.LedgerTwin`."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        base_url: str = "",
        client_id: str = "xero-client",
        client_secret: str = "xero-secret",  # noqa: S107 - a pretend secret
        webhook_key: str = "xero-webhook-key",
    ) -> None:
        super().__init__(clock, new_id, base_url, client_id, client_secret, webhook_key)

    def add_company(self, company: Company) -> str:
        with self.turns:
            tenant = self.new_uuid()
            code = f"!{tenant[:5]}"
            organisation = Organisation(tenant, company.about, code, self.new_uuid, self.clock)
            organisation.terms = {one.name: (one.days, "DAYSAFTERBILLDATE") for one in company.terms}
            self.organisations[tenant] = organisation
            self._fill(tenant, company)
            organisation.changed = lambda category, kind, id: self._changed(tenant, category, kind, id)
            return tenant

    def _fill(self, tenant: str, company: Company) -> None:
        for customer in company.customers:
            self.add_customer(tenant, customer)
        for invoice in company.invoices:
            self.add_invoice(tenant, invoice)
        for key, customer_key, on, amount, apply_to in company.credits:
            self.credit(tenant, key, customer_key, on, amount, apply_to)
        for payment in company.payments:
            self.receive(tenant, payment)
        for invoice_key, _on in company.voids:
            self.void(tenant, invoice_key)

    def _changed(self, tenant: str, category: str, kind: str, id: str) -> None:
        if any(one.tenant == tenant for one in self.connections.values()):
            credit = self.organisations[tenant].credits.get(id) if category == "CREDITNOTE" else None
            data = {"Type": CREDIT_TYPES[credit.kind], "Status": credit.status} if credit else None
            self.hooks.note(tenant, category, kind, id, data)

    # Customers

    def add_customer(self, tenant: str, customer: BookCustomer) -> str:
        with self.turns:
            return self.organisations[tenant].add_contact(customer).id

    def contact(self, tenant: str, customer_key: str) -> Contact:
        """The record itself, which a test may make odd."""
        return self.organisations[tenant].contact(customer_key)

    def add_person(self, tenant: str, customer_key: str, name: str, email: str, mailed: bool = True) -> None:
        """Somebody else at the customer; `mailed`: Xero sends them the invoices too. ValueError for a sixth."""
        with self.turns:
            contact, (first, _, last) = self.contact(tenant, customer_key), name.partition(" ")
            if len(contact.persons) >= 5:
                raise ValueError("A Xero contact has at most five persons.")
            contact.others.append(Person(first, last, email, mailed))
            self.organisations[tenant].touch(contact)

    def archive(self, tenant: str, customer_key: str) -> None:
        self._contact_becomes(tenant, customer_key, "ARCHIVED")

    def request_erasure(self, tenant: str, customer_key: str) -> None:
        """The person asked, in Xero, to be forgotten."""
        self._contact_becomes(tenant, customer_key, "GDPRREQUEST")

    def _contact_becomes(self, tenant: str, customer_key: str, status: str) -> None:
        with self.turns:
            contact = self.contact(tenant, customer_key)
            contact.status = status
            self.organisations[tenant].touch(contact)

    def merge(self, tenant: str, customer_key: str, into: str) -> None:
        """The first is archived and points to the second, which has all the documents now."""
        with self.turns:
            books = self.organisations[tenant]
            books.merge(books.contact(customer_key), books.contact(into))

    # Invoices

    def add_invoice(self, tenant: str, invoice: BookInvoice) -> str:
        with self.turns:
            return self.organisations[tenant].add_invoice(invoice).id

    def invoice(self, tenant: str, invoice_key: str) -> Invoice:
        """The record itself, which a test may make odd."""
        return self.organisations[tenant].invoice(invoice_key)

    def change_due(self, tenant: str, invoice_key: str, due: date) -> None:
        """A part-paid invoice is not stamped anew, and no webhook tells of it."""
        self._edit(tenant, invoice_key, due=due)

    def reissue(self, tenant: str, invoice_key: str, issued: date, amount: Decimal) -> None:
        """ValueError once money or credit is booked on it."""
        self._edit(tenant, invoice_key, issued=issued, total=amount)

    def mail(self, tenant: str, invoice_key: str) -> None:
        """A part-paid invoice is not stamped anew, and no webhook tells of it."""
        self._edit(tenant, invoice_key, sent=True)

    def expect(self, tenant: str, invoice_key: str, on: date) -> None:
        """The bookkeeper writes down when the money is expected."""
        self._edit(tenant, invoice_key, expected=on)

    def _edit(self, tenant: str, invoice_key: str, **fields: object) -> None:
        with self.turns:
            self.organisations[tenant].edit(self.invoice(tenant, invoice_key), **fields)

    def void(self, tenant: str, invoice_key: str) -> None:
        with self.turns:
            self.organisations[tenant].void(self.invoice(tenant, invoice_key))

    def delete(self, tenant: str, invoice_key: str) -> None:
        """DELETED as a draft, VOIDED once it was approved; ValueError when something is booked on it."""
        with self.turns:
            self.organisations[tenant].delete(self.invoice(tenant, invoice_key))

    def balance(self, tenant: str, invoice_key: str) -> Decimal:
        return self.invoice(tenant, invoice_key).open

    # Money

    def receive(self, tenant: str, payment: BookPayment) -> str:
        with self.turns:
            books = self.organisations[tenant]
            invoice = books.invoice(payment.invoice)
            return books.pay(invoice, books.bank, payment.paid_on, payment.amount, payment.reference).id

    def unreceive(self, tenant: str, payment_id: str) -> None:
        """The bookkeeper deletes a payment; the invoice is open again."""
        with self.turns:
            books = self.organisations[tenant]
            books.unpay(books.payments[payment_id])

    def credit(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str = "") -> str:
        with self.turns:
            return self._credit(tenant, "CreditNotes", key, customer_key, on, amount, apply_to).id

    def overpay(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """Money received beyond what is owed, as the bank feed books it."""
        with self.turns:
            return self._credit(tenant, "Overpayments", key, customer_key, on, amount, "").id

    def prepay(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """A deposit received before any invoice."""
        with self.turns:
            return self._credit(tenant, "Prepayments", key, customer_key, on, amount, "").id

    def receive_on_account(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        return self.prepay(tenant, key, customer_key, on, amount)

    def allocate(self, tenant: str, credit_key: str, invoice_key: str, on: date) -> str:
        """Use as much of an open credit, of whatever kind, for the invoice as the two allow; the allocation's id."""
        with self.turns:
            books = self.organisations[tenant]
            return books.allocate(_keyed(books.credits.values(), credit_key), books.invoice(invoice_key), on).id

    def deallocate(self, tenant: str, credit_key: str) -> None:
        """Take a credit off every invoice it was used for."""
        with self.turns:
            books = self.organisations[tenant]
            for one in list(_keyed(books.credits.values(), credit_key).allocations):
                books.deallocate(one)

    def void_credit(self, tenant: str, credit_key: str) -> None:
        """ValueError while some of it is used."""
        with self.turns:
            books = self.organisations[tenant]
            books.void_credit(_keyed(books.credits.values(), credit_key))

    def withdraw_credit(self, tenant: str, credit_id: str) -> None:
        self.deallocate(tenant, credit_id)
        self.void_credit(tenant, credit_id)

    def _credit(
        self, tenant: str, kind: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str
    ) -> Credit:
        books = self.organisations[tenant]
        invoice = books.invoice(apply_to) if apply_to else None
        currency = invoice.currency if invoice else books.about.currency
        made = books.add_credit(kind, key, books.contact(customer_key), on, amount, currency, [])
        if invoice:
            books.allocate(made, invoice, on)
        return made

    def payments(self, tenant: str) -> list[BookPayment]:
        with self.turns:
            return [_book(one) for one in self.organisations[tenant].payments.values() if one.status == OPEN]

    def received(self, tenant: str) -> list[BookPayment]:
        with self.turns:
            on_account = [one for one in self._credits(tenant) if one.kind != "CreditNotes"]
            rest = [BookPayment("", one.total, one.on, one.reference or one.key, one.id) for one in on_account]
            return [replace(one, invoice="") for one in self.payments(tenant)] + rest

    def credit_notes(self, tenant: str) -> list[BookCredit]:
        with self.turns:
            notes = [one for one in self._credits(tenant) if one.kind == "CreditNotes"]
            return [BookCredit(one.contact.key, one.total, one.reference, one.id) for one in notes]

    def _credits(self, tenant: str) -> list[Credit]:
        """What stands as credit of any kind, used up or not."""
        return [one for one in self.organisations[tenant].credits.values() if one.status in (OPEN, PAID)]

    def expenses(self, tenant: str) -> list[BookExpense]:
        with self.turns:
            return [_spent(one) for one in self.organisations[tenant].expenses.values() if one.status == OPEN]

    def withdraw_expense(self, tenant: str, expense_id: str) -> None:
        with self.turns:
            self.organisations[tenant].expenses[expense_id].status = VOIDED

    def open_credit(self, tenant: str) -> dict[str, Decimal]:
        with self.turns:
            left: dict[str, Decimal] = {}
            for one in self.organisations[tenant].credits.values():
                if one.status == OPEN:
                    left[one.contact.key] = left.get(one.contact.key, ZERO) + one.remaining
            return left

    # The organisation, and odd rows

    def lock(self, tenant: str, until: date | None) -> None:
        with self.turns:
            self.organisations[tenant].lock_date = until

    def lock_year(self, tenant: str, until: date | None) -> None:
        """The end-of-year lock date, which even an adviser cannot book before."""
        with self.turns:
            self.organisations[tenant].year_lock_date = until

    def reminders(self, tenant: str, on: bool) -> None:
        """Switch Xero's own reminders of unpaid invoices on or off."""
        with self.turns:
            self.organisations[tenant].reminders = on

    def spoil(self, tenant: str, entity: str, key: str, **fields: object) -> None:
        with self.turns:
            books = self.organisations[tenant]
            records: dict[str, Callable[[], Any]] = {
                "customer": lambda: books.contact(key),
                "invoice": lambda: books.invoice(key),
                "payment": lambda: books.payments[key],
                "credit": lambda: _keyed(books.credits.values(), key),
            }
            books.spoiled[records[entity]().id] = fields


def _keyed(credits: Any, key: str) -> Credit:
    found: Credit = {name: one for one in credits for name in (one.id, one.key)}[key]
    return found


def _spent(it: Expense) -> BookExpense:
    return BookExpense(it.amount, it.on, it.paid_from.id, it.expense.code, it.words, it.reference, it.id)


def _book(it: Payment) -> BookPayment:
    return BookPayment(it.invoice.number, it.amount, it.on, it.reference, it.id)

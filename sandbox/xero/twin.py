"""The Xero twin: what people and tests may do to the pretend Xero, and the app that answers like it.

Every change is stamped with the world's clock. One person owns all its organisations, as an accountant would.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import Flask

from sandbox.books import BookCustomer, BookInvoice, BookPayment, Company, Webhook
from sandbox.xero import api, gate, identity
from sandbox.xero.hooks import Hooks
from sandbox.xero.ledger import Credit, Invoice, Organisation, Payment


class XeroTwin:
    """A `sandbox.books.LedgerTwin`. Limits are Xero's own (Core tier) and may be set by a test.

    `plan_fault(path_contains, kind, times)`: the next matching requests go wrong. Kinds: "503" (an HTML page),
    "429-minute", "429-day", "429-concurrent", "429-appminute", "401-expired", "401-scope", "403", and "drop": the
    change is made, then the answer breaks off. The path is matched with its method: "PUT /api.xro/2.0/Payments".
    """

    kind = "xero"

    def __init__(
        self,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        base_url: str = "",
        client_id: str = "xero-client",
        client_secret: str = "xero-secret",  # noqa: S107 - a pretend secret
        webhook_key: str = "xero-webhook-key",
    ) -> None:
        self.clock, self._new_id, self.base_url = clock, new_id, base_url.rstrip("/")
        self.client_id, self.client_secret, self.webhook_key = client_id, client_secret, webhook_key
        self.user_id = self.new_uuid()
        self.minute_limit, self.day_limit = 60, 5000
        self.calls: Counter[str] = Counter()
        self.faults: list[list[Any]] = []
        self.organisations: dict[str, Organisation] = {}
        self.connections: dict[str, identity.Connection] = {}
        self.tokens = identity.token_store(self)
        self.hooks = Hooks(clock, new_id, webhook_key, self.base_url)
        self.lock = threading.RLock()
        self.app = Flask(__name__, template_folder="pages")
        gate.mount(self.app, self)
        identity.mount(self.app, self)
        api.mount(self.app, self)
        self.app.wsgi_app = _one_at_a_time(self.app.wsgi_app, self.lock)  # type: ignore[method-assign,assignment]

    def new_uuid(self) -> str:
        return str(uuid5(NAMESPACE_URL, self._new_id()))

    def plan_fault(self, path_contains: str, kind: str, times: int = 1) -> None:
        if kind not in gate.FAULTS:
            raise ValueError(f"The Xero twin has no fault {kind!r}; it has {', '.join(sorted(gate.FAULTS))}.")
        self.faults.append([path_contains, kind, times])

    def add_company(self, company: Company) -> str:
        with self.lock:
            tenant = self.new_uuid()
            code = f"!{tenant[:5]}"
            organisation = Organisation(tenant, company.about, code, self.new_uuid, self.clock)
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
            self.hooks.note(tenant, category, kind, id)

    def add_customer(self, tenant: str, customer: BookCustomer) -> str:
        with self.lock:
            books = self.organisations[tenant]
            key, archived = customer.key, customer.archived
            return books.add_contact(key, customer.name, customer.contact, customer.emails, archived).id

    def add_invoice(self, tenant: str, invoice: BookInvoice) -> str:
        with self.lock:
            it = invoice
            books = self.organisations[tenant]
            made = books.add_invoice(it.key, it.customer, it.issued, it.due, it.amount, it.currency, it.description)
            return made.id

    def invoice(self, tenant: str, invoice_key: str) -> Invoice:
        """The record itself, which a test may make odd."""
        return self.organisations[tenant].invoice(invoice_key)

    def receive(self, tenant: str, payment: BookPayment) -> str:
        with self.lock:
            books = self.organisations[tenant]
            invoice = books.invoice(payment.invoice)
            return books.pay(invoice, books.bank, payment.paid_on, payment.amount, payment.reference).id

    def unreceive(self, tenant: str, payment_id: str) -> None:
        """The bookkeeper deletes a payment; the invoice is open again."""
        with self.lock:
            books = self.organisations[tenant]
            books.unpay(books.payments[payment_id])

    def void(self, tenant: str, invoice_key: str) -> None:
        with self.lock:
            books = self.organisations[tenant]
            books.void(books.invoice(invoice_key))

    def credit(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str = "") -> str:
        with self.lock:
            return self._credit(tenant, "CreditNotes", key, customer_key, on, amount, apply_to).id

    def overpay(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """Money received beyond what is owed, as the bank feed books it."""
        with self.lock:
            return self._credit(tenant, "Overpayments", key, customer_key, on, amount, "").id

    def prepay(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """A deposit received before any invoice."""
        with self.lock:
            return self._credit(tenant, "Prepayments", key, customer_key, on, amount, "").id

    def _credit(
        self, tenant: str, kind: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str
    ) -> Credit:
        books = self.organisations[tenant]
        invoice = books.invoice(apply_to) if apply_to else None
        currency = invoice.currency if invoice else books.about.currency
        made = books.add_credit(kind, key, customer_key, on, amount, currency)
        if invoice:
            books.allocate(made, invoice, on)
        return made

    def archive(self, tenant: str, customer_key: str) -> None:
        self._contact_becomes(tenant, customer_key, "ARCHIVED")

    def request_erasure(self, tenant: str, customer_key: str) -> None:
        """The person asked, in Xero, to be forgotten."""
        self._contact_becomes(tenant, customer_key, "GDPRREQUEST")

    def merge(self, tenant: str, customer_key: str, into: str) -> None:
        """Two contacts become one: the first is archived and points to the second."""
        books = self.organisations[tenant]
        books.contact(customer_key).merged_into = books.contact(into).id
        self._contact_becomes(tenant, customer_key, "ARCHIVED")

    def _contact_becomes(self, tenant: str, customer_key: str, status: str) -> None:
        with self.lock:
            books = self.organisations[tenant]
            contact = books.contact(customer_key)
            contact.status = status
            books.touch(contact)

    def disconnect(self, tenant: str) -> None:
        """The owner removes the app from this organisation, in Xero."""
        with self.lock:
            self.connections = {id: one for id, one in self.connections.items() if one.tenant != tenant}

    def balance(self, tenant: str, invoice_key: str) -> Decimal:
        return self.invoice(tenant, invoice_key).open

    def payments(self, tenant: str) -> list[BookPayment]:
        with self.lock:
            return [_book(one) for one in self.organisations[tenant].payments.values() if one.status == "AUTHORISED"]

    def webhooks(self) -> list[Webhook]:
        with self.lock:
            return self.hooks.take()

    def handshake(self) -> list[tuple[Webhook, int]]:
        """Xero's "intent to receive": deliveries, and the status the product must answer to each (200 or 401)."""
        with self.lock:
            return self.hooks.handshake()


def _book(it: Payment) -> BookPayment:
    return BookPayment(it.invoice.number, it.amount, it.on, it.reference, it.id)


def _one_at_a_time(
    app: Callable[[dict[str, Any], Any], Iterable[bytes]], lock: AbstractContextManager[Any]
) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """People and requests change the same books; they take turns."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return call

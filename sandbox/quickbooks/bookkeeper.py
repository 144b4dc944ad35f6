"""What a bookkeeper does in the pretend QuickBooks, and what a judge reads from its books: the driver's half of it.

It speaks in the keys of `sandbox.books` and knows nothing of HTTP; what a booking does is decided in `records.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

from sandbox.books import BookCredit, BookCustomer, BookExpense, BookInvoice, BookPayment, Company
from sandbox.oauth import Clock
from sandbox.quickbooks import customers, lists, records, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import FULL_NAME, Realm

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound="Bookkeeper")
ENTITIES = {"customer": "Customer", "invoice": "Invoice", "payment": "Payment", "credit": "CreditMemo"}


def alone(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """One at a time: the driver, the judge and the server's threads share the books."""

    @wraps(method)
    def locked(self: T, /, *args: P.args, **options: P.kwargs) -> R:
        with self.mutex:
            return method(self, *args, **options)

    return locked


class Bookkeeper:
    """Keeps the books of many companies, each found by its realm id."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.realms: dict[str, Realm] = {}
        self.mutex = RLock()

    # Loading

    @alone
    def add_company(self, company: Company) -> str:
        realm = Realm(f"46208163650{len(self.realms) + 1:05d}", company.about, self.clock)
        self.realms[realm.id] = realm
        for term in lists.terms(company.terms):
            realm.keys["Term", term["Name"]] = realm.add("Term", term)["Id"]
        waiting = {customer.key: customer for customer in company.customers}
        for customer in company.customers:
            self._with_parents(realm.id, customer, waiting)
        for invoice in company.invoices:
            self.add_invoice(realm.id, invoice)
        for payment in company.payments:
            self.receive(realm.id, payment)
        for key, customer_key, on, amount, apply_to in company.credits:
            self.credit(realm.id, key, customer_key, on, amount, apply_to)
        for invoice_key, _ in company.voids:
            self.void(realm.id, invoice_key)
        realm.news.clear()
        return realm.id

    def _with_parents(self, tenant: str, customer: BookCustomer, waiting: dict[str, BookCustomer]) -> None:
        if waiting.pop(customer.key, None) is None:
            return
        if customer.parent in waiting:
            self._with_parents(tenant, waiting[customer.parent], waiting)
        self.add_customer(tenant, customer)

    @alone
    def add_customer(self, tenant: str, customer: BookCustomer) -> str:
        """The name is made unique with the key where it has to be; several addresses share one field, with commas."""
        realm = self.realms[tenant]
        name = customer.name.replace(":", " -")
        taken = (FULL_NAME, name) in realm.keys
        fields: Body = {"DisplayName": f"{name} ({customer.key})" if taken else name}
        given, _, family = customer.contact.partition(" ")
        fields |= {name: text for name, text in (("GivenName", given), ("FamilyName", family)) if text}
        if customer.emails:
            fields["PrimaryEmailAddr"] = {"Address": ", ".join(customer.emails)}
        if customer.parent:
            parent = {"value": realm.keys["Customer", customer.parent]}
            fields |= {"ParentRef": parent, "Job": True, "BillWithParent": True}
        row = records.save(realm, "Customer", fields | _term(realm, customer.term))
        realm.keys["Customer", customer.key] = row["Id"]
        if customer.archived:
            self.archive(tenant, customer.key)
        return str(row["Id"])

    @alone
    def add_invoice(self, tenant: str, invoice: BookInvoice) -> str:
        realm = self.realms[tenant]
        fields = self._sale(realm, invoice.customer, invoice.key, invoice.issued, invoice.amount, invoice.description)
        fields |= {"DueDate": str(invoice.due), "CurrencyRef": {"value": invoice.currency}}
        if invoice.emails:
            fields["BillEmail"] = {"Address": ", ".join(invoice.emails)}
        row = records.save(realm, "Invoice", fields | _term(realm, invoice.term))
        realm.keys["Invoice", invoice.key] = row["Id"]
        return str(row["Id"])

    def _sale(self, realm: Realm, customer: str, number: str, on: date, amount: Decimal, words: str) -> Body:
        return {
            "CustomerRef": {"value": realm.customer(customer)["Id"]},
            "DocNumber": number[: shapes.LONGEST["DocNumber"]],
            "TxnDate": str(on),
            "Line": [shapes.sale_line(amount, words)],
        }

    # Money

    @alone
    def receive(self, tenant: str, payment: BookPayment) -> str:
        row = self._invoice(tenant, payment.invoice)
        if payment.amount <= 0 or payment.amount > row["Balance"]:
            raise ValueError(f"{payment.amount} is more than the {row['Balance']} open on {payment.invoice}.")
        fields = self._payment(row, payment.amount, [("Invoice", row["Id"])], payment.amount, payment.paid_on)
        if payment.reference:
            fields["PaymentRefNum"] = payment.reference
        return str(records.save(self.realms[tenant], "Payment", fields)["Id"])

    def _payment(self, sale: Body, total: Decimal, targets: list[tuple[str, str]], amount: Decimal, on: date) -> Body:
        return {
            "CustomerRef": {"value": sale["CustomerRef"]["value"]},
            "TotalAmt": total,
            "TxnDate": str(on),
            "CurrencyRef": {"value": sale["CurrencyRef"]["value"]},
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for kind, id in targets],
        }

    @alone
    def receive_on_account(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """An unapplied payment; `key` becomes its reference."""
        realm = self.realms[tenant]
        fields: Body = {"CustomerRef": {"value": realm.customer(customer_key)["Id"]}, "TotalAmt": amount}
        return str(records.save(realm, "Payment", fields | {"TxnDate": str(on), "PaymentRefNum": key})["Id"])

    @alone
    def unreceive(self, tenant: str, payment_id: str) -> None:
        realm = self.realms[tenant]
        records.delete(realm, "Payment", _present(realm.get("Payment", payment_id)))

    @alone
    def deposit(self, tenant: str, payment_id: str) -> None:
        """Beyond the port: put a payment on a bank deposit; from then on it cannot be changed (6540)."""
        records.deposit(self.realms[tenant], payment_id)

    @alone
    def credit(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str = "") -> str:
        """A credit memo; applied, it is linked to the invoice by a payment of nothing, as QuickBooks does."""
        realm = self.realms[tenant]
        fields = self._sale(realm, customer_key, key, on, amount, "Credit")
        invoice = self._invoice(tenant, apply_to) if apply_to else None
        if invoice is not None:
            fields["CurrencyRef"] = {"value": invoice["CurrencyRef"]["value"]}
        memo = records.save(realm, "CreditMemo", fields)
        realm.keys["CreditMemo", key] = memo["Id"]
        if invoice is not None:
            targets = [("Invoice", invoice["Id"]), ("CreditMemo", memo["Id"])]
            link = self._payment(invoice, shapes.ZERO, targets, min(amount, invoice["Balance"]), on)
            link["PrivateNote"] = "Created by QB Online to link credits to charges."
            records.save(realm, "Payment", link)
        return str(memo["Id"])

    @alone
    def withdraw_credit(self, tenant: str, credit_id: str) -> None:
        """QuickBooks deletes a credit memo only once nothing links it to an invoice."""
        realm = self.realms[tenant]
        links = {one["TxnId"] for one in realm.get("CreditMemo", credit_id).get("LinkedTxn", ())}
        for link in sorted(links):
            records.delete(realm, "Payment", _present(realm.get("Payment", link)))
        records.delete(realm, "CreditMemo", _present(realm.get("CreditMemo", credit_id)))

    @alone
    def withdraw_expense(self, tenant: str, expense_id: str) -> None:
        del self.realms[tenant].rows["Purchase"][expense_id]

    # Changes

    @alone
    def void(self, tenant: str, invoice_key: str) -> None:
        records.void(self.realms[tenant], "Invoice", _present(self._invoice(tenant, invoice_key)))

    @alone
    def delete(self, tenant: str, invoice_key: str) -> None:
        """An invoice without payments is deleted for good."""
        records.delete(self.realms[tenant], "Invoice", _present(self._invoice(tenant, invoice_key)))

    @alone
    def change_due(self, tenant: str, invoice_key: str, due: date) -> None:
        row = self._invoice(tenant, invoice_key)
        records.save(self.realms[tenant], "Invoice", _present(row) | {"sparse": True, "DueDate": str(due)})

    @alone
    def reissue(self, tenant: str, invoice_key: str, issued: date, amount: Decimal) -> None:
        row = self._invoice(tenant, invoice_key)
        change = {"sparse": True, "TxnDate": str(issued), "Line": [shapes.sale_line(amount, "Services")]}
        records.save(self.realms[tenant], "Invoice", _present(row) | change)

    @alone
    def mail(self, tenant: str, invoice_key: str) -> None:
        """To the invoice's address, else the customer's."""
        records.send(self.realms[tenant], self._invoice(tenant, invoice_key))

    @alone
    def archive(self, tenant: str, customer_key: str) -> None:
        realm = self.realms[tenant]
        row = realm.get("Customer", realm.keys["Customer", customer_key])
        records.save(realm, "Customer", _present(row) | {"sparse": True, "Active": False})

    @alone
    def merge(self, tenant: str, customer_key: str, into: str) -> None:
        """The first becomes inactive and everything of it moves; the key goes on meaning the inactive one."""
        realm = self.realms[tenant]
        customers.merge(realm, realm.customer(customer_key), realm.customer(into))

    @alone
    def lock(self, tenant: str, until: date | None) -> None:
        """QuickBooks' closing date: the API refuses writes dated on or before it, the screen does not."""
        self.prefer(tenant, "AccountingInfoPrefs", BookCloseDate=str(until) if until else None)

    @alone
    def prefer(self, /, tenant: str, block: str, **values: object) -> None:
        """Beyond the port: change the company's settings in one block of its preferences; None takes one away."""
        realm = self.realms[tenant]
        row = realm.get("Preferences", "1")
        row[block] = {name: value for name, value in (row[block] | values).items() if value is not None}
        realm.bump("Preferences", row)

    @alone
    def offer_online(self, tenant: str, invoice_key: str) -> None:
        """Beyond the port: the company takes cards through QuickBooks, and so does this invoice."""
        self.prefer(tenant, "SalesFormsPrefs", ETransactionPaymentEnabled=True, ETransactionEnabledStatus="Enabled")
        change = {"sparse": True, "AllowOnlineCreditCardPayment": True}
        records.save(self.realms[tenant], "Invoice", _present(self._invoice(tenant, invoice_key)) | change)

    @alone
    def subscription(self, tenant: str, *, ended: bool) -> None:
        """Beyond the port: the company stops paying Intuit (6190 on everything but its CompanyInfo), or pays again."""
        realm = self.realms[tenant]
        realm.ended = ended
        row = realm.get("CompanyInfo", "1")
        values = {"SubscriptionStatus": "EXPIRED" if ended else "PAID"}
        row["NameValue"] = [one | {"Value": values.get(one["Name"], one["Value"])} for one in row["NameValue"]]
        realm.bump("CompanyInfo", row)

    @alone
    def tell_linked(self, tenant: str, *, on: bool) -> None:
        """Beyond the port: from now on a payment also sends webhooks of what it is linked to, or does not."""
        self.realms[tenant].tells_linked = on

    @alone
    def spoil(self, /, tenant: str, entity: str, key: str, **fields: object) -> None:
        realm = self.realms[tenant]
        kind = ENTITIES[entity]
        row = realm.get(kind, key if entity == "payment" else realm.keys[kind, key])
        realm.spoil(kind, row["Id"], fields)

    # What a judge reads

    @alone
    def balance(self, tenant: str, invoice_key: str) -> Decimal:
        return Decimal(self._invoice(tenant, invoice_key)["Balance"])

    @alone
    def payments(self, tenant: str) -> list[BookPayment]:
        realm = self.realms[tenant]
        numbers = {id: key for (kind, key), id in realm.keys.items() if kind == "Invoice"}
        return [
            BookPayment(
                invoice=numbers.get(link["TxnId"], link["TxnId"]),
                amount=line["Amount"],
                paid_on=date.fromisoformat(row["TxnDate"]),
                reference=row.get("PaymentRefNum", ""),
                id=row["Id"],
            )
            for row in realm.rows["Payment"].values()
            if row["TotalAmt"]
            for line in row["Line"]
            for link in line["LinkedTxn"]
            if link["TxnType"] == "Invoice"
        ]

    @alone
    def received(self, tenant: str) -> list[BookPayment]:
        rows = [row for row in self.realms[tenant].rows["Payment"].values() if row["TotalAmt"]]
        return [
            BookPayment(
                "", row["TotalAmt"], date.fromisoformat(row["TxnDate"]), row.get("PaymentRefNum", ""), row["Id"]
            )
            for row in rows
        ]

    @alone
    def credit_notes(self, tenant: str) -> list[BookCredit]:
        realm = self.realms[tenant]
        keys = {id: key for (kind, key), id in realm.keys.items() if kind == "Customer"}
        rows = [row for row in realm.rows["CreditMemo"].values() if row["TotalAmt"]]
        return [
            BookCredit(keys[row["CustomerRef"]["value"]], row["TotalAmt"], row.get("PrivateNote", ""), row["Id"])
            for row in rows
        ]

    @alone
    def expenses(self, tenant: str) -> list[BookExpense]:
        return [
            BookExpense(
                amount=line["Amount"],
                spent_on=date.fromisoformat(row["TxnDate"]),
                paid_from=row["AccountRef"]["value"],
                expense=line["AccountBasedExpenseLineDetail"]["AccountRef"]["value"],
                words=line.get("Description", ""),
                note=row.get("PrivateNote", ""),
                id=row["Id"],
            )
            for row in self.realms[tenant].rows["Purchase"].values()
            for line in row["Line"]
        ]

    @alone
    def open_credit(self, tenant: str) -> dict[str, Decimal]:
        realm = self.realms[tenant]
        keys = {id: key for (kind, key), id in realm.keys.items() if kind == "Customer"}
        held = [(row, row["RemainingCredit"]) for row in realm.rows["CreditMemo"].values()]
        held += [(row, row["UnappliedAmt"]) for row in realm.rows["Payment"].values()]
        left: dict[str, Decimal] = {}
        for row, amount in held:
            if amount:
                key = keys.get(row["CustomerRef"]["value"], row["CustomerRef"]["value"])
                left[key] = left.get(key, shapes.ZERO) + amount
        return left

    def _invoice(self, tenant: str, key: str) -> Body:
        realm = self.realms[tenant]
        return realm.get("Invoice", realm.keys["Invoice", key])


def _present(row: Body) -> Body:
    """The row as it stands now, for an update."""
    return {"Id": row["Id"], "SyncToken": row["SyncToken"]}


def _term(realm: Realm, name: str) -> Body:
    return {"SalesTermRef": {"value": realm.keys["Term", name]}} if name else {}

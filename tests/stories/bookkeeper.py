"""What a bookkeeper does in the ledger while Dunlin is looking elsewhere, in the same words for both ledgers.

Dunlin learns of it only through its own readings and the vendors' webhooks.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.quickbooks import records
from tests.town import Town


def kind_of(town: Town, number: str) -> str:
    """The ledger in which an invoice stands."""
    return next(kind for kind, books in town.books.items() if any(one.key == number for one in books.invoices))


def receive(town: Town, number: str, amount: str = "100.00") -> None:
    town.transfer(kind_of(town, number), number, amount)


def void(town: Town, number: str) -> None:
    kind = kind_of(town, number)
    town.twin(kind).void(town.tenants[kind], number)


def delete(town: Town, number: str) -> None:
    """Xero deletes no approved invoice, so there the bookkeeper voids it."""
    if kind_of(town, number) == "quickbooks":
        town.quickbooks.delete(town.tenants["quickbooks"], number)
    else:
        void(town, number)


def credit(town: Town, number: str, applied: bool) -> None:
    """A credit note over the whole of the invoice, used for it or left open on the customer."""
    kind = kind_of(town, number)
    invoice = next(one for one in town.books[kind].invoices if one.key == number)
    note, customer = f"CN-{number}", invoice.customer
    apply_to = number if applied else ""
    town.twin(kind).credit(town.tenants[kind], note, customer, town.now.date(), Decimal(invoice.amount), apply_to)


def move_due(town: Town, number: str, day: date) -> None:
    if kind_of(town, number) == "quickbooks":
        _change(town, "Invoice", number, DueDate=str(day))
        return
    books = town.xero.organisations[town.tenants["xero"]]
    row = books.invoice(number)
    row.due, row.updated = day, town.now
    books.changed("INVOICE", "UPDATE", row.id)


def archive(town: Town, kind: str, customer: str) -> None:
    town.twin(kind).archive(town.tenants[kind], customer)


def forget_address(town: Town, kind: str, customer: str) -> None:
    """The customer's e-mail address is taken out of the ledger."""
    if kind == "quickbooks":
        _change(town, "Customer", customer, PrimaryEmailAddr=None)
        return
    books = town.xero.organisations[town.tenants["xero"]]
    contact = books.contact(customer)
    contact.emails = ()
    books.touch(contact)


def delete_payment(town: Town, kind: str, payment: str) -> None:
    if kind == "xero":
        town.xero.unreceive(town.tenants[kind], payment)
        return
    realm = town.quickbooks.realms[town.tenants[kind]]
    row = realm.get("Payment", payment)
    records.delete(realm, "Payment", {"Id": row["Id"], "SyncToken": row["SyncToken"]})


def _change(town: Town, entity: str, key: str, **changes: object) -> None:
    realm = town.quickbooks.realms[town.tenants["quickbooks"]]
    row = realm.get(entity, realm.keys[entity, key])
    update = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, **changes}
    records.save(realm, entity, update)

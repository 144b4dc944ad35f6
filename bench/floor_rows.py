"""What the floor decodes and which tuple goes into which columns: every column that ours fills, nothing checked.

Typed as recorded rows are; the columns left out are empty in ours too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from msgspec import Struct

ACCOUNT: tuple[str, ...] = (
    "id",
    "uid",
    "company_id",
    "external_id",
    "name",
    "contact",
    "emails",
    "people",
    "phone",
    "term",
    "active",
)
ACCOUNT += ("erased", "bills_to", "merged_into", "refused", "version", "facts_version", "wake_at", "because")
ACCOUNT += ("row_read_at",)
INVOICE: tuple[str, ...] = (
    "id",
    "uid",
    "company_id",
    "account_id",
    "external_id",
    "customer",
    "number",
    "issued",
    "due",
    "currency",
)
INVOICE += ("total_minor", "balance_minor", "status", "raw_status", "emails", "cc", "mailed", "term", "branding")
INVOICE += ("pay_link", "version", "seen_at", "read_at", "gone_why")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list by its name at the vendor, how an answer is decoded, where the rows are in it, and what more to ask."""

    name: str
    answer: type[Struct]
    rows: Callable[[Any], list[Any]]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    customers: Wanted
    invoices: Wanted
    customer: Callable[[int, int, Any, str], Row]
    invoice: Callable[[int, int, Mapping[str, int], Any, str], Row]


class Ref(Struct):
    value: str


class Mail(Struct):
    Address: str


class Customer(Struct):
    Id: str
    DisplayName: str
    GivenName: str
    FamilyName: str
    PrimaryEmailAddr: Mail
    SyncToken: str


class Invoice(Struct):
    Id: str
    CustomerRef: Ref
    DocNumber: str
    TxnDate: str
    DueDate: str
    CurrencyRef: Ref
    TotalAmt: float
    Balance: float
    BillEmail: Mail
    EmailStatus: str
    SalesTermRef: Ref
    SyncToken: str


class Query(Struct):
    Customer: list[Customer] = []
    Invoice: list[Invoice] = []


class QuickBooksAnswer(Struct):
    QueryResponse: Query


class Contact(Struct):
    ContactID: str
    Name: str
    FirstName: str
    LastName: str
    EmailAddress: str
    UpdatedDateUTC: str


class Whose(Struct):
    ContactID: str


class Sale(Struct):
    InvoiceID: str
    Contact: Whose
    InvoiceNumber: str
    DateString: str
    DueDateString: str
    CurrencyCode: str
    Total: float
    AmountDue: float
    Status: str
    SentToContact: bool
    BrandingThemeID: str
    UpdatedDateUTC: str


class XeroAnswer(Struct):
    Contacts: list[Contact] = []
    Invoices: list[Sale] = []


STATUS = {"AUTHORISED": "open", "PAID": "paid"}


def _account(id: int, company: int, row: tuple[str, str, str, str, str], now: str) -> Row:
    external, name, contact, address, version = row
    emails, people = f'["{address}"]', f'[["{contact}", "{address}", true]]'
    known = (id, token_urlsafe(16), company, external, name, contact, emails, people, "", "", True, False, "", "")
    return (*known, "[]", version, 1, now, "[]", now)


def quickbooks_customer(id: int, company: int, it: Customer, now: str) -> Row:
    contact, address = f"{it.GivenName} {it.FamilyName}", it.PrimaryEmailAddr.Address
    return _account(id, company, (it.Id, it.DisplayName, contact, address, it.SyncToken), now)


def xero_customer(id: int, company: int, it: Contact, now: str) -> Row:
    contact = f"{it.FirstName} {it.LastName}"
    return _account(id, company, (it.ContactID, it.Name, contact, it.EmailAddress, it.UpdatedDateUTC), now)


def quickbooks_invoice(id: int, company: int, accounts: Mapping[str, int], it: Invoice, now: str) -> Row:
    customer, mail = it.CustomerRef.value, f'["{it.BillEmail.Address}"]'
    total, balance = round(it.TotalAmt * 100), round(it.Balance * 100)
    whose = (id, token_urlsafe(16), company, accounts[customer], it.Id, customer)
    what = (it.DocNumber, it.TxnDate, it.DueDate, it.CurrencyRef.value, total, balance, "open" if balance else "paid")
    more = ("", mail, "[]", it.EmailStatus == "EmailSent", it.SalesTermRef.value, "", "")
    return (*whose, *what, *more, it.SyncToken, now, now, "")


def xero_invoice(id: int, company: int, accounts: Mapping[str, int], it: Sale, now: str) -> Row:
    customer, total, balance = it.Contact.ContactID, round(it.Total * 100), round(it.AmountDue * 100)
    whose = (id, token_urlsafe(16), company, accounts[customer], it.InvoiceID, customer)
    what = (it.InvoiceNumber, it.DateString[:10], it.DueDateString[:10], it.CurrencyCode, total, balance)
    more = (STATUS[it.Status], it.Status, "[]", "[]", it.SentToContact, "", it.BrandingThemeID, "")
    return (*whose, *what, *more, it.UpdatedDateUTC, now, now, "")


KINDS = {
    "quickbooks": Kind(
        Wanted("Customer", QuickBooksAnswer, lambda answer: answer.QueryResponse.Customer),
        Wanted("Invoice", QuickBooksAnswer, lambda answer: answer.QueryResponse.Invoice),
        quickbooks_customer,
        quickbooks_invoice,
    ),
    "xero": Kind(
        Wanted("Contacts", XeroAnswer, lambda answer: answer.Contacts),
        Wanted("Invoices", XeroAnswer, lambda answer: answer.Invoices, "&summaryOnly=true"),
        xero_customer,
        xero_invoice,
    ),
}

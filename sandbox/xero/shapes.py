"""How Xero writes its records as JSON. Shapes only: no choosing, no paging and no rules.

Xero's two ways with dates are kept: `/Date(milliseconds+0000)/` and, beside it, a string without a zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.xero.ledger import Organisation
from sandbox.xero.records import OPEN, PAID, ZERO, Account, Allocation, Contact, Credit, Expense, Invoice, Line, Payment
from sandbox.xero.zones import windows_name

Json = dict[str, Any]
CREDIT_TYPES = {
    "CreditNotes": "ACCRECCREDIT",
    "Overpayments": "RECEIVE-OVERPAYMENT",
    "Prepayments": "RECEIVE-PREPAYMENT",
}
CREDIT_IDS = {"CreditNotes": "CreditNoteID", "Overpayments": "OverpaymentID", "Prepayments": "PrepaymentID"}
CLASSES = {"BANK": "ASSET", "CURRENT": "ASSET", "REVENUE": "REVENUE", "OTHERINCOME": "REVENUE", "EXPENSE": "EXPENSE"}
# What `summaryOnly=true` leaves out.
_HEAVY = {
    "Invoices": ("Payments", "HasAttachments", "LineItems"),
    "Contacts": ("Addresses", "ContactGroups", "ContactPersons", "IsCustomer", "IsSupplier"),
}


def stamp(moment: datetime, offset: str = "+0000") -> str:
    return f"/Date({int(moment.timestamp() * 1000)}{offset})/"


def day(on: date) -> str:
    return stamp(datetime(on.year, on.month, on.day, tzinfo=UTC))


def plain_day(on: date) -> str:
    return f"{on.isoformat()}T00:00:00"


def _updated(moment: datetime) -> Json:
    return {"UpdatedDateUTC": stamp(moment), "UpdatedDateUTCString": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def light(name: str, row: Json) -> Json:
    """The row as `summaryOnly` gives it."""
    return {field: value for field, value in row.items() if field not in _HEAVY[name]}


def contact(_books: Organisation, it: Contact, full: bool = True) -> Json:
    """A contact; without `full` persons and terms are left out, as on lists that are not paged."""
    first, _, last = it.person.partition(" ")
    row: Json = {
        "ContactID": it.id,
        "ContactNumber": it.key,
        "ContactStatus": it.status,
        "Name": it.name,
        "FirstName": first,
        "LastName": last,
        "EmailAddress": it.emails[0] if it.emails else "",
        "Addresses": [],
        "Phones": [_phone(kind, it.phone if kind == "DEFAULT" else ("", "", "")) for kind in ("DDI", "DEFAULT", "FAX")],
        "ContactGroups": [],
        "IsSupplier": False,
        "IsCustomer": True,
        "HasAttachments": False,
        "HasValidationErrors": False,
        "UpdatedDateUTC": stamp(it.updated),
    }
    if it.merged_into:
        row["MergedToContactID"] = it.merged_into
    if full:
        row["ContactPersons"] = [
            {"FirstName": one.first, "LastName": one.last, "EmailAddress": one.email, "IncludeInEmails": one.mailed}
            for one in it.persons
        ]
        if it.term is not None:
            row["PaymentTerms"] = {"Sales": {"Day": it.term[0], "Type": it.term[1]}}
    return row


def _phone(kind: str, parts: tuple[str, str, str]) -> Json:
    return {"PhoneType": kind, "PhoneNumber": parts[2], "PhoneAreaCode": parts[1], "PhoneCountryCode": parts[0]}


def _contact_summary(it: Contact) -> Json:
    return {"ContactID": it.id, "Name": it.name, "Addresses": [], "Phones": [], "ContactGroups": []} | {
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def invoice(books: Organisation, it: Invoice, full: bool = True) -> Json:
    """An invoice; without `full` there are no lines, payments or credits, as on lists that are not paged."""
    row: Json = {
        "Type": "ACCREC",
        "InvoiceID": it.id,
        "InvoiceNumber": it.number,
        "Reference": it.reference,
        "AmountDue": it.open,
        "AmountPaid": it.paid,
        "AmountCredited": it.credit,
        "SentToContact": it.sent,
        "CurrencyRate": books.rate(it.currency),
        "BrandingThemeID": it.theme,
        "HasErrors": False,
        "IsDiscounted": False,
        "HasAttachments": False,
        "Contact": _contact_summary(it.contact),
        "DateString": plain_day(it.issued),
        "Date": day(it.issued),
        "Status": it.status,
        "LineAmountTypes": it.amounts,
        "LineItems": [],
        "SubTotal": it.total - it.tax,
        "TotalTax": it.tax,
        "Total": it.total,
        "CurrencyCode": it.currency,
        **_updated(it.updated),
    }
    for name, on in (("DueDate", it.due), ("ExpectedPaymentDate", it.expected)):
        if on is not None:
            row |= {f"{name}String": plain_day(on), name: day(on)}
    return row | (_invoice_details(books, it) if full else {})


def _invoice_details(books: Organisation, it: Invoice) -> Json:
    standing = [one for one in it.payments if one.status == OPEN]
    sales = next(one for one in books.accounts.values() if one.type == "REVENUE")
    details: Json = {
        "LineItems": [_line(one) for one in it.lines or [Line(it.description, it.total, sales)]],
        "Payments": [
            {"PaymentID": one.id, "Date": day(one.on), "Amount": one.amount, "Reference": one.reference}
            | {"CurrencyRate": books.rate(it.currency), "HasAccount": False, "HasValidationErrors": False}
            for one in standing
        ],
    }
    for kind, id_name in CREDIT_IDS.items():
        details[kind] = [
            {id_name: one.credit.id, "AppliedAmount": one.amount, "Date": day(one.on), "Total": one.credit.total}
            for one in it.allocations
            if one.credit.kind == kind
        ]
    if it.url:
        details["Url"] = it.url
    days = [one.on for one in standing] + [one.on for one in it.allocations]
    if it.status == PAID and days:
        details["FullyPaidOnDate"] = day(max(days))
    return details


def _line(it: Line) -> Json:
    row: Json = {
        "Description": it.text,
        "Quantity": Decimal("1.0000"),
        "UnitAmount": it.amount,
        "TaxType": "OUTPUT2" if it.tax else "NONE",
        "TaxAmount": it.tax,
        "LineAmount": it.amount,
        "Tracking": [],
    }
    return row | ({"AccountCode": it.account.code, "AccountID": it.account.id} if it.account else {})


def payment(books: Organisation, it: Payment, full: bool = True) -> Json:
    """A payment with a summary of its invoice; `full` (the answer to a booking) has the invoice as it now stands."""
    summary = {"Type", "InvoiceID", "InvoiceNumber", "HasErrors", "IsDiscounted", "Contact", "CurrencyCode"}
    shown = invoice(books, it.invoice, full=False)
    rate = books.rate(it.invoice.currency)
    return {
        "PaymentID": it.id,
        "Date": day(it.on),
        "BankAmount": (it.amount / rate).quantize(Decimal("0.01")),
        "Amount": it.amount,
        "Reference": it.reference,
        "CurrencyRate": rate,
        "PaymentType": "ACCRECPAYMENT",
        "Status": it.status,
        **_updated(it.updated),
        "HasAccount": True,
        "IsReconciled": False,
        "Account": {"AccountID": it.account.id, "Code": it.account.code},
        "Invoice": shown if full else {name: value for name, value in shown.items() if name in summary},
        "HasValidationErrors": False,
    }


def credit(books: Organisation, it: Credit, full: bool = True) -> Json:
    row: Json = {
        CREDIT_IDS[it.kind]: it.id,
        "Type": CREDIT_TYPES[it.kind],
        "Reference": it.reference,
        "RemainingCredit": ZERO if it.status in ("VOIDED", "DELETED") else it.remaining,
        "HasAttachments": False,
        "Contact": _contact_summary(it.contact),
        "DateString": plain_day(it.on),
        "Date": day(it.on),
        "Status": it.status,
        "LineAmountTypes": it.amounts,
        "LineItems": [],
        "SubTotal": it.total - it.tax,
        "TotalTax": it.tax,
        "Total": it.total,
        "CurrencyRate": books.rate(it.currency),
        "CurrencyCode": it.currency,
        **_updated(it.updated),
    }
    if it.kind == "CreditNotes":
        row["CreditNoteNumber"] = it.key
    if full:
        row |= {
            "LineItems": [_line(one) for one in it.lines],
            "Allocations": [allocation(one) for one in it.allocations],
        }
    return row


def allocation(it: Allocation) -> Json:
    return {
        "AllocationID": it.id,
        "Amount": it.amount,
        "Date": day(it.on),
        "Invoice": {"InvoiceID": it.invoice.id, "InvoiceNumber": it.invoice.number},
    }


def bank_type(it: Credit | Expense) -> str:
    return "SPEND" if isinstance(it, Expense) else CREDIT_TYPES[it.kind]


def bank_transaction(books: Organisation, it: Credit | Expense, full: bool = True) -> Json:
    """Money that was spent, or that came in and made this over- or prepayment."""
    if isinstance(it, Expense):
        return _spent(books, it, full)
    assert it.account is not None
    row = {
        name: value for name, value in credit(books, it, full).items() if name not in ("RemainingCredit", "Allocations")
    }
    return row | {
        "BankTransactionID": it.transaction,
        "BankAccount": {"AccountID": it.account.id, "Code": it.account.code, "Name": it.account.name},
        "IsReconciled": False,
        "Status": OPEN,
    }


def _spent(books: Organisation, it: Expense, full: bool) -> Json:
    assert it.contact is not None
    currency = it.paid_from.currency or books.about.currency
    return {
        "Type": "SPEND",
        "BankTransactionID": it.id,
        "Contact": _contact_summary(it.contact),
        "BankAccount": {"AccountID": it.paid_from.id, "Code": it.paid_from.code, "Name": it.paid_from.name},
        "Reference": it.reference,
        "DateString": plain_day(it.on),
        "Date": day(it.on),
        "Status": it.status,
        "IsReconciled": False,
        "LineAmountTypes": "NoTax",
        "LineItems": [_line(Line(it.words, it.amount, it.expense))] if full else [],
        "SubTotal": it.amount,
        "TotalTax": ZERO,
        "Total": it.amount,
        "CurrencyCode": currency,
        "UpdatedDateUTC": stamp(it.updated),
        "HasAttachments": False,
    }


def manual_journal(_books: Organisation, it: Expense, full: bool = True) -> Json:
    row: Json = {
        "ManualJournalID": it.id,
        "Narration": it.reference,
        "Date": day(it.on),
        "Status": "POSTED" if it.status == OPEN else it.status,
        "LineAmountTypes": "NoTax",
        "ShowOnCashBasisReports": True,
        "HasAttachments": False,
        "UpdatedDateUTC": stamp(it.updated),
        "JournalLines": [],
    }
    sides = ((it.expense, it.amount), (it.paid_from, -it.amount))
    if full:
        row["JournalLines"] = [
            {"LineAmount": amount, "AccountCode": one.code, "AccountID": one.id, "Description": it.words}
            | {"TaxType": "NONE", "TaxAmount": ZERO, "Tracking": [], "IsBlank": False}
            for one, amount in sides
        ]
    return row


def account(_books: Organisation, it: Account, **_options: bool) -> Json:
    row: Json = {
        "AccountID": it.id,
        "Code": it.code,
        "Name": it.name,
        "Type": it.type,
        "Class": CLASSES[it.type],
        "Status": it.status,
        "TaxType": "OUTPUT2" if it.tax else "NONE",
        "EnablePaymentsToAccount": it.takes_payments,
        "HasAttachments": False,
    }
    if it.type == "BANK":
        row |= {"BankAccountNumber": "0209087654321050", "BankAccountType": "BANK", "CurrencyCode": it.currency}
    return row


def organisation(it: Organisation) -> Json:
    row: Json = {
        "Name": it.about.name,
        "LegalName": it.about.name,
        "PaysTax": True,
        "Version": it.about.country if it.about.country in ("AU", "NZ", "UK", "US") else "GLOBAL",
        "OrganisationType": "COMPANY",
        "BaseCurrency": it.about.currency,
        "CountryCode": it.about.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "CreatedDateUTC": stamp(it.created),
        "Timezone": windows_name(it.about.zone),
        "ShortCode": it.short_code,
        "OrganisationID": it.id,
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    for name, until in (("PeriodLockDate", it.lock_date), ("EndOfYearLockDate", it.year_lock_date)):
        if until is not None:
            row[name] = day(until)
    return row


def theme(it: Organisation, id: str) -> Json:
    order = list(it.themes).index(id)
    return {"BrandingThemeID": id, "Name": it.themes[id], "SortOrder": order, "CreatedDateUTC": stamp(it.created)}


def note(moment: datetime, details: str, full: bool = True) -> Json:
    """A line of a document's history; the answer to writing one has neither author nor kind."""
    row: Json = {"DateUTCString": moment.strftime("%Y-%m-%dT%H:%M:%S"), "DateUTC": stamp(moment), "Details": details}
    more: Json = {"Changes": "Note", "User": "System Generated"} if full else {"ValidationErrors": []}
    return row | more

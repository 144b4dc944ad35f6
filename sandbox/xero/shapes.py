"""How Xero writes its records as JSON. Shapes only: no choosing, no paging and no rules.

Xero's two ways with dates are kept: `/Date(milliseconds+0000)/` and, beside it, a string without a zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.xero.ledger import PAID, Account, Contact, Credit, Invoice, Organisation, Payment
from sandbox.xero.zones import windows_name

Json = dict[str, Any]
ONE = Decimal("1.000000")
CREDIT_TYPES = {
    "CreditNotes": "ACCRECCREDIT",
    "Overpayments": "RECEIVE-OVERPAYMENT",
    "Prepayments": "RECEIVE-PREPAYMENT",
}
CREDIT_IDS = {"CreditNotes": "CreditNoteID", "Overpayments": "OverpaymentID", "Prepayments": "PrepaymentID"}


def stamp(moment: datetime, offset: str = "+0000") -> str:
    return f"/Date({int(moment.timestamp() * 1000)}{offset})/"


def day(on: date) -> str:
    return stamp(datetime(on.year, on.month, on.day, tzinfo=UTC))


def plain_day(on: date) -> str:
    return f"{on.isoformat()}T00:00:00"


def _updated(moment: datetime) -> Json:
    return {"UpdatedDateUTC": stamp(moment), "UpdatedDateUTCString": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def contact(it: Contact, full: bool = True) -> Json:
    """A contact; without `full` the persons are left out, as on lists that are not paged."""
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
        "Phones": [],
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
        persons = [{"FirstName": first, "LastName": last, "EmailAddress": one} for one in it.emails[1:]]
        row["ContactPersons"] = [one | {"IncludeInEmails": True} for one in persons]
    return row


def _contact_summary(it: Contact) -> Json:
    return {"ContactID": it.id, "Name": it.name, "Addresses": [], "Phones": [], "ContactGroups": []} | {
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def invoice(it: Invoice, full: bool = True) -> Json:
    """An invoice; without `full` there are no lines, payments or credits, as on lists that are not paged."""
    row: Json = {
        "Type": "ACCREC",
        "InvoiceID": it.id,
        "InvoiceNumber": it.number,
        "Reference": "",
        "AmountDue": it.open,
        "AmountPaid": it.paid,
        "AmountCredited": it.credit,
        "SentToContact": True,
        "CurrencyRate": ONE,
        "HasErrors": False,
        "IsDiscounted": False,
        "HasAttachments": False,
        "Contact": _contact_summary(it.contact),
        "DateString": plain_day(it.issued),
        "Date": day(it.issued),
        "Status": it.status,
        "LineAmountTypes": "NoTax",
        "LineItems": [],
        "SubTotal": it.total,
        "TotalTax": Decimal("0.00"),
        "Total": it.total,
        "CurrencyCode": it.currency,
        **_updated(it.updated),
    }
    if it.due is not None:
        row |= {"DueDateString": plain_day(it.due), "DueDate": day(it.due)}
    if full:
        row |= _invoice_details(it)
    return row


def _invoice_details(it: Invoice) -> Json:
    standing = [one for one in it.payments if one.status != "DELETED"]
    details: Json = {
        "LineItems": [_line(it)],
        "Payments": [
            {"PaymentID": one.id, "Date": day(one.on), "Amount": one.amount, "Reference": one.reference}
            | {"CurrencyRate": ONE, "HasAccount": False, "HasValidationErrors": False}
            for one in standing
        ],
    }
    for kind, id_name in CREDIT_IDS.items():
        details[kind] = [
            {id_name: one.id, "AppliedAmount": amount, "Total": one.total}
            for one, amount in it.credited
            if one.kind == kind
        ]
    if it.status == PAID and standing:
        details["FullyPaidOnDate"] = day(max(one.on for one in standing))
    return details


def _line(it: Invoice) -> Json:
    return {
        "Description": it.description,
        "Quantity": Decimal("1.0000"),
        "UnitAmount": it.total,
        "TaxType": "NONE",
        "TaxAmount": Decimal("0.00"),
        "LineAmount": it.total,
        "AccountCode": "200",
        "Tracking": [],
    }


def payment(it: Payment, full: bool = True) -> Json:
    """A payment with a summary of its invoice; `full` (the answer to a booking) has the invoice as it now stands."""
    summary = {"Type", "InvoiceID", "InvoiceNumber", "HasErrors", "IsDiscounted", "Contact", "CurrencyCode"}
    shown = invoice(it.invoice, full=False)
    return {
        "PaymentID": it.id,
        "Date": day(it.on),
        "BankAmount": it.amount,
        "Amount": it.amount,
        "Reference": it.reference,
        "CurrencyRate": ONE,
        "PaymentType": "ACCRECPAYMENT",
        "Status": it.status,
        **_updated(it.updated),
        "HasAccount": True,
        "IsReconciled": False,
        "Account": {"AccountID": it.account.id, "Code": it.account.code},
        "Invoice": shown if full else {name: value for name, value in shown.items() if name in summary},
        "HasValidationErrors": False,
    }


def credit(it: Credit, full: bool = True) -> Json:
    row: Json = {
        CREDIT_IDS[it.kind]: it.id,
        "Type": CREDIT_TYPES[it.kind],
        "RemainingCredit": it.remaining if it.status == "AUTHORISED" else Decimal("0.00"),
        "HasAttachments": False,
        "Contact": _contact_summary(it.contact),
        "DateString": plain_day(it.on),
        "Date": day(it.on),
        "Status": it.status,
        "LineAmountTypes": "NoTax",
        "LineItems": [],
        "SubTotal": it.total,
        "TotalTax": Decimal("0.00"),
        "Total": it.total,
        "CurrencyRate": ONE,
        "CurrencyCode": it.currency,
        **_updated(it.updated),
    }
    if it.kind == "CreditNotes":
        row["CreditNoteNumber"] = it.key
    if full:
        row["Allocations"] = [
            {
                "AllocationID": one.id,
                "Amount": one.amount,
                "Date": day(one.on),
                "Invoice": {"InvoiceID": one.invoice.id, "InvoiceNumber": one.invoice.number},
            }
            for one in it.allocations
        ]
    return row


def account(it: Account, **_options: bool) -> Json:
    row: Json = {
        "AccountID": it.id,
        "Code": it.code,
        "Name": it.name,
        "Type": it.type,
        "Status": it.status,
        "TaxType": "NONE",
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
    if it.lock_date is not None:
        row["PeriodLockDate"] = day(it.lock_date)
    return row

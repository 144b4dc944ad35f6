"""The bodies QuickBooks keeps: which properties each entity has, and how its own fields look when it is made.

Shapes only; sums and links are made in `realm.py` and `booking.py`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.books import BookCompany
from sandbox.quickbooks.faults import Body

PACIFIC = ZoneInfo("America/Los_Angeles")
ZERO = Decimal(0)
RATE = Decimal("1.25")  # home units for one foreign unit; one rate is enough for a pretend world

_COMMON = {"Id", "SyncToken", "sparse", "domain", "MetaData", "status"}
_SALES = {
    *("CustomerRef", "Line", "DocNumber", "TxnDate", "BillEmail", "BillEmailCc", "BillEmailBcc", "PrivateNote"),
    *("CustomerMemo", "SalesTermRef", "CurrencyRef", "ExchangeRate", "BillAddr", "ShipAddr", "EmailStatus"),
    *("PrintStatus", "CustomField", "DepositToAccountRef", "ApplyTaxAfterDiscount", "TxnTaxDetail", "DeliveryInfo"),
    "GlobalTaxCalculation",
}
WRITABLE: dict[str, frozenset[str]] = {
    "Customer": frozenset(
        {
            *("DisplayName", "GivenName", "MiddleName", "FamilyName", "Title", "Suffix", "CompanyName"),
            *("PrintOnCheckName", "Active", "Taxable", "Job", "BillWithParent", "ParentRef", "CurrencyRef"),
            *("PrimaryEmailAddr", "PrimaryPhone", "Mobile", "AlternatePhone", "Fax", "WebAddr", "BillAddr"),
            *("ShipAddr", "SalesTermRef", "PreferredDeliveryMethod", "Notes", "DefaultTaxCodeRef"),
        }
    ),
    "Invoice": frozenset(
        {*_SALES, "DueDate", "ShipDate", "Deposit", "AllowIPNPayment", "AllowOnlinePayment"}
        | {"AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"}
    ),
    "CreditMemo": frozenset(_SALES),
    "Payment": frozenset(
        {"CustomerRef", "TotalAmt", "Line", "TxnDate", "PrivateNote", "CurrencyRef", "ExchangeRate"}
        | {"DepositToAccountRef", "PaymentMethodRef", "PaymentRefNum", "ProcessPayment"}
    ),
    "Purchase": frozenset(
        {"AccountRef", "PaymentType", "Line", "TxnDate", "DocNumber", "PrivateNote", "CurrencyRef", "ExchangeRate"}
        | {"EntityRef", "PaymentMethodRef", "GlobalTaxCalculation", "TxnTaxDetail"}
    ),
    "Term": frozenset(
        {"Name", "Active", "Type", "DueDays", "DiscountDays", "DiscountPercent", "DayOfMonthDue", "DueNextMonthDays"}
        | {"DiscountDayOfMonth"}
    ),
}
# What stays as it is when a full update does not name it; everything else that can be written is emptied then.
KEPT = {"Line", "DocNumber", "TxnDate", "CurrencyRef", "ExchangeRate", "EmailStatus", "PrintStatus", "CustomField"}
KEPT |= {"ApplyTaxAfterDiscount", "TxnTaxDetail", "DeliveryInfo", "DepositToAccountRef", "ProcessPayment", "Type"}
KEPT |= {"AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"}
KEPT |= {"Active", "Taxable", "Job", "BillWithParent", "ParentRef", "PreferredDeliveryMethod", "DefaultTaxCodeRef"}
KEPT |= {"PrintOnCheckName", "BillAddr", "ShipAddr", "GlobalTaxCalculation"}
NEEDED = {  # on creation and on full updates
    "Customer": ("DisplayName",),
    "Invoice": ("CustomerRef", "Line"),
    "CreditMemo": ("CustomerRef", "Line"),
    "Payment": ("CustomerRef", "TotalAmt"),
    "Purchase": ("AccountRef", "PaymentType", "Line"),
    "Term": ("Name",),
}
LONGEST = {"DocNumber": 21, "PrivateNote": 4000, "DisplayName": 500, "Name": 31}
LONGEST |= {"CustomerMemo": 1000, "BillEmail": 100, "PrimaryEmailAddr": 100}
_READ_ONLY = {"TotalAmt", "Balance", "BalanceWithJobs", "HomeTotalAmt", "HomeBalance", "LinkedTxn", "UnappliedAmt"}
_READ_ONLY |= {"RemainingCredit", "FullyQualifiedName", "Level", "InvoiceLink"}
KNOWN = {entity: writable | _COMMON | _READ_ONLY for entity, writable in WRITABLE.items()}

_DATES = {"MetaData.CreateTime", "MetaData.LastUpdatedTime"}
QUERYABLE: dict[str, frozenset[str]] = {
    "Customer": frozenset(
        {"Id", "DisplayName", "GivenName", "FamilyName", "CompanyName", "FullyQualifiedName", "Active", "Balance"}
        | {"PrimaryEmailAddr", *_DATES}
    ),
    "Invoice": frozenset({"Id", "DocNumber", "TxnDate", "DueDate", "CustomerRef", "Balance", "TotalAmt", *_DATES}),
    "CreditMemo": frozenset({"Id", "DocNumber", "TxnDate", "CustomerRef", "Balance", "TotalAmt", *_DATES}),
    # PrivateNote is not queryable on a Payment; PaymentRefNum is.
    "Payment": frozenset({"Id", "TxnDate", "CustomerRef", "TotalAmt", "PaymentRefNum", *_DATES}),
    "Purchase": frozenset({"Id", "DocNumber", "TxnDate", "PaymentType", "TotalAmt", *_DATES}),
    "Term": frozenset({"Id", "Name", "Active", *_DATES}),
    "Item": frozenset({"Id", "Name", "FullyQualifiedName", "Type", "Active", *_DATES}),
    "Account": frozenset({"Id", "Name", "AccountType", "AccountSubType", "Active", "Classification", *_DATES}),
    "CompanyInfo": frozenset({"Id", *_DATES}),
    "Preferences": frozenset({"Id", *_DATES}),
}
LISTS = {"Customer", "Account", "Term", "Item"}  # only active rows unless asked otherwise
CURRENCIES = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound Sterling",
    "EUR": "Euro",
    "AUD": "Australian Dollar",
    "NZD": "New Zealand Dollar",
}


def writable(entity: str, fields: Body) -> Body:
    """Read-only properties are silently ignored."""
    return {name: value for name, value in fields.items() if name in WRITABLE[entity]}


def without_nulls(fields: Body) -> Body:
    """Null empties a field, and an empty field is absent."""
    return {name: value for name, value in fields.items() if value is not None}


def stamp(moment: datetime) -> str:
    """A time as QuickBooks stores it: seconds, Pacific offset, whatever the company's zone."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def answer_time(moment: datetime) -> str:
    """The `time` beside every answer, in milliseconds."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def currency_ref(code: str) -> Body:
    return {"value": code, "name": CURRENCIES.get(code, code)}


def customer_defaults(name: str, currency: str) -> Body:
    return {
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "Balance": ZERO,
        "BalanceWithJobs": ZERO,
        "CurrencyRef": currency_ref(currency),
        "PreferredDeliveryMethod": "Print",
        "FullyQualifiedName": name,
        "PrintOnCheckName": name,
        "Active": True,
        "DefaultTaxCodeRef": {"value": "2"},
    }


def sale_defaults(total: Decimal) -> Body:
    """What invoices and credit memos share."""
    return {
        "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
        "TxnTaxDetail": {"TotalTax": ZERO},
        "TotalAmt": total,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": total,
    }


def invoice_defaults(total: Decimal) -> Body:
    offers = ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    return {**dict.fromkeys(offers, False), "LinkedTxn": [], **sale_defaults(total)}


def sale_line(amount: Decimal, description: str) -> Body:
    detail = {"ItemRef": {"value": "1", "name": "Services"}}
    return {
        "Description": description,
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def line_extra(name: str, value: str) -> Body:
    """One entry of a payment line's LineEx, in the vendor's Java dress."""
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }


def company_info(about: BookCompany) -> Body:
    address = {"Id": "1", "Line1": "1 Market Street", "City": "Springfield", "PostalCode": "00001"}
    address |= {"Country": about.country, "CountrySubDivisionCode": "CA"}
    return {
        "CompanyName": about.name,
        "LegalName": about.name,
        "CompanyAddr": dict(address),
        "CustomerCommunicationAddr": dict(address),
        "LegalAddr": dict(address),
        "PrimaryPhone": {"FreeFormNumber": "(555) 010-0100"},
        "CompanyStartDate": "2020-01-01",
        "EmployerId": "000000000",
        "FiscalYearStartMonth": "January",
        "Country": about.country,
        "Email": {"Address": about.email},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": about.zone,
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def accounts(about: BookCompany) -> list[Body]:
    """A short chart of accounts: where money arrives, what it is earned with, and what it is spent on."""
    rows = [("Checking", "Bank", "Checking", about.currency, "Asset")]
    rows += [(f"{code} Bank", "Bank", "Checking", code, "Asset") for code in about.currencies if code != about.currency]
    rows += [("Undeposited Funds", "Other Current Asset", "UndepositedFunds", about.currency, "Asset")]
    rows += [("Services", "Income", "ServiceFeeIncome", about.currency, "Revenue")]
    rows += [("Discounts given", "Income", "DiscountsRefundsGiven", about.currency, "Revenue")]
    rows += [("Late fees", "Other Income", "OtherMiscellaneousIncome", about.currency, "Revenue")]
    rows += [("Payment processing fees", "Expense", "BankCharges", about.currency, "Expense")]
    return [
        {
            "Name": name,
            "SubAccount": False,
            "FullyQualifiedName": name,
            "Active": True,
            "Classification": classification,
            "AccountType": kind,
            "AccountSubType": subtype,
            "CurrentBalance": ZERO,
            "CurrentBalanceWithSubAccounts": ZERO,
            "CurrencyRef": currency_ref(currency),
        }
        for name, kind, subtype, currency, classification in rows
    ]

"""What Xero's rows mean in the words of the ledger port.

Pure: a row in, a row out. A row that is not about sales gives None; one that cannot be understood raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import (
    DepositAccount,
    LedgerCompany,
    LedgerCredit,
    LedgerCustomer,
    LedgerInvoice,
    LedgerPayment,
    LedgerPerson,
    LedgerTerm,
    TermRule,
)
from integrations.ledgers.xero import structs
from integrations.ledgers.xero.zones import iana

_STATUS = {
    "AUTHORISED": InvoiceStatus.OPEN,
    "PAID": InvoiceStatus.PAID,
    "VOIDED": InvoiceStatus.VOIDED,
    "DELETED": InvoiceStatus.DELETED,
    "DRAFT": InvoiceStatus.DRAFT,
    "SUBMITTED": InvoiceStatus.DRAFT,
}
_NOTHING = Decimal(0)
_CLOSED = (InvoiceStatus.PAID, InvoiceStatus.VOIDED, InvoiceStatus.DELETED)
_CREDIT_KINDS = {
    "ACCRECCREDIT": "credit note",
    "RECEIVE-OVERPAYMENT": "overpayment",
    "AROVERPAYMENT": "overpayment",
    "RECEIVE-PREPAYMENT": "prepayment",
    "ARPREPAYMENT": "prepayment",
}
# What Xero also has in these lists and is none of our business. A type in neither table is not known, and is told.
_OTHER_INVOICES = {"ACCPAY", "ACCPAYCREDIT", "APOVERPAYMENT", "APPREPAYMENT", *_CREDIT_KINDS}
_OTHER_PAYMENTS = {
    *("ACCPAYPAYMENT", "APCREDITPAYMENT", "APPREPAYMENTPAYMENT", "APOVERPAYMENTPAYMENT"),
    *("ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"),
}
_OTHER_CREDITS = {"ACCPAYCREDIT", "SPEND-OVERPAYMENT", "APOVERPAYMENT", "SPEND-PREPAYMENT", "APPREPAYMENT"}
_TERMS = {
    "DAYSAFTERBILLDATE": (TermRule.AFTER_ISSUE, "{} days after the invoice date"),
    "DAYSAFTERBILLMONTH": (TermRule.AFTER_MONTH, "{} days after the end of the invoice month"),
    "OFCURRENTMONTH": (TermRule.DAY_OF_MONTH, "day {} of the invoice month"),
    "OFFOLLOWINGMONTH": (TermRule.DAY_OF_NEXT_MONTH, "day {} of the following month"),
}
_DAYS = range(1000)
_INCOME = ("REVENUE", "SALES", "OTHERINCOME")
_EXPENSE = ("EXPENSE", "OVERHEADS", "DIRECTCOSTS")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+\.[^@\s<>\"(),:;.]+")


def company(row: structs.Organisation) -> LedgerCompany:
    if not row.Name or not row.BaseCurrency:
        raise ValueError("it has no name or no currency")
    locks = [structs.loose_day(one) for one in (row.PeriodLockDate, row.EndOfYearLockDate)]
    return LedgerCompany(
        name=row.Name,
        currency=row.BaseCurrency,
        country=row.CountryCode or "",
        zone=iana(row.Timezone),
        short_code=row.ShortCode or "",
        locked_until=max((lock for lock in locks if lock is not None), default=None),
    )


def customer(row: structs.Contact) -> LedgerCustomer:
    """Xero mails the contact's own address and the persons marked for it. Someone to be forgotten has no address."""
    erased = row.ContactStatus == "GDPRREQUEST"
    texts = [row.EmailAddress] + [one.EmailAddress for one in row.ContactPersons or [] if one.IncludeInEmails]
    terms, place = term(row), _place(row)
    return LedgerCustomer(
        id=_id(row.ContactID),
        name=row.Name or "",
        contact="" if erased else _full_name(row),
        emails=() if erased else addresses(*texts),
        active=(row.ContactStatus or "ACTIVE") == "ACTIVE",
        erased=erased,
        merged_into=row.MergedToContactID or "",
        version=structs.version(row.UpdatedDateUTC),
        people=() if erased else tuple(_people(row)),
        phone="" if erased else _phone(row),
        term=terms.id if terms else "",
        country="" if erased else place.Country or "",
        region="" if erased else place.Region or "",
    )


def _place(row: structs.Contact) -> structs.Place:
    """Where the bills go: the postal address, else the one that can be visited."""
    known = sorted((one for one in row.Addresses or [] if one.Country), key=lambda one: one.AddressType != "POBOX")
    return known[0] if known else structs.Place()


def term(row: structs.Contact) -> LedgerTerm | None:
    """The terms that new sales invoices to this contact get; Xero's terms have no ids and know no discounts."""
    sales = row.PaymentTerms.Sales if row.PaymentTerms else None
    if sales is None or not sales.Type or sales.Day is None or sales.Day not in _DAYS:
        return None
    rule, words = _TERMS.get(sales.Type.upper(), (TermRule.UNKNOWN, f"{sales.Type} {{}}"))
    return LedgerTerm(f"{sales.Type}/{sales.Day}", words.format(sales.Day), rule, sales.Day)


def _people(row: structs.Contact) -> Iterator[LedgerPerson]:
    """The contact itself, which Xero always mails, and its persons; several addresses in one field are several rows."""
    itself = structs.Person(row.FirstName, row.LastName, row.EmailAddress, IncludeInEmails=True)
    for one in (itself, *(row.ContactPersons or [])):
        name, found, mailed = _full_name(one), addresses(one.EmailAddress), bool(one.IncludeInEmails)
        yield from (LedgerPerson(name, address, mailed) for address in found)
        if name and not found:
            yield LedgerPerson(name, "", mailed=False)


def _full_name(row: structs.Contact | structs.Person) -> str:
    return " ".join(part for part in (row.FirstName, row.LastName) if part)


def _phone(row: structs.Contact) -> str:
    phones = (one for one in row.Phones or () if one.PhoneType == "DEFAULT" and one.PhoneNumber)
    found = next(phones, structs.Phone())
    country = f"+{found.PhoneCountryCode.lstrip('+')}" if found.PhoneCountryCode else ""
    return " ".join(part for part in (country, found.PhoneAreaCode, found.PhoneNumber) if part)


def invoice(row: structs.Invoice) -> LedgerInvoice | None:
    """A bill gives None. What is open is Xero's AmountDue; an approved invoice with nothing open is paid."""
    if row.Type in _OTHER_INVOICES:
        return None
    if row.Type and row.Type != "ACCREC":
        raise ValueError("its type is not known")
    status = _STATUS.get(row.Status or "", InvoiceStatus.UNKNOWN)
    due = _NOTHING if row.AmountDue is None and status in _CLOSED else row.AmountDue
    issued, currency = structs.day(row.DateString, row.Date), row.CurrencyCode or ""
    if row.Total is None or due is None or issued is None:
        raise ValueError("it has no total, no open amount or no date")
    balance = Money.parse(due, currency) if due else Money.zero(currency)
    if status is InvoiceStatus.OPEN and not balance.minor:
        status = InvoiceStatus.PAID
    return LedgerInvoice(
        _id(row.InvoiceID),
        _id(row.Contact.ContactID if row.Contact else None),
        row.InvoiceNumber or "",
        issued,
        structs.day(row.DueDateString, row.DueDate),
        Money.parse(row.Total, currency),
        balance,
        status,
        row.Status or "",
        version=structs.version(row.UpdatedDateUTC),
        mailed=row.SentToContact,
        expected=structs.loose_day(row.ExpectedPaymentDate) if row.ExpectedPaymentDate else None,
        branding=row.BrandingThemeID or "",
    )


def payment(row: structs.Payment) -> LedgerPayment | None:
    """A payment of a sales invoice; refunds and bills give None. The amount is in the invoice's currency."""
    if row.PaymentType in _OTHER_PAYMENTS:
        return None
    if (row.PaymentType or "ACCRECPAYMENT") != "ACCRECPAYMENT" or (row.Status or "AUTHORISED") not in _STATUS:
        raise ValueError("its type or its status is not known")
    paid_on, about = structs.day(row.Date), row.invoice or structs.Paid()
    if row.Amount is None or paid_on is None:
        raise ValueError("it has no amount or no date")
    amount = Money.parse(row.Amount, about.CurrencyCode or "")
    return LedgerPayment(
        id=_id(row.PaymentID),
        customer=(about.Contact.ContactID if about.Contact else None) or "",
        paid_on=paid_on,
        amount=amount,
        reference=row.Reference or "",
        applied=((_id(about.InvoiceID), amount),),
        gone=row.Status in ("DELETED", "VOIDED"),
        version=structs.version(row.UpdatedDateUTC),
    )


def credit(row: structs.Credit) -> LedgerCredit | None:
    """A sales credit; the purchase side gives None. Only an approved one has anything left to use."""
    if row.Type in _OTHER_CREDITS:
        return None
    kind = _CREDIT_KINDS.get(row.Type or "")
    if kind is None or row.Status not in _STATUS:
        raise ValueError("its type or its status is not known")
    currency = row.CurrencyCode or ""
    if row.Status == "AUTHORISED" and row.RemainingCredit is None:
        raise ValueError("it does not say what is left of it")
    remaining = row.RemainingCredit if row.Status == "AUTHORISED" else None
    return LedgerCredit(
        id=_id(row.CreditNoteID or row.OverpaymentID or row.PrepaymentID),
        customer=_id(row.Contact.ContactID if row.Contact else None),
        kind=kind,
        remaining=Money.parse(remaining or 0, currency),
        gone=row.Status in ("VOIDED", "DELETED"),
        version=structs.version(row.UpdatedDateUTC),
        number=row.CreditNoteNumber or "",
        issued=structs.loose_day(row.DateString, row.Date),
        applied=tuple(_allocations(row, currency)),
    )


def _allocations(row: structs.Credit, currency: str) -> Iterator[tuple[str, Money]]:
    for one in row.Allocations or ():
        if one.invoice and one.invoice.InvoiceID and one.Amount is not None and one.Amount.is_finite():
            yield one.invoice.InvoiceID, Money.parse(one.Amount, currency)


def deposit_account(row: structs.Account) -> DepositAccount | None:
    """Where Xero lets payments be booked: an active bank account, or one opened for payments."""
    fits = row.Type == "BANK" or row.EnablePaymentsToAccount
    return _offered(row, _id(row.AccountID)) if row.Status == "ACTIVE" and fits else None


def income_choice(row: structs.Account) -> DepositAccount | None:
    """What a credit note or an invoice of ours may be booked on: income, or an expense such as discounts allowed.

    Its id is the code: that is how Xero wants the account named in a line it is sent.
    """
    return _in_a_line(row, _INCOME + _EXPENSE)


def expense_choice(row: structs.Account) -> DepositAccount | None:
    """What a processor's fee may be booked on; its id is the code too."""
    return _in_a_line(row, _EXPENSE)


def _in_a_line(row: structs.Account, types: tuple[str, ...]) -> DepositAccount | None:
    fits = row.Type in types and not row.SystemAccount and row.Code
    return _offered(row, _id(row.Code)) if row.Status == "ACTIVE" and fits else None


def _offered(row: structs.Account, id: str) -> DepositAccount:
    return DepositAccount(id, " ".join(part for part in (row.Code, row.Name) if part), row.CurrencyCode or "")


def addresses(*texts: str | None) -> tuple[str, ...]:
    """The e-mail addresses in what people typed: lists are split, case is dropped, what is no address is left out."""
    parts = [part.strip().lower() for text in texts for part in re.split(r"[,;\s]+", text or "")]
    return tuple(dict.fromkeys(part for part in parts if _ADDRESS.fullmatch(part)))


def _id(text: str | None) -> str:
    if not text:
        raise ValueError("it has no id")
    return text

"""What Xero's rows mean in the words of the ledger port.

Pure: a row in, a row out. A row that is not about sales gives None; one that cannot be understood raises ValueError.
"""

from __future__ import annotations

import re

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import (
    DepositAccount,
    LedgerCompany,
    LedgerCredit,
    LedgerCustomer,
    LedgerInvoice,
    LedgerPayment,
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
_CLOSED = (InvoiceStatus.PAID, InvoiceStatus.VOIDED, InvoiceStatus.DELETED)
_CREDIT_KINDS = {
    "ACCRECCREDIT": "credit note",
    "RECEIVE-OVERPAYMENT": "overpayment",
    "AROVERPAYMENT": "overpayment",
    "RECEIVE-PREPAYMENT": "prepayment",
    "ARPREPAYMENT": "prepayment",
}
_ADDRESS = re.compile(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+\.[^@\s<>\"(),:;.]+")


def company(row: structs.Organisation) -> LedgerCompany:
    if not row.Name or not row.BaseCurrency:
        raise ValueError("it has no name or no currency")
    country, code = row.CountryCode or "", row.ShortCode or ""
    return LedgerCompany(row.Name, row.BaseCurrency, country, iana(row.Timezone), short_code=code)


def customer(row: structs.Contact) -> LedgerCustomer:
    """Xero mails the contact's own address and the persons marked for it. Someone to be forgotten has no address."""
    erased = row.ContactStatus == "GDPRREQUEST"
    texts = [row.EmailAddress] + [one.EmailAddress for one in row.ContactPersons or [] if one.IncludeInEmails]
    return LedgerCustomer(
        id=_id(row.ContactID),
        name=row.Name or "",
        contact="" if erased else " ".join(part for part in (row.FirstName, row.LastName) if part),
        emails=() if erased else addresses(*texts),
        active=(row.ContactStatus or "ACTIVE") == "ACTIVE",
        erased=erased,
        merged_into=row.MergedToContactID or "",
        version=structs.version(row.UpdatedDateUTC),
    )


def invoice(row: structs.Invoice) -> LedgerInvoice | None:
    """A bill gives None. What is open is Xero's AmountDue; an approved invoice with nothing open is paid."""
    if row.Type and row.Type != "ACCREC":
        return None
    status = _STATUS.get(row.Status or "", InvoiceStatus.UNKNOWN)
    due = 0 if row.AmountDue is None and status in _CLOSED else row.AmountDue
    issued = structs.day(row.DateString, row.Date)
    if row.Total is None or due is None or issued is None:
        raise ValueError("it has no total, no open amount or no date")
    balance = Money.parse(due, row.CurrencyCode or "")
    if status is InvoiceStatus.OPEN and not balance:
        status = InvoiceStatus.PAID
    return LedgerInvoice(
        id=_id(row.InvoiceID),
        customer=_id(row.Contact.ContactID if row.Contact else None),
        number=row.InvoiceNumber or "",
        issued=issued,
        due=structs.day(row.DueDateString, row.DueDate),
        total=Money.parse(row.Total, row.CurrencyCode or ""),
        balance=balance,
        status=status,
        raw_status=row.Status or "",
        version=structs.version(row.UpdatedDateUTC),
    )


def payment(row: structs.Payment) -> LedgerPayment | None:
    """A payment of a sales invoice; refunds and bills give None. The amount is in the invoice's currency."""
    if row.PaymentType and row.PaymentType != "ACCRECPAYMENT":
        return None
    paid_on, about = structs.day(None, row.Date), row.invoice or structs.Invoice()
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
        gone=row.Status == "DELETED",
        version=structs.version(row.UpdatedDateUTC),
    )


def credit(row: structs.Credit) -> LedgerCredit | None:
    """A sales credit; the purchase side gives None. Only an approved one has anything left to use."""
    kind = _CREDIT_KINDS.get(row.Type or "")
    if kind is None:
        return None
    if row.Status not in _STATUS:
        raise ValueError("its status is not known")
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
    )


def deposit_account(row: structs.Account) -> DepositAccount | None:
    """Where Xero lets payments be booked: an active bank account, or one opened for payments."""
    fits = row.Type == "BANK" or row.EnablePaymentsToAccount
    if row.Status != "ACTIVE" or not fits:
        return None
    name = " ".join(part for part in (row.Code, row.Name) if part)
    return DepositAccount(_id(row.AccountID), name, row.CurrencyCode or "")


def addresses(*texts: str | None) -> tuple[str, ...]:
    """The e-mail addresses in what people typed: lists are split, case is dropped, what is no address is left out."""
    parts = [part.strip().lower() for text in texts for part in re.split(r"[,;\s]+", text or "")]
    return tuple(dict.fromkeys(part for part in parts if _ADDRESS.fullmatch(part)))


def _id(text: str | None) -> str:
    if not text:
        raise ValueError("it has no id")
    return text

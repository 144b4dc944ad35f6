"""From QuickBooks' rows to the ledger port's words. Pure; the vendor's balance is taken as it is, never computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from integrations.ledgers.quickbooks import structs

Home = Callable[[], str]
"""The company's home currency, asked for only when a row does not name its own."""

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")
_AROUND = "<>()\"' "
_FIRST_VERSION = "0"
_MAILED = {"emailsent": True, "notset": False, "needtosend": False}
_DAYS = 999  # the most that the vendor's terms take
VOIDED = "Voided"
CREDIT_MEMO = "credit memo"
UNAPPLIED = "unapplied payment"


def emails(field: structs.Address | None) -> tuple[str, ...]:
    """The addresses people typed into one field, lower-cased, in their order, without what is none."""
    return () if field is None or not field.address else _addresses(field.address)


@lru_cache(maxsize=5_000)
def _addresses(typed: str) -> tuple[str, ...]:
    """Remembered, because the same customers' addresses stand on all of their invoices."""
    text = typed.lower().strip(_AROUND)
    if _ADDRESS.fullmatch(text):
        return (text,)
    found = (word.strip(_AROUND) for word in re.split(r"[,;\s]+", text))
    return tuple(dict.fromkeys(word for word in found if _ADDRESS.fullmatch(word)))


def customer(row: structs.Customer) -> LedgerCustomer:
    """QuickBooks knows one contact person, and mails invoices to the customer's address unless told otherwise."""
    contact = " ".join(part for part in (row.given_name, row.family_name) if part)
    addresses = emails(row.primary_email_addr)
    phones = (phone.free_form_number for phone in (row.primary_phone, row.mobile) if phone is not None)
    place = row.bill_addr or structs.Place()
    return LedgerCustomer(
        id=row.id,
        name=row.display_name,
        contact=contact,
        emails=addresses,
        active=row.active,
        bills_to=_ref(row.parent_ref) if row.bill_with_parent else "",
        version=row.sync_token,
        people=(LedgerPerson(contact, addresses[0], True),) if addresses else (),
        phone=next((phone.strip() for phone in phones if phone), ""),
        term=_ref(row.sales_term_ref),
        country=place.country or "",
        region=place.country_sub_division_code or "",
    )


def invoice(row: structs.Invoice, home: Home) -> LedgerInvoice:
    """DueDate, DocNumber and BillEmail may be absent; then so it is here. Bcc is private and not read."""
    currency = row.currency_ref.value if row.currency_ref is not None else home()
    total = Money.parse(row.total_amt, currency)
    state, raw_status = status(row)
    return LedgerInvoice(
        row.id,
        row.customer_ref.value,
        row.doc_number or "",
        row.txn_date,
        row.due_date,
        total,
        Money.parse(row.balance, currency) if row.balance else Money.zero(currency),
        state,
        raw_status,
        emails(row.bill_email),
        row.sync_token,
        emails(row.bill_email_cc),
        _MAILED.get(row.email_status.lower()) if row.email_status else None,
        row.ship_date,
        term=row.sales_term_ref.value if row.sales_term_ref is not None else "",
    )


def status(row: structs.Invoice) -> tuple[InvoiceStatus, str]:
    """A void invoice has no status and looks paid; only its zero total and its note tell. An unknown status holds."""
    if row.status == VOIDED or is_void(row.total_amt, row.private_note):
        return InvoiceStatus.VOIDED, row.status or VOIDED
    if row.status:
        return InvoiceStatus.DRAFT if row.status == "Draft" else InvoiceStatus.UNKNOWN, row.status
    return InvoiceStatus.OPEN if row.balance > 0 else InvoiceStatus.PAID, ""


def is_deleted(row: Any) -> bool:
    """A deleted row is handed out as a stub that says so and little else."""
    return row.status is not None and row.status.lower() == "deleted"


def is_void(total: Decimal, note: str | None) -> bool:
    return not total and (note or "").startswith(VOIDED)


def _currency(ref: structs.Ref | None, home: Home) -> str:
    return ref.value if ref is not None else home()


def _ref(ref: structs.Ref | None) -> str:
    return ref.value if ref is not None else ""


def payment(row: structs.Payment, home: Home) -> LedgerPayment:
    """A total of zero alone is no void: QuickBooks links credit memos to invoices by payments of nothing."""
    currency = _currency(row.currency_ref, home)
    return LedgerPayment(
        id=row.id,
        customer=row.customer_ref.value,
        paid_on=row.txn_date,
        amount=Money.parse(row.total_amt, currency),
        reference=row.payment_ref_num or "",
        applied=_applied(row.line, currency),
        gone=payment_gone(row),
        version=row.sync_token,
    )


def payment_gone(row: structs.Payment) -> bool:
    return row.status == VOIDED or is_deleted(row) or (not row.line and is_void(row.total_amt, row.private_note))


def _applied(lines: Iterable[structs.PaymentLine], currency: str) -> tuple[tuple[str, Money], ...]:
    return tuple(
        (link.txn_id, Money.parse(line.amount, currency))
        for line in lines
        for link in line.linked_txn[:1]
        if link.txn_type == "Invoice" and line.amount is not None
    )


def unapplied(row: structs.Payment, home: Home) -> LedgerCredit | None:
    """What of a payment is not applied is open credit.

    None for a payment that never had any and never changed, and where QuickBooks does not say what is left: then what
    was known before stands.
    """
    gone = payment_gone(row)
    left = Decimal(0) if gone else row.unapplied_amt
    if left is None or (not left and row.sync_token == _FIRST_VERSION):
        return None
    return LedgerCredit(
        id=row.id,
        customer=row.customer_ref.value,
        kind=UNAPPLIED,
        remaining=Money.parse(left, _currency(row.currency_ref, home)),
        gone=gone,
        version=row.sync_token,
        number=row.payment_ref_num or "",
        issued=row.txn_date,
    )


def credit_memo(row: structs.CreditMemo, home: Home) -> LedgerCredit:
    """`applied` stays empty: a credit memo's own links name no amounts."""
    return LedgerCredit(
        id=row.id,
        customer=row.customer_ref.value,
        kind=CREDIT_MEMO,
        remaining=Money.parse(left_of(row), _currency(row.currency_ref, home)),
        gone=is_void(row.total_amt, row.private_note) or row.status == VOIDED,
        version=row.sync_token,
        number=row.doc_number or "",
        issued=row.txn_date,
        total=Money.parse(row.total_amt, _currency(row.currency_ref, home)),
    )


def left_of(row: structs.CreditMemo) -> Decimal:
    left = row.remaining_credit if row.remaining_credit is not None else row.balance
    if left is None:
        raise ValueError("it does not say how much of the credit is left")
    return left


def term(row: structs.Term) -> LedgerTerm:
    """A kind of terms that is not told is known by its fields; one we do not know has no days.

    Half a discount, or one that makes no sense, is none: nobody was promised it.
    """
    kind = re.sub(r"[\W_]", "", row.type or "").lower()
    if kind == "standard" or (not kind and row.due_days is not None):
        rule, days, discount_days = TermRule.AFTER_ISSUE, row.due_days, row.discount_days
    elif kind == "datedriven" or (not kind and row.day_of_month_due is not None):
        rule, days, discount_days = TermRule.DAY_OF_MONTH, row.day_of_month_due, row.discount_day_of_month
    else:
        rule, days, discount_days = TermRule.UNKNOWN, None, None
    if days is None:
        return LedgerTerm(row.id, row.name, TermRule.UNKNOWN, active=row.active)
    percent = row.discount_percent
    if percent is None or not percent.is_finite() or not 0 < percent <= 100 or not 0 < (discount_days or 0) <= _DAYS:
        return LedgerTerm(row.id, row.name, rule, days, active=row.active)
    return LedgerTerm(row.id, row.name, rule, days, discount_days or 0, percent, row.active)


def company(info: structs.CompanyInfo, preferences: structs.Preferences, currency: str) -> LedgerCompany:
    """QuickBooks does not tell whether it sends reminders itself."""
    addresses = emails(info.email)
    books = preferences.accounting_info_prefs
    return LedgerCompany(
        name=info.company_name,
        currency=currency,
        country=info.country or "",
        zone=_zone(info.default_time_zone),
        email=addresses[0] if addresses else "",
        locked_until=books.book_close_date if books else None,
    )


def _zone(name: str | None) -> str | None:
    """The zone if it is an IANA name; QuickBooks' own spelling is not documented, so anything else is asked for."""
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def choice(row: structs.Choice) -> DepositAccount:
    return DepositAccount(row.id, row.fully_qualified_name or row.name, _ref(row.currency_ref))

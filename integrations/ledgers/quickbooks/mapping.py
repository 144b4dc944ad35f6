"""From QuickBooks' rows to the ledger port's words. Pure; the vendor's balance is taken as it is, never computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
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
)
from integrations.ledgers.quickbooks import structs

Home = Callable[[], str]
"""The company's home currency, asked for only when a row does not name its own."""

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")
_FIRST_VERSION = "0"
VOIDED = "Voided"
DELETED = "Deleted"
CREDIT_MEMO = "credit memo"
UNAPPLIED = "unapplied payment"


def emails(field: structs.Address | None) -> tuple[str, ...]:
    """The addresses people typed into one field, lower-cased, in their order, without what is none."""
    words = re.split(r"[,;\s]+", (field.address or "").lower()) if field else []
    found = (word.strip("<>()\"'") for word in words)
    return tuple(dict.fromkeys(word for word in found if _ADDRESS.fullmatch(word)))


def customer(row: structs.Customer) -> LedgerCustomer:
    parent = row.parent_ref.value if row.parent_ref is not None and row.bill_with_parent else ""
    return LedgerCustomer(
        id=row.id,
        name=row.display_name,
        contact=" ".join(part for part in (row.given_name, row.family_name) if part),
        emails=emails(row.primary_email_addr),
        active=row.active,
        bills_to=parent,
        version=row.sync_token,
    )


def invoice(row: structs.Invoice, home: Home) -> LedgerInvoice:
    """DueDate, DocNumber and BillEmail may be absent; then they are None or empty here too."""
    currency = _currency(row.currency_ref, home)
    voided = _voided(row.total_amt, row.private_note)
    return LedgerInvoice(
        id=row.id,
        customer=row.customer_ref.value,
        number=row.doc_number or "",
        issued=row.txn_date,
        due=row.due_date,
        total=Money.parse(row.total_amt, currency),
        balance=Money.parse(row.balance, currency),
        status=_status(row, voided),
        raw_status=row.status or (VOIDED if voided else ""),
        emails=emails(row.bill_email),
        version=row.sync_token,
    )


def _status(row: structs.Invoice, voided: bool) -> InvoiceStatus:
    """A void invoice has no status and looks paid; only its zero total and its note tell. An unknown status holds."""
    if voided or row.status == VOIDED:
        return InvoiceStatus.VOIDED
    if row.status:
        return InvoiceStatus.DRAFT if row.status == "Draft" else InvoiceStatus.UNKNOWN
    return InvoiceStatus.OPEN if row.balance > 0 else InvoiceStatus.PAID


def _voided(total: Decimal, note: str | None) -> bool:
    return total == 0 and (note or "").startswith(VOIDED)


def _currency(ref: structs.Ref | None, home: Home) -> str:
    return ref.value if ref is not None else home()


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
        gone=_payment_gone(row),
        version=row.sync_token,
    )


def _payment_gone(row: structs.Payment) -> bool:
    return row.status in (VOIDED, DELETED) or (not row.line and _voided(row.total_amt, row.private_note))


def _applied(lines: Iterable[structs.PaymentLine], currency: str) -> tuple[tuple[str, Money], ...]:
    return tuple(
        (link.txn_id, Money.parse(line.amount, currency))
        for line in lines
        for link in line.linked_txn[:1]
        if link.txn_type == "Invoice" and line.amount is not None
    )


def unapplied(row: structs.Payment, home: Home) -> LedgerCredit | None:
    """What of a payment is not applied is open credit. None for a payment that never had any and never changed."""
    left = row.unapplied_amt or Decimal(0)
    if not left and row.sync_token == _FIRST_VERSION:
        return None
    remaining = Money.parse(left, _currency(row.currency_ref, home))
    return LedgerCredit(
        row.id, row.customer_ref.value, UNAPPLIED, remaining, gone=_payment_gone(row), version=row.sync_token
    )


def credit_memo(row: structs.CreditMemo, home: Home) -> LedgerCredit:
    left = row.remaining_credit if row.remaining_credit is not None else row.balance
    if left is None:
        raise ValueError("it does not say how much of the credit is left")
    return LedgerCredit(
        id=row.id,
        customer=row.customer_ref.value,
        kind=CREDIT_MEMO,
        remaining=Money.parse(left, _currency(row.currency_ref, home)),
        gone=_voided(row.total_amt, row.private_note),
        version=row.sync_token,
    )


def company(info: structs.CompanyInfo, currency: str) -> LedgerCompany:
    addresses = emails(info.email)
    return LedgerCompany(
        name=info.company_name,
        currency=currency,
        country=info.country or "",
        zone=_zone(info.default_time_zone),
        email=addresses[0] if addresses else "",
    )


def _zone(name: str | None) -> str | None:
    """The zone if it is an IANA name; QuickBooks' own spelling is not documented, so anything else is asked for."""
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def deposit_account(row: structs.Account) -> DepositAccount:
    currency = row.currency_ref.value if row.currency_ref else ""
    return DepositAccount(row.id, row.fully_qualified_name or row.name, currency)

"""What may be written through the pretend Xero's accounting API: payments, edits, credit notes, allocations, money.

It reads the request and hands over to the ledger, which knows what bookkeeping allows.
"""

from __future__ import annotations

from decimal import Decimal

from flask import Response, g

from sandbox.xero import asked, lists, shapes
from sandbox.xero.answers import each, invalid, missing, send
from sandbox.xero.ledger import Organisation
from sandbox.xero.records import (
    CENT,
    DELETED,
    DRAFT,
    OPEN,
    SUBMITTED,
    VOIDED,
    ZERO,
    Credit,
    Invalid,
    Invoice,
    Line,
    Payment,
)

_KINDS = {type: kind for kind, type in shapes.CREDIT_TYPES.items()}


def pay() -> Response:
    """PUT takes a list, POST one payment."""
    return each("Payments", lambda row: shapes.payment(g.books, _pay(g.books, row)))


def _pay(books: Organisation, row: shapes.Json) -> Payment:
    invoice, account = asked.invoice(books, row), asked.account(books, row.get("Account") or {})
    try:
        on, amount = asked.day(row.get("Date")), asked.money(row.get("Amount"))
    except Invalid as error:
        raise Invalid("A payment needs a valid Date and Amount") from error
    return books.pay(invoice, account, on, amount, str(row.get("Reference") or ""))


def unpay(id: str) -> Response:
    payment = g.books.payments.get(id)
    if payment is None:
        return missing()

    def undone(row: shapes.Json) -> shapes.Json:
        if row.get("Status") != DELETED:
            raise Invalid("A payment can only be deleted")
        g.books.unpay(payment)
        return shapes.payment(g.books, payment)

    return each("Payments", undone)


# Invoices


def invoices() -> Response:
    return each("Invoices", lambda row: lists.shown("Invoices", _invoice(g.books, row)))


def _invoice(books: Organisation, row: shapes.Json) -> Invoice:
    """A sales invoice, numbered by Xero; it is mailed to nobody."""
    status, lines = row.get("Status", DRAFT), _lines(books, row)
    if row.get("Type") != "ACCREC" or status not in (DRAFT, SUBMITTED, OPEN):
        raise Invalid("This pretend Xero makes draft and authorised ACCREC invoices only")
    if status == OPEN and not all(line.account for line in lines):
        raise Invalid("Account code or ID must be specified")
    on, due = asked.day(row.get("Date")), asked.day(row.get("DueDate"), "Due date")
    made = books.make_invoice(asked.contact(books, row), on, due, *_totalled(books, row, lines), lines)
    made.status, made.amounts, made.reference = status, _amounts(row), str(row.get("Reference") or "")
    return made


def edit(id: str) -> Response:
    invoice = g.books.invoices.get(id)
    if invoice is None:
        return missing()

    def edited(row: shapes.Json) -> shapes.Json:
        _edit(g.books, invoice, row)
        return lists.shown("Invoices", invoice)

    return each("Invoices", edited)


def _edit(books: Organisation, invoice: Invoice, row: shapes.Json) -> None:
    changes = {name: value for name, value in row.items() if name != "InvoiceID"}
    if row.get("InvoiceID", invoice.id) != invoice.id or not changes:
        raise Invalid("Invoice could not be found")
    status = changes.pop("Status", None)
    if status not in (None, invoice.status, VOIDED, DELETED):
        raise Invalid("Invoice not of valid status for modification")
    if unknown := set(changes) - set(_EDITS):
        raise Invalid(f"This pretend Xero cannot change {', '.join(sorted(unknown))} of an invoice")
    if changes:
        books.edit(invoice, **{_EDITS[name]: _field(books, name, value) for name, value in changes.items()})
    if status in (VOIDED, DELETED):
        (books.void if status == VOIDED else books.delete)(invoice)


_EDITS = {
    "DueDate": "due",
    "ExpectedPaymentDate": "expected",
    "SentToContact": "sent",
    "BrandingThemeID": "theme",
    "Reference": "reference",
    "Url": "url",
}


def _field(books: Organisation, name: str, value: object) -> object:
    if name.endswith("Date"):
        return asked.day(value, name)
    if name == "SentToContact":
        return value is True or str(value).lower() == "true"
    if name == "BrandingThemeID" and value not in books.themes:
        raise Invalid("The Branding Theme could not be found")
    return str(value or "")


# Credit


def credit_notes() -> Response:
    return each("CreditNotes", lambda row: lists.shown("CreditNotes", _credit_note(g.books, row)))


def _credit_note(books: Organisation, row: shapes.Json) -> Credit:
    status = row.get("Status", DRAFT)
    if row.get("Type") != "ACCRECCREDIT" or status not in (DRAFT, SUBMITTED, OPEN):
        raise Invalid("This pretend Xero makes draft and authorised ACCRECCREDIT credit notes only")
    lines = _lines(books, row)
    if status == OPEN and not all(line.account for line in lines):
        raise Invalid("Account code or ID must be specified")
    made = _new(books, "CreditNotes", row, lines)
    made.status = status
    return made


def withdraw(id: str) -> Response:
    """A credit note that nothing uses can be voided; nothing else of it is changed here."""
    credit = lists.find("CreditNotes", id)
    if credit is None:
        return missing()

    def withdrawn(row: shapes.Json) -> shapes.Json:
        if row.get("Status") != VOIDED or credit.status != OPEN:
            raise Invalid("Credit note not of valid status for modification")
        g.books.void_credit(credit)
        return lists.shown("CreditNotes", credit)

    return each("CreditNotes", withdrawn)


def bank_transactions() -> Response:
    """RECEIVE-OVERPAYMENT and -PREPAYMENT: money of a customer that belongs to no invoice. SPEND: money spent."""
    return each("BankTransactions", lambda row: _moved(g.books, row))


def _moved(books: Organisation, row: shapes.Json) -> shapes.Json:
    if row.get("Type") != "SPEND":
        return _received(books, row)
    account, lines, on = asked.bank(books, row), _lines(books, row), asked.day(row.get("Date"))
    if len(lines) != 1 or lines[0].tax:
        raise Invalid("This pretend Xero spends in one line without tax only")
    [line] = lines
    if line.account is None:
        raise Invalid("Account code or ID must be specified")
    books.allows(on)
    who, reference = asked.payee(books, row), str(row.get("Reference") or "")
    made = books.spend(on, line.amount, account, line.account, line.text, reference, who)
    return lists.shown("BankTransactions", made)


def _received(books: Organisation, row: shapes.Json) -> shapes.Json:
    kind = _KINDS.get(str(row.get("Type")), "")
    if kind not in ("Overpayments", "Prepayments"):
        raise Invalid("This pretend Xero receives over- and prepayments only")
    account = asked.bank(books, row)
    made = _new(books, kind, row, _lines(books, row))
    made.account = account
    return lists.shown("BankTransactions", made) | {shapes.CREDIT_IDS[kind]: made.id}


def _new(books: Organisation, kind: str, row: shapes.Json, lines: list[Line]) -> Credit:
    contact, on = asked.contact(books, row), asked.day(row.get("Date"))
    total, currency = _totalled(books, row, lines)
    made = books.add_credit(kind, str(row.get("CreditNoteNumber") or ""), contact, on, total, currency, lines)
    made.reference, made.amounts = str(row.get("Reference") or ""), _amounts(row)
    return made


def _totalled(books: Organisation, row: shapes.Json, lines: list[Line]) -> tuple[Decimal, str]:
    """The total of a document with its currency."""
    currency = str(row.get("CurrencyCode") or books.about.currency)
    if currency not in (books.about.currency, *books.about.currencies):
        raise Invalid(f"Organisation is not subscribed to currency {currency}")
    on_top = sum((line.tax for line in lines), ZERO) if _amounts(row) == "Exclusive" else ZERO
    total = sum((line.amount for line in lines), ZERO) + on_top
    if total <= 0:
        raise Invalid("The document total must be greater than zero")
    return total, currency


def _amounts(row: shapes.Json) -> str:
    return str(row.get("LineAmountTypes") or "Exclusive")


def _lines(books: Organisation, row: shapes.Json) -> list[Line]:
    """The lines with their tax: the account's own rate, unless the line or the document says there is none."""
    made = []
    for one in row.get("LineItems") or []:
        code = {"AccountID": one.get("AccountID"), "Code": one.get("AccountCode")}
        account = asked.account(books, code) if any(code.values()) else None
        if account is None and any(code.values()):
            raise Invalid(f"Account code '{one.get('AccountCode') or ''}' is not a valid code for this document.")
        amount = asked.money(one.get("LineAmount") or _times(one.get("Quantity"), one.get("UnitAmount")), "LineAmount")
        rate = account.tax if account and one.get("TaxType") != "NONE" else Decimal(0)
        share = {"NoTax": Decimal(0), "Inclusive": rate / (1 + rate)}.get(_amounts(row), rate)
        made.append(Line(str(one.get("Description") or ""), amount, account, (amount * share).quantize(CENT)))
    return made


def _times(quantity: object, price: object) -> Decimal:
    return asked.money(1 if quantity is None else quantity, "Quantity") * asked.money(price, "UnitAmount")


def allocate(kind: str, id: str) -> Response:
    credit = lists.find(kind, id) if kind in shapes.CREDIT_IDS else None
    if credit is None:
        return missing()

    def allocated(row: shapes.Json) -> shapes.Json:
        invoice, amount = asked.invoice(g.books, row), asked.money(row.get("Amount"))
        made = g.books.allocate(credit, invoice, asked.day(row.get("Date")), amount)
        named = {kind.rstrip("s"): {shapes.CREDIT_IDS[kind]: credit.id}}
        return shapes.allocation(made) | named | {"ValidationErrors": []}

    return each("Allocations", allocated)


def deallocate(kind: str, id: str, allocation: str) -> Response:
    """The answer is one allocation without an envelope's list; its id and invoice are written differently than ever."""
    credit = lists.find(kind, id) if kind in shapes.CREDIT_IDS else None
    held = next((one for one in credit.allocations if one.id == allocation), None) if credit else None
    if held is None:
        return missing()
    try:
        g.books.deallocate(held)
    except Invalid as error:
        return invalid({"AllocationID": held.id}, error)
    named = [{"InvoiceID": held.invoice.id}]
    return send(AllocationId=held.id, Date=shapes.day(held.on), Invoice=named, IsDeleted=True)


# History


def history(name: str, id: str) -> Response:
    if lists.find(name, id) is None:
        return missing()
    return send(HistoryRecords=[shapes.note(*one) for one in g.books.notes.get(id, [])])


def annotate(name: str, id: str) -> Response:
    if lists.find(name, id) is None:
        return missing()

    def noted(row: shapes.Json) -> shapes.Json:
        text = str(row.get("Details") or "")
        if not 0 < len(text) <= 2500:
            raise Invalid("Details must have between 1 and 2500 characters")
        made = (g.twin.clock(), text)
        g.books.notes.setdefault(id, []).append(made)
        return shapes.note(*made, full=False)

    return each("HistoryRecords", noted)

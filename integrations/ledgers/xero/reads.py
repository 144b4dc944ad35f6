"""Reading one Xero organisation, in pages of a thousand rows, straight from the bytes.

It stores nothing and decides nothing; a row that cannot be read is reported and its neighbours go on. Lists are ordered
by id, because an id does not move while pages are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import DepositAccount, LedgerCompany, Page, Unreadable
from integrations.ledgers.xero import faults, mapping, structs
from integrations.ledgers.xero.client import Answer, Client

PAGE_SIZE = 1000
CONTACTS_PER_CALL = 40  # more ids make the address too long for Xero
OVERLAP = timedelta(minutes=5)  # Xero does not say whether If-Modified-Since is inclusive
OPEN = ["AUTHORISED"]
OTHERS = ["DRAFT", "SUBMITTED", "PAID", "VOIDED", "DELETED"]
SALES = 'Type=="ACCREC"'
RECEIVED = 'PaymentType=="ACCRECPAYMENT"'
CREDITS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("get_credit_notes", "CreditNotes", "CreditNoteID", {"where": 'Type=="ACCRECCREDIT"'}),
    ("get_overpayments", "Overpayments", "OverpaymentID", {}),
    ("get_prepayments", "Prepayments", "PrepaymentID", {}),
)
Row = TypeVar("Row")
Item = TypeVar("Item")
_ENVELOPE = msgspec.json.Decoder(structs.Envelope, strict=False)


def company(client: Client) -> LedgerCompany:
    envelope = decoded(client.read("company", "get_organisations"))
    rows, unread = items(envelope.Organisations, structs.Organisation, mapping.company, "company", "OrganisationID")
    if unread or not rows:
        raise Transient("Xero did not describe the organisation; it will be asked again.", 300)
    return rows[0]


def deposit_accounts(client: Client) -> tuple[DepositAccount, ...]:
    envelope = decoded(client.read("company", "get_accounts", where='Status=="ACTIVE"'))
    return items(envelope.Accounts, structs.Account, mapping.deposit_account, "deposit account", "AccountID")[0]


def snapshot(client: Client, since: date) -> Iterator[Page]:
    """Everything a first sync needs. All open invoices and all sales credits come, however old; the rest from `since`.

    Run again from time to time, it also finds what Xero changes without a new time stamp: due dates of part-paid
    invoices.
    """
    from_then = f"Date>=DateTime({since.year},{since.month:02},{since.day:02})"
    reading = _Reading(client, "snapshot")
    yield from reading.contacts()
    yield from reading.invoices(SALES, OPEN)
    yield from reading.invoices(f"{SALES} AND {from_then}", OTHERS)  # open ones were just read
    yield from reading.payments(f"{RECEIVED} AND {from_then}")
    yield from reading.credits()
    yield Page(cursor=reading.cursor)


def changes(client: Client, cursor: str) -> Iterator[Page]:
    """Every kind of row changed since five minutes before `cursor`, in all statuses: PAID and VOIDED arrive too."""
    since = _overlapped(cursor)
    reading = _Reading(client, "changes", since)
    yield from reading.contacts()
    yield from reading.invoices(SALES, OPEN + OTHERS)
    yield from reading.payments(RECEIVED)
    yield from reading.credits()
    yield Page(cursor=reading.cursor)


def door(client: Client, cursor: str, customers: Sequence[str]) -> Iterator[Page]:
    """Fresh balances and credit of `customers`, in four calls and one more for every forty customers.

    Their open invoices are read whole (a new due date alone would not show as a change). What was paid or voided
    meanwhile, and all credit, is read as the organisation's changes since the cursor: Xero cannot list credit by
    customer, and for invoices one call does it for all of them.
    """
    reading = _Reading(client, "door")
    for at in range(0, len(customers), CONTACTS_PER_CALL):
        yield from reading.invoices(SALES, OPEN, contact_i_ds=list(customers[at : at + CONTACTS_PER_CALL]))
    changed = _Reading(client, "door", _overlapped(cursor))
    yield from changed.invoices(SALES, OPEN + OTHERS)
    yield from changed.credits()


def decoded(answer: Answer, writing: bool = False) -> structs.Envelope:
    """The envelope of an answer; Transient (InDoubt for a write) when it is no such thing."""
    try:
        return _ENVELOPE.decode(answer.body)
    except ValueError as error:
        raise faults.unreadable(writing) from error


def items(
    raws: list[msgspec.Raw] | None, kind: type[Row], read: Callable[[Row], Item | None], entity: str, id_name: str
) -> tuple[tuple[Item, ...], tuple[Unreadable, ...]]:
    """(rows that could be read, rows that could not). Rows for which `read` gives None are none of our business."""
    good: list[Item] = []
    bad: list[Unreadable] = []
    for raw in raws or []:
        try:
            item = read(msgspec.json.decode(raw, type=kind, strict=False))
        except (ValueError, OverflowError) as error:  # msgspec's own errors are ValueErrors
            why = str(error).rstrip(".")
            bad.append(Unreadable(entity, _loose_id(raw, id_name), f"This {entity} could not be read: {why}."))
        else:
            good += [] if item is None else [item]
    return tuple(good), tuple(bad)


def _loose_id(raw: msgspec.Raw, name: str) -> str:
    try:
        row = msgspec.json.decode(raw)
    except ValueError:
        return ""
    return str(row.get(name) or "") if isinstance(row, dict) else ""


def _overlapped(cursor: str) -> datetime:
    try:
        return datetime.fromisoformat(cursor).replace(microsecond=0) - OVERLAP
    except ValueError as error:
        raise Rejected("The place to go on reading from is not a time.", "cursor") from error


class _Reading:
    """One pass over several lists, all changed since `since` if it is given."""

    def __init__(self, client: Client, purpose: str, since: datetime | None = None) -> None:
        self._client, self._purpose = client, purpose
        self._options: dict[str, Any] = {} if since is None else {"if_modified_since": since}
        self._began = ""

    @property
    def cursor(self) -> str:
        """Xero's own time of the first answer: whatever changes after it belongs to the next reading."""
        return self._began

    def contacts(self) -> Iterator[Page]:
        options = {"include_archived": "true"}  # without it nobody would tell of archiving
        for raws in self._lists("get_contacts", "Contacts", "ContactID", options):
            rows, unread = items(raws, structs.Contact, mapping.customer, "customer", "ContactID")
            yield Page(customers=rows, unreadable=unread)

    def invoices(self, where: str, statuses: list[str], **options: Any) -> Iterator[Page]:
        options |= {"where": where, "statuses": statuses}
        for raws in self._lists("get_invoices", "Invoices", "InvoiceID", options):
            rows, unread = items(raws, structs.Invoice, mapping.invoice, "invoice", "InvoiceID")
            yield Page(invoices=rows, unreadable=unread)

    def payments(self, where: str) -> Iterator[Page]:
        for raws in self._lists("get_payments", "Payments", "PaymentID", {"where": where}):
            rows, unread = items(raws, structs.Payment, mapping.payment, "payment", "PaymentID")
            yield Page(payments=rows, unreadable=unread)

    def credits(self) -> Iterator[Page]:
        for method, name, id_name, options in CREDITS:
            for raws in self._lists(method, name, id_name, options):
                rows, unread = items(raws, structs.Credit, mapping.credit, "credit", id_name)
                yield Page(credits=rows, unreadable=unread)

    def _lists(self, method: str, name: str, id_name: str, options: dict[str, Any]) -> Iterator[list[msgspec.Raw]]:
        """The pages of one list. When it grows or shrinks while it is read, rows have moved: it is read again."""
        number, size, again = 1, None, 0
        while True:
            call = {"page": number, "page_size": PAGE_SIZE, "order": f"{id_name} ASC", **self._options, **options}
            answer = self._client.read(self._purpose, method, **call)
            envelope = decoded(answer)
            self._began = self._began or _server_time(envelope, answer)
            about = envelope.pagination or structs.Pagination()
            if size not in (None, about.itemCount) and again < 3:
                number, size, again = 1, None, again + 1
                continue
            raws: list[msgspec.Raw] = getattr(envelope, name) or []
            yield raws
            if not raws or number >= (about.pageCount or 0):
                return
            number, size = number + 1, about.itemCount


def _server_time(envelope: structs.Envelope, answer: Answer) -> str:
    try:
        stamped = structs.moment(envelope.DateTimeUTC) or parsedate_to_datetime(answer.headers.get("Date") or "")
    except (TypeError, ValueError) as error:
        raise faults.unreadable(writing=False) from error
    return stamped.replace(microsecond=0).isoformat()

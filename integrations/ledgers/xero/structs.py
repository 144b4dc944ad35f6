"""The fields Dunlin needs of Xero's JSON, and nothing else.

Every field may be absent, null or empty: Xero treats the three alike. Statuses and currencies stay text. Lists hold raw
items, so that one odd row is lost alone and not with its thousand neighbours. No meaning is given to anything here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from msgspec import Raw, Struct, field

_MS = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pagination(Struct):
    page: int | None = None
    pageCount: int | None = None
    itemCount: int | None = None


class Envelope(Struct):
    """Every answer of the accounting API; only the asked-for list is filled."""

    DateTimeUTC: str | None = None
    pagination: Pagination | None = None
    Organisations: list[Raw] | None = None
    Accounts: list[Raw] | None = None
    Contacts: list[Raw] | None = None
    Invoices: list[Raw] | None = None
    Payments: list[Raw] | None = None
    CreditNotes: list[Raw] | None = None
    Overpayments: list[Raw] | None = None
    Prepayments: list[Raw] | None = None


class Organisation(Struct):
    Name: str | None = None
    BaseCurrency: str | None = None
    CountryCode: str | None = None
    Timezone: str | None = None
    ShortCode: str | None = None


class Account(Struct):
    AccountID: str | None = None
    Code: str | None = None
    Name: str | None = None
    Type: str | None = None
    Status: str | None = None
    CurrencyCode: str | None = None
    EnablePaymentsToAccount: bool | None = None


class Person(Struct):
    EmailAddress: str | None = None
    IncludeInEmails: bool | None = None


class Contact(Struct):
    ContactID: str | None = None
    ContactStatus: str | None = None
    Name: str | None = None
    FirstName: str | None = None
    LastName: str | None = None
    EmailAddress: str | None = None
    ContactPersons: list[Person] | None = None
    MergedToContactID: str | None = None
    UpdatedDateUTC: str | None = None


class Ref(Struct):
    """The bit of a document or contact that other documents carry."""

    ContactID: str | None = None


class Invoice(Struct):
    Type: str | None = None
    InvoiceID: str | None = None
    InvoiceNumber: str | None = None
    Contact: Ref | None = None
    Date: str | None = None
    DateString: str | None = None
    DueDate: str | None = None
    DueDateString: str | None = None
    Status: str | None = None
    Total: Decimal | None = None
    AmountDue: Decimal | None = None
    CurrencyCode: str | None = None
    UpdatedDateUTC: str | None = None


class Message(Struct):
    text: str | None = field(default=None, name="Message")


class Payment(Struct):
    PaymentID: str | None = None
    PaymentType: str | None = None
    Status: str | None = None
    Date: str | None = None
    Amount: Decimal | None = None
    Reference: str | None = None
    invoice: Invoice | None = field(default=None, name="Invoice")
    StatusAttributeString: str | None = None
    ValidationErrors: list[Message] | None = None
    UpdatedDateUTC: str | None = None


class Credit(Struct):
    """A credit note, an overpayment or a prepayment; each has its own name for its id."""

    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    Type: str | None = None
    Status: str | None = None
    Contact: Ref | None = None
    RemainingCredit: Decimal | None = None
    CurrencyCode: str | None = None
    UpdatedDateUTC: str | None = None


class Refused(Struct):
    """One element of a refused write."""

    ValidationErrors: list[Message] | None = None


class Problem(Struct):
    """Both shapes of Xero's errors: `ErrorNumber … Elements` of the accounting API, `Title … Detail` of the rest."""

    ErrorNumber: int | None = None
    Type: str | None = None
    Message: str | None = None
    Detail: str | None = None
    Elements: list[Refused] | None = None


class Connection(Struct):
    id: str | None = None
    tenantId: str | None = None
    tenantType: str | None = None
    tenantName: str | None = None


class Event(Struct):
    resourceId: str | None = None
    eventDateUtc: str | None = None
    eventType: str | None = None
    eventCategory: str | None = None
    tenantId: str | None = None


class Delivery(Struct):
    """A webhook; without events it is only Xero asking whether somebody verifies signatures."""

    events: list[Event] | None = None


class Claims(Struct):
    """Of an access token only who it belongs to."""

    xero_userid: str | None = None


def moment(text: str | None) -> datetime | None:
    """A `/Date(milliseconds+0000)/` or ISO text as an aware time in UTC; ValueError for anything else."""
    if not text:
        return None
    if match := _MS.match(text):
        return _EPOCH + timedelta(milliseconds=int(match[1]))
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def day(plain: str | None, stamped: str | None) -> date | None:
    """An accounting date: the string without a zone where there is one, else the UTC day of the stamp."""
    read = moment(plain or stamped)
    return read.date() if read else None


def version(stamped: str | None) -> str:
    """When the row last changed, as sortable text; "" when Xero does not say."""
    read = moment(stamped)
    return read.isoformat(timespec="milliseconds") if read else ""

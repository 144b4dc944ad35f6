"""The fields Dunlin needs of Xero's JSON, and nothing else.

Every field may be absent, null or empty: Xero treats the three alike. Statuses and currencies stay text. What a row can
do without (SPARE) is left out where it is odd, so that it costs not even the row. No meaning is given to anything here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw, Struct, field

_MS = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = _EPOCH.replace(tzinfo=None)
_FIRST_YEAR = 1900  # an earlier one is a program's way of saying that there is no date
Kind = TypeVar("Kind")


class Shape(Struct, gc=False):
    """Nothing here leads back to itself, so that the garbage collector need not look: a third of the decoding."""


class Pagination(Shape):
    pageCount: int | None = None
    itemCount: int | None = None


class Envelope(Struct):
    """Any answer of the accounting API; only the asked-for list is filled. Rows stay raw: an odd one is lost alone."""

    Status: Raw = Raw()
    DateTimeUTC: Raw = Raw()
    pagination: Raw = Raw()
    Organisations: list[Raw] | None = None
    InvoiceReminders: list[Raw] | None = None
    Accounts: list[Raw] | None = None
    Contacts: list[Raw] | None = None
    Invoices: list[Raw] | None = None
    OnlineInvoices: list[Raw] | None = None
    HistoryRecords: list[Raw] | None = None
    Payments: list[Raw] | None = None
    BankTransactions: list[Raw] | None = None
    ManualJournals: list[Raw] | None = None
    CreditNotes: list[Raw] | None = None
    Overpayments: list[Raw] | None = None
    Prepayments: list[Raw] | None = None
    Allocations: list[Raw] | None = None


class Organisation(Shape):
    Name: str | None = None
    BaseCurrency: str | None = None
    CountryCode: str | None = None
    Timezone: str | None = None
    ShortCode: str | None = None
    PeriodLockDate: str | None = None
    EndOfYearLockDate: str | None = None


class Reminders(Shape):
    Enabled: bool | None = None


class Account(Shape):
    AccountID: str | None = None
    Code: str | None = None
    Name: str | None = None
    Type: str | None = None
    Status: str | None = None
    SystemAccount: str | None = None
    CurrencyCode: str | None = None
    EnablePaymentsToAccount: bool | None = None


class Person(Shape):
    FirstName: str | None = None
    LastName: str | None = None
    EmailAddress: str | None = None
    IncludeInEmails: bool | None = None


class Phone(Shape):
    PhoneType: str | None = None
    PhoneNumber: str | None = None
    PhoneAreaCode: str | None = None
    PhoneCountryCode: str | None = None


class Term(Shape):
    Day: int | None = None
    Type: str | None = None


class Terms(Shape):
    Sales: Term | None = None


class Place(Shape):
    """A postal address (POBOX) or a place one can visit (STREET)."""

    AddressType: str | None = None
    Country: str | None = None
    Region: str | None = None


class Contact(Shape):
    ContactID: str | None = None
    ContactStatus: str | None = None
    Name: str | None = None
    FirstName: str | None = None
    LastName: str | None = None
    EmailAddress: str | None = None
    ContactPersons: list[Person] | None = None
    MergedToContactID: str | None = None
    Phones: list[Phone] | None = None
    Addresses: list[Place] | None = None
    PaymentTerms: Terms | None = None
    UpdatedDateUTC: str | None = None


class Ref(Shape):
    """The bit of a document or contact that other documents carry."""

    ContactID: str | None = None


class Invoice(Shape):
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
    ExpectedPaymentDate: str | None = None
    SentToContact: bool | None = None
    BrandingThemeID: str | None = None
    UpdatedDateUTC: str | None = None


class Paid(Shape):
    """Of the invoice that a payment is for."""

    InvoiceID: str | None = None
    Contact: Ref | None = None
    CurrencyCode: str | None = None


class Payment(Shape):
    PaymentID: str | None = None
    PaymentType: str | None = None
    Status: str | None = None
    Date: str | None = None
    Amount: Decimal | None = None
    Reference: str | None = None
    invoice: Paid | None = field(default=None, name="Invoice")
    UpdatedDateUTC: str | None = None


class InvoiceRef(Shape):
    InvoiceID: str | None = None


class Stamped(Shape):
    """Of any document only its stamp."""

    UpdatedDateUTC: str | None = None


class Dated(Shape):
    """Of an invoice only the dates that may be changed."""

    DueDate: str | None = None
    DueDateString: str | None = None
    ExpectedPaymentDate: str | None = None


class Allocation(Shape):
    AllocationID: str | None = None
    Amount: Decimal | None = None
    Date: str | None = None
    invoice: InvoiceRef | None = field(default=None, name="Invoice")


class Credit(Shape):
    """A credit note, an overpayment or a prepayment; each has its own name for its id."""

    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    Type: str | None = None
    Status: str | None = None
    Contact: Ref | None = None
    RemainingCredit: Decimal | None = None
    CurrencyCode: str | None = None
    CreditNoteNumber: str | None = None
    Date: str | None = None
    DateString: str | None = None
    Allocations: list[Allocation] | None = None
    UpdatedDateUTC: str | None = None


class Connection(Shape):
    id: str | None = None
    authEventId: str | None = None
    tenantId: str | None = None
    tenantType: str | None = None
    tenantName: str | None = None


class Event(Shape):
    resourceId: str | None = None
    eventDateUtc: str | None = None
    eventType: str | None = None
    eventCategory: str | None = None
    tenantId: str | None = None


class Delivery(Shape):
    """A webhook; without events it is only Xero asking whether somebody verifies signatures."""

    events: list[Raw] | None = None


class Claims(Shape):
    """Of an access token only who it belongs to, and which consent it was last given in."""

    xero_userid: str | None = None
    authentication_event_id: str | None = None


# What a row can do without. In the lists among it, so can each item for itself.
SPARE: dict[Any, tuple[str, ...]] = {
    Organisation: ("CountryCode", "Timezone", "ShortCode", "PeriodLockDate", "EndOfYearLockDate"),
    Contact: ("Phones", "PaymentTerms", "UpdatedDateUTC"),
    Invoice: ("ExpectedPaymentDate", "SentToContact", "BrandingThemeID", "UpdatedDateUTC"),
    Payment: ("UpdatedDateUTC",),
    Credit: ("CreditNoteNumber", "Date", "DateString", "Allocations", "UpdatedDateUTC"),
    Allocation: ("Date",),
    Dated: ("DueDate", "DueDateString", "ExpectedPaymentDate"),
    Connection: ("authEventId",),
    Claims: ("authentication_event_id",),
}
_ITEMS: dict[str, Any] = {"Phones": Phone, "Allocations": Allocation}


@cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Texts for numbers and for yes and no are taken for what they say. One a kind, as it is dear to make."""
    return msgspec.json.Decoder(kind, strict=False)


def read(raw: Raw | bytes, kind: type[Kind]) -> Kind:
    """One JSON value, without what it can do without where that is odd. ValueError when the rest is."""
    try:
        found: Kind = decoder(cast(Any, kind)).decode(raw)
    except ValueError:
        if kind not in SPARE:
            raise
        found = decoder(cast(Any, kind)).decode(_without_odd(raw, kind))
    return found


def _without_odd(raw: Raw | bytes, kind: Any) -> bytes:
    fields = read(raw, dict[str, Raw])
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for name in fields.keys() & SPARE[kind]:
        good: Any = each(fields[name], _ITEMS[name]) if name in _ITEMS else loose(fields[name], types[name])
        fields[name] = Raw(msgspec.json.encode(good))
    return msgspec.json.encode(fields)


def loose(raw: Raw | bytes, kind: type[Kind]) -> Kind | None:
    """What a row can do without; None when it is absent, null or odd."""
    try:
        return read(raw, kind) if bytes(raw) not in (b"", b"null") else None
    except (ValueError, RecursionError):
        return None


def each(raw: Raw | bytes, kind: type[Kind]) -> list[Kind]:
    """The items of a list that a row can do without, as far as they can be read."""
    return [item for one in loose(raw, list[Raw]) or [] if (item := loose(one, kind)) is not None]


def named(raw: Raw | bytes, name: str) -> str:
    """One text of a row that may be odd in every other way; ""."""
    row = loose(raw, dict[str, Any])
    return str((row or {}).get(name) or "")


def moment(text: str | None) -> datetime | None:
    """A `/Date(milliseconds+0000)/` or ISO text as an aware time in UTC; ValueError for anything else."""
    if not text:
        return None
    if text[0] == "/" and (match := _MS.match(text)):
        return _EPOCH + timedelta(milliseconds=int(match[1]))
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=10_000)
def day(*texts: str | None) -> date | None:
    """An accounting date from the first text that is one: the string without a zone is given before the stamp.

    None where no text says anything; ValueError where what is said is no date. Remembered, because a book has few days.
    """
    wrong: Exception | None = None
    for text in texts:
        try:
            found = moment(text)
        except (ValueError, OverflowError) as error:
            wrong = error
        else:
            if found is not None and found.year >= _FIRST_YEAR:
                return found.date()
    if wrong is not None:
        raise ValueError(str(wrong))
    return None


def loose_day(*texts: str | None) -> date | None:
    """A date that a row can do without."""
    try:
        return day(*texts)
    except ValueError:
        return None


def version(text: str | None) -> str:
    """When the row last changed, as sortable text; "" when Xero does not say."""
    try:
        if text and (ticks := _MS.match(text)):  # as it nearly always is; having a zone written doubles the time
            return f"{(_START + timedelta(0, 0, 0, int(ticks[1]))).isoformat('T', 'milliseconds')}+00:00"
        found = moment(text)
    except (ValueError, OverflowError):
        return ""
    return found.isoformat(timespec="milliseconds") if found else ""

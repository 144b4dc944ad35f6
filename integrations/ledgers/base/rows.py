"""The rows a ledger hands over, in words common to all ledgers. Frozen data; nothing here decides or knows a vendor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from core.facts import InvoiceStatus
from core.money import Money


@dataclass(frozen=True, slots=True)
class LedgerCompany:
    """`zone` is an IANA name, None when the ledger does not say or says something unknown: then a person is asked.

    Nothing may be booked on or before `locked_until`. `own_reminders` is whether the ledger itself sends reminders;
    None when it does not tell.
    """

    name: str
    currency: str
    country: str
    zone: str | None
    email: str = ""
    short_code: str = ""
    locked_until: date | None = None
    own_reminders: bool | None = None


@dataclass(frozen=True, slots=True)
class LedgerPerson:
    """A contact person. `mailed` is whether the ledger sends them invoices."""

    name: str
    email: str
    mailed: bool


@dataclass(frozen=True, slots=True)
class LedgerCustomer:
    """A customer or contact. `bills_to` is the parent's id where the ledger bills with the parent, else "".

    `country` and `region` are the billing address's own words.
    `emails` are those that get mail; `people` everyone named at this customer. `term` is the id of the payment terms
    that new invoices get.
    """

    id: str
    name: str
    contact: str = ""
    emails: tuple[str, ...] = ()
    active: bool = True
    erased: bool = False
    merged_into: str = ""
    bills_to: str = ""
    version: str = ""
    people: tuple[LedgerPerson, ...] = ()
    phone: str = ""
    term: str = ""
    country: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    """A sales invoice. `balance` is the ledger's own open amount, never computed by us. `raw_status` is verbatim.

    `cc` get a copy of the ledger's own mails; `mailed` is whether it has mailed the invoice (None: it does not tell).
    `shipped` is the day of delivery where the ledger keeps one, `expected` the day on which the bookkeeper expects the
    money. `term` and `branding` are vendor ids.
    """

    id: str
    customer: str
    number: str
    issued: date
    due: date | None
    total: Money
    balance: Money
    status: InvoiceStatus
    raw_status: str = ""
    emails: tuple[str, ...] = ()
    version: str = ""
    cc: tuple[str, ...] = ()
    mailed: bool | None = None
    shipped: date | None = None
    expected: date | None = None
    term: str = ""
    branding: str = ""


@dataclass(frozen=True, slots=True)
class LedgerPayment:
    """Money received. `reference` is what the booker wrote (ours when we booked it); `applied` is per invoice id."""

    id: str
    customer: str
    paid_on: date
    amount: Money
    reference: str = ""
    applied: tuple[tuple[str, Money], ...] = ()
    gone: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class LedgerCredit:
    """A credit note, an over- or prepayment, or a payment not yet applied.

    `remaining` is what is still open (zero once used or void); `applied` is per invoice id, as far as the ledger tells.
    `total` is the whole sum, used or not, where it is told beside what is left.
    """

    id: str
    customer: str
    kind: str
    remaining: Money
    gone: bool = False
    version: str = ""
    number: str = ""
    issued: date | None = None
    applied: tuple[tuple[str, Money], ...] = ()
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class LedgerExpense:
    """An expense that stands in the ledger. `total` is None where the ledger does not tell it."""

    id: str
    total: Decimal | None


class TermRule(StrEnum):
    """From where `LedgerTerm.days` counts."""

    AFTER_ISSUE = "after-issue"  # days after the invoice's date
    AFTER_MONTH = "after-month"  # days after the end of the invoice's month
    DAY_OF_MONTH = "day-of-month"  # that day of the invoice's month
    DAY_OF_NEXT_MONTH = "day-of-next-month"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LedgerTerm:
    """Payment terms. A discount of `discount_percent` is given for paying within `discount_days` of the invoice's date
    (until that day of the month where `rule` counts days of a month); zero where there is none.
    """

    id: str
    name: str
    rule: TermRule
    days: int = 0
    discount_days: int = 0
    discount_percent: Decimal = Decimal(0)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read: `entity` (invoice, customer …), its id if known, one sentence, and its bytes.

    `customer` is the vendor id of whose it is, as far as the bytes show it, else "".
    """

    entity: str
    id: str
    reason: str
    raw: bytes = b""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows. `deleted` are (entity, id) pairs the ledger says are gone.

    `cursor` is set on the last page only: keep it once every page before it is stored. `mark` lets a snapshot go on
    after this page ("" where it cannot); `total` is how many rows the whole reading is expected to bring, once known.
    `blind`, on the last page, is whether what was deleted could not be told.
    """

    customers: tuple[LedgerCustomer, ...] = ()
    invoices: tuple[LedgerInvoice, ...] = ()
    payments: tuple[LedgerPayment, ...] = ()
    credits: tuple[LedgerCredit, ...] = ()
    terms: tuple[LedgerTerm, ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    cursor: str | None = None
    mark: str = ""
    total: int | None = None
    blind: bool = False

    @property
    def size(self) -> int:
        """How many rows it has, the gone and the unreadable ones too."""
        kinds = (self.customers, self.invoices, self.payments, self.credits, self.terms, self.deleted, self.unreadable)
        return sum(map(len, kinds))


@dataclass(frozen=True, slots=True)
class DepositAccount:
    """Where a payment may be booked; chosen by the bookkeeper."""

    id: str
    name: str
    currency: str = ""

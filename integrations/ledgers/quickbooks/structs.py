"""The few fields Dunlin needs of each QuickBooks body, decoded straight from the bytes with exact decimals.

Shapes only. What decides whether money is owed is required: a row without it is unreadable, never zero.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Ref(msgspec.Struct):
    """A reference to another row; its name is for people and is not read."""

    value: str


class Address(msgspec.Struct, rename="pascal"):
    address: str | None = None


class Stub(msgspec.Struct, rename="pascal"):
    """What even a deleted or odd row has."""

    id: str = ""
    status: str | None = msgspec.field(default=None, name="status")


class Customer(msgspec.Struct, rename="pascal"):
    id: str
    display_name: str
    sync_token: str = ""
    given_name: str | None = None
    family_name: str | None = None
    active: bool = True
    primary_email_addr: Address | None = None
    parent_ref: Ref | None = None
    bill_with_parent: bool | None = None
    status: str | None = msgspec.field(default=None, name="status")


class Invoice(msgspec.Struct, rename="pascal"):
    id: str
    customer_ref: Ref
    txn_date: date
    total_amt: Decimal
    balance: Decimal
    sync_token: str = ""
    doc_number: str | None = None
    due_date: date | None = None
    currency_ref: Ref | None = None
    bill_email: Address | None = None
    private_note: str | None = None
    status: str | None = msgspec.field(default=None, name="status")


class LinkedTxn(msgspec.Struct, rename="pascal"):
    txn_id: str
    txn_type: str


class PaymentLine(msgspec.Struct, rename="pascal"):
    amount: Decimal | None = None
    linked_txn: tuple[LinkedTxn, ...] = ()


class Payment(msgspec.Struct, rename="pascal"):
    id: str
    customer_ref: Ref
    txn_date: date
    total_amt: Decimal
    unapplied_amt: Decimal | None = None
    sync_token: str = ""
    currency_ref: Ref | None = None
    payment_ref_num: str | None = None
    private_note: str | None = None
    line: tuple[PaymentLine, ...] = ()
    status: str | None = msgspec.field(default=None, name="status")


class CreditMemo(msgspec.Struct, rename="pascal"):
    id: str
    customer_ref: Ref
    total_amt: Decimal
    remaining_credit: Decimal | None = None
    balance: Decimal | None = None
    sync_token: str = ""
    currency_ref: Ref | None = None
    private_note: str | None = None
    status: str | None = msgspec.field(default=None, name="status")


class Account(msgspec.Struct, rename="pascal"):
    id: str
    name: str
    fully_qualified_name: str | None = None
    active: bool = True
    currency_ref: Ref | None = None


class CompanyInfo(msgspec.Struct, rename="pascal"):
    company_name: str
    country: str | None = None
    email: Address | None = None
    default_time_zone: str | None = None


class CurrencyPrefs(msgspec.Struct, rename="pascal"):
    home_currency: Ref | None = None


class Preferences(msgspec.Struct, rename="pascal"):
    currency_prefs: CurrencyPrefs | None = None


Block = dict[str, msgspec.Raw]
"""Entity name to its list of rows, beside startPosition, maxResults and totalCount."""


class CdcResponse(msgspec.Struct):
    blocks: list[Block] = msgspec.field(default_factory=list, name="QueryResponse")


class Envelope(msgspec.Struct):
    """Any successful answer. Rows stay raw, so that one odd row does not lose the others."""

    time: str = ""
    query: Block = msgspec.field(default_factory=dict, name="QueryResponse")
    cdc: list[CdcResponse] = msgspec.field(default_factory=list, name="CDCResponse")
    company: CompanyInfo | None = msgspec.field(default=None, name="CompanyInfo")
    preferences: Preferences | None = msgspec.field(default=None, name="Preferences")
    payment: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="Payment")


class LegacyEntity(msgspec.Struct):
    name: str
    id: str
    operation: str = ""
    changed: str = msgspec.field(default="", name="lastUpdated")


class LegacyChange(msgspec.Struct):
    entities: list[LegacyEntity]


class LegacyNotification(msgspec.Struct):
    realm: str = msgspec.field(name="realmId")
    change: LegacyChange = msgspec.field(name="dataChangeEvent")


class LegacyWebhook(msgspec.Struct):
    """The webhook body in use until July 2026."""

    notifications: list[LegacyNotification] = msgspec.field(name="eventNotifications")


class CloudEvent(msgspec.Struct):
    """One entry of the webhook body in use since: a JSON array, which may mix companies."""

    id: str
    type: str
    realm: str = msgspec.field(name="intuitaccountid")
    entity_id: str = msgspec.field(name="intuitentityid")

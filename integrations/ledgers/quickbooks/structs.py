"""The few fields Dunlin needs of each QuickBooks row, decoded straight from the bytes with exact decimals.

Shapes only. What decides whether money is owed is required: a row without it is unreadable, never zero. Rows that do
not fit exactly are tried again by `mending.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Shape(msgspec.Struct, gc=False):
    """Nothing here leads back to itself, so that the garbage collector need not look: a third of the decoding."""


class Ref(Shape):
    """A reference to another row; its name is for people and is not read."""

    value: str


class Address(Shape, rename="pascal"):
    address: str | None = None


class Phone(Shape, rename="pascal"):
    free_form_number: str | None = None


class Place(Shape, rename="pascal"):
    country: str | None = None
    country_sub_division_code: str | None = None


class Stub(Shape, rename="pascal"):
    """What even a deleted or odd row has."""

    id: str
    sync_token: str = ""
    status: str | None = msgspec.field(default=None, name="status")


class Whose(Shape, rename="pascal"):
    """What an odd row still tells of its customer."""

    customer_ref: Ref


class Customer(Shape, rename="pascal"):
    id: str
    display_name: str
    sync_token: str = ""
    given_name: str | None = None
    family_name: str | None = None
    active: bool = True
    primary_email_addr: Address | None = None
    primary_phone: Phone | None = None
    mobile: Phone | None = None
    parent_ref: Ref | None = None
    bill_with_parent: bool | None = None
    balance: Decimal | None = None
    currency_ref: Ref | None = None
    sales_term_ref: Ref | None = None
    bill_addr: Place | None = None
    status: str | None = msgspec.field(default=None, name="status")


class Invoice(Shape, rename="pascal"):
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
    bill_email_cc: Address | None = None
    email_status: str | None = None
    ship_date: date | None = None
    sales_term_ref: Ref | None = None
    private_note: str | None = None
    invoice_link: str | None = None
    status: str | None = msgspec.field(default=None, name="status")


class LinkedTxn(Shape, rename="pascal"):
    txn_id: str
    txn_type: str


class PaymentLine(Shape, rename="pascal"):
    amount: Decimal | None = None
    linked_txn: tuple[LinkedTxn, ...] = ()


class Payment(Shape, rename="pascal"):
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


class CreditMemo(Shape, rename="pascal"):
    id: str
    customer_ref: Ref
    total_amt: Decimal
    remaining_credit: Decimal | None = None
    balance: Decimal | None = None
    sync_token: str = ""
    doc_number: str | None = None
    txn_date: date | None = None
    currency_ref: Ref | None = None
    private_note: str | None = None
    linked_txn: tuple[LinkedTxn, ...] = ()
    status: str | None = msgspec.field(default=None, name="status")


class Term(Shape, rename="pascal"):
    id: str
    name: str
    sync_token: str = ""
    active: bool = True
    type: str | None = None
    due_days: int | None = None
    day_of_month_due: int | None = None
    discount_days: int | None = None
    discount_day_of_month: int | None = None
    discount_percent: Decimal | None = None
    status: str | None = msgspec.field(default=None, name="status")


class Choice(Shape, rename="pascal"):
    """An account or an item to book on."""

    id: str
    name: str
    fully_qualified_name: str | None = None
    active: bool = True
    type: str | None = None
    account_type: str | None = None
    account_sub_type: str | None = None
    currency_ref: Ref | None = None


class Purchase(Shape, rename="pascal"):
    """Money spent, as far as it takes to know our own again."""

    id: str
    total_amt: Decimal
    sync_token: str = ""
    doc_number: str | None = None
    private_note: str | None = None


class Booked(Stub, rename="pascal"):
    """Of the answer to a booking what it is called, and over how much it is."""

    total_amt: Decimal | None = None


class CompanyInfo(Shape, rename="pascal"):
    company_name: str
    country: str | None = None
    email: Address | None = None
    default_time_zone: str | None = None


class CurrencyPrefs(Shape, rename="pascal"):
    home_currency: Ref | None = None


class AccountingInfoPrefs(Shape, rename="pascal"):
    book_close_date: date | None = None


class Preferences(Shape, rename="pascal"):
    currency_prefs: CurrencyPrefs | None = None
    accounting_info_prefs: AccountingInfoPrefs | None = None

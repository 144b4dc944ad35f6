"""What a company gives for prompt payment and asks for late payment: its rules, and each offer and charge made by them.

No decisions, no queries.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.money import Money
from models.base import Base, HasUid
from models.desk import Posting
from models.ledger import Invoice
from models.paying import ProcessorAccount


class MoneyRules(Base):
    """A company's rules of money. All `points` are hundredths of a percent; 0 or "" is off.

    An early payment earns `early_points` within `early_days` of the invoice's date; with `from_terms` the discount of
    the ledger's own payment terms is offered too. After `loyal_after` invoices in a row paid in time `loyal_points` of
    them are given as a credit, of invoices paid from the day `loyal_since` on. `late` is "", statutory or contract
    (then `late_points` a year and `late_sum_minor` once), for customers of `late_segment` ("": for all); a charge is
    shown `grace_days` after due at the earliest and can be asked for `notice_days` after that. `late_booking`: show
    (nothing is booked), draft or invoice, on `late_income` in the ledger. `payout_fees`: "" or expense, then on
    `payout_expense`, of payouts that arrive from the day `fees_since` on.
    """

    __tablename__ = "money_rules"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), unique=True)
    early_points: Mapped[int] = mapped_column(default=0)
    early_days: Mapped[int] = mapped_column(default=0)
    from_terms: Mapped[bool] = mapped_column(default=False)
    loyal_points: Mapped[int] = mapped_column(default=0)
    loyal_after: Mapped[int] = mapped_column(default=0)
    late: Mapped[str] = mapped_column(String(10), default="")
    late_points: Mapped[int] = mapped_column(default=0)
    late_sum_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    late_segment: Mapped[str] = mapped_column(String(60), default="")
    grace_days: Mapped[int] = mapped_column(default=14)
    notice_days: Mapped[int] = mapped_column(default=14)
    late_booking: Mapped[str] = mapped_column(String(10), default="show")
    late_income: Mapped[str] = mapped_column(String(64), default="")
    payout_fees: Mapped[str] = mapped_column(String(10), default="")
    payout_expense: Mapped[str] = mapped_column(String(64), default="")
    fees_since: Mapped[date | None]
    loyal_since: Mapped[date | None]
    changed_at: Mapped[datetime]


class Reward(HasUid, Base):
    """Money given for prompt payment. `kind`: early (a discount of one invoice, until a day) or loyal (a credit).

    `state`: open (offered; it stands even when the rule changes), earned (paid in time; its credit is on its way),
    granted (the credit stands in the ledger), lapsed, or desk (`note` says why). `posting_id` is the credit's way into
    the ledger. Of a loyal one `counted` lists the uids of the invoices it is for, each of which counts once.
    """

    __tablename__ = "reward"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    points: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[date | None]
    counted: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"))
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    invoice: Mapped[Invoice | None] = relationship(lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Charge(HasUid, Base):
    """Interest and the fixed sum for one late invoice, up to and with `until`; `lines` is the computation, to be shown:
    [first day, last day, balance in minor units, hundredths of a percent, the exact sum as a fraction of minor units].

    `state`: shown (the customer can see it; it falls away where the invoice is paid by `asked_from`), asked (a person
    said so; it is being booked), booked, or waived (`note` says why). `ledger_invoice` is the invoice it became.
    """

    __tablename__ = "charge"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    rule: Mapped[str] = mapped_column(String(10))
    until: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    interest_minor: Mapped[int] = mapped_column(BigInteger)
    sum_minor: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(10), default="shown", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"))
    ledger_invoice: Mapped[str] = mapped_column(String(64), default="")
    shown_at: Mapped[datetime]
    asked_from: Mapped[date]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.interest_minor + self.sum_minor, self.currency)


class Payout(HasUid, Base):
    """Money that a processor moved to the company's bank. `state`: coming, paid or failed; `whole` says that its
    entries make up its amount. `posting_id` is its fee's way into the ledger.
    """

    __tablename__ = "payout"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    processor_account_id: Mapped[int] = mapped_column(ForeignKey("processor_account.id"))
    external_id: Mapped[str] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    arrives: Mapped[date]
    state: Mapped[str] = mapped_column(String(10))
    whole: Mapped[bool] = mapped_column(default=True)
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"))
    read_at: Mapped[datetime]

    entries: Mapped[list[PayoutEntry]] = relationship(lazy="raise_on_sql")
    processor_account: Mapped[ProcessorAccount] = relationship(lazy="raise_on_sql")
    posting: Mapped[Posting | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (UniqueConstraint("processor_account_id", "external_id"),)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PayoutEntry(Base):
    """One part of a payout: `amount_minor` is signed, `fee_minor` what was kept back of it. `payment` is the
    processor's id of the payment, by which the attempt is found.
    """

    __tablename__ = "payout_entry"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payout.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(12))
    payment: Mapped[str] = mapped_column(String(200), default="", index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (UniqueConstraint("payout_id", "external_id"),)

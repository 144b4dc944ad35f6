"""A company whose practice has two owners and a clerk, with a mailbox for what they are told and a pretend processor.

Doubles stand only at the edge: the processor's door and the mail server. Nothing happens until `later`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.money import Money
from integrations.channels.smtp import Smtp
from integrations.errors import Misconfigured, OutsideError, Rejected
from integrations.processors.base import Checkout, CheckoutState, Method, ProcessorKeys, ProcessorKind
from models import AuditEvent, BankDetails, GuardedChange, ProcessorAccount, User
from models.store import Store
from sandbox.mailbox import Mail, Mailbox
from tests.workflows.office import Office
from workflows import guarded, notices, paying

IBAN, OTHER_IBAN = "DE89 3704 0044 0532 0130 00", "GB33 BUKB 2020 1555 5555 55"


@dataclass
class Door:
    """The processor's edge: which keys open which account, and which account knows which payment."""

    names: dict[str, str] = field(default_factory=lambda: {"sk_1": "Larch & Co", "sk_2": "Larch Trading"})
    payments: dict[str, str] = field(default_factory=dict)
    down: OutsideError | None = None

    def open(self, keys: ProcessorKeys) -> Any:
        return _Opened(self, keys.secret)


@dataclass
class _Opened:
    door: Door
    secret: str

    def account(self) -> str:
        if self.door.down is not None:
            raise self.door.down
        if self.secret not in self.door.names:
            raise Misconfigured("Pretend Pay does not accept this key.")
        return self.door.names[self.secret]

    def look_up(self, checkout: str) -> Checkout:
        if self.door.payments.get(checkout) != self.account():
            raise Rejected("There is no such payment.")
        return Checkout(checkout, "", CheckoutState.OPEN, Money(0, "GBP"))


class Firm(Office):
    """Ann and Bea own the practice, Cem works there. The company is live unless told otherwise."""

    def __init__(self, store: Store | None = None, live: bool = True) -> None:
        super().__init__(store)
        self.door, self.mailbox = Door(), Mailbox(self.clock.now)
        kind = ProcessorKind("pay", "Pretend Pay", {Method.CARD: None}, ("Key", "Secret"), self.door.open)
        self.rt = replace(self.rt, processors={"pay": kind}, channel=Smtp("smtp://127.0.0.1:25", self.mailbox.connect))
        self.ann, self.bea, self.cem = (self._person(name) for name in ("Ann", "Bea", "Cem"))
        if live:
            self.change(self.company, live_at=self.clock.now())

    def _person(self, name: str) -> int:
        row = User(
            role="accountant" if name == "Cem" else "owner",
            uid=self.rt.new_id(),
            practice_id=self.company.practice_id,
            name=name,
            password_hash="-",
        )
        row.email, row.created_at = f"{name.lower()}@firm.example", self.clock.now()
        with self.rt.store.write() as session:
            session.add(row)
        return row.id

    def ask_bank(self, iban: str = IBAN, currency: str = "EUR", user_id: int = 0) -> GuardedChange | None:
        given = {"iban": iban}
        return paying.ask_bank_details(
            self.rt, self.company.id, currency, "Larch & Co", "iban", given, user_id or self.ann
        )

    def ask_account(self, secret: str = "sk_1", user_id: int = 0) -> GuardedChange | None:
        keys = ProcessorKeys(secret, "whsec")
        return paying.ask_account(self.rt, self.company.id, "pay", keys, user_id or self.ann)

    def later(self, **wait: float) -> list[Mail]:
        """Time passes; what is due by then happens. The mails that arrived because of it."""
        before = len(self.mailbox.messages())
        self.clock.move(self.clock.now() + timedelta(**wait))
        guarded.take_effect(self.rt)
        notices.send_due(self.rt)
        return self.mailbox.messages()[before:]

    def bank(self) -> list[str]:
        """The numbers that count now."""
        with self.rt.store.read() as session:
            return [one.fields[0][1] for one in paying.bank_details(session, self.company.id)]

    def account_in_use(self) -> str:
        with self.rt.store.read() as session:
            found = paying.accounts(session, self.company.id).get("pay")
        return found.name if found else ""

    def changes(self) -> list[tuple[str, str]]:
        """(state, note) of every change, the oldest first."""
        with self.rt.store.read() as session:
            return [(one.state, one.note) for one in session.scalars(select(GuardedChange).order_by(GuardedChange.id))]

    def all(self, kind: type[BankDetails] | type[ProcessorAccount]) -> list[Any]:
        with self.rt.store.read() as session:
            return list(session.scalars(select(kind).order_by(kind.id)))

    def audited(self) -> list[str]:
        with self.rt.store.read() as session:
            rows = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id))
            return [one for one in rows if one.startswith(("change-", "bank-", "processor-"))]

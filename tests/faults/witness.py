"""Who stands outside and watches: what each ledger said at which moment, what people told us, each message as it comes.

It judges a message at the moment it arrives, by what could be known then; what can be judged at the end is `promises`.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AddressWord, Company, Dispute, Extension, HoldRow, Invoice, Practice, Promise, Touch
from sandbox.mailbox import Mail
from tests.faults.boundaries import Ground, Process
from tests.town import Town, numbers_of
from workflows import door
from workflows.calendars import today_of

LOOK_BACK = timedelta(hours=3)


def is_reminder(mail: Mail) -> bool:
    """Not a thank-you, an answer, or a word to the accountant."""
    return bool(mail.header("X-Dunlin-Invoices")) and mail.header("X-Dunlin-Step") not in ("", "thanks", "answer")


class Witness:
    """`sender` is the process that speaks at the moment; `leapt` are the moments and lengths of calls that hung;
    `moved` are invoices that got another day to count from.
    """

    def __init__(self, town: Town, under: Ground) -> None:
        self.town, self.under = town, under
        self.sender: Process | None = None
        self.wrong: list[str] = []
        self.moved: set[str] = set()
        self.leapt: deque[tuple[datetime, timedelta]] = deque(maxlen=20)
        self._seen: list[tuple[datetime, dict[str, Decimal]]] = []
        self._said: dict[tuple[str, object], int] = {}

    def look(self) -> None:
        """Note what the ledgers say is open now, where it has changed."""
        now = {
            invoice.key: self.town.twin(kind).balance(tenant, invoice.key)
            for kind, tenant in self.town.tenants.items()
            for invoice in self.town.books[kind].invoices
        }
        for kind, tenant in self.town.tenants.items():
            now = {**self._written(kind, tenant), **now}
        if not self._seen or self._seen[-1][1] != now:
            self._seen.append((self.town.now, now))

    def _written(self, kind: str, tenant: str) -> dict[str, Decimal]:
        """What is open of every invoice by its number, those too that Dunlin wrote for lateness."""
        if kind == "xero":
            books = self.town.xero.organisations[tenant].invoices.values()
            return {one.number: one.open for one in books}
        rows = self.town.quickbooks.realms[tenant].rows["Invoice"].values()
        return {row["DocNumber"]: row["Balance"] for row in rows if "DocNumber" in row}

    def told(self, what: str, about: object) -> None:
        """Somebody's word about an invoice (its id), account or address was kept; from its commit on it counts."""
        self._said[what, about] = self.under.commits

    def arrived(self, mail: Mail) -> None:
        """A message is in somebody's mailbox, and nobody can take it back."""
        if not is_reminder(mail) or self.sender is None:
            return
        with self.under.store.read() as session:
            touch = session.scalars(select(Touch).where(Touch.message_id == mail.header("Message-ID"))).first()
            if touch is None or not touch.evidence.get("read_at"):
                self.wrong.append(f"{mail.header('Message-ID')} arrived without a touch that holds its evidence.")
                return
            for number in numbers_of(mail):
                invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
                self._is_owed(touch, invoice, mail)
                for what in self._silences(session, invoice, mail, self.sender.store.last):
                    self.wrong.append(f"{number}: {mail.header('X-Dunlin-Step')} was said in spite of {what}.")

    def _is_owed(self, touch: Touch, invoice: Invoice, mail: Mail) -> None:
        """Owed, and as much as the evidence says, at some moment of the minutes that a reading may be old."""
        recent = (length for at, length in self.leapt if at > self.town.now - LOOK_BACK)
        since = self.town.now - door.FRESH - sum(recent, timedelta(minutes=1))
        within = [open_ for _, open_ in self._during(since)]
        said = {row[0]: row[2] for row in touch.evidence["balances"]}.get(invoice.id, "")
        amounts = [open_[invoice.number] for open_ in within if invoice.number in open_]
        if not any(amount > 0 and str(amount) in said.replace(",", "") for amount in amounts):
            step = mail.header("X-Dunlin-Step")
            self.wrong.append(f"{invoice.number}: {step} said {said or 'nothing'}, in the ledger was {amounts}.")

    def _during(self, since: datetime) -> list[tuple[datetime, dict[str, Decimal]]]:
        before = [one for one in self._seen if one[0] <= since][-1:]
        return before + [one for one in self._seen if one[0] > since]

    def _silences(self, session: Session, invoice: Invoice, mail: Mail, written: int) -> list[str]:
        """Every word that stands now and was kept before the commit `written`, by which the sender says it sends."""
        company = session.get_one(Company, invoice.company_id)
        account = session.get_one(Account, invoice.account_id)
        today = today_of(company, self.town.rt.clock.now())
        mine = Promise.invoices.any(Invoice.id == invoice.id), Promise.state == "open", Promise.until > today
        time = Extension.invoices.any(Invoice.id == invoice.id), Extension.state == "granted", Extension.day >= today
        held = (HoldRow.account_id == account.id) & (HoldRow.state == "open")
        held &= HoldRow.until.is_(None) | (HoldRow.until > today)
        hashes = [self.town.rt.vault.hash_address(one) for one in mail.recipients]
        standing: dict[tuple[str, object], Any] = {
            ("a promise", invoice.id): select(Promise.id).where(*mine),
            ("more time", invoice.id): select(Extension.id).where(*time),
            ("a dispute", invoice.id): select(Dispute.id).where(
                Dispute.invoice_id == invoice.id, Dispute.state == "open"
            ),
            ("a hold", account.id): select(HoldRow.id).where(
                held, HoldRow.invoice_id.is_(None) | (HoldRow.invoice_id == invoice.id)
            ),
            ("a pause", company.id): select(Company.id).where(Company.id == company.id, Company.paused),
            ("a stop of everything", company.practice_id): select(Practice.id).where(
                Practice.id == company.practice_id, Practice.paused
            ),
            ("care", account.id): select(Account.id).where(Account.id == account.id, Account.care),
        }
        for address, hashed in zip(mail.recipients, hashes, strict=True):
            standing["an opt-out", address] = select(AddressWord.id).where(
                AddressWord.company_id == company.id, AddressWord.address_hash == hashed
            )
        known = [key for key in standing if self._said.get(key, written) < written]
        return [what for what, about in known if session.scalars(standing[what, about].limit(1)).first() is not None]

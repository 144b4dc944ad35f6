"""What we know of one account, as tables and message files for an agency: every touch word for word, every answer.

It only reads our own rows and asks nobody. It says nothing of today, so the same rows give the same bytes, and whatever
differs later has changed. Nothing of another customer gets in, nor the notes of holds, which are for our own people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from core.cadence import Channel
from core.facts import InvoiceStatus
from core.money import Money
from models import (
    Account,
    Arrangement,
    Attempt,
    AttemptLine,
    Company,
    Credit,
    Dispute,
    EffectState,
    HoldRow,
    Invoice,
    Payment,
    Promise,
    Task,
    ToldRow,
    Touch,
)
from workflows import archive, billing
from workflows.owed import ON_ITS_WAY, owes
from workflows.runtime import Runtime

Row = TypeVar("Row", Arrangement, Attempt, Dispute, HoldRow, Invoice, Promise, Task, ToldRow, Touch)
Came = TypeVar("Came", Payment, Credit)
When = Callable[[datetime | None], str]
About = Callable[[Iterable[Invoice]], str]
_STATES = {
    EffectState.SENT.value: "sent",
    EffectState.IN_DOUBT.value: "in doubt: the mail server's last answer was lost, so it may not have arrived",
    EffectState.SENDING.value: "on its way when this was written",
    EffectState.REJECTED.value: "refused by the mail server; it did not arrive",
}
_LETTERS = {"posted": "posted by a person", "": "printed; not noted as posted"}


@dataclass(frozen=True, slots=True)
class Books:
    """The account's money rows. `numbers` are by invoice id, `applied` by the ledger's own name of an invoice."""

    account: Account
    company: Company
    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    credits: Sequence[Credit]
    attempts: Sequence[Attempt]
    numbers: Mapping[int, str]

    @property
    def open(self) -> list[Invoice]:
        """What can be handed over, the longest due first."""
        owed = [one for one in self.invoices if owes(one)]
        return sorted(owed, key=lambda one: (one.due or date.max, one.number, one.id))

    @property
    def credit(self) -> list[Money]:
        return [Money(one.remaining_minor, one.currency) for one in self.credits]

    def about(self, applied: Iterable[Sequence[Any]], currency: str) -> str:
        """What a payment or credit was set against, as far as it is this account's."""
        known = {one.external_id: one.number for one in self.invoices}
        return "; ".join(f"{known[id]} {Money(minor, currency).decimal}" for id, minor in applied if id in known)

    def waiting(self) -> Iterator[tuple[Attempt, AttemptLine]]:
        """Payments taken by card that the ledger does not show yet."""
        shown = {one.external_id for one in self.payments} | {one.reference for one in self.payments}
        for attempt in self.attempts:
            for line in attempt.lines:
                if line.state in ON_ITS_WAY and not {line.uid, line.ledger_payment or line.uid} & shown:
                    yield attempt, line


def books(session: Session, account_id: int) -> Books:
    """Invoices, payments and credits of the account and of everyone it gets the bills of; no drafts."""
    account = session.get_one(Account, account_id)
    invoices = [one for one in _own(session, Invoice, account_id) if one.status != InvoiceStatus.DRAFT.value]
    return Books(
        account,
        session.get_one(Company, account.company_id),
        invoices,
        [one for one in _money(session, Payment, account) if one.amount_minor > 0],
        _money(session, Credit, account),
        _own(session, Attempt, account_id, selectinload(Attempt.lines)),
        {one.id: one.number for one in invoices},
    )


def _own(session: Session, kind: type[Row], account_id: int, *options: ORMOption) -> Sequence[Row]:
    return session.scalars(select(kind).where(kind.account_id == account_id).order_by(kind.id).options(*options)).all()


def _money(session: Session, kind: type[Came], account: Account) -> Sequence[Came]:
    """What the ledger still shows of it."""
    theirs = kind.customer.in_(billing.family(account.company_id, [account.external_id]))
    wanted = select(kind).where(kind.company_id == account.company_id, theirs, kind.gone_at.is_(None))
    return session.scalars(wanted.order_by(kind.id)).all()


def files(rt: Runtime, session: Session, found: Books) -> dict[str, bytes]:
    """All tables and messages, by file name."""
    when = partial(moment, company=found.company)
    account_id, about = found.account.id, partial(_about, found.numbers)
    tasks = _own(session, Task, account_id)
    touches = _own(session, Touch, account_id, selectinload(Touch.lines))
    promises = _own(session, Promise, account_id, selectinload(Promise.invoices))
    told = _own(session, ToldRow, account_id, selectinload(ToldRow.invoices))
    plans = _own(session, Arrangement, account_id, selectinload(Arrangement.invoices), selectinload(Arrangement.parts))
    return {
        "contacts.csv": _contacts(found, tasks),
        "invoices.csv": _invoices(found),
        "payments.csv": _payments(found),
        "credits.csv": _credits(found),
        "calls.csv": _calls(tasks, {one.id: one for one in touches}, when),
        "promises.csv": archive.table(
            ("made", "will pay on", "invoices", "state", "settled"),
            ((when(one.made_at), one.day, about(one.invoices), one.state, when(one.settled_at)) for one in promises),
        ),
        "disputes.csv": _disputes(_own(session, Dispute, account_id), found, when),
        "arrangements.csv": _arrangements(plans, about, when),
        "reasons.csv": archive.table(
            ("day", "reason", "invoices", "in their words", "told to", "state", "what was done"),
            ((one.day, one.reason, about(one.invoices), one.text, _whom(one), one.state, one.answer) for one in told),
        ),
        "holds.csv": archive.table(
            ("since", "why", "invoice", "until, that day not included", "state", "ended"),
            (
                (
                    when(one.made_at),
                    one.cause,
                    found.numbers.get(one.invoice_id or 0, ""),
                    one.until,
                    one.state,
                    when(one.ended_at),
                )
                for one in _own(session, HoldRow, account_id)
            ),
        ),
        **_messages(rt, touches, tasks, found.numbers, when),
    }


def moment(value: datetime | None, company: Company) -> str:
    """Date and time on the company's wall clock; "" for none."""
    return f"{value.astimezone(ZoneInfo(company.zone or 'UTC')):%Y-%m-%d %H:%M}" if value else ""


def _about(numbers: Mapping[int, str], invoices: Iterable[Invoice]) -> str:
    return ", ".join(numbers[one.id] for one in sorted(invoices, key=lambda one: one.id) if one.id in numbers)


def _whom(told: ToldRow) -> str:
    return "a person" if told.by_user_id is not None else "the payment page"


def _contacts(found: Books, tasks: Sequence[Task]) -> bytes:
    account = found.account
    rows = [("customer", account.name, "", ""), ("contact", account.contact, "", account.phone)]
    rows += [("gets mail", "", address, "") for address in account.emails]
    rows += [("person", name, address, "") for name, address, _ in account.people]
    known = {address.lower() for _, _, address, _ in rows}
    further = {one.lower() for invoice in found.invoices for one in (*invoice.emails, *invoice.cc)} - known
    rows += [("gets some invoices", "", address, "") for address in sorted(further)]
    rows += [("number given on the phone", "", "", one) for one in dict.fromkeys(t.phone for t in tasks if t.phone)]
    return archive.table(("what", "name", "e-mail", "phone"), [row for row in rows if any(row[1:])])


def _invoices(found: Books) -> bytes:
    head = ("number", "issued", "due", "currency", "total", "open", "status")
    return archive.table(
        head,
        (
            (
                one.number,
                one.issued,
                one.due,
                one.currency,
                one.total.decimal,
                (one.balance if owes(one) else Money.zero(one.currency)).decimal,
                one.status,
            )
            for one in found.invoices
        ),
    )


def _payments(found: Books) -> bytes:
    head = ("received on", "currency", "amount", "reference", "set against", "state")
    rows = [
        (
            one.paid_on,
            one.currency,
            Money(one.amount_minor, one.currency).decimal,
            one.reference,
            found.about(one.applied, one.currency),
            "in the ledger",
        )
        for one in found.payments
    ]
    for attempt, line in found.waiting():
        day = moment(attempt.paid_at, found.company)[:10]
        number = found.numbers.get(line.invoice_id, "")
        state = "paid by card, on its way into the ledger"
        rows.append((day, line.currency, line.amount.decimal, line.uid, number, state))  # type: ignore[arg-type]
    return archive.table(head, rows)


def _credits(found: Books) -> bytes:
    head = ("number", "kind", "issued", "currency", "still open", "set against")
    return archive.table(
        head,
        (
            (
                one.number,
                one.kind,
                one.issued,
                one.currency,
                Money(one.remaining_minor, one.currency).decimal,
                found.about(one.applied, one.currency),
            )
            for one in found.credits
        ),
    )


def _calls(tasks: Sequence[Task], touches: Mapping[int, Touch], when: When) -> bytes:
    """Calls and letters that a person was asked for; a letter's words are among the messages."""
    head = ("asked for", "what", "for the day", "about", "state", "what came of it", "noted", "done")
    return archive.table(
        head,
        (
            (
                when(one.opened_at),
                one.kind,
                one.day,
                touches[one.touch_id].subject,
                one.state,
                one.outcome,
                one.note,
                when(one.done_at),
            )
            for one in tasks
        ),
    )


def _disputes(disputes: Sequence[Dispute], found: Books, when: When) -> bytes:
    head = ("opened", "invoice", "in their words", "answer promised by", "state", "how it ended", "answer", "settled")
    return archive.table(
        head,
        (
            (
                when(one.opened_at),
                found.numbers.get(one.invoice_id, ""),
                one.text,
                one.answer_by,
                one.state,
                one.ending,
                one.resolution,
                when(one.resolved_at),
            )
            for one in disputes
        ),
    )


def _arrangements(plans: Sequence[Arrangement], about: About, when: When) -> bytes:
    head = ("agreed", "invoices", "part", "due", "currency", "amount", "state of all parts", "ended")
    return archive.table(
        head,
        (
            (
                when(plan.made_at),
                about(plan.invoices),
                place,
                part.day,
                part.currency,
                part.amount.decimal,
                plan.state,
                when(plan.ended_at),
            )
            for plan in plans
            for place, part in enumerate(sorted(plan.parts, key=lambda one: one.day), start=1)
        ),
    )


def _messages(
    rt: Runtime, touches: Sequence[Touch], tasks: Sequence[Task], numbers: Mapping[int, str], when: When
) -> dict[str, bytes]:
    """Mails and letters; of a call only the wording for the caller was written, and nobody was sent that."""
    letters = {one.touch_id: one for one in tasks if one.kind == Channel.LETTER.value}
    found: dict[str, bytes] = {}
    for touch in touches:
        if touch.channel == Channel.CALL.value:
            continue
        name = archive.new_name("messages/", f"{touch.day}-{touch.step or 'thanks'}", ".txt", found)
        found[name] = _message(rt, touch, letters.get(touch.id), numbers, when).encode()
    return found


def _message(rt: Runtime, touch: Touch, letter: Task | None, numbers: Mapping[int, str], when: When) -> str:
    """The customer's own way into their payment page is blanked: whoever has it could act for them."""
    state = _STATES.get(touch.state, touch.state)
    if letter is not None:
        state = _LETTERS.get(letter.outcome, "not posted")
    to = "by post" if letter is not None else ", ".join(touch.recipients)
    head = {
        "To": to,
        "Subject": touch.subject,
        "Date": when(touch.sent_at or touch.sending_at),
        "State": state,
        "About": ", ".join(numbers.get(line.invoice_id, "") for line in touch.lines),
    }
    written = "\n".join(f"{name}: {' '.join(value.split())}" for name, value in head.items() if value)
    own_link = re.escape(rt.public_url) + r"/p/[^\s>)]+"
    return f"{written}\n\n{re.sub(own_link, f'{rt.public_url}/p/…', touch.text)}"

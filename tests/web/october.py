"""A company's October for the page Month end: one payment from the card to the bank, and ways to spoil it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from models import (
    Attempt,
    AttemptLine,
    BankFile,
    BankLine,
    BankMatch,
    Company,
    MoneyRules,
    Payment,
    Payout,
    PayoutEntry,
    Posting,
    ProcessorAccount,
    Pulse,
    Reversal,
    Reward,
    UnreadableRow,
    User,
)
from tests.web.edges import HTTPS, NOW
from tests.web.world import World

OCTOBER = datetime(2026, 10, 12, 9, tzinfo=UTC)


class October:
    """Bramley in October: one payment of 100.00 by card for invoice 1100, booked, seen, and paid out less 1.70."""

    def __init__(self, world: World) -> None:
        self.world, self.company = world, world.bramley
        with world.rt.store.read() as session:
            mine = ProcessorAccount.company_id == self.company.id, ProcessorAccount.kind == "stripe"
            self.processor = session.scalars(select(ProcessorAccount).where(*mine)).one()
        self.attempt = self.taken("pi_1", OCTOBER)
        self.line = self.add(
            AttemptLine(
                uid="line_1",
                attempt_id=self.attempt.id,
                invoice_id=world.invoices["1100"].id,
                currency="GBP",
                amount_minor=10_000,
                state="confirmed",
                ledger_payment="p-october",
            )
        )
        paid = {"company_id": self.company.id, "customer": "1", "paid_on": OCTOBER.date(), "currency": "GBP"}
        self.payment = self.add(Payment(external_id="p-october", amount_minor=10_000, **paid))
        self.payout = self.moved(date(2026, 10, 15), 9_830, ("payment", "pi_1", 10_000, 170))
        with world.rt.store.write() as session:
            session.execute(delete(UnreadableRow))
            session.execute(update(ProcessorAccount).values(payouts_read_at=NOW))
            session.execute(update(Attempt).where(Attempt.id == world.booking.attempt_id).values(paid_at=NOW))
            session.add(Pulse(name="reconcile", ran_at=NOW, well_at=NOW))

    def add(self, row: Any) -> Any:
        with self.world.rt.store.write() as session:
            session.add(row)
        return row

    def change(self, row: Any, **values: Any) -> None:
        with self.world.rt.store.write() as session:
            session.execute(update(type(row)).where(type(row).id == row.id).values(**values))

    def taken(self, payment: str, at: datetime) -> Attempt:
        made: Attempt = self.add(
            Attempt(
                uid=payment.replace("pi", "attempt"),
                company_id=self.company.id,
                account_id=self.world.invoices["1100"].account_id,
                processor="stripe",
                processor_account_id=self.processor.id,
                payment_reference=payment,
                state="paid",
                currency="GBP",
                amount_minor=10_000,
                created_at=at,
                paid_at=at,
            )
        )
        return made

    def moved(self, day: date, amount: int, *entries: tuple[str, str, int, int], **more: Any) -> Payout:
        fields = {"state": "paid", "whole": True, "currency": "GBP", "read_at": NOW, **more}
        row: Payout = self.add(
            Payout(
                uid=f"po_{day}",
                company_id=self.company.id,
                processor_account_id=self.processor.id,
                external_id=f"po_{day}",
                amount_minor=amount,
                arrives=day,
                **fields,
            )
        )
        for place, (kind, payment, gross, fee) in enumerate(entries):
            about = {"external_id": f"{day}-{place}", "kind": kind, "payment": payment}
            self.add(PayoutEntry(payout_id=row.id, amount_minor=gross, fee_minor=fee, **about))
        return row

    def statement(self, *lines: tuple[int, int, str], account: str = "GB1", **more: Any) -> list[BankLine]:
        """Lines of October as (day, minor units, state)."""
        with self.world.rt.store.read() as session:
            me = session.scalars(select(User.id)).first()
        about = {"name": "october.csv", "kind": "csv", "digest": account, "lines": len(lines), "known": 0}
        file = self.add(BankFile(uid=account, company_id=self.company.id, user_id=me, brought_at=OCTOBER, **about))
        return [
            self.add(
                BankLine(
                    uid=f"bank_{account}_{day}",
                    company_id=self.company.id,
                    file_id=file.id,
                    account=account,
                    external_id=f"{account}{day}",
                    day=date(2026, 10, day),
                    currency="GBP",
                    amount_minor=minor,
                    payer="Hallam",
                    state=state,
                    **more,
                )
            )
            for day, minor, state in lines
        ]

    def posting(self, **values: Any) -> Posting:
        asked = {"day": OCTOBER.date(), "currency": "GBP", "amount_minor": 200, "asked_at": OCTOBER, **values}
        made: Posting = self.add(
            Posting(
                uid=self.world.rt.new_id(),
                company_id=self.company.id,
                account_id=self.world.invoices["1100"].account_id,
                **asked,
            )
        )
        return made

    def reward(self, posting: Posting, **values: Any) -> Reward:
        invoice = self.world.invoices["1100"]
        given = {"kind": "early", "points": 200, "currency": "GBP", "amount_minor": 200, "state": "granted", **values}
        made: Reward = self.add(
            Reward(
                uid=f"reward_{posting.id}",
                company_id=self.company.id,
                account_id=invoice.account_id,
                invoice_id=invoice.id,
                posting_id=posting.id,
                made_at=OCTOBER,
                settled_at=OCTOBER,
                **given,
            )
        )
        return made


# Looking at its page


def page(client: FlaskClient, company: Company, month: str = "", path: str = "") -> str:
    query = {"month": month} if month else {}
    answer = client.get(f"/companies/{company.uid}/month-end{path}", query_string=query, **HTTPS)
    assert answer.status_code == 200
    return unescape(re.sub(r"[\xa0\u202f]", " ", answer.text))


def heading(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text)
    assert found
    return found[1]


# Ways to spoil it


def payment_gone(one: October) -> None:
    one.change(one.payment, gone_at=NOW)


def payment_changed(one: October) -> None:
    one.change(one.payment, amount_minor=9_000)


def on_the_desk(one: October) -> None:
    one.change(one.line, state="desk", note="The period is closed.")


def back_on_the_desk(one: October) -> None:
    row = Reversal(uid="r", attempt_id=one.attempt.id, external_id="re_1", kind="refund", state="desk")
    row.currency, row.amount_minor, row.made_at = "GBP", 3_000, OCTOBER
    row.note = "30.00 GBP of 100.00 GBP was refunded. Put it right in the ledger, then note it as done."
    one.add(row)


def credit_gone(one: October) -> None:
    invoice = one.world.invoices["1100"]
    seen = {"state": "written", "content": {"seen": "x"}, "written_at": OCTOBER}
    posting = one.posting(kind="credit", external_id="c9", invoice_id=invoice.id, **seen)
    one.reward(posting)
    one.change(invoice, balance_minor=0, status="paid")


def late_posting(one: October) -> None:
    one.posting(kind="expense", state="due")


def fee_on_the_desk(one: October) -> None:
    one.posting(kind="expense", state="desk", note="The account is archived.", amount_minor=170)


def reward_on_the_desk(one: October) -> None:
    one.reward(one.posting(kind="note", state="written"), state="desk", note="It was paid a day late.")


def fee_not_booked(one: October) -> None:
    rules = {"payout_fees": "expense", "payout_expense": "90", "fees_since": date(2026, 10, 1), "changed_at": NOW}
    one.add(MoneyRules(company_id=one.company.id, **rules))


def not_whole(one: October) -> None:
    one.change(one.payout, whole=False)


def failed(one: October) -> None:
    one.change(one.payout, state="failed")


def other_sum(one: October) -> None:
    one.moved(date(2026, 10, 20), 100, ("payment", "pi_1", 100, 0))


def went_back_unknown(one: October) -> None:
    one.moved(date(2026, 10, 20), -10_000, ("refund", "pi_1", -10_000, 0))


def overdue_line(one: October) -> None:
    (line,) = one.statement((12, 51_225, "matched"), holds_until=date(2026, 10, 22))
    invoice = one.world.invoices["1049"]
    one.add(BankMatch(line_id=line.id, invoice_id=invoice.id, currency="GBP", amount_minor=51_225))


def unclear_line(one: October) -> None:
    one.statement((12, 4_200, "unclear"))


def probable_line(one: October) -> None:
    one.statement((12, 4_200, "probable"), holds_until=date(2026, 12, 1))


def payout_without_a_line(one: October) -> None:
    one.moved(date(2026, 10, 20), 4_200)
    one.statement((1, 100, "set-aside"), (15, 9_830, "payout"), (30, 100, "set-aside"))
    with one.world.rt.store.write() as session:
        session.execute(update(BankLine).where(BankLine.state == "payout").values(payout_id=one.payout.id))

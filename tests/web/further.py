"""What else the ledgers of the small world say, and what was asked of them: terms, people, readings, calls."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from integrations.processors.base import ProcessorKeys
from models import (
    Account,
    CallCount,
    CallWindow,
    Company,
    Connection,
    DirtyRow,
    Invoice,
    Posting,
    ProcessorAccount,
    Reading,
    Sender,
    Term,
)
from models import UnreadableRow as Row
from workflows import ways

if TYPE_CHECKING:
    from tests.web.world import World

RAW = b'{"Id":"77","TotalAmt":1.10,"Line":[{"Description":"<script>alert(1)</script>"}],"DueDate":null}'


def fill(world: World) -> None:
    """Add it all; `world.posting` waits at the desk, `world.row` could not be read."""
    _books(world)
    _readings(world)
    _payments(world)
    _mailbox(world, world.bramley, "accounts@bramley.example", "proved")
    _mailbox(world, world.kauri, "hello@kauri.example", "unproved")
    world.posting = world._add(_posting(world, "due-date", "desk", note="Xero does not let anybody change a paid one."))
    world._add(_posting(world, "note", "written", content={"text": "They moved.", "seen": "x"}))
    world.row = world._add(
        Row(
            uid=world.rt.new_id(),
            company_id=world.bramley.id,
            entity="invoice",
            external_id="77",
            reason="Its due date is no date.",
            raw_sealed=world.rt.vault.seal(RAW),
            seen_at=world.rt.clock.now(),
        )
    )


def _payments(world: World) -> None:
    """Bramley takes cards, and debits in euros."""
    world._add(
        ProcessorAccount(
            uid=world.rt.new_id(),
            company_id=world.bramley.id,
            kind="stripe",
            name="Bramley Joinery",
            keys_sealed=ways.sealed(world.rt, ProcessorKeys("sk_1", "whsec_1")),
            state="in-use",
            in_use_since=world.rt.clock.now(),
        )
    )


def _books(world: World) -> None:
    term = {"rule": "after-issue", "days": 30, "discount_days": 10, "discount_points": 250}
    world._add(Term(company_id=world.bramley.id, external_id="3", name="2.5 % 10, net 30", **term))
    with world.rt.store.write() as session:
        alder = session.get_one(Account, world.accounts["Alder & Ash Kitchens"].id)
        alder.people = [["Robin Alder", "robin@alder.example", True], ["Kim Ash", "", False]]
        alder.phone, alder.term = "020 7946 0018", "3"
        late = session.get_one(Invoice, world.invoices["1042"].id)
        late.mailed, late.expected, late.term, late.cc = True, date(2026, 11, 25), "3", ["files@alder.example"]
        bramley = session.get_one(Company, world.bramley.id)
        bramley.own_reminders, bramley.locked_until, bramley.income_choice = True, date(2026, 9, 30), "80"
        bramley.next_sync_at = world.rt.clock.now() + timedelta(hours=3)
        tide = session.get_one(Company, world.tide.id)
        tide.sync_rows, tide.sync_total = 12_000, 40_000


def _readings(world: World) -> None:
    now, company = world.rt.clock.now(), world.bramley.id
    rows = (("whole", 90, 41_210, 0), ("sweep", 7, 380, 2), ("changes", 3, 12, 0), ("door", 1, 4, 0))
    for kind, hours, count, missed in rows:
        began = now - timedelta(hours=hours)
        ended = began + timedelta(minutes=2) if kind != "changes" else None
        world._add(Reading(company_id=company, kind=kind, began_at=began, ended_at=ended, rows=count, missed=missed))
    for days, purpose, calls, metered in ((0, "changes", 4, 4), (0, "look", 3, 3), (2, "snapshot", 212, 212)):
        day = (now - timedelta(days=days)).date()
        world._add(
            CallCount(company_id=company, day=day, purpose=purpose, calls=calls, metered=metered, bytes=calls * 40_000)
        )
    with world.rt.store.read() as session:
        scope = session.scalars(select(Connection.uid).where(Connection.company_id == company)).one()
    ends = now + timedelta(seconds=30)
    world._add(CallWindow(kind="quickbooks", scope=scope, name="minute", ends_at=ends, calls=500, room=9))
    world._add(DirtyRow(company_id=company, entity="payment", external_id="p9", marked_at=now - timedelta(minutes=5)))


def _mailbox(world: World, company: Company, address: str, state: str) -> None:
    """A mailbox of the company's own; a proved one is shut out just now and its domain half set up."""
    rt, proved = world.rt, state == "proved"
    findings = [
        ("SPF", "right", "Microsoft 365 may send for bramley.example.", "", "v=spf1 include:spf.example -all"),
        ("DKIM", "unknown", "It could not be checked: the DNS gave no answer.", "Check again in a few minutes.", ""),
        ("DMARC", "missing", "bramley.example does not say what to do with forgeries.", "Add a TXT record.", ""),
    ]
    world._add(
        Sender(
            uid=rt.new_id(),
            company_id=company.id,
            kind="smtp",
            address=address,
            host="smtp.office365.com",
            port=587,
            wrapped=False,
            user=address,
            password_sealed=rt.vault.seal(b"heron"),
            mailbox=rt.new_id(),
            state=state,
            in_use_since=rt.clock.now() - timedelta(days=9) if proved else None,
            trouble="The mail server does not accept our user name and password." if proved else "",
            trouble_at=rt.clock.now() if proved else None,
            code_sealed=None if proved else rt.vault.seal(b"123456"),
            code_sent_at=None if proved else rt.clock.now() - timedelta(minutes=2),
            per_minute=30,
            per_day=10_000,
            findings=[dict(zip(("about", "state", "says", "do", "evidence"), one, strict=True)) for one in findings],
            checked_at=rt.clock.now() - timedelta(hours=2),
            created_at=rt.clock.now() - timedelta(days=9),
        )
    )


def _posting(world: World, kind: str, state: str, **more: Any) -> Posting:
    rt, invoice = world.rt, world.invoices["INV-020"]
    asked = {"asked_at": rt.clock.now() - timedelta(hours=1), "day": date(2026, 12, 20), "content": {}, **more}
    whose = {"company_id": invoice.company_id, "account_id": invoice.account_id, "invoice_id": invoice.id}
    return Posting(uid=rt.new_id(), kind=kind, state=state, **whose, **asked)

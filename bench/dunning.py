"""`python -m bench dunning`: from a book of overdue invoices to messages on a mail server, beside Tryton's dunning with
its e-mails (GPL-3, a program and environment of its own) and a floor that reads the rows and sends the bytes.

Unlike things: Tryton's books stand in its own database, and each receivable gets a mail of its own without another
look; ours asks a ledger what is still owed before every message, says one for all that an account owes and keeps
what was said. Processor time of whoever plans and sends; the mail server and the pretend ledger are not in it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select

from bench import environments, perform
from bench.children import Failed
from bench.perform import Round
from core.capacity import Load
from integrations.channels.smtp import Smtp
from models import TouchInvoice
from sandbox.books import Company as Books
from sandbox.mailbox import Mailbox
from tests.town import MONDAY
from workflows import clock, dispatcher, planner, sync

PARTIES, EACH = 400, 5
LATE = 45  # every invoice is 1 to so many days late, by turns
LONGEST = 1800  # seconds
_SETTINGS = "[database]\nuri = sqlite://\npath = {folder}\n[email]\nuri = {smtp}\nfrom = books@firm.example\n"


@dataclass(frozen=True, slots=True)
class Took:
    """So many overdue invoices were spoken of in so many messages; seconds of processor."""

    invoices: int
    messages: int
    planning: float
    sending: float

    @property
    def rate(self) -> float:
        """Invoices a second."""
        return self.invoices / (self.planning + self.sending)


class Overdue(Round):
    """One company, all of whose invoices are late."""

    def _books(self, kind: str, number: int) -> Books:
        books, accounts = super()._books(kind, number), self.load.accounts
        each = self.load.invoices // accounts
        for place, one in enumerate(books.invoices):
            due = MONDAY.date() - timedelta(days=1 + (place % accounts * each + place // accounts) % LATE)
            books.invoices[place] = replace(one, due=due, issued=due - timedelta(days=30))
        return books

    def plan(self) -> None:
        while planner.plan_due(self.rt):
            pass

    def seconds(self, act: Callable[[], object]) -> float:
        """Of this thread's processor, without what the pretend ledger took."""
        began, outside = self.processor(), self.outside
        act()
        return self.processor() - began - (self.outside - outside)


def ours(sink: Mailbox, parties: int, each: int) -> Took:
    """Up to the first round in which anything leaves."""
    town = Overdue(Load(companies=1, accounts=parties, invoices=parties * each, changes=0, xero_share=0.0))
    planning = sending = 0.0
    try:
        town.set_up()
        town.rt = replace(town.rt, channel=Smtp(sink.url))
        while not sink.messages():
            town.clock.move(max(clock.next_moment(town.rt) or town.now, town.now))
            sync.sync_due(town.rt)
            planning += town.seconds(town.plan)
            sending = town.seconds(lambda: dispatcher.perform_due(town.rt))
        with town.rt.store.read() as session:
            spoken = session.scalar(select(func.count(TouchInvoice.invoice_id.distinct()))) or 0
        return Took(spoken, len(sink.messages()), planning, sending)
    finally:
        town.close()


def peer(sink: Mailbox, folder: Path, parties: int, each: int) -> Took:
    """Tryton: *create dunnings*, then *process* all of them. Failed when it cannot be had or breaks off."""
    interpreter, before = environments.python(environments.DUNNING), len(sink.messages())
    settings, password, database = folder / "trytond.conf", folder / "password", folder / "dunning.sqlite"
    settings.write_text(_SETTINGS.format(folder=folder, smtp=sink.url))
    password.write_text(f"{uuid4()}\n")
    database.touch()
    script = Path(__file__).with_name("tryton_side.py")
    words = [interpreter, script, settings, interpreter.with_name("trytond-admin"), database.stem, parties, each]
    given = {**os.environ, "TRYTONPASSFILE": str(password)}
    done = subprocess.run(
        [str(one) for one in words], env=given, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    if done.returncode:
        raise Failed(f"Tryton broke off: {done.stderr.strip().splitlines()[-1]}")
    return told(done.stdout, len(sink.messages()) - before)


def told(output: str, messages: int) -> Took:
    """What `tryton_side` printed last."""
    said = json.loads(output.strip().splitlines()[-1])
    return Took(said["dunnings"], messages, said["generate"]["processor"], said["process"]["processor"])


def floor(sink: Mailbox, folder: Path, mine: Took) -> Took:
    """The invoices read, a row written for each, and our messages' bytes sent down a bare socket."""
    mails = sink.messages()[: mine.messages]
    with closing(sqlite3.connect(folder / "floor.sqlite")) as rows:
        rows.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, account INTEGER, due TEXT, balance INTEGER)")
        rows.execute("CREATE TABLE said (invoice INTEGER, at TEXT)")
        rows.executemany("INSERT INTO invoice VALUES (?, 1, '2026-01-01', 100)", [(n,) for n in range(mine.invoices)])
        rows.commit()
        began = time.thread_time()
        owed = rows.execute("SELECT id, account, due, balance FROM invoice WHERE balance > 0 ORDER BY due").fetchall()
        rows.executemany("INSERT INTO said VALUES (?, ?)", [(one[0], one[2]) for one in owed])
        rows.commit()
        read = time.thread_time()
        perform.floor(sink, mails)
        return Took(len(owed), len(mails), read - began, time.thread_time() - read)


def main(parties: int = PARTIES, each: int = EACH) -> None:
    sink = Mailbox(lambda: datetime.now(UTC)).start()
    try:
        with tempfile.TemporaryDirectory(prefix="dunlin-bench-") as name:
            folder = Path(name)
            mine = ours(sink, parties, each)
            found = {"ours": mine, "floor": floor(sink, folder, mine), "Tryton": peer(sink, folder, parties, each)}
    finally:
        sink.stop()
    print(f"dunning: {parties:,} customers with {each} overdue invoices each")
    for name, one in found.items():
        print(
            f"  {name:<8}{one.invoices:>7,} invoices in {one.messages:>6,} messages: planned in {one.planning:.2f} s, "
            f"sent in {one.sending:.2f} s of processor: {one.rate:,.0f} invoices a second, "
            f"{1e3 * one.sending / one.messages:.2f} ms a message; {one.rate / mine.rate:.2f} of ours"
        )


if __name__ == "__main__":
    main()

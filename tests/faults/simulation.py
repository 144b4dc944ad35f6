"""One seeded run of the whole system in a hostile world, and the promises that must hold afterwards.

A kill is a BaseException at a boundary: before or after a commit, a request, a word of SMTP. After it everything but
the database file and the pretend world is thrown away and Dunlin starts anew.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from integrations.channels.smtp import Smtp
from integrations.errors import BadSignature
from models import AttemptLine, Company, Connection, Grant, Invoice, Posting, Reversal
from models.store import Store, migrate
from sandbox.books import Webhook
from sandbox.processors import Declined
from tests.faults import spending
from tests.faults.promises import Outcome, check
from tests.town import MONDAY, Town, numbers_of
from workflows import clock, effects
from workflows.errors import Refusal
from workflows.pending import UNSEEN

DAYS = 12
CALM = timedelta(minutes=6)  # a reading at the door may be five minutes old; the world changes no faster here


class Killed(BaseException):
    """The process is gone."""


class KillableStore(Store):
    """A store whose process may die just before or just after a commit."""

    boundary: Callable[[str], None] = staticmethod(lambda _where: None)

    def __init__(self, url: str, dead: KillableStore | None = None) -> None:
        """Where a process has died its statements stay compiled: the next would make the same ones anew, slowly."""
        super().__init__(url)
        if dead is not None:
            self.engine, self._reading = dead.engine, dead._reading

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
            self.boundary("before commit")
        self.boundary("after commit")


@lru_cache(maxsize=1)
def _empty_database() -> bytes:
    """The tables, made once: migrating anew in each run would be most of its time."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/empty.db")
        migrate(store)
        store.close()
        return Path(folder, "empty.db").read_bytes()


class Simulation:
    """One run. `chance` decides everything that is not decided by the code under test."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance, self.outcome = Random(f"faults/{seed}"), Outcome(seed)
        self.path = folder / "dunlin.db"
        self.path.write_bytes(_empty_database())
        self.town = Town(f"sqlite:///{self.path}", seed=seed)
        self.armed = False
        self.store: KillableStore | None = None
        self.late: list[Webhook] = []
        self.balances: list[tuple[str, str]] = []
        self.town.network.before = lambda _method, _url: self._boundary("before request")
        self.town.network.after = lambda _method, _url: self._boundary("after request")
        self.town.mailbox.on_message = self._note_balance
        self._people()

    # The world

    def _people(self) -> None:
        for kind, letter in (("quickbooks", "Q"), ("xero", "X")):
            for place in range(3):
                self.town.customer(kind, f"{letter}{place}".lower())
            for number in range(1, 6):
                due = MONDAY.date() + timedelta(days=self.chance.randint(-20, 15))
                customer = f"{letter}{self.chance.randrange(3)}".lower()
                self.town.open(kind, f"{letter}-{number}", customer, due, f"{self.chance.randint(20, 900)}.50")
        self.numbers = [one.key for books in self.town.books.values() for one in books.invoices]

    def _note_balance(self, mail: Any) -> None:
        if mail.header("X-Dunlin-Step") == "thanks":
            return
        for number in numbers_of(mail):
            kind = "quickbooks" if number.startswith("Q") else "xero"
            if self.town.twin(kind).balance(self.town.tenants[kind], number) <= 0:
                self.balances.append((number, mail.header("X-Dunlin-Step")))

    # Dying and starting anew

    def _boundary(self, where: str, likely: float = 0.003) -> None:
        if self.armed and self.chance.random() < likely:
            self.outcome.kills += 1
            raise Killed(where)

    def _start(self) -> None:
        self.store = KillableStore(self.town.database, dead=self.store)
        self.store.boundary = self._boundary  # type: ignore[method-assign]
        self.town.start(self.store)
        line = self.town.mailbox.connect
        self.town.rt = replace(self.town.rt, channel=Smtp(self.town.settings.smtp_url, lambda: _Line(line(), self)))

    def _alive(self, act: Callable[[], object]) -> None:
        """Do it; when the process dies of it, start another. The dead one's leases run out as time passes."""
        try:
            act()
        except Killed:
            self.town.rt.store.close()
            self._start()
        except (Refusal, Declined):
            pass

    # One run

    def run(self) -> Outcome:
        self.town.begin(store=Store(self.town.database))
        with self.town.rt.store.write() as session:
            session.execute(update(Company).values(part_payments=True))
        self.town.rt.store.close()
        self._start()
        end = MONDAY + timedelta(days=DAYS)
        self.armed = True
        while self.town.now < end:
            self._something_happens()
            self._time_passes()
            self._alive(lambda: clock.tick(self.town.rt))
        self.armed = False
        self._calm_down()
        check(self.town, self.outcome, self.balances)
        self.town.close()
        return self.outcome

    def _time_passes(self) -> None:
        upcoming = clock.next_moment(self.town.rt)
        step = self.chance.choice((CALM, timedelta(hours=4), timedelta(hours=11)))
        soonest = self.town.now + CALM
        self.town.clock.move(max(soonest, min(upcoming or soonest + step, self.town.now + step)))

    def _something_happens(self) -> None:
        events: list[tuple[float, Callable[[], object]]] = [
            (0.25, self._fault),
            (0.20, lambda: spending.pay(self.town, self.chance, self.numbers)),
            (0.08, lambda: spending.debit(self.town, self.chance, self.numbers)),
            (0.06, lambda: spending.goes_back(self.town, self.chance)),
            (0.10, self._transfer),
            (0.08, self._promise),
            (0.03, self._dispute),
            (0.03, self._void),
            (0.50, self._webhooks),
        ]
        for likely, event in events:
            if self.chance.random() < likely:
                self._alive(event)

    def _fault(self) -> None:
        """Something outside goes wrong once."""
        self.outcome.faults += 1
        town, chance = self.town, self.chance
        what = chance.randrange(4)
        if what == 0:
            town.mailbox.plan_fault(
                chance.choice(("busy", "drop", "busy-after-data", "drop-after-data", "refuse-after-data"))
            )
        elif what == 1:
            town.quickbooks.plan_fault(*chance.choice((("query", "503"), ("cdc", "429"), ("payment", "drop"))))
        elif what == 2:
            town.xero.plan_fault(
                *chance.choice((("Invoices", "503"), ("Invoices", "429-minute"), ("Payments", "drop")))
            )
        else:
            twin = chance.choice((town.stripe, town.gocardless))
            twin.plan_fault(
                "sessions" if twin is town.stripe else "", chance.choice(("503", "lost", "drop", "html", "429"))
            )

    def _number(self) -> str:
        return self.chance.choice(self.numbers)

    def _transfer(self) -> None:
        number = self._number()
        kind = "quickbooks" if number.startswith("Q") else "xero"
        balance = self.town.twin(kind).balance(self.town.tenants[kind], number)
        pending = any(number in one for one in self._pending())
        if balance > 0 and not pending:
            self.town.transfer(kind, number, str(balance))

    def _pending(self) -> list[str]:
        """Invoices on an open payment page or paid there: nobody also sends a transfer for those."""
        with self.town.rt.store.read() as session:
            return list(
                session.scalars(
                    select(Invoice.number)
                    .join(AttemptLine, AttemptLine.invoice_id == Invoice.id)
                    .where(AttemptLine.state.not_in(("void", "confirmed")))
                )
            )

    def _promise(self) -> None:
        self.town.promise(self._number(), self._today() + timedelta(days=self.chance.randint(0, 12)))

    def _dispute(self) -> None:
        self.town.dispute(self._number())

    def _void(self) -> None:
        number = self._number()
        kind = "quickbooks" if number.startswith("Q") else "xero"
        twin, tenant = self.town.twin(kind), self.town.tenants[kind]
        untouched = twin.balance(tenant, number) == next(
            one.amount for one in self.town.books[kind].invoices if one.key == number
        )
        if untouched and number not in self._pending():
            twin.void(tenant, number)

    def _today(self) -> date:
        return self.town.now.date()

    def _webhooks(self) -> None:
        """Deliveries arrive late, twice and out of order."""
        town = self.town
        twins = (town.quickbooks, town.xero, town.stripe, town.gocardless)
        self.late += [hook for twin in twins for hook in twin.webhooks()]
        self.chance.shuffle(self.late)
        while self.late and self.chance.random() < 0.8:
            self._deliver(self.late.pop())

    def _deliver(self, hook: Webhook) -> None:
        try:
            for _ in range(self.chance.choice((1, 1, 2))):
                self.town.deliver(hook)
        except Killed:
            self.late.append(hook)  # no answer: the vendor sends it again
            raise
        except BadSignature:
            self.outcome.broken.append(f"A {hook.kind} webhook was taken for a forgery.")

    def _calm_down(self) -> None:
        """No more faults: leases run out, what was left is taken up, everything is read once more."""
        town = self.town
        for kind in town.tenants:
            self._reconnect(kind)
        for _ in range(6):
            town.clock.move(town.now + effects.LEASE + timedelta(minutes=10))
            for hook in self.late:
                self._deliver(hook)
            self.late = []
            town.settle()
        for _ in range(60):  # faults still waiting are used up, and whoever was asked to come back comes back
            town.clock.move(town.now + timedelta(minutes=62))
            town.settle()
            if not self._still_failing():
                break
        for _ in range(40):  # the banks move what is on its way, and the ledger is read after each booking
            town.clock.move(town.now + timedelta(hours=7))
            town.settle()
            if not self._on_its_way():
                break

    def _on_its_way(self) -> bool:
        with self.town.rt.store.read() as session:
            moving = (
                select(AttemptLine.id).where(AttemptLine.state.in_(("coming", "taken", "booked"))),
                select(Reversal.id).where(Reversal.state == "due"),
                select(Posting.id).where((Posting.state == "due") | ((Posting.state == "written") & UNSEEN)),
            )
            return any(session.scalars(one.limit(1)).first() is not None for one in moving)

    def _still_failing(self) -> bool:
        with self.town.rt.store.read() as session:
            return session.scalars(select(Company.id).where(Company.sync_state != "idle")).first() is not None

    def _reconnect(self, kind: str) -> None:
        """A renewed token lost with a dying process, and noticed too late: the accountant connects again."""
        with self.town.rt.store.read() as session:
            state = session.scalars(select(Connection.state).join(Grant).where(Grant.kind == kind)).one()
        if state != "active":
            self.outcome.reconnected += 1
            self.town.connect(kind)


class _Line:
    """An SMTP connection whose process may die at every word."""

    def __init__(self, line: Any, run: Simulation) -> None:
        self._line, self._run = line, run

    def __getattr__(self, name: str) -> Any:
        word = getattr(self._line, name)
        if name not in ("mail", "rcpt", "data"):
            return word

        def said(*args: Any, **more: Any) -> Any:
            self._run._boundary(f"before {name}", 0.05)
            answer = word(*args, **more)
            self._run._boundary(f"after {name}", 0.05)
            return answer

        return said


def simulate(seed: int) -> Outcome:
    """One run in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="dunlin-faults-"))
    try:
        return Simulation(seed, folder).run()
    finally:
        shutil.rmtree(folder)

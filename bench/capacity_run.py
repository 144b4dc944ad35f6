"""One simulated working day of many companies in one process, counted: calls by purpose and hour, jobs, messages,
bytes, processor time without what the pretend ledgers took.

Every company has the same small book in QuickBooks or Xero, all of one time zone, so that their rounds fall together.
It predicts nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from sqlalchemy import func, select, text, update

from core.capacity import Load
from models import Account, Company, Invoice, Reading, Touch
from sandbox.books import BookCustomer, BookInvoice, BookPayment
from sandbox.books import Company as Books
from sandbox.wires import WSGIApp
from tests.databases import IN_MEMORY
from tests.town import MONDAY, SHOPS, Town
from workflows import clock, connecting, library

ZONE = "America/New_York"
PORTIONS = 24  # changes come once an hour, so that a thousand companies' day is not all ticks


@dataclass(slots=True)
class Day:
    """What one company-day of `load` cost: `calls` by purpose, `busiest` the calls of the busiest hour."""

    load: Load
    calls: Counter[str] = field(default_factory=Counter)
    by_hour: Counter[int] = field(default_factory=Counter)
    jobs: int = 0
    messages: int = 0
    said: int = 0  # since the beginning
    seconds: float = 0.0
    bytes: int = 0

    @property
    def busiest(self) -> int:
        return max(self.by_hour.values(), default=0)


class Many(Town):
    """A town with as many companies as asked for. The pretend ledgers' own processor time is kept apart."""

    processor = staticmethod(time.process_time)

    def __init__(self, load: Load, url: str = IN_MEMORY) -> None:
        super().__init__(url)
        self.load, self.chance, self.outside, self.number = load, Random("capacity/1"), 0.0, 0
        self.open_keys: list[tuple[str, str, str]] = []
        for twin in (self.quickbooks, self.xero):
            self.network.route(f"{twin.kind}.test", self._timed(twin.app))
        self.shares = {"xero": round(load.companies * load.xero_share)}
        self.shares["quickbooks"] = load.companies - self.shares["xero"]

    def _timed(self, app: WSGIApp) -> WSGIApp:
        def asked(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
            began = self.processor()
            answer: Iterable[bytes] = list(app(environ, start))
            self.outside += self.processor() - began
            return iter(answer)

        return asked

    def set_up(self) -> None:
        """Connect everybody and read every book."""
        kinds = [kind for kind, many in self.shares.items() if many]
        self.begin(kinds=(), live=False)
        for kind in kinds:
            realms = [self.twin(kind).add_company(self._books(kind, number)) for number in range(self.shares[kind])]
            for number, realm in enumerate(realms if kind == "quickbooks" else realms[:1], 1):
                self._consent(kind, realm)
                if not number % 100:  # nobody connects five hundred companies in one minute
                    self.clock.move(self.now + timedelta(minutes=1))
        self.settle()
        with self.rt.store.write() as session:
            version = library.shipped_version(self.rt, session, self.practice_id, "default")
            ready = {"zone": ZONE, "deposit_account": "1", "email": "books@firm.example", "draft_days": 0}
            session.execute(update(Company).values(ready | {"cadence_version_id": version.id, "live_at": self.now}))
            session.execute(update(Account).values(wake_at=self.now))

    def _books(self, kind: str, number: int) -> Books:
        about, today = SHOPS[kind], MONDAY.date()
        books = Books(replace(about, key=f"{kind}-{number}", name=f"Firm {kind} {number}", zone=ZONE))
        for one in range(self.load.accounts):
            key = f"c{number}-{one}"
            books.customers.append(BookCustomer(key, key.title(), key.title(), (f"{key}@customers.example",)))
        for one in range(self.load.invoices):
            due, key = today + timedelta(days=self.chance.randint(-45, 45)), f"I{number}-{one}"
            customer = f"c{number}-{one % self.load.accounts}"
            issued = due - timedelta(days=30)
            books.invoices.append(BookInvoice(key, customer, issued, due, Decimal(100), about.currency))
        return books

    def _consent(self, kind: str, realm: str) -> None:
        """As `connect`, but without a page that lists a thousand companies a thousand times."""
        if kind == "xero":
            self.connect(kind)
            return
        begun = connecting.begin(self.rt, kind)
        http = requests.Session()
        for prefix in ("http://", "https://"):
            http.mount(prefix, self.network.adapter())
        answer = http.post(begun.url, {"realm": realm, "decision": "allow"}, allow_redirects=False, timeout=5)
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        connecting.finish(self.rt, self.practice_id, kind, query, begun.verifier)

    def size(self) -> int:
        with self.rt.store.read() as session:
            pages, each = (session.scalar(text(f"PRAGMA {name}")) for name in ("page_count", "page_size"))
        return int(pages or 0) * int(each or 0)

    def day(self, counted: Day) -> None:
        """Live a day and a night; whatever becomes due is counted in the hour in which it was."""
        end, before, rows = self.now + timedelta(days=1), Counter(self.calls), self._rows()
        began, outside = self.processor(), self.outside
        changes_at = [self.now + timedelta(minutes=1440 * (n + 0.5) / PORTIONS) for n in range(PORTIONS)]
        while self.now < end:
            upcoming = clock.next_moment(self.rt) or end
            moment = min(end, max(upcoming, self.now + timedelta(seconds=30)), *changes_at[:1])
            self.clock.move(moment)
            if changes_at and changes_at[0] <= moment:
                changes_at.pop(0)
                self._change(PORTIONS - len(changes_at))
            sofar = sum(self.calls.values())
            self.carry()
            clock.settle(self.rt)
            counted.by_hour[moment.hour] += sum(self.calls.values()) - sofar
        for (_, purpose), number in (self.calls - before).items():
            counted.calls[purpose] += number
        counted.jobs, counted.messages = (late - early for late, early in zip(self._rows(), rows, strict=True))
        counted.said = self._rows()[1]
        counted.seconds = self.processor() - began - (self.outside - outside)

    def _rows(self) -> tuple[int, int]:
        with self.rt.store.read() as session:
            return tuple(session.scalar(select(func.count()).select_from(one)) or 0 for one in (Reading, Touch))  # type: ignore[return-value]

    def _change(self, portion: int) -> None:
        """Half new invoices, half payments, spread over all companies. The pretend side is not counted as ours."""
        began, every = self.processor(), self.load.companies * self.load.changes
        due_now = every * portion // PORTIONS - every * (portion - 1) // PORTIONS
        ties = [(kind, n, realm) for kind in self.shares for n, realm in enumerate(self._realms(kind))]
        for _ in range(due_now):
            kind, place, tenant = ties[self.number % len(ties)]
            self.number += 1
            about, today = SHOPS[kind], self.now.date()
            key = f"I{place}-{self.number // (2 * len(ties))}"
            if (self.number // len(ties)) % 2 and self.twin(kind).balance(tenant, key) > 0:
                self.twin(kind).receive(tenant, BookPayment(key, Decimal(100), today, "bank"))
                continue
            customer = f"c{place}-{self.chance.randrange(self.load.accounts)}"
            new, due = f"N{place}-{self.number}", today + timedelta(days=30)
            self.twin(kind).add_invoice(tenant, BookInvoice(new, customer, today, due, Decimal(100), about.currency))
        self.outside += self.processor() - began

    def _realms(self, kind: str) -> list[str]:
        return list(self.quickbooks.realms if kind == "quickbooks" else self.xero.organisations)


def measure(load: Load) -> Day:
    """A first day in which the backlog is begun, then one that is counted."""
    many, counted = Many(load), Day(load)
    try:
        many.set_up()
        with many.rt.store.read() as session:
            read = session.scalar(select(func.count()).select_from(Invoice))
        if read != load.companies * load.invoices:
            raise RuntimeError(f"{read} invoices were read where {load.companies * load.invoices} stand in the books")
        many.day(Day(load))
        many.day(counted)
        counted.bytes = many.size()
    finally:
        many.close()
    return counted

"""Years in small: bookkeepers work in both ledgers for many days while calls fail at every turn; then mirror = ledger.

Everything that changes what is owed happens; every request may be lost, answered late, refused, or done without an
answer; webhooks come twice, backwards, beside forged ones, or never. What is judged is the twins' own books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from core.facts import InvoiceStatus
from integrations.errors import BadSignature
from models import Account, Credit, Invoice, Payment
from sandbox.books import BookCustomer, BookInvoice, BookPayment
from sandbox.quickbooks.faults import Fault
from sandbox.wires import Lost, Slow
from tests.town import Town
from workflows import billing, clock, ties
from workflows.errors import Refusal

KINDS = ("quickbooks", "xero")
FAULTS = ("drop", "lost", "429", "429-bare", "503", "500", "401")


@dataclass
class Hauled:
    """What happened, and every difference between mirror and ledger in words."""

    happened: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    differences: list[str] = field(default_factory=list)


class Haul:
    """`likely` is the chance of each single call to go wrong."""

    def __init__(self, seed: int, days: int, likely: float = 0.15, customers: int = 8) -> None:
        self.chance, self.days, self.likely = Random(f"haul/{seed}"), days, likely
        self.town = Town(seed=seed)
        self.hauled, self.number, self.armed = Hauled(), 0, False
        self.customers: dict[str, list[str]] = {kind: [f"{kind[0]}{at}" for at in range(customers)] for kind in KINDS}
        self.invoices: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.owners: dict[str, str] = {}
        for kind in KINDS:
            for key in self.customers[kind]:
                self.town.customer(kind, key)
        self.town.network.before = lambda _method, _url: self._wire(before=True)
        self.town.network.after = lambda _method, _url: self._wire(before=False)

    def run(self) -> Hauled:
        self.town.begin()
        for _ in range(self.days):
            self._a_day()
        self._calm_down()
        for kind in KINDS:
            self.hauled.differences += _differences(self.town, kind, self.invoices[kind], self.customers[kind])
        self.town.close()
        return self.hauled

    # What goes wrong

    def _wire(self, *, before: bool) -> None:
        if self.armed and self.chance.random() < self.likely / 2:
            self.hauled.faults += 1
            raise (Lost if self.chance.random() < 0.5 else Slow)("on the wire, " + ("before" if before else "after"))

    def _fault(self) -> None:
        kind = self.chance.choice(KINDS)
        path = {"quickbooks": "/v3/company", "xero": "/api.xro"}[kind]
        fault = self.chance.choice(FAULTS)
        # A fresh token that is refused as well means that a person must connect again; so it is not refused for long.
        lasting = 0 if fault == "401" else self.chance.choice((20, 300, 3600))
        self.town.twin(kind).plan_fault(path, fault, 1, lasting)
        self.hauled.faults += 1

    def _deliver(self) -> None:
        """A tenth of what vendors announce never arrives; forged deliveries are turned away."""
        how = self.chance.choice(("", "twice", "backwards", "unsigned"))
        for kind in KINDS:
            for hook in self.town.twin(kind).webhooks(how):
                if self.chance.random() < 0.1:
                    continue
                try:
                    self.town.deliver(hook)
                except BadSignature:
                    assert how == "unsigned"

    def _reconnect(self) -> None:
        """The accountant sees on the desk that a permission is gone, and gives it again."""
        for kind in KINDS:
            company = self.town.company(kind)
            with self.town.rt.store.read() as session:
                tie = ties.standing(session, company.id)
            if tie is None or tie.state != "active":
                with suppress(Refusal):  # it goes wrong as well; there is another day
                    self.town.connect(kind)

    # What people do

    def _a_day(self) -> None:
        end = self.town.now + timedelta(days=1)
        self._reconnect()
        for _ in range(self.chance.randint(3, 8)):
            self._somebody_books(self.chance.choice(KINDS))
        while self.town.now < end:
            self.armed = True
            if self.chance.random() < 0.3:
                self._fault()
            self._deliver()
            clock.tick(self.town.rt)
            self.armed = False
            if self.chance.random() < 0.3:
                self._somebody_books(self.chance.choice(KINDS))
            soonest = self.town.now + timedelta(minutes=self.chance.randint(1, 120))
            upcoming = clock.next_moment(self.town.rt) or end
            self.town.clock.move(min(end, max(soonest, upcoming)))

    def _somebody_books(self, kind: str) -> None:
        acts: list[tuple[int, Callable[[str], None]]] = [
            (10, self._invoice),
            (8, self._pay),
            (2, self._undo),
            (2, self._void),
            (1, self._delete),
            (2, self._credit),
            (2, self._on_account),
            (3, self._redate),
            (1, self._merge),
            (2, self._mail),
        ]
        act = self.chance.choices([one for _, one in acts], [weight for weight, _ in acts])[0]
        try:
            act(kind)
        except (ValueError, Fault):
            return  # the ledger itself does not allow it just now
        self.hauled.happened[act.__name__.strip("_")] += 1

    def _invoice(self, kind: str) -> None:
        self.number += 1
        key, today = f"{kind[0].upper()}-{self.number}", self._today()
        currency = self.chance.choice((self.town.books[kind].about.currency, *self.town.books[kind].about.currencies))
        amount = Decimal(self.chance.randint(1_00, 9_000_00)) / 100
        customer, due = self.chance.choice(self.customers[kind]), today + timedelta(days=self.chance.randint(-40, 45))
        bill = BookInvoice(key, customer, min(today, due), due, amount, currency)
        self.town.twin(kind).add_invoice(self.town.tenants[kind], bill)
        self.invoices[kind].append(key)
        self.owners[key] = customer

    def _pay(self, kind: str) -> None:
        key = self._some_invoice(kind)
        still = _open_at(self.town, kind, key)
        if still <= 0:
            raise ValueError("nothing is open")
        amount = still if self.chance.random() < 0.6 else (still / 3).quantize(Decimal("0.01")) or still
        payment = BookPayment(key, amount, self._today(), f"bank {self.number}")
        self.town.twin(kind).receive(self.town.tenants[kind], payment)

    def _undo(self, kind: str) -> None:
        payments = self.town.twin(kind).payments(self.town.tenants[kind])
        if not payments:
            raise ValueError("nothing to undo")
        self.town.twin(kind).unreceive(self.town.tenants[kind], self.chance.choice(payments).id)

    def _void(self, kind: str) -> None:
        self.town.twin(kind).void(self.town.tenants[kind], self._some_invoice(kind))

    def _delete(self, kind: str) -> None:
        self.town.twin(kind).delete(self.town.tenants[kind], self._some_invoice(kind))

    def _credit(self, kind: str) -> None:
        apply_to = self._some_invoice(kind) if self.chance.random() < 0.5 else ""
        self.number += 1
        customer = self.owners[apply_to] if apply_to else self.chance.choice(self.customers[kind])
        amount = Decimal(self.chance.randint(5_00, 90_00)) / 100
        key = f"{kind[0].upper()}C-{self.number}"
        self.town.twin(kind).credit(self.town.tenants[kind], key, customer, self._today(), amount, apply_to)

    def _on_account(self, kind: str) -> None:
        self.number += 1
        customer, amount = self.chance.choice(self.customers[kind]), Decimal(self.chance.randint(5_00, 500_00)) / 100
        key = f"{kind[0].upper()}P-{self.number}"
        self.town.twin(kind).receive_on_account(self.town.tenants[kind], key, customer, self._today(), amount)

    def _redate(self, kind: str) -> None:
        due = self._today() + timedelta(days=self.chance.randint(0, 60))
        self.town.twin(kind).change_due(self.town.tenants[kind], self._some_invoice(kind), due)

    def _merge(self, kind: str) -> None:
        """Two were one; a new customer takes the place that is free."""
        gone, into = self.chance.sample(self.customers[kind], 2)
        self.town.twin(kind).merge(self.town.tenants[kind], gone, into)
        self.customers[kind].remove(gone)
        self.owners = {key: into if owner == gone else owner for key, owner in self.owners.items()}
        self.number += 1
        fresh = f"{kind[0]}n{self.number}"
        person = BookCustomer(fresh, fresh.title(), fresh.title(), (f"{fresh}@customers.example",))
        self.town.twin(kind).add_customer(self.town.tenants[kind], person)
        self.customers[kind].append(fresh)

    def _mail(self, kind: str) -> None:
        self.town.twin(kind).mail(self.town.tenants[kind], self._some_invoice(kind))

    def _some_invoice(self, kind: str) -> str:
        if not self.invoices[kind]:
            raise ValueError("there is none yet")
        return self.chance.choice(self.invoices[kind][-30:])

    def _today(self) -> date:
        return self.town.now.date()

    def _calm_down(self) -> None:
        """Nothing goes wrong any more; two nights pass, with their sweeps."""
        self.armed = False
        for _ in range(100):  # what was still planned to go wrong is used up
            self.town.clock.move(self.town.now + timedelta(minutes=2))
            self._reconnect()
        for kind in KINDS:
            self.town.twin(kind).webhooks()
        self.town.at(self._today() + timedelta(days=3))


def _differences(town: Town, kind: str, invoices: list[str], customers: list[str]) -> Iterator[str]:
    twin, tenant = town.twin(kind), town.tenants[kind]
    company = town.company(kind)
    with town.rt.store.read() as session:
        rows = {row.number: row for row in session.scalars(select(Invoice).where(Invoice.company_id == company.id))}
        for key in invoices:
            yield from _invoice_differs(key, rows.get(key), _open_at(town, kind, key))
        known = {row.external_id for row in session.scalars(select(Payment).where(Payment.gone_at.is_(None)))}
        for payment in twin.payments(tenant):
            if payment.id not in known:
                yield f"{kind}: the payment {payment.id} of {payment.invoice} is not in the mirror."
        seen: dict[str, Decimal] = {}
        for row in session.scalars(select(Account).where(Account.company_id == company.id)):
            mine = select(Credit).where(
                Credit.company_id == company.id,
                Credit.gone_at.is_(None),
                Credit.customer.in_(billing.family(company.id, [row.external_id])),
            )
            seen[row.name.lower()] = sum(
                (Decimal(credit.remaining_minor) / 100 for credit in session.scalars(mine)), Decimal(0)
            )
    for key, left in twin.open_credit(tenant).items():
        if key in customers and seen.get(key, Decimal(0)) != left:
            yield f"{kind}: {key} has {left} of open credit, the mirror says {seen.get(key)}."


def _open_at(town: Town, kind: str, key: str) -> Decimal:
    """What the ledger says is open; nothing of an invoice it has deleted."""
    try:
        return town.twin(kind).balance(town.tenants[kind], key)
    except Fault:
        return Decimal(0)


def _invoice_differs(key: str, row: Invoice | None, real: Decimal) -> Iterator[str]:
    if row is None:
        if real > 0:
            yield f"{key} is not in the mirror, {real} is open in the ledger."
        return
    if row.balance.decimal != real and row.status not in ("voided", "deleted"):
        yield f"{key}: the mirror says {row.balance} ({row.status}), the ledger {real}."
    if (real > 0) != (row.status == InvoiceStatus.OPEN.value):
        yield f"{key}: {row.status} in the mirror, {real} open in the ledger."


def haul(seed: int, days: int, likely: float = 0.15) -> Hauled:
    """One run on a town of its own."""
    return Haul(seed, days, likely).run()

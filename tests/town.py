"""A small pretend town in one process, without sockets: both ledgers, the card processor, a mailbox, and Dunlin.

Tests say in a few words what the bookkeeper, the customers and time do; the town carries it out over the real wire
formats. Nothing of Dunlin is replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from functools import cache
from urllib.parse import parse_qs, urlsplit

import requests
from sqlalchemy import select, update

import app as house
import settings as configuration
from core.money import Money
from integrations.channels.smtp import Smtp
from integrations.processors.base import Method, ProcessorKeys
from integrations.transport import Transport
from models import Account, Company, Invoice, Practice, ProcessorAccount, Touch
from models.store import Store, migrate
from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, Webhook
from sandbox.books import Company as Books
from sandbox.browser import Browser
from sandbox.gocardless import GOOD_NUMBER, GoCardlessTwin
from sandbox.mailbox import Mail, Mailbox
from sandbox.quickbooks import QuickBooksTwin
from sandbox.stage import WorldClock, environment, ids
from sandbox.stripe import StripeTwin
from sandbox.wires import Network
from sandbox.xero import XeroTwin
from tests import homes
from tests.databases import IN_MEMORY, put_by
from workflows import answers, checkouts, clock, companies, connecting, inbox, library, links, ways
from workflows.runtime import Runtime

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PUBLIC = "https://dunlin.test"
SHOPS = {
    "quickbooks": BookCompany("larch", "Larch & Co", "USD", "US", "America/New_York", "office@larch.example"),
    "xero": BookCompany("wren", "Wren Studio", "GBP", "GB", "Europe/London", "hello@wren.example", ("EUR",)),
}


class Town:
    """One practice with one company in each ledger. `now` is the world's clock; nothing happens unless told."""

    def __init__(
        self, database: str = IN_MEMORY, start: datetime = MONDAY, seed: int = 1, cadence: str = "default"
    ) -> None:
        self.clock, self.database, self.seed, self.cadence = WorldClock(start), database, seed, cadence
        self.new_id = ids(seed)
        self.mailbox = Mailbox(self.clock.now)
        self.quickbooks = QuickBooksTwin(self.clock.now, self.new_id, "http://quickbooks.test")
        self.xero = XeroTwin(self.clock.now, self.new_id, "http://xero.test")
        self.stripe = StripeTwin(self.clock.now, self.new_id, "sk_test", "whsec_test", "http://stripe.test")
        self.network = Network()
        self.gocardless = GoCardlessTwin(self.clock.now, self.new_id, "http://gocardless.test")
        for twin in (self.quickbooks, self.xero, self.stripe, self.gocardless):
            self.network.route(f"{twin.kind}.test", twin.app)
        self.books = {kind: Books(about) for kind, about in SHOPS.items()}
        self.tenants: dict[str, str] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.rt: Runtime
        self._started = False

    # Before the first day

    def customer(self, kind: str, key: str, name: str = "", *emails: str, **more: object) -> None:
        """A customer known to the ledger from the start; one address unless others are given."""
        addresses = emails or (f"{key}@customers.example",)
        self.books[kind].customers.append(
            BookCustomer(key, name or key.title(), key.title(), addresses, **more)  # type: ignore[arg-type]
        )

    def open(self, kind: str, number: str, customer: str, due: date, amount: str = "100.00", **more: object) -> None:
        """An invoice that stands in the books on the first day, issued 30 days before it is due."""
        about = self.books[kind].about
        fields: dict[str, object] = {"issued": due - timedelta(days=30), "currency": about.currency, **more}
        self.books[kind].invoices.append(
            BookInvoice(number, customer, due=due, amount=Decimal(amount), **fields)  # type: ignore[arg-type]
        )

    def begin(self, store: Store | None = None, live: bool = True, kinds: Sequence[str] = tuple(SHOPS)) -> Town:
        """Load the books, connect the ledgers through their consent pages, read them, and switch sending on."""
        self.tenants = {kind: self.twin(kind).add_company(self.books[kind]) for kind in kinds}
        self.start(store)
        lay_tables(self.rt.store)
        with self.rt.store.write() as session:
            practice = Practice(uid=self.new_id(), name="Sandpiper Accounting", created_at=self.now)
            session.add(practice)
            session.flush()
            self.practice_id = practice.id
        for kind in kinds:
            self.connect(kind)
        clock.settle(self.rt)
        for kind in kinds:
            self.prepare(kind)
            if live:
                companies.set_live(self.rt, self.company(kind).id, on=True)
        return self

    def start(self, store: Store | None = None) -> None:
        """Start Dunlin's process anew on the same database: everything in memory is fresh."""
        if self._started:
            self.rt.engine.close()
        self._started = True
        keys = {"DUNLIN_SECRET_KEYS": "s" * 40, "DUNLIN_INDEX_KEY": "i" * 40}
        given = environment(self.quickbooks, self.xero, self.stripe, self.gocardless, "smtp://127.0.0.1:25", PUBLIC)
        loaded = configuration.load({**given, **keys, "DUNLIN_DATABASE_URL": self.database})
        store = store or (homes.store() if self.database == IN_MEMORY else Store(self.database))
        rt = house.build_runtime(
            loaded,
            store=store,
            clock=self.clock,
            engine=homes.engine(store),
            transport=Transport(self.network.adapter, self.network.pool),
            ids=self.new_id,
            calls=self.calls,
            pause=lambda _seconds: None,
        )
        self.rt = replace(rt, channel=Smtp(loaded.smtp_url, self.mailbox.connect))
        self.settings = loaded

    def connect(self, kind: str) -> list[str]:
        """A person goes through the vendor's consent page and allows everything."""
        begun = connecting.begin(self.rt, kind)
        http = requests.Session()
        for prefix in ("http://", "https://"):
            http.mount(prefix, self.network.adapter())
        page = Browser(http).open(begun.url)
        form = next(one for one in page.forms if one.method == "post")
        for box in form.kind("checkbox"):
            box.chosen = True
        fields = form.fields() + [(one.name, one.value) for one in form.kind("submit")[:1]]
        answer = http.post(form.action, data=fields, allow_redirects=False, timeout=5)
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        assert query["state"] == begun.state
        return connecting.finish(self.rt, self.practice_id, kind, query, begun.verifier)

    def prepare(self, kind: str) -> None:
        """The settings without which nobody may be spoken to."""
        company = self.company(kind)
        accounts = companies.deposit_accounts(self.rt, company.id)
        about = SHOPS[kind]
        companies.change_settings(self.rt, company.id, about.zone, accounts[0].id, about.email)
        with self.rt.store.write() as session:
            version = library.shipped_version(self.rt, session, self.practice_id, self.cadence)
            row = session.get_one(Company, company.id)
            row.cadence_version_id, row.draft_days = version.id, 0  # a story that is about drafts asks for them
        for twin in (self.stripe, self.gocardless):
            self.take_payments(kind, twin)

    def take_payments(self, kind: str, twin: StripeTwin | GoCardlessTwin) -> None:
        """The company has an account of its own at a processor, and its webhooks are switched on there."""
        company, uid = self.company(kind), self.new_id()
        keys = ProcessorKeys(*twin.open_account(company.name))
        twin.listen(keys.secret, f"{PUBLIC}/webhooks/{twin.kind}/{uid}")
        row = ProcessorAccount(uid=uid, company_id=company.id, kind=twin.kind, name=company.name, in_use_since=self.now)
        row.keys_sealed = ways.sealed(self.rt, keys)
        with self.rt.store.write() as session:
            session.add(row)

    def company_may(self, **limits: object) -> None:
        """Every company lets its customers do so much alone."""
        with self.rt.store.write() as session:
            session.execute(update(Company).values(**limits))

    # Days pass

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def at(self, day: date, hour: int = 18, minute: int = 0) -> None:
        """Live on until that moment (UTC), doing whatever becomes due on the way, in order."""
        end = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        self.settle()
        while (upcoming := clock.next_moment(self.rt)) is not None and upcoming < end:
            self.clock.move(max(upcoming, self.now + timedelta(minutes=1)))
            self.settle()
        self.clock.move(end)
        self.settle()

    def settle(self) -> None:
        """Carry webhooks and tick until it is quiet."""
        for _ in range(10):
            carried = self.carry()
            clock.settle(self.rt)
            if not carried:
                return

    def carry(self) -> int:
        """Deliver every waiting webhook; how many."""
        twins = (self.quickbooks, self.xero, self.stripe, self.gocardless)
        waiting = [hook for twin in twins for hook in twin.webhooks()]
        for hook in waiting:
            self.deliver(hook)
        return len(waiting)

    def deliver(self, hook: Webhook) -> bool:
        """Post one webhook where the vendor posts it; whether it was new."""
        place = hook.url.rpartition("/")[2]
        return inbox.accept(self.rt, hook.kind, hook.raw, hook.headers, place)

    # What people do

    def twin(self, kind: str) -> QuickBooksTwin | XeroTwin:
        return self.quickbooks if kind == "quickbooks" else self.xero

    def transfer(self, kind: str, number: str, amount: str) -> None:
        """The bookkeeper books a bank transfer today."""
        payment = BookPayment(number, Decimal(amount), self.now.date(), "bank 123")
        self.twin(kind).receive(self.tenants[kind], payment)

    def promise(self, number: str, day: date) -> None:
        invoice = self.invoice(number)
        answers.promise(self.rt, invoice.account_id, [invoice.uid], day)

    def dispute(self, number: str, text: str = "The quantity is wrong.") -> None:
        invoice = self.invoice(number)
        answers.dispute(self.rt, invoice.account_id, invoice.uid, text)

    def checkout(self, *numbers: str, method: Method = Method.CARD, amount: Money | None = None) -> str:
        """The payer presses Pay; the hosted page's address."""
        invoices = [self.invoice(number) for number in numbers]
        account = self.account(numbers[0])
        target = links.read(self.rt, links.make(self.rt, account, account.emails))
        return checkouts.start(self.rt, target, [one.uid for one in invoices], method=method, amount=amount)

    def pay(self, *numbers: str) -> None:
        """The payer pays on the hosted page; the processor's webhook waits to be carried."""
        self.stripe.pay(last_part(self.checkout(*numbers)))

    def debit(self, *numbers: str, method: Method = Method.DEBIT, number: str = GOOD_NUMBER) -> None:
        """The payer agrees on the hosted page that their bank moves the money."""
        self.gocardless.agree(last_part(self.checkout(*numbers, method=method)), number)

    # What can be seen

    def company(self, kind: str) -> Company:
        with self.rt.store.read() as session:
            return session.scalars(select(Company).where(Company.ledger_kind == kind)).one()

    def invoice(self, number: str) -> Invoice:
        with self.rt.store.read() as session:
            return session.scalars(select(Invoice).where(Invoice.number == number)).one()

    def account(self, number: str) -> Account:
        """The account that an invoice belongs to."""
        account_id = self.invoice(number).account_id
        with self.rt.store.read() as session:
            return session.get_one(Account, account_id)

    def causes(self, number: str) -> set[str]:
        """Why nothing is being said about an invoice, as it stands on its account."""
        invoice = self.invoice(number)
        return {one[0] for one in self.account(number).because if one[1] == invoice.id}

    def mails(self, number: str = "") -> list[Mail]:
        """Messages that arrived, oldest first; only those about one invoice when its number is given."""
        return [mail for mail in self.mailbox.messages() if not number or number in numbers_of(mail)]

    def steps(self, number: str) -> list[str]:
        """The steps of the messages about an invoice, in order of arrival."""
        return [mail.header("X-Dunlin-Step") for mail in self.mails(number)]

    def touches(self) -> list[Touch]:
        with self.rt.store.read() as session:
            return list(session.scalars(select(Touch).order_by(Touch.id)))

    def close(self) -> None:
        self.rt.engine.close()
        put_by(self.rt.store)


@cache
def _empty_database() -> bytes:
    """The tables, made once for all towns: migrating anew would be a quarter of a short story's time."""
    store = Store(IN_MEMORY)
    migrate(store)
    with closing(store.engine.raw_connection()) as connection:
        return bytes(connection.driver_connection.serialize())  # type: ignore[union-attr]


def lay_tables(store: Store) -> None:
    """Bring a new database up to date; what was in one in memory is gone."""
    if str(store.url) != IN_MEMORY:
        migrate(store)
        return
    with closing(store.engine.raw_connection()) as connection:
        connection.driver_connection.deserialize(_empty_database())  # type: ignore[union-attr]


def last_part(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def numbers_of(mail: Mail | EmailMessage) -> list[str]:
    """The invoice numbers a message says it is about."""
    header: Callable[[str], str] = mail.header  # type: ignore[union-attr]
    return [one.strip() for one in header("X-Dunlin-Invoices").split(",") if one.strip()]

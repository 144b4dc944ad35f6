"""The pretend customers and bookkeepers, living through the days: they read mail, follow links, pay, promise, dispute.

They know the world, their mailbox and their bank; of Dunlin they see only its messages and its portal, as HTML. What
they did is kept here for the judge.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import requests

from sandbox import visits
from sandbox.books import BookPayment, LedgerTwin
from sandbox.browser import Browser, Lost
from sandbox.habits import Act, Deed, Habit, Kind, answer
from sandbox.letters import Letter, Letters, company_of, in_order, numbers_of
from sandbox.world import CENT, Story, World, booked_on, reference_of, share_of

Key = tuple[str, str]
Books = Mapping[str, tuple[LedgerTwin, str]]
"""Company key → the twin that holds it and its vendor id there."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What one customer promised on the portal: these invoices, by that day."""

    company: str
    numbers: tuple[str, ...]
    made: date
    day: date


def load(world: World, twins: Mapping[str, LedgerTwin]) -> Books:
    """Put the companies into the twins (by kind of ledger)."""
    return {
        company.about.key: (
            twins[world.kinds[company.about.key]],
            twins[world.kinds[company.about.key]].add_company(company),
        )
        for company in world.companies
    }


class People:
    """`http` is the browser they share; `clock` the world's. `troubles` are visits that did not work, in words."""

    def __init__(
        self, world: World, mailbox: Letters, twins: Books, http: requests.Session, clock: Callable[[], datetime]
    ) -> None:
        self.world, self.mailbox, self.twins, self.http, self.clock = world, mailbox, twins, http, clock
        self.promises: list[Promise] = []
        self.disputes: list[Key] = []
        self.paid_on: dict[Key, date] = {}
        self.paid_by_card: set[Key] = set()
        self.troubles: list[str] = []
        self._zones = {one.about.key: ZoneInfo(one.about.zone) for one in world.companies}
        self._names = {one.about.name: one.about.key for one in world.companies}
        self._in_transit: dict[Key, Decimal] = {}
        self._links: dict[Key, str] = {}
        self._heard: dict[Key, int] = {}
        self._read = 0
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        for story in world.stories.values():
            self._expect(story)
        for day, company, payment in world.pending:
            self._in_transit[company, payment.invoice] = payment.amount
            self._later(self._at(company, day, 8, 15), self._booking((company, payment.invoice), payment))

    def live_through(self, moment: datetime) -> None:
        """Do everything that happens up to and including the moment, in order."""
        self._read_mail()
        while self._events and self._events[0][0] <= moment:
            heapq.heappop(self._events)[2]()
            self._read_mail()

    def next_event(self) -> datetime | None:
        """When something happens next: an invoice is issued, a transfer is booked, somebody acts."""
        self._read_mail()
        return self._events[0][0] if self._events else None

    def paid_unbooked(self, key: Key) -> bool:
        """Whether the customer has sent all that is open, but the bookkeeper has not seen it yet."""
        return self._in_transit.get(key, Decimal(0)) > 0 and self._left(key) <= 0

    def kept(self, promise: Promise) -> bool:
        """Everything promised was paid by the day."""
        return all(self.paid_on.get((promise.company, number), date.max) <= promise.day for number in promise.numbers)

    def broken(self, promise: Promise) -> bool:
        return promise.day < self.today(promise.company) and not self.kept(promise)

    def today(self, company: str) -> date:
        return self.clock().astimezone(self._zones[company]).date()

    # What will happen by itself

    def _expect(self, story: Story) -> None:
        start = self.world.start
        if story.invoice.issued > start:
            self._later(self._at(story.company, story.invoice.issued, 7, 30), lambda: self._issue(story))
        if story.void is not None and story.void >= start:
            self._later(self._at(story.company, story.void, 16), lambda: self._void(story))
        if story.credit is not None and story.credit[0] >= start:
            amount = story.credit[1]
            self._later(self._at(story.company, story.credit[0], 15), lambda: self._credit(story, amount))
        for place, (day, amount) in enumerate(story.pays):
            if day >= start:
                hour = 10 + share_of(story.invoice.key, "hour", 6)
                last = place == len(story.pays) - 1
                self._later(self._at(story.company, day, hour), self._unasked(story, amount, last))

    def _at(self, company: str, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), self._zones[company]).astimezone(UTC)

    def _later(self, moment: datetime, happen: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (moment, self._count, happen))

    def _issue(self, story: Story) -> None:
        twin, tenant = self.twins[story.company]
        twin.add_invoice(tenant, story.invoice)

    def _void(self, story: Story) -> None:
        """A bookkeeper takes back an invoice nobody has paid for."""
        twin, tenant = self.twins[story.company]
        if self._left(story.key) == story.invoice.amount and story.key not in self.paid_on:
            twin.void(tenant, story.invoice.key)
            self.paid_on[story.key] = self.today(story.company)

    def _credit(self, story: Story, amount: Decimal) -> None:
        twin, tenant = self.twins[story.company]
        if story.key in self.paid_on or self._left(story.key) < amount:
            return
        invoice = story.invoice
        twin.credit(tenant, f"CN-{invoice.key}", invoice.customer, self.today(story.company), amount, invoice.key)

    def _unasked(self, story: Story, amount: Decimal, last: bool = True) -> Callable[[], None]:
        """Pay without having been asked, unless a promise or a dispute says when."""

        def happen() -> None:
            real = self._habit(story).kind is Kind.REAL
            if story.key in self.paid_on or self._left(story.key) <= 0 or (self._waits(story.key) and not real):
                return
            link = self._links.get(story.key, "")
            if self._habit(story).by_card and link and last:
                self._pay([story], link)
            else:
                self._transfer(story, amount)

        return happen

    # Reading mail

    def _read_mail(self) -> None:
        letters = self.mailbox.messages()
        fresh, self._read = letters[self._read :], len(letters)
        for letter in sorted(fresh, key=in_order):
            self._hear(letter)

    def _hear(self, letter: Letter) -> None:
        company = self._names.get(company_of(letter), "")
        keys = [(company, number) for number in numbers_of(letter)]
        stories = [self.world.stories[key] for key in keys if key in self.world.stories]
        link = visits.link_in(letter.text)
        if not stories or not link:
            return
        for story in stories:
            self._links[story.key] = link
        open_ones = [story for story in stories if story.key not in self.paid_on and not self._waits(story.key)]
        deed = self._answer(open_ones, letter.received_at) if open_ones else None
        if deed is not None:
            self._later(letter.received_at + timedelta(hours=deed.hours), lambda: self._do(deed, open_ones, link))

    def _answer(self, stories: list[Story], moment: datetime) -> Deed | None:
        first, habit = stories[0], self._habit(stories[0])
        today = moment.astimezone(self._zones[first.company]).date()
        late = any(story.invoice.due < today for story in stories)
        account = (first.company, first.invoice.customer)
        heard = self._heard.get(account, 0)
        self._heard[account] = heard + late
        if habit.kind is Kind.REAL:
            return _real_answer(stories, late, today)
        return answer(habit.kind, late, heard, Random(f"{first.key}/{heard}/{today}"))

    # Acting

    def _do(self, deed: Deed, stories: list[Story], link: str) -> None:
        stories = [one for one in stories if one.key not in self.paid_on and not self._waits(one.key)]
        stories = [one for one in stories if self._left(one.key) > 0]
        if not stories:
            return
        if deed.act is Act.PAY:
            self._pay(stories, link, deed.everything)
        elif deed.act is Act.PROMISE:
            self._promise(stories, link, deed)
        elif deed.act is Act.DISPUTE:
            self._dispute(next((one for one in stories if one.disputes), stories[0]), link)
        else:
            for story in stories:
                self._transfer(story, self._left(story.key))

    def _visit(self, what: str, act: Callable[[Browser], None]) -> None:
        try:
            act(Browser(self.http))
        except (Lost, requests.RequestException) as error:
            self.troubles.append(f"{self.clock():%Y-%m-%d %H:%M} {what}: {error}")

    def _pay(self, stories: list[Story], link: str, everything: bool = False) -> None:
        company, customer = stories[0].company, stories[0].invoice.customer
        numbers = [story.invoice.key for story in stories if not self._in_transit.get(story.key)]
        offered = self._account(company, customer) if everything else []

        def act(browser: Browser) -> None:
            for number in visits.pay(browser, link, numbers, offered):
                self.paid_by_card.add((company, number))
                self.paid_on[company, number] = self.today(company)

        if numbers:
            self._visit(f"{company} pays {', '.join(numbers)}", act)

    def _account(self, company: str, customer: str) -> list[str]:
        """Numbers this customer would still pay."""
        return [
            number
            for (owner, number), story in self.world.stories.items()
            if owner == company
            and story.invoice.customer == customer
            and story.key not in self.paid_on
            and not self._in_transit.get(story.key)
        ]

    def _promise(self, stories: list[Story], link: str, deed: Deed) -> None:
        company, today = stories[0].company, self.today(stories[0].company)
        if self._habit(stories[0]).kind is Kind.REAL:
            stories = [min(stories, key=lambda one: one.pays[0][0] if one.pays else date.max)]

        def act(browser: Browser) -> None:
            numbers = [story.invoice.key for story in stories]
            promised, day = visits.promise(browser, link, numbers, today + timedelta(days=deed.days))
            self.promises.append(Promise(company, tuple(promised), today, day))
            pays = day if deed.keeps else day + timedelta(days=14)
            for story in stories:
                if story.invoice.key in promised and self._habit(story).kind is not Kind.REAL:
                    self._later(self._at(company, pays, 11), self._after_promise(story))

        self._visit(f"{company} promises {stories[0].invoice.key}", act)

    def _after_promise(self, story: Story) -> Callable[[], None]:
        def happen() -> None:
            if story.key in self.paid_on:
                return
            if self._habit(story).by_card:
                self._pay([story], self._links[story.key])
            else:
                self._transfer(story, self._left(story.key))

        return happen

    def _dispute(self, story: Story, link: str) -> None:
        def act(browser: Browser) -> None:
            visits.dispute(browser, link, story.invoice.key, "We were billed for a visit that did not take place.")
            self.disputes.append(story.key)
            if self._habit(story).kind is not Kind.REAL:
                self._settle_dispute(story)

        self._visit(f"{story.company} disputes {story.invoice.key}", act)

    def _settle_dispute(self, story: Story) -> None:
        """The company gives in on a fifth, and the customer pays the rest by bank a few days later."""
        day = self.today(story.company) + timedelta(days=6 + share_of(story.invoice.key, "settled", 7))
        home = self.world.company(story.company).about.currency == story.invoice.currency
        if home and story.credit is None:
            fifth = (story.invoice.amount / 5).quantize(CENT)
            self._later(self._at(story.company, day, 14), lambda: self._credit(story, fifth))
        paid = self._at(story.company, day + timedelta(days=4), 12)
        self._later(paid, lambda: self._transfer(story, self._left(story.key)))

    # The bank

    def _transfer(self, story: Story, amount: Decimal) -> None:
        """Send money by bank; the bookkeeper sees it 0–5 days later."""
        if story.key in self.paid_on:
            return
        amount, today = min(amount, self._left(story.key)), self.today(story.company)
        if amount <= 0:
            return
        self._in_transit[story.key] = self._in_transit.get(story.key, Decimal(0)) + amount
        if self._left(story.key) <= 0:
            self.paid_on[story.key] = today
        day = booked_on(today, story.lag)
        payment = BookPayment(story.invoice.key, amount, today, reference_of(story.key))
        moment = self._at(story.company, day, 8, 15) if day > today else self.clock() + timedelta(hours=1)
        self._later(moment, self._booking(story.key, payment))

    def _booking(self, key: Key, payment: BookPayment) -> Callable[[], None]:
        def happen() -> None:
            twin, tenant = self.twins[key[0]]
            self._in_transit[key] -= payment.amount
            open_amount = twin.balance(tenant, payment.invoice)
            if open_amount >= payment.amount:
                twin.receive(tenant, payment)
            elif open_amount > 0:
                twin.receive(tenant, BookPayment(payment.invoice, open_amount, payment.paid_on, payment.reference))

        return happen

    def _left(self, key: Key) -> Decimal:
        """What the customer still has to send: what the ledger says is open, less what is on its way."""
        twin, tenant = self.twins[key[0]]
        return twin.balance(tenant, key[1]) - self._in_transit.get(key, Decimal(0))

    def _habit(self, story: Story) -> Habit:
        return self.world.habits[story.company, story.invoice.customer]

    def _waits(self, key: Key) -> bool:
        """Whether a promise not yet due or a dispute says when this is paid."""
        promised = any(
            key[0] == one.company and key[1] in one.numbers and one.day >= self.today(key[0]) for one in self.promises
        )
        return promised or key in self.disputes


def _real_answer(stories: list[Story], late: bool, today: date) -> Deed | None:
    """A customer of a real book disputes what the real one disputed; one in five who pays soon says when."""
    hours = 1 + share_of(stories[0].invoice.key, "hours", 20)
    if any(story.disputes for story in stories):
        return Deed(Act.DISPUTE, hours)
    soon = min((story.pays[0][0] for story in stories if story.pays), default=today)
    gap = (soon - today).days
    if late and 2 <= gap <= 14 and share_of(stories[0].invoice.key, "promise") < 20:
        keeps = share_of(stories[0].invoice.key, "keeps") < 70
        return Deed(Act.PROMISE, hours, days=gap if keeps else max(1, gap // 3), keeps=keeps)
    return None

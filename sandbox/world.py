"""The pretend world: three companies, their customers, and the story of every invoice from issue to payment.

Each story is told once, for two years back and a year ahead; the day the world starts cuts it into books that a twin
loads and things still to happen. All chance comes from the seed. Nothing here talks to a twin or to the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, Company
from sandbox.habits import DEAL, HABITS, Habit, Kind
from sandbox.names import BUSINESSES, PEOPLE, WORK, listed

YEARS_BACK, DAYS_AHEAD = 730, 400
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Story:
    """One invoice's life if nobody says a word: `pays` are (day, amount), booked `lag` days after.

    `credit` is (day, amount); `disputes`: the customer finds something wrong with it.
    """

    company: str
    invoice: BookInvoice
    pays: tuple[tuple[date, Decimal], ...] = ()
    lag: int = 0
    void: date | None = None
    credit: tuple[date, Decimal] | None = None
    disputes: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.company, self.invoice.key


@dataclass(slots=True)
class World:
    """`kinds`: company key → which ledger it lives in. `habits` and `stories` are by (company key, customer or number).

    `pending` are transfers that customers made before the start and nobody has booked yet: (day to book, company, it).
    """

    start: date
    companies: list[Company]
    kinds: dict[str, str]
    habits: dict[tuple[str, str], Habit]
    stories: dict[tuple[str, str], Story]
    pending: list[tuple[date, str, BookPayment]] = field(default_factory=list)
    _by_day: dict[date, list[tuple[str, BookInvoice]]] = field(default_factory=dict)

    def arrivals(self, day: date) -> list[tuple[str, BookInvoice]]:
        """The invoices that companies issue on a day after the start, as (company key, invoice)."""
        return list(self._by_day.get(day, ()))

    def company(self, key: str) -> Company:
        return next(one for one in self.companies if one.about.key == key)


def believable_world(seed: int, today: date) -> World:
    """About 120 customers of one QuickBooks company and two Xero organisations, with real habits. A seed replays."""
    customers = {about.key: _customers(about.key, Random(f"{seed}/{about.key}/people")) for about in COMPANIES}
    habits = {
        (company, one.key): HABITS[DEAL[place % len(DEAL)]]
        for company, ones in customers.items()
        for place, one in enumerate(_dealt(ones, Random(f"{seed}/{company}/habits")))
    }
    stories = [
        story
        for about in COMPANIES
        for story in _numbered(about, _stories(about, customers[about.key], habits, seed, today))
    ]
    companies = [Company(about, customers=customers[about.key]) for about in COMPANIES]
    world = settle(today, companies, habits, stories)
    _open_credits(world, seed)
    return world


def settle(
    start: date, companies: list[Company], habits: dict[tuple[str, str], Habit], stories: Iterable[Story]
) -> World:
    """Cut the stories at the start: what is past goes into the companies' books, the rest is still to come."""
    world = World(start, companies, dict(KINDS), habits, {})
    books = {company.about.key: company for company in companies}
    for story in stories:
        world.stories[story.key] = story
        if story.invoice.issued > start:
            world._by_day.setdefault(story.invoice.issued, []).append((story.company, story.invoice))
        else:
            _book(world, books[story.company], story)
    return world


def _book(world: World, book: Company, story: Story) -> None:
    number, customer = story.invoice.key, story.invoice.customer
    book.invoices.append(story.invoice)
    if story.void is not None and story.void < world.start:
        book.voids.append((number, story.void))
    if story.credit is not None and story.credit[0] < world.start:
        day, amount = story.credit
        book.credits.append((f"CN-{number}", customer, day, amount, number))
    for place, (day, amount) in enumerate(story.pays):
        if day >= world.start:
            continue
        payment = BookPayment(number, amount, day, reference_of(story.key, place))
        if booked_on(day, story.lag) < world.start:
            book.payments.append(payment)
        else:
            world.pending.append((booked_on(day, story.lag), story.company, payment))


def booked_on(day: date, lag: int) -> date:
    """The working day, `lag` days later at the most, on which the bookkeeper sees a transfer (0–5 days)."""
    while lag > 0 and (day + timedelta(days=lag)).weekday() >= 5:
        lag -= 1
    return day + timedelta(days=lag)


def reference_of(key: tuple[str, str], place: int = 0) -> str:
    """What stands on a bank statement; always with a space, so that it is never mistaken for a reference of ours."""
    return f"BANK {share_of('/'.join(key), 'reference', 900_000) + 100_000 + place}"


def share_of(text: str, purpose: str, whole: int = 100) -> int:
    """A stable number below `whole` for a text: who is dealt where, whatever the order and the machine."""
    return int.from_bytes(hashlib.sha256(f"{purpose}\0{text}".encode()).digest()[:8], "big") % whole


def _customers(company: str, chance: Random) -> list[BookCustomer]:
    """The company's customers; two without an address, two archived, in QuickBooks two billed with a parent."""
    names, people = listed(BUSINESSES[company]), listed(PEOPLE)
    chance.shuffle(people)
    customers = []
    for place, name in enumerate(names, start=1):
        contact = people[place % len(people)]
        emails: tuple[str, ...] = (f"{_mailbox(contact, chance)}@{slug(name)}.example",)
        if place % 13 == 0:
            emails = (*emails, f"accounts@{slug(name)}.example") if not emails[0].startswith("accounts") else emails
        customers.append(BookCustomer(f"{company}-{place:03}", name, contact, emails))
    for place in (5, 17):
        customers[place] = replace(customers[place], emails=())
    for place in (11, 29):
        customers[place] = replace(customers[place], archived=True)
    for place in (20, 21) if company == "cedar" else ():
        customers[place] = replace(customers[place], parent=customers[19].key)
    if company == "glen":  # one bookkeeper reads the mail of both
        customers[33] = replace(customers[33], emails=customers[3].emails)
    return customers


def _mailbox(contact: str, chance: Random) -> str:
    return chance.choice(("accounts", "ap", "office", slug(contact.split()[0])))


def slug(name: str) -> str:
    """Lower-case ASCII letters, digits and hyphens of a name, for an address; "" when nothing is left."""
    plain = name.lower().translate(str.maketrans("áàâãäåçéèêíìñóòôõöøúùûüý", "aaaaaaceeeiinoooooouuuuy"))
    return "-".join("".join(one if one.isascii() and one.isalnum() else " " for one in plain).split())


def _dealt(customers: list[BookCustomer], chance: Random) -> list[BookCustomer]:
    """In the order in which habits are dealt: whoever cannot be written to comes last."""
    order = list(customers)
    chance.shuffle(order)
    return sorted(order, key=lambda one: not one.emails or one.archived)


def _stories(
    about: BookCompany, customers: list[BookCustomer], habits: dict[tuple[str, str], Habit], seed: int, today: date
) -> list[Story]:
    stories: list[Story] = []
    for place, customer in enumerate(customers):
        chance = Random(f"{seed}/{about.key}/{customer.key}")
        habit = habits[about.key, customer.key]
        currency = about.currencies[-1] if len(about.currencies) > 1 and place % 9 == 4 else about.currency
        last = today - timedelta(days=240) if customer.archived else today + timedelta(days=DAYS_AHEAD)
        stories += _life(about.key, customer, habit, currency, today, last, chance)
    return sorted(stories, key=lambda one: (one.invoice.issued, one.invoice.customer))


def _life(
    company: str, customer: BookCustomer, habit: Habit, currency: str, today: date, last: date, chance: Random
) -> Iterator[Story]:
    """One customer's invoices in their rhythm, each with its own ending."""
    terms, rhythm = chance.choice((7, 14, 14, 30, 30, 45)), chance.choice((21, 30, 30, 45, 60))
    usual, home = chance.uniform(120, 3500), currency == COMPANY[company].currency
    day = today - timedelta(days=YEARS_BACK - chance.randint(0, rhythm))
    while day <= last:
        issued = day - timedelta(days=max(0, day.weekday() - 4))
        amount = Decimal(usual * chance.uniform(0.5, 1.7)).quantize(CENT)
        invoice = BookInvoice(
            key="",
            customer=customer.key,
            issued=issued,
            due=issued + timedelta(days=terms),
            amount=amount,
            currency=currency,
            description=chance.choice(WORK[company]),
            emails=customer.emails if chance.random() < 0.15 else (),
        )
        yield _ending(company, invoice, habit, home, (today - issued).days > 240, chance)
        day += timedelta(days=max(5, rhythm + chance.randint(-5, 6)))


def _ending(company: str, invoice: BookInvoice, habit: Habit, home: bool, long_ago: bool, chance: Random) -> Story:
    """How it ends: voided, credited in part, paid in two halves, paid, or not by itself. Old ones are all settled."""
    lag, fate, after = chance.randint(0, 5), chance.random(), habit.pays_after(chance)
    disputes = habit.kind is Kind.DISPUTING and chance.random() < 0.6
    if fate < 0.02:
        return Story(company, invoice, void=invoice.issued + timedelta(days=chance.randint(2, 9)))
    if after is None and long_ago:
        after = habit.latest
    if after is None:
        return Story(company, invoice, lag=lag, disputes=disputes)
    paid = max(invoice.issued, invoice.due + timedelta(days=after))
    if fate < 0.05 and home:
        credit = (invoice.amount * chance.choice((10, 15, 20)) / 100).quantize(CENT)
        on = min(paid, invoice.issued + timedelta(days=chance.randint(1, 6)))
        return Story(company, invoice, ((paid, invoice.amount - credit),), lag, credit=(on, credit), disputes=disputes)
    if fate < 0.10:
        half = (invoice.amount / 2).quantize(CENT)
        first = max(invoice.issued, paid - timedelta(days=8))
        return Story(company, invoice, ((first, half), (paid, invoice.amount - half)), lag, disputes=disputes)
    return Story(company, invoice, ((paid, invoice.amount),), lag, disputes=disputes)


def _numbered(about: BookCompany, stories: list[Story]) -> Iterator[Story]:
    """Numbers in order of issue, in each company's own manner."""
    for place, story in enumerate(stories):
        year = story.invoice.issued.year
        number = {"cedar": f"{1001 + place}", "harbour": f"HL-{412 + place:05}", "glen": f"INV-{year}-{place + 1:04}"}
        yield replace(story, invoice=replace(story.invoice, key=number[about.key]))


def _open_credits(world: World, seed: int) -> None:
    """A few credit notes that nobody has used yet."""
    for company in world.companies:
        chance = Random(f"{seed}/{company.about.key}/credits")
        home = [one for one in company.invoices if one.currency == company.about.currency][-60:]
        for place, invoice in enumerate(chance.sample(home, 3), start=1):
            day = world.start - timedelta(days=chance.randint(1, 50))
            amount = (invoice.amount * chance.choice((10, 25, 100)) / 100).quantize(CENT)
            company.credits.append((f"CN-OPEN-{place}", invoice.customer, day, amount, ""))


COMPANIES = (
    BookCompany(
        "cedar", "Cedar & Vale Gardens", "USD", "US", "America/Los_Angeles", "billing@cedarvale.example", ("USD", "CAD")
    ),
    BookCompany(
        "harbour", "Harbour Lane Studio", "GBP", "GB", "Europe/London", "accounts@harbourlane.example", ("GBP", "EUR")
    ),
    BookCompany(
        "glen", "Glenveagh Engineering", "EUR", "IE", "Europe/Dublin", "office@glenveagh.example", ("EUR", "GBP")
    ),
)
COMPANY = {about.key: about for about in COMPANIES}
KINDS = {"cedar": "quickbooks", "harbour": "xero", "glen": "xero"}

"""A short life in one town with one ledger: who owes what, how nights pass, and how the world comes to rest.

It keeps a diary in words, so that a broken promise can be told as a story. What may happen stands in `payers` and
`bookkeeper`; what must be true in the end in `judge`. It decides nothing by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from integrations.errors import OutsideError
from models import AttemptLine, Reward, User
from sandbox.processors import Declined
from sandbox.quickbooks.faults import Fault
from tests.faults.boundaries import Process, Skewed, WatchedStore, ground
from tests.faults.witness import Witness
from tests.town import Town
from workflows import clock, companies, money_rules, sync
from workflows.errors import Refusal
from workflows.money_rules import Wanted
from workflows.offers import EARLY
from workflows.rewards import LEAST_OF_A_REFERENCE

FIRST = date(2026, 3, 2)
AFTERNOON = 16  # UTC: an hour at which something may be said in London and in New York
# Days between the nights of a rest: a debit is paid out and its fee booked, what was tried for a day in vain is on the
# desk, and what does not agree is old enough to be told.
REST = (1, 2, 6)
NO_MONEY = ("habits", "renew", "remind", "forget", "heads", "backup")
AT_NIGHT = [verb for name, verb in clock.NIGHTLY.items() if name not in NO_MONEY]
RULES = Wanted(early_points=200, early_days=10, loyal_points=100, loyal_after=2)
BY_US = LEAST_OF_A_REFERENCE


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: `which` of what there is, and `how`; both are counted round."""

    name: str
    which: int = 0
    how: int = 0


Deed = Callable[["Life", int, int], str]


class Life:
    """`said` is what a person answered for at the desk, in minor units by attempt: money that the ledger does not show
    (less than nothing: that it shows too much) because they saw to it themselves.
    """

    def __init__(self, kind: str) -> None:
        self.kind, self.town = kind, Town()
        self.diary: list[str] = []
        self.said: Counter[str] = Counter()
        self.pages: list[str] = []
        self.disputed: list[str] = []
        self.refunds: list[tuple[str, str]] = []
        self.brought: list[tuple[str, date, int]] = []
        self.entries, self.has_terms = 0, False
        for customer, number, issued, due, amount in (
            ("fern", "A-1", date(2026, 2, 26), date(2026, 3, 28), "100.00"),
            ("fern", "A-2", date(2026, 2, 7), date(2026, 3, 9), "60.50"),
            ("moss", "B-1", date(2026, 3, 1), date(2026, 3, 15), "250.00"),
        ):
            if number != "A-2":
                self.town.customer(kind, customer)
            self.town.open(kind, number, customer, due, amount, issued=issued)
        self._begin()

    def _begin(self) -> None:
        process = Process("one", Skewed(self.town.clock))
        process.store = WatchedStore(ground(), lambda _where: None)
        self.town.begin(store=process.store, kinds=[self.kind])
        self.witness = Witness(self.town, ground())
        self.witness.sender = process
        self.town.mailbox.on_message = self.witness.arrived
        self.town.network.after = self._answered
        self.company = self.town.company(self.kind).id
        self.me = self._person()
        self.town.company_may(part_payments=True, income_choice=companies.income_choices(self.rt, self.company)[0].id)
        self.rule()
        sync.request(self.rt, self.company)
        self.town.settle()
        self.witness.look()

    def _answered(self, method: str, _url: str) -> None:
        if method != "GET":
            self.witness.look()

    def _person(self) -> int:
        with self.rt.store.write() as session:
            robin = User(
                role="owner", uid="robin", practice_id=self.town.practice_id, email="r@sandpiper.example", name="Robin"
            )
            robin.password_hash, robin.created_at = "-", self.town.now
            session.add(robin)
            session.flush()
            return robin.id

    def rule(self, **changed: object) -> None:
        """The company's rules of money, with these changed."""
        with self.rt.store.read() as session:
            now = money_rules.of(session, self.company)
        rules = now if now.rewards else RULES
        fields = {name: getattr(rules, name) for name in Wanted.__dataclass_fields__} | changed
        money_rules.keep(self.rt, self.company, Wanted(**fields), self.me)

    @property
    def rt(self):  # type: ignore[no-untyped-def]
        return self.town.rt

    @property
    def twin(self):  # type: ignore[no-untyped-def]
        return self.town.twin(self.kind)

    @property
    def tenant(self) -> str:
        return self.town.tenants[self.kind]

    @property
    def today(self) -> date:
        return self.town.now.date()

    # What happens

    def live(self, acts: Sequence[tuple[str, Deed, Act]]) -> None:
        for name, deed, act in acts:
            try:
                told = deed(self, act.which, act.how)
            except (Refusal, Declined, OutsideError, Fault, ValueError) as error:
                told = f"refused: {error}"
            self.diary.append(f"{self.today:%d %b} {name}: {told}")
            self.witness.look()
        self.rest()

    def nights(self, lengths: Sequence[int]) -> None:
        """After so many days each, what is done at night is done, and then all that is due by the afternoon."""
        for days in lengths:
            self.town.clock.move(self.town.now.replace(hour=AFTERNOON, minute=0) + timedelta(days=days))
            for verb in AT_NIGHT:
                verb(self.rt)
            self.town.settle()

    def rest(self) -> None:
        """Nothing happens any more; at last everything is read once more, and what is odd is told."""
        self.town.settle()
        self.nights(REST)
        sync.request(self.rt, self.company)
        self.town.settle()
        self.nights((1, 1))

    # What there is

    def number(self, which: int) -> str:
        books = self.town.books[self.kind].invoices
        return books[which % len(books)].key

    def offer(self, number: str) -> Reward | None:
        """The discount that was offered of an invoice, whatever became of it."""
        wanted = select(Reward).where(Reward.invoice_id == self.town.invoice(number).id, Reward.kind == EARLY)
        with self.rt.store.read() as session:
            return session.scalars(wanted).first()

    def ours(self) -> set[str]:
        """The references under which payments of ours stand in the ledger."""
        with self.rt.store.read() as session:
            return {uid[:BY_US] for uid in session.scalars(select(AttemptLine.uid))}


@contextmanager
def life(kind: str) -> Iterator[Life]:
    made = Life(kind)
    try:
        yield made
    finally:
        ground().renew()


def one_of(things: Sequence[object], which: int):  # type: ignore[no-untyped-def]
    """One of what there is, counted round. Refusal when there is nothing."""
    if not things:
        raise Refusal("There is nothing of the kind.")
    return things[which % len(things)]

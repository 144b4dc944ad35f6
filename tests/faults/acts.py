"""What people do while everything goes wrong: customers answer, bookkeepers book, the accountant changes her mind.

Each act is one call through the product's own front door, or one entry in a ledger's own books. How they pay stands in
`spending`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from core.because import Cause
from core.cadence import Reason
from core.instalments import Every
from models import Account, AttemptLine, Charge, Company, GuardedChange, HoldRow, Invoice, Practice, User
from models.store import Store
from sandbox.books import BookInvoice, BookPayment
from tests.cadences import CALMER, DEFAULT
from tests.faults import spending
from tests.faults.witness import Witness
from tests.town import Town
from workflows import (
    answers,
    arrangements,
    care,
    charges,
    companies,
    connecting,
    extensions,
    guarded,
    holds,
    library,
    money_rules,
    paying,
    proposals,
    reasons,
    stopping,
    terms,
)
from workflows.money_rules import Wanted

Act = Callable[[], object]
IBANS = ("DE89370400440532013000", "DE02120300000000202051")
AGREED = "In 2 parts."


class Acts:
    """`under` reads without any process of Dunlin. `robin` is the accountant's id."""

    def __init__(self, town: Town, chance: Random, witness: Witness, under: Store) -> None:
        self.town, self.chance, self.witness, self.under = town, chance, witness, under
        self.robin = 0
        self._bills = 0

    def settle_in(self) -> None:
        """The accountant has an address, customers may pay and arrange parts, and one customer already does."""
        with self.under.write() as session:
            robin = User(
                role="owner", uid=self.town.new_id(), practice_id=self.town.practice_id, email="r@sandpiper.example"
            )
            robin.name, robin.password_hash, robin.created_at = "Robin", "-", self.town.now
            session.add(robin)
            session.flush()
            self.robin = robin.id
        self.town.company_may(part_payments=True, arrange_up_to_minor=100_000)
        if self.chance.random() < 0.4:
            self._reward()

    def _reward(self) -> None:
        """Every company gives something for paying early and in time again and again, and asks something for late
        payment.
        """
        rules = Wanted(early_points=200, early_days=45, loyal_points=100, loyal_after=2)
        late = {"late": "contract", "late_points": 1_000, "late_sum_minor": 1_500, "grace_days": 0, "notice_days": 7}
        for kind in self.town.tenants:
            company = self.town.company(kind)
            choice = companies.income_choices(self.town.rt, company.id)[0].id
            self.town.company_may(income_choice=choice)
            terms.give(self.town.rt, company.id, None, self._today(), "Terms", "30 days.", b"", self.robin)
            booked = replace(rules, **late, late_booking="invoice", late_income=choice)
            money_rules.keep(self.town.rt, company.id, booked, self.robin)

    def some(self) -> tuple[str, Act]:
        """One act by name, the likelier ones more often."""
        acts: list[tuple[int, Act]] = [
            (10, self.pay),
            (4, self.debit),
            (4, self.goes_back),
            (3, self.promise),
            (2, self.dispute),
            (2, self.more_time),
            (2, self.in_parts),
            (2, self.collected_parts),
            (1, self.paid_already),
            (1, self.short_of_cash),
            (1, self.opt_out),
            (5, self.transfer),
            (2, self.void),
            (2, self.redate),
            (2, self.credit),
            (2, self.bill),
            (1, self.taken_back),
            (2, self.another_cadence),
            (2, self.pause_or_go_on),
            (2, self.hold_or_release),
            (1, self.care_or_not),
            (1, self.disconnect),
            (4, self.late_charge),
            (2, self.other_bank),
            (1, self.stop_a_change),
        ]
        act = self.chance.choices([one for _, one in acts], [likely for likely, _ in acts])[0]
        return act.__name__, act

    # Customers

    def pay(self) -> None:
        spending.pay(self.town, self.chance, self.numbers())

    def debit(self) -> None:
        spending.debit(self.town, self.chance, self.numbers())

    def goes_back(self) -> None:
        spending.goes_back(self.town, self.chance)

    def promise(self) -> None:
        one = self._invoice()
        answers.promise(self.town.rt, one.account_id, [one.uid], self._soon())
        self.witness.told("a promise", one.id)

    def dispute(self) -> None:
        one = self._invoice()
        answers.dispute(self.town.rt, one.account_id, one.uid, "The quantity is wrong.")
        self.witness.told("a dispute", one.id)

    def more_time(self) -> None:
        one = self._moved(self._invoice())
        if extensions.ask(self.town.rt, one.account_id, [one.uid], self._soon()).state == "granted":
            self.witness.told("more time", one.id)

    def in_parts(self) -> None:
        one = self._moved(self._invoice())
        wish = proposals.Wish((one.uid,), 2, Every.WEEK, self._today() + timedelta(days=1))
        proposals.agree(self.town.rt, one.account_id, wish, AGREED, "uid.20600.a1")

    def collected_parts(self) -> None:
        """The accountant agrees on parts, and the customer lets all but the first be collected from their bank."""
        one = self._moved(self._invoice())
        many, today = self.chance.choice((2, 3)), self._today()
        arrangements.arrange_equally(self.town.rt, one.account_id, [one.uid], many, today, Every.WEEK, self.robin)
        spending.first_part(self.town, one)

    def paid_already(self) -> None:
        one = self._invoice()
        reasons.paid_already(self.town.rt, one.account_id, [one.uid], None, "", "Last week.")

    def short_of_cash(self) -> None:
        one = self._invoice()
        reasons.tell(self.town.rt, one.account_id, [one.uid], Reason.SHORT_OF_CASH)

    def opt_out(self) -> None:
        one = self._invoice()
        with self.under.read() as session:
            address = session.get_one(Account, one.account_id).emails[0]
        holds.note_address(self.town.rt, one.company_id, address, Cause.OPTED_OUT)
        self.witness.told("an opt-out", address)

    # Bookkeepers

    def transfer(self) -> None:
        """Nobody also sends a transfer for what is on an open payment page or was paid there."""
        kind, number = self._number()
        balance = self._balance(kind, number)
        if balance > 0 and number not in self._pending():
            amount = balance if self.chance.random() < 0.7 else (balance / 3).quantize(Decimal("0.01"))
            self.town.twin(kind).receive(self.town.tenants[kind], BookPayment(number, amount, self._today(), "bank 1"))

    def void(self) -> None:
        kind, number = self._number()
        whole = next(one.amount for one in self.town.books[kind].invoices if one.key == number)
        if self._balance(kind, number) == whole and number not in self._pending():
            self.town.twin(kind).void(self.town.tenants[kind], number)

    def redate(self) -> None:
        kind, number = self._number()
        if self._balance(kind, number) > 0:
            due = self._today() + timedelta(days=self.chance.randint(-3, 10))
            self.witness.moved.add(number)
            self.town.twin(kind).change_due(self.town.tenants[kind], number, due)

    def credit(self) -> None:
        """Applied at once, or left open, which may cover what a reminder would ask for."""
        kind, number = self._number()
        balance, owner = self._balance(kind, number), self._customer(kind, number)
        if balance > 1 and number not in self._pending():
            self._bills += 1
            apply_to = number if self.chance.random() < 0.5 else ""
            amount = (balance / 2).quantize(Decimal("0.01"))
            key = f"{kind[0].upper()}C-{self._bills}"
            self.town.twin(kind).credit(self.town.tenants[kind], key, owner, self._today(), amount, apply_to)

    def bill(self) -> None:
        kind, number = self._number()
        self._bills += 1
        today, books = self._today(), self.town.books[kind]
        key, due = f"{kind[0].upper()}-{100 + self._bills}", today + timedelta(days=self.chance.randint(-5, 5))
        made = BookInvoice(
            key, self._customer(kind, number), min(today, due), due, Decimal("120.40"), books.about.currency
        )
        self.town.twin(kind).add_invoice(self.town.tenants[kind], made)
        if made not in books.invoices:
            books.invoices.append(made)

    def taken_back(self) -> None:
        """A transfer that was booked on the wrong invoice; what Dunlin booked the bookkeeper leaves alone."""
        kind, _ = self._number()
        twin, tenant = self.town.twin(kind), self.town.tenants[kind]
        mine = [one for one in twin.payments(tenant) if one.reference == "bank 1"]
        if mine:
            twin.unreceive(tenant, self.chance.choice(mine).id)

    # The accountant

    def another_cadence(self) -> None:
        company = self._company()
        version = library.save(self.town.rt, self.town.practice_id, self.chance.choice((DEFAULT, CALMER)))
        library.roll_out(self.town.rt, version.uid, self.town.practice_id, [company.id], self.robin)

    def pause_or_go_on(self) -> None:
        company = self._company()
        if self._bills % 3 == 1:  # no draw of its own: every seed keeps its life
            self._stop_everything_or_go_on(company.practice_id)
            return
        companies.set_paused(self.town.rt, company.id, on=not company.paused)
        if not company.paused:
            self.witness.told("a pause", company.id)

    def _stop_everything_or_go_on(self, practice_id: int) -> None:
        with self.under.read() as session:
            stopped = session.get_one(Practice, practice_id).paused
        if stopped:
            stopping.resume(self.town.rt, practice_id, self.robin)
        else:
            stopping.stop(self.town.rt, practice_id, self.robin)
            self.witness.told("a stop of everything", practice_id)

    def hold_or_release(self) -> None:
        one = self._invoice()
        standing = select(HoldRow).where(HoldRow.account_id == one.account_id, HoldRow.state == "open")
        with self.under.read() as session:
            row = session.scalars(standing).first()
        if row is not None:
            holds.release(self.town.rt, row.uid, self.robin)
            return
        until = self._today() + timedelta(days=self.chance.randint(1, 5))
        holds.hold(self.town.rt, one.account_id, Cause.PAUSED, until=until)
        self.witness.told("a hold", one.account_id)

    def late_charge(self) -> None:
        """What has come to invoices is worked out as every night; one is asked for, mostly, else left out."""
        charges.show_all(self.town.rt)
        with self.under.read() as session:
            shown = session.scalars(select(Charge).where(Charge.state == "shown").order_by(Charge.asked_from)).all()
        if shown:
            decide = charges.ask if self.chance.random() < 0.8 else charges.waive
            decide(self.town.rt, shown[0].id, self.robin)

    def care_or_not(self) -> None:
        one = self._invoice()
        with self.under.read() as session:
            on = session.get_one(Account, one.account_id).care
        if on:
            care.end(self.town.rt, one.account_id, self.robin)
        else:
            care.begin(self.town.rt, one.account_id, self._today() + timedelta(days=9), self.robin)
            self.witness.told("care", one.account_id)

    def disconnect(self) -> None:
        connecting.disconnect(self.town.rt, self._company().id)

    def other_bank(self) -> None:
        company, iban = self._company(), self.chance.choice(IBANS)
        paying.ask_bank_details(self.town.rt, company.id, "EUR", company.name, "iban", {"iban": iban}, self.robin)

    def stop_a_change(self) -> None:
        with self.under.read() as session:
            waiting = session.scalars(select(GuardedChange.id).where(GuardedChange.state == "waiting")).first()
        if waiting is not None:
            guarded.stop(self.town.rt, waiting, self.robin)

    # Whom and what it is about

    def numbers(self) -> list[str]:
        """Invoices that Dunlin knows, open or not."""
        with self.under.read() as session:
            return list(session.scalars(select(Invoice.number).order_by(Invoice.id)))

    def _invoice(self) -> Invoice:
        number = self.chance.choice(self.numbers())
        with self.under.read() as session:
            return session.scalars(select(Invoice).where(Invoice.number == number)).one()

    def _moved(self, one: Invoice) -> Invoice:
        """The same, whose steps may be counted from another day from now on."""
        self.witness.moved.add(one.number)
        return one

    def _company(self) -> Company:
        with self.under.read() as session:
            return self.chance.choice(list(session.scalars(select(Company).order_by(Company.id))))

    def _number(self) -> tuple[str, str]:
        """An invoice in some ledger, whether Dunlin has heard of it or not."""
        kind = self.chance.choice(sorted(self.town.tenants))
        return kind, self.chance.choice([one.key for one in self.town.books[kind].invoices])

    def _customer(self, kind: str, number: str) -> str:
        return next(one.customer for one in self.town.books[kind].invoices if one.key == number)

    def _balance(self, kind: str, number: str) -> Decimal:
        return self.town.twin(kind).balance(self.town.tenants[kind], number)

    def _pending(self) -> list[str]:
        with self.under.read() as session:
            return list(
                session.scalars(
                    select(Invoice.number)
                    .join(AttemptLine, AttemptLine.invoice_id == Invoice.id)
                    .where(AttemptLine.state.not_in(("void", "confirmed")))
                )
            )

    def _today(self) -> date:
        return self.town.now.date()

    def _soon(self) -> date:
        return self._today() + timedelta(days=self.chance.randint(0, 9))

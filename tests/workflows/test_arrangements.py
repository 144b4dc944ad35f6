"""Payment plans: what is agreed on, what is refused, and how the ledger alone decides that a part has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.facts import Instalment
from core.instalments import Every
from core.money import Money
from models import Arrangement, Company
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from workflows import arrangements, cadences, gather, library
from workflows.errors import Refusal

FIRST = date(2026, 3, 16)
GRACE = 12  # until the ladder about a part has been said, and somebody has called


def pounds(amount: str) -> Money:
    return Money.parse(amount, "GBP")


@pytest.fixture
def open_office(office: Office) -> Office:
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2", balance="50.00")))
    return office


def agree(office: Office, *names: str, count: int = 3, first: date = FIRST, every: Every = Every.WEEK) -> Arrangement:
    uids = [office.invoice(name).uid for name in names]
    return arrangements.arrange_equally(office.rt, office.account_id, uids, count, first, every, a_person(office))


def parts(office: Office) -> list[tuple[date, str]]:
    with office.rt.store.read() as session:
        found = session.scalars(select(Arrangement).options(selectinload(Arrangement.parts))).one()
        return [(one.day, str(one.amount)) for one in sorted(found.parts, key=lambda part: part.day)]


def state(office: Office) -> str:
    with office.rt.store.read() as session:
        return session.scalars(select(Arrangement.state)).one()


def next_part(office: Office, number: str = "N-1") -> tuple[bool, Instalment | None]:
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    (found,) = (one for one in facts.invoices if one.number == number)
    return found.arranged, found.instalment


def on(office: Office, day: date) -> None:
    office.clock.move(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    arrangements.settle(office.rt)


def left(office: Office, balance: str) -> None:
    """The ledger now says that so much is open on the first invoice."""
    office.read(office.clock.now(), invoices=(an_invoice("1", balance=balance),))


def test_equal_parts_make_up_the_sum_and_the_first_gets_what_does_not_divide(open_office: Office) -> None:
    agree(open_office, "1")
    assert parts(open_office) == [
        (date(2026, 3, 16), "33.34 GBP"),
        (date(2026, 3, 23), "33.33 GBP"),
        (date(2026, 3, 30), "33.33 GBP"),
    ]
    assert next_part(open_office) == (True, Instalment(FIRST, pounds("33.34")))
    assert next_part(open_office, "N-2") == (False, None)


def test_a_part_has_come_when_the_open_sum_of_all_its_invoices_has_come_down(open_office: Office) -> None:
    agree(open_office, "1", "2")
    assert [amount for _, amount in parts(open_office)] == ["50.00 GBP"] * 3
    left(open_office, "60.00")
    on(open_office, date(2026, 3, 17))
    assert next_part(open_office)[1] == Instalment(FIRST, pounds("10.00")), "40 of 50 have come"
    left(open_office, "50.00")
    on(open_office, date(2026, 3, 18))
    assert next_part(open_office)[1] == Instalment(date(2026, 3, 23), pounds("50.00"))
    assert state(open_office) == "running"


def test_it_is_broken_only_after_the_days_of_grace_and_then_the_invoice_is_free(open_office: Office) -> None:
    agree(open_office, "1")
    on(open_office, FIRST + timedelta(days=GRACE))
    assert state(open_office) == "running"
    open_office.change(open_office.account("c-1"), wake_at=None)
    on(open_office, FIRST + timedelta(days=GRACE + 1))
    assert (state(open_office), next_part(open_office)) == ("broken", (False, None))
    assert open_office.account("c-1").wake_at == open_office.clock.now()


def test_it_is_kept_as_soon_as_everything_is_paid(open_office: Office) -> None:
    agree(open_office, "1")
    open_office.read(open_office.clock.now(), invoices=(an_invoice("1", balance="0.00"),))
    on(open_office, date(2026, 3, 5))
    assert state(open_office) == "kept"


def test_a_person_calls_it_off_once(open_office: Office) -> None:
    made = agree(open_office, "1")
    arrangements.end(open_office.rt, made.uid, 1)
    assert (state(open_office), next_part(open_office)) == ("ended", (False, None))
    with pytest.raises(Refusal, match="already ended"):
        arrangements.end(open_office.rt, made.uid, 1)


def test_there_is_one_arrangement_for_an_invoice(open_office: Office) -> None:
    agree(open_office, "1")
    with pytest.raises(Refusal, match="already an arrangement"):
        arrangements.arrange_equally(
            open_office.rt, open_office.account_id, [open_office.invoice("1").uid], 2, FIRST, Every.WEEK, 1
        )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"count": 7}, "at most 6 parts"),
        ({"count": 0}, "at most 6 parts"),
        ({"count": 6, "every": Every.MONTH}, "at most 90 days"),
        ({"first": date(2026, 3, 1)}, "from today on"),
        ({"first": date.max}, "at most 90 days"),
    ],
)
def test_what_the_company_does_not_agree_to_is_refused(
    open_office: Office, asked: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        agree(open_office, "1", **asked)  # type: ignore[arg-type]


def test_currencies_are_never_put_into_one_plan(open_office: Office) -> None:
    euro = Money(5_000, "EUR")
    open_office.read(open_office.clock.now(), invoices=(replace(an_invoice("3"), total=euro, balance=euro),))
    with pytest.raises(Refusal, match="one arrangement for each currency"):
        agree(open_office, "1", "3")


def test_a_part_is_waited_for_until_the_ladder_about_it_has_been_said(office: Office) -> None:
    """Early intervention has a person call eight days after a part; the arrangement lasts until they had a chance."""
    last = cadences.shipped("early-intervention").step("call-instalment")
    assert last is not None
    with office.rt.store.write() as session:
        company = session.get_one(Company, office.company.id)
        version = library.shipped_version(office.rt, session, company.practice_id, "early-intervention")
        company.cadence_version_id = version.id
    office.read(office.clock.now(), invoices=(an_invoice("late-part"),))
    invoice = office.invoice("late-part")
    first = office.clock.now().date()
    made = arrangements.arrange(office.rt, invoice.account_id, [invoice.uid], [(first, invoice.balance)])
    assert made.until - first > timedelta(days=last.offset)

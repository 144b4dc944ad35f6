"""What customers may agree on alone, what waits for a person, and every way in which somebody could stretch it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.because import Cause
from core.cadence import Reason
from core.instalments import Every
from core.money import Money
from models import Arrangement, Extension, Promise, ToldRow
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from web import waiting
from workflows import answers, arrangements, extensions, following, gather, proposals, reasons
from workflows.errors import Refusal
from workflows.proposals import Wish
from workflows.reaching import Reach

TODAY = date(2026, 3, 2)
AGREED = "In 4 parts you pay 100.00."


@pytest.fixture
def open_office(office: Office) -> Office:
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2", balance="50.00")))
    return limited(office, arrange_up_to_minor=20_000, least_deposit=25)


def limited(office: Office, **limits: Any) -> Office:
    office.change(office.company, **limits)
    return office


def wish(office: Office, *names: str, **other: Any) -> Wish:
    uids = tuple(office.invoice(name).uid for name in names or ("1",))
    return replace(Wish(uids, 4, Every.FORTNIGHT, TODAY), **other)


def agree(office: Office, *names: str, **other: Any) -> Arrangement:
    return proposals.agree(office.rt, office.account_id, wish(office, *names, **other), AGREED, "u.20600.a1")


def states(office: Office) -> list[str]:
    with office.rt.store.read() as session:
        return list(session.scalars(select(Arrangement.state).order_by(Arrangement.id)))


def coming(office: Office) -> list[tuple[date, str]]:
    with office.rt.store.read() as session:
        plan = session.scalars(following.whole().order_by(Arrangement.id.desc())).first()
        assert plan is not None
        return [(one.day, str(Money(one.missing, plan.currency))) for one in following.coming(plan)]


def holds(office: Office, number: str = "N-1") -> list[Cause]:
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    (found,) = (one for one in facts.invoices if one.number == number)
    return [one.cause for one in found.holds] + ([Cause.ARRANGEMENT] if found.arranged else [])


def test_within_the_limits_it_runs_at_once_and_the_words_are_kept(open_office: Office) -> None:
    made = agree(open_office)
    assert (made.state, made.agreed, made.by_user_id, made.answer_by) == ("running", AGREED, None, None)
    assert "u.20600.a1" in made.note
    assert coming(open_office) == [
        (date(2026, 3, 2), "25.00 GBP"),
        (date(2026, 3, 16), "25.00 GBP"),
        (date(2026, 3, 30), "25.00 GBP"),
        (date(2026, 4, 13), "25.00 GBP"),
    ]
    assert holds(open_office) == [Cause.ARRANGEMENT]


def test_the_deposit_comes_first(open_office: Office) -> None:
    limited(open_office, least_deposit=40)
    agree(open_office)
    assert [amount for _, amount in coming(open_office)] == ["40.00 GBP", "20.00 GBP", "20.00 GBP", "20.00 GBP"]


def test_above_the_limit_it_waits_for_a_person_and_rests_meanwhile(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=9_999)
    made = agree(open_office)
    assert (made.state, made.answer_by) == ("proposed", date(2026, 3, 9))
    assert holds(open_office) == [Cause.REPLIED]
    with open_office.rt.store.read() as session:
        found = waiting.desk(open_office.rt, session, Reach(open_office.company.practice_id)).plans
    assert [one.uid for one, _, _ in found] == [made.uid]
    proposals.accept(open_office.rt, made.uid, a_person(open_office))
    assert states(open_office) == ["running"]
    assert holds(open_office) == [Cause.ARRANGEMENT]
    with pytest.raises(Refusal, match="already answered"):
        proposals.decline(open_office.rt, made.uid, 1, "No.")


def test_without_a_limit_a_person_agrees_to_each(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=None)
    assert agree(open_office).state == "proposed"


def test_in_another_currency_a_person_agrees(open_office: Office) -> None:
    euro = Money(5_000, "EUR")
    open_office.read(open_office.clock.now(), invoices=(replace(an_invoice("3"), total=euro, balance=euro),))
    with pytest.raises(Refusal, match="one arrangement for each currency"):
        agree(open_office, "1", "2", "3")
    assert agree(open_office, "3").state == "proposed"


def test_the_limit_counts_all_that_a_customer_has_arranged(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=12_000)
    assert [agree(open_office, name).state for name in ("1", "2")] == ["running", "proposed"]


def test_who_did_not_keep_one_asks_a_person_the_next_time(open_office: Office) -> None:
    agree(open_office, "2")
    open_office.clock.move(datetime(2026, 3, 20, 12, tzinfo=UTC))
    arrangements.settle(open_office.rt)
    assert states(open_office) == ["broken"]
    assert agree(open_office, first=date(2026, 3, 20)).state == "proposed"


def test_nobody_agrees_twice_about_an_invoice(open_office: Office) -> None:
    agree(open_office)
    with pytest.raises(Refusal, match="already an arrangement"):
        agree(open_office, "1", "2")
    limited(open_office, arrange_up_to_minor=None)
    agree(open_office, "2")
    with pytest.raises(Refusal, match="already proposed"):
        agree(open_office, "2")


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"count": 1}, "at least two parts"),
        ({"count": 7}, "at most 6 parts"),
        ({"count": 6, "every": Every.MONTH}, "at most 90 days"),
        ({"first": TODAY - timedelta(days=1)}, "from today on"),
        ({"first": TODAY + timedelta(days=15)}, "at most one such step away"),
        ({"first": date.max}, "at most one such step away"),
        ({"every": Every.WEEK}, "how far apart"),
        ({"invoices": ("somebody-else-s",)}, "at least one open invoice"),
        ({"invoices": ()}, "at least one open invoice"),
    ],
)
def test_what_nobody_would_agree_to_is_refused(open_office: Office, other: dict[str, Any], sentence: str) -> None:
    limited(open_office, intervals=["fortnight", "month"])
    with pytest.raises(Refusal, match=sentence):
        agree(open_office, **other)
    assert states(open_office) == []


def test_parts_of_a_cent_are_not_offered(open_office: Office) -> None:
    tiny = Money(1_999, "GBP")
    open_office.read(open_office.clock.now(), invoices=(replace(an_invoice("3"), total=tiny, balance=tiny),))
    with pytest.raises(Refusal, match="very small"):
        agree(open_office, "3")


def test_what_is_wrong_is_not_paid_in_parts(open_office: Office) -> None:
    answers.dispute(open_office.rt, open_office.account_id, open_office.invoice("1").uid, "One is missing.")
    with open_office.rt.store.read() as session:
        offered = proposals.offered(session, open_office.account_id, lambda _: True)
    assert [one.number for one in offered] == ["N-2"]
    with pytest.raises(Refusal, match="leave it out"):
        agree(open_office)


def test_an_arrangement_answers_what_was_told_promised_and_asked_before(open_office: Office) -> None:
    rt, uid = open_office.rt, open_office.invoice("1").uid
    reasons.tell(rt, open_office.account_id, [uid], Reason.SHORT_OF_CASH)
    answers.promise(rt, open_office.account_id, [uid, open_office.invoice("2").uid], TODAY + timedelta(days=9))
    extensions.ask(rt, open_office.account_id, [uid], TODAY + timedelta(days=40))
    agree(open_office)
    assert holds(open_office) == [Cause.ARRANGEMENT]
    assert holds(open_office, "N-2") == [Cause.PROMISE], "about the other one the promise stays"
    with rt.store.read() as session:
        assert session.scalars(select(ToldRow.state)).all() == ["closed"]
        assert session.scalars(select(Promise.state)).all() == ["open"]
        assert session.scalars(select(Extension.state)).all() == ["over"]


def test_no_more_time_is_asked_for_what_is_paid_in_parts(open_office: Office) -> None:
    agree(open_office)
    with pytest.raises(Refusal, match="speak with a person"):
        extensions.ask(
            open_office.rt, open_office.account_id, [open_office.invoice("1").uid], TODAY + timedelta(days=9)
        )


def test_a_person_agrees_on_other_parts(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=None)
    made = agree(open_office)
    other = Wish((), 2, Every.MONTH, date(2026, 3, 10))
    proposals.accept(open_office.rt, made.uid, a_person(open_office), "As we said on the phone.", other)
    assert coming(open_office) == [(date(2026, 3, 10), "50.00 GBP"), (date(2026, 4, 10), "50.00 GBP")]


def test_a_proposal_whose_first_day_has_gone_by_needs_other_parts(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=None)
    made = agree(open_office)
    open_office.clock.move(datetime(2026, 3, 4, 12, tzinfo=UTC))
    with pytest.raises(Refusal, match="first day has gone by"):
        proposals.accept(open_office.rt, made.uid, a_person(open_office))
    assert states(open_office) == ["proposed"]


def test_a_proposal_is_over_when_everything_was_paid_meanwhile(open_office: Office) -> None:
    limited(open_office, arrange_up_to_minor=None)
    agree(open_office)
    open_office.read(open_office.clock.now(), invoices=(an_invoice("1", balance="0.00"),))
    arrangements.settle(open_office.rt)
    assert states(open_office) == ["kept"]


def test_after_two_refusals_it_is_for_a_conversation(open_office: Office) -> None:
    person = a_person(open_office)
    for state in ("running", "proposed"):
        limited(open_office, arrange_up_to_minor=None if state == "running" else 20_000)
        made = agree(open_office)
        assert made.state == "proposed", "within the limits too, once something was refused"
        proposals.decline(open_office.rt, made.uid, person, "We need it in two parts.")
    with pytest.raises(Refusal, match="reply to our e-mail"):
        agree(open_office)
    assert states(open_office) == ["refused", "refused"]


def test_an_invoice_that_grew_asks_for_more_in_the_last_part_only_and_one_that_fell_away_for_less(
    open_office: Office,
) -> None:
    agree(open_office, "1", "2", count=3)
    assert [amount for _, amount in coming(open_office)] == ["50.00 GBP"] * 3
    grown = replace(an_invoice("1"), total=Money(12_000, "GBP"), balance=Money(12_000, "GBP"))
    open_office.read(open_office.clock.now(), invoices=(grown,))
    assert [amount for _, amount in coming(open_office)] == ["50.00 GBP", "50.00 GBP", "70.00 GBP"]
    arrangements.settle(open_office.rt)
    assert [amount for _, amount in coming(open_office)] == ["50.00 GBP", "50.00 GBP", "70.00 GBP"]
    gone = open_office.invoice("2")
    open_office.change(gone, status="voided", balance_minor=0)
    arrangements.settle(open_office.rt)
    assert [amount for _, amount in coming(open_office)] == ["0.00 GBP", "50.00 GBP", "70.00 GBP"]
    open_office.change(open_office.invoice("1"), status="voided", balance_minor=0)
    arrangements.settle(open_office.rt)
    assert states(open_office) == ["kept"]


def test_the_parts_that_are_due_are_named_with_what_is_missing_of_them(open_office: Office) -> None:
    agree(open_office)
    open_office.read(open_office.clock.now(), invoices=(an_invoice("1", balance="90.00"),))
    for day, expected in ((TODAY - timedelta(days=1), []), (TODAY, ["15.00"]), (date(2026, 3, 16), ["15.00", "25.00"])):
        with open_office.rt.store.read() as session:
            due = following.due_parts(session, day)
        assert [str(one.missing.decimal) for one in due] == expected, day

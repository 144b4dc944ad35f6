"""A customer agrees on parts alone: each is spoken about before its day, a late one is met kindly first, and only the
ledger says what has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from core.instalments import Every
from core.money import Money
from integrations.processors.base import Method
from models import Arrangement, Company, Dispute
from tests.stories.days import diary
from tests.stories.staff import Robin, robins
from tests.town import Town
from workflows import checkouts, companies, disputes, following, links, proposals
from workflows.errors import Refusal
from workflows.proposals import Wish

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)  # four days late on the first Monday
MON, TUE = date(2026, 3, 2), date(2026, 3, 3)
AGREED = "In 2 parts you pay £100.00."


@contextmanager
def trusting(kind: str = "xero", **limits: Any) -> Iterator[tuple[Town, Robin]]:
    """A town whose company lets customers arrange up to 500 by themselves, with A-1 late, and Robin."""
    with robins(kind, ("A-1", "fern", DUE), days=0) as (town, robin):
        company_id = town.company(kind).id
        with town.rt.store.write() as session:
            company = session.get_one(Company, company_id)
            for name, value in ({"arrange_up_to_minor": 50_000} | limits).items():
                setattr(company, name, value)
        yield town, robin


def agree(town: Town, first: date, **other: Any) -> Arrangement:
    wish = Wish((town.invoice("A-1").uid,), 2, Every.FORTNIGHT, first)
    return proposals.agree(town.rt, town.invoice("A-1").account_id, replace(wish, **other), AGREED, "uid.20600.a1")


def states(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Arrangement.state).order_by(Arrangement.id)))


def pay_next_part(town: Town) -> Money:
    """The payer presses the button beside the next part, and pays on the hosted page."""
    account = town.account("A-1")
    with town.rt.store.read() as session:
        plan = session.scalars(following.whole()).one()
        owed, amount = following.next_part(plan)
    target = links.read(town.rt, links.make(town.rt, account, account.emails))
    hosted = checkouts.start(town.rt, target, owed, "stripe", Method.CARD, amount)
    town.stripe.pay(urlsplit(hosted).path.rpartition("/")[2])
    return amount


def test_from_the_message_to_the_last_part() -> None:
    with trusting() as (town, _):
        assert diary(town, "A-1", MON, MON) == ["02 Mar: LATE-4"]
        agree(town, TUE)
        town.at(TUE, 10)
        assert str(pay_next_part(town)) == "50.00 GBP"
        town.at(TUE, 22)
        assert str(town.invoice("A-1").balance) == "50.00 GBP"
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 17)) == [
            "04 Mar to 12 Mar: not-yet",
            "13 Mar: INSTALMENT-SOON",
            "14 Mar to 16 Mar: not-yet",
            "17 Mar: INSTALMENT-TODAY",
        ]
        assert "£50.00" in town.mails("A-1")[-1].text
        assert str(pay_next_part(town)) == "50.00 GBP"
        town.at(date(2026, 3, 18), 22)
        assert (states(town), town.invoice("A-1").status) == (["kept"], "paid")


def test_a_part_that_is_late_is_met_kindly_and_only_after_that_the_arrangement_ends() -> None:
    with trusting() as (town, _):
        agree(town, TUE)
        told = diary(town, "A-1", MON, date(2026, 3, 24))
        steps = [line.split(": ")[1] for line in told if line.split(": ")[1].isupper()]
        assert steps == ["INSTALMENT-SOON", "INSTALMENT-MISSED", "LATE-4"], told
        assert states(town) == ["broken"]
        missed = next(mail for mail in town.mails("A-1") if mail.header("X-Dunlin-Step") == "instalment-missed")
        assert "If things are harder than you thought, please tell us" in missed.text


def test_who_has_paid_most_of_a_part_is_asked_for_the_rest_of_it_only() -> None:
    with trusting() as (town, _):
        agree(town, date(2026, 3, 16))
        town.transfer("xero", "A-1", "40.00")
        town.at(date(2026, 3, 13), 22)
        (mail,) = town.mails("A-1")
        assert mail.header("X-Dunlin-Step") == "instalment-soon"
        assert "£10.00" in mail.text.split("See and pay")[0]
        assert "part of £50.00" not in mail.text


def test_nobody_pays_a_sum_of_their_own_choice_where_the_company_takes_whole_invoices_only() -> None:
    with trusting() as (town, _):
        agree(town, TUE)
        account = town.account("A-1")
        target = links.read(town.rt, links.make(town.rt, account, account.emails))
        for minor in (1, 4_999, 5_001):
            with pytest.raises(Refusal, match="whole invoices"):
                checkouts.start(town.rt, target, [town.invoice("A-1").uid], amount=Money(minor, "GBP"))


def test_a_proposal_that_a_person_answers_rests_until_then_and_is_told_by_mail() -> None:
    with trusting(arrange_up_to_minor=None) as (town, robin):
        made = agree(town, date(2026, 3, 12))
        assert diary(town, "A-1", MON, date(2026, 3, 4)) == ["02 Mar to 04 Mar: replied"]
        proposals.accept(town.rt, made.uid, robin.id, "Gladly.")
        town.at(date(2026, 3, 4), 23)
        told = town.mails()[-1]
        assert told.header("X-Dunlin-Step") == "arrangement-agreed"
        for words in ("12 March: £50.00", "26 March: £50.00", "Gladly."):
            assert words in told.text, words
        town.at(date(2026, 3, 5))
        assert len(town.mails()) == 1, "told once"


def test_a_proposal_that_is_declined_is_answered_with_the_reason_and_the_cadence_goes_on() -> None:
    with trusting(arrange_up_to_minor=None) as (town, robin):
        made = agree(town, TUE)
        for words in ("", "Pay now or we will take you to court."):
            with pytest.raises(Refusal):
                proposals.decline(town.rt, made.uid, robin.id, words)
        proposals.decline(town.rt, made.uid, robin.id, "We would need the first part this week.")
        assert diary(town, "A-1", MON, MON) == ["02 Mar: LATE-4"]
        (told,) = [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "arrangement-declined"]
        assert "first part this week" in told.text


def test_a_dispute_ends_with_a_credit_in_the_ledger_and_an_answer_by_mail() -> None:
    with trusting() as (town, robin):
        _credit_account(town)
        town.dispute("A-1", "Two of them came broken.")
        invoice_id = town.invoice("A-1").id
        with town.rt.store.read() as session:
            dispute = session.scalars(select(Dispute).where(Dispute.invoice_id == invoice_id)).one()
        for ending, text, credit, sentence in (
            ("", "Why.", None, "how it ended"),
            ("corrected", " ", None, "few words"),
            ("corrected", "Done.", Money(100, "GBP"), "belongs to a credit only"),
            ("credited", "Two broken.", Money(10_001, "GBP"), "at most"),
            ("credited", "Two broken.", Money(100, "EUR"), "at most"),
            ("rejected", "Pay now or we will take you to court.", None, "court"),
        ):
            with pytest.raises(Refusal, match=sentence):
                disputes.settle(town.rt, dispute.id, robin.id, text, ending, credit)
        disputes.settle(
            town.rt, dispute.id, robin.id, "We credit the two broken ones.", "credited", Money(4_000, "GBP")
        )
        town.at(MON, 22)
        assert str(town.invoice("A-1").balance) == "60.00 GBP"
        (told,) = town.mails()
        assert (told.header("X-Dunlin-Step"), told.header("X-Dunlin-Invoices")) == ("dispute-answered", "")
        assert "We credit the two broken ones." in told.text
        with pytest.raises(Refusal, match="already resolved"):
            disputes.settle(town.rt, dispute.id, robin.id, "Again.", "withdrawn")
        said = [mail.header("X-Dunlin-Step") for mail in _lived(town, TUE, 20)]
        assert said[:1] == ["late-4"], "then the gentlest word"


def _credit_account(town: Town) -> None:
    """Credit notes are booked somewhere."""
    company_id = town.company("xero").id
    chosen = companies.income_choices(town.rt, company_id)[0].id
    with town.rt.store.write() as session:
        session.get_one(Company, company_id).income_choice = chosen


def _lived(town: Town, day: date, days: int) -> list[Any]:
    """What arrived in so many days."""
    before = len(town.mails())
    town.at(day + timedelta(days=days))
    return town.mails()[before:]

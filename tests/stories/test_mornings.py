"""Stories of what a practice's people are told, and when: at once, in the morning or not, each as they chose, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from core.roles import Role
from models import CompanyAccess, Notice, User
from sandbox.mailbox import Mail
from tests.stories.days import BOTH
from tests.town import Town
from workflows import mornings, notices, stopping, told
from workflows.errors import Refusal
from workflows.told import Topic, When

MON, TUE, WED, THU = (date(2026, 3, day) for day in (2, 3, 4, 5))
ROBIN, KIM = "robin@sandpiper.example", "kim@sandpiper.example"
SEVEN = {"quickbooks": 12, "xero": 7}  # UTC, while New York and London keep winter time


@contextmanager
def office(kind: str = "xero", due: date = date(2026, 2, 25)) -> Iterator[Town]:
    """One late invoice; Robin owns the practice, and Kim is its clerk."""
    town = Town()
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", due)
    town.begin(kinds=[kind])
    with town.rt.store.write() as session:
        for name, email, role in (("Robin Vale", ROBIN, Role.OWNER), ("Kim Shore", KIM, Role.CLERK)):
            made = {"uid": town.new_id(), "password_hash": "-", "created_at": town.now, "role": role.value}
            session.add(User(practice_id=town.practice_id, name=name, email=email, **made))
    try:
        yield town
    finally:
        town.close()


def user(town: Town, email: str) -> User:
    with town.rt.store.read() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def chose(town: Town, email: str, **choices: str) -> None:
    told.choose(town.rt, user(town, email).id, {Topic(topic): When(when) for topic, when in choices.items()})


def tell(town: Town, key: str, topic: Topic = Topic.MONEY, company: int | None = None, **more: Any) -> None:
    with town.rt.store.write() as session:
        notices.want(
            town.rt, session, town.practice_id, company, key, f"About {key}", "Please look.", topic=topic, **more
        )


def to(town: Town, email: str) -> list[Mail]:
    return [mail for mail in town.mails() if email in mail.recipients]


def subjects(town: Town, email: str) -> list[str]:
    return [mail.subject for mail in to(town, email)]


def test_who_wants_to_hear_in_the_morning_hears_all_of_it_in_one_mail_and_others_at_once() -> None:
    with office() as town:
        town.at(MON, 8)
        chose(town, KIM, money="daily")
        tell(town, "first")
        tell(town, "second")
        town.settle()
        assert (subjects(town, ROBIN), subjects(town, KIM)) == (["About first", "About second"], [])
        town.at(TUE, 6)
        assert subjects(town, KIM) == []
        town.at(TUE, 7, 5)
        (mail,) = to(town, KIM)
        assert (mail.subject, mail.recipients) == ("2 things since yesterday", (KIM,))
        assert mail.text.index("About first") < mail.text.index("About second")
        town.at(THU)
        assert len(to(town, KIM)) == 1
        assert len(to(town, ROBIN)) == 2


def test_what_comes_after_the_mail_of_the_morning_waits_for_the_next_one() -> None:
    with office() as town:
        chose(town, KIM, money="daily")
        town.at(TUE, 9)
        tell(town, "late")
        town.at(TUE, 20)
        assert subjects(town, KIM) == []
        town.at(WED, 7, 5)
        assert subjects(town, KIM) == ["About late"]


def test_a_process_that_dies_between_mail_and_mail_writes_none_twice() -> None:
    with office() as town:
        chose(town, KIM, money="daily")
        tell(town, "first")
        town.clock.move(datetime(2026, 3, 3, 7, 5, tzinfo=town.now.tzinfo))
        assert mornings.write_all(town.rt) == 1
        assert mornings.write_all(town.rt) == 0
        notices.send_due(town.rt)
        notices.send_due(town.rt)
        assert subjects(town, KIM) == ["About first"]


def test_a_change_of_mind_loses_nothing_and_tells_nothing_twice() -> None:
    with office() as town:
        chose(town, KIM, money="daily")
        tell(town, "first")
        chose(town, KIM, money="at-once")
        tell(town, "second")
        town.settle()
        assert subjects(town, KIM) == ["About second"]
        chose(town, KIM, money="daily")
        town.at(TUE, 8)
        assert subjects(town, KIM) == ["About second", "About first"]


def test_who_wants_nothing_hears_nothing_and_what_was_gathered_is_let_go() -> None:
    with office() as town:
        chose(town, KIM, money="daily")
        tell(town, "first")
        chose(town, KIM, money="not")
        tell(town, "second")
        town.at(WED)
        assert (subjects(town, KIM), len(to(town, ROBIN))) == ([], 2)
        chose(town, ROBIN, money="not")
        tell(town, "third")
        town.at(THU)
        assert len(to(town, ROBIN)) == 2


def test_what_protects_the_practice_is_told_at_once_whatever_was_chosen() -> None:
    with office() as town:
        for topic in told.CHOICES:
            chose(town, ROBIN, **{topic.value: "not"})
        tell(town, "where money goes", Topic.ALWAYS, owners=True)
        town.settle()
        assert (subjects(town, ROBIN), subjects(town, KIM)) == (["About where money goes"], [])
        with pytest.raises(Refusal):
            told.choose(town.rt, user(town, ROBIN).id, {Topic.ALWAYS: When.NOT})
        with pytest.raises(Refusal):
            chose(town, ROBIN, morning="at-once")


def test_who_is_limited_hears_of_their_companies_and_of_nothing_wider() -> None:
    with office() as town:
        company = town.company("xero").id
        with town.rt.store.write() as session:
            session.execute(update(User).where(User.email == KIM).values(limited=True))
        tell(town, "a company", company=company)
        tell(town, "everything")
        town.settle()
        assert (len(to(town, ROBIN)), subjects(town, KIM)) == (2, [])
        opened = CompanyAccess(user_id=user(town, KIM).id, company_id=company)
        with town.rt.store.write() as session:
            session.add(opened)
        tell(town, "the company again", company=company)
        town.settle()
        assert subjects(town, KIM) == ["About the company again"]


@BOTH
def test_who_wants_to_hear_of_answers_does_and_others_keep_no_row_of_them(kind: str) -> None:
    with office(kind) as town:
        town.promise("A-1", date(2026, 3, 9))
        town.settle()
        assert to(town, KIM) == []
        with town.rt.store.read() as session:
            assert session.scalars(select(Notice)).all() == []
        chose(town, KIM, answers="at-once")
        town.dispute("A-1")
        town.settle()
        (mail,) = to(town, KIM)
        assert (mail.subject, mail.recipients) == (f"Fern answered {town.company(kind).name}", (KIM,))
        assert "something is wrong" in mail.text


@BOTH
def test_the_morning_forewarns_of_what_leaves_that_day_before_it_leaves(kind: str) -> None:
    with office(kind) as town:
        chose(town, KIM, morning="daily")
        town.at(MON, SEVEN[kind], 10)
        (mail,) = to(town, KIM)
        assert mail.subject == "Today: 1 message to leave, 0 drafts to approve"
        assert f"{town.company(kind).name}\n" in mail.text
        assert "Fern: late-4 (A-1)" in mail.text
        assert town.mails("A-1") == []
        town.at(MON, 22)
        assert town.steps("A-1") == ["late-4"]
        town.at(WED, 22)
        assert len(to(town, KIM)) == 1, "nothing leaves on the next days, so nothing is written"
        assert to(town, ROBIN) == []


@BOTH
def test_what_waits_for_approval_is_in_the_mail_and_counts_as_not_leaving(kind: str) -> None:
    with office(kind) as town:
        town.company_may(approve_all=True)
        chose(town, KIM, morning="daily")
        town.at(MON, 22)
        town.at(TUE, SEVEN[kind], 10)
        assert subjects(town, KIM)[-1] == "Today: 0 messages to leave, 1 draft to approve"
        assert "1 draft waits for approval" in to(town, KIM)[-1].text


def test_while_sending_is_stopped_nothing_is_forewarned() -> None:
    with office() as town:
        chose(town, KIM, morning="daily")
        stopping.stop(town.rt, town.practice_id)
        town.at(TUE, 22)
        assert (to(town, KIM), town.mails("A-1")) == ([], [])


def test_who_has_left_is_told_nothing_that_was_gathered() -> None:
    with office() as town:
        chose(town, KIM, money="daily")
        tell(town, "first")
        with town.rt.store.write() as session:
            session.execute(update(User).where(User.email == KIM).values(left_at=town.now))
        town.at(WED)
        assert to(town, KIM) == []
        with town.rt.store.read() as session:
            assert set(session.scalars(select(Notice.state))) == {"sent"}

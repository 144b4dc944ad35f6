"""What is old is forgotten by one table, and Dunlin repeats nothing for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from models import Decision, Delivery, Dispute, Notice, Reading, SentFile, SignIn, Touch, User
from tests.house.code import ROOT
from tests.stories.days import EVENING, town_of
from tests.workflows.office import Office, an_invoice
from workflows import clock, retention
from workflows.errors import Refusal
from workflows.runtime import Upkeep


def count(office: Office, table: type) -> int:
    with office.rt.store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_documentation_shows_the_table_as_it_is() -> None:
    assert retention.as_markdown() in (ROOT / "docs/operations.md").read_text()


def test_every_class_is_kept_for_its_days_and_not_longer(office: Office) -> None:
    begin = office.clock.now()
    with office.rt.store.write() as session:
        session.add(Delivery(kind="xero", key="1", raw_sealed=b"", events_sealed=b"", received_at=begin))
        session.add(Reading(company_id=office.company.id, kind="whole", began_at=begin))
        practice = office.company.practice_id
        user = User(
            role="accountant",
            uid="u",
            practice_id=practice,
            email="a@b.example",
            name="A",
            password_hash="-",
            created_at=begin,
        )
        session.add(user)
        session.flush()
        session.add(SignIn(uid="s", user_id=user.id, secret_hash="x", made_at=begin, seen_at=begin, ended_at=begin))
    office.clock.move(begin + timedelta(days=30))
    assert retention.forget(office.rt) == 0, "on its last day it is still there"
    office.clock.move(begin + timedelta(days=31))
    assert (retention.forget(office.rt), count(office, Delivery)) == (1, 0)
    office.clock.move(begin + timedelta(days=91))
    assert (retention.forget(office.rt), count(office, Reading), count(office, SignIn)) == (2, 0, 0)
    assert retention.forget(office.rt) == 0


def test_an_installation_may_keep_something_shorter_but_only_what_there_is(office: Office) -> None:
    with office.rt.store.write() as session:
        session.add(Delivery(kind="xero", key="1", raw_sealed=b"", events_sealed=b"", received_at=office.clock.now()))
    rt = replace(office.rt, upkeep=Upkeep(keep_days={"webhooks": 2}))
    office.clock.move(office.clock.now() + timedelta(days=3))
    assert (retention.forget(office.rt), retention.forget(rt)) == (0, 1)
    with pytest.raises(Refusal, match="DUNLIN_KEEP_DAYS names 'letters'; there are: webhooks, "):
        retention.check(replace(rt, upkeep=Upkeep(keep_days={"letters": 2})))


def test_words_go_a_year_after_they_were_settled_and_never_before(office: Office) -> None:
    begin = office.clock.now()
    office.read(begin, invoices=(an_invoice("1"),))
    invoice = {"invoice_id": office.invoice("1").id}
    about = {"company_id": office.company.id, "account_id": office.account_id, "answer_by": begin.date()}
    with office.rt.store.write() as session:
        for uid, resolved, said in (("open", None, "I am ill."), ("done", begin, "I am ill."), ("by-phone", begin, "")):
            dispute = Dispute(uid=uid, text=said, opened_at=begin, resolved_at=resolved, **about, **invoice)
            dispute.resolution = "They were ill."
            session.add(dispute)
            session.flush()
            file = {"name": "a.pdf", "kind": "application/pdf", "size": 1, "body_sealed": b"x", "made_at": begin}
            owner = {"company_id": office.company.id, "account_id": office.account_id}
            session.add(SentFile(uid=f"f-{uid}", dispute_id=dispute.id, **owner, **file))
    office.clock.move(begin + timedelta(days=366))
    assert retention.forget(office.rt) == 4
    with office.rt.store.read() as session:
        kept = {one.uid: one.text + one.resolution for one in session.scalars(select(Dispute))}
        assert kept == {"open": "I am ill.They were ill.", "done": "", "by-phone": ""}
        assert session.scalars(select(SentFile.uid)).all() == ["f-open"]


def test_of_old_decisions_the_last_one_stays_because_it_stood_until_the_next(office: Office) -> None:
    begin = office.clock.now()
    with office.rt.store.write() as session:
        for day in (0, 1, 2, 900):
            session.add(Decision(account_id=office.account_id, at=begin + timedelta(days=day)))
    office.clock.move(begin + timedelta(days=901))
    assert retention.forget(office.rt) == 2
    with office.rt.store.read() as session:
        left = session.scalars(select(Decision.at).order_by(Decision.at)).all()
    assert [(at - begin).days for at in left] == [2, 900]


def test_a_notice_keeps_its_key_so_that_nobody_is_told_twice(office: Office) -> None:
    now = office.clock.now()
    with office.rt.store.write() as session:
        fields = {"practice_id": office.company.practice_id, "subject": "Fern", "text": "Fern owes", "state": "sent"}
        session.add(Notice(uid="n", key="difference/1", not_before=now, created_at=now, **fields))
    office.clock.move(now + timedelta(days=181))
    assert retention.forget(office.rt) == 1
    with office.rt.store.read() as session:
        one = session.scalars(select(Notice)).one()
    assert (one.key, one.subject, one.text, one.state) == ("difference/1", "", "", "sent")


def test_a_town_in_which_all_that_is_old_is_gone_says_nothing_twice() -> None:
    """Everything is forgotten the day after; what was said, paid and told is still known."""
    with town_of("xero", ("A-1", "fern", date(2026, 3, 9)), ("B-1", "moss", date(2026, 3, 9))) as town:
        at_once = Upkeep(keep_days={one.name: 1 for one in retention.TABLE})
        town.rt = replace(town.rt, upkeep=at_once)
        town.at(date(2026, 3, 13), EVENING)
        town.pay("B-1")
        town.at(date(2026, 3, 17), EVENING)
        said = town.steps("A-1"), town.steps("B-1")
        assert said == (["heads-up", "due-today", "late-4"], ["heads-up", "due-today", "late-4", "thanks"])
        assert retention.forget(town.rt) > 0
        with town.rt.store.read() as session:
            assert set(session.scalars(select(Touch.text).where(Touch.day < date(2026, 3, 15)))) == {""}
        for verb in clock.NIGHTLY.values():
            verb(town.rt)
        town.at(date(2026, 3, 19), EVENING)
        assert (town.steps("A-1"), town.steps("B-1")) == said

"""Stories of words of one's own: what is said in them from which day on, for whom, and in which language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from core.cadence import Channel
from models import Account, AuditEvent, Company, Touch, User, Wording
from tests.stories.days import BOTH, diary, town_of
from tests.stories.staff import robins
from tests.town import Town
from workflows import approvals, wording_drafts, wording_read
from workflows.errors import Overtaken, Refusal
from workflows.wording_drafts import Place

MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in (2, 3, 4, 5, 6))
OURS = """subject: A word about {{ words.about }}

Has {{ words.about }} reached the right desk? The workshop would like to know."""
THEIRS = "subject: From the practice\n\nThe practice asks after {{ words.about }}."


def writer(town: Town) -> User:
    with town.rt.store.write() as session:
        user = User(uid=town.new_id(), practice_id=town.practice_id, email="ada@b.example", name="Ada", role="owner")
        user.password_hash, user.created_at = "-", town.now
        session.add(user)
        session.flush()
        return user


def place(town: Town, company: Company | None, template: str = "late-4", language: str = "en") -> Place:
    return Place(town.practice_id, company.id if company else None, language, Channel.EMAIL, template)


def live(town: Town, where: Place, source: str, who: User, *, aloud: bool = False) -> Wording:
    made = wording_drafts.save(town.rt, where, 0, source, who.id)
    wording_drafts.make_live(town.rt, made, 1, who.id, aloud=aloud)
    return made


def said(town: Town) -> list[str]:
    """The texts of all messages so far."""
    with town.rt.store.read() as session:
        return list(session.scalars(select(Touch.text).order_by(Touch.id)))


@contextmanager
def owing(kind: str) -> Iterator[tuple[Town, User, Company]]:
    """A-1 comes to its first follow-up on Monday, B-1 on Wednesday."""
    with town_of(kind, ("A-1", "fern", date(2026, 2, 26)), ("B-1", "moss", date(2026, 2, 28))) as town:
        yield town, writer(town), town.company(kind)


@BOTH
def test_a_draft_is_said_to_nobody_and_what_is_live_to_everybody(kind: str) -> None:
    with owing(kind) as (town, who, company):
        draft = wording_drafts.save(town.rt, place(town, company), 0, OURS, who.id)
        assert diary(town, "A-1", MON, MON) == ["02 Mar: LATE-4"]
        assert "reached the right desk" not in said(town)[-1]
        wording_drafts.make_live(town.rt, draft, 1, who.id)
        diary(town, "B-1", TUE, WED)
        assert "Has invoice B-1 reached the right desk? The workshop would like to know." in said(town)[-1]


@BOTH
def test_taken_back_the_shipped_words_are_said_again(kind: str) -> None:
    with owing(kind) as (town, who, company):
        wording = live(town, place(town, company), OURS, who)
        diary(town, "A-1", MON, MON)
        assert "right desk" in said(town)[-1]
        wording_drafts.end(town.rt, wording, who.id)
        diary(town, "B-1", TUE, WED)
        assert "right desk" not in said(town)[-1]


def test_a_companys_own_words_go_before_those_of_the_practice_and_another_company_has_the_practices() -> None:
    town = Town()
    for kind, number in (("xero", "A-1"), ("quickbooks", "Q-1")):
        town.customer(kind, "fern")
        town.open(kind, number, "fern", date(2026, 2, 26))
    town.begin()
    who = writer(town)
    live(town, place(town, None), THEIRS, who)
    live(town, place(town, town.company("xero")), OURS, who)
    diary(town, "A-1", MON, MON)
    texts = {("A-1" if "A-1" in text else "Q-1"): text for text in said(town)}
    assert "right desk" in texts["A-1"]
    assert "The practice asks after invoice Q-1." in texts["Q-1"]
    town.close()


@BOTH
def test_a_german_customer_hears_the_shipped_german_until_there_are_german_words(kind: str) -> None:
    with owing(kind) as (town, who, company):
        with town.rt.store.write() as session:
            for account in session.scalars(select(Account)):
                account.language = "de"
        live(town, place(town, company), OURS, who)
        diary(town, "A-1", MON, MON)
        assert "right desk" not in said(town)[-1]
        german = "subject: Kurz gefragt\n\nist die Rechnung in der Werkstatt angekommen?"
        with pytest.raises(Refusal, match="read it aloud"):
            live(town, place(town, company, language="de"), german, who)
        with town.rt.store.read() as session:
            draft = wording_drafts.at(session, place(town, company, language="de")).draft
        assert draft is not None
        wording_drafts.make_live(town.rt, draft, 1, who.id, aloud=True)
        diary(town, "B-1", TUE, WED)
        assert "in der Werkstatt angekommen?" in said(town)[-1]
        assert "Guten Tag" in said(town)[-1]


@BOTH
def test_a_test_goes_to_who_asks_and_to_nobody_else_and_is_no_touch(kind: str) -> None:
    with owing(kind) as (town, who, company):
        account = town.account("A-1")
        before = len(town.mails())
        wording_read.send_test(town.rt, account, place(town, company), OURS, who)
        (mail,) = town.mails()[before:]
        assert mail.recipients == (who.email,)
        assert mail.subject == "Test: A word about invoice A-1"
        assert "/p/" not in mail.text + mail.html
        assert said(town) == []
        with town.rt.store.read() as session:
            assert session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id.desc())).first() == "wording-tested"
        with pytest.raises(Refusal, match="no field “nobody”"):
            wording_read.send_test(town.rt, account, place(town, company), OURS + "{{ nobody }}", who)
        assert len(town.mails()) == before + 1


def test_who_was_overtaken_writes_over_nobody_and_what_was_said_once_can_be_taken_up_again() -> None:
    with owing("xero") as (town, who, company):
        where = place(town, company)
        first = live(town, where, OURS, who)
        second = live(town, where, OURS + " Thank you.", who)
        with town.rt.store.read() as session:
            found = wording_drafts.at(session, where)
            assert (found.draft, found.live and found.live.number, [one.number for one in found.former]) == (
                None,
                2,
                [1],
            )
        again = wording_drafts.restore(town.rt, first, who.id)
        with pytest.raises(Refusal, match="There is a draft already"):
            wording_drafts.restore(town.rt, first, who.id)
        with pytest.raises(Overtaken):
            wording_drafts.save(town.rt, where, 0, THEIRS, who.id)
        with pytest.raises(Overtaken):
            wording_drafts.make_live(town.rt, again, 7, who.id)
        with pytest.raises(Overtaken):
            wording_drafts.end(town.rt, first, who.id)
        wording_drafts.make_live(town.rt, again, 1, who.id)
        with town.rt.store.read() as session:
            found = wording_drafts.at(session, where)
            assert found.live is not None
            assert (found.live.source, found.live.number, found.former[0].id) == (OURS, 3, second.id)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (OURS + " If you do not pay, we will take you to court.", "court"),
        (OURS + " {{ invoices }}", "no field “invoices”"),
        (OURS + " {{ instalment.amount }}", "It cannot be said of an invoice that is late"),
        ("Hello", "first line"),
    ],
)
def test_what_may_not_be_said_is_not_even_kept(source: str, why: str) -> None:
    with owing("xero") as (town, who, company):
        with pytest.raises(Refusal, match=why):
            wording_drafts.save(town.rt, place(town, company), 0, source, who.id)
        with town.rt.store.read() as session:
            assert session.scalars(select(Wording)).all() == []


@BOTH
def test_what_was_approved_leaves_as_it_was_approved_whatever_becomes_of_the_words(kind: str) -> None:
    with robins(kind, ("W-1", "fern", date(2026, 2, 25))) as (town, robin):
        company = town.company(kind)
        with town.rt.store.read() as session:
            who = session.get_one(User, robin.id)
        live(town, place(town, company), OURS, who)
        town.at(TUE)
        read = robin.one()
        assert read.words.title == "A word about invoice W-1"
        live(town, place(town, company), THEIRS, who)
        with pytest.raises(Refusal):
            approvals.approve(town.rt, read.draft.id, read.mark, robin.id)  # somebody read other words
        robin.approve()
        live(town, place(town, company), OURS, who)
        town.at(WED, 22)
        (mail,) = town.mails()
        assert (mail.subject, "The practice asks after invoice W-1." in mail.text) == ("From the practice", True)

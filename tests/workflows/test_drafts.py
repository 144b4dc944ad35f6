"""Drafts of cadences apart from their page: who approves, what closes them, and that nobody writes over another."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from models import CadenceDraft, User
from tests.cadences import DEFAULT
from tests.workflows.office import Office
from workflows import drafts
from workflows.errors import Overtaken, Refusal

CALM = DEFAULT.replace("week_limit = 2", "week_limit = 1")


def person(office: Office, name: str, role: str = "accountant", **more: Any) -> int:
    with office.rt.store.write() as session:
        user = User(uid=name, practice_id=office.company.practice_id, email=f"{name}@b.example", name=name, role=role)
        user.password_hash, user.created_at = "-", office.clock.now()
        for field, value in more.items():
            setattr(user, field, value)
        session.add(user)
        session.flush()
        return user.id


def fresh(office: Office, draft: CadenceDraft) -> CadenceDraft:
    with office.rt.store.read() as session:
        return session.get_one(CadenceDraft, draft.id)


def begun(office: Office, who: int, state: str = "draft") -> CadenceDraft:
    made = drafts.begin(office.rt, office.company.practice_id, who, office.company.id, shipped="default")
    with office.rt.store.write() as session:
        session.execute(update(CadenceDraft).values(state=state))
    return fresh(office, made)


def test_whoever_is_alone_approves_with_a_word_that_they_read_it_once_more(office: Office) -> None:
    ada = person(office, "Ada")
    person(office, "Vic", "clerk")
    person(office, "Lim", limited=True)
    person(office, "Gone", left_at=office.clock.now())
    draft = begun(office, ada, "proved")
    with pytest.raises(Refusal, match="Please tick that you have read it once more"):
        drafts.approve(office.rt, draft, 1, ada)
    drafts.approve(office.rt, draft, 1, ada, sure=True)
    found = fresh(office, draft)
    assert (found.state, found.approved_by, found.approved_at) == ("approved", ada, office.clock.now())


def test_where_there_are_two_whoever_wrote_it_last_asks_the_other(office: Office) -> None:
    ada, bea = person(office, "Ada"), person(office, "Bea", "owner")
    draft = begun(office, ada, "proved")
    with pytest.raises(Refusal, match="please ask Bea"):
        drafts.approve(office.rt, draft, 1, ada, sure=True)
    drafts.approve(office.rt, draft, 1, bea)
    assert fresh(office, draft).approved_by == bea
    drafts.save(office.rt, fresh(office, draft), 1, CALM, bea)
    found = fresh(office, draft)
    assert (found.state, found.approved_by, found.made_by, found.revision) == ("draft", None, bea, 2)


@pytest.mark.parametrize("state", ["draft", "approved"])
def test_only_what_is_proved_is_approved(office: Office, state: str) -> None:
    ada = person(office, "Ada")
    with pytest.raises(Refusal, match=r"Please prove it first|approved already"):
        drafts.approve(office.rt, begun(office, ada, state), 1, ada, sure=True)


@pytest.mark.parametrize("state", ["draft", "proved"])
def test_only_what_is_approved_is_kept(office: Office, state: str) -> None:
    ada = person(office, "Ada")
    with pytest.raises(Refusal, match="once it is proved and approved"):
        drafts.keep(office.rt, begun(office, ada, state), 1, ada)


@pytest.mark.parametrize("state", ["kept", "dropped"])
def test_a_closed_draft_changes_no_more(office: Office, state: str) -> None:
    ada = person(office, "Ada")
    draft = begun(office, ada, state)
    for deed in (
        lambda: drafts.save(office.rt, draft, 1, CALM, ada),
        lambda: drafts.prove(office.rt, draft, 1, office.company, ada),
        lambda: drafts.approve(office.rt, draft, 1, ada, sure=True),
        lambda: drafts.keep(office.rt, draft, 1, ada),
        lambda: drafts.drop(office.rt, draft, 1, ada),
    ):
        with pytest.raises(Refusal, match="This draft is closed"):
            deed()
    assert fresh(office, draft).state == state


def test_of_two_who_save_at_once_the_second_is_told(office: Office) -> None:
    ada, bea = person(office, "Ada"), person(office, "Bea")
    draft = begun(office, ada)
    drafts.save(office.rt, draft, 1, CALM, bea)
    with pytest.raises(Overtaken, match="Somebody else changed this draft meanwhile"):
        drafts.save(office.rt, draft, 1, CALM.replace("gap_hours", "# gap_hours"), ada)
    assert (fresh(office, draft).source, fresh(office, draft).revision) == (CALM, 2)


def test_a_proof_counts_only_for_the_text_and_the_company_that_were_proved(office: Office) -> None:
    ada = person(office, "Ada")
    draft = begun(office, ada)
    with pytest.raises(Refusal, match="choose first on whose books"):
        drafts.prove(office.rt, draft, 1, None, ada)
    drafts.save(office.rt, draft, 1, CALM, ada)
    with pytest.raises(Overtaken):
        drafts.prove(office.rt, fresh(office, draft), 1, office.company, ada)
    assert fresh(office, draft).state == "draft"


def test_another_company_asks_for_another_proof(office: Office) -> None:
    ada = person(office, "Ada")
    draft = begun(office, ada, "proved")
    drafts.try_on(office.rt, draft, 1, office.company.id, ada)
    assert (fresh(office, draft).state, fresh(office, draft).revision) == ("proved", 1)
    with office.rt.store.write() as session:
        session.execute(update(CadenceDraft).values(company_id=None))
    drafts.try_on(office.rt, fresh(office, draft), 1, office.company.id, ada)
    assert (fresh(office, draft).state, fresh(office, draft).revision) == ("draft", 2)


def test_a_text_that_is_too_long_or_no_cadence_is_refused(office: Office) -> None:
    ada = person(office, "Ada")
    draft = begun(office, ada)
    for text, words in (("x" * 100_001, "100,000 characters"), ("name = ", "not valid TOML")):
        with pytest.raises(Refusal, match=words):
            drafts.save(office.rt, draft, 1, text, ada)

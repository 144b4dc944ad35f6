"""The practice's library: versions that never change, what a level changes of them, roll-out and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.inheritance import Level
from models import CadenceVersion, Company, User
from tests.cadences import BEGINS_CLEARLY, CALMER, DEFAULT
from tests.town import Town
from tests.workflows.office import Office, an_invoice
from workflows import cadences, companies, gather, library, planner
from workflows.errors import Refusal


def saved(office: Office, source: str) -> CadenceVersion:
    return library.save(office.rt, office.company.practice_id, source)


def company(office: Office) -> Company:
    with office.rt.store.read() as session:
        return session.get_one(Company, office.company.id)


def in_force(office: Office, external_id: str = "c-1") -> Any:
    """The cadence that plan() is asked with about an account."""
    with office.rt.store.read() as session:
        return gather.account(office.rt, session, office.account(external_id).id, office.clock.now()).cadence


def change(office: Office, level: Level, fields: dict[str, Any], **scope: Any) -> None:
    library.change(office.rt, office.company.practice_id, level, fields, **scope)


@pytest.fixture
def accountant(office: Office) -> int:
    with office.rt.store.write() as session:
        user = User(
            role="accountant",
            uid=office.rt.new_id(),
            practice_id=office.company.practice_id,
            email="a@b.example",
            name="Ada",
        )
        user.password_hash, user.created_at = "-", office.clock.now()
        session.add(user)
        session.flush()
        return user.id


def test_the_same_text_is_the_same_version_and_a_changed_one_is_the_next(office: Office) -> None:
    first = saved(office, DEFAULT)
    assert saved(office, DEFAULT).id == first.id == company(office).cadence_version_id
    second = saved(office, CALMER)
    assert (second.name, first.number, second.number) == ("default", 1, 2)
    assert cadences.of_version(second).week_limit == 1


def test_a_version_keeps_the_texts_it_uses_and_no_others(office: Office) -> None:
    with office.rt.store.write() as session:
        version = library.first_version(office.rt, session, office.company.practice_id)
    assert set(version.parts) == set(cadences.uses(version.source)) != set()
    assert cadences.of_version(version) == cadences.shipped(library.FIRST)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        (DEFAULT.replace("offset = 12", "offset = 2"), "must come after"),
        (DEFAULT.replace('name = "late-12"', 'name = "late-13"'), "names the template 'late-13'"),
        (f'uses = ["nowhere"]\n{DEFAULT}', "'nowhere', which is not in the library"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(office: Office, text: str, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        saved(office, text)


@pytest.mark.slow
def test_each_level_changes_named_fields_only_and_the_nearest_has_the_last_word(office: Office) -> None:
    here = {"company_id": office.company.id}
    office.change(office.account("c-1"), segment="key")
    change(office, Level.PRACTICE, {"grace_days": 7, "gap_hours": 96})
    change(office, Level.COMPANY, {"gap_hours": 72}, **here)
    change(office, Level.SEGMENT, {"steps": {"late-35": {"approve": True}}}, segment="key", **here)
    change(office, Level.ACCOUNT, {"steps": {"late-4": {"offset": 6}}}, account_id=office.account_id, **here)
    found = in_force(office)
    assert (found.grace_days, found.gap_hours, found.week_limit) == (7, 72, 2)
    assert (found.step("late-35").approve, found.step("late-4").offset) == (True, 6)
    assert in_force(office) is found, "asked again it is the same object, with all that is remembered of it"


def test_a_change_wakes_those_it_concerns_and_can_be_taken_away(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    planner.plan_due(office.rt)
    before = office.account("c-1")
    change(office, Level.ACCOUNT, {"week_limit": 1}, company_id=office.company.id, account_id=office.account_id)
    after = office.account("c-1")
    assert after.facts_version > before.facts_version
    assert after.wake_at == office.clock.now()
    change(office, Level.ACCOUNT, {}, company_id=office.company.id, account_id=office.account_id)
    assert in_force(office).week_limit == 2


def test_a_change_that_would_break_the_ladder_is_refused_and_nothing_of_it_stays(office: Office) -> None:
    with pytest.raises(Refusal, match=r"The company's change of .*late-12"):
        change(office, Level.COMPANY, {"steps": {"late-12": {"offset": 2}}}, company_id=office.company.id)
    assert in_force(office).step("late-12").offset == 12


@pytest.mark.parametrize("level", list(Level))
def test_whom_a_level_is_about_must_be_said(office: Office, level: Level) -> None:
    scope = {"account_id": office.account_id} if level is Level.PRACTICE else {}
    with pytest.raises(Refusal, match="Please say which"):
        change(office, level, {"week_limit": 1}, **scope)


def test_an_account_can_have_another_cadence_than_its_company(office: Office) -> None:
    calmer = saved(office, CALMER)
    here = {"company_id": office.company.id, "account_id": office.account_id, "version_id": calmer.id}
    change(office, Level.ACCOUNT, {}, **here)
    assert in_force(office).title == "Calmer"
    with office.rt.store.read() as session:
        assert cadences.cadence_of(session, company(office)).title == "Early and gentle"


def test_a_version_is_rolled_out_in_words_and_rolled_back(office: Office, accountant: int) -> None:
    practice, before = office.company.practice_id, company(office).cadence_version_id
    calmer = saved(office, CALMER)
    (move,) = library.would_move(office.rt, calmer.uid, practice, [office.company.id])
    assert "the budget goes from 2 to 1 a week" in move.changes
    assert company(office).cadence_version_id == before, "looking changes nothing"
    rollout, moves = library.roll_out(office.rt, calmer.uid, practice, [office.company.id], accountant)
    assert (moves, company(office).cadence_version_id) == ([move], calmer.id)
    library.roll_back(office.rt, rollout.uid, practice, accountant)
    assert company(office).cadence_version_id == before
    with pytest.raises(Refusal, match="already rolled back"):
        library.roll_back(office.rt, rollout.uid, practice, accountant)


def test_a_company_whose_own_changes_do_not_fit_is_an_exception_and_keeps_what_it_has(
    office: Office, accountant: int
) -> None:
    practice, before = office.company.practice_id, company(office).cadence_version_id
    change(office, Level.COMPANY, {"steps": {"late-12": {"tone": "clear"}}}, company_id=office.company.id)
    other = saved(office, DEFAULT.replace('name = "late-12"', 'name = "late-14"\ntemplate = "late-12"'))
    _, (move,) = library.roll_out(office.rt, other.uid, practice, [office.company.id], accountant)
    assert "late-12" in move.exception
    assert company(office).cadence_version_id == before


def test_a_company_that_was_changed_since_is_not_rolled_back(office: Office, accountant: int) -> None:
    practice = office.company.practice_id
    calmer, other = saved(office, CALMER), saved(office, CALMER.replace("Calmer", "Calmest"))
    rollout, _ = library.roll_out(office.rt, calmer.uid, practice, [office.company.id], accountant)
    library.roll_out(office.rt, other.uid, practice, [office.company.id], accountant)
    (move,) = library.roll_back(office.rt, rollout.uid, practice, accountant)
    assert "changed again since" in move.exception
    assert company(office).cadence_version_id == other.id


def test_another_practice_cannot_reach_in(office: Office, accountant: int) -> None:
    calmer = saved(office, CALMER)
    with pytest.raises(Refusal, match="not in the library"):
        library.roll_out(office.rt, calmer.uid, office.company.practice_id + 1, [office.company.id], accountant)
    with office.rt.store.read() as session:
        assert len(session.scalars(select(CadenceVersion)).all()) == 2


def test_a_version_that_could_break_a_promise_goes_to_nobody_and_says_how(office: Office, accountant: int) -> None:
    practice, before = office.company.practice_id, company(office).cadence_version_id
    clear = saved(office, BEGINS_CLEARLY)
    (shown,) = library.would_move(office.rt, clear.uid, practice, [office.company.id])
    _, (move,) = library.roll_out(office.rt, clear.uid, practice, [office.company.id], accountant)
    assert move.exception == shown.exception
    assert "It could break its promise (" in move.exception
    assert "It is the first word, and not gentle." in move.exception
    assert company(office).cadence_version_id == before


def test_a_company_may_not_be_switched_on_with_such_a_cadence(town: Town) -> None:
    town.customer("xero", "fern")
    town.begin(kinds=["xero"])
    ours = town.company("xero").id
    companies.set_live(town.rt, ours, on=False)
    clear = library.save(town.rt, town.practice_id, BEGINS_CLEARLY)
    with town.rt.store.write() as session:
        session.get_one(Company, ours).cadence_version_id = clear.id
    with pytest.raises(Refusal, match=r"cannot speak yet\. It could break its promise .*first word, and not gentle"):
        companies.set_live(town.rt, ours, on=True)
    assert town.company("xero").live_at is None

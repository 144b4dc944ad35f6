"""Care for who needs a gentle hand: nothing by itself, nobody hands them over, and nowhere stands why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import inspect, select

from core.because import Because, Cause
from core.facts import Hold
from core.plan import plan
from core.vetoes import account_closed
from models import Account, AuditEvent
from tests.workflows.office import Office, an_invoice
from workflows import care, gather, handovers
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.tasks import AGAINST

TODAY = date(2026, 3, 2)
LATER = TODAY + care.USUAL
ROBIN = 7


def owing(office: Office) -> gather.Gathered:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    return gathered(office)


def gathered(office: Office) -> gather.Gathered:
    with office.rt.store.read() as session:
        return gather.account(office.rt, session, office.account_id, office.clock.now())


def test_care_silences_the_whole_account_from_the_same_moment_until_a_person_ends_it(office: Office) -> None:
    owing(office)
    office.change(office.account("c-1"), wake_at=None)
    care.begin(office.rt, office.account_id, LATER, ROBIN)
    assert office.account("c-1").wake_at == office.clock.now()
    found, now = gathered(office), office.clock.now()
    held = tuple(hold for hold in found.facts.holds if hold.cause is Cause.CARE)
    assert held == (Hold(Cause.CARE),)
    facts = replace(found.facts, live=True, holds=held)  # a company that is live and connected
    assert account_closed(facts, found.cadence, found.calendar, now) == Because(Cause.CARE)
    answer = plan(facts, found.cadence, found.calendar, now)
    assert (answer.actions, answer.drafts, answer.wake_at) == ((), (), None)
    assert {one.cause for one in answer.because} == {Cause.CARE}
    office.clock.move(now + timedelta(days=400))  # the day to look again ends nothing by itself
    assert Cause.CARE in {hold.cause for hold in gathered(office).facts.holds}
    care.end(office.rt, office.account_id, ROBIN)
    assert Cause.CARE not in {hold.cause for hold in gathered(office).facts.holds}
    with pytest.raises(Refusal, match="nobody's care"):
        care.end(office.rt, office.account_id, ROBIN)


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=367)])
def test_somebody_looks_again_on_a_day_within_the_year(office: Office, day: date) -> None:
    with pytest.raises(Refusal, match="at most a year away"):
        care.begin(office.rt, office.account_id, day, ROBIN)
    assert not office.account("c-1").care


def test_said_again_it_only_moves_the_day(office: Office) -> None:
    for day in (LATER, LATER + timedelta(days=30)):
        care.begin(office.rt, office.account_id, day, ROBIN)
        assert (office.account("c-1").care, office.account("c-1").look_again) == (True, day)
    care.end(office.rt, office.account_id, ROBIN)
    assert (office.account("c-1").care, office.account("c-1").look_again) == (False, None)


def test_the_log_says_who_and_until_when_and_there_is_no_place_for_why(office: Office) -> None:
    care.begin(office.rt, office.account_id, LATER, ROBIN)
    care.end(office.rt, office.account_id, ROBIN)
    with office.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)).all()
    assert [one for one in kinds if one.startswith("care-")] == ["care-begun", "care-ended"]
    columns = {one.key for one in inspect(Account).columns}
    assert {one for one in columns if "care" in one or "look" in one} == {"care", "look_again"}


def test_nobody_is_handed_over_while_in_care(office: Office) -> None:
    owing(office)
    with office.rt.store.read() as session:
        assert handovers.outlook(office.rt, session, office.account_id).refusal == ""
    care.begin(office.rt, office.account_id, LATER, ROBIN)
    with office.rt.store.read() as session:
        outlook = handovers.outlook(office.rt, session, office.account_id)
    assert "person's care" in outlook.refusal
    assert Cause.CARE in {one.cause for one in outlook.warned}
    assert Cause.CARE in AGAINST
    with pytest.raises(Refusal, match="person's care"):
        handovers.prepare(office.rt, office.account_id, ROBIN)


def test_the_list_is_the_practices_own_with_the_next_to_look_at_first(office: Office) -> None:
    with office.rt.store.read() as session:
        assert care.listed(session, Reach(office.company.practice_id)) == []
    care.begin(office.rt, office.account_id, LATER, ROBIN)
    with office.rt.store.read() as session:
        ((account, company),) = care.listed(session, Reach(office.company.practice_id))
        assert care.listed(session, Reach(office.company.practice_id + 1)) == []
    assert (account.id, company.id) == (office.account_id, office.company.id)
    now = office.clock.now()
    assert not care.is_due(account, company, now + timedelta(days=59))
    assert care.is_due(account, company, now + timedelta(days=60))

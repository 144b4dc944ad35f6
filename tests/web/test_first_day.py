"""The guided first day: each step does what it says, may be left for later, and nothing is sent before the last."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models import Account, AuditEvent, Company, Effect, HoldRow, Rollout
from tests.web.edges import HTTPS, token_in
from tests.web.test_paying import text
from tests.web.world import World
from workflows import cadences
from workflows.first_day import Step, left


def path(company: Company, way: str = "") -> str:
    return f"/companies/{company.uid}/first-day{way}"


def press(client: FlaskClient, company: Company, way: str, **form: object) -> str:
    form["csrf_token"] = token_in(client.get("/", **HTTPS).text)
    answer = client.post(path(company, way), data=form, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return text(answer.text)


def now(world: World, company: Company) -> Company:
    with world.rt.store.read() as session:
        return session.get_one(Company, company.id)


def customer(world: World, name: str, *emails: str) -> Account:
    with world.rt.store.write() as session:
        row = Account(uid=world.rt.new_id(), company_id=world.kauri.id, external_id=name, name=name, emails=[*emails])
        session.add(row)
    return row


def test_the_page_says_what_was_found_and_leaves_every_step_open(world: World, ann: FlaskClient) -> None:
    page = text(ann.get(path(world.kauri), **HTTPS).text)
    assert "Nothing is sent before you press the last button" in page
    assert "7 steps are left" in page
    for words in ("What we found in Xero", "owe something on", "is open", "What is said, and when", "The first week"):
        assert words in page, words


def test_who_looks_like_nobody_to_write_to_is_proposed_and_left_alone_when_ticked(
    world: World, ann: FlaskClient
) -> None:
    till, staff = customer(world, "Cash sales"), customer(world, "Pip", "pip@kauri.example")
    buyer = customer(world, "Real Buyer", "real@buyer.example")
    page = text(ann.get(path(world.kauri), **HTTPS).text)
    assert "Cash sales Sounds like sales over the counter" in page
    assert "Pip Has an address of your own people: pip@kauri.example" in page
    assert "Real Buyer" not in page
    said = press(ann, world.kauri, "/leave-out", customer=[till.uid, buyer.uid])
    assert "1 left out" in said
    with world.rt.store.read() as session:
        held = select(HoldRow.account_id).where(HoldRow.company_id == world.kauri.id, HoldRow.state == "open")
        assert till.id in session.scalars(held).all()
        assert not {staff.id, buyer.id} & set(session.scalars(held)), "only who was proposed and ticked"
    assert Step.LEFT_OUT not in left(now(world, world.kauri))
    assert "Cash sales" not in press(ann, world.kauri, "/leave-out")


def test_a_shipped_cadence_is_chosen_and_can_be_rolled_back(world: World, ann: FlaskClient) -> None:
    before = world.kauri.cadence_version_id
    title = cadences.shipped("firm-but-fair").title
    assert f"Chosen: {title}" in press(ann, world.kauri, "/cadence", cadence="firm-but-fair")
    assert f"Now: {title}" in text(ann.get(path(world.kauri), **HTTPS).text)
    with world.rt.store.read() as session:
        (rollout,) = session.scalars(select(Rollout).order_by(Rollout.id.desc()).limit(1))
    assert [one[:2] for one in rollout.moves] == [[world.kauri.id, before]]
    assert now(world, world.bramley).cadence_version_id == world.bramley.cadence_version_id
    press(ann, world.kauri, "/cadence", cadence="firm-but-fair")
    with world.rt.store.read() as session:
        assert session.scalar(select(func.count(Rollout.id))) == rollout.id, "the same once more is no roll-out"
    assert "Please choose one of the cadences" in press(ann, world.kauri, "/cadence", cadence="harsh")


@pytest.mark.parametrize(
    ("told", "words"), [(True, "reminds by itself"), (False, "They are off"), (None, "not tell us")]
)
def test_the_ledgers_own_reminders_are_read_or_asked_for(
    world: World, ann: FlaskClient, told: bool | None, words: str
) -> None:
    with world.rt.store.write() as session:
        session.get_one(Company, world.kauri.id).own_reminders = told
    page = text(ann.get(path(world.kauri), **HTTPS).text)
    assert words in page
    assert ("Switch them off there" in page) == (told is not False)


def test_each_step_is_noted_with_who_did_it_and_nothing_leaves_before_the_last_click(
    world: World, ann: FlaskClient
) -> None:
    for step in Step:
        assert "Noted" in press(ann, world.kauri, "/done", step=step.value)
    company = now(world, world.kauri)
    assert left(company) == []
    assert company.live_at is None
    with world.rt.store.read() as session:
        steps = select(func.count(AuditEvent.id)).where(AuditEvent.kind == "first-day-step")
        assert session.scalar(steps) == len(Step)
        assert session.scalar(select(func.count(Effect.id)).where(Effect.company_id == company.id)) == 0
    assert "Please use the button" in press(ann, company, "/done", step="live")


def test_a_company_that_is_not_read_yet_says_so(world: World, ann: FlaskClient) -> None:
    page = text(ann.get(path(world.tide), **HTTPS).text)
    assert "The books are still being read" in page
    assert "Before it can speak" in page


def test_the_past_begins_where_the_books_do(world: World, ann: FlaskClient) -> None:
    page = ann.get(path(world.kauri), **HTTPS).text
    assert "backtest?cadence=" in page
    first = page.partition("from=")[2][:10]
    assert date.fromisoformat(first) <= world.rt.clock.now().date()

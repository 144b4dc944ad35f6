"""The preview of a company: as if every message were approved, and which of them a person is asked about first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import CadenceVersion, Company, Effect
from tests.web.edges import NOW, new_store, runtime
from tests.web.world import World
from workflows.preview import Preview, preview


@pytest.fixture
def world() -> Iterator[World]:
    world = World(runtime(new_store()))
    yield world
    world.rt.store.close()


def change(world: World, **values: object) -> None:
    with world.rt.store.write() as session:
        session.execute(update(Company).where(Company.id == world.bramley.id).values(**values))


def cadence(world: World, source: str) -> None:
    version = CadenceVersion(
        uid=world.rt.new_id(),
        practice_id=world.practice,
        name="own",
        number=1,
        fingerprint="own",
        source=source,
        created_at=NOW,
    )
    with world.rt.store.write() as session:
        session.add(version)
    change(world, cadence_version_id=version.id)


def look(world: World, days: int = 60) -> Preview:
    return preview(world.rt, world.bramley.id, days)


def test_in_the_first_days_after_going_live_every_message_is_shown_to_a_person_first(world: World) -> None:
    change(world, live_at=NOW, draft_days=0)
    without = look(world)
    change(world, draft_days=7)
    drafting = look(world)
    until = NOW.date() + timedelta(days=7)
    assert [(one.moment, one.account_name, one.step) for one in drafting.messages] == [
        (one.moment, one.account_name, one.step) for one in without.messages
    ]
    assert not any(one.asks for one in without.messages)
    fresh = [one for one in drafting.messages if not one.leaving]
    assert {one.asks for one in fresh if one.moment.date() < until} == {True}
    assert {one.asks for one in drafting.messages if one.moment.date() >= until} == {False}


def test_a_step_that_asks_is_shown_as_if_a_person_had_agreed(world: World) -> None:
    change(world, draft_days=0)
    cadence(
        world,
        "name = 'own'\ntitle = 'Own'\n"
        "[[step]]\nname = 'soon'\noffset = -2\ntone = 'friendly'\n"
        "[[step]]\nname = 'late-3'\noffset = 3\ntone = 'kind'\napprove = true\n",
    )
    told = {(one.step, one.asks) for one in look(world).messages if not one.leaving}
    assert told == {("soon", False), ("late-3", True)}


def test_what_is_on_its_way_comes_first_and_its_account_is_not_called_silent(world: World) -> None:
    with world.rt.store.read() as session:
        effects = session.scalars(select(Effect).where(Effect.company_id == world.bramley.id, Effect.state == "due"))
        waiting = {one.account_id: one.content["lead"] for one in effects}
    shown = look(world, days=1)
    leaving = {one.account_id: one.step for one in shown.messages if one.leaving}
    assert leaving == waiting != {}
    assert not leaving.keys() & {one.account_id for one in shown.silences}
    soon = {one.account_id for one in shown.messages if not one.leaving}
    assert not leaving.keys() & soon, "what is on its way counts as said"


def test_messages_stand_in_order_of_time_and_silent_accounts_by_name(world: World) -> None:
    shown = look(world)
    assert [one.moment for one in shown.messages] == sorted(one.moment for one in shown.messages)
    assert [one.account_name for one in shown.silences] == sorted(one.account_name for one in shown.silences)
    heard, silent = ({one.account_name for one in part} for part in (shown.messages, shown.silences))
    assert heard.isdisjoint(silent)
    assert "Elm Row Residents" in silent

"""Work given to workers: marked and deferred in one transaction, once, and given again when nobody came for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from models import Company, Connection, EffectKind, Grant
from models.jobs import bring_up, steps
from models.store import Store
from tests.databases import migrated
from tests.workflows.office import Office
from workflows import dispatcher, effects, queueing, sync
from workflows.queueing import Queued
from workflows.runtime import HANDED, Runtime, Work

pytestmark = pytest.mark.postgres


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with migrated("postgres", tmp_path) as url:
        made = Office(Store(url))
        yield made
        made.close()


def jobs(office: Office) -> list[tuple[Any, ...]]:
    words = "SELECT task_name, queue_name, lock, priority, args ->> 'company' FROM procrastinate_jobs ORDER BY id"
    with office.rt.store.read() as session:
        return [tuple(row) for row in session.execute(text(words))]


def test_what_is_due_is_given_once_however_many_ticks_and_clocks_there_are(office: Office) -> None:
    for number in range(3):
        office.want(f"k-{number}")
    assert [Queued().give(office.rt, dispatcher.SPEAKING) for _ in range(3)] == [1, 0, 0]
    assert jobs(office) == [("perform", "act", None, 1, str(office.company.id))]
    assert {one.state for one in office.effects().values()} == {"due"}, "the row is claimed by whoever does the work"


def test_bookings_of_a_company_are_in_turn_and_go_before_messages(office: Office) -> None:
    office.want("said")
    office.want("booked", EffectKind.BOOKING)
    for work in (dispatcher.SPEAKING, dispatcher.BOOKING):
        Queued().give(office.rt, work)
    me = str(office.company.id)
    assert jobs(office) == [("perform", "act", None, 1, me), ("book", "act", f"book:{me}", 2, me)]


def test_a_company_is_read_in_turn_and_in_a_lane_of_its_own(office: Office) -> None:
    now = office.clock.now()
    with office.rt.store.write() as session:
        sealed = {"access_sealed": b"sealed", "refresh_sealed": b"sealed"}
        grant = Grant(uid="g", kind="xero", holder_tag="h", expires_at=now, created_at=now, **sealed)
        session.add(grant)
        session.flush()
        ties = {"company_id": office.company.id, "grant_id": grant.id, "external_tag": "x"}
        session.add(Connection(uid="c", tenant_sealed=b"", connection_sealed=b"", created_at=now, **ties))
    sync.request(office.rt, office.company.id)
    assert [Queued().give(office.rt, sync.READING) for _ in range(2)] == [1, 0]
    me = str(office.company.id)
    assert jobs(office) == [("read", "read", f"read:{me}", 0, me)]
    with office.rt.store.read() as session:
        assert session.get_one(Company, office.company.id).sync_state == "asked"


def test_where_the_transaction_fails_nothing_is_marked_and_nothing_is_given(office: Office) -> None:
    office.want("k")

    def hand_on(rt: Runtime, session: Session) -> Sequence[int]:
        found = dispatcher.SPEAKING.hand_on(rt, session)
        session.execute(text("SELECT 1 / 0"))
        return found

    broken = Work("perform", dispatcher.SPEAKING.lane, dispatcher.SPEAKING.due, hand_on, dispatcher.perform_round)
    with pytest.raises(Exception, match="division by zero"):
        Queued().give(office.rt, broken)
    assert jobs(office) == []
    assert Queued().give(office.rt, dispatcher.SPEAKING) == 1


def test_a_job_that_was_lost_is_given_again_when_its_time_is_over(office: Office) -> None:
    office.want("k")
    engine = Queued()
    engine.give(office.rt, dispatcher.SPEAKING)
    with office.rt.store.write() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    office.clock.move(office.clock.now() + HANDED - timedelta(seconds=1))
    assert engine.give(office.rt, dispatcher.SPEAKING) == 0
    office.clock.move(office.clock.now() + timedelta(seconds=1))
    assert engine.give(office.rt, dispatcher.SPEAKING) == 1


def test_of_a_large_company_a_hundred_are_claimed_and_the_rest_is_given_again_behind_the_others(office: Office) -> None:
    for number in range(105):
        office.want(f"k-{number:03}")
    engine = Queued()
    assert engine.give(office.rt, dispatcher.SPEAKING) == 1
    assert len(effects.claim(office.rt, office.company.id, "a worker")) == 100
    assert engine.give(office.rt, dispatcher.SPEAKING) == 1
    assert len(effects.claim(office.rt, office.company.id, "another")) == 5
    assert engine.give(office.rt, dispatcher.SPEAKING) == 0


def test_what_was_put_back_is_given_again_at_its_moment(office: Office) -> None:
    office.want("k")
    engine = Queued()
    engine.give(office.rt, dispatcher.SPEAKING)
    (mine,) = effects.claim(office.rt, office.company.id, "a worker")
    effects.put_back(office.rt, mine, 60, "The mail server asked us to wait.")
    assert engine.give(office.rt, dispatcher.SPEAKING) == 0
    office.clock.move(office.clock.now() + timedelta(seconds=60))
    assert engine.give(office.rt, dispatcher.SPEAKING) == 1


def test_the_tables_of_the_queue_are_those_of_the_library_that_is_installed(office: Office) -> None:
    """A newer one that brings steps needs a migration that calls `bring_up`."""
    words = text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")
    with office.rt.store.read() as session:
        assert session.scalar(words) == steps()[-1]


def test_steps_that_a_newer_library_brings_are_taken_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    known, taken = steps(), list[str]()
    monkeypatch.setattr("models.jobs.steps", lambda: known)
    monkeypatch.setattr("models.jobs._run", lambda _, statements: taken.append(statements))
    with office.rt.store.migrating() as connection:
        bring_up(connection)
        assert taken == []
        connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{known[-3]}'"))
        bring_up(connection)
        bring_up(connection)
    assert len(taken) == 2


def test_each_kind_of_work_has_a_name_of_its_own() -> None:
    names = [one.name for one in queueing.WORKS]
    assert sorted(set(names)) == sorted(names)

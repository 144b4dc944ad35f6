"""Backups: taken while others write, whole or not there at all, and never put in place where they do not belong."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from models import Attempt, AuditEvent, Company, EffectKind, EffectState, GuardedChange, Notice
from models.store import Store, StoreError
from tests.databases import migrated
from tests.workflows.office import Office, an_invoice
from workflows import audit, backups, companies, doctor, doubts, restored, thanks
from workflows.errors import Refusal
from workflows.runtime import Upkeep


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with migrated("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def here(url: str) -> Iterator[Office]:
    """An office whose database is a file."""
    made = Office(Store(url))
    yield made
    made.close()


def test_a_backup_is_taken_while_somebody_is_about_to_write_and_holds_what_was_committed(
    here: Office, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.backup"
    here.want("message/1")
    with here.rt.store.write() as session:
        session.execute(update(Company).values(name="Half written"))
        made = backups.make(here.rt, url, file)
    assert (made.companies, made.bytes) == (1, file.stat().st_size)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT name FROM company").fetchall() == [("Larch & Co",)]
        assert copy.execute("SELECT key FROM effect").fetchall() == [("message/1",)]
    assert sorted(one.name for one in tmp_path.iterdir() if "backup" in one.name) == ["a.backup"], (
        "nothing is left over"
    )


def test_a_backup_whose_log_does_not_hold_is_not_made(here: Office, url: str, tmp_path: Path) -> None:
    with here.rt.store.write() as session:
        audit.record(here.rt, session, "live", here.company.id)
    audit.link_all(here.rt)
    with here.rt.store.write() as session:
        session.execute(update(AuditEvent).values(kind="something-else"))
    with pytest.raises(Refusal, match="cannot be trusted"):
        backups.make(here.rt, url, tmp_path / "a.backup")
    assert not list(tmp_path.glob("a.backup*"))


def test_every_night_one_more_is_taken_and_the_oldest_of_too_many_goes(here: Office, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert backups.nightly(here.rt) == 0, "nowhere to put it"
    rt = replace(here.rt, upkeep=Upkeep(backup_to=folder, backups_kept=2))
    assert any("no backup of the last two days" in one for one in doctor.complaints(rt))
    for expected in (1, 2, 2):
        here.clock.move(here.clock.now() + timedelta(days=1))
        assert backups.nightly(rt) == expected
    assert [one.name for one in backups.taken(folder)] == [
        "dunlin-20260304T060000Z.backup",
        "dunlin-20260305T060000Z.backup",
    ]
    assert not any("backup" in one for one in doctor.complaints(rt))


def test_a_backup_is_not_restored_while_somebody_serves(here: Office, url: str, tmp_path: Path) -> None:
    backups.make(here.rt, url, tmp_path / "a.backup")
    with pytest.raises(StoreError, match="Another process already uses"):
        backups.restore(here.rt, url, tmp_path / "a.backup")


def test_only_a_whole_backup_of_a_known_version_is_restored(here: Office, url: str, tmp_path: Path) -> None:
    file, odd = tmp_path / "a.backup", tmp_path / "odd"
    backups.make(here.rt, url, file)
    here.rt.store.close()

    def refused(sentence: str) -> None:
        with pytest.raises(Refusal, match=sentence):
            backups.restore(here.rt, url, odd)

    refused("There is no file")
    odd.write_text("something else")
    refused("no backup of the kind of database")
    odd.write_bytes(file.read_bytes()[:9000])
    refused("cannot be read|is damaged")
    odd.write_bytes((tmp_path / "dunlin.db").read_bytes())
    refused("does not say from when it is")
    odd.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(odd)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    refused("of a newer Dunlin")


def test_what_was_there_before_is_kept_aside(here: Office, url: str, tmp_path: Path) -> None:
    backups.make(here.rt, url, tmp_path / "a.backup")
    here.change(here.company, name="Renamed since")
    here.rt.store.close()
    aside = backups.restore(here.rt, url, tmp_path / "a.backup")
    for place, name in ((url, "Larch & Co"), (f"sqlite:///{aside}", "Renamed since")):
        with closing(Store(place)) as store, store.read() as session:
            assert session.scalars(select(Company.name)).one() == name


def test_a_backup_put_in_place_by_hand_is_seen_to_at_the_next_start_and_only_then(
    here: Office, url: str, tmp_path: Path
) -> None:
    assert restored.settle(here.rt) is None, "a database that nobody restored"
    backups.make(here.rt, url, tmp_path / "a.backup")
    with closing(Store(f"sqlite:///{tmp_path / 'a.backup'}")) as copy:
        rt = replace(here.rt, store=copy)
        settled = restored.settle(rt)
        assert settled is not None
        assert (settled.companies, settled.since) == (1, here.clock.now())
        assert restored.settle(rt) is None


def states(office: Office) -> dict[str, str]:
    return {key: effect.state for key, effect in office.effects().items()}


def test_what_was_on_its_way_is_not_sent_by_itself_and_a_booking_is_looked_up_first(office: Office) -> None:
    office.want("message/1")
    for kind in (EffectKind.BY_HAND, EffectKind.THANKS, EffectKind.ANSWER):
        office.want(kind.value, kind)
    office.want("sending", EffectKind.BY_HAND)
    office.want("booking/1", EffectKind.BOOKING, line=1)
    office.change(office.effects()["sending"], state="sending", lease_until=office.clock.now())
    settled = restored.after_restore(office.rt, office.clock.now())
    assert (settled.messages, settled.bookings) == (5, 1)
    assert states(office) == {
        "message/1": "dropped",
        "by-hand": "rejected",
        "thanks": "rejected",
        "answer": "rejected",
        "sending": "in_doubt",
        "booking/1": "due",
    }
    assert office.effects()["booking/1"].content["number"] == 1, "as if it had been tried: so it is looked for"


def test_only_what_was_made_before_the_restore_is_looked_up_first(office: Office) -> None:
    made = office.clock.now()
    assert looked_first(office, made) == {}
    restored.after_restore(office.rt, made)
    assert looked_first(office, made)["number"] == 1
    assert looked_first(office, made + timedelta(minutes=1)) == {}


def looked_first(office: Office, moment: datetime) -> dict[str, Any]:
    with office.rt.store.read() as session:
        return dict(restored.look_first(session, moment))


def test_a_change_that_waited_is_asked_for_again_and_notices_are_not_repeated(office: Office) -> None:
    now = office.clock.now()
    with office.rt.store.write() as session:
        company = session.get_one(Company, office.company.id)
        fields = {"practice_id": company.practice_id, "key": "k", "subject": "s", "text": "t", "state": "due"}
        session.add(Notice(uid="n", not_before=now, created_at=now, **fields))
    restored.after_restore(office.rt, now)
    with office.rt.store.read() as session:
        told = dict(session.execute(select(Notice.key, Notice.state)).all())
        assert session.scalars(select(GuardedChange)).all() == []
        assert session.get_one(Company, office.company.id).live_at is None
    assert told.pop("k") == "failed"
    assert list(told.values()) == ["due"], "the practice is told that a backup was restored"


def test_what_may_have_been_said_stands_in_doubt_once_a_person_lets_the_company_speak(office: Office) -> None:
    since = office.clock.now()
    office.read(since, invoices=(an_invoice("1", due=date(2026, 3, 9)), an_invoice("2", due=date(2026, 6, 1))))
    office.clock.move(since + timedelta(days=14))
    restored.after_restore(office.rt, since)
    office.clock.move(since + timedelta(days=60))  # it was silent all the while
    count = doubts.go_on(office.rt, office.company.id)
    in_doubt = [one for one in office.effects().values() if one.state == EffectState.IN_DOUBT.value]
    assert len(in_doubt) == count > 1
    said = {line[1] for one in in_doubt for line in one.content["lines"]}
    assert said == {"heads-up", "due-today", "late-4"}
    assert {line[0] for one in in_doubt for line in one.content["lines"]} == {office.invoice("1").id}
    assert doubts.go_on(office.rt, office.company.id) == 0, "once"


def test_a_company_waits_until_its_ledger_was_read_again(office: Office) -> None:
    restored.after_restore(office.rt, office.clock.now())
    with office.rt.store.read() as session:
        missing = companies.not_ready(office.rt, session, session.get_one(Company, office.company.id))
    assert "Wait until the ledger has been read again: a backup was restored." in missing


def test_of_two_restores_the_earlier_backup_counts_for_who_did_not_go_on_between(office: Office) -> None:
    first = office.clock.now()
    restored.after_restore(office.rt, first)
    office.clock.move(first + timedelta(days=3))
    restored.after_restore(office.rt, office.clock.now())
    with office.rt.store.read() as session:
        assert restored.remembered(session)["since"] == {str(office.company.id): first.isoformat()}


def test_who_may_have_been_thanked_is_not_thanked_again_and_a_page_never_answered_for_is_closed(office: Office) -> None:
    now = office.clock.now()
    whose = {"company_id": office.company.id, "account_id": office.account_id, "processor": "stripe", "currency": "GBP"}
    with office.rt.store.write() as session:
        for uid, state, checkout in (("paid-since", "open", "cs_1"), ("unasked", "created", "")):
            attempt = Attempt(uid=uid, state=state, checkout_id=checkout, created_at=now, ask_at=now, **whose)
            attempt.amount_minor = 100
            session.add(attempt)
    restored.after_restore(office.rt, now)
    with office.rt.store.write() as session:
        found = {one.uid: one for one in session.scalars(select(Attempt))}
        thanks.want(office.rt, session, found["paid-since"])
    assert (found["unasked"].state, found["unasked"].ask_at) == ("failed", None)
    assert found["paid-since"].state == "open", "the processor is asked what became of it"
    assert states(office) == {"thanks/paid-since": "rejected"}

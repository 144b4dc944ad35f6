"""What the doctor complains about: one sentence each that says what to do; a sound installation has none."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text

from integrations.errors import Transient
from models import Sender
from models.store import Store
from tests.databases import migrated
from tests.town import Town
from tests.workflows.office import Office
from workflows import doctor, doctor_outside, pulse, vitals

Disk = namedtuple("Disk", "total used free")


def said(office: Office, words: str) -> list[str]:
    return [one for one in doctor.complaints(office.rt) if words in one]


def test_a_sound_installation_has_nothing_to_complain_about(office: Office) -> None:
    pulse.Pulses(office.rt).beat("sync", lambda _rt: 0)
    assert list(doctor.complaints(office.rt)) == []
    assert vitals.is_migrated(office.rt)


def test_messages_in_doubt_are_a_persons_to_decide(office: Office) -> None:
    office.want("message/1")
    office.change(office.effects()["message/1"], state="in_doubt")
    assert said(office, "1 messages may have been sent or not; say which, at the desk.")


def test_accounts_that_overslept_are_told(office: Office) -> None:
    pulse.Pulses(office.rt).beat("sweep", lambda _rt: 2)
    assert said(office, "2 accounts slept past their moment")


def test_a_clock_that_stands_still_is_told_where_another_process_should_tick(office: Office) -> None:
    pulse.Pulses(office.rt).beat("sync", lambda _rt: 0)
    office.clock.move(office.clock.now() + timedelta(minutes=6))
    told = list(doctor.complaints(replace(office.rt, mode="production")))
    assert any("The clock does not tick" in one for one in told) is not office.rt.store.is_sqlite


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    with migrated("sqlite", tmp_path) as url:
        made = Office(Store(url))
        yield made
        made.close()


def test_a_full_disk_and_a_swollen_journal_are_told_before_they_hurt(
    here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(doctor.complaints(here.rt)) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(10**10, 10**10 - 10**7, 10**7))
    assert said(here, "Only 10 MB are free where the database is")
    monkeypatch.setattr(doctor, "LARGEST_JOURNAL", -1)
    with here.rt.store.write() as session:
        session.execute(text("DELETE FROM memory"))
    assert said(here, "dunlin.db-wal has grown")


def test_a_mail_server_that_cannot_be_reached_is_told(office: Office) -> None:
    @contextmanager
    def shut() -> Iterator[Any]:
        raise Transient("The mail server does not answer.", 60)
        yield

    rt = replace(office.rt, channel=SimpleNamespace(open=shut))  # type: ignore[arg-type]
    assert any("DUNLIN_SMTP_URL" in one for one in doctor_outside.complaints(rt))
    assert not any("DUNLIN_SMTP_URL" in one for one in doctor_outside.complaints(office.rt))


def test_a_domain_that_nobody_vouches_for_is_told(office: Office) -> None:
    findings = [{"about": one, "state": "missing", "evidence": "", "says": ""} for one in ("SPF", "DKIM")]
    sender = Sender(uid="s", company_id=office.company.id, kind="smtp", address="a@larch.example", host="h", port=25)
    sender.wrapped, sender.mailbox, sender.created_at = False, "m", office.clock.now()
    with office.rt.store.write() as session:
        session.add(sender)
    assert any("not known whether its domain has SPF" in one for one in doctor_outside.complaints(office.rt))
    office.change(sender, findings=findings, checked_at=office.clock.now())
    assert any("neither SPF nor DKIM" in one for one in doctor_outside.complaints(office.rt))
    office.change(sender, trouble="locked out")
    assert any("does not let us in" in one for one in doctor_outside.complaints(office.rt))


def test_processors_are_asked_whether_their_keys_still_open(town: Town) -> None:
    town.begin(kinds=["xero"])
    assert list(doctor_outside.complaints(town.rt)) == []
    town.stripe.plan_fault("/v1/account", "drop")
    assert any("its account at stripe does not answer" in one for one in doctor_outside.complaints(town.rt))


def test_no_vital_goes_through_all_that_was_ever_sent(office: Office) -> None:
    """What is done grows for ever; what is asked of effects, payments and webhooks is answered by an index."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    engine = office.rt.store.engine
    event.listen(engine, "before_cursor_execute", note)
    list(vitals.vitals(office.rt))
    event.remove(engine, "before_cursor_execute", note)
    questions = [one for one in asked if re.search(r"FROM (effect|attempt_line|delivery)\b", one[0])]
    assert len(questions) >= 5
    if not office.rt.store.is_sqlite:
        return  # there the plan depends on how many rows there are, and here are none
    with engine.connect() as connection:
        for statement, parameters in questions:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert any("USING INDEX" in row[3] or "USING COVERING INDEX" in row[3] for row in plan), (statement, plan)

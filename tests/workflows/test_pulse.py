"""The verbs of the clock: one that breaks stops no other, is seen in the log under its job's id, and heals."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import func, select

from integrations import quiet
from models import Pulse
from tests.workflows.office import Office
from workflows import clock, doctor, pulse
from workflows.runtime import Runtime


def seven(_rt: Runtime) -> int:
    return 7


def broken(_rt: Runtime) -> int:
    raise LookupError("fern@customers.example is nowhere")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production's log says."""
    heard, before = io.StringIO(), structlog.get_config()
    handlers = logging.getLogger().handlers[:]
    quiet.speak(logging.INFO, heard, as_json=True)
    yield heard
    structlog.configure(**before)
    logging.getLogger().handlers = handlers


def kept(office: Office) -> dict[str, Pulse]:
    with office.rt.store.read() as session:
        return {one.name: one for one in session.scalars(select(Pulse))}


def test_a_verb_that_went_well_is_noted_with_what_it_counted(office: Office) -> None:
    pulse.Pulses(office.rt).beat("count", seven)
    one = kept(office)["count"]
    assert (one.count, one.failures, one.note) == (7, 0, "")
    assert one.ran_at == one.well_at == office.clock.now() == pulse.ticked_at(office.rt)


def test_it_is_noted_once_a_minute_however_often_it_runs(office: Office) -> None:
    pulses, began = pulse.Pulses(office.rt), office.clock.now()
    for second in (0, 10, 59):
        office.clock.move(began + timedelta(seconds=second))
        pulses.beat("count", seven)
    assert kept(office)["count"].ran_at == began
    office.clock.move(began + timedelta(seconds=60))
    pulses.beat("count", seven)
    assert kept(office)["count"].ran_at == began + timedelta(seconds=60)


def test_a_failure_and_its_end_are_noted_at_once_and_the_doctor_names_what_goes_on_failing(office: Office) -> None:
    pulses, began = pulse.Pulses(office.rt), office.clock.now()
    pulses.beat("sync", seven)
    for minute in range(3):
        office.clock.move(began + timedelta(minutes=minute, seconds=1))
        pulses.beat("sync", broken)
    one = kept(office)["sync"]
    assert (one.failures, one.note, one.well_at) == (3, "LookupError", began)
    complaint = "The verb sync failed 3 times in a row (LookupError); the log says why."
    assert complaint in list(doctor.complaints(office.rt))
    pulses.beat("sync", seven)
    assert kept(office)["sync"].failures == 0
    assert complaint not in list(doctor.complaints(office.rt))


def test_what_broke_is_logged_under_the_jobs_id_and_without_anybodys_address(
    office: Office, lines: io.StringIO
) -> None:
    pulse.Pulses(office.rt).beat("sync", broken)
    (said,) = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (said["verb"], len(said["job"]), said["level"]) == ("sync", 22, "error")
    assert "LookupError: [address] is nowhere" in said["exception"]
    assert "customers.example" not in lines.getvalue()


def test_the_tick_of_simulated_time_notes_nothing(office: Office) -> None:
    clock.tick(office.rt)
    with office.rt.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Pulse)) == 0


def test_every_verb_of_a_serving_process_is_run_under_watch(office: Office) -> None:
    ticking = clock.start(office.rt)
    try:
        watched = {job.id: job.func.__func__ for job in ticking.get_jobs()}
    finally:
        ticking.shutdown()
    assert set(watched) == {*clock.VERBS, *clock.NIGHTLY}
    assert set(watched.values()) == {pulse.Pulses.beat}


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("wrote to Fern <fern@a.example>", "wrote to Fern <[address]>"),
        ("GET /p/eyJ.abc-def/pay", "GET /p/[link]/pay"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [key]"),
        ("sk_live_12345 was refused", "[key] was refused"),
        ("smtp://me:hunter2@mail.example:25", "smtp://[key]@mail.example:25"),
        ("it took 12.50 GBP and £3", "it took [sum] and [sum]"),
        ("(x) [parameters: ('Fern', 1)]\n(more)", "(x) [parameters left out]\n(more)"),
        (
            "effect message/abcdefghijklmnopqrstuv/2026-03-02 is due",
            "effect message/abcdefghijklmnopqrstuv/2026-03-02 is due",
        ),
    ],
)
def test_whatever_looks_like_a_secret_or_a_person_is_left_out(said: str, heard: str) -> None:
    assert quiet.leave_out(None, "", {"event": said})["event"] == heard
    assert quiet.leave_out(None, "", {"recipients": said, "count": 3}) == {"recipients": "[left out]", "count": 3}

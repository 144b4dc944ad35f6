"""The heartbeat of the clock's verbs: each is run so that one that breaks stops no other, and what came of it is noted.

Noted at most once a minute and verb, in a transaction of its own, and not at all where simulated time flies.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import Pulse
from workflows.runtime import Runtime

log = structlog.get_logger()
RARELY = timedelta(minutes=1)
# A verb that ran no more than so long ago is alive: the longest that the everyday ones wait is a quarter of an hour.
LATELY = timedelta(minutes=5)


class Pulses:
    """What this process has noted of its verbs, so that it need not ask the database whether a minute is over."""

    def __init__(self, rt: Runtime) -> None:
        self._rt, self._noted = rt, dict[str, tuple[datetime, bool]]()

    def beat(self, name: str, verb: Callable[[Runtime], object]) -> None:
        """Run a verb once, under a job id of its own in the log. Never raises what a verb may raise."""
        with structlog.contextvars.bound_contextvars(job=self._rt.new_id(), verb=name):
            counted, trouble = 0, ""
            try:
                found = verb(self._rt)
                counted = found if isinstance(found, int) else 0
            except Exception as error:
                trouble = type(error).__name__
                log.exception("a verb of the clock broke off")
            try:
                self._note(name, counted, trouble)
            except Exception:  # the database it is noted in may be the very trouble
                log.exception("a verb's heartbeat could not be noted")

    def _note(self, name: str, counted: int, trouble: str) -> None:
        now, well = self._rt.clock.now(), not trouble
        last = self._noted.get(name)
        if last is not None and last[1] is well and now - last[0] < RARELY:
            return
        try:
            _write(self._rt, name, now, counted, trouble)
        except IntegrityError:  # another process noted this verb for the first time in the same moment
            _write(self._rt, name, now, counted, trouble)
        self._noted[name] = now, well


def _write(rt: Runtime, name: str, now: datetime, counted: int, trouble: str) -> None:
    with rt.store.write() as session:
        row = session.scalars(select(Pulse).where(Pulse.name == name)).first()
        if row is None:
            row = Pulse(name=name, ran_at=now, count=0, failures=0, note="")
            session.add(row)
        row.ran_at, row.note = now, trouble
        if trouble:
            row.failures += 1
        else:
            row.well_at, row.count, row.failures = now, counted, 0


def ticked_at(rt: Runtime) -> datetime | None:
    """When any verb last ran."""
    with rt.store.read() as session:
        return session.scalars(select(Pulse.ran_at).order_by(Pulse.ran_at.desc()).limit(1)).first()

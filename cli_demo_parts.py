"""What of Dunlin lives in a demo of several processes: pages and workers on the pretend world's time, and a clock that
waits for them. The demo itself is their clock, for only it knows when time may pass.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import click
from sqlalchemy import select, text

from cli import command, log_to_stderr
from cli_serve import answer_only, queueing, work_only
from models import Effect, EffectState
from sandbox.stage import FileClock
from workflows.engine import THREADS
from workflows.errors import Refusal
from workflows.runtime import Lane, Runtime, Work

SILENCE = 3  # seconds: a demo does not wait half a minute until a worker is known to be dead
LOOK_EVERY, LOOKS = 0.005, 24_000
_UNDER_WAY = text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND args ? 'company'")


@command("demo-part", "flask demo-part worker --clock FILE", hidden=True)
@click.argument("part", type=click.Choice(["web", "worker"]))
@click.option("--clock", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def demo_part(part: str, file: Path) -> None:
    """One process of a demo in several: `flask web` or `flask worker`, on the time that stands in a file."""
    log_to_stderr(logging.ERROR)
    here = FileClock(file)
    if part == "web":
        answer_only(clock=here, pause=_in_a_hurry)
    else:
        work_only(THREADS, SILENCE, clock=here, pause=_in_a_hurry)


def _in_a_hurry(_seconds: float) -> None:
    """Nobody waits."""


class Patient:
    """Gives work to the workers and waits until it is done: no time passes meanwhile."""

    def __init__(self) -> None:
        self._queued = queueing().Queued()
        self._ends = threading.Event()

    def give(self, rt: Runtime, work: Work) -> int:
        given: int = self._queued.give(rt, work)
        looks = 0
        while given and self._under_way(rt):
            looks += 1
            if looks > LOOKS or self._ends.wait(LOOK_EVERY):
                raise Refusal("The workers do not come to an end with what was given to them.")
        return given

    def close(self, wait: bool = True) -> None:
        self._ends.set()
        self._queued.close(wait)

    def _under_way(self, rt: Runtime) -> bool:
        with rt.store.read() as session:
            return bool(session.scalar(_UNDER_WAY))


def figures(rt: Runtime, kills: int) -> dict[str, object]:
    """How many workers were killed, and each message of which nobody knows whether it left: of every kill at most what
    one worker was saying.
    """
    with rt.store.read() as session:
        doubted = session.execute(
            select(Effect.key, Effect.note).where(Effect.state == EffectState.IN_DOUBT.value).order_by(Effect.id)
        ).all()
    listed = [{"key": key, "note": note} for key, note in doubted]
    return {"kills": kills, "most_in_doubt": kills * THREADS[Lane.ACT], "in_doubt": listed}


COMMANDS = (demo_part,)

"""What the frame around every page of the console tells: how much waits for a person, and what is stopped.

It is counted once a page, whoever asks first. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import g
from sqlalchemy.orm import Session

from models import Company, Practice
from web import waiting_queries
from web.auth import person, reach
from web.guards import runtime
from web.waiting_queries import Counts
from workflows import stopping


@dataclass(frozen=True, slots=True)
class Standing:
    """What is stopped just now, as far as whoever is signed in comes: the practice, and companies by themselves."""

    practice: Practice
    companies: Sequence[Company]

    def __bool__(self) -> bool:
        return self.practice.paused or bool(self.companies)


@dataclass(frozen=True, slots=True)
class Frame:
    """Things on the desk, drafts that wait for a word, calls to make (also those of a later day), and what stands."""

    waiting: int
    drafts: int
    tasks: int
    stopped: Standing


def counts(session: Session) -> Counts:
    """How much waits at each company within reach of whoever is signed in, as of this page."""
    if "counts" not in g:
        g.counts = waiting_queries.counts(session, reach(), runtime().clock.now())
    return cast(Counts, g.counts)


def frame() -> Frame:
    with runtime().store.read() as session:
        found = counts(session)
        stopped = stopping.stopped_companies(session, reach()) if found["stopped"] else []
    waiting = waiting_queries.by_company(found).total()
    return Frame(waiting, found["drafts"].total(), found["tasks"].total(), Standing(person().practice, stopped))

"""The statement of account: on every day of a year, said once a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from core.because import Because
from core.cadence import Anchor
from core.facts import InvoiceFacts, Said
from core.ladder import Proposal
from core.proof.case import Case
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import LONG_AGO, account, invoice

_DAY = timedelta(days=1)


def look(case: Case, record: Record) -> None:
    """Each day of the year, after a statement on each earlier day of its month."""
    days = [date(case.year, 1, 1) + count * _DAY for count in range(366)]
    for first in days:
        one = invoice(first - LONG_AGO, first + LONG_AGO)
        said = _statement(case, one, first)
        if said is None:
            continue
        word = Said(said.step.name, first, anchor=said.anchor, rung=said.step.rung, balance=one.balance.minor)
        for later in (first + count * _DAY for count in range(1, 31)):
            again = _statement(case, replace(one, said=(word,)), later)
            record.check(
                Promise.ONCE,
                again is None or later.month != first.month,
                lambda: [Scene(first, "The statement is sent."), Scene(later, "It is sent again.")],  # noqa: B023
            )


def _statement(case: Case, one: InvoiceFacts, today: date) -> Proposal | None:
    facts = account(case, case.calendar.opening(today), one)
    answer = case.rules.propose(one, facts, case.table(), today)
    found = () if isinstance(answer, Because) else answer
    return next((each for each in found if each.step.anchor is Anchor.MONTH), None)

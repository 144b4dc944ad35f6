"""The statement of account: on every day of a year, said once a month; also where all that it named is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from core.because import Because
from core.cadence import Anchor
from core.facts import InvoiceFacts, Said, TouchFacts
from core.ladder import Proposal
from core.proof.case import Case
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import LONG_AGO, account, invoice
from core.readers import readers

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
        facts = account(case, case.calendar.opening(first), one)
        to = readers(case.table().to[said.step.name], one, facts)
        touch = TouchFacts(to, first, statement=said.anchor)
        for later in (first + count * _DAY for count in range(1, 31)):
            for again, why in (
                (_statement(case, replace(one, said=(word,)), later), "It is sent again."),
                (_statement(case, one, later, touch), "It is sent again, about another invoice."),
            ):
                record.check(
                    Promise.ONCE,
                    again is None or later.month != first.month,
                    lambda: [Scene(first, "The statement is sent."), Scene(later, why)],  # noqa: B023
                )


def _statement(case: Case, one: InvoiceFacts, today: date, *touches: TouchFacts) -> Proposal | None:
    facts = account(case, case.calendar.opening(today), one, touches=touches)
    answer = case.rules.propose(one, facts, case.table(), today)
    found = () if isinstance(answer, Because) else answer
    return next((each for each in found if each.step.anchor is Anchor.MONTH), None)

"""After a part payment: the same word once more, when and how it is said, and what the silence before it says."""

from __future__ import annotations

from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import Reason
from core.facts import AccountFacts
from core.plan import plan
from tests.core.builders import DEFAULT, OFFICE, account, day, eur, invoice, moment, said, told

LATE = day("02-26")


def paid_in_part(left: int = 8_000, **more: Any) -> AccountFacts:
    """100 euros were open when the first follow-up was said."""
    word = said("late-4", day("03-02"), rung=1, balance=10_000)
    return account(invoice(LATE, said=(word,), balance=eur(left), **more))


def test_the_silence_before_it_names_the_same_word_and_its_day() -> None:
    answer = plan(paid_in_part(), DEFAULT, OFFICE, moment("2026-03-09 10:00"))
    detail = (("step", "late-4"), ("day", "2026-03-10"))
    assert answer.because == (Because(Cause.NOT_YET, 1, moment("2026-03-10 09:00"), detail),)


def test_it_is_said_as_another_instance_and_nothing_counts_as_missed() -> None:
    (action,) = plan(paid_in_part(), DEFAULT, OFFICE, moment("2026-03-10 10:00")).actions
    (line,) = action.lines
    assert (line.step, line.anchor, line.rung, line.missed) == ("late-4", "due/2026-02-26/part", 1, ())


def test_who_is_short_of_cash_hears_it_in_the_words_for_that() -> None:
    facts = paid_in_part(told=told(Reason.SHORT_OF_CASH, day("03-02")))
    (action,) = plan(facts, DEFAULT, OFFICE, moment("2026-03-10 10:00")).actions
    assert (action.lead, action.template) == ("late-4", "short-of-cash")


@pytest.mark.parametrize(("left", "heard"), [(9_999, "late-4"), (10_000, "late-12"), (10_001, "late-12")])
def test_a_cent_less_is_a_part_and_nothing_less_is_none(left: int, heard: str) -> None:
    (action,) = plan(paid_in_part(left=left), DEFAULT, OFFICE, moment("2026-03-10 10:00")).actions
    assert action.lead == heard

"""The difference of two cadences is told in words: every change, and only what has changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cadence import Cadence, CadenceError
from core.differences import differences
from core.inheritance import Level, Override, effective
from core.language import parse_cadence
from tests.core.builders import DEFAULT
from tests.core.test_cadence import HEAD, SENDERS, step
from tests.core.test_inheritance import CHANGES
from tests.core.test_language import LIBRARY

EARLY = parse_cadence(LIBRARY["early-intervention"], LIBRARY)
ALL = {name: parse_cadence(text, LIBRARY) for name, text in LIBRARY.items()}
SIGNED = parse_cadence(HEAD + step() + SENDERS)


def told(base: Cadence = EARLY, **fields: Any) -> tuple[str, ...]:
    return differences(base, effective(base, [Override(Level.COMPANY, fields)]))


def of(name: str, base: Cadence = EARLY, **fields: Any) -> tuple[str, ...]:
    return told(base, steps={name: fields})


@pytest.mark.parametrize("cadence", ALL.values(), ids=ALL)
def test_a_cadence_differs_from_itself_in_nothing(cadence: Cadence) -> None:
    assert differences(cadence, cadence) == ()


SAID = [
    (told(week_limit=1), "the budget goes from 2 to 1 a week"),
    (told(month_limit=3), "the budget goes from 6 to 3 in 30 days"),
    (told(gap_hours=72), "between two messages there are now 72 hours instead of 48"),
    (told(oldest_days=90), "a person takes over after 90 days late instead of 180"),
    (told(start_oldest_days=30), "what was 30 days late at the start, instead of 90, is begun by a person"),
    (told(grace_days=7), "a promise counts as broken 7 days after its day instead of 5"),
    (told(stale_hours=12), "a reading of the ledger may be 12 hours old instead of 36"),
    (told(settle_days=6), "no follow-up comes until 6 days after delivery or the end of a dispute instead of 3"),
    (told(wait_days=9), "9 days of a steady payer's usual delay are waited out instead of 0"),
    (told(soften=False), "a steady payer no longer hears one tone softer"),
    (told(approve_all=True), "a person now approves every message"),
    (of("late-12", offset=14), "late-12 now comes after 14 days instead of 12"),
    (of("heads-up", offset=-7), "heads-up now comes early by 7 days instead of 5"),
    (of("heads-up", offset=-1), "heads-up now comes early by 1 day instead of 5"),
    (of("due-today", offset=-1), "due-today now comes 1 day before the due day instead of on the due day"),
    (
        of("late-12", days="working"),
        "late-12 now comes 12 working days after the due day instead of 12 days after the due day",
    ),
    (of("promise-passed-again", offset=9), "promise-passed-again now comes after 9 days instead of 8"),
    (
        of("statement", ALL["statement-monthly"], offset=5),
        "statement now comes on day 5 of the month instead of on day 3 of the month",
    ),
    (of("late-12", tone="clear"), "late-12 is now clear instead of kind"),
    (of("call-30", channel="letter"), "call-30 now goes by letter instead of call"),
    (of("late-12", template="softly"), "late-12 now has the words of softly instead of late-12"),
    (of("late-12", approve=True), "late-12 now waits for a person's approval"),
    (of("late-21", escalated=True), "late-21 now comes from the escalated sender"),
    (of("late-12", signed_by="Ann"), "late-12 is now signed by Ann instead of the sender"),
    (of("late-21", attach=[]), "late-21 now carries nothing instead of invoice"),
    (of("late-12", to=["a@b.test"]), "late-12 now goes to a@b.test instead of the usual readers"),
    (of("late-12", cc=["a@b.test", "c@b.test"]), "late-12 is now copied to a@b.test and c@b.test instead of nobody"),
    (
        of("late-12", to=["account", "a@b.test"]),
        "late-12 now goes to account and a@b.test instead of the usual readers",
    ),
    (
        told(SIGNED, escalated={"to": ["everyone"]}),
        "escalated messages now go to everyone instead of the usual readers",
    ),
    (of("late-12", bcc=["a@b.test"]), "late-12 is now blind-copied to a@b.test instead of nobody"),
    (
        of("call-30", when={"amount_at_least": 500, "segments": ["retail", "farms"]}),
        "call-30 is now said only where at least 500 is open on the invoice and the customer is in farms or retail "
        "instead of always",
    ),
    (told(SIGNED, normal={"name": "Cem"}), "normal messages are now signed by Cem instead of Ann"),
    (told(SIGNED, normal={"cc": []}), "normal messages are now copied to nobody instead of books@office.test"),
    (
        told(SIGNED, escalated={"reply_to": "d@office.test"}),
        "escalated messages are now answered to d@office.test instead of the usual address",
    ),
    (
        told(reason={"forgot": {"hold_days": 5}}),
        "after forgot we are silent for 5 working days instead of 3 working days",
    ),
    (
        told(reason={"copy": {"ceiling": 1}}),
        "after copy nothing above rung 1 is said instead of every rung may be said",
    ),
    (told(reason={"copy": {"template": "here"}}), "after copy the words are here instead of each step's own"),
    (told(reason={"copy": {"approve": True}}), "after copy a person now approves what is said"),
]


@pytest.mark.parametrize(("said", "phrase"), SAID, ids=[row[1] for row in SAID])
def test_one_change_is_told_in_one_phrase(said: tuple[str, ...], phrase: str) -> None:
    assert said == (phrase,)


def test_steps_that_come_and_go_are_told_and_so_are_the_rungs_they_move() -> None:
    without = effective(EARLY, [Override(Level.COMPANY, {"steps": {"late-12": {"off": True}}})])
    assert differences(EARLY, without) == (
        "late-21 now stands on rung 2 instead of 3",
        "call-30 now stands on rung 3 instead of 4",
        "a step is gone: late-12, 12 days after the due day",
    )
    assert differences(without, EARLY) == (
        "a step is new: late-12, 12 days after the due day, kind, by email",
        "late-21 now stands on rung 3 instead of 2",
        "call-30 now stands on rung 4 instead of 3",
    )


def test_another_cadence_altogether_is_told_by_its_name_its_reason_and_its_steps() -> None:
    said = differences(DEFAULT, ALL["arrangement"])
    assert said[:3] == (
        "the cadence is arrangement instead of default",
        'it is called "Arrangement" instead of "Early and gentle"',
        f'its reason is now "{ALL["arrangement"].why}"',
    )
    assert "a step is new: instalment-soon, 3 days before the day of the instalment, friendly, by email" in said
    assert "a step is gone: due-today, on the due day" in said
    assert "its reason is no longer given" in differences(ALL["arrangement"], DEFAULT)


@given(st.lists(CHANGES, max_size=4, unique_by=lambda one: one.level))
def test_something_is_told_exactly_where_something_has_changed(overrides: list[Override]) -> None:
    try:
        changed = effective(EARLY, overrides)
    except CadenceError:
        return
    assert bool(differences(EARLY, changed)) == (changed != EARLY)
    assert len(set(differences(EARLY, changed))) == len(differences(EARLY, changed))

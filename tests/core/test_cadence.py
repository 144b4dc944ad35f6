"""The cadence language: what a ladder is, and the one sentence its writer hears when something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.cadence import Anchor, Branch, CadenceError, Reason, Sender, Step, Tone
from core.language import parse_cadence
from core.replay import replay
from tests.core.builders import DEFAULT, OFFICE, account, invoice, ladder

ROOT = Path(__file__).parents[2]
HEAD = 'name = "quiet"\ntitle = "Quiet"\n'


def step(name: str = "late-4", offset: object = 4, tone: object = "kind", **more: object) -> str:
    fields: dict[str, Any] = {"name": name, "offset": offset, "tone": tone, **more}
    lines = "".join(f"{key} = {value!r}\n" for key, value in fields.items() if value is not None)
    return f"[[step]]\n{lines}"


def test_the_shipped_cadence_is_a_word_before_a_word_on_the_day_and_four_after() -> None:
    assert [(one.name, one.offset, one.rung, one.tone) for one in DEFAULT.steps] == [
        ("heads-up", -5, 0, Tone.FRIENDLY),
        ("due-today", 0, 0, Tone.FRIENDLY),
        ("late-4", 4, 1, Tone.KIND),
        ("late-12", 12, 2, Tone.KIND),
        ("late-21", 21, 3, Tone.CLEAR),
        ("late-35", 35, 4, Tone.FIRM),
    ]


def test_nudges_stand_on_the_ground_and_follow_ups_on_rungs_of_their_own() -> None:
    steps = ladder(-10, -3, 0, 1, 7, 20).steps
    assert [(one.is_nudge, one.rung) for one in steps] == [(True, 0)] * 3 + [(False, 1), (False, 2), (False, 3)]
    assert [one.rung for one in ladder(3, 10).steps] == [1, 2]


def test_a_step_is_found_by_its_name_and_says_what_its_template_says() -> None:
    cadence = parse_cadence(HEAD + step() + step("late-9", 9, template="softly"))
    found = cadence.step("late-9")
    assert found == Step("late-9", 9, 2, Tone.KIND, "softly")
    assert cadence.steps[0].template == "late-4", "its own name, where none is given"
    assert cadence.step("late-99") is None


def test_limits_that_are_not_given_are_the_gentle_ones() -> None:
    cadence = parse_cadence(HEAD + step())
    limits = (cadence.gap_hours, cadence.week_limit, cadence.month_limit, cadence.oldest_days)
    assert (*limits, cadence.grace_days, cadence.stale_hours) == (48, 2, 6, 180, 5, 36)
    others = (cadence.start_oldest_days, cadence.settle_days, cadence.wait_days, cadence.soften, cadence.approve_all)
    assert others == (90, 3, 0, True, False)


LIMITS = [
    ("gap_hours", 24, 720),
    ("week_limit", 1, 3),
    ("month_limit", 1, 10),
    ("oldest_days", 30, 720),
    ("start_oldest_days", 0, 720),
    ("grace_days", 0, 15),
    ("stale_hours", 1, 48),
    ("settle_days", 1, 30),
    ("wait_days", 0, 30),
]


def test_a_gap_may_be_said_in_days_but_not_twice() -> None:
    assert parse_cadence(f"{HEAD}gap_days = 3\n{step()}").gap_hours == 72
    with pytest.raises(CadenceError, match=r"^gap_days must be a whole number from 1 to 30\.$"):
        parse_cadence(f"{HEAD}gap_days = 31\n{step()}")
    with pytest.raises(CadenceError, match=r"^Say gap_hours or gap_days, not both\.$"):
        parse_cadence(f"{HEAD}gap_days = 3\ngap_hours = 72\n{step()}")


@pytest.mark.parametrize(("field", "low", "high"), LIMITS)
def test_a_limit_holds_from_its_lowest_to_its_highest_value(field: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(parse_cadence(f"{HEAD}{field} = {value}\n{step()}"), field) == value
    for wrong in (low - 1, high + 1, f"{low}.5", "true", '"3"'):
        with pytest.raises(CadenceError, match=f"^{field} must be a whole number from {low} to {high}\\.$"):
            parse_cadence(f"{HEAD}{field} = {wrong}\n{step()}")


ONE_STEP = "A cadence needs at least one [[step]]."
TABLES = "Steps are written as [[step]]."
OFFSET = "The offset of step 'late-4' must be a whole number from -60 to 180."
TONE = "The tone of step 'late-4' must be one of: friendly, kind, clear, firm."
WRONG = [
    ("no steps", HEAD, ONE_STEP),
    ("an empty list", HEAD + "step = []", ONE_STEP),
    ("steps that are no tables", HEAD + "step = [1, 'two']", TABLES),
    ("one table instead of a list", HEAD + "[step]\nname = 'late-4'", TABLES),
    ("no name", 'title = "Quiet"\n' + step(), "A cadence needs a name."),
    ("an empty name", 'name = " "\ntitle = "Quiet"\n' + step(), "A cadence needs a name."),
    ("a number for a title", 'name = "quiet"\ntitle = 3\n' + step(), "A cadence needs a title."),
    ("no title", 'name = "quiet"\n' + step(), "A cadence needs a title."),
    ("a step without a name", HEAD + "[[step]]\noffset = 4\ntone = 'kind'", "Each step needs a name."),
    ("a name in words", HEAD + step("Late four"), "The name 'Late four' must be small letters, digits and dashes."),
    ("no offset", HEAD + step(offset=None), OFFSET),
    ("half a day", HEAD + step(offset=4.5), OFFSET),
    ("an offset in words", HEAD + step(offset="four"), OFFSET),
    ("yes for an offset", HEAD + "[[step]]\nname = 'late-4'\noffset = true\ntone = 'kind'", OFFSET),
    ("too early", HEAD + step(offset=-61), OFFSET),
    ("too late", HEAD + step(offset=181), OFFSET),
    ("no tone", HEAD + step(tone=None), TONE),
    ("a tone that is none of ours", HEAD + step(tone="angry"), TONE),
    ("a number for a tone", HEAD + step(tone=3), TONE),
    ("a field nobody knows", HEAD + "colour = 'red'\n" + step(), "Unknown field 'colour' in the cadence."),
    ("such a field in a step", HEAD + step() + step("late-9", 9, after=3), "Unknown field 'after' in step 'late-9'."),
    (
        "two steps of one name",
        HEAD + step() + step(offset=9),
        "Two steps have the same name; a step is known by its name.",
    ),
    (
        "steps out of order",
        HEAD + step("late-9", 9) + step(),
        "Step 'late-4' must come after 'late-9': steps stand in order of days.",
    ),
    (
        "two steps on one day",
        HEAD + step("late-9", 4) + step(),
        "Step 'late-4' must come after 'late-9': steps stand in order of days.",
    ),
    (
        "a step softer than the one before",
        HEAD + step() + step("late-9", 9, "clear") + step("late-20", 20),
        "Step 'late-20' is softer than 'late-9': a ladder only grows firmer.",
    ),
    ("a first word that is firm", HEAD + step(tone="firm"), "The first follow-up, 'late-4', must be friendly or kind."),
    (
        "a first follow-up that is clear",
        HEAD + step("heads-up", -5, "friendly") + step(tone="clear"),
        "The first follow-up, 'late-4', must be friendly or kind.",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(CadenceError) as refusal:
        parse_cadence(text)
    assert str(refusal.value) == sentence


def test_text_that_is_no_toml_is_refused_with_the_place() -> None:
    with pytest.raises(CadenceError, match=r"^The cadence is not valid TOML: .*line 2.*\.$"):
        parse_cadence('name = "quiet"\ntitle = Quiet')


def test_the_fingerprint_changes_with_all_that_could_change_a_message_and_with_nothing_else() -> None:
    known = parse_cadence(HEAD + step())
    assert parse_cadence(f"# a remark\n{HEAD}\n\n{step()}").fingerprint == known.fingerprint
    others = [
        HEAD + step("late-5"),
        HEAD + step(offset=5),
        HEAD + step(tone="friendly"),
        HEAD + step(template="softly"),
        HEAD + step() + step("late-9", 9),
        f"{HEAD}gap_days = 4\n{step()}",
    ]
    prints = {parse_cadence(text).fingerprint for text in others}
    assert len(prints) == len(others)
    assert known.fingerprint not in prints


_PRINT = """
from tests.core.test_cadence import CONDITION, HEAD
from core.language import parse_cadence
print(parse_cadence(HEAD + CONDITION).fingerprint)
"""
CONDITION = f"{step()}[step.when]\nsegments = ['a', 'b', 'c', 'd', 'e']\npayers = ['slow', 'unsure']\n"


@pytest.mark.parametrize("seed", ["0", "1", "7"])
def test_the_fingerprint_is_the_same_in_every_process(seed: str) -> None:
    elsewhere = {**os.environ, "PYTHONHASHSEED": seed}
    told = subprocess.run([sys.executable, "-c", _PRINT], cwd=ROOT, env=elsewhere, capture_output=True, check=True)
    assert told.stdout.decode().strip() == parse_cadence(HEAD + CONDITION).fingerprint


def test_the_ladders_stand_apart_and_what_is_said_at_delivery_begins_the_ladder_of_the_due_day() -> None:
    more = step("welcome", 1, "friendly", anchor="issued") + step("again", 6, "kind", anchor="promise")
    ladders = parse_cadence(HEAD + step() + more).ladders
    names = {anchor: [one.name for one in steps] for anchor, steps in ladders.items()}
    assert names == {
        Anchor.DUE: ["welcome", "late-4"],
        Anchor.PROMISE: ["again"],
        Anchor.INSTALMENT: [],
        Anchor.RESOLVED: [],
        Anchor.MONTH: [],
    }


def test_what_the_customer_said_branches_as_the_cadence_says_and_else_as_the_house_does() -> None:
    cadence = parse_cadence(f"{HEAD}{step()}[reason.forgot]\nhold_days = 5\n")
    assert cadence.branch(Reason.FORGOT) == Branch(hold_days=5)
    assert cadence.branch(Reason.COPY) == Branch(hold_days=3)
    assert cadence.branch(Reason.REFUSES).approve


def test_what_a_reason_does_is_part_of_the_fingerprint() -> None:
    three, five = (parse_cadence(f"{HEAD}{step()}[reason.forgot]\nhold_days = {days}\n") for days in (3, 5))
    assert three.fingerprint != five.fingerprint
    assert three.fingerprint == parse_cadence(f"{HEAD}{step()}[reason.forgot]\nhold_days = 3\n").fingerprint


SENDERS = """
[normal]
name = "Ann"
reply_to = "ann@office.test"
cc = ["books@office.test"]
[escalated]
name = "Bea"
address = "bea@office.test"
"""


def test_an_escalated_step_is_signed_by_the_escalated_sender_and_borrows_the_rest_from_the_normal_one() -> None:
    later = step("late-9", 9, signed_by="Cem", cc=["sales@office.test", "books@office.test"])
    last = later.replace("late-9", "late-20").replace("9\n", "20\n").replace("signed_by = 'Cem'", "escalated = true")
    cadence = parse_cadence(HEAD + step() + later + last + SENDERS)
    plain, signed, firm = (cadence.voice(one) for one in cadence.steps)
    to, ann, both = ("invoice",), "ann@office.test", ("sales@office.test", "books@office.test")
    assert plain == Sender("Ann", reply_to=ann, to=to, cc=("books@office.test",))
    assert signed == Sender("Cem", reply_to=ann, to=to, cc=both)
    assert firm == Sender("Bea", "bea@office.test", ann, to, both)


def test_who_gets_a_blind_copy_is_the_steps_to_say_and_the_senders() -> None:
    blind = SENDERS.replace("cc = ", "bcc = ")
    firm = step(signed_by="Cem").replace("signed_by = 'Cem'", "escalated = true")
    cadence = parse_cadence(f"{HEAD}{firm}bcc = ['sales@office.test']\n{blind}")
    assert cadence.voice(cadence.steps[0]).bcc == ("sales@office.test", "books@office.test")
    own = parse_cadence(HEAD + firm + blind + "bcc = ['boss@office.test']\n")
    assert own.voice(own.steps[0]).bcc == ("boss@office.test",)


@pytest.mark.parametrize(
    ("offset", "due", "reached"),
    [
        (-5, date(2026, 3, 13), date(2026, 3, 6)),  # a Sunday: said on the Friday before
        (0, date(2026, 3, 8), date(2026, 3, 6)),
        (0, date(2026, 3, 9), date(2026, 3, 9)),
        (4, date(2026, 3, 3), date(2026, 3, 9)),  # a Saturday: said on the Monday after
        (4, date(2026, 3, 5), date(2026, 3, 9)),
    ],
)
def test_nudges_come_early_and_follow_ups_late_where_the_day_is_off(offset: int, due: date, reached: date) -> None:
    begins = datetime.combine(due - timedelta(days=30), time.min, tzinfo=UTC)
    walked = replay(account(invoice(due)), ladder(*sorted({offset, 4})), OFFICE, begins, begins + timedelta(days=60))
    assert {action.lead: action.day for _, action in walked.sent}[f"d{offset}"] == reached

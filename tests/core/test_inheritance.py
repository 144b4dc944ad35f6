"""What each level may change of a cadence, what it may not, and how the first thing wrong is told."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cadence import Cadence, CadenceError, Channel, Reason, Sender, Tone
from core.inheritance import Level, Override, effective, origin
from core.language import parse_cadence
from core.rungs import checked
from tests.core.builders import DEFAULT
from tests.core.test_cadence import HEAD, SENDERS, step
from tests.core.test_language import LIBRARY

EARLY = parse_cadence(LIBRARY["early-intervention"], LIBRARY)
PRACTICE, COMPANY, SEGMENT, ACCOUNT = Level


def at(level: Level, **fields: Any) -> Override:
    return Override(level, fields)


def of(level: Level, name: str, **fields: Any) -> Override:
    """A change of one step."""
    return Override(level, {"steps": {name: fields}})


def found(cadence: Cadence, name: str) -> Any:
    step = cadence.step(name)
    assert step is not None
    return step


# What a level changes


def test_nothing_changed_is_the_cadence_itself() -> None:
    assert effective(EARLY, ()) is EARLY
    assert effective(EARLY, [at(COMPANY), at(ACCOUNT, steps={})]) is EARLY


def test_a_level_changes_the_fields_it_names_and_no_others() -> None:
    changed = effective(EARLY, [at(COMPANY, week_limit=1), of(COMPANY, "late-12", offset=14, tone="clear")])
    assert (changed.week_limit, changed.month_limit) == (1, EARLY.month_limit)
    late = found(changed, "late-12")
    assert (late.offset, late.template, late.rung) == (14, "late-12", 2)


def test_the_nearest_level_has_the_last_word_in_whichever_order_they_come() -> None:
    words = [
        at(PRACTICE, week_limit=3, settle_days=4),
        at(COMPANY, week_limit=1),
        at(SEGMENT, week_limit=2, grace_days=7),
        at(ACCOUNT, grace_days=9),
    ]
    for order in permutations(words):
        changed = effective(EARLY, order)
        assert (changed.week_limit, changed.settle_days, changed.grace_days) == (2, 4, 9)


def test_an_override_is_what_a_person_would_have_written_into_the_cadence() -> None:
    text = (
        LIBRARY["default"]
        .replace("offset = 35", "offset = 40\napprove = true")
        .replace("week_limit = 2", "week_limit = 1")
    )
    assert effective(DEFAULT, [at(PRACTICE, week_limit=1), of(ACCOUNT, "late-35", offset=40, approve=True)]) == (
        parse_cadence(text)
    )


def test_senders_are_changed_field_by_field_and_lists_as_a_whole() -> None:
    base = parse_cadence(HEAD + step() + SENDERS)
    changed = effective(base, [at(COMPANY, normal={"cc": ["x@office.test"]}), at(SEGMENT, escalated={"name": "Dan"})])
    assert changed.normal == Sender("Ann", reply_to="ann@office.test", cc=("x@office.test",))
    assert changed.escalated == Sender("Dan", "bea@office.test")


def test_a_reason_is_changed_field_by_field() -> None:
    changed = effective(
        EARLY, [at(COMPANY, reason={"forgot": {"hold_days": 6}}), at(ACCOUNT, reason={"copy": {"ceiling": 1}})]
    )
    assert changed.branch(Reason.FORGOT).hold_days == 6
    assert (changed.branch(Reason.COPY).hold_days, changed.branch(Reason.COPY).ceiling) == (3, 1)


def test_a_condition_is_replaced_whole_so_that_it_can_be_taken_away() -> None:
    some = effective(EARLY, [of(COMPANY, "late-12", when={"open_at_least": 2, "segments": ["retail"]})])
    assert (found(some, "late-12").when.open_least, found(some, "late-12").rung) == (2, 2)
    other = effective(EARLY, [of(COMPANY, "late-12", when={"open_at_least": 2}), of(ACCOUNT, "late-12", when={})])
    assert other.steps == EARLY.steps


def test_a_step_may_be_switched_off_and_what_follows_comes_one_rung_down() -> None:
    quiet = effective(EARLY, [of(SEGMENT, "late-12", off=True)])
    assert quiet.step("late-12") is None
    assert [found(quiet, name).rung for name in ("late-4", "late-21", "call-30")] == [1, 2, 3]


def test_a_nearer_level_may_switch_a_step_on_again_with_all_that_was_said_of_it() -> None:
    changed = effective(
        EARLY,
        [
            of(COMPANY, "late-12", off=True, offset=13),
            of(SEGMENT, "late-12", tone="clear"),
            of(ACCOUNT, "late-12", off=False),
        ],
    )
    assert (found(changed, "late-12").offset, found(changed, "late-12").tone) == (13, Tone.CLEAR)


def test_a_ladder_that_was_lent_can_be_changed_like_its_own() -> None:
    changed = effective(
        EARLY, [of(ACCOUNT, "instalment-soon", offset=-5), of(ACCOUNT, "call-promise", channel="letter")]
    )
    assert found(changed, "instalment-soon").offset == -5
    assert found(changed, "call-promise").channel is Channel.LETTER


def test_the_same_question_gets_the_same_object_so_that_accounts_share_what_is_remembered() -> None:
    first = effective(EARLY, [at(COMPANY, week_limit=1)])
    assert effective(EARLY, [at(COMPANY, week_limit=1)]) is first
    assert effective(EARLY, [at(COMPANY, week_limit=2)]) is not first
    assert effective(DEFAULT, [at(COMPANY, week_limit=1)]) is not first


# Where a field comes from


def test_each_field_can_be_asked_for_the_level_it_comes_from() -> None:
    words = [
        of(ACCOUNT, "late-12", offset=14),
        at(PRACTICE, week_limit=1, soften=False),
        at(COMPANY, week_limit=2, normal={"cc": []}, reason={"copy": {"ceiling": 1}}),
        of(SEGMENT, "late-12", offset=13, off=False),
    ]
    assert origin(words) == {
        "soften": PRACTICE,
        "week_limit": COMPANY,
        "normal.cc": COMPANY,
        "reason.copy.ceiling": COMPANY,
        "steps.late-12.off": SEGMENT,
        "steps.late-12.offset": ACCOUNT,
    }
    assert origin([]) == {}


# What no level may do


def refused(*overrides: Override, base: Cadence = EARLY) -> str:
    with pytest.raises(CadenceError) as refusal:
        effective(base, overrides)
    return str(refusal.value)


ORDER = "Step 'late-21' must come after 'late-12': steps stand in order of days."
HARD = "The first follow-up, 'late-21', must be friendly or kind."
WRONG = [
    (of(ACCOUNT, "late-12", offset=25), f"The account's change of steps.late-12.offset cannot stand: {ORDER}"),
    (
        at(COMPANY, week_limit=9),
        "The company's change of week_limit cannot stand: week_limit must be a whole number from 1 to 3.",
    ),
    (
        of(SEGMENT, "late-12", cc=["nobody"]),
        "The segment's change of steps.late-12.cc cannot stand: 'nobody' in step 'late-12' is not an e-mail address.",
    ),
    (
        Override(COMPANY, {"steps": {"late-4": {"off": True}, "late-12": {"off": True}}}),
        f"The company's change of steps.late-4.off cannot stand: {HARD}",
    ),
    (
        of(ACCOUNT, "late-12", off="yes"),
        "The account's change of steps.late-12.off cannot stand: off of step 'late-12' must be true or false.",
    ),
    (
        of(ACCOUNT, "late-12", off=True, tone="angry"),
        "The account's change of steps.late-12.tone cannot stand: "
        "The tone of step 'late-12' must be one of: friendly, kind, clear, firm.",
    ),
    (
        at(PRACTICE, reason={"wrong-person": {"hold_days": 3}}),
        "The practice's change of reason.wrong-person.hold_days cannot stand: "
        "After reason 'wrong-person' a person must act; it cannot be given a number of days.",
    ),
    (
        at(COMPANY, normal={"colour": "red"}),
        "The company's change of normal.colour cannot stand: Unknown field 'colour' in [normal].",
    ),
    (at(COMPANY, name="other"), "The company cannot change 'name': it is no field of a cadence's rules."),
    (at(COMPANY, step=[]), "The company cannot change 'step': it is no field of a cadence's rules."),
    (of(ACCOUNT, "late-99", offset=3), "The account changes step 'late-99', which the cadence does not have."),
    (of(ACCOUNT, "late-12", rung=1), "The account cannot change 'rung' of step 'late-12'."),
    (of(ACCOUNT, "late-12", anchor="issued"), "The account cannot change 'anchor' of step 'late-12'."),
    (at(ACCOUNT, steps=3), "What the account changes of 'steps' is written as fields with their values."),
    (at(ACCOUNT, steps={"late-4": 3}), "What the account changes of 'late-4' is written as fields with their values."),
    (at(ACCOUNT, normal=[1]), "What the account changes of 'normal' is written as fields with their values."),
]


@pytest.mark.parametrize(("override", "sentence"), WRONG)
def test_what_is_wrong_names_the_level_and_the_field(override: Override, sentence: str) -> None:
    assert refused(override) == sentence


def test_of_several_changes_the_one_is_named_without_which_the_rest_would_stand() -> None:
    said = refused(of(PRACTICE, "late-12", offset=20), of(ACCOUNT, "late-21", offset=19, tone="clear"))
    assert said.startswith("The account's change of steps.late-21.offset cannot stand: ")


def test_where_two_are_wrong_both_are_named() -> None:
    said = refused(at(COMPANY, week_limit=9, month_limit=99))
    assert said.startswith("The company's change of week_limit, month_limit cannot stand: ")


@pytest.mark.parametrize(
    ("asked", "taken", "field"),
    [
        (at(PRACTICE, approve_all=True), at(ACCOUNT, approve_all=False), "approve_all"),
        (of(PRACTICE, "late-21", approve=True), of(COMPANY, "late-21", approve=False), "steps.late-21.approve"),
        (
            at(PRACTICE, reason={"copy": {"approve": True}}),
            at(ACCOUNT, reason={"copy": {"approve": False}}),
            "reason.copy.approve",
        ),
        (at(PRACTICE), at(ACCOUNT, reason={"refuses": {"approve": False}}), "reason.refuses.approve"),
    ],
)
def test_approval_can_be_asked_for_below_and_never_done_away_with(asked: Override, taken: Override, field: str) -> None:
    assert refused(asked, taken) == f"The {taken.level} cannot do away with {field}: a level above asks for it."
    own = Override(taken.level, asked.fields)
    effective(EARLY, [own])


def test_a_step_switched_off_and_on_again_still_waits_for_its_person() -> None:
    base = parse_cadence(HEAD + step() + step("late-9", 9, approve=None) + "approve = true\n")
    back = [of(COMPANY, "late-9", off=True), of(ACCOUNT, "late-9", off=False)]
    assert found(effective(base, back), "late-9").approve
    said = refused(back[0], of(ACCOUNT, "late-9", off=False, approve=False), base=base)
    assert said == "The account cannot do away with steps.late-9.approve: a level above asks for it."


# For any change


NAMES = [one.name for one in EARLY.steps]
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "offset": st.integers(-10, 60),
        "tone": st.sampled_from([tone.value for tone in Tone]),
        "off": st.booleans(),
        "approve": st.booleans(),
    },
)
CHANGES = st.builds(
    Override,
    st.sampled_from(list(Level)),
    st.fixed_dictionaries(
        {},
        optional={
            "week_limit": st.integers(0, 4),
            "steps": st.dictionaries(st.sampled_from(NAMES), FIELDS, max_size=3),
        },
    ),
)


@given(st.lists(CHANGES, max_size=4, unique_by=lambda one: one.level))
def test_whatever_is_changed_the_ladder_holds_or_the_change_is_refused(overrides: list[Override]) -> None:
    try:
        changed = effective(EARLY, overrides)
    except CadenceError:
        return
    assert checked(changed.steps) == changed.steps, "the order, the tones and one rung at a time"
    asked = {one.name for one in EARLY.steps if one.approve}
    assert all(one.approve for one in changed.steps if one.name in asked)
    assert {one.name for one in changed.steps} <= set(NAMES)
    assert changed.caps[0].limit <= 3


def test_whom_a_step_and_a_sender_are_written_to_is_kept_and_can_be_changed_whole() -> None:
    base = parse_cadence(f"{HEAD}{step(to=['account'])}[normal]\nto = ['everyone', 'boss@customer.test']\n")
    kept = effective(base, [at(COMPANY, week_limit=1)])
    assert (found(kept, "late-4").to, kept.normal.to) == (("account",), ("everyone", "boss@customer.test"))
    changed = effective(base, [of(ACCOUNT, "late-4", to=[]), at(COMPANY, escalated={"to": ["invoice"]})])
    assert changed.voice(found(changed, "late-4")).to == ("everyone", "boss@customer.test")
    assert changed.escalated.to == ("invoice",)
    assert changed.to_any == ("boss@customer.test", "everyone")

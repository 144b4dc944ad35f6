"""A cadence's text changed by its fields: comments and untouched lines stay, and nothing is ever spoiled."""

from __future__ import annotations

from typing import Any

import pytest

from core.language import parse_cadence
from tests.cadences import DEFAULT
from workflows import cadence_text, cadences, draft_fields
from workflows.errors import Refusal

WRITTEN = """\
# Ours, since the talk in May.
name = "ours"
title = "Ours"  # as on the wall
gap_days = 2

[[step]]
name = "late-4"
offset = 4  # not on a Monday
tone = "kind"
[step.when]
amount_at_least = 20

# The plain one.
[[step]]
name = "late-12"
offset = 12
tone = "kind"
attach = [
  "invoice",  # they lose it
]

[reason.forgot]
hold_days = 4
"""


def stepped(source: str, which: str, **fields: Any) -> str:
    step = {**cadence_text.named(source, which), **fields} if which else fields
    return cadence_text.with_step(source, which, step, draft_fields.standing)


def test_one_field_changes_one_line_and_its_comment_stays() -> None:
    assert stepped(WRITTEN, "late-4", offset=5) == WRITTEN.replace("offset = 4  # not", "offset = 5  # not").replace(
        'tone = "kind"\n[step.when]', 'tone = "kind"\n[step.when]'
    )


def test_a_step_that_is_said_later_moves_with_its_comment_and_its_condition() -> None:
    text = stepped(WRITTEN, "late-12", offset=3)
    assert text.index("# The plain one.") < text.index('"late-12"') < text.index('"late-4"') < text.index("[step.when]")
    assert text.index("[step.when]") < text.index("[reason.forgot]")
    assert "# they lose it" in text
    assert [step.name for step in parse_cadence(text).steps] == ["late-12", "late-4"]


def test_a_new_step_stands_where_its_day_is_and_one_taken_out_takes_its_comment_along() -> None:
    text = stepped(WRITTEN, "", name="late-21", offset=8, tone="kind", when={"open_at_least": 2})
    assert [one["name"] for one in cadence_text.steps(text)] == ["late-4", "late-21", "late-12"]
    assert text.endswith("[reason.forgot]\nhold_days = 4\n")
    without = cadence_text.without_step(text, "late-12")
    assert "# The plain one." not in without
    assert cadence_text.without_step(without, "late-21") == cadence_text.without_step(WRITTEN, "late-12")


def test_a_condition_is_changed_and_taken_away() -> None:
    other = stepped(WRITTEN, "late-4", when={"payers": ["new", "slow"]})
    assert "amount_at_least" not in other
    assert cadence_text.named(other, "late-4")["when"] == {"payers": ["new", "slow"]}
    assert "[step.when]" not in stepped(WRITTEN, "late-4", when=None)


def test_fields_of_the_whole_stand_before_the_steps() -> None:
    text = cadence_text.with_fields(WRITTEN, {"title": "Theirs", "gap_days": None, "gap_hours": 72})
    assert text.startswith('# Ours, since the talk in May.\nname = "ours"\ntitle = "Theirs"  # as on the wall\n')
    assert parse_cadence(text).gap_hours == 72


@pytest.mark.parametrize(
    "text",
    [
        'name = "a"\ntitle = "A"\nstep = [{name = "late-4", offset = 4, tone = "kind"}]\n',
        WRITTEN.replace('title = "Ours"  # as on the wall', 'title = """\n[[step]]\n"""'),
    ],
)
def test_what_is_written_in_an_unusual_way_is_refused_and_not_spoiled(text: str) -> None:
    with pytest.raises(Refusal, match="Please change the text itself"):
        stepped(text, "late-4", offset=3)


def test_a_step_that_is_gone_is_said_to_be_gone() -> None:
    with pytest.raises(Refusal, match="There is no step 'late-99' in this text any more"):
        stepped(WRITTEN, "late-99", offset=3)


@pytest.mark.parametrize("name", sorted(cadences.shipped_library()))
def test_every_shipped_step_can_be_changed_and_changed_back(name: str) -> None:
    source = cadences.shipped_library()[name]
    for step in cadence_text.steps(source):
        later = stepped(source, step["name"], tone="firm", signed_by="Ada")
        again = cadence_text.with_step(later, step["name"], step, draft_fields.standing)
        assert cadence_text.tables(again) == cadence_text.tables(source)
        assert again.count("#") == source.count("#")


def test_the_fields_of_a_step_go_back_into_the_very_same_step() -> None:
    for step in cadence_text.steps(DEFAULT):
        assert draft_fields.entry({**step}, step) == step

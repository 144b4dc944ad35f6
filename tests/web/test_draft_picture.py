"""The picture of a cadence: one scale for all lanes, no dot over another, nothing in it that the list lacks."""

from __future__ import annotations

import re

from core.cadence import Cadence
from core.language import parse_cadence
from web import draft_picture

HEAD = 'name = "ours"\ntitle = "Ours"\n'


def cadence(*steps: tuple[str, int, str]) -> Cadence:
    written = (f'[[step]]\nname = "{name}"\noffset = {offset}\ntone = "kind"\n{more}\n' for name, offset, more in steps)
    return parse_cadence(HEAD + "".join(written))


def dots(made: Cadence) -> dict[str, tuple[float, float]]:
    """Where the middle of each step's dot stands."""
    drawn = draft_picture.drawn(made, {step.name: f"#{step.name}" for step in made.steps})
    found = re.findall(r'href="#([\w-]+)".*?<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)
    return {name: (float(x), float(y)) for name, x, y in found}


def test_dots_that_would_cover_each_other_stand_above_each_other() -> None:
    found = dots(cadence(("a", 1, ""), ("b", 2, ""), ("c", 3, ""), ("d", 170, "")))
    assert len({found[name][1] for name in "abc"}) == 3
    assert found["a"][1] == found["d"][1]
    places = list(found.values())
    for at, (x, y) in enumerate(places):
        for other_x, other_y in places[at + 1 :]:
            assert abs(x - other_x) >= 24 or abs(y - other_y) >= 24


def test_all_lanes_share_one_scale_and_working_days_are_as_long_as_they_take() -> None:
    promised = 'anchor = "promise"'
    found = dots(cadence(("due", 7, ""), ("five", 14, 'days = "calendar"'), ("kept", 7, promised)))
    assert found["due"][0] == found["kept"][0]
    assert found["due"][1] < found["kept"][1], "a lane of its own"
    week = dots(cadence(("late", 5, 'days = "working"'), ("later", 14, "")))
    assert week["late"][0] < (week["later"][0])
    calendar = dots(cadence(("late", 7, ""), ("later", 14, "")))
    assert week["late"][0] == calendar["late"][0]


def test_days_of_the_month_are_no_days_before_or_after() -> None:
    made = cadence(("late", 7, ""), ("statement", 3, 'anchor = "month"'))
    drawn = draft_picture.drawn(made, {step.name: "#" for step in made.steps})
    lane = drawn.split("Day of the month", 1)[1]
    assert "the day" not in lane
    assert "+" not in re.sub(r"<[^>]+>", "", lane)


def test_a_name_cannot_break_out_of_the_picture() -> None:
    made = cadence(("late", 7, ""))
    drawn = draft_picture.drawn(made, {"late": '"><script>'})
    assert "<script>" not in drawn

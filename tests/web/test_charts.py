"""Charts drawn on the server: every value is in them, names are escaped, and nothing is drawn of nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from web.charts import Chart, bars, lines

ONE = Chart("Messages by step", ("Heads up", "Due today"), (("Ours", (4, 1200)),))
TWO = Chart("Messages by step", ("Heads up", "Due today"), (("Ours", (4, 2)), ("Theirs", (0, 8))))


def shapes(drawn: str, tag: str) -> list[dict[str, str]]:
    tree = ElementTree.fromstring(f"<all>{drawn}</all>")
    return [one.attrib for one in tree.iter(tag)]


def test_a_bar_is_as_long_as_its_value_beside_the_longest() -> None:
    first, second = (float(one["width"]) for one in shapes(bars(ONE), "rect"))
    assert first / second == pytest.approx(4 / 1200, abs=0.01)
    assert ">1,200<" in bars(ONE)


def test_a_value_that_is_not_zero_can_be_seen() -> None:
    tiny = Chart("T", ("a", "b"), (("s", (1, 1_000_000)),))
    assert float(shapes(bars(tiny), "rect")[0]["width"]) >= 1
    assert float(shapes(bars(TWO), "rect")[1]["width"]) == 0


def test_two_series_have_a_key_and_one_has_none() -> None:
    assert [one["class"] for one in shapes(bars(TWO), "li")] == ["key-0", "key-1"]
    assert shapes(bars(ONE), "li") == []
    assert [one["class"] for one in shapes(lines(TWO), "polyline")] == ["line-0", "line-1"]


def test_a_line_goes_from_the_left_to_the_right_and_up_with_its_value() -> None:
    line = shapes(lines(Chart("T", tuple("abcd"), (("s", (0, 5, 10, 2)),))), "polyline")[0]["points"]
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    highest = min(points, key=lambda point: point[1])
    assert points.index(highest) == 2


def test_a_single_point_in_time_is_drawn_as_well() -> None:
    assert len(shapes(lines(Chart("T", ("a",), (("s", (3,)),))), "polyline")) == 1


@pytest.mark.parametrize(
    "chart", [Chart("T", (), (("s", ()),)), Chart("T", ("a",), (("s", (0,)),)), Chart("T", (), ())]
)
def test_of_nothing_nothing_is_drawn(chart: Chart) -> None:
    assert (bars(chart), lines(chart)) == ("", "")


def test_names_from_outside_are_text_and_never_markup() -> None:
    sly = Chart("<b>", ("<script>",), (('"><img src=x>', (1,)), ("b", (2,))))
    for drawn in (bars(sly), lines(sly)):
        assert "<script" not in drawn
        assert "<img" not in drawn
        assert 'aria-label="&lt;b&gt;"' in drawn


def test_a_long_name_is_cut_where_it_is_drawn_and_whole_where_it_is_told() -> None:
    drawn = bars(Chart("T", ("x" * 60,), (("s", (1,)),)))
    assert "x" * 27 + "…" in drawn
    assert "x" * 60 in drawn


@pytest.mark.parametrize(("most", "top"), [(1, "2"), (3, "4"), (7, "10"), (11, "20"), (41, "100"), (1500, "2,000")])
def test_the_scale_ends_at_a_round_number(most: int, top: str) -> None:
    drawn = lines(Chart("T", ("a", "b"), (("s", (0, most)),)))
    assert re.findall(r"chart-value[^>]*>([\d,]+)<", drawn)[-1] == top

"""Text from outside, made fit to stand inside our sentences: one line, no tricks, nothing lost that is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wording import plain


@pytest.mark.parametrize(
    "name", ["Ann Lee", "O'Neill & Søn A/S", "名古屋工業", "שלום בע״מ", "Zoë 🌼", "<b>{{ 7*7 }}</b>"]
)
def test_a_name_on_one_line_stays_as_it_is(name: str) -> None:
    assert plain(name) == name


@pytest.mark.parametrize(
    "gap", ["\n", "\r\n", "\t", " \n ", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u00a0"]
)
def test_whatever_breaks_a_line_becomes_one_space(gap: str) -> None:
    assert plain(f"Ann{gap}Lee") == "Ann Lee"
    assert plain(f"{gap}Ann{gap}") == "Ann"


@pytest.mark.parametrize("mark", list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
def test_marks_that_turn_our_own_words_around_are_dropped(mark: str) -> None:
    assert plain(f"Ann{mark}Lee") == "AnnLee"
    assert plain(f"Ann {mark} Lee") == "Ann Lee"


def test_half_a_character_is_dropped_because_no_mail_could_carry_it() -> None:
    assert plain("Ann\ud800Lee") == "Ann Lee"


def test_a_name_made_of_nothing_visible_is_empty() -> None:
    assert plain("\u200f \r\n\u202e") == ""


def test_a_long_name_ends_with_an_ellipsis_at_the_limit() -> None:
    assert plain("x" * 120) == "x" * 120
    assert plain("x" * 121) == "x" * 119 + "…"
    assert plain("Ann Lee", 7) == "Ann Lee"
    assert plain("Ann Lee", 5) == "Ann…"


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 50))
def test_any_text_at_all_becomes_one_short_line_that_can_be_encoded(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert line == line.strip()
    assert line.encode().decode() == line
    assert plain(line, limit) == line

"""Folding a text: what it looks like is what is read, and every letter knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kindness.folding import fold

KNOWN = frozenset(["legal", "action", "court", "bailiffs", "we", "will", "sue", "you", "take", "to"])


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Plain words stay.", "Plain words stay."),
        ("don\u2019t", "do n't"),
        ("we'll", "we 'll"),
        ("cannot", "can not"),
        ("a\u00a0b", "a b"),
        ("Z\u00fcrich", "Zurich"),
        ("one\ntwo", "one two"),
        ("one\n\nTwo", "one\nTwo"),
        ("bai-\nliffs", "bailiffs"),
        ("well-\nknown", "well known"),
        ("l e g a l", "legal"),
        ("w e  w i l l", "we will"),
        ("\U0001f172\U0001f17e\U0001f184\U0001f181\U0001f183", "COURT"),
        ("INV-0042", "INV-0042"),
    ],
)
def test_a_text_reads_as_it_looks(source: str, text: str) -> None:
    assert fold(source, KNOWN).text == text


def test_placeholders_leave_a_word_or_the_words_they_write() -> None:
    assert fold("Dear {{ contact }}, {{ 'it' if one else 'them' }}", KNOWN, template=True).text == "Dear Zz, it them"


@pytest.mark.parametrize("word", ["court", "bailiffs"])
def test_a_span_leads_back_to_the_source(word: str) -> None:
    source = "Hello\u00ad {{ x }} c o u r t and bai\u200bliffs."
    folded = fold(source, KNOWN, template=True)
    start, end = folded.span(folded.text.index(word), folded.text.index(word) + len(word))
    assert source[start:end] in ("c o u r t", "bai\u200bliffs")


def test_a_full_stop_before_a_small_letter_or_after_a_number_sign_ends_no_sentence() -> None:
    said = fold("Invoice No. 7 is here. we wait. And then? Yes.", KNOWN).sentences()
    assert [text.strip() for _, text in said] == ["Invoice No. 7 is here. we wait.", "And then?", "Yes."]


@given(st.text(max_size=200))
def test_any_text_folds_and_every_place_lies_within_it(source: str) -> None:
    for template in (False, True):
        folded = fold(source, KNOWN, template=template)
        assert len(folded.text) == len(folded.at)
        assert all(0 <= at < len(source) for at in folded.at)
        assert "".join(text for _, text in folded.sentences()).split() == folded.text.split()

"""Papers: what is said stands in them as it was written, whatever it holds."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from workflows import typesetting

FACTS = {"title": "Terms of payment", "language": "en", "company": "Ada & Co", "day": "1 March 2026", "page": "Page"}


def words(paper: bytes) -> str:
    """All that stands on its pages, each run of blanks as one."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages).split())


def test_a_paper_says_what_it_was_given_and_by_whom() -> None:
    paper = typesetting.pdf("terms", {**FACTS, "paragraphs": ["Pay within 30 days.", "Thank you."]})
    assert "Terms of payment Pay within 30 days. Thank you." in words(paper)
    assert words(paper).endswith("Ada & Co Page 1 / 1")
    assert PdfReader(BytesIO(paper)).metadata.title == "Terms of payment"  # type: ignore[union-attr]


@pytest.mark.parametrize("odd", ["#panic()", "*not bold* _nor this_", "$x^2$ @who <there>", "= no heading", "\\ // /*"])
def test_what_looks_like_a_command_is_only_text(odd: str) -> None:
    assert odd in words(typesetting.pdf("terms", {**FACTS, "title": odd, "company": odd, "paragraphs": [odd]}))


def test_names_of_many_languages_can_be_read() -> None:
    name = "Zażółć Gęślą, Größe & Æther, Ελληνικά, Кириллица"
    assert name in words(typesetting.pdf("terms", {**FACTS, "paragraphs": [name]}))


def test_it_can_be_read_aloud_unless_a_letter_has_no_glyph() -> None:
    said = typesetting.pdf("terms", {**FACTS, "paragraphs": ["Gute Reise"]})
    boxed = typesetting.pdf("terms", {**FACTS, "paragraphs": ["漢字"]})
    assert PdfReader(BytesIO(said)).root_object["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert PdfReader(BytesIO(said)).xmp_metadata is not None
    assert b"pdfuaid" in said
    assert b"pdfuaid" not in boxed
    assert len(PdfReader(BytesIO(boxed)).pages) == 1


def test_the_same_facts_give_the_same_bytes() -> None:
    facts = {**FACTS, "paragraphs": ["Pay within 30 days."] * 80}
    assert typesetting.pdf("terms", facts) == typesetting.pdf("terms", facts)
    assert len(PdfReader(BytesIO(typesetting.pdf("terms", facts))).pages) > 1


def test_a_paper_that_is_not_there_or_broken_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(typesetting.PaperError, match="There is no paper 'nope'"):
        typesetting.pdf("nope", FACTS)
    monkeypatch.setattr(typesetting, "HOME", tmp_path)
    (tmp_path / "broken.typ").write_text("#let = 1")
    with pytest.raises(typesetting.PaperError, match="'broken' cannot be set"):
        typesetting.pdf("broken", FACTS)

"""Privacy and terms: the operator's own words where there are any, never markup, and a template that says it is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web.edges import HTTPS, client_of
from tests.web.world import World
from workflows import papers
from workflows.runtime import Runtime, Upkeep


def with_papers(rt: Runtime, folder: Path) -> Runtime:
    return replace(rt, upkeep=Upkeep(papers=folder))


@pytest.mark.parametrize("name", papers.NAMES)
def test_without_the_operators_file_a_template_is_shown_and_says_so(stranger: FlaskClient, name: str) -> None:
    page = stranger.get(f"/{name}", **HTTPS)
    assert (page.status_code, "This is a template" in page.text) == (200, True)
    assert f'href="/{name}"' in stranger.get("/sign-in", **HTTPS).text


def test_a_customer_finds_them_at_the_foot_of_their_page(world: World, stranger: FlaskClient) -> None:
    page = stranger.get(world.link("Matai Lodge"), **HTTPS).text
    assert 'href="/privacy"' in page
    assert 'href="/terms"' in page


def test_the_operators_own_words_are_shown_and_never_become_markup(world: World, tmp_path: Path) -> None:
    (tmp_path / "privacy.md").write_text("# Our privacy\n\nWe are <b>Sandpiper</b>.\n\n- one\n  goes on\n- two\n")
    page = client_of(with_papers(world.rt, tmp_path)).get("/privacy", **HTTPS).text
    assert "<h1>Our privacy</h1>" in page
    assert "We are &lt;b&gt;Sandpiper&lt;/b&gt;." in page
    assert "<li>one goes on</li><li>two</li>" in page
    assert "This is a template" not in page


def test_in_production_the_doctor_asks_for_them_until_no_bracket_is_left(world: World, tmp_path: Path) -> None:
    rt = replace(with_papers(world.rt, tmp_path), mode="production")
    assert len(list(papers.complaints(rt))) == 2
    (tmp_path / "privacy.md").write_text("Who: [name]")
    (tmp_path / "terms.md").write_text("Be kind.")
    (told,) = papers.complaints(rt)
    assert "/privacy shows a template" in told
    (tmp_path / "privacy.md").write_text("Who: Sandpiper")
    assert list(papers.complaints(rt)) == []
    assert list(papers.complaints(replace(rt, mode="demo", upkeep=Upkeep()))) == []


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"x" * (papers.LARGEST + 1)])
def test_a_file_that_cannot_be_read_shows_the_template(world: World, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "terms.md").write_bytes(body)
    assert not papers.read(with_papers(world.rt, tmp_path), "terms").filled

"""The customer's page speaks its reader's language, whole or not at all, and writes dates and money as they do."""

from __future__ import annotations

import re
from datetime import date
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from core.money import Money
from models import Account, Company
from tests.web import portal_words
from tests.web.edges import HTTPS, client_of, make_app, token_in
from tests.web.world import World
from web import speech
from workflows.errors import Refusal

ALDER = "Alder & Ash Kitchens"
LANGUAGES = sorted(file.stem for file in speech.HOME.glob("*.po"))
_PLACE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def places(words: str) -> set[str]:
    return {one or other for one, other in _PLACE.findall(words)}


def both(message: Any) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


def test_every_sentence_of_the_page_is_found() -> None:
    found = {both(one.id)[0] for one in portal_words.template()}
    for words in ("Still open", "Choose a day", "Receipt", "Send me a fresh link", "Please choose a day."):
        assert words in found
    assert len(found) > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_says_everything_and_says_it_about_the_same(language: str) -> None:
    catalog = portal_words.known(language)
    for message in portal_words.template():
        if not message.id:
            continue
        theirs = catalog.get(message.id)
        assert theirs is not None, f"{language} does not know {message.id!r}"
        assert all(both(theirs.string)), f"{language} does not say {message.id!r}"
        assert not theirs.fuzzy, message.id
        wanted = set().union(*(places(one) for one in both(message.id)))
        plural = isinstance(message.id, tuple)
        for said in both(theirs.string):
            assert places(said) == wanted or (plural and places(said) < wanted), f"{language}: {said!r}"
            assert said.count("%") == sum(said.count(f"%({one})s") for one in wanted) + 2 * said.count("%%"), said


@pytest.fixture
def finnish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Catalog:
    """A catalog of a language that nobody ships, with a few words in it."""
    made = Catalog(locale="fi")
    made.add("Still open", "Avoinna")
    made.add("Please choose at least one invoice to pay.", "Valitse ainakin yksi lasku.")
    made.add("This link does not open", "Linkki ei avaudu")
    with (tmp_path / "fi.po").open("wb") as file:
        write_po(file, made)
    shipped = speech.catalog
    monkeypatch.setattr(speech, "catalog", lambda language: shipped(language, tmp_path))
    monkeypatch.setattr(speech, "HOME", tmp_path)
    return made


def _speaks(world: World, language: str) -> str:
    with world.rt.store.write() as session:
        session.get_one(Account, world.accounts[ALDER].id).language = language
    return client_of(world.rt).get(world.link(ALDER), **HTTPS).text


def test_an_account_is_spoken_to_in_its_own_language(world: World, finnish: Catalog) -> None:
    page = _speaks(world, "fi")
    assert '<html lang="fi' in page
    assert "Avoinna" in page
    assert "Still open" not in page
    assert "3\u00a0015,50\u00a0£" in page
    assert "4.11.2026" in page


def test_a_language_without_a_catalog_is_english_as_a_whole(world: World) -> None:
    page = _speaks(world, "sw")
    assert '<html lang="en-GB">' in page
    assert "£3,015.50" in page
    assert "4 Nov 2026" in page


def test_a_company_abroad_is_spoken_of_in_its_own_english(world: World) -> None:
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).country = "US"
    assert "Was due Nov 4, 2026, 14 days ago" in client_of(world.rt).get(world.link(ALDER), **HTTPS).text


def test_what_a_workflow_refuses_is_said_in_that_language(world: World, finnish: Catalog) -> None:
    _speaks(world, "fi")
    client = client_of(world.rt)
    link = world.link(ALDER)
    token = token_in(client.get(link, **HTTPS).text)
    answer = client.post(f"{link}/pay", data={"csrf_token": token}, follow_redirects=True, **HTTPS)
    assert "Valitse ainakin yksi lasku." in answer.text


def test_a_link_that_opens_nothing_speaks_as_the_browser_asks(world: World, finnish: Catalog) -> None:
    client = client_of(world.rt)
    for asked, words in (("fi,en;q=0.5", "Linkki ei avaudu"), ("en,fi;q=0.5", "This link does not open")):
        answer = client.get(f"{world.link(ALDER)}x", headers={"Accept-Language": asked}, **HTTPS)
        assert words in answer.text


def test_the_console_stays_english_and_has_no_translations_to_look_up(shown: World, finnish: Catalog) -> None:
    assert '<html lang="en">' in client_of(shown.rt).get("/sign-in", **HTTPS).text


def test_facts_of_a_refusal_are_written_as_the_language_does(world: World) -> None:
    app = make_app(world.rt)
    refusal = Refusal("At most {total} until {day}.", total=Money(123_450, "EUR"), day=date(2026, 3, 2))
    with app.test_request_context("/"):
        assert speech.said(refusal) == "At most €1,234.50 until Mar 2, 2026."
    assert str(refusal) == "At most 1234.50 EUR until 2026-03-02."


@pytest.mark.parametrize(
    ("typed", "language", "minor"), [("1,234.50", "en", 123450), ("1.234,50", "de", 123450), ("12", "de", 1200)]
)
def test_an_amount_is_read_as_the_reader_writes_it(world: World, typed: str, language: str, minor: int) -> None:
    with make_app(world.rt).test_request_context("/"):
        found = speech.Speech(Locale(language), speech.current().words).amount(typed, "EUR")
    assert found == Money(minor, "EUR")


@pytest.mark.parametrize("typed", ["", "-5", "0", "12.345", "a lot", "1e9", "NaN", "9" * 30, "12,50"])
def test_what_is_no_amount_is_refused_with_an_example(world: World, typed: str) -> None:
    with make_app(world.rt).test_request_context("/"), pytest.raises(Refusal, match=r"such as 12\.50 EUR"):
        speech.current().amount(typed, "EUR")


def test_the_french_count_the_first_of_a_month() -> None:
    french, english = (speech.Speech(Locale.parse(one), NullTranslations()) for one in ("fr_FR", "en_GB"))
    first = date(2026, 12, 1)
    assert (french.day(first), french.day(date(2026, 12, 11))) == ("1er déc. 2026", "11 déc. 2026")
    assert french.long_day(first) == "mardi 1er décembre 2026"
    assert english.day(first) == "1 Dec 2026"

"""Why, as a person reads it: the days on an account's page, one day on a page of its own, and the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskClient

from app import create_app
from core.because import Because, Cause
from models import Company, Decision
from tests.web.edges import HTTPS, new_store, runtime
from tests.web.world import World
from web import daybook
from workflows.why import Heard, Source, Span

ALDER = "Alder & Ash Kitchens"
COMPANY = Company(name="C", country="GB", zone="Europe/London")
NUMBERS = {place: f"A-{place}" for place in range(1, 10)}


def _text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'").replace("&amp;", "&")
    return re.sub(r" ([.,:])", r"\1", words)


def _day(client: FlaskClient, world: World, day: str) -> str:
    path = f"/accounts/{world.accounts[ALDER].uid}/why?day={day}"
    return _text(client.get(path, follow_redirects=True, **HTTPS).text)


def test_the_account_page_tells_the_last_days_and_asks_about_any(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/accounts/{shown.accounts[ALDER].uid}", **HTTPS).text
    days = _text(page.split("Day by day", 1)[1].split("Who they are", 1)[0])
    assert "9 Nov 2026 Day 4 note, sent to pay@alder.example about 1042." in days
    assert "18 Nov 2026 To be said: Day 12 note about 1042, 1055." in days
    assert '<input class="form-control" type="date" id="why-day" name="day" required' in page


def test_a_day_says_what_stood_why_and_what_would_end_it(shown: World, onlooker: FlaskClient) -> None:
    page = _day(onlooker, shown, "2026-11-18")
    assert "What was decided then, as it was kept." in page
    assert "Since 18 Nov 2026, 10:30" in page
    assert "To be said: " in page


def test_a_day_with_a_message_links_to_it(shown: World, onlooker: FlaskClient) -> None:
    path = f"/accounts/{shown.accounts[ALDER].uid}/why?day=2026-11-09"
    page = onlooker.get(path, **HTTPS).text
    assert f'<a href="/touches/{shown.touch.uid}">Day 4 note, sent to pay@alder.example about 1042.</a>' in page
    assert "Nothing was recorded about this customer yet on that day." in page


def test_a_day_to_come_says_that_it_was_worked_out(shown: World, onlooker: FlaskClient) -> None:
    page = _day(onlooker, shown, "2026-12-02")
    assert "Worked out now: what would happen if nobody paid" in page
    assert "comes on" in page or "To be said" in page


@pytest.mark.parametrize(("day", "sentence"), [("", "choose a day"), ("x", "choose a day"), ("2032-01-01", "a year")])
def test_a_day_that_cannot_be_asked_about_is_refused(
    shown: World, onlooker: FlaskClient, day: str, sentence: str
) -> None:
    assert sentence in _day(onlooker, shown, day)


# The command


@pytest.fixture
def flask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """The command line of an installation that holds the small world, and one answer of long ago."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    address = f"sqlite:///{tmp_path}/dunlin.db"
    monkeypatch.setenv("DUNLIN_DATABASE_URL", address)
    store = new_store(address)
    world = World(runtime(store))
    kept = [["dispute", world.invoices["1042"].id, None, [["answer_by", "2020-01-10"]]]]
    at = datetime(2020, 1, 6, 9, tzinfo=UTC)
    world._add(Decision(account_id=world.accounts[ALDER].id, at=at, because=kept, actions=[]))
    world.accounts.pop("Tui Trails")
    world._account(world.bramley, "Tui Trails", [], [])
    store.close()
    app = create_app()
    with app.app_context():
        yield lambda *words: app.test_cli_runner().invoke(args=["why", *words])


def test_the_command_says_what_stood_and_why(flask: Callable[..., Result]) -> None:
    result = flask("--account", ALDER, "--day", "2020-01-07")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "Alder & Ash Kitchens, Bramley Joinery, Tuesday, 7 January 2020",
        "What was decided then, as it was kept.",
        "Since 6 Jan 2020, 09:00:",
        "  1042: Something is wrong. They said something is wrong; they were told that a person answers by "
        "10 Jan 2020. It ends when a person settles it on the desk; then the gentlest word comes first.",
    ]
    found = json.loads(flask("--account", ALDER, "--day", "2020-01-07", "--json").stdout)
    assert (found["account"], found["day"], found["source"]) == (ALDER, "2020-01-07", "kept")
    assert [one["cause"] for one in found["answers"][0]["because"]] == ["dispute"]
    before = flask("--account", ALDER, "--day", "2020-01-05").stdout
    assert "Nothing was recorded about this customer yet on that day." in before


def test_the_command_refuses_what_it_cannot_find_in_one_line(flask: Callable[..., Result]) -> None:
    def refused(*words: str) -> str:
        result = flask(*words)
        assert result.exit_code == 2, result.output
        return result.stderr.strip().splitlines()[-1]

    assert "There is no customer 'Nobody'" in refused("--account", "Nobody", "--day", "2020-01-07")
    assert "There are 2 customers 'Tui Trails'; give one by uid" in refused(
        "--account", "Tui Trails", "--day", "2020-01-07"
    )
    assert "There is no company" in refused("--account", ALDER, "--company", "No Such", "--day", "2020-01-07")
    assert "at most a year" in refused("--account", ALDER, "--day", "9000-01-01")
    one = flask("--account", "Tui Trails", "--company", "Kauri Coast Outfitters", "--day", "2020-01-07")
    assert one.exit_code == 0


def test_the_preview_command_says_in_words_why_somebody_hears_nothing(flask: Callable[..., Result]) -> None:
    result = create_app().test_cli_runner().invoke(args=["preview", "--company", "Bramley Joinery", "--days", "1"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert any(line.endswith("Alder & Ash Kitchens: 1042, 1055 (on its way)") for line in lines)
    assert "nothing      Gorse Hill Farm: It has no due date in the ledger." in lines
    assert not any(line.startswith("nothing      Alder & Ash") for line in lines)


# Words


def _span(first: int, last: int, *because: Because, heard: tuple[Heard, ...] = ()) -> Span:
    return Span(date(2026, 3, first), date(2026, 3, last), heard, because)


def test_runs_of_days_are_told_newest_first_with_the_invoices_of_each_silence() -> None:
    late = (("step", "late-12"), ("day", "2026-03-10"))
    found = [
        _span(2, 2, Because(Cause.DISPUTE, 1)),
        _span(3, 9, *(Because(Cause.NOT_YET, one, None, late) for one in (1, 3)), Because(Cause.DISPUTE, 2)),
    ]
    newest, oldest = daybook.spans(found, NUMBERS, COMPANY)
    assert (newest.when, newest.day, oldest.when) == ("3–9 Mar 2026", date(2026, 3, 9), "2 Mar 2026")
    assert [(one.about, one.label, one.sentence) for one in newest.silences] == [
        ("A-2", "Something is wrong", "They said something is wrong; a person must answer first."),
        ("A-1, A-3", "Not yet", "The next word, “Day 12 note”, comes on 10 Mar 2026."),
    ]


def test_of_many_invoices_the_first_few_are_named() -> None:
    assert daybook.listed(range(1, 10), NUMBERS) == "A-1, A-2, A-3, A-4, A-5, A-6 and 3 more"
    assert daybook.listed([1, 77], {1: ""}) == "no number"


def test_every_source_has_its_words() -> None:
    assert set(daybook.SOURCES) == set(Source)


def test_what_was_read_before_a_message_left_stands_behind_it() -> None:
    def heard(**evidence: Any) -> Heard:
        at = datetime(2026, 3, 2, 12, tzinfo=UTC)
        return Heard("u", at, at.date(), "message", "late-4", "email", "sent", ("a@x.example",), "S", (1,), evidence)

    both, with_papers, bare = (
        daybook.spans([_span(2, 2, heard=(heard(**evidence),))], NUMBERS, COMPANY)[0].heard[0]
        for evidence in (
            {"balances": [[1, "late-4", "5.00 GBP"]], "attached": ["A-1.pdf", "terms.pdf"]},
            {"attached": ["A-1.pdf"]},
            {"balances": [], "attached": []},
        )
    )
    assert (both.when, both.behind) == ("12:00", "Open when it left: A-1 5.00 GBP. Attached: A-1.pdf, terms.pdf.")
    assert (with_papers.behind, bare.behind, bare.link) == ("Attached: A-1.pdf.", "", "u")

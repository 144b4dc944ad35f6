"""Parts and more time: asked for on the customer's page, shown before anything is agreed to, answered on the desk."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Arrangement, Base, Company, Extension
from tests.web.edges import HTTPS, client_of, token_in
from tests.web.world import World
from workflows import links

ALDER, SCHOOL = "Alder & Ash Kitchens", "Brightwell Primary School"
TODAY = date(2026, 11, 18)


def _limits(world: World, **values: Any) -> None:
    with world.rt.store.write() as session:
        company = session.get_one(Company, world.bramley.id)
        for name, value in values.items():
            setattr(company, name, value)


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'").replace("&amp;", "&")


def _asked(world: World, *numbers: str, **other: Any) -> dict[str, Any]:
    chosen = [world.invoices[number].uid for number in numbers or ("1042",)]
    return {"invoice": chosen, "count": "3", "every": "month", "first": TODAY.isoformat(), **other}


def _look(client: FlaskClient, world: World, **asked: Any) -> str:
    answer = client.get(f"{world.link(ALDER)}/arrange/look", query_string=asked, **HTTPS)
    assert answer.status_code == 200
    return str(answer.text)


def _agree(client: FlaskClient, world: World, page: str, **other: Any) -> str:
    """Press the button under what was shown."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    form: dict[str, Any] = {"invoice": [value for name, value in found if name == "invoice"]}
    form |= {name: value for name, value in found if name != "invoice"} | {"agree": "yes"} | other
    answer = client.post(f"{world.link(ALDER)}/arrange", data=form, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return _text(answer.text)


def _rows(world: World, kind: Any) -> list[Any]:
    with world.rt.store.read() as session:
        mine = kind.account_id == world.accounts[ALDER].id
        return list(session.scalars(select(kind).where(mine).order_by(kind.id)))


def _whole(world: World) -> list[Any]:
    with world.rt.store.read() as session:
        return [session.execute(select(one)).all() for one in (Arrangement.__table__, Extension.__table__)]


def test_the_parts_are_shown_in_full_before_anything_is_agreed_to(world: World, stranger: FlaskClient) -> None:
    before = _whole(world)
    page = _text(stranger.get(f"{world.link(ALDER)}/arrange", **HTTPS).text)
    for words in ("Pay in parts", "1042", "a month", "The last part is at most 90 days from today."):
        assert words in page, words
    shown = _text(_look(stranger, world, **_asked(world)))
    for words in ("18 Nov 2026: £", "18 Dec 2026: £", "18 Jan 2027: £", "You may pay earlier at any time", "I agree"):
        assert words in shown, words
    assert "A person at Bramley Joinery has to agree to this" in shown, "no limit was set"
    assert _whole(world) == before


def test_within_the_limit_one_tick_and_one_button_agree_and_the_page_shows_it(
    world: World, stranger: FlaskClient
) -> None:
    _limits(world, arrange_up_to_minor=1_000_000)
    shown = _look(stranger, world, **_asked(world))
    assert "has to agree" not in shown
    page = _agree(stranger, world, shown)
    assert "It is agreed" in page
    assert "You pay in parts" in page
    (made,) = _rows(world, Arrangement)
    assert made.state == "running"
    told = made.agreed
    for line in told.splitlines():
        assert line in _text(shown), "the words that are kept are those that were shown"
    assert "18 Nov 2026: £" in told
    again = _agree(stranger, world, shown)
    assert "already an arrangement" in again
    assert len(_rows(world, Arrangement)) == 1


def test_nothing_is_agreed_to_without_the_tick_or_when_the_figures_have_changed(
    world: World, stranger: FlaskClient
) -> None:
    _limits(world, arrange_up_to_minor=1_000_000)
    shown = _look(stranger, world, **_asked(world))
    assert "Please tick that you agree" in _agree(stranger, world, shown, agree="")
    assert "The figures have changed" in _agree(stranger, world, shown, seen="0" * 32)
    _limits(world, least_deposit=50)
    assert "The figures have changed" in _agree(stranger, world, shown)
    assert _rows(world, Arrangement) == []


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"count": "99"}, "at most 6 parts"),
        ({"count": "0x3"}, "how many parts"),
        ({"count": "-2"}, "how many parts"),
        ({"every": "day"}, "how many parts"),
        ({"first": "soon"}, "day of the first part"),
        ({"first": "2026-11-01"}, "from today on"),
        ({"first": "2027-05-01"}, "at most one such step away"),
        ({"invoice": []}, "at least one open invoice"),
        ({"invoice": ["uid99999"]}, "at least one open invoice"),
    ],
)
def test_bad_input_is_answered_with_one_sentence_and_the_form(
    shown: World, other: dict[str, Any], sentence: str
) -> None:
    client = client_of(shown.rt)
    page = _text(_look(client, shown, **_asked(shown, **other)))
    assert sentence in page
    assert "Show me the parts" in page


def test_parts_are_not_proposed_for_somebody_elses_invoices(world: World, stranger: FlaskClient) -> None:
    _limits(world, arrange_up_to_minor=1_000_000)
    theirs = next(
        one
        for one in world.invoices.values()
        if one.account_id not in (world.accounts[ALDER].id,) and one.balance_minor
    )
    shown = _look(stranger, world, **_asked(world))
    page = _agree(stranger, world, shown, invoice=[theirs.uid])
    assert "at least one open invoice" in page
    assert _rows(world, Arrangement) == []


def test_a_reader_of_one_invoice_sees_no_plan_of_the_whole_account(world: World, stranger: FlaskClient) -> None:
    _limits(world, arrange_up_to_minor=1_000_000)
    _agree(stranger, world, _look(stranger, world, **_asked(world)))
    row = world.accounts[ALDER]
    other = f"/p/{links.make(world.rt, row, ['nobody-known@example.com'])}"
    assert "You pay in parts" not in _text(stranger.get(other, **HTTPS).text)


def _ask_time(client: FlaskClient, world: World, day: date | str, text: str = "", *numbers: str) -> str:
    link = f"{world.link(ALDER)}/more-time"
    token = token_in(client.get(link, **HTTPS).text)
    form = {
        "invoice": [world.invoices[number].uid for number in numbers or ("1042",)],
        "day": str(day),
        "text": text,
        "csrf_token": token,
    }
    return _text(client.post(link, data=form, follow_redirects=True, **HTTPS).text)


def test_more_time_within_the_days_given_is_granted_at_once(world: World, stranger: FlaskClient) -> None:
    _limits(world, extend_days=60)
    page = _text(stranger.get(f"{world.link(ALDER)}/more-time", **HTTPS).text)
    assert "is granted at once" in page
    assert "nothing is asked before" in _ask_time(stranger, world, TODAY + timedelta(days=5))
    assert "We agreed on time until 23 Nov 2026" in _text(stranger.get(world.link(ALDER), **HTTPS).text)


def _waiting(page: str) -> int:
    (found,) = re.findall(r"Desk (\d+) waiting", _text(page))
    return int(found)


def test_a_person_answers_more_time_and_parts_on_the_desk(
    world: World, stranger: FlaskClient, ann: FlaskClient
) -> None:
    before = _waiting(ann.get("/desk", **HTTPS).text)
    assert "answers by" in _ask_time(stranger, world, TODAY + timedelta(days=40), "My <b>roof</b> fell in.")
    _agree(stranger, world, _look(stranger, world, **_asked(world, "1051")))
    desk = ann.get("/desk", **HTTPS).text
    assert _waiting(desk) == before + 2
    assert "My &lt;b&gt;roof&lt;/b&gt; fell in." in desk
    assert "They would like to pay in 3 parts." in _text(desk)
    token = token_in(desk)
    (asked,), (plan,) = _rows(world, Extension), _rows(world, Arrangement)
    for path, form, sentence in (
        (f"/more-time/{asked.uid}/decline", {"words": ""}, "few words why"),
        (f"/more-time/{asked.uid}/grant", {"day": "2026-12-20", "words": "Gladly."}, "Granted."),
        (f"/more-time/{asked.uid}/grant", {"day": "2026-12-20"}, "already answered"),
        (f"/proposals/{plan.uid}/accept", {"count": "x", "every": "month", "day": "2026-12-01"}, "whole numbers"),
        (f"/proposals/{plan.uid}/accept", {"count": "2", "every": "month", "day": "2026-12-01"}, "Agreed."),
        (f"/proposals/{plan.uid}/decline", {"words": "No."}, "already answered"),
    ):
        answer = ann.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS)
        assert sentence in _text(answer.text), path
    (asked,), (plan,) = _rows(world, Extension), _rows(world, Arrangement)
    assert (asked.state, asked.day, plan.state) == ("granted", date(2026, 12, 20), "running")
    story = _text(ann.get(f"/accounts/{world.accounts[ALDER].uid}", **HTTPS).text)
    for words in ("Asked for time until 20 Dec 2026", "Time given until 20 Dec 2026", "Gladly.", "Asked for 2 parts"):
        assert words in story, words


@pytest.mark.parametrize(
    ("day", "text", "sentence"),
    [
        ("soon", "", "the day until which"),
        ("2026-01-01", "", "at most 90 days"),
        ("9999-12-31", "", "at most 90 days"),
        ("2026-12-01", "x" * 2_001, "2000 characters"),
    ],
)
def test_odd_questions_for_time_are_answered_in_a_sentence(
    world: World, stranger: FlaskClient, day: str, text: str, sentence: str
) -> None:
    assert sentence in _ask_time(stranger, world, day, text)
    assert _rows(world, Extension) == []


def test_the_settings_are_told_in_words_and_kept(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/agreements"
    page = ann.get(path, **HTTPS).text
    assert "a person agrees to each" in _text(page)
    assert "QuickBooks keeps no day on which a payment is expected" in _text(page)
    form = {
        "up_to": "500.00",
        "most_parts": "4",
        "least_deposit": "25",
        "intervals": ["month"],
        "most_days": "120",
        "extend_days": "14",
        "date_target": "due",
        "csrf_token": token_in(page),
    }
    saved = _text(ann.post(path, data=form, follow_redirects=True, **HTTPS).text)
    assert "Up to £500.00 in all a customer may agree on at most 4 parts, one every month, the first at least" in saved
    assert "25 %, within 120 days, without asking you." in saved
    for wrong, sentence in (
        ({"most_parts": "40"}, "1 to 36 parts"),
        ({"least_deposit": "91"}, "0 to 90 percent"),
        ({"intervals": []}, "at least one distance"),
        ({"intervals": ["day"]}, "at least one distance"),
        ({"up_to": "1,5"}, "with a point"),
        ({"up_to": "0"}, "above zero"),
        ({"extend_days": "1000"}, "0 to 90 days"),
        ({"extend_days": "-1"}, "whole numbers"),
        ({"date_target": "expected"}, "no place for such a day"),
    ):
        assert sentence in _text(ann.post(path, data=form | wrong, follow_redirects=True, **HTTPS).text), wrong
    with world.rt.store.read() as session:
        company = session.get_one(Company, world.bramley.id)
    assert (company.arrange_up_to_minor, company.most_parts, company.date_target) == (50_000, 4, "due")


def test_a_person_gives_more_time_on_the_account_and_takes_it_back(world: World, ann: FlaskClient) -> None:
    path = f"/accounts/{world.accounts[ALDER].uid}"
    token = token_in(ann.get(path, **HTTPS).text)
    form = {"invoice": [world.invoices["1042"].uid], "day": "2026-12-01", "note": "On the phone.", "csrf_token": token}
    page = _text(ann.post(f"{path}/more-time", data=form, follow_redirects=True, **HTTPS).text)
    assert "They have until the end of that day" in page
    assert "More time given 1042 : until the end of 1 Dec 2026" in page
    (row,) = _rows(world, Extension)
    over = {"extension": row.uid, "csrf_token": token}
    assert "counts again" in _text(ann.post(f"{path}/end-more-time", data=over, follow_redirects=True, **HTTPS).text)
    assert [one.state for one in _rows(world, Extension)] == ["over"]


def test_what_belongs_to_another_practice_does_not_exist(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    assert ann.get(f"/companies/{world.foreign.uid}/agreements", **HTTPS).status_code == 404
    foreign = world.accounts["Foreign Customer"].uid
    for path in (f"/companies/{world.foreign.uid}/agreements", f"/accounts/{foreign}/more-time"):
        answer = ann.post(path, data={"csrf_token": token, "day": "2026-12-01"}, **HTTPS)
        assert answer.status_code == 404, path
    assert set(Base.metadata.tables) >= {"extension", "arrangement"}

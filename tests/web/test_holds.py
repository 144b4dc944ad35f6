"""Why a customer is left alone, on their page: every form does what it says, and refuses in a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Account, AddressWord, Arrangement, HoldRow, ToldRow
from tests.web.edges import HTTPS, token_in
from tests.web.world import World

ALDER, REST = "Alder & Ash Kitchens", "Kestrel Homes"


def _path(world: World, name: str = ALDER) -> str:
    return f"/accounts/{world.accounts[name].uid}"


def _text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'")
    return re.sub(r" ([.,:])", r"\1", words)


def _press(client: FlaskClient, path: str, **form: Any) -> str:
    form["csrf_token"] = token_in(client.get("/", **HTTPS).text)
    answer = client.post(path, data=form, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return _text(answer.text)


def _rows(world: World, kind: Any, name: str = ALDER) -> list[Any]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(kind).where(kind.account_id == world.accounts[name].id).order_by(kind.id)))


def _is_woken(world: World) -> bool:
    with world.rt.store.read() as session:
        return session.get_one(Account, world.accounts[ALDER].id).wake_at == world.rt.clock.now()


def test_the_page_lists_each_reason_with_its_end_or_its_owner(shown: World, onlooker: FlaskClient) -> None:
    page = _text(onlooker.get(_path(shown, REST), **HTTPS).text)
    for words in (
        "They wrote to us: Ann Harbour looks after it. They ask for a new bank account.",
        "More time given 1102: until 26 Nov 2026, that day included.",
        "They are not the right person, they said on 18 Nov 2026 about 1102. An answer was promised by 25 Nov 2026. "
        "Ask our Kim, please.",
        "1 Dec 2026: £76.67",
        "1 Jan 2027: £76.67",
        "1 Feb 2027: £76.66",
        "wants no reminders",
        "It wants to hear again",
    ):
        assert words in page, words


def test_whom_nothing_holds_is_said_to_be_the_cadences(shown: World, onlooker: FlaskClient) -> None:
    assert "Nobody: the cadence decides." in _text(onlooker.get(_path(shown), **HTTPS).text)


def test_a_hold_with_a_day_holds_that_day_too_and_without_one_has_an_owner(world: World, ann: FlaskClient) -> None:
    page = _press(ann, f"{_path(world)}/hold", cause="paused", day="2026-11-30", note="Moving house.")
    assert "Paused: until 30 Nov 2026, that day included. Moving house." in page
    page = _press(ann, f"{_path(world)}/hold", cause="breathing-space", invoice=world.invoices["1042"].uid)
    assert "Breathing space 1042: Ann Harbour looks after it." in page
    paused, space = _rows(world, HoldRow)
    assert (str(paused.until), paused.invoice_id) == ("2026-12-01", None)
    assert (space.until, space.invoice_id) == (None, world.invoices["1042"].id)
    assert _is_woken(world)
    page = _press(ann, f"{_path(world)}/release", hold=paused.uid)
    assert "Let go of." in page
    assert "No longer left alone: paused" in page
    assert [one.state for one in _rows(world, HoldRow)] == ["ended", "open"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"cause": ""}, "choose why"),
        ({"cause": "agency"}, "choose why"),
        ({"cause": "paid"}, "choose why"),
        ({"cause": "paused", "day": "2026-11-17"}, "from today on"),
        ({"cause": "paused", "day": "9999-12-31"}, "at most a year"),
        ({"cause": "paused", "day": "tomorrow"}, "choose a day"),
        ({"cause": "paused", "invoice": "nobody's"}, "not one of that customer's"),
    ],
)
def test_what_cannot_be_held_is_refused(world: World, ann: FlaskClient, form: dict[str, str], sentence: str) -> None:
    assert sentence in _press(ann, f"{_path(world)}/hold", **form)
    assert _rows(world, HoldRow) == []


def test_a_customer_is_put_into_a_segment_and_out_again(world: World, ann: FlaskClient) -> None:
    path = f"{_path(world)}/segment"
    assert "In the segment: key-accounts" in _press(ann, path, segment=" Key-Accounts ")
    assert "Name a segment with small letters" in _press(ann, path, segment="key accounts")
    assert "In the segment: none" in _press(ann, path, segment="")


def test_a_hold_or_a_word_of_another_customer_is_not_found(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    for way, form in (
        ("release", {"hold": world.hold.uid}),
        ("dealt-with", {"told": world.told.uid, "answer": "Done."}),
        ("end-arrangement", {"arrangement": world.arrangement.uid}),
    ):
        answer = ann.post(f"{_path(world)}/{way}", data={**form, "csrf_token": token}, **HTTPS)
        assert answer.status_code == 404, way


def test_what_they_told_a_person_is_noted_and_dealt_with(world: World, ann: FlaskClient) -> None:
    chosen = [world.invoices["1042"].uid, world.invoices["1051"].uid]
    page = _press(ann, f"{_path(world)}/told", reason="wrong-person", invoice=chosen, text="Ask Kim.")
    assert "They are not the right person, they said on 18 Nov 2026 about 1042, 1051. Ask Kim." in page
    (told,) = _rows(world, ToldRow)
    assert told.by_user_id is not None
    desk = _text(ann.get("/desk", **HTTPS).text)
    assert "They are not the right person. Nothing is sent about it" in desk
    assert "in a few words" in _press(ann, f"{_path(world)}/dealt-with", told=told.uid, answer=" ")
    page = _press(ann, f"{_path(world)}/dealt-with", told=told.uid, answer="It is Kim's now.")
    assert "Dealt with: they are not the right person It is Kim's now." in page
    assert _rows(world, ToldRow)[0].state == "closed"


def test_a_copy_shows_how_far_it_is(world: World, ann: FlaskClient) -> None:
    page = _press(ann, f"{_path(world)}/told", reason="copy", invoice=world.invoices["1042"].uid)
    assert "They need a copy or a PO number, they said on 18 Nov 2026 about 1042. The copy: waiting." in page


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"reason": "", "invoice": "1042"}, "choose what they told you"),
        ({"reason": "dispute", "invoice": "1042"}, "choose what they told you"),
        ({"reason": "forgot"}, "at least one open invoice"),
        ({"reason": "forgot", "invoice": "1011"}, "at least one open invoice"),
    ],
)
def test_what_cannot_be_noted_is_refused(world: World, ann: FlaskClient, form: dict[str, str], sentence: str) -> None:
    named = {**form, **({"invoice": world.invoices[form["invoice"]].uid} if "invoice" in form else {})}
    assert sentence in _press(ann, f"{_path(world)}/told", **named)
    assert _rows(world, ToldRow) == []


def test_an_arrangement_is_made_and_called_off(world: World, ann: FlaskClient) -> None:
    form = {"invoice": world.invoices["1042"].uid, "count": "3", "every": "fortnight", "day": "2026-12-01"}
    page = _press(ann, f"{_path(world)}/arrange", **form)
    assert "Agreed. From now on only its parts are spoken about." in page
    for words in ("1 Dec 2026: £613.50", "15 Dec 2026: £613.50", "29 Dec 2026: £613.50", "Agreed on 3 parts"):
        assert words in page, words
    assert "already an arrangement" in _press(ann, f"{_path(world)}/arrange", **form)
    (made,) = _rows(world, Arrangement)
    page = _press(ann, f"{_path(world)}/end-arrangement", arrangement=made.uid)
    assert "Arrangement called off" in page
    assert "Call it off" not in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"count": "many"}, "in how many parts"),
        ({"count": "7"}, "at most 6 parts"),
        ({"every": "day"}, "in how many parts"),
        ({"day": ""}, "choose a day"),
        ({"day": "9999-12-31"}, "at most 90 days"),
        ({"day": "2026-11-17"}, "from today on"),
        ({"invoice": ""}, "at least one open invoice"),
    ],
)
def test_parts_that_cannot_be_are_refused(
    world: World, ann: FlaskClient, changed: dict[str, str], sentence: str
) -> None:
    form = {"invoice": world.invoices["1042"].uid, "count": "3", "every": "week", "day": "2026-12-01", **changed}
    assert sentence in _press(ann, f"{_path(world)}/arrange", **form)
    assert _rows(world, Arrangement) == []


@pytest.mark.parametrize(
    ("cause", "pill", "back"),
    [("opted-out", "wants no reminders", "hear again"), ("bounced", "mail comes back", "good")],
)
def test_an_address_is_noted_and_has_a_way_back(
    world: World, ann: FlaskClient, cause: str, pill: str, back: str
) -> None:
    def words() -> list[str]:
        with world.rt.store.read() as session:
            mine = AddressWord.company_id == world.bramley.id
            return [one.cause for one in session.scalars(select(AddressWord).where(mine).order_by(AddressWord.id))][1:]

    path = f"{_path(world)}/address"
    page = _press(ann, path, address="Pay@Alder.example", cause=cause)
    assert "Nothing is sent to pay@alder.example by itself any more." in page
    assert f"pay@alder.example {pill}" in page
    assert back in page
    assert words() == [cause]
    page = _press(ann, path, address="pay@alder.example", cause=cause, value="off")
    assert "pay@alder.example is written to again." in page
    assert words() == []


@pytest.mark.parametrize("form", [{"address": "someone@else.example", "cause": "bounced"}, {"cause": "bounced"}])
def test_only_addresses_of_this_customer_are_noted(world: World, ann: FlaskClient, form: dict[str, str]) -> None:
    assert "one of the addresses on the page" in _press(ann, f"{_path(world)}/address", **form)
    wrong = _press(ann, f"{_path(world)}/address", address="pay@alder.example", cause="paused")
    assert "one of the addresses on the page" in wrong


def test_what_nobody_looks_after_is_on_the_desk(world: World, ann: FlaskClient) -> None:
    row = HoldRow(
        uid="nobody-looks-after-this",
        company_id=world.bramley.id,
        account_id=world.accounts[ALDER].id,
        invoice_id=world.invoices["1042"].id,
        cause="paid-already",
        note="They say for the second time that this is paid.",
        made_at=world.rt.clock.now(),
    )
    world._add(row)
    desk = _text(ann.get("/desk", **HTTPS).text)
    assert "1042 They say for the second time that this is paid. Let go of it" in desk
    assert "a person must look after it" in _text(ann.get(_path(world), **HTTPS).text)
    _press(ann, f"{_path(world)}/release", hold=row.uid)
    assert "for the second time" not in _text(ann.get("/desk", **HTTPS).text)

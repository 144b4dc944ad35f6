"""Care on the customer's page and on the desk: a switch with a day, a calm list, and no field for why."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from core.cadence import Reason
from models import Account, ToldRow
from tests.web.edges import HTTPS, StillClock, client_of, sign_in, token_in
from tests.web.world import World
from workflows import reasons

ALDER = "Alder & Ash Kitchens"


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _path(world: World) -> str:
    return f"/accounts/{world.accounts[ALDER].uid}"


def _press(client: FlaskClient, world: World, **form: Any) -> str:
    form["csrf_token"] = token_in(client.get("/", **HTTPS).text)
    return _text(client.post(f"{_path(world)}/care", data=form, follow_redirects=True, **HTTPS).text)


def test_care_is_switched_on_with_a_day_and_off_again(world: World, ann: FlaskClient) -> None:
    assert "Please write down nowhere why." in ann.get(_path(world), **HTTPS).text
    told = _press(ann, world, value="on", day="2027-01-15")
    assert "They are in a person's care. Nothing is sent to them by itself." in told.replace("&#39;", "'")
    assert "Look again on 15 Jan 2027." in told
    with world.rt.store.read() as session:
        assert session.get_one(Account, world.accounts[ALDER].id).care
    assert "The cadence goes on from here, gently." in _press(ann, world, value="off")
    assert "nobody&#39;s care" in _press(ann, world, value="off")


def test_a_day_is_needed_and_an_unknown_one_changes_nothing(world: World, ann: FlaskClient) -> None:
    assert "Please choose a day." in _press(ann, world, value="on", day="")
    assert "at most a year away" in _press(ann, world, value="on", day="2030-01-01")
    with world.rt.store.read() as session:
        assert not session.get_one(Account, world.accounts[ALDER].id).care


def test_the_form_has_a_day_and_no_place_for_a_reason(world: World, ann: FlaskClient) -> None:
    page = ann.get(_path(world), **HTTPS).text
    form = page.split(f'action="{_path(world)}/care"', 1)[1].split("</form>", 1)[0]
    assert re.findall(r'name="(\w+)"', form) == ["csrf_token", "value", "day"]


def test_the_desk_lists_them_calmly_and_counts_them_when_the_day_has_come(world: World, ann: FlaskClient) -> None:
    waiting = _waiting(ann)
    _press(ann, world, value="on", day="2026-11-20")
    desk = ann.get("/desk", **HTTPS).text
    listed = _text(desk.split('id="cared"', 1)[1].split("</section>", 1)[0])
    assert "Alder &amp; Ash Kitchens · Bramley Joinery Look again on 20 Nov 2026" in listed
    assert _waiting(ann) == waiting
    clock = world.rt.clock
    assert isinstance(clock, StillClock)
    clock.moment += timedelta(days=2)
    later = sign_in(client_of(world.rt))
    assert _waiting(later) == waiting + 1
    assert '<span class="pill warn">Look again</span>' in later.get("/desk", **HTTPS).text


def _waiting(client: FlaskClient) -> int:
    """The number beside Desk in the navigation."""
    found = re.search(r'Desk <span class="badge-count">(\d+)', client.get("/library", **HTTPS).text)
    return int(found[1]) if found else 0


def test_the_desk_suggests_it_where_money_is_short_and_does_no_more(world: World, ann: FlaskClient) -> None:
    account, invoice = world.accounts[ALDER], world.invoices["1042"]
    told = reasons.tell(world.rt, account.id, [invoice.uid], Reason.SHORT_OF_CASH, "I was ill.")
    with world.rt.store.write() as session:
        session.get_one(ToldRow, told.id).answer_by = world.rt.clock.now().date()
    assert "If life is hard for them just now, take care of them there" in ann.get("/desk", **HTTPS).text
    with world.rt.store.read() as session:
        assert not session.get_one(Account, world.accounts[ALDER].id).care


def test_somebody_elses_customer_is_not_there(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    path = f"/accounts/{world.accounts['Foreign Customer'].uid}/care"
    assert ann.post(path, data={"value": "on", "day": "2027-01-15", "csrf_token": token}, **HTTPS).status_code == 404

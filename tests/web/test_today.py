"""Today, search, the stop and many at once, as a person of the practice sees them: each role, and who is limited."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.roles import Role
from models import BulkChange, Company, CompanyAccess, HoldRow, Invoice, Promise, Touch, User
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World


def press(client: FlaskClient, path: str, **form: Any) -> str:
    token = token_in(client.get("/your-sign-in", **HTTPS).text)
    answer = client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS)
    assert answer.status_code in (200, 403), answer.status_code
    return text(answer.text)


def text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def see(client: FlaskClient, path: str) -> str:
    return text(client.get(path, **HTTPS).text)


def is_now(world: World, role: Role, *only: Company) -> None:
    """Ann has this role, at all companies or at these only."""
    with world.rt.store.write() as session:
        session.execute(update(User).where(User.email == "ann@example.com").values(role=role, limited=bool(only)))
        ann = session.scalars(select(User.id).where(User.email == "ann@example.com")).one()
        session.add_all(CompanyAccess(user_id=ann, company_id=one.id) for one in only)


def test_today_shows_what_needs_a_person_and_its_button_leads_back(world: World, ann: FlaskClient) -> None:
    page = see(ann, "/")
    for words in ("9 things need a person", "Something is wrong 1", "Messages in doubt 1", "No e-mail address"):
        assert words in page, words
    done = press(ann, f"/touches/{world.doubt.uid}/settle", answer="sent", back="today")
    assert "Noted as sent." in done
    assert "8 things need a person" in done


def test_a_broken_promise_is_first_among_whom_to_speak_with_until_a_newer_word(world: World, ann: FlaskClient) -> None:
    now, juniper = world.rt.clock.now(), world.accounts["Juniper Cafe"]
    promise = Promise(
        uid="broken",
        company_id=juniper.company_id,
        account_id=juniper.id,
        day=now.date() - timedelta(days=3),
        until=now.date() - timedelta(days=1),
        state="broken",
        made_at=now - timedelta(days=9),
        settled_at=now - timedelta(hours=3),
    )
    with world.rt.store.write() as session:
        promise.invoices = [session.get_one(Invoice, world.invoices["1101"].id)]
        session.add(promise)
    page = see(ann, "/")
    assert "Broken promises 1" in page
    first = page.split("Speak with these first", 1)[1].split("What went out", 1)[0]
    assert first.index("Juniper Cafe") < first.index("Dene Interiors")
    assert "Inkwell Print" not in first, "a message to them is on its way"
    assert "They promised to pay by 15 Nov 2026, and £230.00 is still open." in first
    with world.rt.store.write() as session:
        session.execute(update(Promise).where(Promise.uid == "broken").values(settled_at=now - timedelta(days=15)))
    assert "Broken promises" not in see(ann, "/"), "by then the cadence has taken it up again"


def test_what_came_in_is_summed_per_currency_and_only_for_its_day(shown: World, onlooker: FlaskClient) -> None:
    moved = see(onlooker, "/").split("What went out, and what came in", 1)[1]
    assert "Kauri Coast Outfitters Today 0 1 $400.00 0 0" in moved
    assert "All companies Today 0 1 NZ$400.00 0 1" in moved


def test_an_empty_practice_is_told_how_to_begin(world: World) -> None:
    with world.rt.store.write() as session:
        session.execute(update(Company).where(Company.id == world.foreign.id).values(practice_id=world.practice))
    otto = sign_in(client_of(world.rt), "otto@example.com")
    assert "Connect your first company" in see(otto, "/")
    assert "Nothing found" in see(otto, "/search?q=Alder")


def test_who_is_limited_sees_only_their_companies_on_every_one_of_these_pages(world: World, ann: FlaskClient) -> None:
    is_now(world, Role.CLERK, world.kauri)
    for path in ("/", "/companies", "/search?q=a", "/search?q=104", "/search?q=999.00", "/stop"):
        page = see(ann, path)
        assert "Bramley" not in page, path
        assert "Juniper" not in page, path
    assert "Kauri Coast" in see(ann, "/companies")


@pytest.mark.parametrize(
    ("asked", "found", "missing"),
    [
        ("104", ("1042", "Alder & Ash Kitchens"), ()),
        ("alder", ("Alder & Ash Kitchens",), ("Juniper",)),
        ("1,840.50", ("1042",), ("1048",)),
        ("£1840.50", ("1042",), ("1048",)),
        ("1840.5", ("1042",), ("1048",)),
        ("730", ("€730.00",), ("1042",)),
        ("hello3@example.com", ("Larkspur Florists",), ("Juniper",)),
        ("%", ("Nothing found",), ("Alder",)),
        ("_", ("Nothing found",), ("Alder",)),
        ("\\", ("Nothing found",), ("Alder",)),
        ("' OR 1=1 --", ("Nothing found",), ("Alder",)),
    ],
)
def test_search_takes_what_is_typed_literally(
    shown: World, onlooker: FlaskClient, asked: str, found: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    page = text(onlooker.get("/search", query_string={"q": asked}, **HTTPS).text)
    assert all(one in page for one in found), page
    assert not any(one in page for one in missing), page


def test_a_message_is_found_by_its_readers_whole_address(world: World, ann: FlaskClient) -> None:
    with world.rt.store.read() as session:
        (address,) = session.get_one(Touch, world.touch.id).recipients
    assert "Invoice 1042 from Bramley Joinery" in see(ann, f"/search?q={address}")
    assert "Invoice 1042 from" not in see(ann, f"/search?q={address[1:]}")


def test_a_companys_own_list_takes_marks_literally_too(shown: World, onlooker: FlaskClient) -> None:
    path = f"/companies/{shown.bramley.uid}?q="
    assert "Nobody found" in see(onlooker, f"{path}%25")
    assert "Nobody found" in see(onlooker, f"{path}_")
    assert "Juniper Cafe" in see(onlooker, f"{path}JUNI")


def test_one_press_stops_everything_says_so_on_every_page_and_an_accountant_resumes(
    world: World, ann: FlaskClient
) -> None:
    is_now(world, Role.CLERK)
    assert "Stop all sending" in see(ann, "/library")
    assert "All sending is stopped" not in see(ann, "/library")
    assert "No message leaves for any company" in press(ann, "/stop")
    for path in ("/", "/desk", "/library", f"/companies/{world.bramley.uid}"):
        assert "All sending is stopped" in see(ann, path), path
    assert "Let it go on" not in see(ann, "/stop"), "a clerk stops; an accountant lets it go on"
    assert "needs an accountant" in press(ann, "/stop/end")
    is_now(world, Role.ACCOUNTANT)
    assert "Sending goes on" in press(ann, "/stop/end")
    assert "All sending is stopped" not in see(ann, "/")


def test_one_company_is_stopped_until_a_day_and_a_day_that_is_over_is_refused(world: World, ann: FlaskClient) -> None:
    assert "after today" in press(ann, "/stop/company", company=world.bramley.uid, resume_on="2026-11-18")
    assert "choose a day" in press(ann, "/stop/company", company=world.bramley.uid, resume_on="soon")
    page = press(ann, "/stop/company", company=world.bramley.uid, resume_on="2026-11-25")
    assert "Goes on by itself on Wednesday, 25 November 2026" in page
    assert "Sending is stopped for Bramley Joinery" in see(ann, "/desk")
    assert "Sending goes on for Bramley Joinery" in press(ann, f"/companies/{world.bramley.uid}/resume")


def test_a_clerk_cannot_let_a_company_go_on_by_the_old_button_either(world: World, ann: FlaskClient) -> None:
    is_now(world, Role.CLERK)
    press(ann, f"/companies/{world.bramley.uid}/pause", value="on")
    assert "ask an accountant" in press(ann, f"/companies/{world.bramley.uid}/pause", value="off")
    with world.rt.store.read() as session:
        assert session.get_one(Company, world.bramley.id).paused


def test_who_is_limited_stops_their_companies_and_not_the_practice(world: World, ann: FlaskClient) -> None:
    is_now(world, Role.CLERK, world.kauri)
    assert "not open to you" in press(ann, "/stop")
    assert "Stop all sending now" not in see(ann, "/stop")
    assert "No message leaves for Kauri Coast" in press(ann, "/stop/company", company=world.kauri.uid)


def test_ticked_customers_are_shown_first_then_changed_and_taken_back(world: World, ann: FlaskClient) -> None:
    base = f"/companies/{world.bramley.uid}/bulk"
    uids = [world.accounts[one].uid for one in ("Juniper Cafe", "Inkwell Print")]
    asked = {"what": "pause", "day": "2026-12-01", "account": uids}
    page = text(ann.get(base, query_string=asked, **HTTPS).text)
    assert "2 customers will be left alone until 1 Dec 2026" in page
    with world.rt.store.read() as session:
        before = len(session.scalars(select(HoldRow)).all())
    done = press(ann, base, **asked)
    assert "Left alone until a day" in done
    assert "Juniper Cafe Bramley Joinery" in done
    with world.rt.store.read() as session:
        assert len(session.scalars(select(HoldRow)).all()) == before + 2
        made = session.scalars(select(BulkChange)).one()
    assert "Taken back." in press(ann, f"/bulk/{made.uid}/undo")
    assert "was taken back already" in press(ann, f"/bulk/{made.uid}/undo")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"what": "pause", "day": "2026-12-01"}, "tick at least one"),
        ({"what": "pause", "account": "mine"}, "choose a day"),
        ({"what": "assign", "account": "mine", "person": "nobody"}, "choose somebody"),
        ({"what": "cadence", "account": "mine"}, "choose a cadence"),
        ({"what": "burn", "account": "mine"}, "choose what is to be done"),
        ({"what": "pause", "day": "2026-12-01", "account": "foreign"}, "tick at least one"),
    ],
)
def test_what_cannot_be_done_to_many_is_said_in_a_sentence(
    shown: World, onlooker: FlaskClient, asked: dict[str, str], said: str
) -> None:
    uids = {"mine": shown.accounts["Juniper Cafe"].uid, "foreign": shown.accounts["Foreign Customer"].uid}
    query = {name: uids.get(value, value) for name, value in asked.items()}
    path = f"/companies/{shown.bramley.uid}/bulk"
    assert said in text(onlooker.get(path, query_string=query, follow_redirects=True, **HTTPS).text)


def test_a_clerk_gives_no_cadence_and_takes_no_stop_back(world: World, ann: FlaskClient) -> None:
    page = press(ann, "/companies/bulk/stop", company=world.bramley.uid)
    assert "Sending stopped" in page
    with world.rt.store.read() as session:
        made = session.scalars(select(BulkChange)).one()
    is_now(world, Role.CLERK)
    assert "Take it back" not in see(ann, f"/bulk/{made.uid}")
    assert "ask an accountant" in press(ann, f"/bulk/{made.uid}/undo")
    path, alder = f"/companies/{world.bramley.uid}", world.accounts["Juniper Cafe"].uid
    assert "needs an accountant" in press(ann, f"{path}/bulk/cadence", account=alder)
    assert "Give the cadence" not in see(ann, path)
    is_now(world, Role.CLERK, world.kauri)
    assert ann.get(f"/bulk/{made.uid}", **HTTPS).status_code == 404, "it was about a company that is not open to them"


def test_everybody_chooses_what_they_are_told_and_the_page_says_so(world: World, ann: FlaskClient) -> None:
    is_now(world, Role.VIEWER)
    assert "Saved." in press(ann, "/what-you-are-told", money="daily", morning="daily")
    page = ann.get("/what-you-are-told", **HTTPS).text
    assert re.search(r'id="money-daily" value="daily"[^>]* checked', page)
    assert re.search(r'id="connection-at-once" value="at-once"[^>]* checked', page)
    assert "choose one of the times" in press(ann, "/what-you-are-told", morning="at-once")
    assert "choose one of the times" in press(ann, "/what-you-are-told", money="never")

"""How a ledger is read and what that costs, in figures an accountant can check; and what it says of itself."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import CallCount, Company, Connection
from tests.web.edges import HTTPS, sign_in
from tests.web.world import World


def _text(page: str) -> str:
    """The page as it is read: without tags, every run of blanks one."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


def _ledger(client: FlaskClient, company: Company) -> str:
    return _text(client.get(f"/companies/{company.uid}/ledger", **HTTPS).text)


def test_calls_are_told_by_what_they_were_for(shown: World, onlooker: FlaskClient) -> None:
    page = _ledger(onlooker, shown.bramley)
    assert "Reading what changed 4 4 4" in page
    assert "Somebody opened a page because somebody asked 3 3 3" in page
    assert "Reading the whole book 0 212 212" in page
    assert "Calls today 7" in page
    assert "QuickBooks bills reads: 219 of this company this month." in page


def test_calls_of_last_month_do_not_count_in_this_one(world: World, ann: FlaskClient) -> None:
    world.rt.clock.moment += timedelta(days=14)  # type: ignore[attr-defined]
    sign_in(ann)
    with world.rt.store.write() as session:
        session.add(CallCount(company_id=world.bramley.id, day=world.rt.clock.now().date(), purpose="write", calls=1))
    page = _ledger(ann, world.bramley)
    assert "Calls this month 1" in page
    assert "Reading the whole book" not in page.split("What the calls were for", 1)[1].split("What is left")[0]


def test_what_is_left_of_each_limit_is_shown_with_when_it_begins_anew(shown: World, onlooker: FlaskClient) -> None:
    page = _ledger(onlooker, shown.bramley)
    assert "60 calls a minute 9 18 Nov 2026, 10:30" in page
    month = "500,000 reads on the bill a month, all companies of this installation together"
    assert f"{month} 500,000 not begun" in page


def test_every_reading_is_listed_with_what_a_sweep_found_untold(shown: World, onlooker: FlaskClient) -> None:
    page = _ledger(onlooker, shown.bramley)
    assert "18 Nov 2026, 03:30 Everything that is open 380 2 Complete" in page
    assert "18 Nov 2026, 07:30 What changed 12 – Cut short" in page
    assert "14 Nov 2026, 16:30 The whole book 41,210 – Complete" in page
    assert "In the readings below that found 2 changes ." in page


def test_what_is_known_to_have_changed_is_named(world: World, ann: FlaskClient) -> None:
    assert "QuickBooks told us of changed payments." in _ledger(ann, world.bramley)
    assert "Xero has told us of nothing lately" in _ledger(ann, world.kauri)


def test_a_first_load_says_how_far_it_is_wherever_one_looks(shown: World, onlooker: FlaskClient) -> None:
    for path in ("/companies", f"/companies/{shown.tide.uid}", f"/companies/{shown.tide.uid}/ledger"):
        assert "12,000 of about 40,000 rows" in _text(onlooker.get(path, **HTTPS).text), path
    page = onlooker.get(f"/companies/{shown.tide.uid}/ledger", **HTTPS).text
    assert 'http-equiv="refresh"' in page
    assert "Read now" not in page


def test_a_reading_that_failed_says_what_happened_and_when_it_is_tried_again(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        company = session.get_one(Company, world.bramley.id)
        company.sync_state, company.sync_note, company.sync_failures = "failed", "QuickBooks is away.", 3
        company.next_sync_at = world.rt.clock.now() + timedelta(hours=1)
    page = _ledger(ann, world.bramley)
    assert "The last reading failed, 3 times in a row. QuickBooks is away. Next try: 18 Nov 2026, 11:30." in page


@pytest.mark.parametrize("state", ["needs_reconnect", "disconnected"])
def test_nothing_is_read_now_where_nobody_lets_us_in(world: World, ann: FlaskClient, state: str) -> None:
    with world.rt.store.write() as session:
        session.scalars(select(Connection).where(Connection.company_id == world.bramley.id)).one().state = state
    page = _ledger(ann, world.bramley)
    assert "The company is not connected, so nothing is read." in page
    assert "Read now" not in page


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (True, "Its own reminders are on. Your customers may hear twice: from QuickBooks and from Dunlin. Switch them"),
        (False, "Its own reminders are off, so that nobody hears twice."),
        (None, "QuickBooks does not say whether it sends reminders of its own."),
    ],
)
def test_the_ledgers_own_reminders_and_closed_books_are_told(
    world: World, ann: FlaskClient, on: bool | None, said: str
) -> None:
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).own_reminders = on
    page = _text(ann.get(f"/companies/{world.bramley.uid}/connection", **HTTPS).text)
    assert said in page
    assert "The books are closed up to 30 Sept 2026 ." in page

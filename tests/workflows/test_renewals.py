"""Permissions that nobody uses stay alive, and their hard end is told well ahead, once for each warning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.oauth import Token
from models import Connection, Grant, Notice
from tests.town import Town, lay_tables
from tests.workflows.consents import change, permit, tie
from workflows import grants, renewals
from workflows.reaching import Reach

KINDS = ["quickbooks", "xero"]


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town()
    made.start()
    lay_tables(made.rt.store)
    yield made
    made.close()


def grant(town: Town, grant_id: int) -> Grant:
    with town.rt.store.read() as session:
        return session.get_one(Grant, grant_id)


def nights(town: Town, days: int) -> int:
    """That many nights pass; how many permissions were renewed."""
    renewed = 0
    for _ in range(days):
        town.clock.move(town.now + timedelta(days=1))
        renewed += renewals.refresh_idle(town.rt)
        renewals.remind(town.rt)
    return renewed


def subjects(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Notice.subject).order_by(Notice.id)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_permission_that_nobody_uses_is_renewed_every_fortnight_and_lives_on(town: Town, kind: str) -> None:
    here = tie(town, kind)
    assert nights(town, 13) == 0
    assert nights(town, 200) == 14
    assert grants.access_token(town.rt, here.grant_id)
    assert grant(town, here.grant_id).state == "active"


def test_a_permission_that_nobody_stands_on_any_more_is_not_kept_alive(town: Town) -> None:
    permit(town, "xero")
    here = tie(town, "xero")
    assert nights(town, 40) == 2
    with town.rt.store.write() as session:
        session.scalars(select(Connection)).one().state = "disconnected"
    assert nights(town, 40) == 0
    assert grant(town, here.grant_id).state == "active"


def test_a_permission_that_has_died_meanwhile_is_found_at_night_and_told_to_the_practice(town: Town) -> None:
    here = tie(town, "xero")
    here.given.alive = False
    assert nights(town, 30) == 0
    with town.rt.store.read() as session:
        assert session.scalars(select(Connection.state)).one() == "needs_reconnect"
    assert subjects(town) == ["Please connect Larch & Co to Xero again"]


def test_a_vendor_that_is_away_at_night_is_asked_again_the_next_night(town: Town) -> None:
    here = tie(town, "xero")
    town.clock.move(town.now + timedelta(days=20))
    town.xero.plan_fault("/connect/token", "503")
    assert (nights(town, 1), nights(town, 1)) == (0, 1)
    assert grant(town, here.grant_id).state == "active"


def test_the_hard_end_is_kept_and_does_not_waver_with_each_renewal(town: Town) -> None:
    grant_id, _ = permit(town, "quickbooks")
    end = grant(town, grant_id).hard_expires_at
    assert end == town.now + timedelta(days=5 * 365)
    town.clock.move(town.now + timedelta(days=30, seconds=1))
    grants.access_token(town.rt, grant_id)
    assert grant(town, grant_id).hard_expires_at == end


def test_the_practice_is_warned_60_30_and_7_days_before_the_hard_end_and_no_more(town: Town) -> None:
    here = tie(town, "quickbooks", "Fern Ltd")
    end = town.now + timedelta(days=70)
    change(town, here.grant_id, hard_expires_at=end)
    here.given.extra["given"] = (end - timedelta(days=5 * 365)).isoformat()
    told: list[int] = []
    for _ in range(69):
        before = len(subjects(town))
        nights(town, 1)
        told += [(end - town.now).days] * (len(subjects(town)) - before)
    assert told == [60, 30, 7]
    assert set(subjects(town)) == {f"Fern Ltd: connect to QuickBooks again before {end:%d %B %Y}"}
    with town.rt.store.read() as session:
        text = session.scalars(select(Notice.text)).first() or ""
        soon = renewals.ending_soon(session, Reach(here.company.practice_id), town.now)
        assert renewals.ending_soon(session, Reach(here.company.practice_id + 1), town.now) == []
    assert f"https://dunlin.test/companies/{here.company.uid}/connection" in text
    assert [(company.name, when) for company, when in soon] == [("Fern Ltd", end)]


def test_after_missed_nights_only_the_latest_warning_is_given(town: Town) -> None:
    here = tie(town, "quickbooks")
    change(town, here.grant_id, hard_expires_at=town.now + timedelta(days=20))
    assert (renewals.remind(town.rt), renewals.remind(town.rt), len(subjects(town))) == (1, 1, 1)


def test_a_permission_without_a_known_end_or_with_a_far_one_warns_nobody(town: Town) -> None:
    tie(town, "xero")
    tie(town, "quickbooks")
    assert (renewals.remind(town.rt), subjects(town)) == (0, [])


def test_a_new_consent_moves_the_end_and_one_that_does_not_tell_leaves_it_open(town: Town) -> None:
    here = tie(town, "quickbooks")
    change(town, here.grant_id, hard_expires_at=town.now + timedelta(days=20))
    far = town.now + timedelta(days=5 * 365)
    for told in (far, None):
        token = Token("access", "refresh", (), town.now, told)
        with town.rt.store.write() as session:
            assert grants.keep(town.rt, session, "quickbooks", here.given.subject, token).id == here.grant_id
        assert grant(town, here.grant_id).hard_expires_at == told

"""Readings and permissions when things happen at the same time: somebody disconnects, dies, asks, or answers late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.because import Cause
from integrations.errors import Reconnect
from models import AuditEvent, CadenceVersion, Company, Connection, Practice
from models.store import Store
from sandbox.books import BookCompany
from sandbox.books import Company as Books
from tests.town import Town
from tests.workflows.test_lease import Permission
from workflows import cadences, connecting, dirty, grants, sync
from workflows.errors import Refusal

KINDS = ["quickbooks", "xero"]
DATA = {"quickbooks": "quickbooks.test/v3", "xero": "xero.test/api.xro"}
SHORTLY = timedelta(seconds=31)


class Killed(BaseException):
    """The process dies here."""


def connected(town: Town, kind: str) -> Company:
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", date(2026, 3, 9))
    town.begin(kinds=[kind])
    town.clock.move(town.now + timedelta(hours=5))
    return town.company(kind)


def connection(town: Town) -> Connection:
    with town.rt.store.read() as session:
        return session.scalars(select(Connection)).one()


def during(town: Town, kind: str, act: Any, times: int = 1) -> list[str]:
    """Do `act` before each of the next requests for the ledger's data; the requests."""
    seen: list[str] = []

    def hear(_method: str, url: str) -> None:
        if DATA[kind] in url and len(seen) < times:
            seen.append(url)
            act()

    town.network.before = hear
    return seen


def expect_change(town: Town, company: Company) -> None:
    with town.rt.store.write() as session:
        dirty.expect_change(town.rt, session, company.id)


# A reading


@pytest.mark.parametrize("kind", KINDS)
def test_who_disconnects_while_a_reading_runs_stays_disconnected(town: Town, kind: str) -> None:
    company = connected(town, kind)
    seen = during(town, kind, lambda: connecting.disconnect(town.rt, company.id))
    assert not sync.sync_company(town.rt, company.id)
    assert seen
    assert (connection(town).state, connection(town).ended_at) == ("disconnected", town.now)
    company = town.company(kind)
    assert (company.sync_state, company.sync_note, company.next_sync_at) == ("idle", "", None), "that is no failure"
    with town.rt.store.read() as session:
        assert "needs-reconnect" not in session.scalars(select(AuditEvent.kind)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_reading_whose_process_died_is_begun_again(town: Town, kind: str) -> None:
    company = connected(town, kind)
    began = town.now

    def die() -> None:
        raise Killed

    during(town, kind, die)
    with pytest.raises(Killed):
        sync.sync_company(town.rt, company.id)
    assert town.company(kind).next_sync_at == began + sync.HOLD
    town.clock.move(began + sync.HOLD)
    assert sync.sync_due(town.rt) == 1
    following = town.company(kind).next_sync_at
    assert town.company(kind).sync_state == "idle"
    assert following is not None
    assert town.now < following


def test_a_reading_that_is_under_way_is_not_begun_a_second_time(town: Town) -> None:
    company = connected(town, "xero")
    began = []
    during(town, "xero", lambda: began.append(sync.sync_due(town.rt)))
    assert sync.sync_company(town.rt, company.id)
    assert began == [0]


def test_a_reading_asked_for_by_a_person_meanwhile_is_done_at_once(town: Town) -> None:
    company = connected(town, "quickbooks")
    during(town, "quickbooks", lambda: sync.request(town.rt, company.id))
    assert sync.sync_company(town.rt, company.id)
    assert town.company("quickbooks").next_sync_at == town.now


def forget_cursor(town: Town) -> None:
    """The next reading is a whole one."""
    with town.rt.store.write() as session:
        session.scalars(select(Connection)).one().cursor = ""


def test_what_a_strict_cadence_silenced_as_stale_speaks_after_the_next_reading(town: Town) -> None:
    company = connected(town, "xero")
    strict = "stale_hours = 1\n" + cadences.shipped_library()["default"]
    with town.rt.store.write() as session:
        version = CadenceVersion(
            uid=town.new_id(),
            practice_id=town.practice_id,
            name="strict",
            fingerprint=cadences.parsed(strict).fingerprint,
            source=strict,
            created_at=town.now,
        )
        session.add(version)
        session.flush()
        session.get_one(Company, company.id).cadence_version_id = version.id
        session.scalars(select(Connection)).one().cursor = "{}"  # no reading succeeds
    # The heads-up is due on Wednesday at nine: nothing fresh is known then.
    town.at(date(2026, 3, 4), 9, 30)
    assert (town.causes("A-1"), town.steps("A-1")) == ({Cause.STALE.value}, [])
    forget_cursor(town)
    town.at(date(2026, 3, 4), 16)
    assert town.steps("A-1") == ["heads-up"]


def test_a_reading_in_good_time_that_brings_nothing_new_wakes_nobody(town: Town) -> None:
    company = connected(town, "xero")
    sync.sync_company(town.rt, company.id)
    version = town.account("A-1").facts_version
    town.clock.move(town.now + timedelta(hours=26))
    sync.sync_company(town.rt, company.id)
    assert town.account("A-1").facts_version == version
    town.clock.move(town.now + timedelta(hours=36))
    sync.sync_company(town.rt, company.id)
    assert town.account("A-1").facts_version == version + 1


# The permission


@pytest.fixture
def permission(store: Store) -> Iterator[Permission]:
    made = Permission(store)
    yield made
    made.town.close()


def test_an_answer_that_comes_after_another_has_renewed_does_not_overwrite_the_newer_token(
    permission: Permission,
) -> None:
    others: list[str] = []

    def late(_method: str, url: str) -> None:
        if "/connect/token" in url:
            permission.town.network.after = None
            permission.town.clock.move(permission.town.now + SHORTLY)
            others.append(permission.token())

    permission.town.network.after = late
    assert [permission.token()] == others
    assert permission.token() == others[0]
    grant = permission.grant()
    assert (permission.asked, grant.lease_owner, grant.lease_until) == (2, "", None)


def test_a_refusal_that_comes_after_another_has_renewed_does_not_end_the_permission(permission: Permission) -> None:
    others: list[str] = []

    def another() -> None:
        permission.town.clock.move(permission.town.now + SHORTLY)
        others.append(permission.token())
        permission.town.xero.tokens.grants[0].old_refresh.clear()

    permission.meanwhile = another
    assert [permission.token()] == others
    assert (permission.grant().state, permission.connection_state()) == ("active", "active")


def test_a_refusal_that_comes_after_somebody_disconnected_does_not_ask_for_a_new_consent(
    permission: Permission,
) -> None:
    def another() -> None:
        permission.town.xero.tokens.grants[0].alive = False
        permission.change(state="revoked")
        with permission.town.rt.store.write() as session:
            session.scalars(select(Connection)).one().state = "disconnected"

    permission.meanwhile = another
    with pytest.raises(Reconnect):
        permission.token()
    assert (permission.grant().state, permission.connection_state()) == ("revoked", "disconnected")


def test_an_answer_that_comes_while_another_is_still_asking_is_kept_and_the_others_lease_too(
    permission: Permission,
) -> None:
    """The vendor may have ended the old token with this answer, and then the other one will be refused."""

    def late(_method: str, _url: str) -> None:
        now = permission.town.now + SHORTLY
        permission.town.clock.move(now)
        permission.change(lease_owner="another", lease_until=now + grants.LEASE)

    permission.town.network.after = late
    token = permission.token()
    permission.town.network.after = None
    assert (permission.token(), permission.grant().lease_owner, permission.asked) == (token, "another", 1)


# One consent for several organisations


@pytest.fixture
def second_practice() -> Iterator[Town]:
    """The same Xero user consents for another practice; their list of organisations still holds the first one's."""
    town = Town()
    town.customer("xero", "fern")
    town.begin(kinds=["xero"])
    with town.rt.store.write() as session:
        practice = Practice(uid=town.new_id(), name="Heath Books", created_at=town.now)
        session.add(practice)
        session.flush()
        town.practice_id = practice.id
    yield town
    town.close()


def test_an_organisation_of_another_practice_is_skipped_and_named_and_the_others_are_connected(
    second_practice: Town,
) -> None:
    heron = BookCompany("heron", "Heron Ltd", "GBP", "GB", "Europe/London", "post@heron.example")
    second_practice.xero.add_company(Books(heron))
    assert second_practice.connect("xero") == [
        "Heron Ltd",
        "Wren Studio (already connected by another practice, skipped)",
    ]
    with second_practice.rt.store.read() as session:
        owners = dict(session.execute(select(Company.name, Company.practice_id)).all())
    assert owners["Heron Ltd"] == second_practice.practice_id
    assert owners["Wren Studio"] != second_practice.practice_id


def test_a_consent_for_nothing_but_anothers_organisation_is_refused(second_practice: Town) -> None:
    with pytest.raises(Refusal, match="Wren Studio is already connected by another practice"):
        second_practice.connect("xero")
    assert connection(second_practice).state == "active"

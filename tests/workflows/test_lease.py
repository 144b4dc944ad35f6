"""Renewing the permission: one at a time, saved before it is used, and not lost with a lost answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import Misconfigured, Reconnect, Transient
from models import Connection, Grant, Notice
from models.store import Store
from tests.town import Town
from tests.workflows.consents import TOKENS
from workflows import connections, grants


class Permission:
    """A connected company whose access token has run out. `asked` counts the vendor's token answers."""

    def __init__(self, store: Store | None = None, kind: str = "xero") -> None:
        self.kind, self.town = kind, Town()
        self.town.customer(kind, "fern")
        self.town.begin(store, live=False, kinds=[kind])
        self.asked = 0
        self.meanwhile: Callable[[], None] | None = None
        self.town.clock.move(self.town.now + timedelta(hours=2))
        self.town.network.before = self._hear

    def _hear(self, _method: str, url: str) -> None:
        if TOKENS[self.kind] in url:
            self.asked += 1
            act, self.meanwhile = self.meanwhile, None
            if act is not None:
                act()

    def grant(self) -> Grant:
        with self.town.rt.store.read() as session:
            return session.scalars(select(Grant)).one()

    def change(self, **values: object) -> None:
        with self.town.rt.store.write() as session:
            grant = session.scalars(select(Grant)).one()
            for name, value in values.items():
                setattr(grant, name, value)

    def token(self) -> str:
        return grants.access_token(self.town.rt, self.grant().id)

    def connection_state(self) -> str:
        with self.town.rt.store.read() as session:
            return session.scalars(select(Connection.state)).one()


@pytest.fixture
def permission(store: Store) -> Iterator[Permission]:
    made = Permission(store)
    yield made
    made.town.close()


@pytest.fixture
def alone() -> Iterator[Permission]:
    """The same in memory only, where the database makes no difference."""
    made = Permission()
    yield made
    made.town.close()


def test_a_token_that_is_still_good_is_used_without_asking(permission: Permission) -> None:
    first = permission.token()
    assert (permission.asked, permission.token()) == (1, first)
    assert permission.asked == 1
    assert (permission.grant().lease_owner, permission.grant().lease_until) == ("", None)


def test_who_waits_for_another_in_vain_is_told_to_come_back_and_does_not_renew_too(permission: Permission) -> None:
    refusals: list[float] = []

    def another() -> None:
        with pytest.raises(Transient) as wait:
            permission.token()
        refusals.append(wait.value.retry_after)

    permission.meanwhile = another
    fresh = permission.token()
    assert (refusals, permission.asked) == ([5], 1)
    assert permission.token() == fresh


def test_of_many_who_find_the_token_expired_together_one_renews_and_all_get_the_new_one(permission: Permission) -> None:
    permission.town.rt = replace(permission.town.rt, pause=lambda _seconds: time.sleep(0.01))
    ready, got = threading.Barrier(4), list[str]()

    def ask() -> None:
        ready.wait()
        got.append(permission.token())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (permission.asked, got) == (1, 4 * [permission.token()])


def test_who_waits_for_one_who_died_takes_over_when_the_lease_has_run_out(permission: Permission) -> None:
    began = permission.town.now
    permission.change(lease_owner="the dead", lease_until=began + grants.LEASE)
    wait = permission.town.clock
    permission.town.rt = replace(permission.town.rt, pause=lambda s: wait.move(wait.now() + timedelta(seconds=s)))
    assert permission.token()
    assert (permission.asked, permission.town.now - began) == (1, grants.LEASE)


def test_the_lease_of_one_who_died_runs_out_and_the_old_token_is_tried_again(permission: Permission) -> None:
    now = permission.town.now
    permission.change(lease_owner="the dead", lease_until=now + grants.LEASE)
    with pytest.raises(Transient):
        permission.token()
    assert permission.asked == 0
    permission.town.clock.move(now + grants.LEASE)
    assert permission.token()
    assert (permission.asked, permission.grant().lease_owner) == (1, "")


@pytest.mark.parametrize("fault", ["503", "drop"])
def test_a_lost_answer_keeps_the_permission_and_the_next_try_uses_the_same_old_token(
    alone: Permission, fault: str
) -> None:
    old = alone.grant().refresh_sealed
    alone.town.xero.plan_fault("/connect/token", fault)
    with pytest.raises(Transient):
        alone.token()
    grant = alone.grant()
    assert (grant.state, grant.refresh_sealed) == ("active", old)
    assert alone.token(), "nobody has to wait for it"
    assert alone.connection_state() == "active"


@pytest.mark.parametrize("fault", ["503", "drop"])
def test_a_lost_answer_is_asked_for_again_every_minute_although_no_job_comes_by(alone: Permission, fault: str) -> None:
    rt, clock = alone.town.rt, alone.town.clock
    alone.town.xero.plan_fault("/connect/token", fault, 3)
    with pytest.raises(Transient):
        alone.token()
    assert grants.finish(rt) == 0, "not in the same minute"
    renewed = []
    for _ in range(4):
        clock.move(alone.town.now + timedelta(minutes=1))
        renewed.append(grants.finish(rt))
    assert renewed == [0, 0, 1, 0]
    asked = alone.asked
    assert alone.token()
    assert (alone.asked, alone.grant().lease_owner) == (asked, "")


def test_a_permission_that_was_withdrawn_needs_a_person_and_is_not_asked_for_again(permission: Permission) -> None:
    permission.town.xero.tokens.grants[0].alive = False
    with pytest.raises(Reconnect):
        permission.token()
    assert (permission.grant().state, permission.connection_state()) == ("needs_reconnect", "needs_reconnect")
    with pytest.raises(Reconnect):
        permission.token()
    assert permission.asked == 1
    with permission.town.rt.store.read() as session:
        assert "no longer accepts the permission" in session.scalars(select(Connection.ended_why)).one()
        assert len(session.scalars(select(Notice)).all()) == 1, "its people are told, once"


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_wrong_keys_of_our_own_disconnect_nobody_and_are_told_to_the_operator(kind: str) -> None:
    permission = Permission(kind=kind)
    twin = permission.town.twin(kind)
    right, twin.client_secret = twin.client_secret, "another"
    with pytest.raises(Misconfigured):
        permission.token()
    assert (permission.grant().state, permission.connection_state()) == ("active", "active")
    assert permission.grant().lease_until is None
    (complaint,) = grants.complaints(permission.town.rt)
    assert "does not accept this installation's client id and secret" in complaint
    with permission.town.rt.store.read() as session:
        company = permission.town.company
        assert not session.scalars(select(Notice)).all(), "no customer can do anything about it"
        assert grants.trouble(session, kind) in complaint
    assert company(kind).sync_state == "idle"
    twin.client_secret = right
    assert permission.token()
    assert list(grants.complaints(permission.town.rt)) == []
    permission.town.close()


class OtherApp:
    """The installation's settings now name another good app of the operator's, to which the permission is strange."""

    def __init__(self, permission: Permission) -> None:
        town = permission.town
        was = town.rt.ledgers[permission.kind]
        other = copy(was)
        other.oauth = replace(was.oauth, client_id="another-good-client")
        town.rt = replace(town.rt, ledgers={permission.kind: other})
        town.xero.client_id = "another-good-client"


def test_a_permission_of_another_client_disconnects_nobody_and_is_told_to_the_operator(alone: Permission) -> None:
    OtherApp(alone)
    alone.town.xero.tokens.grants[0].alive = False
    with pytest.raises(Misconfigured, match="given to another client id"):
        alone.token()
    assert (alone.grant().state, alone.connection_state(), alone.grant().lease_owner) == ("active", "active", "")
    (complaint,) = grants.complaints(alone.town.rt)
    assert "none has to be connected again" in complaint


def test_whose_client_a_permission_was_given_to_is_learned_from_a_renewal(
    alone: Permission,
) -> None:
    ours = alone.grant().client_id
    alone.change(client_id="")
    alone.token()
    assert (alone.grant().client_id, bool(ours)) == (ours, True)


def test_where_it_was_never_learned_a_refusal_counts_as_one(alone: Permission) -> None:
    OtherApp(alone)
    alone.change(client_id="")
    alone.town.xero.tokens.grants[0].alive = False
    with pytest.raises(Reconnect):
        alone.token()
    assert alone.connection_state() == "needs_reconnect"


def test_a_ledger_that_was_taken_out_of_the_settings_is_no_reason_to_connect_again(alone: Permission) -> None:
    alone.town.rt = replace(alone.town.rt, ledgers={})
    company = alone.town.company("xero").id
    for _ in ("with a token that has run out", "with a good one"):
        with pytest.raises(Misconfigured, match="no developer keys for Xero any more"):
            connections.with_ledger(alone.town.rt, company, lambda ledger: ledger.company())
        alone.change(expires_at=alone.town.now + timedelta(hours=1))
    assert alone.connection_state() == "active"


def test_a_token_refused_before_its_time_is_renewed_once_and_the_work_done_again(alone: Permission) -> None:
    alone.token()
    company = alone.town.company("xero").id
    alone.town.xero.plan_fault("Organisation", "401-expired")
    assert connections.with_ledger(alone.town.rt, company, lambda ledger: ledger.company()).name == "Wren Studio"
    assert alone.asked == 2


def test_a_token_refused_twice_cuts_the_tie(alone: Permission) -> None:
    company = alone.town.company("xero").id
    alone.town.xero.plan_fault("Organisation", "401-expired", times=2)
    with pytest.raises(Reconnect):
        connections.with_ledger(alone.town.rt, company, lambda ledger: ledger.company())
    assert alone.connection_state() == "needs_reconnect"
    with pytest.raises(Reconnect, match="not connected"):
        connections.with_ledger(alone.town.rt, company, lambda ledger: ledger.company())


def test_tokens_and_the_organisations_id_are_sealed_in_the_database(alone: Permission) -> None:
    token = alone.token()
    tenant = alone.town.tenants["xero"]
    with alone.town.rt.store.read() as session:
        grant, connection = session.scalars(select(Grant)).one(), session.scalars(select(Connection)).one()
    kept = [grant.access_sealed, grant.refresh_sealed, connection.tenant_sealed, connection.external_tag.encode()]
    assert not [one for one in kept if token.encode() in one or tenant.encode() in one]

"""Renewing the permission: one at a time, saved before it is used, and not lost with a lost answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import Reconnect, Transient
from models import Connection, Grant
from models.store import Store
from tests.town import Town
from workflows import connections

TOKENS = {"quickbooks": "/tokens/bearer", "xero": "/connect/token"}


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
        return connections.access_token(self.town.rt, self.grant().id)

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


def test_while_one_renews_another_is_asked_to_wait_and_does_not_renew_too(permission: Permission) -> None:
    refusals: list[float] = []

    def another() -> None:
        with pytest.raises(Transient) as wait:
            permission.token()
        refusals.append(wait.value.retry_after)

    permission.meanwhile = another
    fresh = permission.token()
    assert (refusals, permission.asked) == ([5], 1)
    assert permission.token() == fresh


def test_of_many_who_find_the_token_expired_together_one_renews(permission: Permission) -> None:
    ready, got, waited = threading.Barrier(4), set[str](), list[Transient]()

    def ask() -> None:
        ready.wait()
        try:
            got.add(permission.token())
        except Transient as error:
            waited.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (permission.asked, len(got)) == (1, 1)
    assert got == {permission.token()}


def test_the_lease_of_one_who_died_runs_out_and_the_old_token_is_tried_again(permission: Permission) -> None:
    now = permission.town.now
    permission.change(lease_owner="the dead", lease_until=now + connections.LEASE)
    with pytest.raises(Transient):
        permission.token()
    assert permission.asked == 0
    permission.town.clock.move(now + connections.LEASE)
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
    assert (grant.state, grant.refresh_sealed, grant.lease_until) == ("active", old, None)
    assert alone.token()
    assert alone.connection_state() == "active"


def test_a_permission_that_was_withdrawn_needs_a_person_and_is_not_asked_for_again(permission: Permission) -> None:
    permission.town.xero.tokens.grants[0].alive = False
    with pytest.raises(Reconnect):
        permission.token()
    assert (permission.grant().state, permission.connection_state()) == ("needs_reconnect", "needs_reconnect")
    with pytest.raises(Reconnect):
        permission.token()
    assert permission.asked == 1


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

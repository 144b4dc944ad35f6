"""The web room's world: made once, copied for every test that may change it, and one copy per file to only look at."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.databases import in_memory, put_by
from tests.web.edges import StillClock, client_of, new_store, runtime, sign_in
from tests.web.world import World


@pytest.fixture(scope="session")
def first() -> Iterator[World]:
    """The world every other one is a copy of; nobody else touches it."""
    store = new_store()
    yield World(runtime(store))
    store.close()


def _copied(first: World) -> Iterator[World]:
    store = in_memory()
    source, target = first.rt.store.engine.raw_connection(), store.engine.raw_connection()
    source.driver_connection.backup(target.driver_connection)  # type: ignore[union-attr]
    source.close()
    target.close()
    world = copy(first)
    world.accounts, world.invoices = dict(first.accounts), dict(first.invoices)
    world.rt = replace(first.rt, store=store, clock=StillClock())
    yield world
    put_by(store)


@pytest.fixture(scope="module")
def shown(first: World) -> Iterator[World]:
    """Only looked at; nobody changes it."""
    yield from _copied(first)


@pytest.fixture
def world(first: World) -> Iterator[World]:
    yield from _copied(first)


@pytest.fixture
def stranger(world: World) -> FlaskClient:
    return client_of(world.rt)


@pytest.fixture
def ann(world: World) -> FlaskClient:
    """The owner of the first practice, signed in."""
    return sign_in(client_of(world.rt))


@pytest.fixture(scope="module")
def onlooker(shown: World) -> FlaskClient:
    """Ann again, in the world that is only looked at."""
    return sign_in(client_of(shown.rt))

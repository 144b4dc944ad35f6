"""What the tests of this folder start from: a database of their own, and on it an office with one company."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.store import Store
from tests.databases import store
from tests.town import Town
from tests.workflows.office import Office

__all__ = ["office", "store"]


@pytest.fixture
def office(store: Store) -> Office:
    """One company with one account, on each database; no ledger is read and nothing is sent by itself."""
    return Office(store)


@pytest.fixture
def town() -> Iterator[Town]:
    """A town not yet begun; closed at the end."""
    made = Town()
    yield made
    if hasattr(made, "rt"):
        made.close()

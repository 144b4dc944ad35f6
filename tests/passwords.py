"""Passwords at their lowest cost, for the tests that sign in; a conftest imports the fixture, and it counts there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from workflows import people


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """The same algorithm: there are thousands of sign-ins, and none of them is attacked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "PasswordHasher", lambda: PasswordHasher.from_parameters(CHEAPEST))
        yield

"""What every test stands on: no socket leaves this machine, hypothesis draws the same examples on every run, the log
keeps quiet, passwords cost little to check, and nothing is proved twice. Holds no data and no doubles; those stand
beside the tests that need them.
"""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import HealthCheck, settings

from tests.proven import Proven
from workflows import people, proofs

# A slow machine must not make a test fail, and a red run must be red again when it is looked at.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci")


def _quiet() -> None:
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


_quiet()


def pytest_collection_finish() -> None:
    """All modules are read: to look through them again and again for garbage would be a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """A command run inside a test turns the log on; the next test begins without it."""
    yield
    _quiet()


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> Iterator[None]:
    """The same algorithm at its lowest cost: there are thousands of sign-ins, and none of them is attacked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "PasswordHasher", lambda: PasswordHasher.from_parameters(CHEAPEST))
        yield


@pytest.fixture(autouse=True, scope="session")
def _proven_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every town goes live, and a company's cadence is proved before it does."""
    mine = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "prove", Proven(mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine))
        yield


def _stays_here(address: Any) -> bool:
    """True for this machine's own addresses; a path is a Unix socket."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if not _stays_here(address):
            # Not an Exception: the product would take it for an unreachable server and go on.
            pytest.fail(f"A test tried to reach {address!r}; only this machine may be reached.")
        return connect(self, address)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Before all other fixtures, so that theirs are watched too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield

"""What every test stands on: no socket leaves this machine, hypothesis draws the same examples on every run, and the
log keeps quiet. Holds no data and no doubles; those stand beside the tests that need them.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

# A slow machine must not make a test fail, and a red run must be red again when it is looked at.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci")


def _quiet() -> None:
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


_quiet()


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """A command run inside a test turns the log on; the next test begins without it."""
    yield
    _quiet()


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

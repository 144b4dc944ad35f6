"""How bytes travel: real sockets by default; tests hand in the same two shapes without sockets.

Adapters never build their own sessions without one of these. Retries are off: a lost PUT must never be re-sent unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter


def _adapter() -> BaseAdapter:
    return HTTPAdapter(max_retries=0)


def _pool() -> Any:
    return urllib3.PoolManager(retries=urllib3.Retry(0, redirect=0))


def _nowhere(resp: requests.Response) -> None:  # noqa: ARG001 (requests names it)
    return None


@dataclass(frozen=True)
class Transport:
    """`adapter` makes a requests adapter, `pool` an object with urllib3's PoolManager.request."""

    adapter: Callable[[], BaseAdapter] = _adapter
    pool: Callable[[], Any] = _pool

    def mount(self, session: requests.Session) -> requests.Session:
        """Route every http and https request of the session through this transport."""
        session.trust_env = False
        # An API that sends us elsewhere is not followed there, keys in hand: the answer is the redirect itself.
        session.get_redirect_target = _nowhere  # type: ignore[method-assign]
        for prefix in ("http://", "https://"):
            session.mount(prefix, self.adapter())
        return session

"""The bookkeeping of an OAuth 2 server, shared by the ledger twins: codes, tokens, rotation, revocation.

Protocol only; endpoints, error bodies and who may consent to what are each twin's own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Clock = Callable[[], datetime]


class Refused(Exception):
    """An OAuth error: `code` is the RFC 6749 name, `description` the vendor's words."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code)
        self.code, self.description = code, description


@dataclass(slots=True)
class Grant:
    """What one holder has given. `subject` is a user id or realm; twins keep tenants in `extra`.

    `hurried`: the next refresh gives a new refresh token, and none before it is accepted any more.
    """

    subject: str
    scope: tuple[str, ...]
    extra: dict[str, str] = field(default_factory=dict)
    refresh: str = ""
    refresh_since: datetime | None = None
    old_refresh: dict[str, datetime] = field(default_factory=dict)
    alive: bool = True
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    expires: datetime


class TokenStore:
    """`access_seconds`: life of an access token. `rotate_after`: a refresh token keeps its value this long.
    `grace`: how long the previous refresh token is still accepted after a rotation.
    """

    def __init__(
        self, clock: Clock, new_id: Callable[[], str], access_seconds: int, rotate_after: timedelta, grace: timedelta
    ) -> None:
        self.clock, self.new_id, self.access_seconds = clock, new_id, access_seconds
        self.rotate_after, self.grace = rotate_after, grace
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self.grants: list[Grant] = []

    def code_for(self, grant: Grant, redirect_uri: str, challenge: str = "") -> str:
        if grant not in self.grants:
            self.grants.append(grant)
        grant.alive = True
        code = self.new_id()
        self._codes[code] = Code(grant, redirect_uri, challenge, self.clock() + timedelta(minutes=5))
        return code

    def exchange(self, code: str, redirect_uri: str, verifier: str = "") -> tuple[Grant, str, str]:
        """(grant, access token, refresh token); a code works once."""
        held = self._codes.pop(code, None)
        if held is None or held.expires < self.clock() or held.redirect_uri != redirect_uri:
            raise Refused("invalid_grant", "Invalid authorization code")
        if held.challenge and not _proves(verifier, held.challenge):
            raise Refused("invalid_grant", "Code verifier does not match")
        self._rotate(held.grant)
        return held.grant, self._new_access(held.grant), held.grant.refresh

    def refresh(self, token: str) -> tuple[Grant, str, str]:
        now = self.clock()
        for grant in self.grants:
            current = grant.alive and grant.refresh == token
            recent = grant.alive and grant.old_refresh.get(token, now) > now
            if not (current or recent):
                continue
            aged = grant.refresh_since is not None and now - grant.refresh_since >= self.rotate_after
            if current and (aged or grant.hurried):
                self._rotate(grant)
            return grant, self._new_access(grant), grant.refresh
        raise Refused("invalid_grant", "Incorrect or invalid refresh token")

    def revoke(self, token: str) -> bool:
        """Kill the grant a refresh or access token belongs to; False when it is unknown."""
        grant = next((one for one in self.grants if token == one.refresh or token in one.old_refresh), None)
        if grant is None and token in self._access:
            grant = self._access[token][0]
        if grant is None or not grant.alive:
            return False
        grant.alive = False
        return True

    def check(self, access: str) -> Grant | None:
        """The living grant behind an access token; None when it is unknown, expired or revoked."""
        grant, expires = self._access.get(access, (None, None))
        if grant is None or expires is None or not grant.alive or expires <= self.clock():
            return None
        return grant

    def _rotate(self, grant: Grant) -> None:
        now = self.clock()
        if grant.hurried:
            grant.old_refresh.clear()
        elif grant.refresh:
            grant.old_refresh[grant.refresh] = now + self.grace
        grant.hurried = False
        grant.refresh, grant.refresh_since = self.new_id(), now

    def _new_access(self, grant: Grant) -> str:
        token = self.new_id()
        self._access[token] = (grant, self.clock() + timedelta(seconds=self.access_seconds))
        return token


def _proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge

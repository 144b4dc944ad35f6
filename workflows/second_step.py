"""The second step of signing in: a code from a person's own device, or one of the codes kept for who lost it.

It counts once it was tried. No code counts twice; what is kept of a recovery code is its hash. How often somebody may
try is limited by the pages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, cast

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from models import User
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime

CODES = 10
_DIGITS, _SECONDS = 6, 30
WRONG = "That code does not fit. Each counts once and for half a minute; please type the one that is shown now."


def is_on(user: User) -> bool:
    return user.totp_at is not None


def is_owed(rt: Runtime, user: User) -> bool:
    """Whether they must set one up before anything else: an owner can lead money astray."""
    return rt.owners_need_code and user.owner and not is_on(user)


def begin(rt: Runtime, user_id: int) -> None:
    """Make the secret that the person's device is to learn; another one each time until it was tried."""
    if rt.is_demo:
        raise Refusal(
            "A demo's clock is not the real one, so no device can show the right code. Try it outside a demo."
        )
    secret = _fresh(rt)[:20]
    with rt.store.write() as session:
        user = _locked(session, user_id)
        if is_on(user):
            raise Refusal("The second step is on already. Switch it off first to set up another device.")
        user.totp_sealed = rt.vault.seal(secret)


def words_of(rt: Runtime, user: User) -> tuple[str, str] | None:
    """(the secret to type, the address to show as a QR code) while it waits to be tried; None before and after."""
    if user.totp_sealed is None or is_on(user):
        return None
    secret = rt.vault.unseal(user.totp_sealed)
    return base64.b32encode(secret).decode(), _totp(secret).get_provisioning_uri(user.email, "Dunlin")


def switch_on(rt: Runtime, user_id: int, code: str) -> list[str]:
    """The device shows the right code: it counts from now on. The recovery codes, which nobody can show again."""
    with rt.store.write() as session:
        user = _locked(session, user_id)
        if user.totp_sealed is None or is_on(user):
            raise Refusal("There is nothing to confirm. Begin again with a new secret.")
        step = _step(rt, user, code)
        if step is None:
            raise Refusal(WRONG)
        user.totp_at, user.totp_step = rt.clock.now(), step
        audit.record_practice(rt, session, "second-step-on", user.practice_id, subject=user.uid)
        return _recovery(rt, user)


def renew(rt: Runtime, user_id: int, code: str) -> list[str]:
    """New recovery codes; the old ones count no more. Refusal when the code is wrong or the second step is off."""
    demand(rt, user_id, code)
    with rt.store.write() as session:
        user = _locked(session, user_id)
        if not is_on(user):
            raise Refusal("The second step is off, so there are no codes for it.")
        audit.record_practice(rt, session, "recovery-renewed", user.practice_id, subject=user.uid)
        return _recovery(rt, user)


def forget(rt: Runtime, user_id: int) -> None:
    """There is no second step any more: they said so themselves, or lost device and codes and asked whoever runs the
    installation.
    """
    with rt.store.write() as session:
        user = _locked(session, user_id)
        user.totp_sealed, user.totp_at, user.recovery = None, None, []
        audit.record_practice(rt, session, "second-step-off", user.practice_id, subject=user.uid)


def demand(rt: Runtime, user_id: int, code: str) -> None:
    """Refusal unless the code is right, where the person has a second step."""
    if not passes(rt, user_id, code):
        raise Refusal(WRONG)


def passes(rt: Runtime, user_id: int, code: str) -> bool:
    """Whether the code is right, which uses it up; True for who has no second step."""
    code = "".join(code.split()).replace("-", "").lower()
    with rt.store.read() as session:
        user = session.get_one(User, user_id)
    if not is_on(user):
        return True
    step = _step(rt, user, code)
    return _use_up(rt, user_id, step) if step is not None else _use_recovery(rt, user_id, code)


def _use_up(rt: Runtime, user_id: int, step: int) -> bool:
    """Of two who come with the same code one succeeds."""
    with rt.store.write() as session:
        used = session.execute(update(User).where(User.id == user_id, User.totp_step < step).values(totp_step=step))
        return cast(CursorResult[Any], used).rowcount == 1


def _use_recovery(rt: Runtime, user_id: int, code: str) -> bool:
    hashed = _hash(code)
    with rt.store.write() as session:
        user = _locked(session, user_id)
        left = [one for one in user.recovery if not hmac.compare_digest(one, hashed)]
        if len(left) == len(user.recovery):
            return False
        user.recovery = left
        audit.record_practice(rt, session, "recovery-used", user.practice_id, subject=user.uid, left=len(left))
        return True


def _step(rt: Runtime, user: User, code: str) -> int | None:
    """The half-minute the code belongs to: now, or one before or after for a clock that is a little off."""
    if user.totp_sealed is None:
        return None
    totp, now = _totp(rt.vault.unseal(user.totp_sealed)), int(rt.clock.now().timestamp()) // _SECONDS
    given = code.strip().encode()
    fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(totp.generate(step * _SECONDS), given)]
    return max((step for step in fits if step > user.totp_step), default=None)


def _recovery(rt: Runtime, user: User) -> list[str]:
    """120 random bits each, so that a plain hash keeps them; in groups of four to be written down."""
    codes = [base64.b32encode(_fresh(rt)[:15]).decode().lower() for _ in range(CODES)]
    user.recovery = [_hash(one) for one in codes]
    return ["-".join(one[place : place + 4] for place in range(0, len(one), 4)) for one in codes]


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what every device knows; inside an HMAC it is sound (RFC 6238).
    return TOTP(secret, _DIGITS, SHA1(), _SECONDS)  # noqa: S303


def _fresh(rt: Runtime) -> bytes:
    """32 bytes that hold the 256 random bits of two new ids."""
    return hashlib.sha256((rt.new_id() + rt.new_id()).encode()).digest()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _locked(session: Session, user_id: int) -> User:
    return session.scalars(select(User).where(User.id == user_id).with_for_update(of=User)).one()

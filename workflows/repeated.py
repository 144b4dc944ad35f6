"""What a program asks for twice under one key is done once: the first answer is kept for a day and given again.

After draft-ietf-httpapi-idempotency-key-header. A key is a token's own. What was refused changed nothing and is not
kept; what broke off in the middle stays under way, for nobody knows whether it was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from models import ApiAnswer
from models.upsert import added
from workflows.runtime import Runtime

KEPT = timedelta(hours=24)


class OtherWish(Exception):
    """The key was used for something else."""


class UnderWay(Exception):
    """The first of them has not been answered, or broke off."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks under which key, and a sum over what they ask for."""

    token_id: int
    key: str
    wish_hash: str


def begin(rt: Runtime, asked: Asked) -> tuple[int, bytes] | None:
    """The first answer (status, body), or None when this is the first; of two at once one is. OtherWish, UnderWay."""
    now, mine = rt.clock.now(), (ApiAnswer.token_id == asked.token_id, ApiAnswer.key == asked.key)
    values = {"token_id": asked.token_id, "key": asked.key, "wish_hash": asked.wish_hash, "made_at": now}
    with rt.store.write() as session:
        session.execute(delete(ApiAnswer).where(*mine, ApiAnswer.made_at <= now - KEPT))
        if added(session, ApiAnswer, values):
            return None
        found = session.scalars(select(ApiAnswer).where(*mine)).one()
    if found.wish_hash != asked.wish_hash:
        raise OtherWish
    if found.status is None or found.body_sealed is None:
        raise UnderWay
    return found.status, rt.vault.unseal(found.body_sealed)


def keep(rt: Runtime, asked: Asked, status: int, body: bytes) -> None:
    """This is what everybody is answered who asks the same again."""
    values = {"status": status, "body_sealed": rt.vault.seal(body)}
    with rt.store.write() as session:
        session.execute(
            update(ApiAnswer).where(ApiAnswer.token_id == asked.token_id, ApiAnswer.key == asked.key).values(values)
        )


def forget(rt: Runtime, asked: Asked) -> None:
    """It was refused, and nothing was done: the key may be used again."""
    with rt.store.write() as session:
        session.execute(delete(ApiAnswer).where(ApiAnswer.token_id == asked.token_id, ApiAnswer.key == asked.key))

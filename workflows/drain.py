"""Stopping in good order: nothing new is begun, what is being sent may finish, and what was only claimed is let go.

Bounded in time. What cannot finish within it is left as a dead process would leave it, for `effects.recover`.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, update

from models import Effect, EffectState
from workflows.runtime import Runtime

LET_GO = "It was claimed when Dunlin was stopped, and not begun."


class Ticking(Protocol):
    """What `clock.start` gives."""

    def shutdown(self, wait: bool = True) -> None: ...


def drain(rt: Runtime, ticking: Ticking, seconds: float) -> bool:
    """Stop the clock and the work; whether everything ended within so many seconds."""
    rt.engine.close(wait=False)
    let_go(rt)

    def stop() -> None:
        ticking.shutdown(wait=True)
        rt.engine.close()

    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    stopping.join(seconds)
    let_go(rt)  # what a round claimed just before it was told
    return not stopping.is_alive()


def let_go(rt: Runtime) -> int:
    """Give back what this process claimed; a round that still holds it finds so, and leaves it. How many."""
    now: datetime = rt.clock.now()
    with rt.store.write() as session:
        moved = session.execute(
            update(Effect)
            .where(Effect.state == EffectState.CLAIMED.value)
            .where(Effect.lease_owner.startswith(rt.me, autoescape=True))
            .values(state=EffectState.DUE.value, lease_owner="", note=LET_GO, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        return cast(CursorResult[Any], moved).rowcount

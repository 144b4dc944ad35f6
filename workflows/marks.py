"""The order of what happened to a company's books, whatever the clocks of several machines say.

A mark is a moment later than that of every reading begun before. What a reading keeps bears its mark, so that an older
answer never takes the place of a newer one; what a webhook says bears one too, so that only a later reading takes it
away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from models import Reading
from workflows.runtime import Runtime

_STEP = timedelta(microseconds=1)
# Asked with every reading and every webhook, so it is made once.
_LAST = select(func.max(Reading.began_at)).where(Reading.company_id == bindparam("company"))


def following(rt: Runtime, session: Session, company_id: int) -> datetime:
    """Now; where a machine that is ahead of its time has begun a reading, a moment after that."""
    now, last = rt.clock.now(), session.scalar(_LAST, {"company": company_id})
    return now if last is None else max(now, last + _STEP)

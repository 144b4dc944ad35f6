"""Guarded changes taking effect when their day is over, or being stopped before.

A change is only carried out after its owners were told. What is refused then leaves everything as it was, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, func, select

from integrations.errors import InDoubt, OutsideError, Transient
from models import Company, GuardedChange, Notice
from workflows import companies, guarding, mail_grants, paying, people, succession
from workflows.errors import Refusal
from workflows.guarding import Deed, Kind, NotYet
from workflows.runtime import Runtime
from workflows.vault import VaultError

log = structlog.get_logger()
AGAIN, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = timedelta(days=7)
UNTOLD = "The owners could not be told by mail yet; it waits until they are."
DEEDS: Mapping[Kind, Callable[[Runtime, GuardedChange, Mapping[str, Any]], Deed]] = {
    Kind.BANK_DETAILS: paying.bank_details_deed,
    Kind.PROCESSOR: paying.account_deed,
    Kind.SENDER: succession.deed,
    Kind.REPLIES: companies.replies_deed,
}


# When the next change is to take effect.
NEXT = select(func.min(GuardedChange.effective_at)).where(GuardedChange.state == "waiting")
# Asked at every tick, so it is made once.
_DUE = (
    select(GuardedChange)
    .where(GuardedChange.state == "waiting", GuardedChange.effective_at <= bindparam("now"))
    .order_by(GuardedChange.id)
)


def take_effect(rt: Runtime) -> int:
    """Carry out what has waited long enough; how many changes did take effect."""
    with rt.store.read() as session:
        changes = session.scalars(_DUE, {"now": rt.clock.now()}).all()
    return sum(_carry_out(rt, change) for change in changes)


def _carry_out(rt: Runtime, change: GuardedChange) -> bool:
    """Whether it took effect. Otherwise it waits on, or has failed."""
    if _puts_off_until_told(rt, change):
        return False
    try:
        deed = DEEDS[Kind(change.kind)](rt, change, guarding.content_of(rt, change))
        return _done(rt, change, deed)
    except NotYet as why:
        return _later(rt, change, DAY, str(why))
    except (Transient, InDoubt) as error:
        return _later(rt, change, AGAIN, f"It could not be checked just now. {error}")
    except (Refusal, OutsideError) as error:
        return _failed(rt, change, str(error))
    except VaultError:
        return _failed(rt, change, "It was sealed with a key that is missing now; please ask for it again.")
    except Exception:
        log.exception("a guarded change broke off", change=change.uid)
        return _later(rt, change, AGAIN, "It broke off; it is tried again within the hour.")


def _puts_off_until_told(rt: Runtime, change: GuardedChange) -> bool:
    """Nothing takes effect behind the owners' backs: a day after they were told at the earliest."""
    with rt.store.read() as session:
        told = session.scalars(select(Notice).where(Notice.key == guarding.notice_key(change))).first()
    if told is None or told.state == "failed":
        _failed(rt, change, "No owner could be told by mail, so it was not done.")
        return True
    if told.state == "due":
        _later(rt, change, AGAIN, UNTOLD)
        return True
    sent = told.sent_at or change.asked_at
    if sent > change.asked_at + AGAIN and sent + guarding.DELAY > rt.clock.now():
        _put_off(rt, change, sent + guarding.DELAY, "The owners were told late; they have a day from then on.")
        return True
    return False


def _done(rt: Runtime, change: GuardedChange, deed: Deed) -> bool:
    with rt.store.write() as session:
        if not guarding.end(rt, session, change, "done"):
            return False
        after = deed(session)
        guarding.tell_end(rt, session, change, "done", "What was asked for has taken effect.")
    if after is not None:
        after()
    return True


def _later(rt: Runtime, change: GuardedChange, wait: timedelta, why: str) -> bool:
    """It waits on; but what has not come about for a week never will. False, for it did not take effect."""
    now = rt.clock.now()
    if why != UNTOLD and now >= change.asked_at + guarding.DELAY + LONGEST:
        return _failed(rt, change, why)
    _put_off(rt, change, now + wait, why)
    return False


def _put_off(rt: Runtime, change: GuardedChange, until: datetime, why: str) -> None:
    """Told once, for the first thing that it waits for besides its day."""
    with rt.store.write() as session:
        row = session.get_one(GuardedChange, change.id, with_for_update={"key_share": True})
        if row.state != "waiting":
            return
        if why not in (row.note, UNTOLD):
            guarding.tell_end(rt, session, row, "waiting", f"It has not taken effect yet. {why}")
        row.effective_at, row.note = until, why


def _failed(rt: Runtime, change: GuardedChange, why: str) -> bool:
    """Everything stays as it was. False, for it did not take effect."""
    _ended(rt, change, "failed", why, f"It was not done, and everything stays as it was. {why}", None)
    return False


def stop(rt: Runtime, change_id: int, user_id: int) -> None:
    """An owner stops a change. Refusal for anybody else, and when it waits no longer."""
    with rt.store.read() as session:
        change = session.get_one(GuardedChange, change_id)
        company = session.get_one(Company, change.company_id)
        by = people.owner(session, company.practice_id, user_id)
    if not _ended(rt, change, "cancelled", "", f"{by.name} stopped it. Everything stays as it was.", user_id):
        raise Refusal("This change waits no longer; the page shows how things stand now.")


def _ended(rt: Runtime, change: GuardedChange, state: str, note: str, told: str, user_id: int | None) -> bool:
    """Not done after all: written down, told, and what was prepared for it thrown away."""
    left = None
    with rt.store.write() as session:
        if not guarding.end(rt, session, change, state, note, user_id):
            return False
        guarding.tell_end(rt, session, change, state, told)
        if change.kind == Kind.SENDER:
            left = succession.drop(session, change.company_id)
    if left is not None:
        mail_grants.give_back(rt, left)
    return True

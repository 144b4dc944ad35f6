"""After a backup was restored: what may have happened between the backup and now, and is not known here any more.

Never twice comes first. Nobody is spoken to until a person switches the company on again, and what may have been said
is then put in doubt (`doubts`); what may have been booked is looked up before it is booked; what may have been
collected is not collected. It restores nothing itself; that is `backups`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from integrations.processors.base import Method
from models import (
    Account,
    Arrangement,
    Attempt,
    Company,
    Connection,
    Effect,
    EffectKind,
    EffectState,
    GuardedChange,
    InstalmentRow,
    Mandate,
    Memory,
    Notice,
    ProcessorAccount,
    Touch,
)
from models.upsert import insert_into
from workflows import audit, following, mirror, notices, writing
from workflows.runtime import Runtime
from workflows.told import Topic

MARK, RESTORED = "backed-up", "restored"
MAY_HAVE_LEFT = "A backup was restored: this may have left already. Ask before you say it again."
MAY_BE_BOOKED = "A backup was restored: it is looked up in the ledger before it is written."
MAY_BE_COLLECTED = "A backup was restored: this may have been collected already. Look at the processor."
DOUBT = "This may have been sent after the backup that was restored. The person it went to, or the mailbox, knows."
MAY_BE_CANCELLED = "A backup was restored: it may have been cancelled. Ask for it again if it is still wanted."
ACROSS_ZONES = timedelta(hours=14)
_WAITING = (EffectState.DUE.value, EffectState.CLAIMED.value)
_UNDER_WAY = (*_WAITING, EffectState.SENDING.value)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was put before a person or will be looked up, and since when nothing is known."""

    since: datetime
    companies: int
    messages: int
    bookings: int
    attempts: int


def settle(rt: Runtime) -> Settled | None:
    """At every start: whether these tables are a backup that was put in place, by us or by hand; then see to it."""
    with rt.store.read() as session:
        mark = session.scalars(select(Memory.value).where(Memory.name == MARK)).first()
    return None if mark is None else after_restore(rt, datetime.fromisoformat(mark))


def after_restore(rt: Runtime, since: datetime) -> Settled:
    """Nothing is known of what happened from `since` on. In one transaction, so that nobody works on half of it."""
    now = rt.clock.now()
    with rt.store.write() as session:
        companies = session.scalars(select(Company).order_by(Company.id)).all()
        messages = _hold_messages(session, now)
        bookings = _look_up_bookings(session, now)
        attempts = _close_unasked(session) + _not_collected(rt, session, now)
        _thanked(rt, session, now)
        changes = update(GuardedChange).where(GuardedChange.state == "waiting")  # somebody may have cancelled one
        session.execute(changes.values(state="failed", note=MAY_BE_CANCELLED, ended_at=now))
        session.execute(update(Notice).where(Notice.state.in_(("due", "sending", "daily"))).values(state="failed"))
        _remember(rt, session, since, [one.id for one in companies])
        for company in companies:
            company.live_at, company.next_sync_at = None, now
            audit.record(rt, session, "restored", company.id, subject=company.uid, since=since.isoformat())
            _tell(rt, session, company, since)
        session.execute(delete(Memory).where(Memory.name == MARK))
        mirror.wake(session, session.scalars(select(Account.id)).all(), now)
    return Settled(since, len(companies), messages, bookings, attempts)


def before(session: Session, at: datetime) -> bool:
    """Whether something made at `at` may have been worked on in a time of which nothing is known here any more."""
    kept = remembered(session)
    return bool(kept) and at <= datetime.fromisoformat(kept["to"])


def look_first(session: Session, made_at: datetime) -> dict[str, Any]:
    """What a booking's effect holds so that the ledger is asked for it before it is written."""
    return {"number": 1, "used_at": writing.FORGOTTEN} if before(session, made_at) else {}


def waits(session: Session, company: Company, connection: Connection | None) -> bool:
    """Whether the company has not been read since the restore, so that what may have been said cannot be told yet."""
    kept = remembered(session)
    if str(company.id) not in kept.get("since", {}):
        return False
    read_at = connection.read_at if connection else None
    return read_at is None or read_at < datetime.fromisoformat(kept["to"])


def remembered(session: Session) -> dict[str, Any]:
    """`to` is when it was restored, `since` from when on nothing is known, by the id of each company that waits."""
    value = session.scalars(select(Memory.value).where(Memory.name == RESTORED)).first()
    return dict(json.loads(value)) if value else {}


def _remember(rt: Runtime, session: Session, since: datetime, companies: Sequence[int]) -> None:
    """A company that still waited after an earlier restore goes on waiting from that earlier moment."""
    earlier = remembered(session).get("since", {})
    each = {str(one): earlier.get(str(one), since.isoformat()) for one in companies}
    write(session, {"to": rt.clock.now().isoformat(), "since": each})


def write(session: Session, kept: Mapping[str, Any]) -> None:
    row = session.scalars(select(Memory).where(Memory.name == RESTORED)).first()
    if row is None:
        row = Memory(name=RESTORED)
        session.add(row)
    row.value = json.dumps(kept)


def _move(session: Session, now: datetime, states: Sequence[str], kind: Any, to: EffectState, note: str) -> list[int]:
    """Effects of these states and kinds, moved on; their ids."""
    moved = session.scalars(
        update(Effect)
        .where(Effect.state.in_(states), kind)
        .values(state=to.value, note=note, lease_owner="", updated_at=now)
        .returning(Effect.id)
        .execution_options(synchronize_session=False)
    )
    return list(moved)


def _hold_messages(session: Session, now: datetime) -> int:
    """A reminder is planned anew once the company speaks again; what a person wrote or asked for, a person sees to."""
    reminders, booking = Effect.kind == EffectKind.MESSAGE.value, Effect.kind == EffectKind.BOOKING.value
    dropped = _move(session, now, _WAITING, reminders, EffectState.DROPPED, MAY_HAVE_LEFT)
    turned = _move(session, now, _WAITING, ~reminders & ~booking, EffectState.REJECTED, MAY_HAVE_LEFT)
    doubted = _move(session, now, (EffectState.SENDING.value,), ~booking, EffectState.IN_DOUBT, DOUBT)
    session.execute(
        update(Touch)
        .where(Touch.effect_id.in_(doubted), Touch.state == EffectState.SENDING.value)
        .values(state=EffectState.IN_DOUBT.value)
    )
    return len(dropped) + len(turned) + len(doubted)


def _look_up_bookings(session: Session, now: datetime) -> int:
    booking = Effect.kind == EffectKind.BOOKING.value, Effect.state.in_(_UNDER_WAY)
    found = session.scalars(select(Effect).where(*booking)).all()
    for effect in found:
        effect.content = {"number": 1, **effect.content, "used_at": writing.FORGOTTEN}
        effect.state, effect.note, effect.not_before = EffectState.DUE.value, MAY_BE_BOOKED, now
        effect.lease_owner, effect.lease_until = "", None
    return len(found)


def _close_unasked(session: Session) -> int:
    """The processor may have been asked already, and forgets a key after a day: asking again could take money twice."""
    unasked = session.scalars(select(Attempt).where(Attempt.state == "created", Attempt.checkout_id == "")).all()
    for attempt in unasked:
        attempt.state, attempt.note, attempt.ask_at = "failed", MAY_BE_COLLECTED, None
    return len(unasked)


def _not_collected(rt: Runtime, session: Session, now: datetime) -> int:
    """A part of an arrangement that came due meanwhile counts as tried; a part that failed is not tried by itself."""
    tried = exists().where(Attempt.instalment_id == InstalmentRow.id, Attempt.link == "")
    due = session.execute(
        select(InstalmentRow, Arrangement, ProcessorAccount)
        .join(Arrangement, Arrangement.id == InstalmentRow.arrangement_id)
        .join(Mandate, Mandate.id == Arrangement.mandate_id)
        .join(ProcessorAccount, ProcessorAccount.id == Mandate.processor_account_id)
        .where(Arrangement.state == "running", InstalmentRow.day <= (now + ACROSS_ZONES).date(), ~tried)
    ).all()
    missing = {one.row.id for one in following.due_parts(session, (now + ACROSS_ZONES).date())}
    late = [one for one in due if one[0].id in missing]
    for part, plan, place in late:
        session.add(
            Attempt(
                uid=rt.new_id(),
                company_id=plan.company_id,
                account_id=plan.account_id,
                processor=place.kind,
                processor_account_id=place.id,
                method=Method.DEBIT.value,
                instalment_id=part.id,
                state="failed",
                currency=part.currency,
                amount_minor=part.amount_minor,
                note=MAY_BE_COLLECTED,
                created_at=now,
            )
        )
    return len(late)


def _thanked(rt: Runtime, session: Session, now: datetime) -> None:
    """Who paid may have been thanked: the thank-you's own key is used up."""
    for attempt in session.scalars(select(Attempt).where(Attempt.state.in_(("created", "open", "pending", "paid")))):
        values = {
            "uid": rt.new_id(),
            "key": f"thanks/{attempt.uid}",
            "kind": EffectKind.THANKS.value,
            "company_id": attempt.company_id,
            "account_id": attempt.account_id,
            "state": EffectState.REJECTED.value,
            "not_before": now,
            "content": {"attempt": attempt.id},
            "note": MAY_HAVE_LEFT,
            "created_at": now,
            "updated_at": now,
        }
        session.execute(insert_into(session, Effect).values(**values).on_conflict_do_nothing(index_elements=["key"]))


def _tell(rt: Runtime, session: Session, company: Company, since: datetime) -> None:
    """What only a person can find out."""
    text = (
        f"A backup of {since:%Y-%m-%d %H:%M} UTC was restored, and nothing is known here of what happened after it. "
        f"{company.name} is silent until you switch it on again; what may have been said meanwhile then stands at the "
        "desk. Compare the payments at your processor since then with the ledger, and enter again what your customers "
        "and you agreed since then."
    )
    key = f"restored/{company.uid}/{rt.clock.now().isoformat()}"
    title = f"{company.name}: a backup was restored"
    page = f"/companies/{company.uid}"
    notices.want(rt, session, company.practice_id, company.id, key, title, text, page, topic=Topic.SENDING)

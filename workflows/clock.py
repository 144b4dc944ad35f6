"""The clock: APScheduler starts one verb after another; the rows say what is due. The only reader of the present.

Jobs live in memory, one per verb; a tick that comes late runs once. The headless demo never starts it: it calls
`tick` and jumps from wake to wake.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from models import Account, Arrangement, Company, Connection, Delivery, Effect, EffectState, Grant, Notice, Promise
from workflows import (
    answers,
    arrangements,
    audit,
    audit_heads,
    backups,
    charges,
    collecting,
    dispatcher,
    effects,
    grants,
    guarded,
    habits,
    inbox,
    leaving_now,
    loyalty,
    mornings,
    notices,
    payments,
    payouts,
    planner,
    reconcile,
    renewals,
    retention,
    returned,
    segment_rules,
    stopping,
    sync,
)
from workflows.pulse import Pulses
from workflows.runtime import Runtime


class SystemClock:
    """The machine's own time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


Verb = Callable[[Runtime], object]

# In the order in which one tick runs them: listen, read, settle, decide, do, write down.
VERBS: dict[str, tuple[Verb, timedelta]] = {
    "inbox": (inbox.handle, timedelta(seconds=10)),
    "recover": (effects.recover, timedelta(minutes=1)),
    "permissions": (grants.finish, timedelta(minutes=1)),
    "sweep_payments": (payments.sweep, timedelta(minutes=5)),
    "collect": (collecting.collect_due, timedelta(minutes=15)),
    "returned": (returned.settle, timedelta(minutes=1)),
    "sync": (sync.sync_due, timedelta(seconds=15)),
    "promises": (answers.settle_promises, timedelta(minutes=15)),
    "arrangements": (arrangements.settle, timedelta(minutes=15)),
    "go_on": (stopping.end_due, timedelta(minutes=1)),
    "mornings": (mornings.write_all, timedelta(minutes=5)),
    "plan": (planner.plan_due, timedelta(seconds=10)),
    "book": (dispatcher.book_due, timedelta(seconds=10)),
    "perform": (dispatcher.perform_due, timedelta(seconds=10)),
    "guarded": (guarded.take_effect, timedelta(minutes=1)),
    "leave": (leaving_now.leave, timedelta(minutes=1)),
    "notices": (notices.send_due, timedelta(seconds=30)),
    "audit": (audit.link_all, timedelta(minutes=1)),
}
NIGHTLY: dict[str, Verb] = {
    "habits": habits.learn_all,
    "segments": segment_rules.follow_all,
    "sweep": planner.sweep,
    "renew": renewals.refresh_idle,
    "remind": renewals.remind,
    "payouts": payouts.read_all,
    "loyalty": loyalty.thank,
    "charges": charges.show_all,
    "look_back": reconcile.look_back,
    "reconcile": reconcile.nightly,
    "forget": retention.forget,
    "heads": audit_heads.write_down,
    "backup": backups.nightly,
}
ROUNDS = 12


def tick(rt: Runtime) -> None:
    """Run every verb once, in order."""
    for verb, _ in VERBS.values():
        verb(rt)


def settle(rt: Runtime) -> None:
    """Tick until nothing more is due at this moment (a booking asks for a reading, a reading for a thank-you …)."""
    for _ in range(ROUNDS):
        tick(rt)
        following = next_moment(rt)
        if following is None or following > rt.clock.now():
            return


# Asked between any two ticks, so it is made once, and as one question.
_MOMENTS = (
    select(func.min(Account.wake_at)),
    select(func.min(Company.next_sync_at)).join(Connection).where(Connection.state == "active"),
    select(func.min(Effect.not_before)).where(Effect.state == EffectState.DUE.value),
    select(func.min(Notice.not_before)).where(Notice.state == "due"),
    select(func.min(Grant.lease_until)).where(grants.unfinished()),
    select(func.min(Effect.lease_until)).where(
        Effect.state.in_((EffectState.CLAIMED.value, EffectState.SENDING.value))
    ),
    select(func.min(Delivery.received_at)).where(Delivery.handled_at.is_(None), Delivery.attempts < inbox.TRIES),
    guarded.NEXT,
    leaving_now.NEXT,
)
_DAYS = (
    select(func.min(Promise.until)).where(Promise.state == "open"),
    select(func.min(Arrangement.until)).where(Arrangement.state == "running"),
)
_NEXT = select(*(one.scalar_subquery() for one in (*_MOMENTS, *_DAYS)), mornings.SOMEBODY.scalar_subquery())


def next_moment(rt: Runtime) -> datetime | None:
    """The earliest moment at which a verb has something to do; None when only the outside world can make one."""
    with rt.store.read() as session:
        found: Any = session.execute(_NEXT).one()
        morning = mornings.next_moment(session, rt.clock.now()) if found[-1] else None
    moments: list[datetime | None] = [*found[: len(_MOMENTS)], morning]
    for day in found[len(_MOMENTS) : -1]:
        if day is not None:  # by noon UTC the day has begun in every zone that companies keep books in
            moments.append(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    return min((moment for moment in moments if moment is not None), default=None)


def start(rt: Runtime) -> BackgroundScheduler:
    """Start the ticks of a serving process; call `shutdown()` on what comes back."""
    scheduler = BackgroundScheduler(timezone=UTC)
    beat = Pulses(rt).beat
    for name, (verb, every) in VERBS.items():
        scheduler.add_job(
            beat,
            "interval",
            args=[name, verb],
            seconds=every.total_seconds(),
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    for name, verb in NIGHTLY.items():
        scheduler.add_job(beat, "cron", args=[name, verb], hour=3, id=name, coalesce=True, misfire_grace_time=None)
    scheduler.start()
    return scheduler

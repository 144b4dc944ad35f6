"""Stopping everything that is said to customers, for a practice or one company, and going on again.

The stop is a fact that `plan()` is asked with, and every account it concerns is woken in the same transaction, so what
was decided before it does not pass the door. It never sends and never drops anything itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from models import Account, Company, Effect, EffectKind, EffectState, Practice
from workflows import audit
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.runtime import Runtime

LONGEST = timedelta(days=366)
LOOK_AGAIN = timedelta(hours=1)
NOTE = "All sending is stopped; it leaves when somebody resumes."
# Asked with every gathering and at every door, so it is made once.
_PRACTICE = select(Practice.paused, Practice.paused_until).where(Practice.id == bindparam("practice"))


def pauses(session: Session, company: Company) -> Sequence[date | None]:
    """For each stop that stands over a company, its own and its practice's: the day on which it ends, if it has one.

    A day that has come is still in the list until the clock has tidied up: who asks compares it with their own today.
    One that waits to be deleted is stopped, whatever else is said of it.
    """
    whole = session.execute(_PRACTICE, {"practice": company.practice_id}).one()
    both = ((company.paused, company.paused_until), (whole.paused, whole.paused_until))
    return [end for on, end in both if on] + [None] * (company.leaving_at is not None)


def is_stopped(session: Session, company: Company, now: datetime) -> bool:
    """Whether nothing may be sent for a company just now."""
    today = today_of(company, now)
    return any(end is None or end > today for end in pauses(session, company))


def waits(rt: Runtime, session: Session, company_id: int) -> bool:
    """The same as it stands at this moment, for a sender that is about to write *sending* down: whoever stops now
    waits until that is written, and whoever stopped before is seen.
    """
    mine = select(Company).where(Company.id == company_id).with_for_update(read=True)
    company = session.scalars(mine.execution_options(populate_existing=True)).one()
    whole = select(Practice.id).where(Practice.id == company.practice_id).with_for_update(read=True)
    session.execute(whole)
    return is_stopped(session, company, rt.clock.now())


def stop(rt: Runtime, practice_id: int, user_id: int | None = None, until: date | None = None) -> None:
    """Nothing is sent for any company of the practice from now on, or until a day, on which it goes on by itself."""
    _check(rt, until)
    with rt.store.write() as session:
        practice = session.get_one(Practice, practice_id)
        practice.paused, practice.paused_until = True, until
        _note(rt, session, practice, "sending-stopped", user_id)


def resume(rt: Runtime, practice_id: int, user_id: int | None = None) -> None:
    """What stands over the whole practice ends; a company that was stopped by itself stays so."""
    with rt.store.write() as session:
        practice = session.get_one(Practice, practice_id)
        practice.paused, practice.paused_until = False, None
        _note(rt, session, practice, "sending-resumed", user_id)


def _note(rt: Runtime, session: Session, practice: Practice, kind: str, user_id: int | None) -> None:
    said: dict[str, Any] = {"user": user_id, "until": str(practice.paused_until or "")}
    audit.record_practice(rt, session, kind, practice.id, practice.uid, **said)
    ids = session.scalars(select(Company.id).where(Company.practice_id == practice.id)).all()
    for company_id in ids:
        audit.record(rt, session, kind, company_id, subject=practice.uid, **said)
    _wake(rt, session, ids, going_on=not practice.paused)


def stop_company(rt: Runtime, company_id: int, user_id: int | None = None, until: date | None = None) -> None:
    """The same for one company."""
    _check(rt, until)
    with rt.store.write() as session:
        pause(rt, session, session.get_one(Company, company_id), user_id, until)


def resume_company(rt: Runtime, company_id: int, user_id: int | None = None) -> None:
    with rt.store.write() as session:
        go_on(rt, session, session.get_one(Company, company_id), user_id)


def pause(rt: Runtime, session: Session, company: Company, user_id: int | None, until: date | None) -> None:
    """Stop a company within somebody's transaction; they have checked the day."""
    company.paused, company.paused_until = True, until
    audit.record(rt, session, "paused", company.id, subject=company.uid, **_said(user_id, until))
    _wake(rt, session, [company.id], going_on=False)


def go_on(rt: Runtime, session: Session, company: Company, user_id: int | None) -> None:
    """End a company's own stop within somebody's transaction."""
    company.paused, company.paused_until = False, None
    audit.record(rt, session, "resumed", company.id, subject=company.uid, **_said(user_id, None))
    _wake(rt, session, [company.id], going_on=True)


def _said(user_id: int | None, until: date | None) -> dict[str, Any]:
    """Who, where it is known beside who is signed in, and until when."""
    return {**({} if user_id is None else {"user": user_id}), **({} if until is None else {"until": str(until)})}


def _check(rt: Runtime, until: date | None) -> None:
    today = rt.clock.now().date()
    if until is not None and not today < until <= today + LONGEST:
        raise Refusal("Please choose a day after today on which sending goes on, at most a year away, or none.")


def check_day(rt: Runtime, until: date) -> None:
    """Refusal for a day on which nothing can end."""
    _check(rt, until)


def _wake(rt: Runtime, session: Session, companies: Sequence[int], going_on: bool) -> None:
    """An input of all of their accounts changed; in one statement, for a practice has tens of thousands of them.

    They are locked in the order in which everybody else locks them, so that nobody waits for the other for ever.
    """
    now = rt.clock.now()
    theirs = Account.company_id.in_(companies)
    session.execute(select(Account.id).where(theirs).order_by(Account.id).with_for_update())
    asleep = Account.wake_at.is_(None) | (Account.wake_at > now)
    change = update(Account).where(theirs)
    change = change.values(facts_version=Account.facts_version + 1, wake_at=case((asleep, now), else_=Account.wake_at))
    session.execute(change.execution_options(synchronize_session=False))
    if going_on:
        held = Effect.company_id.in_(companies), Effect.state == EffectState.DUE.value, Effect.note == NOTE
        spoken = Effect.kind.in_([EffectKind.THANKS.value, EffectKind.ANSWER.value])
        session.execute(update(Effect).where(*held, spoken).values(not_before=now))


def changed(rt: Runtime, session: Session, company_id: int, going_on: bool) -> None:
    """Something else has stopped a company, or lets it go on: every account of it is asked about anew."""
    _wake(rt, session, [company_id], going_on)


# Asked at every tick, so they are made once.
_DATED = select(Company).where(Company.paused, Company.paused_until.is_not(None))
_DATED_WIDE = select(Practice).where(Practice.paused, Practice.paused_until.is_not(None))


def end_due(rt: Runtime) -> int:
    """Stops whose day has come are taken off, so that pages say so; `plan()` has known it since midnight. How many."""
    now = rt.clock.now()
    with rt.store.read() as session:
        over = [one for one in session.scalars(_DATED) if _has_come(one, one.paused_until, now)]
        wide = session.scalars(_DATED_WIDE).all()
        ended = [one for one in wide if all(_has_come(mine, one.paused_until, now) for mine in _all_of(session, one))]
    for company in over:
        resume_company(rt, company.id)
    for practice in ended:
        resume(rt, practice.id)
    return len(over) + len(ended)


def _has_come(company: Company, day: date | None, now: datetime) -> bool:
    return day is not None and day <= today_of(company, now)


def _all_of(session: Session, practice: Practice) -> Sequence[Company]:
    return session.scalars(select(Company).where(Company.practice_id == practice.id)).all()


def stopped_companies(session: Session, reach: Reach) -> Sequence[Company]:
    """Those within somebody's reach that are stopped by themselves."""
    return session.scalars(select(Company).where(reach.company(), Company.paused).order_by(Company.name)).all()

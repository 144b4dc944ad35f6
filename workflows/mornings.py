"""The morning's mails to the people of a practice: what was gathered for them since yesterday, and what leaves today.

Each is written once a day and person, as a notice; rows decide, so that a process that dies on the way writes none
twice. It never writes to customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import String, bindparam, cast, func, select, update
from sqlalchemy.orm import Session

from core.cadence import Channel
from core.calendars import Calendar
from models import Company, Draft, Memory, Notice, Practice, User
from workflows import notices, stopping, told
from workflows.calendars import calendar_of
from workflows.preview import PreviewMessage, preview
from workflows.reaching import of
from workflows.runtime import Runtime
from workflows.told import Topic, When

HOUR = time(7)
BEFORE_OPENING = timedelta(hours=1)
LATEST = timedelta(hours=4)  # a forewarning after that forewarns of nothing
MOST = 40  # messages listed for one company
# Asked at every tick, so they are made once.
_HERE = select(User).where(User.left_at.is_(None))
_GATHERED = select(Notice.practice_id).where(Notice.state == "daily", Notice.created_at < bindparam("now")).distinct()
_CHOSEN = select(User.practice_id).where(User.left_at.is_(None), cast(User.told, String) != "{}").distinct()
SOMEBODY = select(func.count(User.id)).where(User.left_at.is_(None), cast(User.told, String) != "{}")


def write_all(rt: Runtime) -> int:
    """For each practice whose morning has come; how many mails were written."""
    now = rt.clock.now()
    with rt.store.read() as session:
        gathered = set(session.scalars(_GATHERED, {"now": now}))
        wishing = {one.practice_id for one in session.scalars(_HERE) if told.choice(one, Topic.MORNING) is not When.NOT}
        mornings = {id: morning_of(session, id, now) for id in sorted(gathered | wishing)}
    return sum(_write(rt, id, morning, now) for id, morning in mornings.items() if morning <= now)


def next_moment(session: Session, now: datetime) -> datetime | None:
    """The next morning of a practice somebody of which has chosen anything; a morning that has come was seen to."""
    found = []
    for id in session.scalars(_CHOSEN):
        today = morning_of(session, id, now)
        found.append(today if today > now else morning_of(session, id, now + timedelta(days=1)))
    return min(found, default=None)


def _write(rt: Runtime, practice_id: int, morning: datetime, now: datetime) -> int:
    """Both mails of a morning that has come."""
    return _gather(rt, practice_id, morning) + _forewarn(rt, practice_id, morning, now)


def morning_of(session: Session, practice_id: int, now: datetime) -> datetime:
    """Today's moment: seven where the practice's first company is, or an hour before any company there opens."""
    every = session.scalars(select(Company).where(Company.practice_id == practice_id).order_by(Company.id)).all()
    zone = next((one.zone for one in every if one.zone), "UTC")
    there = Calendar(zone=zone)
    today = there.today(now)
    opens = [there.at(today, one.opens) - BEFORE_OPENING for one in every if one.zone == zone]
    return min([there.at(today, HOUR), *opens])


# What was gathered


def _gather(rt: Runtime, practice_id: int, morning: datetime) -> int:
    with rt.store.read() as session:
        waiting = Notice.practice_id == practice_id, Notice.state == "daily", Notice.created_at < morning
        keys = session.scalars(select(Notice.key).where(*waiting)).all()
        uids = {key.split("/")[1] for key in keys}
        people = session.scalars(select(User).where(User.uid.in_(uids)).order_by(User.id)).all()
    return sum(_gather_for(rt, one, morning) for one in people)


def _gather_for(rt: Runtime, user: User, morning: datetime) -> bool:
    """All of it in one mail. What is gathered and the mail stand or fall together."""
    theirs = Notice.key.startswith(f"to/{user.uid}/", autoescape=True)
    with rt.store.write() as session:
        waiting = select(Notice).where(theirs, Notice.state == "daily", Notice.created_at < morning)
        rows = session.scalars(waiting.order_by(Notice.id).with_for_update()).all()
        if not rows:
            return False
        text = "\n\n\n".join(f"{one.subject}\n\n{one.text}" for one in rows)
        subject = rows[0].subject if len(rows) == 1 else f"{len(rows)} things since yesterday"
        wanted = user.left_at is None
        new = wanted and notices.want_one(rt, session, user, "daily", f"{morning:%Y-%m-%d}", subject, text)
        if new or not wanted:
            ids = [one.id for one in rows]
            session.execute(update(Notice).where(Notice.id.in_(ids)).values(state="sent", sent_at=rt.clock.now()))
        return new


# What leaves today


@dataclass(frozen=True, slots=True)
class Leaving:
    """What one company would say within a day, and how many drafts wait for a person's word there."""

    company: Company
    messages: Sequence[PreviewMessage]
    drafts: int


def _forewarn(rt: Runtime, practice_id: int, morning: datetime, now: datetime) -> int:
    """To who wants it, once a day. Nothing is written where nothing leaves and nothing waits."""
    day = f"{morning:%Y-%m-%d}"
    with rt.store.read() as session:
        if _last(session, practice_id) >= day:
            return 0
        companies = _speaking(session, practice_id, now)
        users = session.scalars(select(User).where(User.practice_id == practice_id, User.left_at.is_(None))).all()
        reached = {one.id: _reached(session, one) for one in users if _wants(one)}
    found = [leaving(rt, one) for one in companies] if reached and now - morning < LATEST else []
    with rt.store.write() as session:
        if not _claim(session, practice_id, day):
            return 0
        written = 0
        for user in users:
            mine = [one for one in found if one.company.id in reached.get(user.id, ())]
            written += bool(mine) and _tell(rt, session, user, day, mine)
        return written


def _wants(user: User) -> bool:
    return told.choice(user, Topic.MORNING) is not When.NOT


def _reached(session: Session, user: User) -> frozenset[int]:
    return frozenset(session.scalars(select(Company.id).where(of(user).company())))


def _speaking(session: Session, practice_id: int, now: datetime) -> list[Company]:
    """Companies that are live and not stopped, by name."""
    live = Company.practice_id == practice_id, Company.live_at.is_not(None)
    every = session.scalars(select(Company).where(*live).order_by(Company.name)).all()
    return [one for one in every if not stopping.is_stopped(session, one, now)]


def leaving(rt: Runtime, company: Company) -> Leaving:
    """By the same replay as the page Preview, for the accounts that can have something to say by then."""
    messages = preview(rt, company.id, 1, only_awake=True).messages
    with rt.store.read() as session:
        drafts = session.scalar(select(func.count(Draft.id)).where(Draft.company_id == company.id)) or 0
    return Leaving(company, [one for one in messages if one.leaving or not one.asks], drafts)


def _memory(practice_id: int) -> str:
    return f"morning/{practice_id}"


def _last(session: Session, practice_id: int) -> str:
    """The day for which it was last written; "" before the first."""
    return session.scalars(select(Memory.value).where(Memory.name == _memory(practice_id))).first() or ""


def _claim(session: Session, practice_id: int, day: str) -> bool:
    """Whether this day is ours to write, in the transaction that writes it."""
    session.scalars(select(Practice.id).where(Practice.id == practice_id).with_for_update()).one()
    known = session.scalars(select(Memory).where(Memory.name == _memory(practice_id))).first()
    if known is not None and known.value >= day:
        return False
    session.merge(Memory(id=known.id if known else None, name=_memory(practice_id), value=day))
    return True


def _tell(rt: Runtime, session: Session, user: User, day: str, found: Iterable[Leaving]) -> bool:
    there = [one for one in found if one.messages or one.drafts]
    if not there:
        return False
    count, drafts = sum(len(one.messages) for one in there), sum(one.drafts for one in there)
    subject = f"Today: {_count(count, 'message')} to leave, {_count(drafts, 'draft')} to approve"
    text = "\n\n".join("\n".join(_lines(one)) for one in there)
    text += f"\n\nLook at them, or stop them, here:\n\n{rt.public_url}/"
    return notices.want_one(rt, session, user, "morning", day, subject, text)


def _lines(one: Leaving) -> Iterator[str]:
    zone = calendar_of(one.company, one.messages[0].moment if one.messages else one.company.created_at)
    yield one.company.name
    for message in one.messages[:MOST]:
        numbers = ", ".join(message.invoice_numbers)
        about = f"{message.account_name or 'Erased customer'}: {_step(message)}{f' ({numbers})' if numbers else ''}"
        yield f"  {zone.local(message.moment):%H:%M}  {about}"
    if len(one.messages) > MOST:
        yield f"  and {len(one.messages) - MOST} more"
    if one.drafts:
        yield f"  {_count(one.drafts, 'draft')} wait{'s' if one.drafts == 1 else ''} for approval"


_BY: Mapping[Channel, str] = {Channel.EMAIL: "", Channel.CALL: "call, ", Channel.LETTER: "letter, "}


def _step(message: PreviewMessage) -> str:
    return f"{_BY.get(message.channel, '')}{message.step}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

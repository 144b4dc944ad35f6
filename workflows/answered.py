"""Writing down the answers of `plan()`: wakes and silences, effects for what is to be said, drafts for a person.

Each answer is stored only if no fact changed since it was asked for; doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.cadence import Channel
from core.plan import Action, Plan, fingerprint
from models import Account, Decision, Draft, EffectKind, EffectState
from workflows import effects, overtaken, rounds
from workflows.gather import Gathered
from workflows.rows import one_of
from workflows.runtime import Runtime

Answers = Mapping[int, tuple[Gathered, Plan]]

# Asked with every answer about an account, so they are made once.
_VERSIONS = select(Account.id, Account.facts_version).where(one_of(Account.id, "accounts")).with_for_update()
_DRAFTED = select(Draft.id, Draft.account_id, Draft.fingerprint).where(one_of(Draft.account_id, "accounts"))


def keep(rt: Runtime, session: Session, answers: Answers, now: datetime) -> Collection[int]:
    """Store the answers whose facts still stand; the ids of their accounts. The rows are locked until the end."""
    versions = session.execute(_VERSIONS, {"accounts": answers})
    standing = {id for id, version in versions if version == answers[id][0].version}
    values = [_values(rt, session, *answers[id], now) for id in answers if id in standing]
    if values:
        session.connection().execute(_STORE, values)
    kept = {id: answers[id] for id in standing}
    _decisions(session, kept, now)
    _drafts(rt, session, kept, now)
    overtaken.withdraw_moved(rt, session, kept)
    overtaken.close_settled(rt, session, standing, now)
    return standing


_TABLE = Account.__table__
_STORE = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("account"))
    .values(wake_at=bindparam("wake"), planned_at=bindparam("planned"), because=bindparam("silences"))
)


def _values(rt: Runtime, session: Session, gathered: Gathered, answer: Plan, now: datetime) -> dict[str, Any]:
    because = [coded(one) for one in answer.because]
    wake_at = answer.wake_at
    for action in answer.actions:
        state = _want(rt, session, gathered, action, now)
        if state is not EffectState.DUE:
            # Today's message has already come to another end (the mail server refused it): try again tomorrow.
            calendar = gathered.calendar
            until = calendar.opening(calendar.today(now) + timedelta(days=1))
            because += [coded(Because(Cause.UNSENDABLE, line.invoice, until)) for line in action.lines]
            wake_at = min(wake_at or until, until)
    return {"account": gathered.facts.id, "wake": wake_at, "planned": now, "silences": because}


def _want(rt: Runtime, session: Session, gathered: Gathered, action: Action, now: datetime) -> EffectState:
    return effects.want(
        rt,
        session,
        key=message_key(rt, gathered.row.uid, action),
        kind=EffectKind.MESSAGE,
        company_id=gathered.row.company_id,
        account_id=gathered.row.id,
        content=content_of(action),
        not_before=rounds.leaves_at(gathered.calendar, now),
    )


def _decisions(session: Session, answers: Answers, now: datetime) -> None:
    """What differs from the last answer is remembered: it is why, on any later day, somebody heard or did not."""
    fresh = [
        {
            "account_id": id,
            "at": now,
            "because": [coded(one) for one in answer.because],
            "actions": [[action.lead, [line.invoice for line in action.lines]] for action in answer.actions],
        }
        for id, (gathered, answer) in answers.items()
        if answer.actions or [_essence(coded(one)) for one in answer.because] != _essences(gathered.row.because)
    ]
    if fresh:
        session.execute(insert(Decision), fresh)


def _essences(because: list[Any]) -> list[Any]:
    return [_essence(one) for one in because]


def _essence(one: list[Any]) -> list[Any]:
    """A silence without its end, which moves from day to day while the reason stays."""
    cause, invoice, _until, detail = one
    return [cause, invoice, detail]


def _drafts(rt: Runtime, session: Session, answers: Answers, now: datetime) -> None:
    """The drafts of these accounts as they are now; one that still stands keeps its row."""
    wanted = {
        (id, fingerprint(gathered.facts, action)): (gathered, action)
        for id, (gathered, answer) in answers.items()
        for action in answer.drafts
    }
    rows = session.execute(_DRAFTED, {"accounts": answers}).all()
    gone = [id for id, account_id, mark in rows if wanted.pop((account_id, mark), None) is None]
    if gone:
        session.execute(delete(Draft).where(Draft.id.in_(gone)))
    for (account_id, mark), (gathered, action) in wanted.items():
        session.add(
            Draft(
                uid=rt.new_id(),
                company_id=gathered.row.company_id,
                account_id=account_id,
                fingerprint=mark,
                step=action.lead,
                content=content_of(action),
                made_at=now,
            )
        )


def message_key(rt: Runtime, account_uid: str, action: Action) -> str:
    """One message (or task) per account, recipient set and local day."""
    who = rt.vault.hash_address(",".join(action.recipients))[:32]
    kind = "message" if action.channel is Channel.EMAIL else action.channel.value
    return f"{kind}/{account_uid}/{who}/{action.day.isoformat()}"


def content_of(action: Action) -> dict[str, Any]:
    return {
        "recipients": list(action.recipients),
        "day": action.day.isoformat(),
        "lead": action.lead,
        "channel": action.channel.value,
        "lines": [[line.invoice, line.step, list(line.missed), line.anchor, line.rung] for line in action.lines],
    }


def coded(because: Because) -> list[Any]:
    """A because as it is stored: [cause, invoice id, until, detail]."""
    until = because.until.isoformat() if because.until else None
    return [because.cause.value, because.invoice, until, [list(pair) for pair in because.detail]]

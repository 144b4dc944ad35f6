"""Calls to make and letters to post: opened at the door like a message, done by a person of the company.

A task counts as a word of the cadence from the moment it is opened. What came of it is in `outcomes`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.cadence import Channel
from core.facts import InvoiceFacts, InvoiceStatus
from core.plan import Action, Line, plan
from models import Account, Company, Effect, EffectState, Invoice, Task, Touch, TouchInvoice
from workflows import audit, compose, enclosed, gather, messages, mirror, sending
from workflows.calendars import today_of
from workflows.reaching import Reach
from workflows.runtime import Runtime
from workflows.templating import MessageError

KINDS = frozenset({Channel.CALL.value, Channel.LETTER.value})
# While one of these is true of an invoice, nobody is called about it.
AGAINST = frozenset(
    {
        Cause.PROMISE,
        Cause.EXTENSION,
        Cause.DISPUTE,
        Cause.ARRANGEMENT,
        Cause.IN_FLIGHT,
        Cause.BANK_LINE,
        Cause.BEING_CHANGED,
        Cause.COVERED_BY_CREDIT,
        Cause.REPLIED,
        Cause.PAID_ALREADY,
        Cause.FORGOT,
        Cause.COPY,
        Cause.BREATHING_SPACE,
        Cause.CARE,
        Cause.AGENCY,
        Cause.PAUSED,
        Cause.ARCHIVED,
        Cause.ERASED,
    }
)


def is_task(effect: Effect) -> bool:
    """Whether a person carries it out, so that no mail server is needed."""
    return effect.content.get("channel") in KINDS


def perform(rt: Runtime, effect: Effect) -> None:
    """Ask again at the door; if it is still in the answer, open the task and count it as said."""
    papers = enclosed.papers(rt, effect)
    ready = sending.ask_again(rt, effect, papers)
    if ready is not None:
        sending.write_down(
            rt, effect, ready, EffectState.SENT, partial(_open, rt, effect, ready.action.channel, papers)
        )


def _open(
    rt: Runtime, effect: Effect, kind: Channel, papers: enclosed.Enclosed, session: Session, touch: Touch
) -> None:
    papers.keep(session, touch)
    now = rt.clock.now()
    touch.state, touch.sent_at = EffectState.SENT.value, now
    task = Task(
        uid=rt.new_id(),
        company_id=effect.company_id,
        account_id=effect.account_id,
        touch_id=touch.id,
        kind=kind.value,
        day=touch.day,
        opened_at=now,
    )
    session.add(task)
    audit.record(rt, session, f"{kind.value}-opened", effect.company_id, effect.account_id, task.uid, step=touch.step)
    mirror.wake(session, [effect.whom], now)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a person has before them: the task, what it was opened with, and its invoices that are still open.

    `words` are to begin a call with, as things stand now; of a letter, and where they cannot be said any more, what the
    task was opened with. `changed`: what is open is no longer what it was then. `against` is what stands against it.
    """

    task: Task
    touch: Touch
    account: Account
    company: Company
    gathered: gather.Gathered
    invoices: tuple[Invoice, ...]
    words: messages.Opening
    changed: bool
    against: tuple[Because, ...]


def conversation(rt: Runtime, session: Session, task: Task) -> Conversation:
    """Everything about a task as it is now."""
    now = rt.clock.now()
    touch = session.get_one(Touch, task.touch_id)
    gathered = gather.account(rt, session, task.account_id, now)
    rows = session.scalars(
        select(TouchInvoice).where(TouchInvoice.touch_id == touch.id).order_by(TouchInvoice.id)
    ).all()
    owed = {one.id: one.balance.minor for one in gathered.facts.invoices if _is_owed(one)}
    lines = tuple(Line(one.invoice_id, one.step, (), one.anchor) for one in rows if one.invoice_id in owed)
    answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
    return Conversation(
        task=task,
        touch=touch,
        account=gathered.row,
        company=session.get_one(Company, task.company_id),
        gathered=gathered,
        invoices=tuple(compose.invoices_of(session, _action(task, touch, lines, gathered, now))),
        words=_words(rt, session, _action(task, touch, lines, gathered, now), gathered, touch),
        changed=any(owed.get(one.invoice_id) != one.balance_minor for one in rows),
        against=against(answer.because, {line.invoice for line in lines}),
    )


def _action(task: Task, touch: Touch, lines: tuple[Line, ...], gathered: gather.Gathered, now: datetime) -> Action:
    """What the task was opened for, about what is still open of it."""
    step = gathered.cadence.step(touch.step)
    return Action(
        account=task.account_id,
        recipients=tuple(touch.recipients),
        day=gathered.calendar.today(now),
        lead=touch.step,
        lines=lines,
        channel=Channel(task.kind),
        template=step.template if step else "",
    )


def _is_owed(invoice: InvoiceFacts) -> bool:
    return invoice.status is InvoiceStatus.OPEN and invoice.balance.minor > 0


def _words(rt: Runtime, session: Session, action: Action, gathered: gather.Gathered, touch: Touch) -> messages.Opening:
    """Of a call what may be said now; a letter stays as it was written."""
    if action.lines and action.channel is Channel.CALL:
        try:
            return messages.opening(compose.cadence_facts(rt, session, action, gathered))
        except MessageError:
            pass  # its step is gone from the cadence, or needs an arrangement that has ended
    return messages.Opening(touch.subject, tuple(touch.text.strip().split("\n\n")))


def about(session: Session, touch: Touch) -> frozenset[int]:
    """The ids of the invoices that a task was opened for."""
    return frozenset(session.scalars(select(TouchInvoice.invoice_id).where(TouchInvoice.touch_id == touch.id)))


def against(because: Iterable[Because], about: Collection[int]) -> tuple[Because, ...]:
    """What stands against it now, where something does for every invoice that it is about."""
    found = {one.invoice: one for one in because if one.invoice in about and one.cause in AGAINST}
    return tuple(found.values()) if about and found.keys() == set(about) else ()


def waiting(session: Session, reach: Reach, limit: int) -> list[tuple[Task, Touch, Account, Company]]:
    """The open tasks of a practice, the one that is due longest first."""
    rows = session.execute(
        select(Task, Touch, Account, Company)
        .join(Touch, Touch.id == Task.touch_id)
        .join(Account, Account.id == Task.account_id)
        .join(Company, Company.id == Task.company_id)
        .where(reach.company(), Task.state == "open")
        .order_by(Task.day, Task.id)
        .limit(limit)
    )
    return [(task, touch, account, company) for task, touch, account, company in rows]


def is_due(task: Task, company: Company, now: datetime) -> bool:
    """Whether its day has come where the company is."""
    return task.day <= today_of(company, now)

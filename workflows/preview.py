"""What would go out in the coming days, to whom, and why nothing goes to the others. Sends and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.alike import Alike
from core.backtest import agreed, asks
from core.because import Because
from core.cadence import Cadence, Channel
from core.facts import InvoiceStatus
from core.plan import Action
from core.replay import Replay
from models import Account, Company, Draft, Effect, EffectState, Invoice
from workflows import gather
from workflows.calendars import drafts_until
from workflows.gather import Gathered
from workflows.heard import ASKING
from workflows.rows import among
from workflows.runtime import Runtime
from workflows.why import arrived

_TOGETHER = 500  # accounts in memory at once: it stays flat as a company grows
_ON_ITS_WAY = (EffectState.DUE.value, EffectState.CLAIMED.value, EffectState.SENDING.value)
_CLOSED = (InvoiceStatus.PAID.value, InvoiceStatus.VOIDED.value, InvoiceStatus.DELETED.value)


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """One message (or task) that would go out at `moment` (UTC) if nothing changed until then.

    `asks`: a person is to approve it first; it is shown on the earliest day on which they could. `leaving`: it is on
    its way already.
    """

    moment: datetime
    account_id: int
    account_name: str
    account_uid: str
    recipients: tuple[str, ...]
    step: str
    invoice_numbers: tuple[str, ...]
    channel: Channel = Channel.EMAIL
    asks: bool = False
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """An account that would hear nothing, and why: one Because for each of its open invoices."""

    account_id: int
    account_name: str
    account_uid: str
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Messages in order of time, and every account with something open that would hear nothing, by name. `accounts` is
    how many have something open, whether they were asked for or not.
    """

    messages: tuple[PreviewMessage, ...]
    silences: tuple[Silence, ...]
    accounts: int = 0


def preview(rt: Runtime, company_id: int, days: int, part: slice = slice(None), only_awake: bool = False) -> Preview:
    """Replay each account's cadence over the next `days` days as if the company were live, every message were approved
    and nobody paid. What is on its way already comes first. `part`: only these of the accounts, in the order of ids.

    `only_awake` leaves out who sleeps past the last of these days: a wake may be early and is never late, so they have
    nothing to say, and no silence of theirs is told.
    """
    start = rt.clock.now()
    end = start + timedelta(days=days)
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        shown_until = date.max if company.approve_all else drafts_until(company, start)
    messages: list[PreviewMessage] = []
    silences: list[Silence] = []
    approved: dict[str, Cadence] = {}
    alike = Alike(start, end)
    ids = _owing(rt, company_id, end if only_awake else None)
    for one, leaving in _gathered(rt, ids[part], start):
        mark = one.cadence.fingerprint
        if mark not in approved:
            approved[mark] = agreed(one.cadence)
        facts = arrived(one.facts) if leaving else one.facts
        story = alike.replay(replace(facts, drafts=False, approvals={}), approved[mark], one.calendar)
        messages += [_leaving(one, effect, start) for effect in leaving]
        messages += _messages(one, story, shown_until)
        if not story.sent and not leaving:
            silences.append(Silence(one.row.id, one.row.name, one.row.uid, story.because))
    messages.sort(key=lambda message: (message.moment, message.account_id))
    return Preview(tuple(messages), tuple(sorted(silences, key=lambda silence: silence.account_name)), len(ids))


def _owing(rt: Runtime, company_id: int, awake_by: datetime | None) -> Sequence[int]:
    """The company's accounts with something open; only those that could speak by then, where that is asked."""
    mine = select(Invoice.account_id).where(Invoice.company_id == company_id, Invoice.status.not_in(_CLOSED))
    if awake_by is not None:
        drafted = select(Draft.account_id).where(Draft.company_id == company_id)
        on_its_way = select(Effect.account_id).where(Effect.company_id == company_id, Effect.state.in_(_ON_ITS_WAY))
        wakes = (Account.wake_at <= awake_by) | Account.id.in_(drafted) | Account.id.in_(on_its_way)
        mine = mine.join(Account, Account.id == Invoice.account_id).where(wakes)
    with rt.store.read() as session:
        return session.scalars(mine.distinct().order_by(Invoice.account_id)).all()


def _gathered(rt: Runtime, ids: Sequence[int], now: datetime) -> Iterator[tuple[Gathered, list[Effect]]]:
    """These accounts, a few hundred at a time, and what is on its way to each."""
    for first in range(0, len(ids), _TOGETHER):
        with rt.store.read() as session:
            found = gather.accounts(rt, session, ids[first : first + _TOGETHER], now)
            leaving = _on_their_way(session, found)
        yield from ((one, leaving.get(id, [])) for id, one in found.items() if one.facts.invoices)


def _on_their_way(session: Session, accounts: Mapping[int, Gathered]) -> Mapping[int, list[Effect]]:
    found: dict[int, list[Effect]] = {}
    for effect in session.scalars(
        select(Effect)
        .where(
            among(session, Effect.account_id, accounts),
            Effect.kind.in_(ASKING),
            Effect.state.in_(_ON_ITS_WAY),
        )
        .order_by(Effect.id)
    ):
        found.setdefault(effect.whom, []).append(effect)
    return found


def _leaving(one: Gathered, effect: Effect, start: datetime) -> PreviewMessage:
    """Planned already, and approved where it had to be."""
    numbers = {invoice.id: invoice.number for invoice in one.facts.invoices}
    about = dict.fromkeys(line[0] for line in effect.content["lines"])
    return PreviewMessage(
        max(effect.not_before, start),
        one.row.id,
        one.row.name,
        one.row.uid,
        tuple(effect.content["recipients"]),
        effect.content["lead"],
        tuple(numbers[id] for id in about if id in numbers),
        Channel(effect.content["channel"]),
        leaving=True,
    )


def _messages(one: Gathered, story: Replay, shown_until: date) -> Iterator[PreviewMessage]:
    numbers = {invoice.id: invoice.number for invoice in one.facts.invoices}
    for moment, action in story.sent:
        yield PreviewMessage(
            moment,
            one.row.id,
            one.row.name,
            one.row.uid,
            action.recipients,
            action.lead,
            tuple(dict.fromkeys(numbers[line.invoice] for line in action.lines)),
            action.channel,
            action.day < shown_until or _asks(one, action),
        )


def _asks(one: Gathered, action: Action) -> bool:
    """Whether a step in it, or what the customer told us about an invoice in it, asks for a person's word."""
    about = {line.invoice for line in action.lines}
    told = [invoice.told.reason for invoice in one.facts.invoices if invoice.told and invoice.id in about]
    return asks(one.cadence, (line.step for line in action.lines)) or any(
        one.cadence.branch(reason).approve for reason in told
    )

"""Putting in doubt what may have been said in a time of which nothing is known, since a backup was restored.

It stands at the desk as a touch in doubt: it counts for steps, limits and gaps, and only a person can say it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Cadence
from core.facts import AccountFacts, Approval, InvoiceFacts, InvoiceStatus
from core.plan import Action
from core.replay import replay
from models import Effect, EffectKind, EffectState, Invoice, Touch, TouchInvoice, TouchRecipient
from models.upsert import insert_into
from workflows import answered, audit, gather, mirror, restored
from workflows.restored import DOUBT
from workflows.runtime import Runtime

_YES = Approval(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))


class _Agreed(dict[str, Approval]):
    """Whatever waited for a person may have been agreed to."""

    def __bool__(self) -> bool:
        return True

    def get(self, _fingerprint: str, _default: Any = None) -> Any:
        return _YES


def go_on(rt: Runtime, company_id: int) -> int:
    """A person lets the company speak again: all that may have been said between the backup and the restore is put in
    doubt; how much.

    It stands at the desk, is never said by itself, and counts for steps, limits and gaps until somebody decides.
    """
    with rt.store.read() as session:
        kept = restored.remembered(session)
        since = kept.get("since", {}).get(str(company_id))
        if since is None:
            return 0
        open_ones = Invoice.company_id == company_id, Invoice.status == InvoiceStatus.OPEN.value
        accounts = session.scalars(select(Invoice.account_id).where(*open_ones).distinct()).all()
    unknown = datetime.fromisoformat(since), datetime.fromisoformat(kept["to"])  # from then on nothing has left
    count = 0
    for account_id in accounts:
        with rt.store.read() as session:
            said = tuple(_may_have_said(rt, session, account_id, *unknown))
        if said:
            with rt.store.write() as session:
                count += sum(_doubt(rt, session, account_id, *one) for one in said)
    with rt.store.write() as session:
        _forget(session, company_id)
    return count


def _forget(session: Session, company_id: int) -> None:
    kept = restored.remembered(session)
    kept["since"].pop(str(company_id), None)
    restored.write(session, kept)


def _may_have_said(
    rt: Runtime, session: Session, account_id: int, since: datetime, until: datetime
) -> Iterator[tuple[datetime, Action, str, int]]:
    """Each message that could have left in that time, with its moment, its key and the account's company."""
    gathered = gather.account(rt, session, account_id, rt.clock.now())
    facts = _unheld(gathered.facts, gathered.cadence)
    for at, action in replay(facts, gathered.cadence, gathered.calendar, since, until).sent:
        yield at, action, answered.message_key(rt, gathered.row.uid, action), gathered.row.company_id


def _unheld(facts: AccountFacts, cadence: Cadence) -> AccountFacts:
    """The facts as they would let most be said: whatever a person could end or agree to meanwhile is left out."""
    invoices = tuple(_free(one, cadence) for one in facts.invoices)
    holds = tuple(one for one in facts.holds if one.until is not None)
    return replace(facts, live=True, drafts=False, approvals=_Agreed(), holds=holds, invoices=invoices, credits=())


def _free(invoice: InvoiceFacts, cadence: Cadence) -> InvoiceFacts:
    told = invoice.told
    if told is not None and cadence.branch(told.reason).hold_days is None:
        told = None
    holds = tuple(one for one in invoice.holds if one.until is not None)
    return replace(invoice, holds=holds, told=told, delivered=invoice.issued)


def _doubt(
    rt: Runtime, session: Session, account_id: int, at: datetime, action: Action, key: str, company_id: int
) -> bool:
    """One message that may have been sent, as a touch in doubt; False where its key has come to another end."""
    now, state = rt.clock.now(), EffectState.IN_DOUBT.value
    values = {"state": state, "note": DOUBT, "content": answered.content_of(action), "updated_at": now}
    effect_id = session.scalar(
        insert_into(session, Effect)
        .values(
            uid=rt.new_id(),
            key=key,
            kind=EffectKind.MESSAGE.value,
            company_id=company_id,
            account_id=account_id,
            not_before=at,
            created_at=now,
            **values,
        )
        .on_conflict_do_update(index_elements=["key"], set_=values, where=Effect.state == EffectState.DROPPED.value)
        .returning(Effect.id)
    )
    if effect_id is None:
        return False
    touch = Touch(
        uid=(uid := rt.new_id()),
        effect_id=effect_id,
        company_id=company_id,
        account_id=account_id,
        state=state,
        step=action.lead,
        channel=action.channel.value,
        day=action.day,
        recipients=list(action.recipients),
        recipients_hash=rt.vault.hash_address(",".join(action.recipients)),
        message_id=f"<{uid}@in-doubt.invalid>",
        subject="What may have been sent",
        text=DOUBT,
        html="",
        evidence={"restored": True},
        sending_at=at,
    )
    session.add(touch)
    session.flush()
    _lines(rt, session, touch, action)
    audit.record(rt, session, "message-in_doubt", company_id, account_id, uid, note=DOUBT)
    mirror.wake(session, [account_id], now)
    return True


def _lines(rt: Runtime, session: Session, touch: Touch, action: Action) -> None:
    for address in action.recipients:
        values = {"touch_id": touch.id, "company_id": touch.company_id, "day": action.day}
        heard = insert_into(session, TouchRecipient).values(address_hash=rt.vault.hash_address(address), **values)
        session.execute(heard.on_conflict_do_nothing())
    for line in action.lines:
        invoice = session.get_one(Invoice, line.invoice)
        said = insert_into(session, TouchInvoice).values(
            touch_id=touch.id,
            invoice_id=line.invoice,
            anchor=line.anchor,
            step=line.step,
            rung=line.rung,
            balance_minor=invoice.balance_minor,
            currency=invoice.currency,
            version=invoice.version,
        )
        session.execute(said.on_conflict_do_nothing())

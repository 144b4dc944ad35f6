"""Carrying out one change of a ledger exactly once: the common way of payments, credit notes, dates and all the rest.

The bytes and the key are stored before the call; a lost answer repeats both while the vendor remembers the key, and
later, or after a refusal, it looks first. What is written, and what its end means, is said by a `Side`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.errors import Misconfigured, OutsideError, Reconnect, Rejected, Stale, Transient
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    Ledger,
    NoteOrder,
    Order,
    PaymentOrder,
    Purpose,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
    Written,
    needs,
)
from models import Company, Effect, EffectKind, EffectState
from workflows import dirty, effects, permissions, reading
from workflows.connections import with_ledger
from workflows.grants import allows
from workflows.runtime import Runtime

# Shorter than any vendor remembers a key: who takes over from a worker that hangs repeats what that one may yet send.
LEASE = timedelta(minutes=3)
WAITS = (60.0, 120.0, 300.0, 900.0, 3600.0)  # after the first lost answer, the second … and every later one
PATIENCE = 3600.0
PATIENT_FOR = timedelta(hours=24)
FORGOTTEN = "1970-01-01T00:00:00+00:00"
SAFETY = timedelta(seconds=30)
STALE_TRIES = 5
TAKEN_BACK = "It was written and then taken back in the ledger; a person must say what is right."
USED = "The credit had been used in the ledger already, so nothing was left to do."
_SHOWN_BY: dict[type[Order], tuple[str, ...]] = {
    UndoPaymentOrder: ("payment",),
    CreditOrder: ("credit",),
    AllocationOrder: ("credit", "invoice"),
    UndoAllocationOrder: ("credit", "invoice"),
    UndoCreditOrder: ("credit",),
    DateOrder: ("invoice",),
    NoteOrder: (),
    ExpenseOrder: (),
    InvoiceOrder: ("invoice",),
}


Make = Callable[[date], Order]


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written as things stand: the order, made for its day. `against` says why it must not be written.

    `note` says what is remarkable about it. `before` may have been written earlier under the same reference.
    """

    make: Make
    day: date
    against: str = ""
    note: str = ""
    before: Make | None = None

    @property
    def order(self) -> Order:
        return self.make(self.day)


@dataclass(frozen=True, slots=True)
class Side:
    """One family of writes. `decide` reads; `written` and `refused` keep what came of it, in the effect's transaction.

    `letters` begin its keys.
    """

    letters: str
    decide: Callable[[Runtime, Session, Effect], Decided]
    written: Callable[[Runtime, Session, Effect, Decided, Written], None]
    refused: Callable[[Runtime, Session, Effect, str], None]


def want(
    rt: Runtime, session: Session, key: str, company_id: int, account_id: int | None, content: dict[str, Any]
) -> EffectState:
    """Have it written: one effect for each key."""
    return effects.want(
        rt,
        session,
        key=key,
        kind=EffectKind.BOOKING,
        company_id=company_id,
        account_id=account_id,
        content=content,
    )


def again(rt: Runtime, session: Session, key: str, **content: Any) -> bool:
    """A person says: once more. It is looked up first and goes out under a new number; False where there is none.

    What was taken back in the ledger before does not count any more: the person has seen it.
    """
    effect = session.scalars(select(Effect).where(Effect.key == key)).first()
    if effect is None:
        return False
    effect.state, effect.not_before, effect.note = EffectState.DUE.value, rt.clock.now(), ""
    effect.attempts = 0
    since = {"used_at": FORGOTTEN, "since": rt.clock.now().isoformat(), "again": effect.content.get("number", 0)}
    effect.content = {**effect.content, **since, **content}
    return True


def was_tried(effect: Effect) -> bool:
    """Whether it ever went out, so that it may stand in the ledger."""
    return "number" in effect.content


def perform(rt: Runtime, effect: Effect, side: Side) -> None:
    """Perform one claimed write to its end, or put it back for another try."""
    lease = rt.clock.now() + LEASE
    with rt.store.write() as session:
        if not effects.move(rt, session, effect, EffectState.SENDING, since=EffectState.CLAIMED, lease_until=lease):
            return
    job = _Job(rt, effect, side, dict(effect.content))
    try:
        decided, written = with_ledger(rt, effect.company_id, job.carry_out)
        decided = replace(decided, note=job.remark or decided.note)
    except _TakenOver:
        return
    except Rejected as error:
        _refused(rt, effect, side, str(error))
    except (Reconnect, Misconfigured) as error:
        _later(rt, effect, side, str(error), PATIENCE)
    except OutsideError as error:
        asked = error.retry_after if isinstance(error, Transient) else 0
        _later(rt, effect, side, str(error), max(asked, _growing(effect)))
    except Exception as error:
        # A mistake of ours; the dispatcher logs it. The keys make another try harmless.
        _later(rt, effect, side, f"It broke off ({type(error).__name__}); the log says more.", _growing(effect))
        raise
    else:
        _written(rt, effect, side, decided, written)


class _TakenOver(Exception):
    """Our lease ran out and somebody else has the effect by now; theirs is the word that counts."""


@dataclass(slots=True)
class _Job:
    """One try at one effect. `content` is as stored: the number, key and bytes of the last attempt, and when.

    `remark` is what is remarkable about how it was found done.
    """

    rt: Runtime
    effect: Effect
    side: Side
    content: dict[str, Any]
    remark: str = ""

    def carry_out(self, ledger: Ledger) -> tuple[Decided, Written]:
        """Write, or find it written. Rejected: a person must see to it."""
        if "again" in self.content and not self.effect.attempts:
            # A person has looked at it: since the last reading the books may have been closed, or opened for it.
            reading.about(self.rt, self._company, ledger)
        for _ in range(STALE_TRIES):
            decided, repeat = self._decide(), self._remembered()
            found = self._done_before(ledger, decided, repeat)
            if found is not None:
                return decided, found
            try:
                return decided, self._attempt(ledger, decided, repeat)
            except Stale:
                self._forget()
            except (Reconnect, Misconfigured):
                self._forget()
                raise
            except Rejected:
                # It may be refused because it has been done: by an attempt of ours, or by somebody in the ledger.
                found = self._find(ledger, decided)
                if found is not None and not found.gone:
                    return decided, found
                if not repeat:
                    raise
                self._forget()  # what was decided then is refused now: decide again
        raise Transient("It is being changed in the ledger again and again just now.")

    def _done_before(self, ledger: Ledger, decided: Decided, repeat: bool) -> Written | None:
        """It as an earlier attempt wrote it; None when another attempt may be made, Rejected when none may.

        Also before the last one is repeated: how long ago that was, another machine's clock may have said wrongly.
        """
        may_be_used = bool(decided.against) and isinstance(decided.order, AllocationOrder)
        found = self._find(ledger, decided) if self._number or may_be_used else None
        if found is not None and not found.gone:
            return found
        if found is not None and self._number != self.content.get("again"):
            raise Rejected(TAKEN_BACK)  # never written again unseen
        if decided.against and not repeat:
            raise Rejected(decided.against)
        return None

    @property
    def _number(self) -> int:
        """How many attempts there were."""
        return int(self.content.get("number", 0))

    def _decide(self) -> Decided:
        with self.rt.store.read() as session:
            decided = self.side.decide(self.rt, session, self.effect)
        feature = needs(decided.order)
        if decided.against or allows(self.rt, self.effect.company_id, feature):
            return decided
        return replace(decided, against=permissions.missing(self.rt.ledgers[self._company.ledger_kind], feature))

    @property
    def _company(self) -> Company:
        with self.rt.store.read() as session:
            return session.get_one(Company, self.effect.company_id)

    def _remembered(self) -> bool:
        """Whether the vendor still knows the key we used last, so that the same bytes may simply be sent again."""
        if not self._number:
            return False
        memory = timedelta(seconds=self.rt.ledgers[self._company.ledger_kind].key_memory) - SAFETY
        return self.rt.clock.now() - datetime.fromisoformat(self.content["used_at"]) < memory

    def _find(self, ledger: Ledger, decided: Decided) -> Written | None:
        """It as written earlier, on whichever day; one that stands before one that was taken back since."""
        days = sorted({decided.day.isoformat(), *self.content.get("days", ())})
        makes = [make for make in (decided.make, decided.before) if make]
        orders = [make(date.fromisoformat(day)) for make in makes for day in days]
        found = [one for one in map(ledger.find, orders) if one is not None]
        if not found and isinstance(decided.order, AllocationOrder):
            return self._used(ledger, decided.order.credit)
        return min(found, key=lambda one: one.gone, default=None)

    def _used(self, ledger: Ledger, credit: str) -> Written | None:
        """The credit, when it stands and nothing of it is left: QuickBooks may apply a new credit memo by itself."""
        for page in ledger.named("credit", [credit], Purpose.FIND):
            for row in page.credits:
                if row.id == credit and not row.gone and row.remaining.minor == 0:
                    self.remark = USED
                    return Written(row.id, version=row.version)
        return None

    def _attempt(self, ledger: Ledger, decided: Decided, repeat: bool) -> Written:
        """The last attempt again, else a new one, written down before it is made."""
        if not repeat:
            body = ledger.prepare(decided.order)
            self._store(
                number=self._number + 1,
                key=f"{self.side.letters}-{decided.order.reference}-{self._number + 1}",
                body=base64.b64encode(body).decode(),
                used_at=self.rt.clock.now().isoformat(),
                days=sorted({decided.day.isoformat(), *self.content.get("days", ())}),
            )
        return ledger.write(decided.order, base64.b64decode(self.content["body"]), self.content["key"])

    def _forget(self) -> None:
        """Vendors remember refusals under their key: the next attempt looks first and gets another."""
        if self._number:
            self._store(used_at=FORGOTTEN)

    def _store(self, **content: Any) -> None:
        self.content |= content
        rt, lease = self.rt, self.rt.clock.now() + LEASE
        on = EffectState.SENDING
        with rt.store.write() as session:
            if not effects.move(rt, session, self.effect, on, since=on, content=self.content, lease_until=lease):
                raise _TakenOver


def _growing(effect: Effect) -> float:
    return WAITS[min(effect.attempts, len(WAITS) - 1)]


def _later(rt: Runtime, effect: Effect, side: Side, note: str, wait: float) -> None:
    """Try again after `wait` seconds; after a day in vain it is told at the desk."""
    since = effect.content.get("since")
    began = datetime.fromisoformat(since) if since else effect.created_at
    if rt.clock.now() - began > PATIENT_FOR:
        _refused(rt, effect, side, note)
    else:
        effects.put_back(rt, effect, wait, note, EffectState.SENDING)


def _refused(rt: Runtime, effect: Effect, side: Side, why: str) -> None:
    with rt.store.write() as session:
        if effects.move(rt, session, effect, EffectState.REJECTED, since=EffectState.SENDING, note=why):
            side.refused(rt, session, effect, why)
            dirty.expect_change(
                rt, session, effect.company_id, (("invoice", ""),)
            )  # the books may not be as we thought


def _written(rt: Runtime, effect: Effect, side: Side, decided: Decided, written: Written) -> None:
    """Whoever took the effect over meanwhile finds it written, and writes that down."""
    note = f"Written as {written.id}. {decided.note}".strip()
    with rt.store.write() as session:
        if effects.move(rt, session, effect, EffectState.SENT, since=EffectState.SENDING, note=note):
            side.written(rt, session, effect, decided, written)
            for entity in _shown_by(decided.order):
                dirty.expect_change(rt, session, effect.company_id, ((entity, ""),))


def _shown_by(order: Order) -> tuple[str, ...]:
    """The kinds of rows in which the next reading can see it; a note is in none."""
    if isinstance(order, PaymentOrder):
        return ("payment",) if order.invoice else ("payment", "credit")
    return _SHOWN_BY[type(order)]


def open_day(company: Company, day: date, today: date) -> tuple[date, str, str]:
    """The day on which something of `day` can be dated: that day, else the first one after the closed books.

    (day, a note naming both days where they differ, why it cannot be dated at all): the last two may be empty.
    """
    locked = company.locked_until
    if locked is None or day > locked:
        return day, "", ""
    first = locked + timedelta(days=1)
    closed = f"{spoken(day)} lies in the closed books (up to {spoken(locked)})"
    if first <= today:
        return first, f"{closed}, so it is dated {spoken(first)}.", ""
    return day, "", f"{closed}. Open that period in the ledger, or try again from {spoken(first)} on."


def spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"

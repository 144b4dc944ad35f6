"""Performing what is due: one round per company, sharing one reading of the ledger and one mail session.

Bookings have rounds of their own, one after another for each company, and wait for no mail server.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from integrations.errors import OutsideError, Reconnect, Transient
from models import Effect, EffectKind, EffectState
from workflows import bookings, by_hand, door, effects, outbox, replies, sending, tasks, thanks
from workflows.runtime import Lane, Runtime, Work

log = structlog.get_logger()
_SENDERS = {
    EffectKind.MESSAGE: sending.send,
    EffectKind.BY_HAND: by_hand.send,
    EffectKind.THANKS: thanks.send,
    EffectKind.ANSWER: replies.send,
}
_BOOKED = (EffectKind.BOOKING,)
LATER = 900.0


def book_due(rt: Runtime) -> int:
    """Have what is to be booked written into the ledgers; for how many companies."""
    return rt.engine.give(rt, BOOKING)


def perform_due(rt: Runtime) -> int:
    """Have a round run for every company with something to say; how many."""
    return rt.engine.give(rt, SPEAKING)


def book_round(rt: Runtime, company_id: int) -> None:
    """What is to be booked for one company now."""
    for effect in effects.claim(rt, company_id, effects.owner(rt), _BOOKED):
        _guarded(rt, effect, partial(bookings.book, rt, effect))


def perform_round(rt: Runtime, company_id: int) -> None:
    """All that is to be said for one company now: thanks first, then messages on freshly read figures."""
    claimed = effects.claim(rt, company_id, effects.owner(rt), _SENDERS)
    _open_tasks(rt, company_id, [effect for effect in claimed if tasks.is_task(effect)])
    speaking = [effect for effect in claimed if not tasks.is_task(effect)]
    if not speaking:
        return
    try:
        way = outbox.of(rt, company_id)
    except outbox.Held as held:
        _hold(rt, [(effect, held.until, str(held)) for effect in speaking])
    except OutsideError as error:
        _all_later(rt, speaking, error)
    else:
        _perform(rt, company_id, way, [effect for effect in speaking if not _is_over(rt, way, effect)])


def _open_tasks(rt: Runtime, company_id: int, claimed: Sequence[Effect]) -> None:
    """A call or a letter needs fresh figures like a message, and no mail server."""
    if claimed and _read_first(rt, company_id, claimed):
        for effect in claimed:
            _guarded(rt, effect, partial(tasks.perform, rt, effect))


def _is_over(rt: Runtime, way: outbox.Outbox, effect: Effect) -> bool:
    """A reminder that waited past its day is planned anew for this one, without a reading of its own."""
    today = way.calendar.today(rt.clock.now()).isoformat()
    over = effect.kind == EffectKind.MESSAGE.value and effect.content["day"] < today
    if over:
        sending.drop(rt, effect, "The day it was written for is over; it is planned anew.")
    return over


def _perform(rt: Runtime, company_id: int, way: outbox.Outbox, speaking: Sequence[Effect]) -> None:
    """What there is room for leaves now; the rest is told when its turn comes, once it is known what has left."""
    leaving = way.first(rt, speaking)
    chosen = {effect.id for effect in leaving}
    reminding = [effect for effect in leaving if effect.kind == EffectKind.MESSAGE.value]
    if reminding and not _read_first(rt, company_id, reminding):
        leaving = [effect for effect in leaving if effect not in reminding]
    if leaving:
        _speak(rt, way, leaving)
    _hold(rt, way.waits(rt, [effect for effect in speaking if effect.id not in chosen]))


def _read_first(rt: Runtime, company_id: int, reminding: Sequence[Effect]) -> bool:
    """Fresh balances for all of the round's accounts; without them nobody is reminded."""
    try:
        door.read(rt, company_id, sorted({effect.whom for effect in reminding}))
    except Reconnect as error:
        for effect in reminding:
            sending.drop(rt, effect, str(error))
    except OutsideError as error:
        _all_later(rt, reminding, error)
    except Exception as error:
        log.exception("a reading at the door broke off", company=company_id)
        _all_later(rt, reminding, Transient(f"The reading broke off ({type(error).__name__}).", LATER))
    else:
        return True
    return False


def _speak(rt: Runtime, way: outbox.Outbox, speaking: Sequence[Effect]) -> None:
    left = list(speaking)
    try:
        with way.open(rt) as talk:
            while left:
                send = _SENDERS[EffectKind(left[0].kind)]
                _guarded(rt, left[0], partial(send, rt, talk, left[0]))
                left.pop(0)
    except outbox.Held as held:
        _hold(rt, [(effect, held.until, str(held)) for effect in left])
    except OutsideError as error:
        # The session could not be opened, or broke before anything of `left` was handed over.
        _all_later(rt, left, error)


def _hold(rt: Runtime, waiting: Iterable[tuple[Effect, datetime, str]]) -> None:
    """Not a try that failed: due again at its moment, with the reason."""
    puts = list(waiting)  # it may read, which is over before anything is written
    if not puts:
        return
    with rt.store.write() as session:
        for effect, until, note in puts:
            due = EffectState.DUE
            effects.move(rt, session, effect, due, since=EffectState.CLAIMED, note=note, not_before=until)


def _guarded(rt: Runtime, effect: Effect, perform: Callable[[], None]) -> None:
    """A mistake of ours in one effect must not hold up the others. What was already *sending* is left for `recover`."""
    try:
        perform()
    except OutsideError:
        raise
    except Exception as error:
        log.exception("an effect broke off", effect=effect.key)
        note = f"It broke off ({type(error).__name__}); the log says more."
        with rt.store.write() as session:
            # Money that was taken is never given up: it is written, or a person hears of it (`writing`).
            if effect.attempts + 1 >= sending.TRIES and effect.kind != EffectKind.BOOKING.value:
                sending.give_up(rt, session, effect, note, EffectState.CLAIMED)
            else:
                effects.back_to_due(rt, session, effect, LATER, note)


def _all_later(rt: Runtime, speaking: Sequence[Effect], error: OutsideError) -> None:
    wait = error.retry_after if isinstance(error, Transient) else LATER
    log.warning("a round must wait", kind=type(error).__name__, seconds=wait)
    for effect in speaking:
        effects.put_back(rt, effect, wait, str(error))


def _work(name: str, kinds: Collection[EffectKind], do: Callable[[Runtime, int], None], **more: Any) -> Work:
    return Work(
        name, Lane.ACT, partial(effects.due_companies, kinds=kinds), partial(effects.hand_on, kinds), do, **more
    )


BOOKING = _work("book", _BOOKED, book_round, in_turn=True, urgent=2)
SPEAKING = _work("perform", _SENDERS, perform_round, urgent=1)

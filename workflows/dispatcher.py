"""Performing what is due: one round per company, sharing one reading of the ledger and one mail session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from integrations.errors import Misconfigured, OutsideError, Reconnect, Transient
from models import Effect, EffectKind, EffectState
from workflows import bookings, door, effects, sending, thanks
from workflows.runtime import Runtime

log = structlog.get_logger()
_SENDERS = {EffectKind.MESSAGE: sending.send, EffectKind.THANKS: thanks.send}
LATER = 900.0


def perform_due(rt: Runtime) -> int:
    """Run a round for every company with something due; how many companies."""
    companies = effects.due_companies(rt)
    rt.engine.run([partial(perform_round, rt, company_id) for company_id in companies])
    return len(companies)


def perform_round(rt: Runtime, company_id: int) -> None:
    """Everything due for one company: bookings first, then thanks, then messages on freshly read figures."""
    claimed = effects.claim(rt, company_id, rt.new_id())
    for effect in claimed:
        if effect.kind == EffectKind.BOOKING.value:
            _guarded(rt, effect, partial(bookings.book, rt, effect))
    reminding = [effect for effect in claimed if effect.kind == EffectKind.MESSAGE.value]
    speaking = [effect for effect in claimed if effect.kind == EffectKind.THANKS.value]
    if reminding and _read_first(rt, company_id, reminding):
        speaking += reminding
    if speaking:
        _speak(rt, speaking)


def _read_first(rt: Runtime, company_id: int, reminding: Sequence[Effect]) -> bool:
    """Fresh balances for all of the round's accounts; without them nobody is reminded."""
    try:
        door.read(rt, company_id, sorted({effect.account_id for effect in reminding}))
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


def _speak(rt: Runtime, speaking: Sequence[Effect]) -> None:
    if rt.channel is None:
        _all_later(rt, speaking, Misconfigured("No mail server is set up."))
        return
    left = list(speaking)
    try:
        with rt.channel.open() as talk:
            while left:
                send = _SENDERS[EffectKind(left[0].kind)]
                _guarded(rt, left[0], partial(send, rt, talk, left[0]))
                left.pop(0)
    except OutsideError as error:
        # The session could not be opened, or broke before anything of `left` was handed over.
        _all_later(rt, left, error)


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
            if effect.attempts + 1 >= sending.TRIES:
                sending.give_up(rt, session, effect, note, EffectState.CLAIMED)
            else:
                effects.back_to_due(rt, session, effect, LATER, note)


def _all_later(rt: Runtime, speaking: Sequence[Effect], error: OutsideError) -> None:
    wait = error.retry_after if isinstance(error, Transient) else LATER
    log.warning("a round must wait", kind=type(error).__name__, seconds=wait)
    for effect in speaking:
        effects.put_back(rt, effect, wait, str(error))

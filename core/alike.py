"""Replays of accounts that are alike: `plan()` sees no names, so who differs in names alone hears the same.

Makes the preview of a large company short, whose many customers with one open invoice stand on few different days.
Decides nothing; what it cannot compare for certain it replays.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from datetime import datetime

from core.because import Because
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts
from core.plan import Action
from core.replay import Replay, replay


class Alike:
    """Replays from `start` to `end`, each kind of account once."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        self._known: dict[Hashable, tuple[Replay, AccountFacts]] = {}
        self._by_amount: dict[str, bool] = {}

    def replay(self, account: AccountFacts, cadence: Cadence, calendar: Calendar) -> Replay:
        """The same as `replay`, to the last detail."""
        if account.credits or account.approvals or self._asks_amounts(cadence):
            return replay(account, cadence, calendar, self._start, self._end)
        key = (cadence.fingerprint, calendar, _seen(account))
        found = self._known.get(key)
        if found is None:
            told = replay(account, cadence, calendar, self._start, self._end)
            self._known[key] = told, account
            return told
        return _renamed(*found, account)

    def _asks_amounts(self, cadence: Cadence) -> bool:
        known = self._by_amount.get(cadence.fingerprint)
        if known is None:
            asked = [step.when for step in cadence.steps]
            known = any(when.amount is not None or when.account is not None for when in asked)
            self._by_amount[cadence.fingerprint] = known
        return known


def _readers(account: AccountFacts) -> list[str]:
    """Everybody who gets mail about one of its invoices, in the order of first mention."""
    return list(dict.fromkeys(address for one in account.invoices for address in one.recipients))


def _seen(account: AccountFacts) -> Hashable:
    """What `plan()` can tell accounts apart by, where amounts are not asked for: all but names, ids and sums."""
    places = {address: place for place, address in enumerate(_readers(account))}
    ranks = {id: rank for rank, id in enumerate(sorted(one.id for one in account.invoices))}
    return (
        account.holds,
        account.segment,
        account.payer,
        account.usual_delay,
        account.connected,
        account.caps,
        account.channels,
        account.drafts,
        tuple(_places(group, places) for group in (account.refused, account.bounced, account.opted_out)),
        tuple((_places(one.recipients, places), one.day, one.state, one.at, one.own) for one in account.touches),
        tuple((ranks[one.id], _invoice(one, places)) for one in account.invoices),
    )


def _places(addresses: Collection[str], places: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted(places[address] for address in addresses if address in places))


def _invoice(one: InvoiceFacts, places: Mapping[str, int]) -> Hashable:
    return (
        one.status,
        one.issued,
        one.due,
        one.delivered,
        one.balance.minor > 0,
        one.balance.currency,
        tuple(places[address] for address in one.recipients),
        one.holds,
        one.told,
        one.arranged,
        one.instalment and one.instalment.day,
        one.broken,
        one.resolved,
        tuple(
            (said.step, said.day, said.state, said.anchor, said.rung, said.balance and said.balance > one.balance.minor)
            for said in one.said
        ),
    )


def _renamed(told: Replay, like: AccountFacts, account: AccountFacts) -> Replay:
    """What was told of `like`, told of `account`."""
    ids = {old.id: new.id for old, new in zip(like.invoices, account.invoices, strict=True)}
    names = dict(zip(_readers(like), _readers(account), strict=True))
    return Replay(
        tuple((moment, _action(action, account.id, ids, names)) for moment, action in told.sent),
        tuple(_because(no, ids) for no in told.because),
    )


def _action(action: Action, account: int, ids: Mapping[int, int], names: Mapping[str, str]) -> Action:
    return replace(
        action,
        account=account,
        recipients=tuple(names[address] for address in action.recipients),
        lines=tuple(replace(line, invoice=ids[line.invoice]) for line in action.lines),
    )


def _because(no: Because, ids: Mapping[int, int]) -> Because:
    return no if no.invoice is None else replace(no, invoice=ids[no.invoice])

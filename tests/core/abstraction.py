"""The map from concrete accounts to the abstract states that the proof visits.

A sight is all of an invoice's facts, its account, the calendar and the day that its ladder can depend on, as answers of
yes and no: how far it has climbed, and of each step whether it is within reach. Two questions with the same sight must
get the same answer; that is what lets a few abstract states stand for all accounts.
"""

from __future__ import annotations

from datetime import date, timedelta

from core.because import Because
from core.cadence import Anchor, Payer, Step
from core.facts import AccountFacts, InvoiceFacts, Said
from core.ladder import Proposal, applies, episode
from core.timetable import Timetable

Answer = tuple[Proposal, ...] | Because
Sight = tuple[object, ...]


def decision(answer: Answer) -> object:
    """What is said: steps by name and whether it is said again; None for every silence."""
    return (
        None if isinstance(answer, Because) else tuple((one.step.name, one.anchor.endswith("/part")) for one in answer)
    )


def sight(invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date) -> Sight:
    assert invoice.due is not None
    now = episode(invoice, invoice.due, table)
    steps = table.ladders[now.ladder].steps
    names = {step.name: place for place, step in enumerate(steps)}
    heard = [one for one in invoice.said if one.step in names and _of(one, now.name)]
    last = max(heard, key=lambda one: (names[one.step], one.day, one.anchor), default=None)
    place = -1 if last is None else names[last.step]
    rung = _rung(last, steps[place]) if last else 0
    part = last is not None and last.balance is not None and invoice.balance.minor < last.balance and rung > 0
    arranged = now.ladder is Anchor.INSTALMENT
    told = None if invoice.told is None or arranged else table.cadence.branch(invoice.told.reason).ceiling
    ready = _ready(invoice, account, table, today, last)
    reach = [(step.name, ready[step.name] and applies(step.when, invoice, account)) for step in steps[place + 1 :]]
    again = any(one.anchor == f"{now.name}/part" for one in heard)
    old = not arranged and _too_old(invoice, account, table, today)
    statement = _statement(invoice, account, table, today)
    soon = part and last is not None and _again_ready(invoice, account, table, today, last, place)
    asked = part and applies(steps[place].when, invoice, account)
    return now.ladder, place, rung, part, again, told, old, tuple(reach), soon, asked, statement


def _of(said: Said, name: str) -> bool:
    return said.anchor in ("", name, "issued", f"{name}/part")


def _rung(said: Said, step: Step) -> int:
    return step.rung if said.rung is None else min(said.rung, step.rung)


def _too_old(invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date) -> bool:
    assert invoice.due is not None
    at_start = account.connected is not None and (account.connected - invoice.due).days > (
        table.cadence.start_oldest_days
    )
    return (today - invoice.due).days > table.cadence.oldest_days or at_start


def _laid(
    invoice: InvoiceFacts, account: AccountFacts, table: Timetable
) -> tuple[tuple[date, ...], tuple[date, ...], date]:
    """Each step's day and last day on this calendar, and the first day of any follow-up."""
    assert invoice.due is not None
    now = episode(invoice, invoice.due, table)
    delivered = max(invoice.delivered or invoice.issued, invoice.issued)
    patience = min(account.usual_delay, table.cadence.wait_days) if account.payer is Payer.STEADY else 0
    laid = table.ladders[now.ladder].on(now.base, delivered, patience if now.ladder is Anchor.DUE else 0)
    settled = max(delivered, invoice.broken or date.min, invoice.resolved or date.min)
    floor = settled + timedelta(days=table.cadence.settle_days)
    return laid.days, laid.lasts, max(floor, _of_parts(invoice) + timedelta(days=7))


def _of_parts(invoice: InvoiceFacts) -> date:
    """The day of the last word about an arrangement that is over."""
    words = [one.day for one in invoice.said if one.anchor.startswith("instalment/") and invoice.instalment is None]
    return max(words, default=date(1, 1, 1))


def _ready(
    invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date, last: Said | None
) -> dict[str, bool]:
    """Of each step whether its day has come and not gone."""
    assert invoice.due is not None
    steps = table.ladders[episode(invoice, invoice.due, table).ladder].steps
    days, lasts, floor = _laid(invoice, account, table)
    late = timedelta(0)
    for step, day in zip(steps, days, strict=True):
        if last is not None and step.name == last.step and not step.is_nudge:
            late = max(late, last.day - day, _of_parts(invoice) - day)
    found = {}
    for step, day, end in zip(steps, days, lasts, strict=True):
        first = max(day, invoice.issued) if step.is_nudge else max(day + late, floor)
        found[step.name] = first <= today <= end
    return found


def _again_ready(
    invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date, last: Said, place: int
) -> bool:
    """Whether the same word may come again: as long after it as the next one would, and a week at the least."""
    days, _, floor = _laid(invoice, account, table)
    spacing = max(days[min(place + 1, len(days) - 1)] - days[place], timedelta(days=7))
    return today >= max(floor, last.day + spacing, _of_parts(invoice) + spacing)


def _statement(invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date) -> bool:
    step = table.statement
    if step is None or invoice.arranged or not applies(step.when, invoice, account):
        return False
    month = f"month/{today:%Y-%m}"
    sent = any(word.anchor == month for word in invoice.said) or any(
        one.statement == month and one.recipients == invoice.recipients for one in account.touches
    )
    day = table.of_month(step, today)
    return not sent and invoice.issued <= day and timedelta(0) <= today - day <= timedelta(days=6)

"""What a backtest would have meant to the customers, counted: by step, week, day, customer, cause and currency.

Counts only what `backtest` answers. Money is never summed across currencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.backtest import Backtest, Past, Sent, asks
from core.because import Cause
from core.cadence import Anchor, Cadence, Channel, Step, Tone
from core.money import Money

SOON = 2
"""Days within which a customer who pays after a message would have paid anyway."""

_WORST = 10
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StepTally:
    """`messages` were led by the step, `invoices` spoken about with it.

    Of the messages, `paid_within_two_days` had an invoice that was paid on that day or one of the two after it, and
    `after_payment` one that had been paid on an earlier day without being booked yet.
    """

    step: str
    anchor: Anchor
    offset: int
    channel: Channel
    tone: Tone
    messages: int
    invoices: int
    paid_within_two_days: int
    after_payment: int


@dataclass(frozen=True, slots=True)
class Often:
    """A customer's contacts: the most in any seven days running (which began on `since`), and all of them."""

    customer: str
    in_seven_days: int
    since: date
    contacts: int


@dataclass(frozen=True, slots=True)
class HeardFirm:
    """A customer who would have heard firm steps: how many times, when first, and which."""

    customer: str
    messages: int
    first: date
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CurrencyTally:
    currency: str
    invoices: int
    amount: Money
    spoken_about: int
    amount_spoken_about: Money


@dataclass(frozen=True, slots=True)
class Tally:
    """All figures of one cadence over one history.

    `weeks`: (contacts, in how many weeks of a customer with something open), weeks beginning on Monday; `by_week`:
    (its Monday, messages); `approvals` are the messages a person would have been asked about first; `causes` are those
    of the invoices never spoken about.
    """

    cadence: str
    title: str
    start: date
    end: date
    booking_delay: int
    invoices: int
    customers: int
    messages: int
    paid_within_two_days: int
    after_payment: int
    approvals: int
    steps: tuple[StepTally, ...]
    weeks: tuple[tuple[int, int], ...]
    most_often: tuple[Often, ...]
    busiest_days: tuple[tuple[date, int], ...]
    by_week: tuple[tuple[date, int], ...]
    firm_steps: tuple[str, ...]
    heard_firm: tuple[HeardFirm, ...]
    never_spoken_about: int
    causes: tuple[tuple[Cause, int], ...]
    currencies: tuple[CurrencyTally, ...]


def tally(found: Backtest) -> Tally:
    """Count everything once."""
    sent, cadence, setting = found.sent, found.cadence, found.setting
    steps = _steps(cadence, sent)
    days = Counter(one.day for one in sent)
    weeks = Counter(_monday(one.day) for one in sent)
    firm = firm_steps(cadence)
    return Tally(
        cadence=cadence.name,
        title=cadence.title,
        start=setting.start,
        end=setting.end,
        booking_delay=setting.booking_delay,
        invoices=len(found.looked_at),
        customers=len({one.customer for one in found.looked_at}),
        messages=len(sent),
        paid_within_two_days=sum(one.paid_within_two_days for one in steps),
        after_payment=sum(one.after_payment for one in steps),
        approvals=sum(asks(cadence, (step for _, step in one.lines)) for one in sent),
        steps=steps,
        weeks=_weeks(found),
        most_often=_most_often(sent),
        busiest_days=tuple(sorted(days.items(), key=lambda one: (-one[1], one[0]))[:_WORST]),
        by_week=tuple(sorted(weeks.items())),
        firm_steps=firm,
        heard_firm=_heard_firm(sent, frozenset(firm)),
        never_spoken_about=len(found.silent),
        causes=tuple(Counter(cause for _, cause in found.silent).most_common()),
        currencies=_currencies(found),
    )


def _possible(cadence: Cadence) -> tuple[Step, ...]:
    """The steps a history can lead to: it holds no promises, no arrangements and no ends of disputes."""
    return cadence.ladders[Anchor.DUE] + cadence.ladders[Anchor.MONTH]


def firm_steps(cadence: Cadence) -> tuple[str, ...]:
    """Those in a firm tone, and the top of the ladder."""
    top = max((step.rung for step in cadence.ladders[Anchor.DUE]), default=0)
    return tuple(step.name for step in _possible(cadence) if step.tone is Tone.FIRM or step.rung == top > 0)


def _steps(cadence: Cadence, sent: Sequence[Sent]) -> tuple[StepTally, ...]:
    messages, invoices, soon, before = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for one in sent:
        invoices.update([step for _, step in one.lines])
        late = [(past.settled - one.day).days for past, _ in one.lines if past.settled is not None]
        messages[one.step] += 1
        soon[one.step] += any(0 <= days <= SOON for days in late)
        before[one.step] += any(days < 0 for days in late)
    return tuple(
        StepTally(
            step.name,
            step.anchor,
            step.offset,
            step.channel,
            step.tone,
            messages[step.name],
            invoices[step.name],
            soon[step.name],
            before[step.name],
        )
        for step in _possible(cadence)
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(found: Backtest) -> tuple[tuple[int, int], ...]:
    """Weeks of a customer with something open, by how many contacts fell into them."""
    contacts = Counter((one.customer, _monday(one.day)) for one in found.sent)
    open_weeks = {(one.customer, week) for one in found.looked_at for week in _open_weeks(one, found)}
    counted = Counter(contacts.values())
    counted[0] = len(open_weeks - contacts.keys())
    return tuple(sorted(counted.items()))


def _open_weeks(one: Past, found: Backtest) -> Iterable[date]:
    setting = found.setting
    week = _monday(max(one.issued, setting.start))
    last = min(one.settled or setting.end, setting.end)
    while week <= last:
        yield week
        week += _WEEK


def _most_often(sent: Sequence[Sent]) -> tuple[Often, ...]:
    days: dict[str, list[date]] = {}
    for one in sent:
        days.setdefault(one.customer, []).append(one.day)
    found = [Often(customer, *_densest(own), len(own)) for customer, own in days.items()]
    return tuple(sorted(found, key=lambda one: (-one.in_seven_days, -one.contacts, one.customer))[:_WORST])


def _densest(days: Sequence[date]) -> tuple[int, date]:
    """(the most of these ordered days within seven days running, the first of them)."""
    most, since, first = 0, days[0], 0
    for place, day in enumerate(days):
        while day - days[first] >= _WEEK:
            first += 1
        if place - first + 1 > most:
            most, since = place - first + 1, days[first]
    return most, since


def _heard_firm(sent: Sequence[Sent], firm: frozenset[str]) -> tuple[HeardFirm, ...]:
    heard: dict[str, list[tuple[date, list[str]]]] = {}
    for one in sent:
        steps = [step for _, step in one.lines if step in firm]
        if steps:
            heard.setdefault(one.customer, []).append((one.day, steps))
    found = [
        HeardFirm(customer, len(times), times[0][0], tuple(sorted({step for _, steps in times for step in steps})))
        for customer, times in heard.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.messages, one.first, one.customer)))


def _currencies(found: Backtest) -> tuple[CurrencyTally, ...]:
    silent = {one for one, _ in found.silent}
    sums: dict[str, tuple[list[Money], list[Money]]] = {}
    for one in found.looked_at:
        every, spoken = sums.setdefault(one.amount.currency, ([], []))
        every.append(one.amount)
        if one not in silent:
            spoken.append(one.amount)
    return tuple(
        CurrencyTally(code, len(every), sum(every, Money.zero(code)), len(spoken), sum(spoken, Money.zero(code)))
        for code, (every, spoken) in sorted(sums.items())
    )

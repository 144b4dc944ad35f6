"""What a backtest found, as tables with their words and charts: the same for a page, a file and a terminal.

One column a cadence, two side by side. It puts figures into words and computes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from core.because import Cause
from core.cadence import Anchor, Channel
from core.tally import HeardFirm, StepTally, Tally
from web import charts, formats, presenters
from workflows.backtests import Compared

_MOST_ROWS = 20
_TASKS = {Channel.CALL: "call", Channel.LETTER: "letter", Channel.SMS: "SMS"}
_BEFORE_ITS_WORD = "Paid before its first word"
_NO_CHART = Markup("")


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, a sentence, columns and rows of (label, one cell a column); `more` rows were left out.

    `folded`: the chart tells it, the rows are there for who wants them.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    chart: Markup = _NO_CHART
    more: int = 0
    folded: bool = False


def tables(found: Compared) -> tuple[Table, ...]:
    """Everything there is to say about one or two cadences, what matters most first."""
    tallies = found.tallies
    made = (
        _summary(tallies),
        _steps(tallies),
        _weeks(tallies),
        _over_time(tallies),
        _busiest(tallies),
        _most_often(tallies),
        _firm(tallies),
        _silent(tallies),
        _currencies(tallies),
    )
    return tuple(table for table in made if table.rows)


def introduction(found: Compared) -> str:
    """What was looked at, in a few sentences."""
    one = found.tallies[0]
    known = formats.count(one.booking_delay, "day")
    disputed = sum(past.disputed for past in found.history.invoices)
    return (
        f"{_many(one.invoices, 'invoice')} of {_many(one.customers, 'customer')}, from "
        f"{formats.day(one.start)} to {formats.day(one.end)}. A payment counts as known {known} after it was made; "
        "nothing is used that was not known on the day. Steps that a person must approve count as approved at once."
        + (f" Nothing is said about {_many(disputed, 'invoice')} marked as disputed." if disputed else "")
    )


def _many(number: int, one: str) -> str:
    """`1 invoice`, `2,466 invoices`."""
    return f"{formats.thousands(number)} {one if number == 1 else one + 's'}"


def _titles(tallies: Sequence[Tally]) -> tuple[str, ...]:
    """The cadences' titles; their names too where the titles are the same."""
    titles = tuple(one.title for one in tallies)
    return titles if len(set(titles)) == len(titles) else tuple(f"{one.title} ({one.cadence})" for one in tallies)


def _summary(tallies: Sequence[Tally]) -> Table:
    rows: tuple[tuple[str, Callable[[Tally], str]], ...] = (
        ("Messages and tasks", lambda one: formats.thousands(one.messages)),
        ("to customers who paid within two days anyway", lambda one: _part(one.paid_within_two_days, one.messages)),
        ("after a payment that was not booked yet", lambda one: _part(one.after_payment, one.messages)),
        ("shown to a person first", lambda one: _part(one.approvals, one.messages)),
        ("Most contacts of one customer in seven days", lambda one: str(_in_seven_days(one))),
        ("Customers who would have heard a firm step", lambda one: _part(len(one.heard_firm), one.customers)),
        ("Invoices never spoken about", lambda one: _part(one.never_spoken_about, one.invoices)),
    )
    told = tuple((label, tuple(tell(one) for one in tallies)) for label, tell in rows)
    note = "Paid within two days: on the day of the message or one of the two after it."
    return Table("In short", note, _titles(tallies), told)


def _part(some: int, whole: int) -> str:
    return f"{formats.thousands(some)} ({100 * some / whole:.0f} %)" if whole else formats.thousands(some)


def _in_seven_days(one: Tally) -> int:
    return one.most_often[0].in_seven_days if one.most_often else 0


def _steps(tallies: Sequence[Tally]) -> Table:
    each = [{step.step: step for step in one.steps} for one in tallies]
    names = _by_day(each)
    several = len(tallies) > 1
    parts = (
        ("messages", "paid anyway", "already paid")
        if several
        else ("Messages", "Paid within two days anyway", "Already paid, not booked", "Invoices")
    )
    columns = [f"{title}: {part}" for title in _titles(tallies) for part in parts] if several else parts
    rows = []
    for name in names:
        cells: list[str] = []
        for steps in each:
            step = steps.get(name)
            told = (step.messages, step.paid_within_two_days, step.after_payment, step.invoices) if step else None
            cells += [formats.thousands(value) for value in told[: len(parts)]] if told else ["–"] * len(parts)
        rows.append((_step_label(name, each), tuple(cells)))
    labels = tuple(label for label, _ in rows)
    sent = tuple(
        (title, tuple(steps[name].messages if name in steps else 0 for name in names))
        for title, steps in zip(_titles(tallies), each, strict=True)
    )
    note = "A message about several invoices counts for the step that leads it."
    chart = charts.bars(charts.Chart("Messages by step", labels, sent))
    return Table("Messages by step", note, tuple(columns), tuple(rows), chart)


def _step_label(name: str, each: Sequence[dict[str, StepTally]]) -> str:
    channel = next(steps[name].channel for steps in each if name in steps)
    return presenters.step_title(name) + (f" ({_TASKS[channel]})" if channel in _TASKS else "")


def _by_day(each: Sequence[dict[str, StepTally]]) -> list[str]:
    """The names of all steps in the order of their days, each ladder by itself."""
    anchors = list(Anchor)
    every = {name: step for steps in reversed(each) for name, step in steps.items()}
    return sorted(every, key=lambda name: (anchors.index(every[name].anchor), every[name].offset))


def _weeks(tallies: Sequence[Tally]) -> Table:
    each = [dict(one.weeks) for one in tallies]
    most = max((contacts for weeks in each for contacts in weeks), default=0)
    rows = tuple(
        (
            formats.count(contacts, "contact") if contacts else "None",
            tuple(_part(weeks.get(contacts, 0), sum(weeks.values())) for weeks in each),
        )
        for contacts in range(most + 1)
    )
    labels = tuple(label for label, _ in rows)
    counted = tuple(
        (title, tuple(weeks.get(contacts, 0) for contacts in range(most + 1)))
        for title, weeks in zip(_titles(tallies), each, strict=True)
    )
    note = "Weeks, from Monday to Sunday, in which a customer owed something."
    chart = charts.bars(charts.Chart("Contacts of a customer in a week", labels, counted))
    return Table("Contacts of a customer in a week", note, _titles(tallies), rows, chart)


def _over_time(tallies: Sequence[Tally]) -> Table:
    each = [dict(one.by_week) for one in tallies]
    weeks = _every_week([week for counted in each for week in counted])
    rows = tuple((formats.day(week), tuple(formats.thousands(one.get(week, 0)) for one in each)) for week in weeks)
    lines = tuple(
        (title, tuple(one.get(week, 0) for week in weeks)) for title, one in zip(_titles(tallies), each, strict=True)
    )
    chart = charts.lines(charts.Chart("Messages a week", tuple(f"{week:%b %Y}" for week in weeks), lines))
    return Table("Messages a week", "Each week by its Monday.", _titles(tallies), rows, chart, folded=True)


def _every_week(known: Sequence[date]) -> list[date]:
    """Every Monday from the first to the last, also those on which nothing would have been sent."""
    if not known:
        return []
    first, last = min(known), max(known)
    return [first + timedelta(days=days) for days in range(0, (last - first).days + 1, 7)]


def _busiest(tallies: Sequence[Tally]) -> Table:
    days = max(len(one.busiest_days) for one in tallies)
    rows = tuple(
        (f"{place + 1}.", tuple(_day_told(one.busiest_days, place) for one in tallies)) for place in range(days)
    )
    return Table("Busiest days", "How many messages would have left on one day.", _titles(tallies), rows)


def _day_told(days: Sequence[tuple[date, int]], place: int) -> str:
    if place >= len(days):
        return "–"
    day, messages = days[place]
    return f"{formats.day(day)}: {formats.thousands(messages)}"


def _most_often(tallies: Sequence[Tally]) -> Table:
    told = [
        {
            one.customer: f"{one.in_seven_days} from {formats.day(one.since)}; {formats.thousands(one.contacts)} in all"
            for one in tally.most_often
        }
        for tally in tallies
    ]
    names = dict.fromkeys(name for one in told for name in one)
    rows = tuple((name, tuple(one.get(name, "–") for one in told)) for name in names)
    note = "The most contacts in any seven days running."
    return Table("Who would have heard most often", note, _titles(tallies), rows)


def _firm(tallies: Sequence[Tally]) -> Table:
    each = [{one.customer: one for one in tally.heard_firm} for tally in tallies]
    names = sorted({name for one in each for name in one}, key=lambda name: (-_times(name, each), name))
    rows = tuple(
        (
            name,
            tuple(
                f"{formats.count(one[name].messages, 'time')}, first on {formats.day(one[name].first)}"
                if name in one
                else "–"
                for one in each
            ),
        )
        for name in names[:_MOST_ROWS]
    )
    steps = [" and ".join(map(presenters.step_title, one.firm_steps)) or "none" for one in tallies]
    note = "The firm steps: " + "; ".join(f"{a}: {b}" for a, b in zip(_titles(tallies), steps, strict=True)) + "."
    more = max(len(names) - _MOST_ROWS, 0)
    return Table("Who would have heard a firm step", note, _titles(tallies), rows, more=more)


def _times(name: str, each: Iterable[dict[str, HeardFirm]]) -> int:
    return max(one[name].messages for one in each if name in one)


def _silent(tallies: Sequence[Tally]) -> Table:
    each = [dict(one.causes) for one in tallies]
    causes = sorted({cause for one in each for cause in one}, key=lambda cause: -max(one.get(cause, 0) for one in each))
    rows = tuple((cause_label(cause), tuple(formats.thousands(one.get(cause, 0)) for one in each)) for cause in causes)
    note = "The last reason for which nothing was said, before it was paid or the history ended."
    return Table("Invoices never spoken about, and why", note, _titles(tallies), rows)


def cause_label(cause: Cause) -> str:
    return _BEFORE_ITS_WORD if cause is Cause.PAID else presenters.CAUSES[cause].label


def _currencies(tallies: Sequence[Tally]) -> Table:
    each = [{one.currency: one for one in tally.currencies} for tally in tallies]
    rows = tuple(
        (
            code,
            (
                f"{formats.money(one.amount)} in {formats.thousands(one.invoices)}",
                *(
                    f"{formats.money(own[code].amount_spoken_about)} in {formats.thousands(own[code].spoken_about)}"
                    for own in each
                ),
            ),
        )
        for code, one in each[0].items()
    )
    columns = ("All invoices", *(f"{title}: spoken about" for title in _titles(tallies)))
    return Table("By currency", "Amounts of different currencies are never added up.", columns, rows)

"""One account along a timeline: `plan()` asked at each moment at which its answer can change, and nowhere else.

Under the backtest and the preview. It decides nothing: `plan()` does. Whoever walks says what has become known.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta

from core.cadence import Anchor, Cadence, Payer
from core.calendars import Calendar
from core.delivery import delivered
from core.facts import AccountFacts, InvoiceFacts
from core.plan import Plan, carried_out
from core.timetable import timetable

_MEMORY = timedelta(days=40)  # longer than any limit on messages looks back


class Walk:
    """The account counts as live and freshly read at every moment.

    An invoice that has been answered for sleeps: it is left out of the facts until its own answer may change, which is
    at the end of its because, when something about it becomes known and, where a step's condition asks for them, with a
    new habit of the payer or a change in what else is open. Where open credit must be dealt out or a statement is made
    up, nothing sleeps alone.
    """

    def __init__(self, account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> None:
        self.cadence, self.calendar = cadence, calendar
        self.open: dict[int, InvoiceFacts] = {one.id: one for one in account.invoices}
        self._known = {one.name: getattr(account, one.name) for one in fields(account)} | {"live": True}
        self._wakes: dict[int, datetime] = dict.fromkeys(self.open, now)
        asked = [step.when for step in cadence.steps]
        self._together = bool(account.credits or cadence.ladders[Anchor.MONTH]) or any(
            when.account is not None or when.open_least or when.open_most for when in asked
        )
        self._by_habit = bool(cadence.wait_days) or any(when.payers for when in asked)

    @property
    def wake(self) -> datetime | None:
        """The next moment to ask at, unless something becomes known before."""
        return min(self._wakes.values(), default=None)

    def add(self, invoice: InvoiceFacts, now: datetime) -> None:
        """A new invoice. It need not be asked about before the first day of its ladder."""
        self.open[invoice.id] = invoice
        self._wakes[invoice.id] = max(now, self._first_word(invoice) or now)
        self._changed(now)

    def change(self, invoice: InvoiceFacts, now: datetime) -> None:
        """Something new is known about one."""
        self.open[invoice.id] = invoice
        self._wakes[invoice.id] = now
        self._changed(now)

    def _first_word(self, invoice: InvoiceFacts) -> datetime | None:
        """Before this moment nothing can be said about a new invoice on which nothing is held; None: not known."""
        table = timetable(self.cadence, self.calendar)
        if invoice.due is None or invoice.holds or table.statement:
            return None
        days = table.due.on(invoice.due, delivered(invoice), 0).days
        return self.calendar.opening(max(min(days), invoice.issued)) if days else None

    def take(self, invoice: int, now: datetime) -> None:
        """Nothing is owed on it any more."""
        del self.open[invoice]
        self._wakes.pop(invoice, None)
        self._changed(now)

    def know(self, payer: Payer, usual_delay: int, now: datetime) -> None:
        """How the account pays, as far as it is known by now."""
        if (payer, usual_delay) == (self._known["payer"], self._known["usual_delay"]):
            return
        self._known |= {"payer": payer, "usual_delay": usual_delay}
        if self._by_habit:
            self._wakes = dict.fromkeys(self.open, now)

    def _changed(self, now: datetime) -> None:
        if self._together:
            self._wakes = dict.fromkeys(self.open, now)

    def ask(self, now: datetime) -> Plan:
        """The answer for the invoices that are awake; what it says is done at once."""
        due = list(self.open) if self._together else [one for one, wake in self._wakes.items() if wake <= now]
        since = now.date() - _MEMORY
        self._known |= {
            "read_at": now,
            "invoices": tuple([self.open[one] for one in due]),
            "touches": tuple([one for one in self._known["touches"] if one.day >= since]),
        }
        answer, after, because = carried_out(AccountFacts(**self._known), self.cadence, self.calendar, now)
        for one in due:
            self._wakes.pop(one, None)
        for no in because:
            if no.until is not None and no.invoice is not None:
                self._wakes[no.invoice] = min(no.until, self._wakes.get(no.invoice, no.until))
        if answer.actions:
            self._known["touches"] = after.touches
            self.open.update((one.id, one) for one in after.invoices)
        return answer

"""The first load of a QuickBooks company: page by page, resumable behind any page, with memory that does not grow.

What it keeps while it goes is one sum for each customer that owes something, to find old money nobody has applied. The
mark carries them too, as long as they are not too many, and at the end the customers still to be asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from integrations.errors import Transient
from integrations.ledgers.base import Page, Purpose
from integrations.ledgers.quickbooks import mapping, mending
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.portions import Place, Portion
from integrations.ledgers.quickbooks.reads import Reader, Selection
from integrations.ledgers.quickbooks.sorting import Key, Sorter
from integrations.ledgers.quickbooks.wire import quoted

SUMS_MOST = 10_000  # customers in a mark, some 20 bytes each
FRESH = timedelta(hours=1)  # sums of balances read further apart than this explain nothing
_CUSTOMERS_AT_ONCE = 50


class Mark(msgspec.Struct):
    """Where the reading stands: the selection and the place in it, when it began, how many rows it expects.

    `end` is the end of the list before the place, whose rows come again; `sums` the tally so far, None where it has to
    be made anew. `suspects`, once known, are the customers whose old payments are still to be read: the place is then
    in those of the first of them. They are few; ten thousand would be some hundred kilobytes.
    """

    selection: int = 0
    place: Place = Place()
    began: str = ""
    total: int | None = None
    end: list[Key] = []
    sums: dict[str, Decimal] | None = None
    suspects: list[str] | None = None

    def go_behind(self, portion: Portion, sorter: Sorter) -> bool:
        """Set the place behind this answer; whether its list ended with it."""
        self.place, self.end = (portion.following, sorter.end) if portion.following else (Place(), [])
        return portion.following is None

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


class Tally:
    """By customer, what is open on invoices less the credit we know of and less what the customer owes in all.

    More than zero means credit we have not seen. Journal entries and charges move balances too and can hide some: what
    cannot be explained is left out, never guessed.
    """

    def __init__(self, sums: dict[str, Decimal] | None = None) -> None:
        self.sums = {} if sums is None else sums

    def note(self, entity: str, row: Any) -> None:
        if entity == "Customer":
            self._add(row.id, row.balance, -1)
        elif entity == "Invoice":
            self._add(row.customer_ref.value, row.balance, 1)
        elif entity == "CreditMemo":
            self._add(row.customer_ref.value, mapping.left_of(row), -1)
        elif entity == "Payment":
            self._add(row.customer_ref.value, row.unapplied_amt, -1)

    def _add(self, customer: str, amount: Decimal | None, sign: int) -> None:
        if amount and amount.is_finite():
            left = self.sums.pop(customer, Decimal(0)) + sign * amount
            if left:  # what is explained is forgotten
                self.sums[customer] = left

    def customers(self) -> list[str]:
        return [customer for customer, amount in self.sums.items() if amount > 0]


class Snapshot:
    """One whole reading, for invoices and payments dated on or after `since` and everything that is open."""

    def __init__(self, reader: Reader, since: date) -> None:
        self._reader, self._since = reader, since
        self._tally: Tally | None = None
        dated = f"TxnDate >= '{since.isoformat()}'"
        self._selections = [
            Selection("Customer"),
            Selection("Term"),
            Selection("Invoice", "Balance > '0'"),
            Selection("CreditMemo"),
            Selection("Payment", dated),
            Selection("Invoice", dated),  # also what does not say its balance; what is open comes again and is skipped
        ]
        settled = Selection("Invoice", f"{dated} AND Balance = '0'")
        self._counts = [*self._selections[:-1], settled]  # what is open is handed out once

    def pages(self, text: str) -> Iterator[Page]:
        """The cursor is the time of the first answer, so that whatever moves during the reading is read again."""
        mark = _read(text)
        if not text:
            mark.total, began = self._reader.counted(self._counts, Purpose.SNAPSHOT)
            mark.began, mark.sums = began.isoformat() if began else "", {}
        self._tally = None if mark.sums is None else Tally(mark.sums)
        if mark.suspects is None:
            while mark.selection < len(self._selections):
                yield from self._selection(mark)
            yield from self._find_suspects(mark)
        yield from self._old_unapplied(mark)
        if not mark.began:
            raise Transient(f"{LABEL} did not tell the time of any of its answers.")
        yield Page(cursor=mark.began, total=mark.total)

    def _selection(self, mark: Mark) -> Iterator[Page]:
        """The rest of the selection in which the mark is. The mark goes along: each page carries the one behind it."""
        wanted, last = self._selections[mark.selection], mark.selection == len(self._selections) - 1
        watch, skip = (None, _is_open) if last else (self._note, None)
        sorter = Sorter(self._reader.home, watch, skip, mark.end)
        for portion in self._reader.portions(wanted, Purpose.SNAPSHOT, mark.place):
            mark.began = mark.began or (portion.moment.isoformat() if portion.moment else "")
            if not last and _late(portion, mark):
                self._tally = None
            sorter.take(portion)
            mark.selection += mark.go_behind(portion, sorter)
            mark.sums = self._tally.sums if self._tally is not None and len(self._tally.sums) <= SUMS_MOST else None
            yield sorter.page(mark=mark.text(), total=mark.total)

    def _note(self, entity: str, row: Any) -> None:
        if self._tally is not None:
            self._tally.note(entity, row)

    def _find_suspects(self, mark: Mark) -> Iterator[Page]:
        """Put into the mark who has credit we have not seen. If that took reading, it is handed out at once."""
        tally, mark.sums = self._tally or self._tallied(), None
        mark.suspects = tally.customers()
        if tally is not self._tally:
            yield Page(mark=mark.text(), total=mark.total)

    def _tallied(self) -> Tally:
        """The tally of what is open, read anew: this reading has not seen all of it, or not at about one time."""
        tally = Tally()
        for wanted in self._selections[:4]:
            if wanted.entity == "Term":
                continue
            sorter = Sorter(self._reader.home, tally.note)
            for portion in self._reader.portions(wanted, Purpose.SNAPSHOT):
                sorter.take(portion)
                sorter.page()
        return tally

    def _old_unapplied(self, mark: Mark) -> Iterator[Page]:
        """Payments older than `since` with money left.

        QuickBooks cannot be asked for UnappliedAmt, and the whole history would be long. But unapplied money lowers a
        customer's balance below the sum of the open invoices: only such customers' payments are read.
        """
        while mark.suspects:
            names = ", ".join(quoted(id) for id in mark.suspects[:_CUSTOMERS_AT_ONCE])
            where = f"CustomerRef IN ({names}) AND TxnDate < '{self._since.isoformat()}'"
            sorter = Sorter(self._reader.home, before=mark.end)
            for portion in self._reader.portions(Selection("Payment", where), Purpose.SNAPSHOT, mark.place):
                sorter.take(portion)
                if mark.go_behind(portion, sorter):
                    mark.suspects = mark.suspects[_CUSTOMERS_AT_ONCE:]
                yield _unapplied(sorter.page(mark=mark.text(), total=mark.total))


def _unapplied(page: Page) -> Page:
    """Of payments only those with money left."""
    credits = tuple(row for row in page.credits if row.remaining and not row.gone)
    held = {row.id for row in credits}
    payments = tuple(row for row in page.payments if row.id in held)
    return replace(page, payments=payments, credits=credits)


def _late(portion: Portion, mark: Mark) -> bool:
    """Whether the answer was given so long after the first that balances in both cannot be compared."""
    began = mending.moment(mark.began)
    return portion.moment is not None and began is not None and portion.moment - began > FRESH


def _is_open(row: Any) -> bool:
    return bool(row.balance > 0)


def _read(text: str) -> Mark:
    """The mark of a page; the beginning when it is none of ours."""
    try:
        return msgspec.json.decode(text, type=Mark) if text else Mark()
    except msgspec.DecodeError:
        return Mark()

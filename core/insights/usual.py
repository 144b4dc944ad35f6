"""What is usual for an account on a day: its days late so far, drawn towards the company's, and how the company drifts.

It learns from settled invoices and knows which are open; what becomes of those it cannot know. Disputes are no part of
it: on the day of issue nobody knows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log1p
from statistics import median

from core.insights.timeline import Invoice, day_of

_RECENT = 12
_HALF_LIFE, _SLOW = 30, 120
_STEADY = 20.0
_CUT = 3.0


@dataclass(slots=True)
class _Account:
    count: int = 0
    late: int = 0
    days: float = 0.0
    level: float = 0.0
    squares: float = 0.0
    recent: list[float] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    sizes: dict[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(slots=True)
class _Fading:
    """A mean in which a case counts half after `half_life` days, drawn towards 0."""

    half_life: int
    total: float = 0.0
    weight: float = 0.0
    last: int = 0

    def add(self, day: int, value: float) -> None:
        fade = 0.5 ** (max(0, day - self.last) / self.half_life)
        self.total = fade * self.total + value
        self.weight = fade * self.weight + 1
        self.last = max(self.last, day)

    @property
    def mean(self) -> float:
        return self.total / (self.weight + _STEADY)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known about an invoice on the day it was issued. `usual` is in days late, drift included.

    `traits` are the covariates, about 1 in size each; `naive` and `naive_late`: the naive rule's days and share late.
    """

    invoice: Invoice
    count: int
    usual: float
    drift: float
    traits: tuple[float, ...]
    naive: float
    naive_late: float


class Usual:
    """The running memory of a company and its accounts."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._whole = _Account()
        self._pull = 3.0
        self._month = -1
        self._lately, self._slowly = _Fading(_HALF_LIFE), _Fading(_SLOW)
        self._spread = 10.0
        self._terms = 0

    def settle(self, known: Known) -> None:
        """An invoice was paid; `known` is what was said about it on its first day."""
        one, account = known.invoice, self._accounts[known.invoice.account]
        assert one.settled is not None
        surprise = one.late - known.usual
        self._spread += 0.01 * (min(abs(surprise), 5 * self._spread + 1) - self._spread)
        if account.count >= 2:
            self._drift_by(one.settled, one.late - (known.usual - known.drift))
        level = one.late - known.drift
        for each in (account, self._whole):
            each.count += 1
            each.late += one.late > 0
            each.days += one.late
            each.level += level
            each.squares += level * level
        account.recent = [*account.recent[1 - _RECENT :], level]
        account.open.pop(one.place, None)

    def _drift_by(self, day: int, gap: float) -> None:
        limit = _CUT * self._spread + 1
        gap = self.drift + max(-limit, min(limit, gap - self.drift))
        self._lately.add(day, gap)
        self._slowly.add(day, gap)

    @property
    def drift(self) -> float:
        """Days by which the company is paid later now than its accounts' own levels say."""
        return self._lately.mean

    def open(self, day: int, issued: Iterable[Invoice]) -> list[Known]:
        """What is known of each invoice of the day; from then on they are open."""
        if day // 30 != self._month:
            self._month, self._pull = day // 30, self._pulled()
        today = list(issued)
        known = [self._known(one) for one in today]
        for one in today:
            account = self._accounts[one.account]
            account.open[one.place] = one.due
            self._terms += one.terms
            for each in (account, self._whole):
                times, size = each.sizes.get(one.currency, (0, 0.0))
                each.sizes[one.currency] = (times + 1, size + one.size)
        return known

    def _pulled(self) -> float:
        """How many invoices of its own weigh as much as the company: variance within accounts over that between."""
        several = [one for one in self._accounts.values() if one.count > 1]
        free = sum(one.count - 1 for one in several)
        if len(several) < 3 or free < 10:
            return 3.0
        within = sum(one.squares - one.level**2 / one.count for one in several) / free
        means = [one.level / one.count for one in several]
        middle = sum(means) / len(means)
        between = sum((mean - middle) ** 2 for mean in means) / (len(means) - 1)
        between -= within * sum(1 / one.count for one in several) / len(several)
        return min(50.0, max(0.2, (within + 0.01) / max(between, 1e-9)))

    def _known(self, one: Invoice) -> Known:
        account, whole = self._accounts.setdefault(one.account, _Account()), self._whole
        company = whole.level / whole.count if whole.count else 0.0
        level = (account.level + self._pull * company) / (account.count + self._pull)
        if account.count:
            naive, share = account.days / account.count, account.late / account.count
        else:
            naive = whole.days / whole.count if whole.count else 0.0
            share = whole.late / whole.count if whole.count else 0.5
        usual = level + self.drift
        return Known(one, account.count, usual, self.drift, self._traits(one, account, level), naive, share)

    def _traits(self, one: Invoice, account: _Account, level: float) -> tuple[float, ...]:
        recent = account.recent
        overdue = [one.issued - due for due in account.open.values() if due < one.issued]
        issued = sum(times for times, _ in self._whole.sizes.values())
        usual_terms = self._terms / issued if issued else one.terms
        due = day_of(one.due)
        return (
            1.0,
            (median(recent) - level) * self._part(len(recent)) / 10 if recent else 0.0,
            (sum(recent[-3:]) / len(recent[-3:]) - level) * self._part(len(recent[-3:])) / 10 if recent else 0.0,
            (self._lately.mean - self._slowly.mean) / 5,
            _above(one, account, 3.0),
            _above(one, self._whole, 4.0) / 2,
            log1p(len(account.open)) / 2,
            log1p(len(overdue)),
            min(max(overdue, default=0), 60) / 20,
            max(-3.0, min(3.0, (one.terms - usual_terms) / 20)),
            float(due.weekday() == 4),
            float(due.weekday() == 5),
            float(due.weekday() == 6),
            float(due.weekday() == 0),
            float(due.day >= 27 or due.day == 1),
            1 / (account.count + 1),
        )

    def _part(self, count: int) -> float:
        return count / (count + self._pull)


def _above(one: Invoice, whose: _Account, limit: float) -> float:
    """How much larger the amount is than usual, on a logarithmic scale and in its own currency."""
    times, size = whose.sizes.get(one.currency, (0, 0.0))
    return max(-limit, min(limit, one.size - size / times)) if times else 0.0

"""Which customers to speak with first: a small plain rule, and its reason as a sentence beside each.

First who broke a promise lately, then who waits for an answer past its day, then the largest sums about which nobody
has spoken for two weeks, then who cannot be written to. It reads no database and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any

from core.because import Cause
from core.money import Money, totals
from models import Account, Company
from web import formats
from workflows.tasks import AGAINST

SILENT_FOR = timedelta(days=14)
SHOWN = 8
# There somebody has the word already, or nothing may be said.
_LEFT_ALONE = {cause.value for cause in (*AGAINST, Cause.NOT_LIVE, Cause.AWAITING_APPROVAL, Cause.TAKE_BACK)}


@dataclass(frozen=True, slots=True)
class Helpful:
    """A customer to speak with, and why just now."""

    account: Account
    company: Company
    why: str


def first(*ranks: Iterable[Helpful]) -> list[Helpful]:
    """The first of these, rank by rank, each customer once."""
    seen: dict[int, Helpful] = {}
    for one in chain(*ranks):
        seen.setdefault(one.account.id, one)
    return list(seen.values())[:SHOWN]


def broken(rows: Iterable[Any]) -> Iterator[Helpful]:
    for promise, account, company in rows:
        owed = [one.balance for one in promise.invoices if one.balance_minor > 0]
        left = " and ".join(formats.money(one, company) for one in totals(owed).values())
        day = formats.day(promise.day, company)
        yield Helpful(account, company, f"They promised to pay by {day}, and {left} is still open.")


def overdue_answers(rows: Iterable[Any], todays: Mapping[int, date]) -> Iterator[Helpful]:
    for dispute, account, company in rows:
        if dispute.answer_by < todays[company.id]:
            day = formats.day(dispute.answer_by, company)
            yield Helpful(account, company, f"They were told that somebody answers by {day}. Nobody has yet.")


def silent(
    sums: Sequence[tuple[int, str, int]],
    heard: Mapping[int, date],
    known: Mapping[int, tuple[Account, Company]],
    todays: Mapping[int, date],
) -> Iterator[Helpful]:
    """Who has no because at all is about to hear something."""
    for account_id, currency, minor in sums:
        account, company = known[account_id]
        last, today = heard.get(account_id), todays[company.id]
        if account.because and not _is_left_alone(account.because) and (last is None or today - last >= SILENT_FOR):
            amount = formats.money(Money(int(minor), currency), company)
            since = "nothing was ever said about it" if last is None else f"nothing was said for {(today - last).days}"
            yield Helpful(account, company, f"{amount} is overdue, and {since}{' days' if last else ''}.")


def _is_left_alone(because: Collection[Any]) -> bool:
    return any(one[0] in _LEFT_ALONE for one in because)


def unreachable(rows: Iterable[Any]) -> Iterator[Helpful]:
    for account, company in rows:
        if any(one[0] == Cause.NO_ADDRESS.value for one in account.because):
            yield Helpful(account, company, "The ledger has no e-mail address for them, so nothing can be said.")

"""Lines of bank statements that nobody can tell yet or the ledger does not show, and payouts that no line brought.

Rows only; it asks nobody and decides nothing about a line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from core.bank_facts import State
from core.bank_match import PAYOUT_WITHIN
from integrations.processors.base import PayoutState
from models import BankLine, BankMatch, Company, Payout, ProcessorAccount
from workflows import bank_lines
from workflows.calendars import today_of
from workflows.reconcile_found import Found, Place, Span, midnight
from workflows.rows import among
from workflows.runtime import Runtime

A_WHILE = timedelta(days=5)  # so long a line may wait for a look
_Account = tuple[str, str]  # the bank's name of it, and a currency


def compare(rt: Runtime, session: Session, company: Company, span: Span, now: datetime) -> Iterator[Found]:
    """Of lines, and of payouts that arrived, on these days."""
    today = today_of(company, now)
    late = [one for one in bank_lines.overdue(session, company.id, today) if span.has(one.day)]
    yield from _not_in_the_ledger(session, late)
    yield from _unclear(session, company, span, today, {one.id for one in late})
    yield from _payouts_without_a_line(rt, session, company, span)


def _words(line: BankLine) -> str:
    payer = f" from {line.payer}" if line.payer else ""
    return f"The bank shows {line.amount} of {line.day}{payer}"


def _found(line: BankLine, what: str) -> Found:
    return Found(line.uid, what, midnight(line.day), Place.BANK, told=False)


def _not_in_the_ledger(session: Session, late: list[BankLine]) -> Iterator[Found]:
    matched = select(BankMatch).where(among(session, BankMatch.line_id, [one.id for one in late]))
    numbers: dict[int, list[str]] = defaultdict(list)
    for match in session.scalars(matched.options(selectinload(BankMatch.invoice)).order_by(BankMatch.id)):
        numbers[match.line_id].append(match.invoice.number)
    for line in late:
        about = f" for {', '.join(numbers[line.id])}" if numbers[line.id] else ""
        what = f"{_words(line)}{about}, and the ledger still does not show this money. "
        yield _found(line, what + "Enter the payment there, or say on the bank page what the line is.")


def _unclear(session: Session, company: Company, span: Span, today: date, told: set[int]) -> Iterator[Found]:
    waits = BankLine.state.in_((State.UNCLEAR.value, State.PROBABLE.value)), BankLine.day <= today - A_WHILE
    wanted = select(BankLine).where(BankLine.company_id == company.id, *waits, span.days(BankLine.day))
    for line in session.scalars(wanted.order_by(BankLine.day, BankLine.id)):
        if line.id not in told:
            is_probable = line.state == State.PROBABLE
            why = "what it probably pays waits for your word" if is_probable else "nobody has said yet what it is"
            yield _found(line, f"{_words(line)}, and {why}. Say on the bank page what the line is.")


def _payouts_without_a_line(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Arrived in a period of which a statement of the account was brought, to which this processor paid before."""
    came = _paid_into(session, company.id)
    if not came:
        return
    covered = _covered(session, company.id)
    wanted = (
        select(Payout, ProcessorAccount.kind)
        .join(ProcessorAccount, ProcessorAccount.id == Payout.processor_account_id)
        .where(
            Payout.company_id == company.id,
            span.days(Payout.arrives),
            Payout.state == PayoutState.PAID.value,
            Payout.amount_minor > 0,
            ~exists().where(BankLine.payout_id == Payout.id),
        )
    )
    for payout, kind in session.execute(wanted.order_by(Payout.arrives, Payout.id)):
        accounts = came.get((payout.processor_account_id, payout.currency), set())
        periods = [period for one in accounts for period in covered.get((one, payout.currency), [])]
        if any(
            first <= payout.arrives - PAYOUT_WITHIN and payout.arrives + PAYOUT_WITHIN <= last
            for first, last in periods
        ):
            label = rt.processors[kind].label if kind in rt.processors else kind
            what = (
                f"The payout of {payout.amount} of {payout.arrives} from {label} is in no line of the statements that "
                "were brought. Look for it at the bank, or match its line on the bank page."
            )
            yield Found(payout.uid, what, midnight(payout.arrives), Place.BANK)


def _paid_into(session: Session, company_id: int) -> Mapping[tuple[int, str], set[str]]:
    """The bank accounts that have received payouts, by processor account and currency."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    lines = select(Payout.processor_account_id, Payout.currency, BankLine.account).distinct()
    for processor, currency, account in session.execute(
        lines.join(BankLine, BankLine.payout_id == Payout.id).where(Payout.company_id == company_id)
    ):
        found[processor, currency].add(account)
    return found


def _covered(session: Session, company_id: int) -> Mapping[_Account, list[tuple[date, date]]]:
    """From which day to which each statement goes, by bank account and currency."""
    found: dict[_Account, list[tuple[date, date]]] = defaultdict(list)
    whole = select(BankLine.account, BankLine.currency, func.min(BankLine.day), func.max(BankLine.day))
    files = whole.where(BankLine.company_id == company_id)
    for account, currency, first, last in session.execute(
        files.group_by(BankLine.file_id, BankLine.account, BankLine.currency)
    ):
        found[account, currency].append((first, last))
    return found

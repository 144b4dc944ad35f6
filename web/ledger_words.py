"""Codes of the ledgers turned into words: readings, calls and limits, payment terms, and changes asked for by people.

The tables are complete over their enums (a test says so). Nothing here reads the database or decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from integrations.ledgers.base import Limit, Purpose, TermRule
from models import Company, Posting, Term
from web import formats
from workflows.pending import Kind

PURPOSES: Mapping[Purpose, str] = {
    Purpose.COMPANY: "The company itself, its accounts and its terms",
    Purpose.SNAPSHOT: "Reading the whole book",
    Purpose.CHANGES: "Reading what changed",
    Purpose.SWEEP: "Going through everything that is open",
    Purpose.DOOR: "Asking again just before a message leaves",
    Purpose.LOOK: "Somebody opened a page",
    Purpose.DOCUMENT: "Invoices as PDF, and the ledger's pages to pay them",
    Purpose.FIND: "Looking whether something stands in the books already",
    Purpose.WRITE: "Writing payments, credit, dates and notes",
}

READINGS: Mapping[str, str] = {
    "whole": "The whole book",
    "changes": "What changed",
    "sweep": "Everything that is open",
    "door": "Just before a message",
    "look": "Somebody opened a page",
}

ENTITIES: Mapping[str, str] = {
    "customer": "customers",
    "invoice": "invoices",
    "payment": "payments",
    "credit": "credit",
    "term": "payment terms",
}

POSTINGS: Mapping[Kind, str] = {
    Kind.CREDIT: "Credit note over {amount}",
    Kind.ALLOCATION: "Use of the credit of {amount}",
    Kind.UNDO_ALLOCATION: "Credit of {amount} released from its invoice",
    Kind.UNDO_CREDIT: "Credit note over {amount} taken back",
    Kind.ON_ACCOUNT: "{amount} put on account",
    Kind.UNDO_PAYMENT: "Payment taken back",
    Kind.DUE_DATE: "New due date, {day}",
    Kind.EXPECTED_DATE: "Money expected on {day}",
    Kind.NOTE: "Note in the invoice's history",
    Kind.EXPENSE: "Processor's fee of {amount}",
    Kind.INVOICE: "Invoice over {amount} for late payment",
}

POSTING_STATES: Mapping[str, tuple[str, str]] = {
    "due": ("Being written", "calm"),
    "written": ("Written", "good"),
    "desk": ("Waits at the desk", "warn"),
    "void": ("Closed", "calm"),
}

_WINDOWS = {"minute": "a minute", "day": "a day", "month": "a month"}


def posting_words(posting: Posting, company: Company) -> str:
    """What was asked for, with its sum or its day."""
    amount = formats.money(posting.amount, company) if posting.currency else ""
    return POSTINGS[Kind(posting.kind)].format(amount=amount, day=formats.day(posting.day, company))


def waiting_words(entities: set[str]) -> str:
    """Which kinds of rows changed unread, such as `invoices and payments`."""
    named = sorted(ENTITIES.get(one, "other rows") for one in entities)
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def limit_words(limit: Limit) -> str:
    """How often the vendor lets us call, such as `60 calls a minute`."""
    calls = "reads on the bill" if limit.metered else "calls"
    window = next((words for name, words in _WINDOWS.items() if limit.name.endswith(name)), f"in {limit.seconds} s")
    whole = ", all companies of this installation together" if limit.whole_app else ""
    return f"{formats.thousands(limit.calls)} {calls} {window}{whole}"


def term_words(term: Term) -> str:
    """Payment terms as a sentence, such as `Net 30: due 30 days after the invoice's date.`"""
    due = _due(TermRule(term.rule) if term.rule in set(TermRule) else TermRule.UNKNOWN, term.days)
    if not term.discount_points:
        return f"{term.name}: {due}."
    percent = (Decimal(term.discount_points) / 100).normalize()
    by_day = term.rule in (TermRule.DAY_OF_MONTH, TermRule.DAY_OF_NEXT_MONTH)
    until = f"until day {term.discount_days} of the month" if by_day else f"within {_days(term.discount_days)}"
    return f"{term.name}: {due}, {percent:f} % off for paying {until}."


def _due(rule: TermRule, days: int) -> str:
    match rule:
        case TermRule.AFTER_ISSUE:
            return f"due {_days(days)} after the invoice's date" if days else "due at once"
        case TermRule.AFTER_MONTH:
            return f"due {_days(days)} after the end of the invoice's month"
        case TermRule.DAY_OF_MONTH:
            return f"due on day {days} of the invoice's month"
        case TermRule.DAY_OF_NEXT_MONTH:
            return f"due on day {days} of the month after the invoice's"
        case TermRule.UNKNOWN:
            return "the ledger does not say when due"


def _days(number: int) -> str:
    return formats.count(number, "day")

"""How long what is of no more use is kept: one table, and the nightly verb that follows it.

What Dunlin needs in order not to say, book or tell a thing twice (keys, steps, hashes, sums) is in no line of it. An
installation may keep each longer or shorter; the log of what was done is never shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, delete, exists, or_, select, update
from sqlalchemy.orm import aliased

from models import (
    ApiAnswer,
    ApprovalRow,
    Arrangement,
    BankLine,
    BankMatch,
    Base,
    CallCount,
    Contact,
    Decision,
    Delivery,
    Dispute,
    Extension,
    Feedback,
    HoldRow,
    Notice,
    Reading,
    SentFile,
    SignIn,
    Task,
    ToldRow,
    Touch,
)
from workflows.errors import Refusal
from workflows.runtime import Runtime

AT_ONCE = 500  # rows in one transaction: nobody waits long behind it
_NOBODY: dict[str, Any] = {"recipients": [], "subject": "", "text": "", "html": ""}


class Rule(NamedTuple):
    """Rows of a table that are old, and what becomes of them: these values instead, or gone (None)."""

    table: type[Base]
    old: ColumnElement[bool]
    instead: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One class of data: for how many days it is kept by default, what it is, and why so long."""

    name: str
    days: int
    what: str
    why: str
    rules: Callable[[datetime], tuple[Rule, ...]]


def _blanked(table: type[Base], over: ColumnElement[bool], *words: Any) -> Rule:
    """These columns become "" in every row that is over, where something stands in one of them."""
    return Rule(table, over & or_(*(one != "" for one in words)), {one.key: "" for one in words})


def _words(before: datetime) -> tuple[Rule, ...]:
    told = (ToldRow.state == "closed") & (ToldRow.closed_at < before)
    return (
        _blanked(ToldRow, told, ToldRow.text, ToldRow.answer),
        _blanked(Dispute, Dispute.resolved_at < before, Dispute.text, Dispute.resolution),
        _blanked(Extension, Extension.decided_at < before, Extension.text, Extension.answer),
        _blanked(Contact, Contact.decided_at < before, Contact.note),
        _blanked(Feedback, Feedback.made_at < before, Feedback.text),
        _blanked(HoldRow, HoldRow.ended_at < before, HoldRow.note),
        _blanked(Task, Task.done_at < before, Task.note),
        _blanked(Arrangement, Arrangement.ended_at < before, Arrangement.note, Arrangement.answer),
    )


def _files(before: datetime) -> tuple[Rule, ...]:
    told = exists().where(ToldRow.id == SentFile.told_id, ToldRow.closed_at < before)
    dispute = exists().where(Dispute.id == SentFile.dispute_id, Dispute.resolved_at < before)
    return (Rule(SentFile, told | dispute),)


def _bank(before: datetime) -> tuple[Rule, ...]:
    """A line that is settled; its key stays for as long as it does, so that it does not count twice."""
    old = BankLine.state.in_(("seen", "set-aside", "payout")) & (BankLine.day < before.date())
    return (Rule(BankMatch, BankMatch.line_id.in_(select(BankLine.id).where(old))), Rule(BankLine, old))


def _decisions(before: datetime) -> tuple[Rule, ...]:
    """The last one before stays: it stood until the next."""
    later = aliased(Decision)
    followed = exists().where(later.account_id == Decision.account_id, later.at > Decision.at, later.at < before)
    return (Rule(Decision, (Decision.at < before) & followed),)


def _messages(before: datetime) -> tuple[Rule, ...]:
    ended = Touch.state.in_(("sent", "in_doubt"))
    said = exists().where(Touch.approval_id == ApprovalRow.id, Touch.day < before.date())
    return (
        Rule(Touch, (Touch.day < before.date()) & ended & (Touch.text != ""), _NOBODY),
        Rule(ApprovalRow, said & (ApprovalRow.subject != ""), {"subject": "", "paragraphs": []}),
    )


TABLE = (
    Kept(
        "webhooks",
        30,
        "Webhooks as they arrived, sealed",
        "To look into what a ledger or processor said; what came of it is kept elsewhere.",
        lambda before: (Rule(Delivery, Delivery.received_at < before),),
    ),
    Kept(
        "readings",
        90,
        "The list of readings of each ledger",
        "To see how a connection has fared; counts and times, nobody's data.",
        lambda before: (Rule(Reading, Reading.began_at < before),),
    ),
    Kept(
        "calls",
        366,
        "How many calls were made to each ledger a day",
        "To check a vendor's bill of the year.",
        lambda before: (Rule(CallCount, CallCount.day < before.date()),),
    ),
    Kept(
        "sign-ins",
        90,
        "Browsers that were signed in and are no longer",
        "To look into a sign-in that nobody remembers.",
        lambda before: (Rule(SignIn, (SignIn.ended_at < before) | (SignIn.seen_at < before)),),
    ),
    Kept(
        "notices",
        180,
        "The words of notices to the practice's people",
        "They name customers and sums; that one was sent stays, so that it is not sent again.",
        lambda before: (
            Rule(
                Notice,
                (Notice.created_at < before) & Notice.state.in_(("sent", "failed")) & (Notice.text != ""),
                {"subject": "", "text": ""},
            ),
        ),
    ),
    Kept(
        "api answers",
        1,
        "What the API answered under an `Idempotency-Key`, sealed",
        "So that what a program asks twice is done once; the same key counts for a day.",
        lambda before: (Rule(ApiAnswer, ApiAnswer.made_at < before),),
    ),
    Kept(
        "decisions",
        730,
        "What was decided about each customer on which day, and why",
        "So that `flask why` can answer for two business years.",
        _decisions,
    ),
    Kept(
        "words",
        365,
        "What customers and people wrote freely, counted from when it was settled",
        "It may tell of illness or hardship; once settled, only the reason and its dates are needed.",
        _words,
    ),
    Kept(
        "files",
        365,
        "Files that customers sent along, counted from when their matter was settled",
        "They may hold anything; the matter is closed.",
        _files,
    ),
    Kept(
        "bank lines",
        400,
        "Lines of bank statements that the ledger shows, or that were set aside",
        "To find out within the business year which line was taken for what; the ledger has the payment.",
        _bank,
    ),
    Kept(
        "messages",
        2557,
        "The text and readers of messages (that one was sent, when, and which step it was, stay)",
        "Business letters must be kept for six years in several countries, and claims lapse after about as long.",
        _messages,
    ),
)


def days(rt: Runtime, one: Kept) -> int:
    """For how long it is kept here."""
    return rt.upkeep.keep_days.get(one.name, one.days)


def check(rt: Runtime) -> None:
    """Refusal when the settings name something that is not in the table."""
    known = [one.name for one in TABLE]
    for name in rt.upkeep.keep_days:
        if name not in known:
            raise Refusal(f"DUNLIN_KEEP_DAYS names {name!r}; there are: {', '.join(known)}.")


def forget(rt: Runtime) -> int:
    """Nightly: follow the table; how many rows were blanked or went."""
    now = rt.clock.now()
    rules = (rule for one in TABLE for rule in one.rules(now - timedelta(days=days(rt, one))))
    return sum(count for rule in rules for count in _followed(rt, rule))


def _followed(rt: Runtime, rule: Rule) -> Iterator[int]:
    """So many at a time, until none is left."""
    count = AT_ONCE
    while count == AT_ONCE:
        with rt.store.write() as session:
            chosen = rule.table.id.in_(select(rule.table.id).where(rule.old).limit(AT_ONCE))
            change: Any = delete(rule.table) if rule.instead is None else update(rule.table).values(**rule.instead)
            done = session.execute(change.where(chosen).execution_options(synchronize_session=False))
            count = cast(CursorResult[Any], done).rowcount
        yield count


def as_markdown() -> str:
    """The table of docs/operations.md."""
    lines = ["| name | days | what | why |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| `{one.name}` | {one.days} | {one.what} | {one.why} |" for one in TABLE)])

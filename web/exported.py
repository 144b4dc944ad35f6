"""The lists that can be taken out as files: what each is called, what its columns mean, and where its rows come from.

`docs/exports.md` is held against this table by a test. It decides nothing about who may take them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from web import export_money_queries as money
from web import export_queries as rows
from web import month_end as month
from web.export_queries import Asked, Rows
from workflows import month_end

CUSTOMER = ("customer", "whom it concerns")
UID = ("uid", "Dunlin's own name of the row, as in addresses of pages and in the API")
CURRENCY = ("currency", "ISO code; sums beside it are in it")
ABOUT = ("invoices", "their numbers")


@dataclass(frozen=True, slots=True)
class List:
    """`columns` are (head, what it means). `day` says which day `from` and `to` count by, "" where they mean nothing;
    `open_` what `open=yes` leaves.
    """

    name: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[Asked], Rows]
    day: str = ""
    open_: str = ""

    @property
    def head(self) -> tuple[str, ...]:
        return tuple(words for words, _ in self.columns)


def _read(query: Callable[[Session, Asked], Rows]) -> Callable[[Asked], Rows]:
    """The rows of a query, from one state of the database throughout."""

    def rows_of(asked: Asked) -> Rows:
        with asked.rt.store.read() as session:
            yield from query(session, asked)

    return rows_of


def _month(asked: Asked) -> Rows:
    """Of the month in which `first` lies, else of the last whole one."""
    text = f"{asked.first:%Y-%m}" if asked.first else ""
    now = asked.rt.clock.now()
    told = month_end.of(asked.rt, asked.company, month_end.month(text, asked.company, now))
    for row in month.figures_of(told):
        yield told.first, *row
    for one in told.found:
        yield told.first, "does not agree", "", one.what, one.reference
    for sentence in told.unsure:
        yield told.first, "not looked at", "", sentence, ""


LISTS = (
    List(
        "customers",
        "Customers",
        (
            ("customer", "name in the ledger"),
            ("contact", "person in the ledger"),
            ("e-mail", "where mail goes"),
            ("phone", "as in the ledger"),
            ("segment", "the one they were put into"),
            ("looked after by", "who of the practice"),
            CURRENCY,
            ("open", "all that is open"),
            ("overdue", "of it, past its due day"),
            ("open invoices", "how many"),
            ("in care", "yes where a person speaks with them and nothing is sent by itself"),
            ("why silent", "the first reason, in words, why nothing is said at the moment"),
            UID,
        ),
        _read(rows.customers),
        open_="who owes something",
    ),
    List(
        "invoices",
        "Invoices",
        (
            CUSTOMER,
            ("number", "of the invoice"),
            ("issued", "day"),
            ("due", "day"),
            ("days late", "where something is open past its due day"),
            CURRENCY,
            ("total", "of the invoice"),
            ("open", "what is owed of it now"),
            ("status", "open, paid, voided, deleted, draft or unknown"),
            UID,
        ),
        _read(rows.invoices),
        day="issued",
        open_="what is owed",
    ),
    List(
        "messages",
        "Messages",
        (
            ("day", "on which it left, where the company is"),
            ("at", "moment, with its offset"),
            CUSTOMER,
            ("kind", "message, by-hand, thanks or answer"),
            ("step", "of the cadence"),
            ("channel", "email, call or letter"),
            ("state", "sent, sending, in_doubt or rejected"),
            ("recipients", "how many"),
            ("to", "their addresses"),
            ("subject", "as sent"),
            ABOUT,
            UID,
        ),
        _read(rows.messages),
        day="day",
    ),
    List(
        "payments",
        "Payments taken",
        (
            ("paid at", "moment, with its offset"),
            CUSTOMER,
            ("invoice", "number of the one it was for"),
            CURRENCY,
            ("amount", "for this invoice"),
            ("processor", "through whom"),
            ("method", "card, debit, bank or transfer"),
            ("state", "taken, booked, confirmed, desk (a person must book it), coming or void"),
            ("booked at", "when it was written into the ledger"),
            ("confirmed at", "when the ledger was seen to hold it"),
            ("payment in the ledger", "the ledger's own name of it"),
            ("note", "what stands in the way, if anything"),
            UID,
        ),
        _read(money.payments),
        day="paid at",
        open_="what the ledger does not show yet",
    ),
    List(
        "promises",
        "Promises",
        (
            ("made at", "moment, with its offset"),
            CUSTOMER,
            ("promised day", "on which they will pay"),
            ("state", "open, kept, broken or withdrawn"),
            ("settled at", "when it was known"),
            ABOUT,
            UID,
        ),
        _read(rows.promises),
        day="made at",
        open_="open promises",
    ),
    List(
        "disputes",
        "Disputes",
        (
            ("opened at", "moment, with its offset"),
            CUSTOMER,
            ("invoice", "its number"),
            ("in their words", "what is wrong"),
            ("answer by", "the day they were told"),
            ("state", "open or resolved"),
            ("ended as", "corrected, credited, rejected or withdrawn"),
            ("answer", "what they were answered"),
            ("resolved at", "moment, with its offset"),
            UID,
        ),
        _read(rows.disputes),
        day="opened at",
        open_="open disputes",
    ),
    List(
        "arrangements",
        "Arrangements",
        (
            ("made at", "moment, with its offset"),
            CUSTOMER,
            ("state", "of the whole: proposed, refused, running, kept, broken or ended"),
            ("part due", "day of this part; there is a row for each"),
            CURRENCY,
            ("part", "its sum"),
            ("ended at", "when the whole came to its end"),
            ABOUT,
            UID,
        ),
        _read(rows.arrangements),
        day="made at",
        open_="proposed and running ones",
    ),
    List(
        "bank-lines",
        "Bank lines",
        (
            ("day", "of the line"),
            ("payer", "or payee"),
            ("text", "as the bank wrote it"),
            CURRENCY,
            ("amount", "what came in is positive"),
            ("state", "unclear, probable, matched, payout, seen or set-aside"),
            CUSTOMER,
            ABOUT,
            ("note", "what it is taken to be"),
            UID,
        ),
        _read(money.bank_lines),
        day="day",
        open_="what nobody has decided",
    ),
    List(
        "payouts",
        "Payouts",
        (
            ("arrives", "day"),
            ("processor", "who paid out"),
            CURRENCY,
            ("amount", "moved to the bank"),
            ("fees", "kept back of it"),
            ("parts", "of how many payments and other things it is made"),
            ("state", "coming, paid or failed"),
            ("whole", "yes where its parts make up its amount"),
            UID,
        ),
        _read(money.payouts),
        day="arrives",
    ),
    List(
        "month-end",
        "Month end",
        (
            ("month", "its first day"),
            ("table", "processors, ledger, does not agree or not looked at"),
            CURRENCY,
            ("what", "in words"),
            ("sum", "or, of what does not agree, its reference"),
        ),
        _month,
        day="the month in which `from` lies; the last whole month without it",
    ),
    List(
        "log",
        "The log",
        (
            ("entry", "its place in the company's chain; empty until it is chained"),
            ("at", "moment, with its offset"),
            ("what", "in words"),
            CUSTOMER,
            ("by", "who of the practice; empty where Dunlin did it by itself"),
            ("details", "what was kept with it"),
        ),
        _read(money.log),
        day="at",
    ),
)
BY_NAME = {one.name: one for one in LISTS}

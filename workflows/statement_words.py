"""A statement of account in words: the language folder's own, dates and amounts as its readers write them.

Only words what it is given. What it makes is plain text, so that a paper and a page can say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.lists import format_list

from core.account_statement import Age, Invoice, Kind, Movement, Outstanding, Part, Statement
from core.money import Money
from core.wording import plain
from models import Account, Company
from workflows import figures
from workflows.figures import amount, language_of
from workflows.templating import compiled, table_of

Written = dict[str, Any]
LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO"})  # where paper is not A4
_BOOKED_OTHERWISE = frozenset({Kind.SETTLED, Kind.REOPENED})


def of_statement(found: Statement, row: Account, company: Company, page: str, unreadable: bool) -> Written:
    """The whole account. `page` is the address of the customer's own page, "" where there is none."""
    voice = _Voice(row, company)
    period = voice.say("period", since=voice.day(found.since), until=voice.day(found.until))
    parts = [voice.part(one, found) for one in found.parts]
    owing = any(one.outstanding.invoices for one in found.parts)
    return voice.around("title", period, found.today, page if owing else "") | {
        "parts": parts,
        "notes": [voice.say("unreadable")] if unreadable else [],
        "nothing": "" if parts else voice.say("nothing"),
    }


def of_open_invoices(found: Sequence[Outstanding], row: Account, company: Company, page: str, today: date) -> Written:
    """Only open invoices and their age, for who does not see the whole account."""
    voice = _Voice(row, company)
    return voice.around("open_title", voice.say("as_of", today=voice.day(today)), today, page if found else "") | {
        "parts": [voice.currency(one.currency) | {"standing": voice.standing(one, today)} for one in found],
        "notes": [],
        "nothing": "" if found else voice.say("nothing_open"),
    }


class _Voice:
    """Who speaks to whom, and in which words."""

    def __init__(self, row: Account, company: Company) -> None:
        self.row, self.company = row, company
        self.words, self.locale = table_of(language_of(row, company), "statement")

    def say(self, name: str, **facts: Any) -> str:
        return compiled(self.words[name]).render(facts)

    def day(self, value: date | None) -> str:
        """With the month in letters, so that no reader can take it for another day."""
        return figures.day(value, self.locale, "yMMMd") if value else ""

    def money(self, value: Money) -> str:
        return amount(value, self.locale)

    def around(self, title: str, period: str, today: date, page: str) -> Written:
        """What is true of the whole paper, as every paper wants it."""
        email, company = plain(self.company.email), plain(self.company.name)
        labels = ("day", "what", "amount", "balance", "movements", "number", "due", "left", "how_to_pay", "pay", "link")
        return {
            "title": self.say(title),
            "language": self.locale.language,
            "company": company,
            "day": figures.day(today, self.locale),
            "page": self.say("page"),
            "size": "us-letter" if self.company.country in LETTER else "a4",
            "customer": plain(self.row.name),
            "period": period,
            "words": {name: self.say(name) for name in labels},
            "pay_url": page,
            "whom": self.say("whom", email=email, company=company),
        }

    def currency(self, code: str) -> Written:
        return {"currency": code, "amounts_in": self.say("amounts_in", currency=code)}

    def part(self, one: Part, found: Statement) -> Written:
        favour, closing = one.closing.minor < 0, Money(abs(one.closing.minor), one.currency)
        return self.currency(one.currency) | {
            "opening": {"what": self.say("opening"), "balance": self.money(one.opening)},
            "lines": [self.line(move) for move in one.movements],
            "none_moved": "" if one.movements else self.say("none_moved"),
            "closing": {"what": self.say("closing", favour=favour), "balance": self.money(closing)},
            "on_its_way": self.say("on_its_way", amount=self.money(one.on_its_way)) if one.on_its_way else "",
            "standing": self.standing(one.outstanding, found.today, one.credit),
        }

    def line(self, move: Movement) -> Written:
        due = self.day(move.due) if move.kind is Kind.INVOICE else ""
        return {
            "day": "" if move.kind in _BOOKED_OTHERWISE else self.day(move.day),
            "what": self.say(move.kind.value, number=plain(move.number, 60), due=due),
            "aside": self.aside(move),
            "amount": self.money(move.amount),
            "balance": self.money(move.balance),
        }

    def aside(self, move: Movement) -> str:
        if move.kind in _BOOKED_OTHERWISE:
            return self.say("no_day")
        numbers = [plain(one, 60) for one in move.about]
        return self.say("about", about=numbers, numbers=format_list(numbers, locale=self.locale)) if numbers else ""

    def standing(self, found: Outstanding, today: date, credit: Money | None = None) -> Written:
        """What is open today, by invoice and by age, and what of it open credit would cover."""
        less = found.total - credit if credit else found.total
        left = Money(abs(less.minor), less.currency)
        return {
            "heading": self.say("open_heading", today=self.day(today)),
            "invoices": [self.invoice(one) for one in found.invoices],
            "together": [self.say("together"), self.money(found.total)],
            "credit": [self.say("credit_line"), self.money(credit)] if credit else [],
            "after_credit": [self.say("after_credit", favour=less.minor < 0), self.money(left)] if credit else [],
            "ageing_heading": self.say("ageing"),
            "ageing": [[self.say(age.value), self.money(found.ageing[age])] for age in Age],
        }

    def invoice(self, one: Invoice) -> Written:
        note = ""
        if one.known is not None:
            cause, day = one.known
            note = self.say(cause.value, day=self.day(day))
        return {
            "number": plain(one.number, 60) or self.say("unnumbered"),
            "due": self.day(one.due) or self.say("undated"),
            "note": note,
            "part": self.say("part", total=self.money(one.total)) if one.left != one.total else "",
            "left": self.money(one.left),
        }

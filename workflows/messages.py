"""Turning facts about invoices into one message: subject, text and HTML, in the reader's language.

Pure apart from reading templates (`templating`): no clock, no chance, nothing is sent here, and the same facts give
the same bytes. It only words what it is given; who hears what and when was decided before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from email.header import Header
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from babel import Locale
from babel.lists import format_list
from css_inline import CSSInliner
from jinja2 import TemplateError

from core.cadence import Channel
from core.facts import Instalment
from core.money import Money, totals
from core.wording import plain
from integrations.channels.base import Envelope
from workflows import figures
from workflows.figures import amount
from workflows.message_facts import Answered, MessageFacts, MessageLine
from workflows.message_view import Late, Offer, Part, Reply, Row, Sum
from workflows.templating import MessageError, body, compiled, environment, spoken, typed, words_of

# What a header may hold as it is; invoice numbers are cut apart at commas, and quoting itself needs the percent sign.
_HEADER_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%,")
_LONGEST_HEADER = 900
_OF_NO_INVOICE = ("fresh-link",)
_WEB = re.compile(r"https?://[!-~]+")
# What may be said below the list, where there is something to say.
_NOTES = ("discount", "late", "part", "attached", "credit")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a template says: what it is about, and paragraphs; of a call, what a person may begin it with."""

    title: str
    paragraphs: tuple[str, ...]


def render(facts: MessageFacts, own: Opening | None = None, layout: str = "layout") -> Envelope:
    """Write the message; MessageError when its template is missing or broken, or a fact cannot be shown.

    A person's `own` words take the place of the template's; what stands around them comes from `layout`.
    """
    folder, locale = _spoken(facts)
    try:
        view = _view(facts, locale, words_of(folder))
        subject, paragraphs = (
            typed(own.title, own.paragraphs) if own else body(folder, facts.template, view, source=facts.source)
        )
        notes = [words for name in _NOTES if (words := view["words"][name].strip())]
        page = {**view, "subject": subject, "paragraphs": paragraphs, "notes": notes}
        text = environment().get_template(f"{layout}.txt").render(page).strip() + "\n"
        html = environment().get_template(f"{layout}.html").render(page)
    except (TemplateError, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise _unusable(facts, folder, error) from error
    return Envelope(
        sender=plain(facts.sender, 5000),
        recipients=facts.recipients,
        reply_to=plain(facts.reply_to, 5000),
        subject=subject,
        text=text,
        html=_inliner().inline(html),
        message_id=plain(facts.message_id, 500),
        headers=_headers(facts),
        cc=facts.cc,
        bcc=facts.bcc,
    )


def opening(facts: MessageFacts, channel: Channel = Channel.CALL) -> Opening:
    """What the template alone says, such as the words to begin a call with; MessageError as for a message."""
    folder, locale = _spoken(facts, channel)
    try:
        view = _view(facts, locale, words_of(folder))
        title, paragraphs = body(folder, facts.template, view, channel, facts.source)
    except (TemplateError, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise _unusable(facts, folder, error) from error
    return Opening(title, tuple(paragraphs))


def _spoken(facts: MessageFacts, channel: Channel = Channel.EMAIL) -> tuple[str, Locale]:
    _check(facts)
    return spoken(facts.template, facts.language, channel)


def _unusable(facts: MessageFacts, folder: str, error: Exception) -> MessageError:
    return MessageError(f"The message template {facts.template!r} ({folder}) cannot be used: {error}.")


def _check(facts: MessageFacts) -> None:
    if facts.moment.tzinfo is None:
        raise MessageError("A message needs a moment with its time zone.")
    if not plain(facts.company):
        raise MessageError("A message needs the company's name.")
    if not (facts.lines or facts.paid or facts.answered or facts.template in _OF_NO_INVOICE):
        raise MessageError("A message needs an invoice or a payment to speak of.")
    settled = [plain(line.number) for line in facts.lines if line.balance.minor <= 0 and not facts.paid]
    if settled:
        raise MessageError(f"Nothing is open on invoice {settled[0]!r}: no message may ask for it.")
    if not _WEB.fullmatch(facts.portal_url) or not (_WEB.fullmatch(facts.stop_url) or not facts.stop_url):
        raise MessageError("A message needs a web address for each of its links.")


def _view(facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> dict[str, Any]:
    """What templates may name; everything from outside is a plain string on one line."""
    lines = sorted(facts.lines, key=lambda line: (line.due or date.max, line.issued, line.number))
    rows = [_row(line, facts, locale, words) for line in lines]
    view = _around(facts, locale, words) | {
        "rows": rows,
        "first": rows[0] if rows else None,
        "lead": [row for line, row in zip(lines, rows, strict=True) if line.step in ("", facts.step)] or rows,
        "count": len(rows),
        "sums": _sums([(line.balance, row.kind == "late") for line, row in zip(lines, rows, strict=True)], locale),
        "open": sum(row.kind != "paid" for row in rows),
        **{count: sum(row.kind == kind for row in rows) for count, kind in _COUNTS.items()},
    }
    return view | {"words": {name: compiled(source).render(view) for name, source in words["around"].items()}}


_DATED = ("late", "today", "coming")
_COUNTS = {"late": "late", "cusp": "today", "coming": "coming", "arranged": "arranged"}


def _around(facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> dict[str, Any]:
    """What is true of the whole message, whichever invoices it is about."""
    days = {"today": facts.today, "chosen": facts.promised, "resolved": facts.resolved}
    return {
        "language": str(locale).replace("_", "-"),
        "direction": locale.text_direction,
        **{name: plain(getattr(facts, name)) for name in ("company", "customer", "contact", "signed")},
        **{name: _day(day, facts.today, locale) if day else "" for name, day in days.items()},
        "instalment": None if facts.instalment is None else _part(facts.instalment, facts, locale, words),
        "tone": "" if facts.tone is None else facts.tone.value,
        "answer": None if facts.answered is None else _reply(facts.answered, facts, locale, words),
        "attached": facts.attached,
        "credits": format_list(_totals(facts.credits, locale), locale=locale),
        "paid": format_list(_totals(facts.paid, locale), locale=locale),
        "payments": len(totals(facts.paid)),
        "portal_url": facts.portal_url,
        "stop_url": facts.stop_url,
        "steady": facts.steady,
    }


def _part(part: Instalment, facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> Part:
    day, kind = _day(part.day, facts.today, locale), _due_kind(part.day, facts.today)
    return Part(amount(part.amount, locale), day, kind, compiled(words["says"][kind]).render(due=day))


def _reply(said: Answered, facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> Reply:
    return Reply(
        about=format_list([plain(one, 60) for one in said.numbers if plain(one)], locale=locale),
        one=len(said.numbers) == 1,
        words=plain(said.words, 2000),
        day=_day(said.day, facts.today, locale) if said.day else "",
        parts=tuple(_part(one, facts, locale, words) for one in said.parts),
    )


def _totals(amounts: Iterable[Money], locale: Locale) -> list[str]:
    """One written amount for each currency, in the order in which they come up; nothing for a sum of zero."""
    return [amount(total, locale) for total in totals(amounts).values() if total.minor > 0]


def _sums(balances: list[tuple[Money, bool]], locale: Locale) -> list[Sum]:
    """What is open in each currency, and what of it is late where only a part of the list is."""
    late = [balance for balance, is_late in balances if is_late]
    parts = totals(late) if len(late) < len(balances) else {}
    return [
        Sum(amount(total, locale), amount(parts[currency], locale) if currency in parts else "")
        for currency, total in totals(balance for balance, _ in balances).items()
        if total.minor > 0
    ]


def _row(line: MessageLine, facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> Row:
    kind = _kind(line, facts)
    said = "agreed" if line.agreed and kind in _DATED else kind
    due = "" if line.due is None else _day(line.due, facts.today, locale)
    issued = _day(line.issued, facts.today, locale)
    open_amount = amount(line.balance if line.balance.minor > 0 else line.total, locale)
    total = amount(line.total, locale)
    part_paid = 0 < line.balance.minor < line.total.minor
    number = plain(line.number, 60)
    return Row(
        number=number or compiled(words["unnumbered"]).render(issued=issued),
        unnumbered=not number,
        issued=issued,
        amount=open_amount,
        total=total,
        settled=amount(line.total - line.balance, locale) if part_paid else "",
        part_paid=part_paid,
        kind=kind,
        state=compiled(words["state"][said]).render(due=due, kind=kind),
        says=compiled(words["says"][said]).render(due=due, kind=kind),
        worth=compiled(words["worth"]["part" if part_paid else "whole"]).render(amount=open_amount, total=total),
        offer=_offer(line, facts, locale),
        late=_late(line, facts, locale),
    )


def _offer(line: MessageLine, facts: MessageFacts, locale: Locale) -> Offer | None:
    if line.less is None or line.until is None or line.until < facts.today:
        return None
    settles, until = amount(line.balance - line.less, locale), _day(line.until, facts.today, locale)
    return Offer(settles, amount(line.less, locale), until)


def _late(line: MessageLine, facts: MessageFacts, locale: Locale) -> Late | None:
    """A thank-you does not speak of it."""
    if line.late is None or line.leaves is None or line.leaves < facts.today or facts.paid:
        return None
    return Late(amount(line.late, locale), _day(line.leaves, facts.today, locale))


def _kind(line: MessageLine, facts: MessageFacts) -> str:
    """Which words are true of this invoice today; a thank-you speaks of nobody's lateness."""
    if line.balance.minor <= 0:
        return "paid"
    if facts.paid:
        return "left"
    if line.arranged:
        return "arranged"
    return "undated" if line.due is None else _due_kind(line.due, facts.today)


def _due_kind(due: date, today: date) -> str:
    if due == today:
        return "today"
    return "late" if due < today else "coming"


def _day(day: date, today: date, locale: Locale) -> str:
    """With the month in letters, so that no reader can take it for another day; the year only where it differs."""
    return figures.day(day, locale, "MMMMd" if day.year == today.year else "")


def _headers(facts: MessageFacts) -> dict[str, str]:
    """Headers hold plain ASCII: what is not, and a comma inside an invoice number, is written as %2C is."""
    numbers = [quote(plain(line.number, 255), safe=_HEADER_SAFE) for line in facts.lines]
    steps = [plain(line.step or facts.step) + (f"@{line.anew}" if line.anew else "") for line in facts.lines]
    return {
        "Date": format_datetime(facts.moment),
        "X-Dunlin-Step": plain(facts.step),
        "X-Dunlin-Invoices": _listed(numbers),
        "X-Dunlin-Lines": _listed(f"{number}={step}" for number, step in zip(numbers, steps, strict=True)),
        "X-Dunlin-Company": Header(plain(facts.company)).encode(linesep=""),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **_stopping(facts.stop_url),
    }


def _stopping(url: str) -> dict[str, str]:
    """By which a mail program shows its own button: RFC 2369, and RFC 8058 for one click without opening the page."""
    one_click = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return one_click if url else {}


def _listed(parts: Iterable[str]) -> str:
    """As many whole parts as one header line can carry: a long list must not keep the message from leaving."""
    listed = ""
    for part in parts:
        longer = f"{listed}, {part}" if listed else part
        if len(longer) > _LONGEST_HEADER:
            break
        listed = longer
    return listed


@cache
def _inliner() -> CSSInliner:
    """Styles onto the elements for mail programs that drop style sheets; media rules stay. It fetches nothing."""
    return CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)

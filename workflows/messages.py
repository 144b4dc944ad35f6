"""Turning facts about invoices into one message: subject, text and HTML, in the reader's language.

Pure apart from reading `templates/messages`: no clock, no chance, nothing is sent here, and the same facts give the
same bytes. It only words what it is given; who hears what and when was decided before.

A language is a folder: `words.toml` (the words around every message) and one `<name>.txt` per template: a first line
`subject: …`, an empty line, then paragraphs. The two layouts are shared by all languages.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency
from css_inline import CSSInliner
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.money import Money, exponent, totals
from core.wording import plain
from integrations.channels.base import Envelope

_HOME = Path(__file__).resolve().parents[1] / "templates" / "messages"
_FALLBACK = "en"
# What a header may hold as it is; invoice numbers are cut apart at commas, and quoting itself needs the percent sign.
_HEADER_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%,")
_LONGEST_HEADER = 900


class MessageError(Exception):
    """The message cannot be written; one sentence for the person who looks after the templates."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One invoice as the reader sees it. A balance of zero means it is paid; `step` is what is said about it."""

    number: str
    issued: date
    due: date | None
    balance: Money
    total: Money
    step: str = ""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """All a message may say. `contact` is a person's name or ""; `today` is the company's local date.

    `sender` is an address with its display name; `moment` (aware) becomes the Date header; `paid` are amounts just
    received, and turns the message into a thank-you that asks for nothing.
    """

    template: str
    language: str
    company: str
    sender: str
    reply_to: str
    contact: str
    customer: str
    recipients: tuple[str, ...]
    lines: tuple[MessageLine, ...]
    credits: tuple[Money, ...]
    portal_url: str
    today: date
    message_id: str
    moment: datetime
    step: str
    paid: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line in words. `state` fits a table ("due today"), `says` and `worth` a sentence ("is due today", "for £10").

    `number` stands in for itself in a sentence: of an invoice without one it is "of 3 March", and `unnumbered`.
    """

    number: str
    unnumbered: bool
    issued: str
    amount: str
    total: str
    part_paid: bool
    kind: str
    state: str
    says: str
    worth: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What is open in one currency, and how much of it is late ("" where that needs no telling)."""

    open: str
    late: str


def render(facts: MessageFacts) -> Envelope:
    """Write the message; MessageError when its template is missing or broken, or a fact cannot be shown."""
    _check(facts)
    folder, locale = _language(facts.template, facts.language)
    try:
        words = tomllib.loads((_HOME / folder / "words.toml").read_text(encoding="utf-8"))
        view = _view(facts, locale, words)
        view["words"] = {name: _compiled(source).render(view) for name, source in words["around"].items()}
        subject, paragraphs = _body(f"{folder}/{facts.template}.txt", view)
        page = {**view, "subject": subject, "paragraphs": paragraphs}
        text = _environment().get_template("layout.txt").render(page).strip() + "\n"
        html = _environment().get_template("layout.html").render(page)
    except (TemplateError, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise MessageError(f"The message template {facts.template!r} ({folder}) cannot be used: {error}.") from error
    return Envelope(
        sender=plain(facts.sender, 5000),
        recipients=facts.recipients,
        reply_to=plain(facts.reply_to, 5000),
        subject=subject,
        text=text,
        html=_inliner().inline(html),
        message_id=plain(facts.message_id, 500),
        headers=_headers(facts),
    )


def template_names(language: str = _FALLBACK) -> frozenset[str]:
    """The names a cadence's steps may use in a language folder."""
    return frozenset(file.stem for file in (_HOME / language).glob("*.txt"))


def _check(facts: MessageFacts) -> None:
    if facts.moment.tzinfo is None:
        raise MessageError("A message needs a moment with its time zone.")
    if not plain(facts.company):
        raise MessageError("A message needs the company's name.")
    if not facts.lines and not facts.paid:
        raise MessageError("A message needs an invoice or a payment to speak of.")
    settled = [plain(line.number) for line in facts.lines if line.balance.minor <= 0 and not facts.paid]
    if settled:
        raise MessageError(f"Nothing is open on invoice {settled[0]!r}: no message may ask for it.")
    if not re.fullmatch(r"https?://\S+", facts.portal_url):
        raise MessageError("A message needs a web address for the portal.")
    if not re.fullmatch(r"[a-z0-9-]+", facts.template):
        raise MessageError(f"{plain(facts.template)!r} is not a template name: use small letters, digits and dashes.")


def _language(template: str, language: str) -> tuple[str, Locale]:
    """The folder to read and the locale for dates and amounts; English as a whole where anything is missing."""
    locale = _locale(language)
    if template in template_names(locale.language) and (_HOME / locale.language / "words.toml").is_file():
        return locale.language, locale
    if template not in template_names():
        raise MessageError(f"There is no message template {template!r}.")
    return _FALLBACK, locale if locale.language == _FALLBACK else Locale(_FALLBACK)


def _locale(language: str) -> Locale:
    """The locale of a tag such as en-GB; without its region where that pair is unknown, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
    return Locale(_FALLBACK)


def _view(facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> dict[str, Any]:
    """What templates may name; everything from outside is a plain string on one line."""
    lines = sorted(facts.lines, key=lambda line: (line.due or date.max, line.issued, line.number))
    rows = [_row(line, facts, locale, words) for line in lines]
    kinds = [row.kind for row in rows]
    late = [line.balance for line, kind in zip(lines, kinds, strict=True) if kind == "late"]
    return {
        "language": str(locale).replace("_", "-"),
        "direction": locale.text_direction,
        "company": plain(facts.company),
        "customer": plain(facts.customer),
        "contact": plain(facts.contact),
        "rows": rows,
        "first": rows[0] if rows else None,
        "count": len(rows),
        "late": len(late),
        "cusp": kinds.count("today"),
        "coming": kinds.count("coming"),
        "open": sum(kind != "paid" for kind in kinds),
        "sums": _sums(lines, late, locale),
        "credits": format_list(_totals(facts.credits, locale), locale=locale),
        "paid": format_list(_totals(facts.paid, locale), locale=locale),
        "payments": len(totals(facts.paid)),
        "portal_url": facts.portal_url,
    }


def _totals(amounts: Iterable[Money], locale: Locale) -> list[str]:
    """One written amount for each currency, in the order in which they come up; nothing for a sum of zero."""
    return [_amount(total, locale) for total in totals(amounts).values() if total.minor > 0]


def _sums(lines: list[MessageLine], late: list[Money], locale: Locale) -> list[Sum]:
    """What is open in each currency, and what of it is late where only a part of the list is."""
    parts = totals(late) if len(late) < len(lines) else {}
    return [
        Sum(_amount(total, locale), _amount(parts[currency], locale) if currency in parts else "")
        for currency, total in totals(line.balance for line in lines).items()
        if total.minor > 0
    ]


def _row(line: MessageLine, facts: MessageFacts, locale: Locale, words: Mapping[str, Any]) -> Row:
    kind = _kind(line, facts)
    due = "" if line.due is None else _day(line.due, facts.today, locale)
    issued = _day(line.issued, facts.today, locale)
    amount = _amount(line.balance if line.balance.minor > 0 else line.total, locale)
    total = _amount(line.total, locale)
    part_paid = 0 < line.balance.minor < line.total.minor
    number = plain(line.number, 60)
    return Row(
        number=number or _compiled(words["unnumbered"]).render(issued=issued),
        unnumbered=not number,
        issued=issued,
        amount=amount,
        total=total,
        part_paid=part_paid,
        kind=kind,
        state=_compiled(words["state"][kind]).render(due=due),
        says=_compiled(words["says"][kind]).render(due=due),
        worth=_compiled(words["worth"]["part" if part_paid else "whole"]).render(amount=amount, total=total),
    )


def _kind(line: MessageLine, facts: MessageFacts) -> str:
    """Which words are true of this invoice today; a thank-you speaks of nobody's lateness."""
    if line.balance.minor <= 0:
        return "paid"
    if facts.paid:
        return "left"
    if line.due is None:
        return "undated"
    if line.due == facts.today:
        return "today"
    return "late" if line.due < facts.today else "coming"


def _day(day: date, today: date, locale: Locale) -> str:
    """With the month in letters, so that no reader can take it for another day; the year only where it differs."""
    if day.year == today.year:
        return format_skeleton("MMMMd", day, locale=locale)
    return format_date(day, format="long", locale=locale)


def _amount(money: Money, locale: Locale) -> str:
    """Always to the currency's ISO minor unit: the locale data would round some currencies to whole units.

    A code in letters stands apart from the digits ("CHF 12.50"), by a space that does not break over lines.
    """
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exponent(money.currency), exponent(money.currency))
    written = format_currency(money.decimal, money.currency, format=pattern, locale=locale, currency_digits=False)
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\u00a0", written)


def _body(path: str, view: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Subject and paragraphs of a template file; a paragraph is one line and keeps its unbreakable spaces."""
    head, _, rest = _environment().get_template(path).render(view).partition("\n")
    label, _, subject = head.partition(":")
    paragraphs = [re.sub(r"[ \t\n]+", " ", part.strip()) for part in re.split(r"\n\s*\n", rest) if part.strip()]
    if label != "subject" or not subject.strip() or not paragraphs:
        raise MessageError(f"The message template {path!r} needs a first line 'subject: …' and a paragraph.")
    return plain(subject, 200), paragraphs


def _headers(facts: MessageFacts) -> dict[str, str]:
    """Headers hold plain ASCII: what is not, and a comma inside an invoice number, is written as %2C is."""
    numbers = [quote(plain(line.number, 255), safe=_HEADER_SAFE) for line in facts.lines]
    steps = [plain(line.step or facts.step) for line in facts.lines]
    return {
        "Date": format_datetime(facts.moment),
        "X-Dunlin-Step": plain(facts.step),
        "X-Dunlin-Invoices": _listed(numbers),
        "X-Dunlin-Lines": _listed(f"{number}={step}" for number, step in zip(numbers, steps, strict=True)),
        "X-Dunlin-Company": Header(plain(facts.company)).encode(linesep=""),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


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
def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja's sandbox: templates are data that accountants write. Only `.html` files escape, and they all do."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_HOME),
        autoescape=select_autoescape(("html",), default=False, default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=500)
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


@cache
def _inliner() -> CSSInliner:
    """Styles onto the elements for mail programs that drop style sheets; media rules stay. It fetches nothing."""
    return CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)

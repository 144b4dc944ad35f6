"""In whose language a customer's page speaks: its words, and how dates and money are written in it.

English is the key; a catalog is templates/portal/<language>.po, and where there is none the whole page is English. It
words what it is given. The console and everything else that has no link in its address is English.
"""

from __future__ import annotations

import gettext as catalogs
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberFormatError, parse_decimal
from flask import Flask, g, request
from sqlalchemy.orm import joinedload

from core.money import Money, exponent
from models import Account, Company
from web import formats, portal_link
from web.guards import runtime
from workflows import figures, links
from workflows.errors import Refusal
from workflows.templating import locale_of

HOME = Path(__file__).resolve().parents[1] / "templates" / "portal"
SOURCE = "en"
_LARGEST = 10**15
_FIGURES = re.compile(r"[\d\s.,'’]{1,30}")


@dataclass(frozen=True, slots=True)
class Speech:
    """A language with its words. `company` decides whose wall clock a moment is told by."""

    locale: Locale
    words: catalogs.NullTranslations
    company: Company | None = None

    def money(self, amount: Money, _company: Company | None = None) -> str:
        return figures.amount(amount, self.locale)

    def day(self, value: date | None, _company: Company | None = None) -> str:
        """A date such as 3 Dec 2026; a dash for none."""
        return self._written(value, "medium") if value else "–"

    def long_day(self, value: date, _company: Company | None = None) -> str:
        """A date with its weekday."""
        return self._written(value, "full")

    def _written(self, value: date, form: Literal["medium", "full"]) -> str:
        return figures.counted(format_date(value, form, locale=self.locale), value, self.locale)

    def moment(self, value: datetime | None, _company: Company | None = None) -> str:
        return f"{self.day(self._local(value).date())}, {self._time(value)}" if value else "–"

    def read_when(self, value: datetime, _company: Company | None = None) -> str:
        """When figures were read, as a sentence: only the time on the same day."""
        if self._local(value).date() == self._local(runtime().clock.now()).date():
            return gettext("These figures were read at %(time)s.", time=self._time(value))
        return gettext("These figures were read on %(moment)s.", moment=self.moment(value))

    def amount(self, text: str, currency: str) -> Money:
        """What somebody typed, as it is written in this language; Refusal when it is no amount of the currency."""
        found = None
        try:
            value = parse_decimal(text.strip() if _FIGURES.fullmatch(text) else "", locale=self.locale, strict=True)
            found = Money.parse(value, currency)
        except (NumberFormatError, ValueError):
            value = None
        if found is None or found.decimal != value or not 0 < found.minor < _LARGEST:
            example = Money(1250 if exponent(currency) == 2 else 1000, currency)
            raise Refusal("Please give the amount in figures, such as {example}.", example=example)
        return found

    def _local(self, value: datetime) -> datetime:
        return value.astimezone(ZoneInfo(self.company.zone if self.company and self.company.zone else "UTC"))

    def _time(self, value: datetime) -> str:
        return format_time(self._local(value).time(), "HH:mm", locale=self.locale)


@cache
def catalog(language: str, home: Path = HOME) -> catalogs.NullTranslations | None:
    """The words of a language; None where nobody wrote any."""
    file = home / f"{language}.po"
    if not file.is_file():
        return None
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return catalogs.GNUTranslations(compiled)


def of(account: Account, company: Company) -> Speech:
    """The account's language, else the company's, else English as it is written in the company's country."""
    locale = locale_of(figures.language_of(account, company))
    words = None if locale.language == SOURCE else catalog(locale.language)
    if words is None:
        known = locale if locale.language == SOURCE else formats.locale_of(company)
        return Speech(known, catalogs.NullTranslations(), company)
    return Speech(locale, words, company)


def current() -> Speech:
    """That of the link in the address; of a link that opens nothing, what the browser asks for."""
    if "speech" not in g:
        g.speech = _of_request()
    found: Speech = g.speech
    return found


def speak(account: Account, company: Company) -> None:
    """Whose language this page speaks, where it has been read already."""
    g.setdefault("speech", of(account, company))


def _of_request() -> Speech:
    token = (request.view_args or {}).get("token", "") if is_portal() else ""
    if not token:
        return Speech(Locale(SOURCE), catalogs.NullTranslations())
    try:
        target = portal_link.opened(token)
    except links.BadLink:
        return _asked_for()
    with runtime().store.read() as session:
        account = session.get_one(Account, target.account_id, options=[joinedload(Account.company)])
    return of(account, account.company)


def _asked_for() -> Speech:
    """What the browser would like best, of what there is."""
    known = sorted(file.stem for file in HOME.glob("*.po"))
    chosen = request.accept_languages.best_match([SOURCE, *known]) or SOURCE
    return Speech(Locale(chosen), catalog(chosen) or catalogs.NullTranslations())


def is_portal() -> bool:
    return (request.blueprint or "").startswith("portal")


def gettext(sentence: str, **facts: Any) -> str:
    """The sentence in the language of the page, with its `%(named)s` places filled."""
    said = current().words.gettext(sentence)
    return said % facts if facts else said


def said(refusal: Refusal) -> str:
    """What a workflow refuses with, in the language of the page."""
    speech = current()
    sentence = speech.words.gettext(refusal.sentence)
    facts = {name: _fact(speech, one) for name, one in refusal.facts.items()}
    return sentence.format(**facts) if facts else sentence


def _fact(speech: Speech, value: Any) -> str:
    if isinstance(value, Money):
        return speech.money(value)
    return speech.day(value) if isinstance(value, date) else str(value)


def register(app: Flask) -> None:
    """Let templates say `{% trans %}` and `_('…')`, and portal pages write dates and money in their own language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda sentence: current().words.gettext(sentence),
        lambda one, many, count: current().words.ngettext(one, many, count),
        newstyle=True,
    )
    app.context_processor(_formats)


def _formats() -> dict[str, Any]:
    if not is_portal():
        return {}
    speech = current()
    names = ("money", "day", "long_day", "moment", "read_when")
    return {"language": str(speech.locale).replace("_", "-"), **{name: getattr(speech, name) for name in names}}

"""What belongs to a customer's page: the company's logo and colour, and a receipt for each payment made on it.

All behind the same signed link; nothing here changes anything.
"""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from core import contrast
from core.wording import plain
from integrations.processors.base import Method
from models import Account, Attempt, Brand, Company, Reversal
from web import downloads, portal, portal_link, portal_view
from web.guards import limiter, link_key, runtime
from web.speech import current, gettext
from workflows import brands, late_paper, returned, typesetting
from workflows.calendars import today_of
from workflows.statement_words import LETTER

pages = Blueprint("portal_papers", __name__, url_prefix="/p/<token>")
portal.keep_house(pages)
# A receipt is set anew each time.
_limit = limiter.limit("10 per minute;60 per day", key_func=link_key)
# The grounds that the accent stands on, light and dark: `--sunken` and `--calm-wash` in dunlin.css.
_LIGHT, _DARK = "#f0ede6", "#26323a"
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"brand_of": brand_of}


def brand_of(company: Company) -> Brand | None:
    """How the company looks on its customers' pages, where it said so."""
    with runtime().store.read() as session:
        return brands.of(session, company.id)


@pages.get("/logo")
def logo(token: str) -> Response:
    brand = _brand(token)
    if brand is None or brand.logo is None:
        raise NotFound
    return Response(brand.logo, mimetype=brand.logo_kind)


@pages.get("/look.css")
def look(token: str) -> Response:
    """The company's colour where it can be read, else its nearest shade that can."""
    brand = _brand(token)
    if brand is None or not brand.colour:
        raise NotFound
    light, dark = contrast.shade(brand.colour, _LIGHT), contrast.shade(brand.colour, _DARK)
    rules = _rules(light, contrast.mix(light, _BLACK, 0.2), "#ffffff", contrast.mix(light, _WHITE, 0.9))
    at_night = _rules(dark, contrast.mix(dark, _WHITE, 0.3), "#12181c", contrast.mix(dark, _BLACK, 0.75))
    return Response(f"{rules}\n@media (prefers-color-scheme: dark) {{ {at_night} }}\n", mimetype="text/css")


def _rules(accent: str, strong: str, ink: str, wash: str) -> str:
    return (
        f"body.portal {{ --accent: {accent}; --accent-strong: {strong}; --accent-ink: {ink}; --accent-wash: {wash}; "
        "--bs-link-color: var(--accent); --bs-link-hover-color: var(--accent-strong); }"
    )


def _brand(token: str) -> Brand | None:
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        company = portal_view.company_of(session, target.account_id)
    return brand_of(company)


@pages.get("/receipts/<uid>.pdf")
@_limit
def receipt(token: str, uid: str) -> Response:
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        account = portal_view.account_of(session, target)
        attempt = portal_view.paid_here(rt, session, target, uid)
        if attempt is None:
            raise NotFound
        back = [one for one in returned.of(session, attempt.id) if one.state != "void"]
    paid_on = today_of(account.company, attempt.paid_at or attempt.created_at)
    body = typesetting.pdf("receipt", _facts(account, attempt, back))
    return downloads.file(f"receipt-{paid_on.isoformat()}.pdf", body)


@pages.get("/late/<uid>.pdf")
@_limit
def late(token: str, uid: str) -> Response:
    """How what has come on top for late payment was worked out."""
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        account = portal_view.account_of(session, target)
        charge = portal_view.charge(rt, session, target, uid)
    if charge is None:
        raise NotFound
    return downloads.file("late-payment.pdf", late_paper.pdf(rt, charge, account, account.company))


def _facts(account: Account, attempt: Attempt, back: list[Reversal]) -> dict[str, Any]:
    """What the paper says, in words."""
    voice, company = current(), account.company
    paid_on = today_of(company, attempt.paid_at or attempt.created_at)
    return {
        "title": gettext("Receipt"),
        "language": voice.locale.language,
        "company": plain(company.name),
        "day": format_date(paid_on, "long", voice.locale),
        "page": gettext("Page"),
        "size": "us-letter" if company.country in LETTER else "a4",
        "customer": gettext("Received from %(customer)s, with thanks.", customer=plain(account.name)),
        "facts": [
            [gettext("Amount"), voice.money(attempt.amount)],
            [gettext("Paid on"), format_date(paid_on, "long", voice.locale)],
            [gettext("Paid by"), _method(attempt)],
            [gettext("Our reference"), attempt.uid],
        ],
        "heading": gettext("For"),
        "lines": [
            [plain(line.invoice.number, 60) or gettext("without a number"), voice.money(line.amount)]
            for line in attempt.lines
        ],
        "notes": [
            gettext("Of this, %(amount)s went back on %(day)s.", amount=voice.money(one.amount), day=_day(account, one))
            for one in back
        ],
        "whom": gettext(
            "Questions? Reply to any of our e-mails; a person at %(company)s reads it.", company=plain(company.name)
        ),
    }


def _day(account: Account, one: Reversal) -> str:
    return format_date(today_of(account.company, one.made_at), "long", current().locale)


def _method(attempt: Attempt) -> str:
    words = {
        Method.CARD.value: gettext("Card or wallet"),
        Method.DEBIT.value: gettext("Bank debit"),
        Method.INSTANT.value: gettext("Bank payment"),
    }
    return words.get(attempt.method, attempt.method)

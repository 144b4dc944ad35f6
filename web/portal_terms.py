"""The customer's page of the terms that count for them, behind their signed link; to read, and as a PDF.

It shows those of the link's own account and changes nothing.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from models import Account, Company, Terms
from web import downloads, portal, portal_link, portal_view
from web.guards import limiter, link_key, runtime
from web.terms import terms_now
from workflows import terms

pages = Blueprint("portal_terms", __name__, url_prefix="/p/<token>")
portal.keep_house(pages)
# A file may be large, and a text is set anew each time.
_limit = limiter.limit("10 per minute;60 per day", key_func=link_key)


@pages.get("/terms")
def show(token: str) -> str:
    found, account, company = _theirs(token)
    return render_template(
        "portal/terms.html",
        token=token,
        one=found,
        account=account,
        company=company,
        paragraphs=terms.paragraphs(found),
    )


@pages.get("/terms.pdf")
@_limit
def pdf(token: str) -> Response:
    paper = terms.attachment(runtime(), _theirs(token)[0])
    return downloads.file(paper.name, paper.body)


def _theirs(token: str) -> tuple[Terms, Account, Company]:
    """What counts today for the account that the link opens."""
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        account = session.get_one(Account, target.account_id)
        company = portal_view.company_of(session, account.id)
    found = terms_now(company, account)
    if found is None:
        raise NotFound
    return found, account, company

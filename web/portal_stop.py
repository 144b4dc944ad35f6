"""Where the link at the end of an automatic message leads: one button, by which a person takes over from us.

Opening the page changes nothing. The button, and a mail program's own one (RFC 8058), need no session and no token of
the page: the link itself is the secret, and all it can do is ask for a person.
"""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from models import Account, Company
from web import portal, speech
from web.guards import limiter, link_key, runtime
from workflows import opting_out
from workflows.opting_out import Wish

pages = Blueprint("portal_stop", __name__, url_prefix="/stop/<token>")
_limit = limiter.limit("40 per minute", key_func=link_key)
portal.keep_house(pages)


@pages.get("")
@_limit
def show(token: str) -> str:
    wish, company = _opened(token)
    granted = opting_out.is_granted(runtime(), wish)
    return render_template(
        "portal/stop.html", token=token, company=company, granted=granted, several=len(wish.readers) > 1
    )


@pages.post("")
@_limit
def stop(token: str) -> ResponseReturnValue:
    """A mail program gets an empty answer, for it must not be led elsewhere; a person sees the page again."""
    wish, _company = _opened(token)
    opting_out.grant(runtime(), wish)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return "", 200
    return redirect(url_for("portal_stop.show", token=token), 303)


def _opened(token: str) -> tuple[Wish, Company]:
    """What the link stands for and whose it is; the page speaks the account's language."""
    wish = opting_out.read(runtime(), token)
    with runtime().store.read() as session:
        account = session.get_one(Account, wish.account_id, options=[joinedload(Account.company)])
    g.speech = speech.of(account, account.company)
    return wish, account.company

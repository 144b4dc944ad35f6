"""The log on screen: of a customer, of a company, and of the practice itself; and the file of a customer's entries.

Read-only but for one entry: who took the file. Only for the practice's own people.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, render_template, request

from models import Account, Company
from web import downloads, lists, log_words, own, word_queries
from web.auth import person
from web.guards import runtime
from workflows import archive, audit, audit_reading

pages = Blueprint("log", __name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a log: `names` are those of the people in it, `customers` those it is about."""

    entries: list[audit_reading.Entry]
    number: int
    total: int
    names: dict[int, str]
    customers: dict[int, Account]

    @property
    def last(self) -> int:
        return lists.last_page(self.total, audit_reading.PAGE)


@pages.before_app_request
def _act() -> None:
    """Whatever is written down during this request was done by whoever is signed in."""
    if getattr(g, "person", None) is not None:
        g.acting = ExitStack()
        g.acting.enter_context(audit.acting(g.person.id))


@pages.teardown_app_request
def _end(_error: BaseException | None) -> None:
    acting = g.pop("acting", None)
    if acting is not None:
        acting.close()


@pages.get("/accounts/<uid>/log")
def of_account(uid: str) -> str:
    account = own.account(uid)
    return _shown(audit_reading.of_account, account, account=account, company=account.company)


@pages.get("/companies/<uid>/log")
def of_company(uid: str) -> str:
    company = own.company(uid)
    return _shown(audit_reading.of_company, company, account=None, company=company)


@pages.get("/log")
def of_practice() -> str:
    """What concerns no company: sign-ins, the library, keys."""
    return _shown(audit_reading.of_practice, person().practice_id, account=None, company=None)


def _shown(read: Any, whose: Account | Company | int, **about: Any) -> str:
    rt, number = runtime(), lists.page_number(request.args)
    with rt.store.read() as session:
        entries, total = read(rt, session, whose, number)
        names = word_queries.names(session, (one.user_id for one in entries))
        ids = {one.account_id for one in entries if one.account_id is not None}
        customers = {id: session.get_one(Account, id) for id in ids} if about["account"] is None else {}
    listed = Listed(entries, number, total, dict(names), customers)
    return render_template("console/log.html", listed=listed, title=log_words.title, details=log_words.details, **about)


@pages.get("/accounts/<uid>/log.zip")
def file(uid: str) -> Response:
    """Every entry of the customer, with how to check it."""
    rt, account = runtime(), own.account(uid)
    data = audit_reading.taken(rt, account.id, person().id)
    name = archive.new_name("log-", account.name or account.uid, f"-{rt.clock.now():%Y-%m-%d}.zip", ())
    return downloads.file(name, data)

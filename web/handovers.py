"""Handing a customer over to an agency: what else could be tried, what would be handed over, and what came since.

It parses, asks one workflow, and goes back to the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from core.money import Money
from models import Account, Company, Handover
from web import downloads, own, queries, word_queries
from web.auth import person
from web.guards import runtime
from workflows import afterwards, archive, bundle, door, handovers
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("handovers", __name__)
SHOWN = 100  # rows of one table; the file itself has them all
STATES = {
    "prepared": ("Not released", "warn"),
    "released": ("With the agency", "calm"),
    "recalled": ("Called back", "good"),
    "discarded": ("Thrown away", "calm"),
}
CAME = {
    "payment": "Paid",
    "on-its-way": "Paid by card, on its way into the ledger",
    "credit": "Credit",
    "invoice": "New invoice",
    "undone": "Payment taken back in the ledger",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file: `rows` are the first ones, `more` how many are not shown."""

    name: str
    what: str
    head: list[str]
    rows: list[list[str]]
    more: int


@dataclass(frozen=True, slots=True)
class Inside:
    """What is in a hand-over, to look through. `papers` are (name, size) of the PDFs."""

    readme: str
    tables: list[Table]
    messages: list[tuple[str, str]]
    papers: list[tuple[str, int]]


@pages.get("/accounts/<uid>/handover")
def show(uid: str) -> str:
    """What there is to decide now, or how it stands with the agency; earlier ones below."""
    rt, account = runtime(), own.account(uid)
    door.look(rt, account.id)
    with rt.store.read() as session:
        rows = handovers.of_account(session, account.id)
        now = next((row for row in rows if row.state in ("prepared", "released")), None)
        shown = {
            "outlook": handovers.outlook(rt, session, account.id),
            "changed": handovers.changed(rt, session, now) if now is not None and now.state == "prepared" else [],
            "since": afterwards.since(session, now) if now is not None and now.state == "released" else None,
            "names": word_queries.names(session, (id for row in rows for id in _people(row))),
            "call": word_queries.call_to_make(session, account.id),
            "owed": queries.owed_by_account(
                session, account.company, [account], today_of(account.company, runtime().clock.now())
            ).get(account.id),
        }
    return render_template(
        "console/handover.html",
        account=account,
        company=account.company,
        now=now,
        earlier=[row for row in rows if row is not now],
        inside=_inside(handovers.contents(rt, now.id)) if now is not None else None,
        states=STATES,
        came=CAME,
        sums=_sums,
        longest_name=handovers.LONGEST_NAME,
        longest_note=handovers.LONGEST_NOTE,
        **shown,
    )


def _people(row: Handover) -> tuple[int | None, ...]:
    """Who prepared it, released it and called it back."""
    return row.prepared_by_id, row.released_by_id, row.ended_by_id


def _sums(pairs: list[list[Any]]) -> dict[str, Money]:
    """Sums as the file's contents keep them."""
    return {currency: Money(minor, currency) for minor, currency in pairs}


def _inside(files: Mapping[str, bytes]) -> Inside:
    tables = [(name, archive.rows(data)) for name, data in files.items() if name.endswith(".csv")]
    return Inside(
        files.get(bundle.README, b"").decode(),
        [
            Table(name, bundle.WHAT[name], head, rows[:SHOWN], max(len(rows) - SHOWN, 0))
            for name, (head, *rows) in tables
        ],
        [(name, data.decode()) for name, data in files.items() if name.startswith("messages/")],
        [(name, len(data)) for name, data in files.items() if name.endswith(".pdf")],
    )


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("handovers.show", uid=(request.view_args or {})["uid"]), 303)


@pages.post("/accounts/<uid>/handover")
def prepare(uid: str) -> ResponseReturnValue:
    """Put it together for somebody to look through. Nothing is handed over by it."""
    handovers.prepare(runtime(), own.account(uid).id, person().id)
    return _back("It is put together. Please look through it; nothing is handed over yet.")


@pages.post("/accounts/<uid>/handover/<which>/release")
def release(uid: str, which: str) -> ResponseReturnValue:
    row, form = own.of_account(own.account(uid), Handover, which), request.form
    handovers.release(runtime(), row.id, form.get("agency", ""), form.get("note", ""), person().id)
    return _back("Released. Nothing is sent by itself any more. Give the file to the agency.")


@pages.post("/accounts/<uid>/handover/<which>/discard")
def discard(uid: str, which: str) -> ResponseReturnValue:
    handovers.discard(runtime(), own.of_account(own.account(uid), Handover, which).id, person().id)
    return _back("Thrown away. Nothing was handed over, and everything goes on as before.")


@pages.post("/accounts/<uid>/handover/<which>/recall")
def recall(uid: str, which: str) -> ResponseReturnValue:
    handovers.recall(runtime(), own.of_account(own.account(uid), Handover, which).id, person().id)
    return _back("Called back. The cadence goes on, one rung at a time. Please tell the agency, too.")


@pages.get("/accounts/<uid>/handover/<which>/zip")
def whole(uid: str, which: str) -> Response:
    account = own.account(uid)
    row = own.of_account(account, Handover, which)
    data = handovers.taken(runtime(), row.id, person().id)
    return downloads.file(archive.new_name("handover-", account.name, f"-{row.prepared_at:%Y-%m-%d}.zip", ()), data)


@pages.get("/accounts/<uid>/handover/<which>/file")
def file(uid: str, which: str) -> Response:
    """One file of it, to look at it before it is released."""
    name = request.args.get("name", "")
    if not name:
        raise NotFound
    data = handovers.taken(runtime(), own.of_account(own.account(uid), Handover, which).id, person().id, name)
    return downloads.file(name.rpartition("/")[2], data)


@pages.get("/accounts/<uid>/handover/<which>/since")
def since(uid: str, which: str) -> Response:
    """What came since, for the agency."""
    row = own.of_account(own.account(uid), Handover, which)
    return downloads.file("since-the-hand-over.csv", handovers.news(runtime(), row.id, person().id))


@pages.app_template_global("handover_of")
def handover_of(account: Account) -> Handover | None:
    """The hand-over of an account that waits for a person or is with an agency."""
    with runtime().store.read() as session:
        rows = handovers.of_account(session, account.id)
    return next((row for row in rows if row.state in ("prepared", "released")), None)


@pages.app_template_global("handovers_of")
def handovers_of(company: Company) -> list[tuple[Handover, Account]]:
    """The same for a whole company, with their accounts."""
    with runtime().store.read() as session:
        return handovers.with_agencies(session, company.id)

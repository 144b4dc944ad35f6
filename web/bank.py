"""The page Bank of a company: bring a statement, see what each line is taken to be, and decide where nobody can tell.

It parses, asks one workflow, and goes back to the page. Of a CSV it first shows which column it takes for what.
"""

from __future__ import annotations

import binascii
import zlib
from base64 import b64decode, b64encode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from core import bank_match
from core.bank_facts import Line, Part
from models import Account, BankFile, BankLine, BankMatch, Company, Invoice
from web import lists, own, queries
from web.auth import person
from web.guards import runtime
from workflows import bank_books, bank_csv, bank_files, bank_lines
from workflows.bank_csv import Columns
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("bank", __name__)
ROOM = bank_files.LARGEST * 3 // 2  # a file that is carried from page to page is written in letters
STATES = {
    "unclear": ("Unclear", "warn"),
    "probable": ("Probable", "calm"),
    "matched": ("Matched", "good"),
    "payout": ("Payout", "good"),
    "seen": ("In the ledger", "good"),
    "set-aside": ("Set aside", "calm"),
}
PARTS = {
    "day": "Day",
    "amount": "Sum (minus is money that went out)",
    "paid_in": "Paid in",
    "paid_out": "Paid out",
    "payer": "Payer or payee",
    "text": "Text or reference",
    "currency": "Currency",
    "id": "The bank's own number of the line",
}
DONE = {
    "confirm": "Noted. It waits until the ledger shows the payment.",
    "no": "Noted. It does not hold anything any more.",
    "set-aside": "Set aside. It has nothing to do with customers.",
    "undo": "Undone. The line was matched anew.",
}
_LATELY = 5


def room_for_files() -> None:
    """Before a form is read: a statement may be larger than other forms."""
    if request.endpoint == "bank.bring":
        request.max_content_length = request.max_form_memory_size = ROOM + 100_000


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


@pages.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The server stops reading before anybody can look at the file."""
    return _back("This file is larger than 5 MB. Please ask your bank for a shorter period.", "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    state = request.form.get("state", "") if mood != "warn" else ""
    return redirect(url_for("bank.show", uid=(request.view_args or {})["uid"], state=state or None), 303)


@pages.get("/companies/<uid>/bank")
def show(uid: str) -> str:
    rt, company, number = runtime(), own.company(uid), lists.page_number(request.args)
    today = today_of(company, rt.clock.now())
    with rt.store.read() as session:
        mine = BankLine.company_id == company.id
        found = session.execute(select(BankLine.state, func.count()).where(mine).group_by(BankLine.state))
        counts: dict[str, int] = dict(found.all())
        state = request.args.get("state", "")
        if state not in STATES:
            state = next((one for one in STATES if counts.get(one)), "unclear")
        wanted = (
            select(BankLine)
            .where(mine, BankLine.state == state)
            .order_by(BankLine.day.desc(), BankLine.id.desc())
            .options(
                selectinload(BankLine.matches)
                .joinedload(BankMatch.invoice)
                .joinedload(Invoice.account)
                .load_only(Account.uid, Account.name)
            )
        )
        rows = list(session.scalars(wanted.offset((number - 1) * queries.PAGE).limit(queries.PAGE)))
        files = list(
            session.scalars(
                select(BankFile).where(BankFile.company_id == company.id).order_by(BankFile.id.desc()).limit(_LATELY)
            )
        )
        late = bank_lines.overdue(session, company.id, today)
        likely = _candidates(session, company, rows) if state in ("unclear", "probable") else {}
    return render_template(
        "console/bank.html",
        company=company,
        states=STATES,
        counts=counts,
        state=state,
        rows=rows,
        likely=likely,
        files=files,
        late=late,
        number=number,
        last=lists.last_page(counts.get(state, 0)),
    )


def _candidates(session: Session, company: Company, rows: list[BankLine]) -> dict[int, list[tuple[Part, Invoice]]]:
    """By line: the best three of what is open, with why."""
    if not rows:
        return {}
    rt = runtime()
    books = bank_books.of(rt, session, company, rows, today_of(company, rt.clock.now()))
    best = {
        one.id: bank_match.candidates(Line(one.external_id, one.day, one.amount, one.payer, one.text), books)
        for one in rows
    }
    ids = {part.invoice for parts in best.values() for part in parts}
    wanted = select(Invoice).where(Invoice.id.in_(ids)).options(joinedload(Invoice.account))
    invoices = {one.id: one for one in session.scalars(wanted)}
    return {line: [(part, invoices[part.invoice]) for part in parts] for line, parts in best.items()}


@pages.post("/companies/<uid>/bank/decide")
def decide(uid: str) -> ResponseReturnValue:
    """What a person says of one line."""
    company, how = own.company(uid), request.form.get("do", "")
    with runtime().store.read() as session:
        mine = BankLine.company_id == company.id, BankLine.uid == request.form.get("bank_line", "")
        line = session.scalars(select(BankLine.uid).where(*mine)).first()
    if line is None or how not in DONE:
        raise NotFound
    rt, me = runtime(), person().id
    if how == "confirm":
        bank_lines.confirm(rt, line, me, request.form.get("invoice", ""))
    elif how == "no":
        bank_lines.refuse(rt, line, me)
    elif how == "set-aside":
        bank_lines.set_aside(rt, line, me)
    else:
        bank_lines.undo(rt, line, me)
    return _back(DONE[how])


@pages.post("/companies/<uid>/bank")
def bring(uid: str) -> ResponseReturnValue:
    """Take a statement in; a CSV first asks which column is which, and bad lines are shown before any is taken."""
    company = own.company(uid)
    name, raw = _file()
    despite = request.form.get("despite") == "on"
    columns = None
    if bank_files.kind_of(raw) != "csv":
        statement = bank_files.read(raw)
    elif request.form.get("read") != "on":
        return _ask(company, name, raw, bank_csv.guess(raw))
    else:
        columns = _columns(request.form)
        try:
            statement = bank_csv.read(raw, columns, request.form.get("account", "").strip()[:64], company.currency)
        except Refusal as refusal:
            return _ask(company, name, raw, columns, said=str(refusal)), 422
    if statement.bad and not despite:
        return _ask(company, name, raw, columns, bad=statement.bad, good=len(statement.entries)), 422
    file = bank_lines.bring(runtime(), company.id, name, raw, statement, person().id, despite)
    return _back(f"{file.lines - file.known} new lines, {file.known} known from earlier files.")


def _file() -> tuple[str, bytes]:
    """The file just chosen, or the one carried along by the page that asked about it."""
    given = request.files.get("file")
    if given is not None and given.filename:
        return given.filename, given.read()
    try:
        unpacked = zlib.decompressobj()
        raw = unpacked.decompress(b64decode(request.form.get("carried", ""), validate=True), bank_files.LARGEST + 1)
    except (binascii.Error, zlib.error, ValueError):
        raw = b""
    if not raw:
        raise Refusal("Please choose the statement that your bank gave you.")
    return request.form.get("name", ""), raw


def _columns(form: MultiDict[str, str]) -> Columns:
    places = {one: int(form[one]) for one in PARTS if form.get(one, "").isdecimal() and len(form[one]) < 4}
    header = form.get("header", "0")
    at = int(header) if header.isdecimal() and len(header) < 3 else 0
    return Columns(at, places, form.get("form", ""), form.get("mark", ""))


def _ask(
    company: Company,
    name: str,
    raw: bytes,
    columns: Columns | None,
    said: str = "",
    bad: tuple[tuple[int, str], ...] = (),
    good: int = 0,
) -> str:
    """Which column is which, and what could not be read."""
    sheet = bank_csv.sheet(raw, columns.header) if columns else None
    forms = bank_csv.forms(sheet, columns.places.get("day")) if sheet and columns else []
    return render_template(
        "console/bank_columns.html",
        company=company,
        name=name,
        carried=b64encode(zlib.compress(raw)).decode(),
        sheet=sheet,
        columns=columns,
        parts=PARTS,
        forms=forms,
        samples=[one.cells for one in sheet.body[:3] if one.cells] if sheet else [],
        account=request.form.get("account", ""),
        said=said,
        bad=bad[:100],
        bad_count=len(bad),
        good=good,
    )

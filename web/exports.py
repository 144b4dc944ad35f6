"""Lists as files, and everything of a company as one: the page that offers them, and the files themselves.

A file is written whole before it is sent, so that nobody's slow line holds the database; who took it is written down.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from io import BytesIO
from typing import IO

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import Company
from web import exported, exported_across, forms, own
from web.auth import person, reach
from web.export_queries import Asked, Rows
from web.guards import limiter, runtime
from workflows import archive, tables, taking_out
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.tables import Kind

pages = Blueprint("exports", __name__)
_IN_MEMORY = 1024 * 1024
_TYPES = {Kind.CSV: "text/csv", Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    uid = (request.view_args or {}).get("uid")
    return redirect(url_for("exports.show", uid=uid) if uid else url_for("companies.index"), 303)


@pages.get("/companies/<uid>/export")
def show(uid: str) -> str:
    """The links carry on which rows the page was asked for."""
    company = own.company(uid)
    asked = {name: request.args.get(name, "") for name in ("from", "to", "open")}
    days = {name: str(_day(text)) for name, text in asked.items() if name != "open" and text}
    kept = {**days, **({"open": "yes"} if asked["open"] == "yes" else {})}
    return render_template("console/exports.html", company=company, lists=exported.LISTS, kept=kept)


@pages.get("/companies/<uid>/lists/<listed>")
def of_company(uid: str, listed: str) -> Response:
    """A list of the company; `listed` is its name with the ending of its kind."""
    company, (name, kind) = own.company(uid), _kind(listed)
    wanted = exported.BY_NAME.get(name)
    if wanted is None:
        raise NotFound
    asked = asked_of(company)
    taking_out.note_list(runtime(), company, name, person().id)
    return _sent(_name(company, name, kind), kind, wanted.head, wanted.rows(asked))


@pages.get("/lists/<across>")
def of_all(across: str) -> Response:
    """A list over all companies that are open to whoever asks."""
    name, kind = _kind(across)
    wanted = exported_across.BY_NAME.get(name)
    if wanted is None:
        raise NotFound
    taking_out.note_list_across(runtime(), person(), name)
    return _sent(_name(None, name, kind), kind, wanted.head, wanted.rows(runtime(), reach()))


@pages.get("/companies/<uid>/export.zip")
@limiter.limit("20 per hour")
def whole(uid: str) -> Response:
    """Everything of a company."""
    rt, company = runtime(), own.company(uid)
    today = today_of(company, rt.clock.now())
    lists = [(one.name, one.title, one.head, one.rows(Asked(rt, company, today))) for one in exported.LISTS]
    name = archive.new_name("", company.name, f"-{today}.zip", ())
    return _file(lambda file: taking_out.everything(rt, company, person().id, lists, file), name, "application/zip")


def asked_of(company: Company) -> Asked:
    """What the address asks for: days from and to, and only what is open."""
    rt, args = runtime(), request.args
    first, last = (_day(args.get(name, "")) for name in ("from", "to"))
    return Asked(rt, company, today_of(company, rt.clock.now()), first, last, args.get("open") == "yes")


def _day(text: str) -> date | None:
    return forms.day(text) if text else None


def _kind(listed: str) -> tuple[str, Kind]:
    name, _, ending = listed.rpartition(".")
    if ending not in list(Kind):
        raise NotFound
    return name, Kind(ending)


def _name(company: Company | None, name: str, kind: Kind) -> str:
    now = runtime().clock.now()
    day = today_of(company, now) if company else now.date()
    return archive.new_name(f"{name}-", company.name if company else "all", f"-{day}.{kind}", ())


def _sent(name: str, kind: Kind, head: Sequence[str], rows: Rows) -> Response:
    return _file(lambda file: tables.write(kind, head, rows, file), name, _TYPES[kind])


def _file(write: Callable[[IO[bytes]], object], name: str, mimetype: str) -> Response:
    """What `write` writes, as a file to keep; a long one stays on disk, and is closed when it has been sent."""
    with ExitStack() as at_end:
        file: IO[bytes] = at_end.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        write(file)
        length = file.tell()
        file.seek(0)
        body: IO[bytes] = BytesIO(file.read()) if length <= _IN_MEMORY else file
        if body is file:
            at_end.pop_all()
    return send_file(body, mimetype, as_attachment=True, download_name=name)

"""What is changed below the cadences: for the practice, a company, a segment of customers or one customer.

Each is a small text of named fields, and can be taken away. Whether it may stand is decided in `workflows.library`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core.cadence import CadenceError
from core.differences import differences
from core.inheritance import Level
from core.language import FLAGS, LIMITS
from models import Account, CadenceOverride, CadenceVersion, Company
from web import cadence_words, library_queries, own, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import cadences, library
from workflows.errors import Refusal

pages = Blueprint("changes", __name__)
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a change is about. `words` name them."""

    company: Company | None
    segment: str
    account: Account | None

    @property
    def level(self) -> Level:
        if self.account is not None:
            return Level.ACCOUNT
        if self.segment:
            return Level.SEGMENT
        return Level.PRACTICE if self.company is None else Level.COMPANY

    @property
    def words(self) -> str:
        if self.account is not None:
            return self.account.name or "Erased customer"
        where = self.company.name if self.company else "Every company"
        return f"{where}: customers in {self.segment}" if self.segment else where

    @property
    def key(self) -> tuple[int | None, str, int | None]:
        """As `cadences.scope_of` names it."""
        company_id = self.company.id if self.company else None
        return company_id, self.segment, self.account.id if self.account else None

    @property
    def asked(self) -> dict[str, str]:
        """How a page asks for it."""
        if self.account is not None:
            return {"account": self.account.uid}
        company = {"company": self.company.uid} if self.company else {}
        return company | ({"segment": self.segment} if self.segment else {})


@dataclass(frozen=True, slots=True)
class Change:
    """One change as it stands, in words."""

    uid: str
    scope: Scope
    words: list[str]


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("changes.show"), 303)


@pages.get("/library/changes")
def show() -> str:
    """Every change of the practice, from the widest to the nearest."""
    with runtime().store.read() as session:
        companies = queries.companies(session, reach())
        found = [
            _change(session, row, Scope(company, row.segment, account), companies)
            for row, company, account in library_queries.changes(session, reach())
        ]
    return render_template("console/changes.html", changes=found, companies=companies)


def _change(session: Session, row: CadenceOverride, scope: Scope, companies: list[Company]) -> Change:
    """What the change does where it counts; of one for every company, at the first."""
    where = scope.company or (companies[0] if companies else None)
    told = _told(session, row, scope, where) if where else ()
    words = told or (f"Named, but as it was without it: {', '.join(_paths(row.fields))}.",)
    return Change(row.uid, scope, [cadence_words.as_sentence(one) for one in words])


def _told(session: Session, row: CadenceOverride, scope: Scope, company: Company) -> tuple[str, ...]:
    about = (scope.account.id, scope.account.segment) if scope.account else (0, row.segment)
    nothing = CadenceOverride(
        level=row.level, company_id=row.company_id, segment=row.segment, account_id=row.account_id, fields={}
    )
    try:
        without = cadences.Known(session, company, instead=nothing).of(*about)
        return differences(without, cadences.Known(session, company).of(*about))
    except CadenceError as error:
        return (str(error),)


def _paths(fields: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


@pages.get("/library/change")
def edit() -> str:
    return _page(_scope(request.args))


def _scope(given: Mapping[str, str]) -> Scope:
    """A customer, a company, a segment of it, or (with nothing named) the whole practice."""
    if given.get("account"):
        account = own.account(given["account"])
        return Scope(account.company, "", account)
    company = own.company(given["company"]) if given.get("company") else None
    return Scope(company, given.get("segment", "").strip()[:60], None)


def _page(scope: Scope, typed: Mapping[str, str] | None = None, said: str = "") -> str:
    """The form for one scope, with what is changed there now; after a refusal with what was typed."""
    with runtime().store.read() as session:
        known = _standing(session, scope)
        versions = library_queries.versions(session, person().practice_id)
        cadence = cadences.cadence_of(session, scope.company) if scope.company else None
    text, version = (as_text(known.fields), known.cadence_version_id) if known else ("", None)
    chosen = next((one.uid for one in versions if one.id == version), "")
    return render_template(
        "console/change.html",
        scope=scope,
        cadence=cadence,
        versions=[(one, cadences.of_version(one)) for one in versions],
        may_choose=scope.level in (Level.SEGMENT, Level.ACCOUNT),
        text=text if typed is None else typed.get("text", ""),
        version=chosen if typed is None else typed.get("version", ""),
        limits=LIMITS,
        flags=FLAGS,
        said=said,
    )


def _standing(session: Session, scope: Scope) -> CadenceOverride | None:
    rows = library_queries.changes(session, reach())
    return next((row for row, *_ in rows if cadences.scope_of(row) == scope.key), None)


@pages.post("/library/change")
def save() -> ResponseReturnValue:
    """Put this text in the place of what was changed there before."""
    scope = _scope(request.form)
    try:
        _save(scope, _fields(request.form.get("text", "")), request.form.get("version", ""))
    except Refusal as refusal:
        return _page(scope, request.form, str(refusal)), 422
    flash(f"Saved for {scope.words}. What is said next is planned anew.", "good")
    return redirect(url_for("changes.show"), 303)


def _fields(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise Refusal(f"Please keep the text to {LONGEST:,} characters.")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"The text is not valid TOML: {error}.") from error


def _save(scope: Scope, fields: dict[str, Any], version: str) -> None:
    if not fields and not version:
        raise Refusal("Please name at least one field, such as gap_hours = 72. To undo a change, take it away.")
    if version and scope.level not in (Level.SEGMENT, Level.ACCOUNT):
        raise Refusal("A company gets another cadence by a roll-out.")
    if scope.company is None and not _companies():
        raise Refusal("Please connect a company first.")
    _put(scope, fields, own.shared(CadenceVersion, version).id if version else None)


def _companies() -> list[Company]:
    with runtime().store.read() as session:
        return queries.companies(session, reach())


def _put(scope: Scope, fields: Mapping[str, Any], version_id: int | None) -> None:
    company_id, segment, account_id = scope.key
    library.change(
        runtime(),
        person().practice_id,
        scope.level,
        fields,
        company_id=company_id,
        segment=segment,
        account_id=account_id,
        version_id=version_id,
    )


@pages.post("/library/changes/<uid>/away")
def take_away(uid: str) -> ResponseReturnValue:
    """From now on the level above counts again."""
    row = own.shared(CadenceOverride, uid)
    with runtime().store.read() as session:
        company = session.get(Company, row.company_id) if row.company_id else None
        account = session.get(Account, row.account_id) if row.account_id else None
    scope = Scope(company, row.segment, account)
    _put(scope, {}, None)
    flash(f"Taken away for {scope.words}. What is said next is planned anew.", "good")
    return redirect(url_for("changes.show"), 303)


def as_text(fields: Mapping[str, Any], path: str = "") -> str:
    """The fields as TOML, each table after the plain fields of the one it is in."""
    plain = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if not _table(value)]
    head = [f"[{path}]"] if path and plain else []
    tables = [as_text(value, f"{path}.{name}" if path else name) for name, value in fields.items() if _table(value)]
    return "\n".join([*head, *plain, *filter(None, tables)])


def _table(value: Any) -> bool:
    return isinstance(value, Mapping)

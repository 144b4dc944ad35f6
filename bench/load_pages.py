"""Every page of the console that concerns a very large company: its seconds, its questions to the database, its size.

The pages come from the URL map, so that a new one is measured without being named. It decides nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

import app as whole
from bench import load_book
from bench.child import peak_mb
from bench.children import served
from bench.load_book import Size
from bench.office import Office, office
from models import (
    Account,
    ApprovalRow,
    CadenceVersion,
    Company,
    Draft,
    Invoice,
    Rollout,
    SentFile,
    Task,
    Terms,
    Touch,
    UnreadableRow,
)
from tests.databases import migrated
from workflows import links

SLOWEST = 10
# Whose uid a page under this first word is about.
_ABOUT: Mapping[str, Any] = {
    "companies": Company,
    "accounts": Account,
    "invoices": Invoice,
    "touches": Touch,
    "terms": Terms,
    "tasks": Task,
    "approvals": Draft,
    "approved": ApprovalRow,
    "rows": UnreadableRow,
    "files": SentFile,
    "library": CadenceVersion,
    "roll-outs": Rollout,
}
_ELSEWHERE = ("/static", "/bootstrap", "/connect", "/mail", "/first-run")  # files, and pages about no company's book
# Pages that show more when they are asked with a query.
_ASKED: Mapping[str, tuple[str, ...]] = {
    "companies.overview": ("?page=100", "?q=INV-4999", "?q=customer", "?show=all&page=300"),
    "companies.show_preview": ("?days=90",),
    "accounts.show": ("?page=2",),
    "accounts.explain": ("?day={today}",),
    "backtest.show": ("?cadence=in-force", "?cadence=in-force&against=trusted-partner"),
    "changes.edit": ("?company={company}",),
    "rollouts.choose": ("?company={company}",),
    "approvals.show": ("?company={company}",),
    "portal.show": ("?answer=dispute",),
    "search.show": ("?q=INV-77", "?q=customer", "?q=c77@customers.example"),
}


@dataclass(slots=True)
class Question:
    """One statement, with how long the database took to begin its answer."""

    statement: str
    given: Any
    seconds: float


@dataclass(slots=True)
class Opened:
    """One page: what it answered, how long it took, what it asked the database, how much HTML came."""

    path: str
    status: int
    seconds: float
    bytes: int
    questions: list[Question] = field(default_factory=list)

    @property
    def slowest(self) -> Question:
        return max(self.questions, key=lambda one: one.seconds)


@contextmanager
def asked(engine: Engine) -> Iterator[list[Question]]:
    """Every statement of the block."""
    found: list[Question] = []

    def before(*given: Any) -> None:
        found.append(Question(given[2], given[3], perf_counter()))

    def after(*_given: Any) -> None:
        found[-1].seconds = perf_counter() - found[-1].seconds

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def entered(here: Office) -> FlaskClient:
    """The practice's owner, signed in at the whole application around this office."""
    built: Flask = whole.create_app(here.settings, here.rt)
    client = built.test_client()
    token = client.get("/sign-in").text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    form = {"email": load_book.EMAIL, "password": load_book.PASSWORD, "csrf_token": token}
    answer = client.post("/sign-in", data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"Nobody could sign in: {answer.status}.")
    return client


def paths(here: Office, built: Flask) -> dict[str, str]:
    """Every page that a GET opens, by its rule: those of the large company, of its heaviest account and of the desk."""
    found = {}
    with here.rt.store.read() as session:
        large = session.get_one(Company, here.company_id)
        known = {"company": large.uid, "today": here.rt.clock.now().date()}
        for rule in sorted(built.url_map.iter_rules(), key=str):
            if "GET" not in (rule.methods or ()) or str(rule).startswith(_ELSEWHERE):
                continue
            for path in _filled(here, session, str(rule), large):
                for more in ("", *_ASKED.get(rule.endpoint, ())):
                    found[f"{rule}{more}"] = path + more.format(**known)
    return found


def _filled(here: Office, session: Session, rule: str, large: Company) -> Iterator[str]:
    """The rule with what the book has for it; where it has nothing, no page."""
    if rule.startswith("/p/<token>"):
        account = session.get_one(Account, 1)
        rule = rule.replace("<token>", links.make(here.rt, account, account.emails))
    if "<uid>" in rule:
        of = Invoice if "/invoices/<uid>" in rule else _ABOUT.get(rule.split("/")[1])
        row = large if of is Company else session.scalars(select(of).order_by(of.id).limit(1)).first() if of else None
        if row is None:
            return
        rule = rule.replace("<uid>", row.uid)
    if "<" not in rule:
        yield rule


def opened(here: Office, client: FlaskClient, path: str) -> Opened:
    """Open a page and follow it nowhere."""
    with asked(here.rt.store.engine) as questions:
        begun = perf_counter()
        answer = client.get(path)
        size = len(answer.data)
        return Opened(path, answer.status_code, perf_counter() - begun, size, questions)


def plan_of(here: Office, question: Question) -> list[str]:
    """How SQLite goes about a statement."""
    connection: Any = here.rt.store.engine.raw_connection()
    rows = connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {question.statement}", question.given).fetchall()
    connection.close()
    return [row[3] for row in rows]


def main(size: Size | None = None) -> None:
    size = size or Size()
    with (
        served("quickbooks", 100) as server,
        tempfile.TemporaryDirectory() as folder,
        migrated("sqlite", Path(folder)) as url,
    ):
        here = office("quickbooks", server.url, server.begin(100), url)
        load_book.fill(here, size)
        client = entered(here)
        before = peak_mb()
        rules = paths(here, client.application)
        every = [opened(here, client, path) for path in rules.values() for _ in range(2)][1::2]
        _tell(here, size, every, peak_mb() - before)


def _tell(here: Office, size: Size, every: list[Opened], more_mb: float) -> None:
    failed = [one for one in every if one.status >= 400]
    slow = sorted(every, key=lambda one: -one.seconds)
    print(
        f"{size.invoices:,} open invoices of {size.accounts:,} accounts; {len(every)} pages, opened for the second time"
    )
    print(f"  over a second: {sum(one.seconds > 1 for one in every)}; answered with an error: {len(failed)};")
    print(f"  largest: {max(one.bytes for one in every) / 1e6:.2f} MB; the process grew by {more_mb:.0f} MB.")
    for one in slow[:SLOWEST]:
        asked_of = f"{len(one.questions):>4} questions {one.bytes / 1000:>6.0f} kB"
        print(f"  {one.seconds * 1000:>7.0f} ms {asked_of}  {one.path[:90]}")
    for one in sorted(every, key=lambda one: -one.bytes)[:3]:
        print(f"  {one.bytes / 1000:>7.0f} kB  {one.path[:90]}")
    for one in failed:
        print(f"  {one.status} {one.path[:90]}")
    worst = max((question for one in every for question in one.questions), key=lambda one: one.seconds)
    print(f"  the slowest question, {worst.seconds * 1000:.0f} ms: {' '.join(worst.statement.split())[:300]}")
    for line in plan_of(here, worst):
        print(f"    {line}")

"""`python -m bench planning`: what it costs to gather, plan and store many accounts, and what an idle tick costs.

The peer reads the same rows into facts and writes an answer back without planning. The floor fetches the bare rows,
makes nothing of them and writes the same columns, in the same portions, with straight statements. The idle tick stands
beside APScheduler with one job per step. Only the ratios count.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from sqlalchemy import insert, update

from bench.clock import timed
from bench.office import Office, office
from core.because import Because, Cause
from core.plan import Plan
from models import Account, Company, Connection, Invoice
from tests.databases import migrated
from workflows import gather, planner
from workflows.answered import keep

ACCOUNTS, INVOICES, JOBS = 200_000, 5, 100_000
PORTION = 10_000
_READ_ACCOUNT = [column.name for column in Account.__table__.columns]
_READ_INVOICE = "id, account_id, number, status, issued, due, currency, total_minor, balance_minor, emails, shipped"
_LATER = datetime(2030, 1, 1, 9, tzinfo=UTC)


def main(accounts: int = ACCOUNTS) -> None:
    for backend in ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder, migrated(backend, Path(folder)) as url:
            here = office("xero", "http://127.0.0.1:9", "bench", url)
            _fill(here, accounts)
            _whole(here, backend, accounts)
            _idle(here, backend, accounts)


def _whole(here: Office, backend: str, accounts: int) -> None:
    floor = _measured(lambda: _floor(here, accounts))
    peer = _measured(lambda: _unplanned(here, accounts))
    _wake(here)
    asked = _measured(lambda: _planned(here))
    _wake(here)
    again = _measured(lambda: _planned(here))
    print(f"{backend}, {accounts:,} accounts of {INVOICES} invoices")
    for words, (seconds, cpu) in (
        ("floor: the bare rows", floor),
        ("peer: facts, no planning", peer),
        ("planned for the first time", asked),
        ("planned again", again),
    ):
        ratios = f"{seconds / peer[0]:.2f} of the peer, {seconds / floor[0]:.1f} of the floor"
        print(f"  {words:<28}{accounts / seconds:>9,.0f} a second {cpu:>7.1f} CPU-seconds  {ratios}")


def _unplanned(here: Office, accounts: int) -> None:
    """Gather and store, with one answer for all."""
    rt, now = here.rt, here.rt.clock.now()
    silence = Because(Cause.NOT_YET, 1, _LATER, (("step", "late-4"), ("day", "2030-01-01")))
    answer = Plan((), _LATER, (silence,) * INVOICES)
    for start in range(1, accounts + 1, planner.TOGETHER):
        with rt.store.read() as session:
            found = gather.accounts(rt, session, range(start, min(start + planner.TOGETHER, accounts + 1)), now)
        with rt.store.write() as session:
            keep(rt, session, {id: (one, answer) for id, one in found.items()}, now)


def _measured(act: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    act()
    return perf_counter() - wall, process_time() - cpu


def _planned(here: Office) -> None:
    while planner.plan_due(here.rt):
        pass


def _wake(here: Office) -> None:
    with here.rt.store.write() as session:
        session.execute(update(Account).values(wake_at=here.rt.clock.now() - timedelta(hours=1)))


def _fill(here: Office, accounts: int) -> None:
    """A live company: most invoices not due for weeks, some late and already spoken about by nobody."""
    now = here.rt.clock.now()
    with here.rt.store.write() as session:
        company = session.get_one(Company, here.company_id)
        company.live_at, company.draft_days = now, 0
        session.execute(update(Connection).values(read_at=now))
    for start in range(1, accounts + 1, PORTION):
        ids = range(start, min(start + PORTION, accounts + 1))
        with here.rt.store.write() as session:
            session.execute(insert(Account), [_account(here, id, now) for id in ids])
            session.execute(insert(Invoice), [row for id in ids for row in _invoices(here, id, now)])


def _account(here: Office, id: int, now: datetime) -> dict[str, Any]:
    about = {"external_id": f"c-{id}", "name": f"Customer {id}", "emails": [f"c{id}@customers.example"]}
    return {"id": id, "uid": f"a{id}", "company_id": here.company_id, "wake_at": now - timedelta(hours=1), **about}


def _invoices(here: Office, account: int, now: datetime) -> Iterator[dict[str, Any]]:
    for place in range(INVOICES):
        id = account * INVOICES + place
        due = now.date() + timedelta(days=(id * 7) % 60 - 10)
        yield {
            "id": id,
            "uid": f"i{id}",
            "company_id": here.company_id,
            "account_id": account,
            "external_id": f"i-{id}",
            "customer": f"c-{account}",
            "number": f"INV-{id}",
            "issued": due - timedelta(days=30),
            "due": due,
            "currency": "USD",
            "total_minor": 10_000 + id,
            "balance_minor": 10_000 + id,
            "status": "open",
            "seen_at": now,
            "read_at": now,
        }


def _floor(here: Office, accounts: int) -> None:
    """Read the columns that a gathering reads, turn them into nothing, write the columns an answer writes."""
    store = here.rt.store
    connection: Any = store.engine.raw_connection().driver_connection
    mark, moment = ("?", str) if store.is_sqlite else ("%s", lambda at: at)
    among = "IN (SELECT value FROM json_each(?))" if store.is_sqlite else "= ANY(%s)"
    later = moment(_LATER)
    one = ["not-yet", 1, "2030-01-01T09:00:00+00:00", [["step", "late-4"], ["day", "2030-01-01"]]]
    silence = json.dumps([one] * INVOICES)
    write = f"UPDATE account SET wake_at = {mark}, planned_at = {mark}, because = {mark} WHERE id = {mark}"
    for start in range(1, accounts + 1, planner.TOGETHER):
        ids = list(range(start, min(start + planner.TOGETHER, accounts + 1)))
        given = json.dumps(ids) if store.is_sqlite else ids
        cursor = connection.cursor()
        cursor.execute(f"SELECT {', '.join(_READ_ACCOUNT)} FROM account WHERE id {among}", (given,))
        rows = cursor.fetchall()
        cursor.execute(
            f"SELECT {_READ_INVOICE} FROM invoice WHERE account_id {among} AND status IN ('open', 'unknown', "
            "'draft') ORDER BY due, id",
            (given,),
        )
        assert len(cursor.fetchall()) == INVOICES * len(rows)
        if store.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(write, [(later, later, silence, id) for id in ids])
        connection.commit()


def _idle(here: Office, backend: str, accounts: int) -> None:
    """Nothing is due: how long one look takes, beside a scheduler that holds one job per step."""
    with here.rt.store.write() as session:
        session.execute(update(Account).values(wake_at=datetime(2099, 1, 1, tzinfo=UTC)))
    ours = timed(lambda: planner.plan_due(here.rt))
    print(f"{backend}, an idle tick over {accounts * INVOICES:,} open invoices: {1e6 * ours:,.0f} microseconds.")
    if backend != "sqlite":
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")
        for name, jobs in (("in memory", MemoryJobStore()), ("in a database", kept)):
            spent = _look(jobs)
            print(f"APScheduler, {JOBS:,} jobs {name}: {1e6 * spent:,.0f} microseconds. Ratio {spent / ours:.1f}.")


def _look(jobs: Any) -> float:
    """One idle wake-up of a scheduler with a job per step."""
    scheduler = BackgroundScheduler(jobstores={"default": jobs}, timezone=UTC)
    scheduler.start(paused=True)
    for at in _steps():
        scheduler.add_job(print, "date", run_date=at)
    scheduler.state = STATE_RUNNING  # paused it would not look at all; its thread sleeps on
    spent = timed(scheduler._process_jobs)
    scheduler.shutdown(wait=False)
    return spent


def _steps() -> Sequence[datetime]:
    first = datetime.combine(date(2099, 1, 1), datetime.min.time(), UTC)
    return [first + timedelta(minutes=at) for at in range(JOBS)]

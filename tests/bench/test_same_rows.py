"""What the bench compares does the same work: ours, the floor and the SDK side store the same rows. None is timed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import children, sync
from bench.child import Job
from tests.databases import migrated

ROWS = 1500  # a page and a half
INVOICE = "customer, number, issued, due, currency, total_minor, balance_minor, status, mailed"
ACCOUNT = "external_id, name, contact, emails, active"
OTHERS = {"quickbooks": "emails, term", "xero": "raw_status, branding"}


@pytest.fixture(scope="module", params=sync.KINDS)
def job(request: pytest.FixtureRequest) -> Iterator[Job]:
    """Everything of a reading but what reads and where it goes."""
    with children.served(request.param, ROWS) as server:
        yield Job("", request.param, server.url, server.begin(ROWS), "", ROWS)


def stored(job: Job, folder: Path) -> tuple[list[Any], list[Any]]:
    """Invoices with their accounts, and accounts, after one reading in a process of its own."""
    with migrated("sqlite", folder) as url:
        children.in_child(replace(job, database=url), folder)
        invoices = f"SELECT i.*, a.external_id FROM (SELECT external_id, account_id, {INVOICE}, {OTHERS[job.kind]}"
        invoices += " FROM invoice) i JOIN account a ON a.id = i.account_id ORDER BY i.external_id"
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            found = [(row[0], *row[2:]) for row in database.execute(invoices)]
            return found, database.execute(f"SELECT {ACCOUNT} FROM account ORDER BY external_id").fetchall()


@pytest.fixture(scope="module")
def ours(job: Job, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any]]:
    return stored(replace(job, what="ours"), tmp_path_factory.mktemp("ours"))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["floor", "sdk"])
def test_the_other_sides_store_what_ours_stores(
    job: Job, ours: tuple[list[Any], list[Any]], what: str, tmp_path: Path
) -> None:
    assert len(ours[0]) == ROWS
    assert stored(replace(job, what=what), tmp_path) == ours

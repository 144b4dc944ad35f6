"""The floor: the same pages fetched, decoded and bulk-inserted by straight lines, into the same columns as ours.

No tolerance, no budget, no waking, no second reading, no merging: less than this nobody can do. One transaction a page,
executemany on SQLite with the product's own pragmas, COPY on PostgreSQL. One odd row ends it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import urllib3

from bench import floor_rows
from bench.child import Job
from bench.office import office
from models.store import Store

PAGE = 1000
Insert = Callable[[str, Sequence[str], list[tuple[Any, ...]]], None]


def ready(job: Job) -> Callable[[], int]:
    """Read both lists into the tables; how many invoices there were."""
    here = office(job.kind, job.server, job.tenant, job.database)
    insert, rows = _insert(here.rt.store), floor_rows.KINDS[job.kind]
    now = here.rt.clock.now().strftime("%Y-%m-%d %H:%M:%S.%f") + ("" if here.rt.store.is_sqlite else "+00:00")

    def read() -> int:
        accounts: dict[str, int] = {}
        for page in _pages(job, rows.customers):
            found = [rows.customer(id, here.company_id, it, now) for id, it in enumerate(page, len(accounts) + 1)]
            accounts |= {row[3]: row[0] for row in found}
            insert("account", floor_rows.ACCOUNT, found)
        number = 0
        for page in _pages(job, rows.invoices):
            sales = [rows.invoice(id, here.company_id, accounts, it, now) for id, it in enumerate(page, number + 1)]
            number += len(sales)
            insert("invoice", floor_rows.INVOICE, sales)
        return number

    return read


def _pages(job: Job, wanted: floor_rows.Wanted) -> Iterator[list[Any]]:
    """One list, a thousand rows a call."""
    pool, decode = urllib3.PoolManager(), msgspec.json.Decoder(wanted.answer).decode
    page: list[Any] = [None] * PAGE
    start = 0
    while len(page) == PAGE:
        if job.kind == "quickbooks":
            query = f"SELECT * FROM {wanted.name} STARTPOSITION {start + 1} MAXRESULTS {PAGE}"
            url = f"{job.server}/v3/company/{job.tenant}/query?query={quote(query)}"
        else:
            url = f"{job.server}/api.xro/2.0/{wanted.name}?page={start // PAGE + 1}&pageSize={PAGE}{wanted.more}"
        page = wanted.rows(decode(pool.request("GET", url).data))
        start += PAGE
        yield page


def _insert(store: Store) -> Insert:
    """Put rows into a table in one transaction."""
    connection: Any = store.engine.raw_connection().driver_connection

    def sqlite(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        connection.execute("COMMIT")

    def postgres(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()

    return sqlite if store.is_sqlite else postgres

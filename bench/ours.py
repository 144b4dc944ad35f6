"""Ours: the real adapter and the real sync of one connected company, from sealed tokens to stored rows."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from bench.child import Job
from bench.office import office
from models import Company, Invoice
from workflows import sync


def ready(job: Job) -> Callable[[], int]:
    """The first reading of the company; how many invoices are in the database then."""
    here = office(job.kind, job.server, job.tenant, job.database)

    def read() -> int:
        sync.sync_company(here.rt, here.company_id)
        with here.rt.store.read() as session:
            company = session.get_one(Company, here.company_id)
            if company.sync_state != "idle":
                raise RuntimeError(f"The reading failed: {company.sync_note}")
            return session.scalar(select(func.count()).select_from(Invoice)) or 0

    return read

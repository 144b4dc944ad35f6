"""A person's choice of the country whose rules a company keeps to. What the rules say is `law`."""

from __future__ import annotations

from core.law import Preset
from models import Company
from workflows import audit, law, planner
from workflows.errors import Refusal
from workflows.runtime import Runtime


def choose(rt: Runtime, company_id: int, code: str, user_id: int) -> Preset:
    """Keep to another country's preset, or with "" to that of the company's own country; everybody is planned anew."""
    if code and code not in law.presets():
        raise Refusal("Please choose one of the countries on the page.")
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.caps = code
        audit.record(rt, session, "law-chosen", company_id, subject=company.uid, preset=code, user=user_id)
        planner.wake_company(rt, session, company_id)
        return law.of_company(company)

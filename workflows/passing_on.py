"""Passing on what a customer answered to whoever of the practice wants to hear of it. It decides nothing."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from models import Account, Company
from workflows import notices
from workflows.runtime import Runtime
from workflows.told import Topic

# What each answer is called, in the words of the pages.
WORDS = {
    "promise": "They promised to pay by {day}.",
    "dispute": "They say that something is wrong with an invoice. A person answers by {day}.",
    "told": "They told you something about their invoices.",
    "more-time": "They ask for time until {day}.",
    "parts": "They would like to pay in parts.",
}


def say(rt: Runtime, session: Session, account_id: int, kind: str, uid: str, day: date | None = None) -> None:
    """Once for each answer, by its uid."""
    account = session.get_one(Account, account_id)
    company = session.get_one(Company, account.company_id)
    subject = f"{account.name[:100]} answered {company.name[:100]}"
    text = WORDS[kind].format(day=f"{day:%d %B %Y}" if day else "")
    page, key = f"/accounts/{account.uid}", f"answer/{uid}"
    notices.want(rt, session, company.practice_id, company.id, key, subject, text, page, topic=Topic.ANSWERS)

"""Words that a person typed for a message: read as paragraphs, and checked for kindness before anybody sees them."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from core.kindness import Finding
from core.wording import plain
from models import Company
from workflows import kindly, terms
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.messages import Opening
from workflows.runtime import Runtime

LONGEST_PARAGRAPH, MOST_PARAGRAPHS = 2000, 30


def read(subject: str, text: str) -> Opening:
    """What was typed; paragraphs stand apart by an empty line. Refusal where a message cannot be made of it."""
    paragraphs = [plain(one, LONGEST_PARAGRAPH) for one in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
    words = Opening(plain(subject, 200), tuple(one for one in paragraphs if one))
    if not words.title or not words.paragraphs:
        raise Refusal("A message needs a subject and at least one paragraph.")
    if len(words.paragraphs) > MOST_PARAGRAPHS:
        raise Refusal(f"Please keep to {MOST_PARAGRAPHS} paragraphs.")
    return words


def checked(rt: Runtime, session: Session, words: Opening, company: Company, account_id: int) -> tuple[Finding, ...]:
    """What could be kinder; Refusal for a threat or a false claim, with the wording to use instead.

    Fees and interest may be named only to a customer whose terms can provide for them.
    """
    today = today_of(company, rt.clock.now())
    agreed = terms.in_force(session, company.id, account_id, today) is not None
    text = "\n\n".join((words.title, *words.paragraphs))
    findings = kindly.check_text(text, company.country, terms=agreed)
    blocks = kindly.blocking(findings)
    if blocks:
        raise Refusal(" ".join(f"“{one.quote}”: {one.why} {one.kinder}" for one in blocks))
    return findings

"""One question after a payment or an answer: how did we treat you? Kept as a guard figure of the cadence version.

It is asked once for each, of nobody who has said so in the last weeks, and nobody has to say anything.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, Attempt, Company, Feedback, Touch
from models.upsert import insert_into
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime

SCORES = range(1, 6)
QUIET = timedelta(days=30)
LONGEST = 1_000


def asks(rt: Runtime, session: Session, account_id: int) -> bool:
    """Whether they are asked now: the company wants to know, and they have said nothing in the last weeks."""
    company_id = session.get_one(Account, account_id).company_id
    lately = Feedback.account_id == account_id, Feedback.made_at > rt.clock.now() - QUIET
    said = session.scalars(select(Feedback.id).where(*lately).limit(1)).first()
    return said is None and session.get_one(Company, company_id).ask_treatment


def say(rt: Runtime, account_id: int, score: int, text: str = "", attempt_uid: str = "") -> None:
    """Keep what they say, from 1 (badly) to 5 (well), about a payment of theirs, else about today's contact.

    Saying it twice of the same is once. Refusal for any other figure, too many words, or a payment of somebody else.
    """
    if score not in SCORES:
        raise Refusal("Please choose one of the five.")
    if len(text) > LONGEST:
        raise Refusal("Please say it in at most {most} characters; a person reads every word.", most=LONGEST)
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        mine = Attempt.account_id == account_id, Attempt.uid == attempt_uid
        if attempt_uid and session.scalars(select(Attempt.id).where(*mine)).first() is None:
            raise Refusal("This payment is not one of yours.")
        about = f"payment/{attempt_uid}" if attempt_uid else f"contact/{rt.clock.now().date().isoformat()}"
        said = insert_into(session, Feedback).values(
            uid=rt.new_id(),
            company_id=account.company_id,
            account_id=account_id,
            cadence_version_id=_version(session, account),
            about=about,
            score=score,
            text=text.strip(),
            made_at=rt.clock.now(),
        )
        session.execute(said.on_conflict_do_nothing(index_elements=["account_id", "about"]))
        audit.record(rt, session, "treatment", account.company_id, account_id, account.uid, about=about, score=score)


def _version(session: Session, account: Account) -> int:
    """The one behind the last message that they got, else the company's."""
    theirs = Touch.account_id == account.id, Touch.cadence_version_id.is_not(None)
    last = session.scalars(select(Touch.cadence_version_id).where(*theirs).order_by(Touch.id.desc()).limit(1)).first()
    return last or session.get_one(Company, account.company_id).cadence_version_id


def of_version(session: Session, version_id: int) -> tuple[Decimal | None, int]:
    """(average of what was said with one place, None where nobody said anything; how many said something)."""
    mine = Feedback.cadence_version_id == version_id
    total, count = session.execute(select(func.sum(Feedback.score), func.count(Feedback.id)).where(mine)).one()
    average = (Decimal(int(total)) / count).quantize(Decimal("0.1"), ROUND_HALF_UP) if count else None
    return average, count

"""Read-only questions about a practice's cadences: versions, who has which, roll-outs, and changes below them.

Thin like `queries`: no words, no decisions, never a change.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Account, CadenceDraft, CadenceOverride, CadenceVersion, Company, Rollout, User
from workflows.reaching import Reach


def versions(session: Session, practice_id: int) -> Sequence[CadenceVersion]:
    """By name, the newest of each first."""
    mine = select(CadenceVersion).where(CadenceVersion.practice_id == practice_id)
    return session.scalars(mine.order_by(CadenceVersion.name, CadenceVersion.number.desc())).all()


def before(session: Session, version: CadenceVersion) -> CadenceVersion | None:
    """The version of the same name before this one."""
    return session.scalars(
        select(CadenceVersion)
        .where(
            CadenceVersion.practice_id == version.practice_id,
            CadenceVersion.name == version.name,
            CadenceVersion.number < version.number,
        )
        .order_by(CadenceVersion.number.desc())
        .limit(1)
    ).first()


def rollouts(session: Session, practice_id: int) -> list[tuple[Rollout, CadenceVersion, str]]:
    """The newest first: what was rolled out, and by whom."""
    rows = session.execute(
        select(Rollout, CadenceVersion, User.name)
        .join(CadenceVersion, CadenceVersion.id == Rollout.cadence_version_id)
        .join(User, User.id == Rollout.user_id)
        .where(Rollout.practice_id == practice_id)
        .order_by(Rollout.id.desc())
    )
    return [(rollout, version, who) for rollout, version, who in rows]


def drafts(session: Session, practice_id: int, states: Sequence[str]) -> list[tuple[CadenceDraft, str]]:
    """Those worked on, the one changed last first, with who did."""
    rows = session.execute(
        select(CadenceDraft, User.name)
        .join(User, User.id == CadenceDraft.made_by)
        .where(CadenceDraft.practice_id == practice_id, CadenceDraft.state.in_(states))
        .order_by(CadenceDraft.changed_at.desc(), CadenceDraft.id.desc())
    )
    return [(draft, who) for draft, who in rows]


def changes(session: Session, reach: Reach) -> list[tuple[CadenceOverride, Company | None, Account | None]]:
    """What is changed below the cadences: the practice's own first, then company by company, the wider level first."""
    rows = session.execute(
        select(CadenceOverride, Company, Account)
        .outerjoin(Company, Company.id == CadenceOverride.company_id)
        .outerjoin(Account, Account.id == CadenceOverride.account_id)
        .where(CadenceOverride.practice_id == reach.practice_id, or_(Company.id.is_(None), reach.company()))
        .order_by(
            CadenceOverride.company_id.is_(None).desc(),
            Company.name,
            CadenceOverride.account_id.is_(None).desc(),
            CadenceOverride.segment,
            Account.name,
        )
    )
    return [(change, company, account) for change, company, account in rows]

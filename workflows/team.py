"""Who belongs to a practice: owners invite people, say what each may do and to which companies they come, and let go.

An invitation opens once and for a week; only a hash of its secret is kept. Nobody vanishes: what somebody did stays
theirs, and a practice always keeps an owner.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.roles import Role
from integrations.channels.base import Envelope
from integrations.errors import InDoubt, OutsideError
from models import Account, Company, CompanyAccess, HoldRow, Invitation, User
from workflows import audit, notices, people, sign_ins, typed
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

log = structlog.get_logger()
OPEN_FOR = timedelta(days=7)
TAKEN = "Somebody already signs in with this e-mail address."
_CLOSED = "This invitation opens nothing any more. Please ask whoever invited you for a new one."


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody may do, and where: `companies` are ids, None for all that the practice has or will have."""

    role: Role
    companies: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """`link` is shown to the owner this once; `mailed` says whether the mail server took it."""

    link: str
    mailed: bool


def place(session: Session, user: User) -> Place:
    """Where this person stands now."""
    mine = session.scalars(select(CompanyAccess.company_id).where(CompanyAccess.user_id == user.id))
    return Place(Role(user.role), frozenset(mine) if user.limited else None)


def invite(rt: Runtime, by_id: int, email: str, wanted: Place) -> Invited:
    """Ask somebody to join; an earlier invitation to the same address opens nothing any more."""
    email, secret, now = typed.one_address(email), rt.new_id(), rt.clock.now()
    with rt.store.write() as session:
        by = _owner(session, by_id)
        if session.scalars(select(User.id).where(User.email == email)).first() is not None:
            raise Refusal(TAKEN)
        _check(session, by.practice_id, wanted)
        same = Invitation.practice_id == by.practice_id, Invitation.email == email, Invitation.closed_at.is_(None)
        session.execute(update(Invitation).where(*same).values(closed_at=now))
        row = Invitation(
            uid=rt.new_id(),
            practice_id=by.practice_id,
            email=email,
            role=wanted.role.value,
            limited=wanted.companies is not None,
            companies=sorted(wanted.companies or ()),
            secret_hash=_hash(secret),
            made_by=by.id,
            made_at=now,
            ends_at=now + OPEN_FOR,
        )
        session.add(row)
        audit.record_practice(rt, session, "person-invited", by.practice_id, row.uid, by=by.uid, role=row.role)
    link = f"{rt.public_url}/join/{secret}"
    return Invited(link, _mailed(rt, row, by, link))


def waiting(rt: Runtime, session: Session, practice_id: int) -> Sequence[Invitation]:
    """Invitations that still open, the newest first."""
    mine = Invitation.practice_id == practice_id, Invitation.closed_at.is_(None), Invitation.ends_at > rt.clock.now()
    return session.scalars(select(Invitation).where(*mine).order_by(Invitation.id.desc())).all()


def opened(rt: Runtime, session: Session, secret: str) -> Invitation | None:
    """The invitation that this link opens, if it opens one."""
    mine = Invitation.secret_hash == _hash(secret), Invitation.closed_at.is_(None), Invitation.ends_at > rt.clock.now()
    return session.scalars(select(Invitation).where(*mine)).first()


def whose(session: Session, found: Invitation) -> tuple[str, str]:
    """The practice's name, and who invited."""
    by = session.get_one(User, found.made_by)
    return by.practice.name, by.name


def withdraw(rt: Runtime, by_id: int, invitation_id: int) -> None:
    """The link opens nothing any more. Refusal when somebody was quicker with it."""
    with rt.store.write() as session:
        by = _owner(session, by_id)
        mine = Invitation.id == invitation_id, Invitation.practice_id == by.practice_id
        found = session.scalars(select(Invitation).where(*mine).with_for_update()).one()
        if found.closed_at is not None:
            raise Refusal("This invitation was used or taken back already.")
        found.closed_at = rt.clock.now()
        audit.record_practice(rt, session, "invitation-withdrawn", by.practice_id, found.uid, by=by.uid)


def join(rt: Runtime, secret: str, name: str, password: str) -> int:
    """Whoever holds the link becomes a person of the practice; their id. Of two who press at once, one does."""
    name, now = " ".join(plain(name, 200).split()), rt.clock.now()
    if not name:
        raise Refusal("Please give your name; your colleagues see it beside what you do.")
    with rt.store.read() as session:
        found = _there(opened(rt, session, secret))
    people.check_password(password, name, found.email)
    hashed = people.hashed(password)
    try:
        with rt.store.write() as session:
            row = session.scalars(select(Invitation).where(Invitation.id == found.id).with_for_update()).one()
            if row.closed_at is not None:
                raise Refusal(_CLOSED)
            user = User(
                uid=rt.new_id(),
                practice_id=row.practice_id,
                email=row.email,
                name=name,
                password_hash=hashed,
                role=row.role,
                limited=row.limited,
                created_at=now,
            )
            session.add(user)
            session.flush()
            _open(session, user, row.companies)
            row.closed_at, row.user_id = now, user.id
            audit.record_practice(rt, session, "person-joined", row.practice_id, user.uid, role=row.role)
            return user.id
    except IntegrityError as error:
        raise Refusal(TAKEN) from error


def change(rt: Runtime, by_id: int, user_id: int, wanted: Place) -> User:
    """Another role or other companies, from the next page they open."""
    with rt.store.write() as session:
        by = _owner(session, by_id)
        found = _colleague(session, by, user_id)
        if found.owner and wanted.role is not Role.OWNER:
            _keeps_an_owner(session, found)
        _check(session, by.practice_id, wanted)
        was = found.role
        found.role, found.limited = wanted.role.value, wanted.companies is not None
        session.execute(delete(CompanyAccess).where(CompanyAccess.user_id == found.id))
        _open(session, found, wanted.companies or ())
        audit.record_practice(
            rt, session, "person-changed", by.practice_id, found.uid, by=by.uid, was=was, role=found.role
        )
        if Role.OWNER.value in (was, found.role) and was != found.role:
            what = "is an owner now" if found.owner else "is no owner any more"
            text = f"{by.name} said so. If that is not right, talk to {by.name} at once.\n\nSee who belongs here:"
            key = f"owner/{found.uid}/{rt.clock.now():%Y-%m-%dT%H:%M:%S}"
            notices.want(rt, session, by.practice_id, None, key, f"{found.name} {what}", text, "/team", owners=True)
        return found


def remove(rt: Runtime, by_id: int, user_id: int) -> User:
    """They are signed out and open nothing any more; what they looked after waits for somebody else."""
    with rt.store.write() as session:
        by = _owner(session, by_id)
        found = _colleague(session, by, user_id)
        if found.owner:
            _keeps_an_owner(session, found)
        sign_ins.end(rt, session, found, by)
        session.execute(update(Account).where(Account.assignee_id == found.id).values(assignee_id=None))
        # Without an owner and without an end it is on the desk again.
        theirs = HoldRow.owner_id == found.id, HoldRow.state == "open"
        session.execute(update(HoldRow).where(*theirs).values(owner_id=None))
        audit.record_practice(rt, session, "person-left", by.practice_id, found.uid, by=by.uid)
        # The address is free again: they may join another practice of this installation.
        found.left_at, found.email, found.password_hash = rt.clock.now(), f"{found.uid}@left.invalid", ""
        found.totp_sealed, found.totp_at, found.recovery = None, None, []
        return found


def _owner(session: Session, by_id: int) -> User:
    return people.owner(session, session.get_one(User, by_id).practice_id, by_id)


def _colleague(session: Session, by: User, user_id: int) -> User:
    mine = User.id == user_id, User.practice_id == by.practice_id
    found = session.scalars(select(User).where(*mine).with_for_update(of=User)).one()
    if found.left_at is not None:
        raise Refusal(f"{found.name} does not belong here any more.")
    return found


def _keeps_an_owner(session: Session, leaving: User) -> None:
    if all(one.id == leaving.id for one in people.owners(session, leaving.practice_id)):
        raise Refusal(f"{leaving.name} is the only owner. Make somebody else an owner first.")


def _check(session: Session, practice_id: int, wanted: Place) -> None:
    """Refusal for a place that makes no sense; companies of others do not exist."""
    if wanted.companies is None:
        return
    if wanted.role is Role.OWNER:
        raise Refusal("An owner comes to all companies. Choose another role, or all companies.")
    mine = Company.practice_id == practice_id, Company.id.in_(wanted.companies)
    if not wanted.companies or set(session.scalars(select(Company.id).where(*mine))) != set(wanted.companies):
        raise Refusal("Please choose at least one company that they come to.")


def _open(session: Session, user: User, companies: Collection[int]) -> None:
    session.add_all(CompanyAccess(user_id=user.id, company_id=one) for one in companies)


def _there(found: Invitation | None) -> Invitation:
    if found is None:
        raise Refusal(_CLOSED)
    return found


def _mailed(rt: Runtime, row: Invitation, by: User, link: str) -> bool:
    """Whether the installation's mail server took it. Tried once: the owner has the link, too."""
    if rt.channel is None:
        return False
    domain = rt.mail_from.rpartition("@")[2]
    text = (
        f"Hello,\n\n{by.name} asks you to join {by.practice.name} on Dunlin, where they look after unpaid invoices.\n\n"
        f"Choose your password here until {row.ends_at:%d %B %Y}:\n\n{link}\n\n"
        f"If you do not know {by.name}, do nothing; the link ends by itself.\n"
    )
    try:
        with rt.channel.open() as talk:
            talk.offer(
                Envelope(
                    sender=formataddr(("Dunlin", rt.mail_from if "@" in rt.mail_from else f"notices@{domain}")),
                    recipients=(row.email,),
                    reply_to=by.email,
                    subject=f"{by.name} invites you to {by.practice.name}",
                    text=text,
                    html="",
                    message_id=f"<{row.uid}@{domain}>",
                    headers={"Auto-Submitted": "auto-generated"},
                )
            )
            talk.deliver()
    except InDoubt:
        return False
    except OutsideError as error:
        log.warning("an invitation could not be mailed", invitation=row.uid, error=str(error))
        return False
    return True


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

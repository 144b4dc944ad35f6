"""The append-only log: write a sealed fact, chain the facts of each company and of each practice, verify the chains.

Rows are inserted unlinked inside the caller's transaction; `link_all` is the clock's verb. An entry and the end of each
chain carry a proof under the installation's index key, so whoever has only the database cannot write a log of their
own. Nothing here is shown; `docs/audit.md` says what verifying finds and what it cannot find.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from models import AuditEvent, AuditHead, AuditKey, Company, Practice
from models.upsert import insert_into
from workflows.runtime import Runtime
from workflows.vault import Vault, new_key, seal_with

log = structlog.get_logger()
START = "0" * 64
FEW, READ = 500, 2000  # entries linked in one transaction, and read at a time
_acting: ContextVar[int | None] = ContextVar("acting", default=None)


@dataclass(frozen=True, slots=True)
class Chain:
    """Whose chain it is: a company's or, for what concerns no company, a practice's."""

    company_id: int | None = None
    practice_id: int | None = None

    @property
    def owner(self) -> dict[str, int]:
        """The one column that says whose it is."""
        return {"company_id": self.company_id} if self.company_id else {"practice_id": self.practice_id or 0}

    def __str__(self) -> str:
        return f"company {self.company_id}" if self.company_id else f"practice {self.practice_id}"


@contextmanager
def acting(user_id: int) -> Iterator[None]:
    """Whatever is written down meanwhile was done by this person; an entry that names somebody itself keeps that."""
    before = _acting.set(user_id)
    try:
        yield
    finally:
        _acting.reset(before)


def record(
    rt: Runtime,
    session: Session,
    kind: str,
    company_id: int,
    account_id: int | None = None,
    subject: str = "",
    **payload: Any,
) -> None:
    """Append one fact. `subject` is a uid; `payload` is sealed with the account's (or company's) own key."""
    _append(rt, session, Chain(company_id=company_id), account_id, kind, subject, payload)


def record_practice(
    rt: Runtime, session: Session, kind: str, practice_id: int, subject: str = "", **payload: Any
) -> None:
    """Append one fact of a practice itself, such as a sign-in. `payload` is sealed with the practice's own key."""
    _append(rt, session, Chain(practice_id=practice_id), None, kind, subject, payload)


def record_everywhere(rt: Runtime, kind: str, **payload: Any) -> None:
    """The same in the log of every practice, for what concerns the whole installation."""
    with rt.store.write() as session:
        for practice_id in session.scalars(select(Practice.id).order_by(Practice.id)).all():
            record_practice(rt, session, kind, practice_id, **payload)


def _append(
    rt: Runtime,
    session: Session,
    chain: Chain,
    account_id: int | None,
    kind: str,
    subject: str,
    payload: Mapping[str, Any],
) -> None:
    by = {} if _acting.get() is None else {"user": _acting.get()}
    with session.no_autoflush:  # a key is no news of the caller's rows, and a flush for each fact costs more than it
        key = _key(rt, session, chain, account_id)
    sealed = seal_with(key, _canonical({**by, **payload}))
    row = AuditEvent(
        uid=rt.new_id(),
        **chain.owner,
        account_id=account_id,
        at=rt.clock.now(),
        kind=kind,
        subject=subject,
        payload_sealed=sealed,
        payload_hash=hashlib.sha256(sealed).hexdigest(),
    )
    row.proof = proof_of(rt.vault, row)
    session.add(row)


def _canonical(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), default=str).encode()


def _key(rt: Runtime, session: Session, chain: Chain, account_id: int | None) -> bytes:
    """The key of the account, or of the company or practice itself; made at its first fact.

    Of two who make it at once one succeeds and both use that one. After an erasure each fact gets a key of its own
    that nobody keeps.
    """
    whose = {"practice_id": None, "company_id": None, **chain.owner, "account_id": account_id}
    known = {name: id for name, id in whose.items() if id is not None}
    mine = _key_of(*known)
    found = session.scalars(mine, known).first()
    if found is None:
        made = rt.vault.seal(new_key(rt.new_id().encode()))
        session.execute(insert_into(session, AuditKey).values(**whose, key_sealed=made).on_conflict_do_nothing())
        found = session.scalars(mine, known).one()
    return new_key(rt.new_id().encode()) if found.key_sealed is None else rt.vault.unseal(found.key_sealed)


@cache
def _key_of(*known: str) -> Select[AuditKey]:
    """The key whose owner has these columns, and no others; asked with every fact, so it is made once."""
    names = ("practice_id", "company_id", "account_id")
    columns = AuditKey.__table__.c
    return select(AuditKey).where(
        *(columns[name] == bindparam(name) if name in known else columns[name].is_(None) for name in names)
    )


def fields_of(row: Any) -> tuple[Any, ...]:
    """What an entry says, without its place: `row` has the columns of `AuditEvent`."""
    whose = (row.company_id, row.account_id) if row.company_id else (f"practice {row.practice_id}", None)
    return (row.uid, *whose, row.at.isoformat(), row.kind, row.subject, row.payload_hash)


def link_of(row: Any) -> str:
    """SHA-256 over the link before, the place and what the entry says, so that anybody can work it out."""
    return hashlib.sha256("|".join(map(str, (row.previous, row.sequence, *fields_of(row)))).encode()).hexdigest()


def proof_of(vault: Vault, row: Any) -> str:
    """That this installation wrote the entry: under the index key, which is not in the database."""
    return vault.tag("audit-entry", "|".join(map(str, fields_of(row))))


def head_proof(vault: Vault, chain: Chain, head: Any) -> str:
    """That this installation wrote the chain up to here: `head` has the columns of `AuditHead`."""
    return vault.tag("audit-head", f"{chain}|{head.sequence}|{head.link}|{head.plain_until}")


# Asked at every tick, so they are made once.
_UNLINKED = select(AuditEvent.company_id, AuditEvent.practice_id).where(AuditEvent.sequence.is_(None)).distinct()
_CARRIED = select(AuditHead.company_id, AuditHead.practice_id).where(AuditHead.proof.is_(None))


def link_all(rt: Runtime) -> int:
    """Chain every unlinked row, chain by chain; how many were linked. A chain whose end was tampered with is left."""
    with rt.store.read() as session:
        waiting = {Chain(*row) for one in (_UNLINKED, _CARRIED) for row in session.execute(one)}
    return sum(_link_whole(rt, chain) for chain in sorted(waiting, key=str))


def _link_whole(rt: Runtime, chain: Chain) -> int:
    """A few at a time, so that nobody waits behind us."""
    linked = more = _link_some(rt, chain)
    while more == FEW:
        more = _link_some(rt, chain)
        linked += more
    return linked


@cache
def _waiting_of(owner: str) -> Select[AuditEvent]:
    """The next that are not chained yet, of whoever has this column."""
    mine = AuditEvent.__table__.c[owner] == bindparam(owner)
    return select(AuditEvent).where(mine, AuditEvent.sequence.is_(None)).order_by(AuditEvent.id).limit(FEW)


@cache
def _head_of(owner: str) -> Select[AuditHead]:
    return select(AuditHead).where(AuditHead.__table__.c[owner] == bindparam(owner))


def _link_some(rt: Runtime, chain: Chain) -> int:
    with rt.store.write() as session:
        # The row of the owner is the lock: two clocks never chain the same company at once.
        owner = (Company.id, chain.company_id) if chain.company_id else (Practice.id, chain.practice_id)
        session.execute(select(owner[0]).where(owner[0] == owner[1]).with_for_update())
        head = _head(rt, session, chain)
        if head is None:
            log.error("the log has lost its end; nothing more is chained to it", chain=str(chain))
            return 0
        rows = session.scalars(_waiting_of(*chain.owner), chain.owner).all()
        for row in rows:
            row.sequence, row.previous = head.sequence + 1, head.link
            head.sequence, head.link = row.sequence, link_of(row)
            row.link = head.link
        head.proof = head_proof(rt.vault, chain, head)
        return len(rows)


def _head(rt: Runtime, session: Session, chain: Chain) -> AuditHead | None:
    """The end of the chain, a new one where nothing was ever chained; None where it is not as we left it."""
    found = session.scalars(_head_of(*chain.owner), chain.owner).first()
    mine = select(AuditEvent).filter_by(**chain.owner)
    if found is None:
        if session.scalars(mine.where(AuditEvent.sequence.is_not(None)).limit(1)).first() is not None:
            return None
        found = AuditHead(**chain.owner, sequence=0, link=START, plain_until=0)
        session.add(found)
        return found
    if found.proof is None:
        plain = select(func.count()).select_from(
            mine.where(AuditEvent.sequence.is_(None), AuditEvent.proof.is_(None)).subquery()
        )
        found.plain_until = found.sequence + (session.scalar(plain) or 0)
        log.warning("the log is carried over as it stands", chain=str(chain), entry=found.plain_until)
        return found
    return found if found.proof == head_proof(rt.vault, chain, found) else None


@dataclass(frozen=True, slots=True)
class End:
    """How far a chain goes. `of` is "company" or "practice" and a uid."""

    of: str
    sequence: int
    link: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One sentence for each place where the log does not hold, and how much was looked at."""

    broken: tuple[str, ...]
    entries: int
    ends: tuple[End, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    complaints: tuple[str, ...]
    entries: int
    end: End | None


def verify(rt: Runtime) -> Iterator[str]:
    """One sentence for each place where the log does not hold; none when it is unbroken."""
    yield from check(rt).broken


def check(rt: Runtime) -> Checked:
    """Every chain against itself and its proofs; a row at a time, so that a long log takes time and no memory."""
    with rt.store.read() as session:
        found = [_examined(rt.vault, session, *one) for one in chains(session)]
        strays = session.scalar(
            select(func.count())
            .select_from(AuditEvent)
            .where(AuditEvent.company_id.is_(None) == AuditEvent.practice_id.is_(None))
        )
        broken = [f"{strays} entries belong to no log."] if strays else []
        broken += [one for each in found for one in each.complaints]
    ends = tuple(each.end for each in found if each.end is not None)
    return Checked(tuple(broken), sum(each.entries for each in found), ends)


def chains(session: Session) -> Iterator[tuple[Chain, str, str]]:
    """Each chain that could be there, the name of its owner, and what it is called outside."""
    for one in session.scalars(select(Company).order_by(Company.id)).all():
        yield Chain(company_id=one.id), one.name, f"company {one.uid}"
    for practice in session.scalars(select(Practice).order_by(Practice.id)).all():
        yield Chain(practice_id=practice.id), practice.name, f"practice {practice.uid}"


def _examined(vault: Vault, session: Session, chain: Chain, name: str, called: str) -> _Found:
    head = session.scalars(_head_of(*chain.owner), chain.owner).first()
    plain, sequence, link = head.plain_until if head else 0, 0, START
    carried = head is not None and head.proof is None
    for row in _rows(session, chain):
        wrong = _wrong(vault, row, sequence + 1, link, carried or sequence < plain)
        if wrong:
            return _Found((wrong.format(place=row.sequence, name=name),), sequence, None)
        sequence, link = row.sequence, row.link
    end = End(called, sequence, link) if sequence else None
    complaint = _end(vault, chain, head, sequence, link)
    return _Found((complaint.format(place=sequence, name=name),) if complaint else (), sequence, end)


def _rows(session: Session, chain: Chain) -> Iterator[Any]:
    """Plain rows, for a hundred thousand objects would take ten times as long."""
    columns = AuditEvent.__table__.c
    wanted = select(*columns).filter_by(**chain.owner).order_by(columns.sequence).limit(READ)
    last = 0
    while rows := session.execute(wanted.where(columns.sequence > last)).all():
        yield from rows
        last = rows[-1].sequence


def _wrong(vault: Vault, row: Any, place: int, previous: str, plain: bool) -> str:
    if row.sequence != place or row.previous != previous or row.link != link_of(row):
        return "The log of {name} is broken at entry {place}."
    if hashlib.sha256(row.payload_sealed).hexdigest() != row.payload_hash:
        return "Entry {place} of {name} was changed after it was written."
    if row.proof != (None if plain and row.proof is None else proof_of(vault, row)):
        return "Entry {place} of {name} was not written by this installation."
    return ""


def _end(vault: Vault, chain: Chain, head: AuditHead | None, sequence: int, link: str) -> str:
    if head is None:
        return "The end of the log of {name} was taken away." if sequence else ""
    if head.proof not in (None, head_proof(vault, chain, head)):
        return "The end of the log of {name} was not written by this installation."
    if (head.sequence, head.link) != (sequence, link):
        return f"The log of {{name}} stops at entry {{place}}, but {head.sequence} were written."
    return ""

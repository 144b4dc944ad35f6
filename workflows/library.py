"""The practice's library of cadences: new versions, changes below them, and who gets which, with the way back.

A version that was used is never changed; what is said next is planned anew from the moment a change is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from core.cadence import Cadence, CadenceError
from core.differences import differences
from core.inheritance import Level
from models import CadenceOverride, CadenceVersion, Company, Rollout, Sender
from workflows import audit, cadences, mirror, planner, proofs, senders
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.templating import template_names

FIRST = "early-intervention"  # the cadence a new company begins with


@dataclass(frozen=True, slots=True)
class Move:
    """What a roll-out did, or would do, to one company: the changes in words, or why it stays as it is."""

    company_id: int
    company: str
    changes: tuple[str, ...] = ()
    exception: str = ""


def first_version(rt: Runtime, session: Session, practice_id: int) -> CadenceVersion:
    """The version a new company of the practice begins with, made when first needed."""
    return shipped_version(rt, session, practice_id, FIRST)


def shipped_version(rt: Runtime, session: Session, practice_id: int, name: str) -> CadenceVersion:
    """The practice's own copy of a shipped cadence; Refusal when there is none of that name."""
    texts = cadences.shipped_library()
    if name not in texts:
        raise Refusal(f"There is no cadence {name!r}; there are {', '.join(texts)}.")
    return _stored(rt, session, practice_id, texts[name], texts)


def save(rt: Runtime, practice_id: int, source: str) -> CadenceVersion:
    """Keep a cadence as it was written, as the next version of its name; the same text again is the same version.

    It may use the shipped cadences. Refusal when it cannot be read.
    """
    with rt.store.write() as session:
        return _stored(rt, session, practice_id, source, cadences.shipped_library())


def readable(source: str, library: Mapping[str, str] | None = None) -> Cadence:
    """The cadence of a text that may use the shipped ones, with words for each step; Refusal when it cannot be one."""
    known = cadences.shipped_library() if library is None else library
    try:
        read = cadences.parsed(source, tuple(known.items()))
    except CadenceError as error:
        raise Refusal(str(error)) from error
    _check_words(read)
    return read


def _stored(rt: Runtime, session: Session, practice_id: int, source: str, library: Mapping[str, str]) -> CadenceVersion:
    read = readable(source, library)
    mine = CadenceVersion.practice_id == practice_id
    parts = {name: library[name] for name in cadences.uses(source)}
    same = session.scalars(select(CadenceVersion).where(mine, CadenceVersion.source == source)).all()
    found = next((one for one in same if one.parts == parts), None)
    if found is not None:
        return found
    number = session.scalar(select(func.max(CadenceVersion.number)).where(mine, CadenceVersion.name == read.name))
    made = CadenceVersion(
        uid=rt.new_id(),
        practice_id=practice_id,
        name=read.name,
        number=(number or 0) + 1,
        fingerprint=read.fingerprint,
        source=source,
        parts=parts,
        created_at=rt.clock.now(),
    )
    session.add(made)
    session.flush()
    audit.record_practice(rt, session, "cadence-kept", practice_id, made.uid, name=made.name, number=made.number)
    return made


def _check_words(cadence: Cadence) -> None:
    """Every step has words to be said in; the language of cadences cannot know which there are."""
    for step in cadence.steps:
        if step.template not in template_names(channel=step.channel):
            raise Refusal(f"Step {step.name!r} names the template {step.template!r}, which there is not.")


def _check_addresses(cadence: Cadence, own: Sender | None) -> None:
    """Every address that a step is to come from is one the company's own mailbox speaks for."""
    for step in cadence.steps:
        address = cadence.voice(step).address
        if address and (own is None or not senders.speaks_for(own, address)):
            where = f"its mailbox is {own.address}" if own else "the company has no mailbox of its own"
            raise Refusal(f"Step {step.name!r} is to come from {address}, and {where}.")


def change(
    rt: Runtime,
    practice_id: int,
    level: Level,
    fields: Mapping[str, Any],
    *,
    company_id: int | None = None,
    segment: str = "",
    account_id: int | None = None,
    version_id: int | None = None,
) -> None:
    """Say what a level changes of the cadence above it; no fields and no other cadence takes the change away.

    Refusal when somebody it concerns could then not be spoken to, or could be spoken to as no cadence may.
    """
    _check_scope(level, company_id, segment, account_id)
    wanted = CadenceOverride(
        uid=rt.new_id(),
        practice_id=practice_id,
        level=level.value,
        company_id=company_id,
        segment=segment,
        account_id=account_id,
        cadence_version_id=version_id,
        fields=dict(fields),
        changed_at=rt.clock.now(),
    )
    _check_change(rt, wanted)
    with rt.store.write() as session:
        _store_change(session, wanted)
        said = {"level": level, "segment": segment, "fields": sorted(fields), "version": version_id}
        audit.record_practice(rt, session, "cadence-changed", practice_id, wanted.uid, **said)
        for company in _concerned(session, wanted):
            audit.record(
                rt, session, "cadence-changed", company.id, account_id, wanted.uid, level=level, fields=dict(fields)
            )
            if account_id is None:
                planner.wake_company(rt, session, company.id)
            else:
                mirror.wake(session, [account_id], rt.clock.now())


def _check_scope(level: Level, company_id: int | None, segment: str, account_id: int | None) -> None:
    asked = {
        Level.PRACTICE: company_id is None and not segment and account_id is None,
        Level.COMPANY: company_id is not None and not segment and account_id is None,
        Level.SEGMENT: bool(segment) and account_id is None,
        Level.ACCOUNT: account_id is not None and company_id is not None and not segment,
    }
    if not asked[level]:
        raise Refusal(f"Please say which {level.value} is meant, and nothing else.")


def _check_change(rt: Runtime, wanted: CadenceOverride) -> None:
    with rt.store.read() as session:
        concerned = _concerned(session, wanted)
        try:
            found = [(one, cadences.Known(session, one, instead=wanted).every()) for one in concerned]
        except CadenceError as error:
            raise Refusal(str(error)) from error
    for company, every in found:
        no = objection(rt, company, every)
        if no:
            raise Refusal(f"{company.name}: {no}")


def in_force(session: Session, company: Company) -> list[Cadence]:
    """Every cadence that somebody of the company hears. Refusal when one of them cannot be read."""
    try:
        return list(cadences.Known(session, company).every())
    except CadenceError as error:
        raise Refusal(str(error)) from error


def objection(rt: Runtime, company: Company, every: Sequence[Cadence]) -> str:
    """Why these cadences may not be in force for a company; "" when they may. No transaction is open meanwhile."""
    with rt.store.read() as session:
        own = senders.speaking(session, company.id)
    for cadence in every:
        try:
            _check_words(cadence)
            _check_addresses(cadence, own)
        except Refusal as refusal:
            return str(refusal)
        proof = proofs.at_company(company, cadence, rt.clock.now())
        if proof.broken:
            story = "; ".join(str(scene).rstrip(".") for scene in proof.broken[0].story)
            return f"It could break its promise ({proof.broken[0].promise}): {story}."
    return ""


def _store_change(session: Session, wanted: CadenceOverride) -> None:
    known = session.scalars(
        select(CadenceOverride).where(
            CadenceOverride.practice_id == wanted.practice_id,
            CadenceOverride.company_id == wanted.company_id,
            CadenceOverride.segment == wanted.segment,
            CadenceOverride.account_id == wanted.account_id,
        )
    ).all()
    for earlier in known:
        session.delete(earlier)
    if wanted.fields or wanted.cadence_version_id is not None:
        session.add(wanted)


def _concerned(session: Session, wanted: CadenceOverride) -> Sequence[Company]:
    one = Company.id == wanted.company_id if wanted.company_id is not None else true()
    return session.scalars(select(Company).where(Company.practice_id == wanted.practice_id, one)).all()


def would_move(rt: Runtime, version_uid: str, practice_id: int, company_ids: Sequence[int]) -> list[Move]:
    """What a roll-out to these companies would change for each, in words, and which could not follow and why."""
    with rt.store.read() as session:
        version = _version(session, version_uid, practice_id)
        found = [
            (company, _fitting(session, company, version)) for company in _chosen(session, practice_id, company_ids)
        ]
    return [_proved(rt, company, *fitting) for company, fitting in found]


def _proved(rt: Runtime, company: Company, move: Move, every: Sequence[Cadence]) -> Move:
    no = move.exception or objection(rt, company, every)
    return Move(company.id, company.name, exception=no) if no else move


def roll_out(
    rt: Runtime, version_uid: str, practice_id: int, company_ids: Sequence[int], user_id: int
) -> tuple[Rollout, list[Move]]:
    """Give a version to these companies at once. What each did, the exceptions among them."""
    moves = would_move(rt, version_uid, practice_id, company_ids)
    with rt.store.write() as session:
        version = _version(session, version_uid, practice_id)
        done = []
        for company in _chosen(session, practice_id, [one.company_id for one in moves if not one.exception]):
            done.append([company.id, company.cadence_version_id, version.id])
            _give(rt, session, company, version.id, user_id)
        made = Rollout(
            uid=rt.new_id(),
            practice_id=practice_id,
            cadence_version_id=version.id,
            user_id=user_id,
            moves=done,
            made_at=rt.clock.now(),
        )
        session.add(made)
        said = {"user": user_id, "version": version.id, "companies": len(done)}
        audit.record_practice(rt, session, "rolled-out", practice_id, made.uid, **said)
        return made, moves


def roll_back(rt: Runtime, rollout_uid: str, practice_id: int, user_id: int) -> list[Move]:
    """Give every company of a roll-out its earlier version back; those that were changed since are the exceptions."""
    with rt.store.write() as session:
        mine = Rollout.uid == rollout_uid, Rollout.practice_id == practice_id
        found = session.scalars(select(Rollout).where(*mine)).first()
        if found is None or found.undone_at is not None:
            raise Refusal("This roll-out is not there, or it was already rolled back.")
        moves = []
        for company_id, before, after in found.moves:
            company = session.get_one(Company, company_id)
            move, _ = _fitting(session, company, session.get_one(CadenceVersion, before))
            if company.cadence_version_id != after:
                move = Move(company_id, company.name, exception="Its cadence was changed again since; it stays.")
            if not move.exception:
                _give(rt, session, company, before, user_id)
            moves.append(move)
        found.undone_at = rt.clock.now()
        audit.record_practice(rt, session, "rolled-back", practice_id, found.uid, user=user_id)
        return moves


def _version(session: Session, uid: str, practice_id: int) -> CadenceVersion:
    mine = CadenceVersion.uid == uid, CadenceVersion.practice_id == practice_id
    found = session.scalars(select(CadenceVersion).where(*mine)).first()
    if found is None:
        raise Refusal("This cadence is not in the library of the practice.")
    return found


def _chosen(session: Session, practice_id: int, ids: Sequence[int]) -> Sequence[Company]:
    mine = Company.practice_id == practice_id, Company.id.in_(list(ids))
    return session.scalars(select(Company).where(*mine).order_by(Company.name)).all()


def _fitting(session: Session, company: Company, version: CadenceVersion) -> tuple[Move, list[Cadence]]:
    """What the version would change for a company, and every cadence that would be in force there then."""
    old, new = cadences.cadence_of(session, company), cadences.of_version(version)
    try:
        every = cadences.Known(session, company, given=new).every()
    except CadenceError as error:
        return Move(company.id, company.name, exception=f"{error} Change that first."), []
    return Move(company.id, company.name, differences(old, new)), every


def _give(rt: Runtime, session: Session, company: Company, version_id: int, user_id: int) -> None:
    before, company.cadence_version_id = company.cadence_version_id, version_id
    audit.record(
        rt, session, "cadence-given", company.id, subject=company.uid, user=user_id, before=before, after=version_id
    )
    planner.wake_company(rt, session, company.id)

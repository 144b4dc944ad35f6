"""A cadence that somebody works on: begun, changed by fields or as text, proved, approved, and kept as a version.

A draft is never in force: nothing that is sent knows of it, until a version was kept of it and rolled out. Whoever
saves names the revision they began from, so that nobody writes over what somebody else just wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.cadence import Anchor, Cadence
from core.proof import Proof
from core.roles import Role
from models import CadenceDraft, CadenceVersion, Company, User
from workflows import audit, cadence_text, cadences, draft_fields, library, proofs
from workflows.cadence_text import Table
from workflows.draft_fields import Faults
from workflows.errors import Overtaken, Refusal
from workflows.runtime import Runtime

DRAFT, PROVED, APPROVED, KEPT, DROPPED = "draft", "proved", "approved", "kept", "dropped"
OPEN = (DRAFT, PROVED, APPROVED)
LONGEST = 100_000


def begin(
    rt: Runtime, practice_id: int, user_id: int, company_id: int | None, *, version: str = "", shipped: str = ""
) -> CadenceDraft:
    """A draft of a version of the library (its uid), or of a shipped cadence; Refusal when there is none such."""
    now = rt.clock.now()
    with rt.store.write() as session:
        base, source = _base(session, practice_id, version, shipped)
        made = CadenceDraft(
            uid=rt.new_id(),
            practice_id=practice_id,
            based_on_id=base.id if base else None,
            company_id=company_id,
            name=library.readable(source).name,
            source=source,
            made_by=user_id,
            made_at=now,
            changed_at=now,
        )
        session.add(made)
        session.flush()
        audit.record_practice(rt, session, "draft-begun", practice_id, made.uid, user=user_id, name=made.name)
        return made


def _base(session: Session, practice_id: int, version: str, shipped: str) -> tuple[CadenceVersion | None, str]:
    mine = select(CadenceVersion).where(CadenceVersion.practice_id == practice_id)
    if version:
        found = session.scalars(mine.where(CadenceVersion.uid == version)).first()
        if found is None:
            raise Refusal("This cadence is not in the library of the practice.")
        return found, found.source
    source = cadences.shipped_library().get(shipped)
    if source is None:
        raise Refusal("Please choose a version of the library or a shipped cadence to begin with.")
    return session.scalars(mine.where(CadenceVersion.source == source)).first(), source


def change_step(
    rt: Runtime, draft: CadenceDraft, revision: int, name: str, given: Table, user_id: int, *, renamed: bool = False
) -> None:
    """Put this step in the place of the one called `name`, or anew where that is "". Faults when it cannot be used;
    another name must be meant (`renamed`), for a step is known by its name.
    """
    before = cadence_text.named(draft.source, name) if name else {}
    if name and given.get("name") != name and not renamed:
        raise Faults({"name": f"Under another name it counts as a new step: who heard {name} could hear it once more."})
    step = draft_fields.entry(given, before)
    draft_fields.checked(step)
    _laid(rt, draft, revision, cadence_text.with_step(draft.source, name, step, draft_fields.standing), user_id)


def move_step(rt: Runtime, draft: CadenceDraft, revision: int, name: str, days: int, user_id: int) -> None:
    """Say a step so many days later, or earlier."""
    step = cadence_text.named(draft.source, name)
    step["offset"] = step["offset"] + days
    draft_fields.checked(step)
    _laid(rt, draft, revision, cadence_text.with_step(draft.source, name, step, draft_fields.standing), user_id)


def remove_step(rt: Runtime, draft: CadenceDraft, revision: int, name: str, user_id: int) -> None:
    save(rt, draft, revision, cadence_text.without_step(draft.source, name), user_id)


def take_over(rt: Runtime, draft: CadenceDraft, revision: int, anchor: str, user_id: int) -> None:
    """Write the steps that a ladder is lent into the draft itself, where they can be changed."""
    own = {one.get("name") for one in cadence_text.steps(draft.source)}
    shipped = cadences.shipped_library()
    lent = [
        step
        for name in cadences.uses(draft.source)
        for step in cadence_text.steps(shipped.get(name, ""))
        if step.get("anchor", Anchor.DUE) == anchor and step["name"] not in own
    ]
    if not lent:
        raise Refusal("These steps are its own already.")
    save(rt, draft, revision, cadence_text.with_steps(draft.source, lent, draft_fields.standing), user_id)


def change_whole(rt: Runtime, draft: CadenceDraft, revision: int, fields: Mapping[str, Any], user_id: int) -> None:
    """Change fields of the cadence itself; Faults when one cannot be used."""
    faults = draft_fields.wrong_in_whole(fields)
    if faults:
        raise Faults(faults)
    changed = draft_fields.differing(fields, library.readable(draft.source), draft.source)
    _laid(rt, draft, revision, cadence_text.with_fields(draft.source, changed), user_id)


def _laid(rt: Runtime, draft: CadenceDraft, revision: int, source: str, user_id: int) -> None:
    try:
        save(rt, draft, revision, source, user_id)
    except Overtaken:
        raise
    except Refusal as refusal:
        raise draft_fields.laid(refusal) from refusal


def save(rt: Runtime, draft: CadenceDraft, revision: int, source: str, user_id: int) -> None:
    """Keep this text as the draft's; it is to be proved and approved anew. Refusal when it cannot be a cadence, and
    Overtaken when somebody else was first.
    """
    if len(source) > LONGEST:
        raise Refusal(f"Please keep a cadence to {LONGEST:,} characters.")
    read = library.readable(source)
    if source == draft.source and revision == draft.revision:
        return
    with rt.store.write() as session:
        changed = {"source": source, "name": read.name, "revision": revision + 1, "state": DRAFT, "made_by": user_id}
        _move(rt, session, draft, revision, OPEN, **changed, approved_by=None, approved_at=None)
        _note(rt, session, draft, "draft-changed", user_id, revision=revision + 1)


def try_on(rt: Runtime, draft: CadenceDraft, revision: int, company_id: int, user_id: int) -> None:
    """Choose on whose books it is tried and proved; what was proved elsewhere is proved anew."""
    if company_id == draft.company_id:
        return
    with rt.store.write() as session:
        to = {"company_id": company_id, "revision": revision + 1, "state": DRAFT, "approved_by": None}
        _move(rt, session, draft, revision, OPEN, **to, approved_at=None)
        _note(rt, session, draft, "draft-changed", user_id, company=company_id)


def prove(rt: Runtime, draft: CadenceDraft, revision: int, company: Company | None, user_id: int) -> Proof:
    """Look at every situation at its company. Where it keeps its promises the draft is proved; else it stays one."""
    if company is None:
        raise Refusal("Please choose first on whose books it is tried.")
    _check_open(draft, revision)
    proof = proofs.at_company(company, library.readable(draft.source), rt.clock.now())
    if proof.holds and draft.state == DRAFT:
        with rt.store.write() as session:
            _move(rt, session, draft, revision, (DRAFT,), state=PROVED)
            _note(rt, session, draft, "draft-proved", user_id, company=company.id, situations=proof.states)
    return proof


def approvers(session: Session, draft: CadenceDraft) -> Sequence[User]:
    """Who else of the practice may approve it: not whoever changed it last."""
    wanted = select(User).where(
        User.practice_id == draft.practice_id,
        User.id != draft.made_by,
        User.left_at.is_(None),
        User.limited.is_(False),
        User.role.in_([one.value for one in Role if one.may(Role.ACCOUNTANT)]),
    )
    return session.scalars(wanted.order_by(User.name)).all()


def approve(rt: Runtime, draft: CadenceDraft, revision: int, user_id: int, *, sure: bool = False) -> None:
    """Somebody else says that it may be used; where there is nobody else, whoever wrote it, with a word of their own
    that they have read it once more.
    """
    _check_open(draft, revision)
    if draft.state != PROVED:
        raise Refusal("It is approved already." if draft.state == APPROVED else "Please prove it first.")
    with rt.store.write() as session:
        others = [one.name for one in approvers(session, draft)]
        if others and user_id == draft.made_by:
            raise Refusal(f"You changed it last, so somebody else approves it: please ask {' or '.join(others[:3])}.")
        if not others and not sure:
            raise Refusal("Please tick that you have read it once more: nobody else of the practice can.")
        said = {"approved_by": user_id, "approved_at": rt.clock.now()}
        _move(rt, session, draft, revision, (PROVED,), state=APPROVED, **said)
        _note(rt, session, draft, "draft-approved", user_id, alone=not others)


def keep(rt: Runtime, draft: CadenceDraft, revision: int, user_id: int) -> CadenceVersion:
    """Make it the next version of its name. Nobody has that until it is rolled out."""
    _check_open(draft, revision)
    if draft.state != APPROVED:
        raise Refusal("It is kept once it is proved and approved.")
    version = library.save(rt, draft.practice_id, draft.source)
    with rt.store.write() as session:
        _move(rt, session, draft, revision, (APPROVED,), state=KEPT, version_id=version.id)
        _note(rt, session, draft, "draft-kept", user_id, version=version.number)
    return version


def drop(rt: Runtime, draft: CadenceDraft, revision: int, user_id: int) -> None:
    """Put it away for good."""
    with rt.store.write() as session:
        _move(rt, session, draft, revision, OPEN, state=DROPPED)
        _note(rt, session, draft, "draft-dropped", user_id)


def base_of(session: Session, draft: CadenceDraft) -> Cadence | None:
    """What it began as: a version, or the shipped cadence of its name."""
    if draft.based_on_id is not None:
        return cadences.of_version(session.get_one(CadenceVersion, draft.based_on_id))
    return cadences.shipped(draft.name) if draft.name in cadences.shipped_library() else None


def _check_open(draft: CadenceDraft, revision: int) -> None:
    if draft.revision != revision or draft.state not in OPEN:
        raise Overtaken(_OVERTAKEN if draft.state in OPEN else _CLOSED)


def _move(rt: Runtime, session: Session, draft: CadenceDraft, seen: int, since: Sequence[str], **to: Any) -> None:
    """Change the row, if it is still the one that was looked at."""
    mine = CadenceDraft.id == draft.id, CadenceDraft.revision == seen, CadenceDraft.state.in_(since)
    found = session.execute(
        update(CadenceDraft)
        .where(*mine)
        .values(changed_at=rt.clock.now(), **to)
        .returning(CadenceDraft.id)
        .execution_options(synchronize_session=False)
    ).first()
    if found is None:
        state = session.scalars(select(CadenceDraft.state).where(CadenceDraft.id == draft.id)).one()
        raise Overtaken(_OVERTAKEN if state in OPEN else _CLOSED)


_OVERTAKEN = "Somebody else changed this draft meanwhile. Nothing of yours was saved; look at what stands there now."
_CLOSED = "This draft is closed. Please begin another from the library."


def _note(rt: Runtime, session: Session, draft: CadenceDraft, kind: str, user_id: int, **said: Any) -> None:
    audit.record_practice(rt, session, kind, draft.practice_id, draft.uid, user=user_id, name=draft.name, **said)

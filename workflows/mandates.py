"""A customer's permission to collect from their bank: kept when it is given, asked about when it is used.

Collecting itself is `collecting`.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.processors.base import MandateState
from models import Arrangement, Attempt, InstalmentRow, Mandate, ProcessorAccount
from workflows import audit, ways
from workflows.runtime import Runtime


def keep(rt: Runtime, attempt_id: int, external_id: str) -> None:
    """A mandate was given with this attempt: the arrangement whose part it pays is collected by it from now on."""
    with rt.store.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        if attempt.processor_account_id is None:
            return
        if _known(session, attempt.processor_account_id, external_id) is not None:
            return
        made = Mandate(
            uid=rt.new_id(),
            company_id=attempt.company_id,
            account_id=attempt.account_id,
            processor_account_id=attempt.processor_account_id,
            external_id=external_id,
            currency=attempt.currency,
            state=MandateState.PENDING.value,
            made_at=rt.clock.now(),
        )
        session.add(made)
        session.flush()
        if attempt.instalment_id is not None:
            part = session.get_one(InstalmentRow, attempt.instalment_id)
            session.get_one(Arrangement, part.arrangement_id).mandate_id = made.id
        audit.record(rt, session, "mandate-given", made.company_id, made.account_id, made.uid)


def refresh(rt: Runtime, mandate_id: int) -> Mandate:
    """The mandate as the processor sees it now; asks it, so no transaction may be open."""
    with rt.store.read() as session:
        row = session.get_one(Mandate, mandate_id)
        processor = ways.opened(rt, session.get_one(ProcessorAccount, row.processor_account_id))
    state = processor.mandate(row.external_id).value
    with rt.store.write() as session:
        row = session.get_one(Mandate, mandate_id)
        if row.state != state:
            row.state, row.ended_at = state, rt.clock.now() if state == MandateState.ENDED else None
            audit.record(rt, session, f"mandate-{state}", row.company_id, row.account_id, row.uid)
        return row


def heard(rt: Runtime, account_id: int, external_id: str) -> bool:
    """The processor's word about a mandate given at this account (a row's id); False when it is not ours."""
    with rt.store.read() as session:
        found = _known(session, account_id, external_id)
    if found is not None:
        refresh(rt, found.id)
    return found is not None


def _known(session: Session, account_id: int, external_id: str) -> Mandate | None:
    mine = Mandate.processor_account_id == account_id, Mandate.external_id == external_id
    return session.scalars(select(Mandate).where(*mine)).first()

"""The log is chained company by company, and every change to what was written is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from models import AuditEvent, AuditKey
from tests.workflows.office import Office
from workflows import audit
from workflows.vault import unseal_with


@pytest.fixture
def office() -> Iterator[Office]:
    """Five facts of one company, chained."""
    made = Office()
    for number in range(5):
        made.clock.move(made.clock.now() + timedelta(minutes=1))
        with made.rt.store.write() as session:
            audit.record(made.rt, session, "noted", made.company.id, made.account_id, f"subject-{number}", words="a b")
    assert list(audit.verify(made.rt)) == [], "what is not yet chained is not broken"
    assert audit.link_all(made.rt) == 5
    yield made
    made.close()


def events(office: Office) -> list[AuditEvent]:
    with office.rt.store.read() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)))


def test_facts_are_chained_in_the_order_in_which_they_were_written(office: Office) -> None:
    rows = events(office)
    assert [(row.sequence, row.subject) for row in rows] == [(place + 1, f"subject-{place}") for place in range(5)]
    assert [row.previous for row in rows] == [audit.START, *(row.link for row in rows[:-1])]
    assert (audit.link_all(office.rt), list(audit.verify(office.rt))) == (0, [])
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "noted", office.company.id)
    assert audit.link_all(office.rt) == 1
    assert events(office)[-1].previous == rows[-1].link
    assert list(audit.verify(office.rt)) == []


def test_a_change_to_any_field_of_an_entry_is_found(office: Office) -> None:
    row = events(office)[2]
    changes: dict[str, Any] = {
        "uid": "another",
        "at": row.at - timedelta(seconds=1),
        "kind": "payment-taken",
        "subject": "another",
        "account_id": None,
        "payload_hash": "0" * 64,
        "payload_sealed": b"something else",
        "sequence": 77,
        "previous": "0" * 64,
        "link": "0" * 64,
    }
    assert set(changes) | {"id", "company_id", "practice_id"} == set(AuditEvent.__table__.columns.keys())
    for field, value in changes.items():
        office.change(row, **{field: value})
        (complaint,) = audit.verify(office.rt)
        assert "Larch & Co" in complaint, field
        office.change(row, **{field: getattr(row, field)})
        assert list(audit.verify(office.rt)) == []


def test_an_entry_taken_out_of_the_middle_is_missed(office: Office) -> None:
    with office.rt.store.write() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.sequence == 3))
    assert list(audit.verify(office.rt)) == ["The log of Larch & Co is broken at entry 4."]


def test_two_entries_that_change_places_are_noticed(office: Office) -> None:
    second, third = events(office)[1:3]
    office.change(second, sequence=None)
    office.change(third, sequence=2)
    office.change(second, sequence=3)
    assert list(audit.verify(office.rt)) == ["The log of Larch & Co is broken at entry 2."]


def test_the_payload_is_sealed_with_the_accounts_own_key_and_erasing_the_key_leaves_the_chain_whole(
    office: Office,
) -> None:
    row = events(office)[0]
    assert b"a b" not in row.payload_sealed
    with office.rt.store.read() as session:
        key = session.scalars(select(AuditKey).where(AuditKey.account_id == office.account_id)).one()
    assert key.key_sealed is not None
    assert unseal_with(office.rt.vault.unseal(key.key_sealed), row.payload_sealed) == b'{"words":"a b"}'
    office.change(key, key_sealed=None)
    assert list(audit.verify(office.rt)) == []

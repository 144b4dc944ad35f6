"""The log is chained company by company, and every change to what was written is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from models import AuditEvent, AuditHead, AuditKey
from tests.workflows.office import Office
from workflows import audit, audit_heads, audit_reading
from workflows.errors import Refusal
from workflows.vault import new_key, seal_with, unseal_with


@pytest.fixture
def office() -> Iterator[Office]:
    """Five facts of one company, chained."""
    made = Office()
    with made.rt.store.write() as session:  # what setting the office up has left in the practice's own log
        session.execute(delete(AuditEvent))
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
        "proof": "0" * 64,
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


def test_a_practice_has_a_log_of_its_own(office: Office) -> None:
    with office.rt.store.write() as session:
        audit.record_practice(office.rt, session, "signed-in", office.company.practice_id, "uid", user=7)
    assert audit.link_all(office.rt) == 1
    found = audit.check(office.rt)
    assert (found.broken, found.entries, len(found.ends)) == ((), 6, 2)
    with office.rt.store.read() as session:
        entries, total = audit_reading.of_practice(office.rt, session, office.company.practice_id, 1)
    assert total == 1
    assert (entries[0].kind, entries[0].user_id, entries[0].said) == ("signed-in", 7, {"user": 7})


def test_what_a_person_does_carries_their_name_also_where_nobody_handed_it_on(office: Office) -> None:
    with audit.acting(7), office.rt.store.write() as session:
        audit.record(office.rt, session, "paused", office.company.id)
        audit.record(office.rt, session, "settings", office.company.id, user=8)
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "resumed", office.company.id)
    with office.rt.store.read() as session:
        entries, _ = audit_reading.of_company(office.rt, session, office.company, 1)
    assert [(one.kind, one.user_id) for one in entries[:3]] == [("resumed", None), ("settings", 8), ("paused", 7)]


def forged(office: Office, **values: Any) -> None:
    """Somebody who has the database and no key writes a row of their own."""
    row = events(office)[-1]
    fields = {name: getattr(row, name) for name in (one.name for one in AuditEvent.__table__.columns) if name != "id"}
    fields |= {"uid": "forged", "sequence": None, "previous": None, "link": None, **values}
    with office.rt.store.write() as session:
        session.add(AuditEvent(**fields))


@pytest.mark.parametrize("proof", [None, "0" * 64, "the one of another entry"])
def test_an_entry_put_in_by_somebody_without_the_key_is_found(office: Office, proof: str | None) -> None:
    forged(office, kind="payment-taken", proof=events(office)[0].proof if proof and proof[0] == "t" else proof)
    audit.link_all(office.rt)
    assert list(audit.verify(office.rt)) == ["Entry 6 of Larch & Co was not written by this installation."]


def rewritten(office: Office, kept: int, **changes: Any) -> None:
    """Somebody without the key works out the whole chain anew, cut to its first entries."""
    with office.rt.store.write() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.sequence > kept))
        previous = audit.START
        for row in session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)):
            for name, value in changes.items():
                setattr(row, name, value)
            row.previous = previous
            row.link = previous = audit.link_of(row)


def test_a_chain_worked_out_anew_without_the_key_is_found(office: Office) -> None:
    rewritten(office, 5, subject="another")
    assert list(audit.verify(office.rt)) == ["Entry 1 of Larch & Co was not written by this installation."]


def test_a_tail_that_was_cut_off_is_found_and_nothing_is_chained_to_what_is_left(office: Office) -> None:
    whole = events(office)
    rewritten(office, 3)
    said = "The log of Larch & Co stops at entry 3, but 5 were written."
    assert list(audit.verify(office.rt)) == [said]
    with office.rt.store.write() as session:
        session.execute(update(AuditHead).values(sequence=3, link=whole[2].link))
    said = "The end of the log of Larch & Co was not written by this installation."
    assert list(audit.verify(office.rt)) == [said]
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "noted", office.company.id)
    assert audit.link_all(office.rt) == 0
    with office.rt.store.write() as session:
        session.execute(delete(AuditHead))
    assert audit.link_all(office.rt) == 0
    assert list(audit.verify(office.rt)) == ["The end of the log of Larch & Co was taken away."]


def test_a_chain_cut_and_ended_anew_with_the_key_is_found_by_an_end_noted_elsewhere(office: Office) -> None:
    noted = list(audit.check(office.rt).ends)
    assert audit_heads.differences(office.rt, noted) == []
    rewritten(office, 3)
    last = events(office)[-1].link
    with office.rt.store.write() as session:
        session.execute(delete(AuditHead))
        head = AuditHead(company_id=office.company.id, sequence=3, link=last, plain_until=0)
        head.proof = audit.head_proof(office.rt.vault, audit.Chain(office.company.id), head)
        session.add(head)
    assert list(audit.verify(office.rt)) == [], "whoever has the key can do that"
    assert audit_heads.differences(office.rt, noted) == [
        "The log of Larch & Co once went to entry 5, which is not there any more."
    ]
    for number in range(2):
        with office.rt.store.write() as session:
            audit.record(office.rt, session, f"noted {number}", office.company.id)
    audit.link_all(office.rt)
    assert audit_heads.differences(office.rt, noted) == [
        "The log of Larch & Co was written anew: entry 5 is not the one that was noted."
    ]
    gone = [audit.End("company nobody", 1, "x"), audit.End("practice nobody", 1, "x")]
    assert [one.split(":")[0] for one in audit_heads.differences(office.rt, gone)] == [
        "A log that was noted is not there any more"
    ] * 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"heads": [{"of": "company x"}]}', '{"heads": 3}'])
def test_a_file_that_notes_no_ends_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="no heads"):
        audit_heads.noted(text)
    with pytest.raises(Refusal, match="neither"):
        audit_heads.noted('{"heads": [{"of": "planet x", "sequence": 1, "link": "a"}]}')


def test_what_was_written_before_entries_had_proofs_still_holds_after_the_upgrade(office: Office) -> None:
    """As the migration leaves it: plain links, no proofs, and a head that nobody has proved yet."""
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "not yet chained", office.company.id)
        session.flush()
        session.execute(update(AuditEvent).values(proof=None))
        session.execute(update(AuditHead).values(proof=None))
    assert list(audit.verify(office.rt)) == []
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "the first with a proof", office.company.id)
    assert audit.link_all(office.rt) == 2
    with office.rt.store.read() as session:
        assert session.scalars(select(AuditHead.plain_until)).one() == 6
    assert list(audit.verify(office.rt)) == []
    office.change(events(office)[6], proof=None)
    assert list(audit.verify(office.rt)) == ["Entry 7 of Larch & Co was not written by this installation."]


def test_after_an_erasure_what_is_sealed_is_said_to_be_erased_also_what_came_later(office: Office) -> None:
    with office.rt.store.write() as session:
        session.execute(update(AuditKey).values(key_sealed=None))
    with office.rt.store.write() as session:
        audit.record(office.rt, session, "noted", office.company.id, office.account_id, words="again")
    office.change(events(office)[1], payload_sealed=seal_with(new_key(b"x" * 16), b"{}"))
    with office.rt.store.read() as session:
        entries, _ = audit_reading.of_company(office.rt, session, office.company, 1)
    assert [one.said for one in entries] == [None] * 6


def test_the_ends_are_said_in_the_programs_own_log(office: Office) -> None:
    assert audit_heads.write_down(office.rt) == 1


def test_entries_that_belong_to_nobody_are_named(office: Office) -> None:
    forged(office, company_id=None)
    assert list(audit.verify(office.rt)) == ["1 entries belong to no log."]


def test_more_entries_than_one_step_takes_are_all_chained(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "FEW", 2)
    monkeypatch.setattr(audit, "READ", 3)
    for _ in range(7):
        with office.rt.store.write() as session:
            audit.record(office.rt, session, "noted", office.company.id)
    assert audit.link_all(office.rt) == 7
    assert audit.check(office.rt).entries == 12
    assert list(audit.verify(office.rt)) == []

"""The log of an installation from before entries had proofs: each chain is carried over as it stands."""

from __future__ import annotations

from sqlalchemy import insert, select, text

from models import AuditHead
from models.store import Store, migrate
from tests.models.test_migrations import _fill, _sample, _tables


def test_the_upgrade_gives_every_chain_a_head_that_nobody_has_proved_yet(empty_store: Store) -> None:
    migrate(empty_store, "0006")
    _fill(empty_store)
    tables = {table.name: table for table in _tables(empty_store)}
    event = {column.name: _sample(column) for column in tables["audit_event"].columns}
    company = {column.name: _sample(column) for column in tables["company"].columns}
    with empty_store.write() as session:
        session.execute(text("DELETE FROM audit_event"))
        for number in (2, 3):
            session.execute(insert(tables["company"]).values({**company, "id": number, "uid": f"c{number}"}))
        for number, whose, place in ((1, 1, 1), (2, 1, 2), (3, 1, None), (4, 2, None), (5, 2, None)):
            row = {**event, "id": number, "uid": f"e{number}", "company_id": whose, "sequence": place}
            session.execute(insert(tables["audit_event"]).values({**row, "link": place and f"link {place}"}))
    migrate(empty_store)
    with empty_store.read() as session:
        heads = session.scalars(select(AuditHead).order_by(AuditHead.company_id)).all()
        found = [(one.company_id, one.sequence, one.link, one.plain_until, one.proof) for one in heads]
    assert found == [(1, 2, "link 2", 0, None), (2, 0, "0" * 64, 0, None)], "the third company has no log"

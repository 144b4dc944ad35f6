"""A list of values as one parameter: what stands in it is found, and found by an index."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from models import Account
from tests.workflows.office import Office
from workflows.rows import among, one_of


def found(office: Office, *where: ColumnElement[bool], **given: object) -> list[int]:
    with office.rt.store.read() as session:
        return list(session.scalars(select(Account.id).where(*where).order_by(Account.id), given))


def test_the_rows_of_the_list_are_found_and_no_others(office: Office) -> None:
    with office.rt.store.read() as session:
        mine = among(session, Account.id, [office.account_id, 10_000])
    assert (
        found(office, mine) == found(office, one_of(Account.id, "ids"), ids=[office.account_id]) == [office.account_id]
    )
    assert found(office, ~mine) == []
    assert found(office, one_of(Account.external_id, "ids"), ids=[]) == []


def test_on_sqlite_a_list_is_looked_up_and_the_table_is_not_read_through() -> None:
    """How PostgreSQL goes about it depends on how much there is."""
    office = Office()
    with office.rt.store.read() as session:
        wanted = select(Account).where(among(session, Account.id, [1]), Account.active)
        said = wanted.compile(session.get_bind())
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ("[1]",)).all()
    assert any("SEARCH account" in row[3] for row in plan)
    assert not any("SCAN account" in row[3] for row in plan)
    office.close()

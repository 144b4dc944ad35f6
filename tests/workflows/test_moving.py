"""Moving from SQLite to PostgreSQL: all of it or nothing, and whoever was spoken to is not spoken to again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from models import AuditEvent, Base, Company, Touch
from models.store import Store
from tests.databases import migrated
from tests.town import Town
from workflows import audit, moving
from workflows.errors import Refusal

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
MON, TUE, FRI = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 13)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with migrated("postgres", tmp_path) as url:
        yield url


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A customer of Xero who has heard of one invoice, on SQLite."""
    with migrated("sqlite", tmp_path) as url:
        town = Town()
        town.customer("xero", "fern")
        town.open("xero", "A-1", "fern", date(2026, 2, 25))
        town.begin(store=Store(url), kinds=["xero"])
        town.at(MON, 22)
        assert town.steps("A-1") == ["late-4"]
        yield town
        town.close()


def rows(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_life_goes_on_where_it_was_and_nothing_is_said_twice(town: Town, target: str) -> None:
    before = rows(town.rt.store)
    assert moving.move(town.rt, target) == before
    with pytest.raises(Refusal, match="was moved to PostgreSQL"):
        moving.check(town.rt.store)
    town.rt.store.close()
    town.start(Store(target))
    moving.check(town.rt.store)
    assert list(audit.verify(town.rt)) == []
    town.at(TUE, 22)
    assert town.steps("A-1") == ["late-4"]
    town.at(FRI, 22)
    assert town.steps("A-1") == ["late-4", "late-12"]
    with town.rt.store.read() as session:
        assert len(session.scalars(select(Touch.id)).all()) == 2
        assert session.scalar(select(func.max(AuditEvent.id))) > before["audit_event"]  # type: ignore[operator]


def test_cut_short_nothing_is_there_and_asked_again_everything(town: Town, target: str) -> None:
    def dies(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO touch "):
            raise KeyboardInterrupt

    before, real = rows(town.rt.store), Store.__init__

    def watched(store: Store, url: str) -> None:
        real(store, url)
        event.listen(store.engine, "before_cursor_execute", dies)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "__init__", watched)
        with pytest.raises(KeyboardInterrupt):
            moving.move(town.rt, target)
    moving.check(town.rt.store)  # it may be started again
    with closing(Store(target)) as there:
        assert not any(rows(there).values())
    assert moving.move(town.rt, target) == before
    assert moving.move(town.rt, target) == before, "asked again it looks through it once more"


def test_nothing_is_moved_onto_something(town: Town, target: str) -> None:
    with closing(Store(target)) as there, there.write() as session:
        session.add(moving.Memory(name="plan", value="1"))
    with pytest.raises(Refusal, match="There is something in that database already"):
        moving.move(town.rt, target)
    moving.check(town.rt.store)


def test_what_postgresql_does_not_take_is_said_and_nothing_is_moved(town: Town, target: str) -> None:
    with town.rt.store.write() as session:
        session.scalars(select(Company)).one().language = "x" * 300  # SQLite does not count
    with pytest.raises(Refusal, match="Nothing was moved"):
        moving.move(town.rt, target)
    moving.check(town.rt.store)


def test_there_is_one_direction(town: Town, target: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="give the address of a PostgreSQL database"):
        moving.move(town.rt, f"sqlite:///{tmp_path / 'other.db'}")
    moving.move(town.rt, target)
    town.rt.store.close()
    town.start(Store(target))
    with pytest.raises(Refusal, match="nothing to move"):
        moving.move(town.rt, target)


def test_what_went_to_one_database_never_goes_to_another(town: Town, target: str, tmp_path: Path) -> None:
    moving.move(town.rt, target)
    with migrated("postgres", tmp_path) as other:
        with pytest.raises(Refusal, match="to another database was begun or done already"):
            moving.move(town.rt, other)
        with closing(Store(other)) as there:
            assert not any(rows(there).values())
    with pytest.raises(Refusal, match="was moved to PostgreSQL"):
        moving.check(town.rt.store)

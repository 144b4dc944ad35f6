"""Readings that go on where they broke off, wait longer while they fail, and find what nobody told us of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import Connection, Notice, Reading
from tests.town import Town
from tests.workflows.test_reading_edges import (
    KINDS,
    Killed,
    connected,
    connection,
    during,
    expect_change,
    forget_cursor,
)
from workflows import dirty, reading, sync


def test_a_first_load_that_dies_goes_on_behind_the_last_page_that_was_stored(town: Town) -> None:
    company = connected(town, "xero")
    forget_cursor(town)
    asked: list[str] = []

    def die_at_the_third() -> None:
        asked.append("")
        if len(asked) == 3:
            raise Killed

    during(town, "xero", die_at_the_third, times=3)
    with pytest.raises(Killed):
        sync.sync_company(town.rt, company.id)
    assert connection(town).load_mark, "the place is kept"
    town.clock.move(town.now + sync.HOLD)
    town.calls.clear()
    sync.sync_due(town.rt)
    assert town.calls["xero", "snapshot"] == 5, "two of the seven lists had been read"
    assert (connection(town).load_mark, connection(town).load_began_at) == ("", None)
    assert connection(town).cursor


def test_a_big_first_load_gives_the_others_their_turn(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    company = connected(town, "xero")
    forget_cursor(town)
    monkeypatch.setattr(reading.whole, "__defaults__", (2,))  # pages a turn
    sync.request(town.rt, company.id)
    turns = 0
    while town.company("xero").sync_state != "idle" or not turns:
        assert sync.sync_due(town.rt) == 1
        turns += 1
    assert turns == 4, "seven lists and the end, two at a time"
    assert connection(town).cursor


def test_a_failing_ledger_is_asked_more_and_more_seldom_and_the_practice_is_told_once(town: Town) -> None:
    company = connected(town, "quickbooks")
    town.quickbooks.plan_fault("/v3/", "503", 1, 4 * 24 * 3600)
    waits = []
    for _ in range(16):
        assert not sync.sync_company(town.rt, company.id)
        following = town.company("quickbooks").next_sync_at
        assert following is not None
        waits.append(following - town.now)
        town.clock.move(following)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=6))
    with town.rt.store.read() as session:
        told = session.scalars(select(Notice)).all()
    assert [notice.subject for notice in told] == ["Larch & Co has not been read since 02 March 2026"]
    town.clock.move(town.now + timedelta(days=4))
    assert sync.sync_company(town.rt, company.id)
    assert town.company("quickbooks").sync_failures == 0


def test_what_the_changes_do_not_tell_is_found_at_night_and_counted(town: Town) -> None:
    connected(town, "xero")
    town.transfer("xero", "A-1", "40.00")
    town.carry()
    town.at(date(2026, 3, 3), 12)
    assert str(town.invoice("A-1").due) == "2026-03-09"
    town.xero.change_due(town.tenants["xero"], "A-1", date(2026, 3, 20))  # moves no time stamp: it is part-paid
    town.carry()
    town.at(date(2026, 3, 3), 20)
    assert str(town.invoice("A-1").due) == "2026-03-09", "no reading of changes can see it"
    town.at(date(2026, 3, 4), 8)
    assert str(town.invoice("A-1").due) == "2026-03-20"
    with town.rt.store.read() as session:
        sweeps = session.scalars(select(Reading).where(Reading.kind == "sweep").order_by(Reading.id)).all()
    assert sweeps[-1].missed == 1


@pytest.mark.parametrize("kind", KINDS)
def test_closed_books_and_the_ledgers_own_reminders_are_learnt_with_the_consent_and_every_week(
    town: Town, kind: str
) -> None:
    company = connected(town, kind)
    assert company.locked_until is None
    town.at(date(2026, 3, 3), 20)
    town.twin(kind).lock(town.tenants[kind], date(2026, 2, 28))
    town.at(date(2026, 3, 8), 12)
    assert town.company(kind).locked_until is None
    town.at(date(2026, 3, 9), 12)
    assert town.company(kind).locked_until == date(2026, 2, 28)


@pytest.mark.parametrize("kind", KINDS)
def test_an_invoice_that_vanishes_without_a_word_is_noticed_at_night(town: Town, kind: str) -> None:
    connected(town, kind)
    gone = town.invoice("A-1").external_id
    town.twin(kind).void(town.tenants[kind], "A-1")
    with town.rt.store.write() as session:  # the cursor has passed the change unseen
        later = (town.now + timedelta(minutes=30)).isoformat()
        session.scalars(select(Connection)).one().cursor = later
    town.twin(kind).webhooks()
    town.at(date(2026, 3, 3), 12)
    assert (town.invoice("A-1").external_id, town.invoice("A-1").status) == (gone, "voided")


def test_what_changed_during_a_reading_stays_marked_for_the_next(town: Town) -> None:
    company = connected(town, "quickbooks")

    def told() -> None:
        town.clock.move(town.now + timedelta(minutes=1))
        expect_change(town, company)

    during(town, "quickbooks", told)
    assert sync.sync_company(town.rt, company.id)
    with town.rt.store.read() as session:
        assert dirty.kinds(session, company.id) == {"payment"}

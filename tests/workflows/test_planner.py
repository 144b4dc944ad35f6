"""Planning on time: nothing is missed by the night's sweep, a preview explains everybody, and an upgrade wakes all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from core.because import Cause
from core.plan import PLAN_VERSION
from integrations.ledgers.base import LedgerCustomer
from models import Account, Effect, Memory
from models.store import Store
from tests.town import MONDAY, Town
from tests.workflows.office import Office
from workflows import companies, doctor, gather, holds, mirror, planner, sync
from workflows.preview import preview

KIND = "xero"
ON_TIME, LATE = date(2026, 3, 9), date(2026, 2, 16)


@pytest.fixture
def town(town: Town) -> Town:
    """Nine customers, each silent for another reason or spoken to; nothing of it sent yet, for it is early."""
    for customer in ("soon", "late", "old", "paid", "promised", "disputed", "covered", "paused", "archived"):
        town.customer(KIND, customer)
        due = {"late": LATE, "old": date(2024, 5, 6)}.get(customer, ON_TIME)
        town.open(KIND, customer.upper(), customer, due)
    town.begin(kinds=[KIND])
    tenant = town.tenants[KIND]
    town.transfer(KIND, "PAID", "100.00")
    town.promise("PROMISED", date(2026, 3, 20))
    town.dispute("DISPUTED")
    town.xero.credit(tenant, "CN-1", "covered", date(2026, 3, 1), town.books[KIND].invoices[0].amount)
    town.xero.archive(tenant, "archived")
    holds.hold(town.rt, town.invoice("PAUSED").account_id, Cause.PAUSED, until=date(2026, 5, 1))
    town.at(MONDAY.date(), 6, 30)
    sync.sync_company(town.rt, town.company(KIND).id)
    return town


def sleeping(town: Town) -> set[str]:
    """Names of the accounts that are not to be planned now."""
    with town.rt.store.read() as session:
        rows = session.scalars(select(Account)).all()
        return {row.name for row in rows if row.wake_at is None or row.wake_at > town.now}


def test_the_preview_names_every_account_with_something_open_and_stores_nothing(town: Town) -> None:
    before = kept(town)
    shown = preview(town.rt, town.company(KIND).id, 30)
    assert kept(town) == before
    steps: dict[str, list[str]] = {}
    for message in shown.messages:
        steps.setdefault(message.account_name, []).append(message.step)
    assert steps == {
        "Soon": ["heads-up", "due-today", "late-4", "late-12", "late-21"],
        "Late": ["late-4", "late-12", "late-21"],
        "Promised": ["late-4"],
    }
    assert {one.account_name: [why.cause.value for why in one.because] for one in shown.silences} == {
        "Old": ["too-old"],
        "Disputed": ["dispute"],
        "Covered": ["covered-by-credit"],
        "Paused": ["paused"],
        "Archived": ["archived"],
    }
    assert doctor.unexplained(town.rt) == []


def kept(town: Town) -> list[tuple[object, ...]]:
    with town.rt.store.read() as session:
        accounts = session.execute(select(Account.id, Account.facts_version, Account.wake_at).order_by(Account.id))
        return [tuple(row) for row in (*accounts, *session.execute(select(Effect.id, Effect.state)))]


def test_the_preview_tells_what_then_really_happens(town: Town) -> None:
    foretold = [(one.moment, one.account_name, one.step) for one in preview(town.rt, town.company(KIND).id, 9).messages]
    town.at(date(2026, 3, 11), 6)
    names = {f"{name}@customers.example": name.title() for name in ("soon", "late")}
    happened = [(one.received_at, names[one.recipients[0]], one.header("X-Dunlin-Step")) for one in town.mails()]
    assert happened == foretold
    assert len(happened) == 3


def test_the_preview_speaks_as_if_the_company_were_live(town: Town) -> None:
    expected = preview(town.rt, town.company(KIND).id, 30)
    companies.set_live(town.rt, town.company(KIND).id, on=False)
    assert preview(town.rt, town.company(KIND).id, 30) == expected


def test_every_night_nothing_was_missed(town: Town) -> None:
    missed = []
    for day in range(2, 7):
        town.at(date(2026, 3, day), 23)
        missed.append(planner.sweep(town.rt))
        assert doctor.unexplained(town.rt) == []
    assert missed == [0] * 5


def test_the_sweep_finds_an_account_that_nobody_woke(town: Town) -> None:
    with town.rt.store.write() as session:
        session.execute(update(Account).where(Account.name == "Late").values(wake_at=None))
    town.clock.move(datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert planner.sweep(town.rt) == 1
    assert planner.sweep(town.rt) == 0, "it has been planned now"
    town.at(date(2026, 3, 2), 11, 1)
    assert town.steps("LATE") == ["late-4"]


def test_planning_twice_wants_the_same_message_once(town: Town) -> None:
    town.clock.move(datetime(2026, 3, 2, 10, tzinfo=UTC))
    account = town.invoice("LATE").account_id
    assert planner.plan_account(town.rt, account).actions
    assert not planner.plan_account(town.rt, account).actions, "it is on its way"
    assert town.causes("LATE") == {"sending"}
    with town.rt.store.read() as session:
        assert len(session.scalars(select(Effect)).all()) == 1


def test_after_an_upgrade_of_the_rules_everybody_is_asked_again_once(town: Town) -> None:
    planner.wake_after_upgrade(town.rt)
    planner.plan_due(town.rt)
    asleep = sleeping(town)
    planner.wake_after_upgrade(town.rt)
    assert sleeping(town) == asleep, "nothing has changed since the last start"
    assert "Soon" in asleep
    with town.rt.store.write() as session:
        session.scalars(select(Memory).where(Memory.name == "plan_version")).one().value = str(PLAN_VERSION - 1)
    planner.wake_after_upgrade(town.rt)
    assert sleeping(town) == set()
    town.clock.move(town.now + timedelta(minutes=1))
    planner.plan_due(town.rt)
    planner.wake_after_upgrade(town.rt)
    assert sleeping(town) == asleep


def test_processes_that_start_at_the_same_moment_wake_everybody_and_none_of_them_fails(store: Store) -> None:
    rt, together = Office(store).rt, Barrier(4)

    def starts(_one: int) -> None:
        together.wait(10)
        planner.wake_after_upgrade(rt)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(starts, range(4))) == [None] * 4


def test_putting_an_account_off_does_not_overwrite_a_change_that_came_meanwhile(office: Office) -> None:
    before, now = office.account("c-1"), office.clock.now()
    with office.rt.store.write() as session:
        mirror.wake(session, [before.id], now)
    planner._put_off(office.rt, before.id, before.facts_version, now)
    assert (office.account("c-1").wake_at, office.account("c-1").because) == (now, before.because)
    planner._put_off(office.rt, before.id, office.account("c-1").facts_version, now)
    assert office.account("c-1").wake_at == now + planner.PUT_OFF


def test_accounts_are_gathered_in_one_order_wherever_the_database_has_put_them(store: Store) -> None:
    """Two may share a mailbox that hears from us once a day: which of them speaks is no matter of chance."""
    office = Office(store)
    names = [f"c-{number}" for number in range(1, 5)]
    office.read(office.clock.now(), customers=[LedgerCustomer(name, name.upper()) for name in names])
    rows = [office.account(name) for name in names]
    office.change(rows[0], name="Put elsewhere")  # PostgreSQL writes a changed row behind the others
    with store.read() as session:
        found = list(gather.accounts(office.rt, session, [row.id for row in rows], office.clock.now()))
    assert found == [row.id for row in rows]

"""What is stored at the edges: long chains of customers, two who store the same, and rows no database would take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as hours
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.cadence import Step, Tone
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts
from core.money import Money
from core.plan import plan
from core.timetable import Ladder
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerPayment, Unreadable
from models import Account, AuditEvent, AuditKey, Credit, Delivery, Invoice, Payment, UnreadableRow
from models.store import Store
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from workflows import audit, cadences, gather, inbox, mirror, shapes, upserts
from workflows.vault import Vault, unseal_with

LATER = MONDAY + timedelta(minutes=10)
NEVER = date(9999, 12, 31)
GBP = Money(10_000, "GBP")


def customer(id: str, bills_to: str = "", **fields: Any) -> LedgerCustomer:
    return LedgerCustomer(id, id.title(), bills_to=bills_to, **fields)


def woken(office: Office, act: Callable[[], object]) -> set[str]:
    """The accounts (vendor ids) whose facts changed through the act."""
    before = versions(office)
    act()
    return {id for id, version in versions(office).items() if before.get(id) != version}


def versions(office: Office) -> dict[str, int]:
    with office.rt.store.read() as session:
        return {row.external_id: row.facts_version for row in session.scalars(select(Account))}


def credit_of(office: Office, id: str) -> tuple[Money, ...]:
    with office.rt.store.read() as session:
        return gather.account(office.rt, session, office.account(id).id, office.clock.now()).facts.credits


def aside(office: Office) -> dict[tuple[str, str], str]:
    with office.rt.store.read() as session:
        return {(row.entity, row.external_id): row.reason for row in session.scalars(select(UnreadableRow))}


# Chains of customers


def test_invoices_move_with_a_parent_that_comes_to_bill_to_its_own_parent(office: Office) -> None:
    family = (customer("top"), customer("middle"), customer("child", "middle"))
    office.read(MONDAY, customers=family, invoices=(an_invoice("i-1", customer="child"),))
    assert office.invoice("i-1").account_id == office.account("middle").id
    moved = woken(office, lambda: office.read(LATER, customers=(customer("middle", "top"),)))
    assert office.invoice("i-1").account_id == office.account("top").id
    assert moved == {"middle", "top"}


@pytest.mark.parametrize("levels", [2, 9])
def test_credit_counts_for_whoever_is_billed_at_the_top_of_the_chain(office: Office, levels: int) -> None:
    chain = tuple(customer(f"l{level}", f"l{level + 1}") for level in range(levels))
    office.read(MONDAY, customers=(*chain, customer(f"l{levels}")), credits=(LedgerCredit("n", "l0", "note", GBP),))
    assert credit_of(office, f"l{levels}") == (GBP,)
    office.read(MONDAY, invoices=(an_invoice("i-1", customer="l0"),))
    assert office.invoice("i-1").account_id == office.account(f"l{levels}").id


def test_credit_of_one_that_merged_into_a_child_counts_at_the_top_and_only_there(office: Office) -> None:
    old = customer("old", "elsewhere", merged_into="child")
    family = (customer("top"), customer("elsewhere"), customer("child", "top"), old)
    office.read(MONDAY, customers=family, credits=(LedgerCredit("n", "old", "note", GBP),))
    assert (credit_of(office, "top"), credit_of(office, "elsewhere")) == ((GBP,), ())


def test_credit_in_a_ring_of_customers_is_counted_once_and_does_not_hang_us(office: Office) -> None:
    ring = (customer("a", "b"), customer("b", "c"), customer("c", "a"))
    office.read(MONDAY, customers=ring, credits=(LedgerCredit("n", "a", "note", GBP),))
    assert credit_of(office, "b") == (GBP,)
    office.read(LATER, customers=(customer("c", "b"),), invoices=(an_invoice("i-1", customer="a"),))
    assert credit_of(office, "b") == (GBP,)


def test_who_comes_to_be_billed_for_a_customer_with_credit_is_woken_and_so_is_who_was(office: Office) -> None:
    office.read(MONDAY, customers=(customer("old"), customer("new"), customer("child", "old")))
    office.read(MONDAY, credits=(LedgerCredit("n", "child", "note", GBP),))
    assert woken(office, lambda: office.read(LATER, customers=(customer("child", "new"),))) == {"child", "old", "new"}


# Dates at the ends of the calendar


@pytest.mark.parametrize("due", [NEVER, NEVER - timedelta(days=9), date.min, date.min + timedelta(days=9)])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_any_due_date_can_be_planned(due: date, zone: str) -> None:
    calendar = Calendar(zone=zone, holidays=frozenset({date.min, NEVER}), closes=hours(23, 59))
    steps = tuple(Step(f"s{offset}", offset, 0, Tone.FRIENDLY, "s") for offset in (-60, 0, 180))
    assert all(calendar.is_working(day) for day in Ladder(steps, calendar).on(due, due, 0).days)
    invoice = InvoiceFacts(1, "1", an_invoice("i").status, date(2026, 1, 1), due, GBP, GBP, ("a@x.example",))
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    answer = plan(AccountFacts(1, True, now, (invoice,)), cadences.shipped("default"), calendar, now)
    assert not answer.actions
    assert [one.cause.value for one in answer.because] == ["not-yet" if due.year > 2026 else "too-old"]


# Two who store the same at once


def behind(store: Store, first: AbstractContextManager[object], second: Callable[[], object]) -> None:
    """`second` begins when `first` has happened in a transaction not yet ended; raises what it raised."""
    with ThreadPoolExecutor(1) as pool:
        with first:
            waiting = pool.submit(second)
            _until_it_waits(store, waiting)
        waiting.result(timeout=30)


@contextmanager
def reading(office: Office, started: datetime, kind: str, rows: Sequence[Any]) -> Iterator[None]:
    """Some rows are stored in a transaction that ends with the block."""
    with mirror.storing(office.rt, office.company, started) as open_reading:
        getattr(upserts, kind)(open_reading, rows)
        yield


def _until_it_waits(store: Store, waiting: Future[object]) -> None:
    """On PostgreSQL for a lock. On SQLite a writer waits for its turn before it looks at anything."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not store.is_sqlite and not waiting.done():
        with store.engine.connect() as connection:
            if connection.scalar(text(question)):
                return
        time.sleep(0.01)


TWO_NEW: dict[str, tuple[Any, tuple[Any, Any]]] = {
    "customers": (Account, (customer("c-2"), customer("c-3"))),
    "invoices": (Invoice, (an_invoice("i-1"), an_invoice("i-2"))),
    "payments": (Payment, tuple(LedgerPayment(id, "c-1", date(2026, 3, 1), GBP) for id in ("p-1", "p-2"))),
    "credits": (Credit, tuple(LedgerCredit(id, "c-1", "note", GBP) for id in ("n-1", "n-2"))),
    "unreadable": (UnreadableRow, tuple(Unreadable("invoice", id, "Its date is no date.") for id in ("8", "9"))),
}


@pytest.mark.parametrize("kind", TWO_NEW)
def test_two_readings_that_store_the_same_new_row_at_once_both_succeed(office: Office, kind: str) -> None:
    table, rows = TWO_NEW[kind]
    first = reading(office, MONDAY, kind, rows[:1])
    behind(office.rt.store, first, lambda: office.read(LATER, **{kind: rows}))
    with office.rt.store.read() as session:
        kept = set(session.scalars(select(table.external_id)).all()) - {"c-1"}
    assert kept == {row.id for row in rows}, "each once, and nothing else was lost"
    if kind == "invoices":
        assert office.invoice("i-1").read_at == LATER


def test_of_two_readings_of_a_known_invoice_the_later_one_stays_whichever_ends_last(office: Office) -> None:
    office.read(MONDAY, invoices=(an_invoice("i-1", "100.00"),))
    behind(
        office.rt.store,
        reading(office, LATER, "invoices", (an_invoice("i-1", "40.00"),)),
        lambda: office.read(MONDAY + timedelta(minutes=1), invoices=(an_invoice("i-1", "70.00"),)),
    )
    assert (office.invoice("i-1").balance_minor, office.invoice("i-1").read_at) == (4000, LATER)


@pytest.mark.parametrize("whose", ["account", "company"])
def test_the_first_two_facts_of_an_account_written_at_once_share_one_key(office: Office, whose: str) -> None:
    account_id = office.account_id if whose == "account" else None

    @contextmanager
    def noting() -> Iterator[None]:
        with office.rt.store.write() as session:
            audit.record(office.rt, session, "noted", office.company.id, account_id)
            session.flush()
            yield

    def note_too() -> None:
        with noting():
            pass

    behind(office.rt.store, noting(), note_too)
    with office.rt.store.read() as session:
        (key,) = session.scalars(select(AuditKey).where(AuditKey.company_id.is_not(None))).all()
        events = session.scalars(select(AuditEvent).where(AuditEvent.company_id.is_not(None))).all()
    assert key.key_sealed is not None
    opened = [unseal_with(office.rt.vault.unseal(key.key_sealed), row.payload_sealed) for row in events]
    assert opened == [b"{}", b"{}"]


# Rows that no database would take


def test_long_names_and_characters_no_database_keeps_do_not_stop_a_reading(office: Office) -> None:
    odd = "A\0nn\ud800e " + "x" * 2000
    clean = "Anne " + "x" * 2000
    page = {
        "customers": (LedgerCustomer("c-2", odd, odd, (f"{odd}@x.example",)),),
        "invoices": (an_invoice("i-1", customer="c-2", raw_status=odd, emails=(odd,)),),
        "payments": (LedgerPayment("p-1", "c-2", date(2026, 3, 1), GBP, reference=odd),),
        "unreadable": (Unreadable("invoice", "i-\0" + "9" * 80, odd),),
    }
    assert office.read(MONDAY, **page) == 4
    account, invoice = office.account("c-2"), office.invoice("i-1")
    assert (account.name, account.contact, account.emails) == (clean, clean, [f"{clean}@x.example"])
    assert (invoice.raw_status, invoice.emails) == (clean, [clean])
    with office.rt.store.read() as session:
        assert session.scalars(select(Payment.reference)).one() == clean[: shapes.REFERENCE]
    assert aside(office) == {("invoice", "i-" + "9" * 62): clean}
    assert woken(office, lambda: office.read(LATER, **page)) == set(), "it is the same as before"


def test_a_row_that_cannot_be_stored_is_put_aside_for_a_person_and_the_others_are_kept(office: Office) -> None:
    many = [an_invoice(f"i-{number}") for number in range(30)]
    office.read(MONDAY, invoices=tuple(many))
    huge = Money(10**30, "GBP")
    many[7] = an_invoice("i-7", total=huge)
    changed = tuple(many[:20]) + tuple(an_invoice(f"i-{number}", "1.00") for number in range(20, 30))
    assert office.read(LATER, invoices=changed, credits=(LedgerCredit("n-1", "c-1", "note", huge),)) == 31
    assert aside(office) == {
        ("invoice", "i-7"): "This invoice cannot be stored: something in it is too long, too large or malformed.",
        ("credit", "n-1"): "This credit cannot be stored: something in it is too long, too large or malformed.",
    }
    assert office.invoice("i-7").status == "unknown", "what we knew of it is held"
    assert {office.invoice(f"i-{number}").balance_minor for number in range(20, 30)} == {100}
    office.read(LATER + timedelta(minutes=1), invoices=(an_invoice("i-7"),))
    assert (office.invoice("i-7").status, set(aside(office))) == ("open", {("credit", "n-1")})


@pytest.mark.parametrize("id", ["\ud800", "c\ud800-2"])
def test_a_customer_whose_id_no_database_keeps_is_put_aside(office: Office, id: str) -> None:
    office.read(MONDAY, customers=(customer(id), customer("c-3")), deleted=(("customer", id), ("customer", "c-1")))
    assert office.account("c-3").name == "C-3"
    assert not office.account("c-1").active
    assert set(aside(office)) == {("customer", id.replace("\ud800", ""))}


@pytest.mark.parametrize("id", ["x\0y", "\0", "\ud800", "", "é'\"\\", "9" * 65])
def test_an_odd_id_anywhere_costs_that_row_alone(office: Office, id: str) -> None:
    page = {
        "customers": (customer(id), customer("c-7")),
        "invoices": (an_invoice(id), an_invoice("i-1", customer=id), an_invoice("i-2")),
        "payments": (LedgerPayment(id, id, date(2026, 3, 1), GBP), LedgerPayment("p-2", "c-1", date(2026, 3, 1), GBP)),
        "deleted": tuple((entity, id) for entity in ("customer", "invoice", "payment")),
        "unreadable": (Unreadable("credit", id, "Odd."), Unreadable("credit", "n-2", "Odd.")),
    }
    for started in (MONDAY, LATER):
        assert office.read(started, **page) == 12
    assert (office.account("c-7").name, office.invoice("i-2").status) == ("C-7", "open")
    assert ("credit", "n-2") in aside(office)
    with office.rt.store.read() as session:
        assert session.scalars(select(Payment.gone_at).where(Payment.external_id == "p-2")).all() == [None]


def test_a_database_in_trouble_is_not_taken_for_a_bad_row(office: Office) -> None:
    with office.rt.store.engine.begin() as connection:
        connection.execute(text("DROP TABLE credit"))
    with pytest.raises(DBAPIError):
        office.read(MONDAY, credits=(LedgerCredit("n-1", "c-1", "note", GBP),))
    assert aside(office) == {}


# Much at a time


def test_what_a_whole_reading_did_not_show_is_held_in_short_transactions(office: Office) -> None:
    many = 2 * mirror.CHUNK + 50
    office.read(MONDAY, invoices=tuple(an_invoice(f"i-{number}") for number in range(many)))
    ended: list[object] = []
    event.listen(office.rt.store.engine, "commit", ended.append)
    mirror.hold_unseen(office.rt, office.company.id, LATER)
    assert len(ended) >= 3
    with office.rt.store.read() as session:
        assert dict(session.execute(select(Invoice.status, func.count()).group_by("status")).all()) == {"unknown": many}


def test_invoices_of_many_customers_cost_a_question_for_each_generation_and_not_for_each_customer(
    office: Office,
) -> None:
    children = tuple(customer(f"k-{number}", "c-1") for number in range(100))
    office.read(MONDAY, customers=children)
    asked: list[str] = []
    event.listen(
        office.rt.store.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: asked.append(statement),
    )
    office.read(LATER, invoices=tuple(an_invoice(f"i-{number}", customer=f"k-{number}") for number in range(100)))
    assert office.invoice("i-99").account_id == office.account_id
    assert 1 <= len([one for one in asked if one.startswith("SELECT account.")]) <= 4


# Webhooks


def test_a_webhook_that_cannot_be_unsealed_does_not_hold_up_the_others(office: Office) -> None:
    foreign = Vault(["another key" * 4], "i" * 40).seal(b"[]")
    with office.rt.store.write() as session:
        for number, sealed in enumerate((foreign, office.rt.vault.seal(b"[]"))):
            session.add(
                Delivery(
                    kind="xero", key=str(number), raw_sealed=b"", events_sealed=sealed, received_at=office.clock.now()
                )
            )
    assert inbox.handle(office.rt) == 2
    with office.rt.store.read() as session:
        bad, good = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert (bad.attempts, bad.handled_at, bad.note.partition(":")[0]) == (1, None, "VaultError")
    assert (good.attempts, good.handled_at) == (1, office.clock.now())


def test_a_webhook_whose_note_cannot_be_written_does_not_hold_up_the_others(office: Office) -> None:
    with office.rt.store.write() as session:
        for key in ("1", "2"):
            events = office.rt.vault.seal(b"[]")
            session.add(
                Delivery(kind="xero", key=key, raw_sealed=b"", events_sealed=events, received_at=office.clock.now())
            )
    refused: list[str] = []

    @event.listens_for(office.rt.store.engine, "before_cursor_execute")
    def refuse(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE delivery") and len(refused) < 2:  # both together, then the first alone
            refused.append(statement)
            raise OperationalError(statement, {}, Exception("the disk is full"))

    assert inbox.handle(office.rt) == 2
    with office.rt.store.read() as session:
        handled = session.scalars(select(Delivery.handled_at).order_by(Delivery.id)).all()
    assert handled == [None, office.clock.now()]

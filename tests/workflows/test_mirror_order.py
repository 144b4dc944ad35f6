"""Later readings win, whatever came first: changed, deleted or unreadable rows, two readings at once, and sweeps."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import Page, Unreadable
from models import Account, Credit, Invoice, Payment, UnreadableRow
from models.store import Store
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_mirror_facts import INVOICE, LATER, LATEST, PAYMENT, ROWS, one, store, woken
from workflows import mirror, upserts
from workflows.mirror import Kept

TABLES: dict[str, Any] = {"customers": Account, "invoices": Invoice, "payments": Payment, "credits": Credit}


# Later readings win

EARLIER: dict[str, tuple[dict[str, Any], str, object]] = {
    "customers": ({"name": "Old", "emails": ("old@x.example",)}, "name", "Fern"),
    "invoices": ({"number": "old"}, "number", "N-i-1"),
    "payments": ({"reference": "old", "gone": True}, "reference", "our reference"),
    "credits": ({"number": "old", "gone": True}, "number", ""),
}


@pytest.mark.parametrize("kind", EARLIER)
def test_an_earlier_reading_changes_nothing_in_a_row_read_later(office: Office, kind: str) -> None:
    change, column, stands = EARLIER[kind]
    row, table = ROWS[kind], TABLES[kind]
    store(office, LATER, **{kind: (row,)})
    kept: list[Kept] = []
    act = lambda: kept.append(store(office, MONDAY, **{kind: (replace(row, **change),)}))  # noqa: E731
    assert woken(office, act) == set()
    assert kept == [Kept(1, 0)]
    assert getattr(one(office, table, row.id), column) == stands
    assert one(office, table, row.id).gone_at is None


@pytest.mark.parametrize("kind", ["invoices", "payments", "credits"])
def test_a_deletion_read_earlier_does_not_end_what_was_read_later_and_the_other_way_round(
    office: Office, kind: str
) -> None:
    row, table, entity = ROWS[kind], TABLES[kind], kind.removesuffix("s")
    store(office, LATER, **{kind: (row,)})
    assert store(office, MONDAY, deleted=((entity, row.id),)) == Kept(1, 0)
    assert one(office, table, row.id).gone_at is None
    assert store(office, LATEST, deleted=((entity, row.id),)) == Kept(1, 1)
    store(office, LATER, **{kind: (row,)})
    assert one(office, table, row.id).gone_at == LATEST, "an earlier reading does not bring it back"
    assert store(office, LATEST + timedelta(minutes=1), deleted=((entity, row.id),)) == Kept(1, 0)
    assert one(office, table, row.id).gone_at == LATEST, "it is gone since then"
    back = LATEST + timedelta(minutes=2)
    assert woken(office, lambda: store(office, back, **{kind: (row,)})) == {"c-1"}
    assert one(office, table, row.id).gone_at is None, "the ledger shows it again"


def test_an_invoice_shown_as_deleted_is_gone_like_one_that_was_named_so(office: Office) -> None:
    store(office, MONDAY, invoices=(INVOICE,))
    shown = replace(INVOICE, status=InvoiceStatus.DELETED)
    store(office, LATER, invoices=(shown,))
    row = office.invoice("i-1")
    assert (row.status, row.gone_at, row.gone_why) == ("deleted", LATER, "deleted in the ledger")
    assert store(office, LATEST, invoices=(shown,)) == Kept(1, 0)
    assert office.invoice("i-1").gone_at == LATER


def test_an_unchanged_row_is_noted_as_read(office: Office) -> None:
    for started in (MONDAY, LATER):
        store(office, started, **{kind: (ROWS[kind],) for kind in TABLES})
    assert office.account("c-1").row_read_at == LATER
    assert {one(office, TABLES[kind], ROWS[kind].id).read_at for kind in ("invoices", "payments", "credits")} == {LATER}


def test_a_deletion_of_something_we_do_not_mirror_is_passed_over(office: Office) -> None:
    assert store(office, MONDAY, deleted=(("estimate", "e-1"), ("payment", "never seen"))) == Kept(2, 0)


# What could not be read


def test_the_bytes_of_a_row_that_could_not_be_read_are_kept_sealed_and_no_more_than_64_kib(office: Office) -> None:
    raw = b"x" * (upserts.RAW + 1)
    odd = (Unreadable("invoice", "i-7", "Odd.", raw), Unreadable("payment", "p-7", "Odd."))
    store(office, MONDAY, unreadable=odd)
    sealed = one(office, UnreadableRow, "i-7").raw_sealed
    assert raw[:9] not in sealed
    assert office.rt.vault.unseal(sealed) == raw[: upserts.RAW]
    assert one(office, UnreadableRow, "p-7").raw_sealed is None
    store(office, LATER, unreadable=(Unreadable("invoice", "i-7", "Odder.", b"new"),))
    row = one(office, UnreadableRow, "i-7")
    assert (row.reason, row.seen_at, office.rt.vault.unseal(row.raw_sealed)) == ("Odder.", LATER, b"new")
    store(office, MONDAY, unreadable=odd)
    assert one(office, UnreadableRow, "i-7").reason == "Odder.", "that was read earlier"


def test_what_was_read_well_later_is_not_put_aside_for_an_earlier_reading(office: Office) -> None:
    store(office, LATER, payments=(PAYMENT,))
    store(office, MONDAY, unreadable=(Unreadable("payment", "p-1", "Odd."),))
    with office.rt.store.read() as session:
        assert session.scalars(select(UnreadableRow)).all() == []


def test_a_row_that_no_database_takes_is_kept_as_the_adapter_gave_it(office: Office) -> None:
    store(office, MONDAY, invoices=(INVOICE, an_invoice("i-2", total=Money(10**30, "GBP"))))
    raw = office.rt.vault.unseal(one(office, UnreadableRow, "i-2").raw_sealed)
    assert str(10**30).encode() in raw
    assert office.invoice("i-1").status == "open"


def test_an_invoice_held_already_is_not_woken_again_when_it_still_cannot_be_read(office: Office) -> None:
    store(office, MONDAY, invoices=(INVOICE,))
    odd = Unreadable("invoice", "i-1", "Odd.")
    assert woken(office, lambda: store(office, LATER, unreadable=(odd,))) == {"c-1"}
    assert woken(office, lambda: store(office, LATEST, unreadable=(odd,))) == set()


# Sweeps


def test_open_invoices_that_a_whole_reading_did_not_show_are_held_and_only_those(office: Office) -> None:
    paid = an_invoice("i-3", "0.00", customer="c-3", status=InvoiceStatus.PAID)
    store(office, MONDAY, invoices=(an_invoice("i-1"), an_invoice("i-2", customer="c-2"), paid))
    store(office, LATER, invoices=(an_invoice("i-2", customer="c-2"), an_invoice("i-4", customer="c-4")))
    hold = lambda: mirror.hold_unseen(office.rt, office.company.id, LATER)  # noqa: E731
    assert woken(office, hold) == {"c-1"}
    assert [office.invoice(f"i-{number}").status for number in (1, 2, 3, 4)] == ["unknown", "open", "paid", "open"]
    assert woken(office, hold) == set(), "what is held already is left alone"


def test_however_many_invoices_were_not_shown_all_are_held(office: Office) -> None:
    store(office, MONDAY, invoices=tuple(an_invoice(f"i-{number}") for number in range(mirror.CHUNK + 1)))
    mirror.hold_unseen(office.rt, office.company.id, LATER)
    with office.rt.store.read() as session:
        assert set(session.scalars(select(Invoice.status))) == {"unknown"}


# Much at a time


@pytest.mark.parametrize("kind", ["customers", "invoices", "payments", "credits"])
def test_many_rows_cost_no_more_questions_than_a_few(office: Office, kind: str) -> None:
    asked: list[str] = []
    event.listen(
        office.rt.store.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: asked.append(statement),
    )
    cost = []
    for many in (2, 400):
        rows = tuple(replace(ROWS[kind], id=f"{many}-{number}") for number in range(many))
        changed = tuple(replace(row, version="later") for row in rows)
        for page in (rows, rows, changed):
            asked.clear()
            store(office, MONDAY, **{kind: page})
            cost.append(len(asked))
    assert cost[:3] == cost[3:]


def test_two_who_load_the_same_book_at_once_lose_nothing(office: Office) -> None:
    """On PostgreSQL through engines of their own, as two processes would."""
    here = office.rt.store
    other = here if here.is_sqlite else Store(here.url.render_as_string(hide_password=False))
    book = [an_invoice(f"i-{number}", customer=f"c-{number % 7}") for number in range(600)]
    pages = [tuple(book[start : start + 50]) for start in range(0, 600, 50)]
    raised: list[BaseException] = []

    def load(store_: Store, started: datetime, order: int) -> None:
        try:
            for page in pages[::order]:
                rows = page if started == MONDAY else tuple(replace(row, balance=Money(1, "GBP")) for row in page)
                mirror.store(replace(office.rt, store=store_), office.company, Page(invoices=rows), started)
        except BaseException as error:  # a thread's error would else be lost
            raised.append(error)

    threads = [
        threading.Thread(target=load, args=args)
        for args in ((here, MONDAY, 1), (other, LATER, -1), (other, MONDAY, -1), (here, LATER, 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if other is not here:
        other.close()
    assert raised == []
    with here.read() as session:
        kept = session.execute(
            select(Invoice.balance_minor, Invoice.read_at, func.count()).group_by("balance_minor", "read_at")
        ).all()
        aside = session.scalars(select(UnreadableRow)).all()
    assert (kept, aside) == ([(1, LATER, 600)], [])

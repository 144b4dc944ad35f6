"""Stories of a company that takes its leave: nothing is said from the first moment, it can be called off for a week,
and then it is gone, whole, with a receipt; the company beside it notices nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models import Base, Company, Deletion, Grant, User
from models.store import Store
from sandbox.wires import Lost
from tests.databases import store  # noqa: F401  (a fixture)
from tests.stories.days import BOTH, diary
from tests.town import Town
from workflows import audit, audit_heads, keys, leaving, leaving_now, leaving_receipt, leaving_rows, links
from workflows.errors import Refusal
from workflows.vault import Vault

MON, TUE, NEXT_MON, DAY_AFTER = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9), date(2026, 3, 10)
NAMES = {"quickbooks": ("Larch & Co", "office@larch.example"), "xero": ("Wren Studio", "hello@wren.example")}
OTHER = {"quickbooks": "xero", "xero": "quickbooks"}


@contextmanager
def two_companies(store: Store | None = None) -> Iterator[Town]:  # noqa: F811
    """One in each ledger; Fern owes the first and Moss the second, five days late. Ann owns the practice."""
    town = Town()
    for kind, customer, number in (("quickbooks", "fern", "LARCH-1001"), ("xero", "moss", "WREN-1001")):
        town.customer(kind, customer)
        town.open(kind, number, customer, date(2026, 2, 25))
    try:
        town.begin(store=store)
        ann(town)
        yield town
    finally:
        town.close()


def ann(town: Town) -> int:
    """The owner, made when she is first asked for."""
    with town.rt.store.write() as session:
        found = session.scalars(select(User)).first()
        if found is None:
            found = User(
                uid="ann", practice_id=town.practice_id, email="ann@firm.example", name="Ann", role="owner",
                password_hash="-", created_at=town.now,
            )  # fmt: skip
            session.add(found)
            session.flush()
        return found.id


def ask(town: Town, kind: str) -> Deletion:
    company = town.company(kind)
    return leaving.ask(town.rt, company.id, ann(town), f" {company.name.upper()} ")


def number_of(kind: str) -> str:
    return "LARCH-1001" if kind == "quickbooks" else "WREN-1001"


def found_anywhere(town: Town, *words: str) -> set[str]:
    """Which of these words stand in any column of any row."""
    found: set[str] = set()
    with town.rt.store.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                text = " ".join(map(str, row)).casefold()
                found |= {word for word in words if word.casefold() in text}
    return found


def deletion(town: Town) -> Deletion:
    with town.rt.store.read() as session:
        return session.scalars(select(Deletion)).one()


@BOTH
def test_from_the_first_moment_nothing_is_said_and_the_page_is_calm(kind: str) -> None:
    with two_companies() as town:
        account = town.account(number_of(kind))
        link = links.make(town.rt, account, account.emails)
        ask(town, kind)
        with pytest.raises(links.ClosedLink, match=NAMES[kind][1]):
            links.read(town.rt, link)
        assert diary(town, number_of(kind), MON, TUE) == ["02 Mar to 03 Mar: paused"]
        assert town.mails(number_of(kind)) == []
        assert len(town.mails(number_of(OTHER[kind]))) == 1, "the company beside it goes on"


@BOTH
def test_called_off_all_goes_on_as_it_was(kind: str) -> None:
    with two_companies() as town:
        account = town.account(number_of(kind))
        ask(town, kind)
        town.at(TUE, 22)
        leaving.call_off(town.rt, town.company(kind).id, ann(town))
        assert links.read(town.rt, links.make(town.rt, account, account.emails)).account_id == account.id
        town.at(date(2026, 3, 12), 22)
        assert [mail.header("X-Dunlin-Step") for mail in town.mails(number_of(kind))][:1] == ["late-4"]
        assert (deletion(town).state, town.company(kind).leaving_at) == ("cancelled", None)
        with pytest.raises(Refusal, match="nothing to call off"):
            leaving.call_off(town.rt, town.company(kind).id, ann(town))


@BOTH
def test_after_a_week_it_is_gone_whole_and_the_receipt_is_true(kind: str) -> None:
    with two_companies() as town:
        town.at(MON, 22)
        name, address = NAMES[kind]
        said = (name, address, "fern" if kind == "quickbooks" else "moss", number_of(kind))
        assert found_anywhere(town, *said) == set(said), "the search finds what is there"
        heads = audit.check(town.rt).ends
        uid = town.company(kind).uid
        ask(town, kind)
        town.at(NEXT_MON, 5)
        assert town.company(kind).name == name, "not before its time"
        town.at(DAY_AFTER, 22)
        assert found_anywhere(town, *said) == set()
        row = deletion(town)
        assert (row.state, row.receipt["company"], row.receipt["asked_by"]) == ("done", uid, "Ann")
        assert row.receipt["rows"]["account"] == 1
        assert row.receipt["rows"]["touch"] == 1
        assert row.receipt["company_name_sha256"] == leaving_receipt.name_sum(uid, name)
        assert "was told" in row.receipt["ledger"]
        with town.rt.store.read() as session:
            assert leaving_receipt.holds(town.rt, session, row)
            assert session.scalars(select(Company.ledger_kind)).all() == [OTHER[kind]]
            assert session.scalars(select(Grant.state).where(Grant.kind == kind)).all() == ["revoked"]
        assert list(audit.verify(town.rt)) == []
        assert audit_heads.differences(town.rt, heads) == [], "an end noted before fits the receipt"
        assert leaving_receipt.paper(row).startswith(b"%PDF")


def test_on_both_databases_nothing_is_left_of_either_company(store: Store) -> None:  # noqa: F811
    with two_companies(store) as town:
        town.at(MON, 22)
        for kind in NAMES:
            ask(town, kind)
        town.at(DAY_AFTER, 22)
        said = [*NAMES["xero"], *NAMES["quickbooks"], "fern", "moss", "LARCH-1001", "WREN-1001"]
        assert found_anywhere(town, *said) == set()
        assert list(leaving_receipt.complaints(town.rt)) == []
        assert list(audit.verify(town.rt)) == []


@BOTH
def test_the_company_beside_it_is_not_touched(kind: str) -> None:
    with two_companies() as town:
        other = town.company(OTHER[kind]).id
        town.at(MON, 22)
        before = rows_of(town, other)
        ask(town, kind)
        town.clock.move(town.now + timedelta(days=8))
        assert leaving_now.leave(town.rt) == 1
        assert rows_of(town, other) == before
        town.at(date(2026, 3, 16), 22)
        assert len(town.mails(number_of(OTHER[kind]))) == 2


def rows_of(town: Town, company_id: int) -> dict[str, int]:
    with town.rt.store.read() as session:
        tables = (*leaving_rows.tables(), Base.metadata.tables["audit_head"])
        return {
            one.name: len(session.execute(select(one).where(leaving_rows.of_company(one, company_id))).all())
            for one in tables
        }


class Killed(BaseException):
    """The machine goes off."""


@BOTH
def test_killed_in_every_table_it_goes_on_and_counts_each_row_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_companies() as town:
        town.at(MON, 22)
        ask(town, kind)
        town.clock.move(town.now + timedelta(days=8))
        company, whole, killed = town.company(kind).id, leaving_rows.some_go, set[str]()

        def fragile(session: Any, table: Any, company_id: int) -> int:
            gone = whole(session, table, company_id)
            if gone and table.name not in killed:
                killed.add(table.name)
                raise Killed
            return gone

        monkeypatch.setattr(leaving_rows, "some_go", fragile)
        before: dict[str, int] = {}
        while deletion(town).state != "done":
            try:
                leaving_now.leave(town.rt)
            except Killed:
                before = before or rows_of(town, company)
                assert town.company(kind).leaving_at is not None, "it is never half gone without knowing"
                town.start(town.rt.store)
        row = deletion(town)
        assert len(killed) > 10
        assert {name: count for name, count in row.counts.items() if name != "company"} == {
            name: count for name, count in before.items() if count
        }
        with town.rt.store.read() as session:
            assert leaving_receipt.holds(town.rt, session, row)
        assert list(audit.verify(town.rt)) == []


@BOTH
def test_money_under_way_stands_against_it(kind: str) -> None:
    with two_companies() as town:
        town.checkout(number_of(kind))
        with pytest.raises(Refusal, match="begun a payment"):
            ask(town, kind)
        assert town.company(kind).leaving_at is None


@BOTH
def test_a_ledger_that_cannot_be_told_puts_it_off_and_the_owners_hear_of_it(kind: str) -> None:
    with two_companies() as town:
        ask(town, kind)

        def cut(_method: str, url: str) -> None:
            if f"{kind}.test" in url:
                raise Lost

        town.clock.move(town.now + timedelta(days=7))
        town.network.before = cut
        assert (leaving_now.leave(town.rt), deletion(town).state) == (0, "asked")
        assert "Nothing was changed" in deletion(town).note
        town.network.before = None
        town.at(DAY_AFTER, 22)
        assert deletion(town).state == "done"
        assert any("is not deleted yet" in str(mail.header("Subject")) for mail in town.mails())


def test_who_owns_nothing_cannot_ask_and_a_wrong_name_deletes_nothing() -> None:
    with two_companies() as town:
        company = town.company("xero")
        with town.rt.store.write() as session:
            clerk = User(
                uid="cy", practice_id=town.practice_id, email="cy@firm.example", name="Cy", role="accountant",
                password_hash="-", created_at=datetime(2026, 3, 1, tzinfo=UTC),
            )  # fmt: skip
            session.add(clerk)
            session.flush()
        with pytest.raises(Refusal, match="Please ask Ann"):
            leaving.ask(town.rt, company.id, clerk.id, company.name)
        with pytest.raises(Refusal, match="exactly as it stands"):
            leaving.ask(town.rt, company.id, ann(town), "Wren")
        ask(town, "xero")
        with pytest.raises(Refusal, match="asked for already"):
            ask(town, "xero")


def test_other_owners_are_told_before_anything_goes() -> None:
    with two_companies() as town:
        with town.rt.store.write() as session:
            session.add(
                User(
                    uid="ben",
                    practice_id=town.practice_id,
                    email="ben@firm.example",
                    name="Ben",
                    role="owner",
                    password_hash="-",
                    created_at=town.now,
                )
            )
        ask(town, "xero")
        town.clock.move(town.now + timedelta(days=8))
        assert (leaving_now.leave(town.rt), deletion(town).note) == (0, leaving_now.UNTOLD)
        town.at(date(2026, 3, 11), 22)
        assert deletion(town).state == "done"
        assert any("Wren Studio will be deleted" in str(mail.header("Subject")) for mail in town.mails())


def test_a_receipt_that_somebody_changed_is_found() -> None:
    with two_companies() as town:
        ask(town, "xero")
        town.at(DAY_AFTER, 22)
        assert list(leaving_receipt.complaints(town.rt)) == []
        rt = replace(town.rt, vault=Vault(["s" * 40], "another key to tag with, of forty letters"))
        assert len(list(leaving_receipt.complaints(rt))) == 1, "another key proves nothing"
        keys.retag(rt, town.rt.vault)
        assert list(leaving_receipt.complaints(rt)) == []
        keys.retag(town.rt, rt.vault)
        row = deletion(town)
        with town.rt.store.write() as session:
            session.execute(update(Deletion).values(receipt={**row.receipt, "asked_by": "Nobody"}))
        assert len(list(leaving_receipt.complaints(town.rt))) == 1


def test_every_table_is_known_to_the_deletion() -> None:
    for table in Base.metadata.sorted_tables:
        known = [
            table.name in leaving_rows.STAYS,
            table.name in leaving_rows.THROUGH,
            # The draft of a cadence is the practice's, on whichever books it was tried.
            table.name in leaving_rows.LAST or ("company_id" in table.c and table.name != "cadence_draft"),
        ]
        assert known.count(True) == 1, (
            f"{table.name}: say in workflows/leaving_rows.py how its rows go, or why they stay"
        )

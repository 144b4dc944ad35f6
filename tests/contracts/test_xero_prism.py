"""An outside judge: Prism holds the adapter's requests and the twin's answers against Xero's own specification.

Prism knows no required answer fields, no state and no filters, so this only keeps shapes honest; the other tests keep
the meaning. Needs `npm ci` and the specification beside the checkout.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import urllib3

from integrations.errors import InDoubt, Rejected, Transient
from integrations.ledgers.base import Order
from integrations.ledgers.xero import XeroLedger
from integrations.transport import Transport
from sandbox.books import BookCustomer, BookPayment
from sandbox.wires import serve
from tests.contracts.xero_office import KINDS, Office
from tests.sandbox.xero_world import World, gathered

ROOT = Path(__file__).resolve().parents[2]
PRISM = ROOT / "node_modules/.bin/prism"
SPECS = ROOT / "../shared/openapi"
pytestmark = [
    pytest.mark.prism,
    pytest.mark.slow,
    pytest.mark.shared,
    pytest.mark.skipif(not PRISM.exists(), reason="Prism is not installed: run `npm ci`"),
    pytest.mark.skipif(not SPECS.exists(), reason="Xero's specification is not beside the checkout"),
]
ID = re.compile("[0-9a-f-]{36}")
# Calls Prism cannot judge, and why: the specification is the accounting API's. (Nor does it have answers with the
# statuses 401, 403, 429 and 5xx; those are written after Xero's documentation.)
IDENTITY = "the identity API has a specification of its own, whose only example is a text"
NOT_JUDGED = {
    "GET /Connections": IDENTITY,
    "POST /connect/token": IDENTITY,
    "POST /identity/connect/authorize": "a page for people",
    "DELETE /CreditNotes/{id}/Allocations/{id}": "the specification's own example of the answer breaks its schema",
}


class ThroughPrism:
    """A pool that sends the accounting API's calls to Prism, whose paths begin below the API's root."""

    def __init__(self, prism: str) -> None:
        self.prism, self.pool = prism, urllib3.PoolManager(retries=False)
        self.beside = ""  # the twin's own address, for answers that Prism cannot judge
        self.asked: list[str] = []
        self.answered: list[int] = []

    def request(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        path = url.removeprefix("https://xero.test/api.xro/2.0")
        call = f"{method} {ID.sub('{id}', path)}"
        if self.beside and call in NOT_JUDGED:
            return self.pool.request(method, self.beside + path, **options)
        answer = self.pool.request(method, self.prism + path, **options)
        self.asked.append(call)
        self.answered.append(answer.status)
        return answer


@contextmanager
def prism(log: Path, *arguments: str) -> Iterator[str]:
    """Prism on a free port until the block ends; its words are kept in `log`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(PRISM), arguments[0], "-h", "127.0.0.1", "-p", str(port), *arguments[1:]]
    with log.open("wb") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, env={**os.environ, "NO_COLOR": "1"})
    try:
        _wait(process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if b"Prism is listening" in log.read_bytes():
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"Prism did not start: {log.read_text()[-2000:]}")


@contextmanager
def judged(world: World, log: Path, *prism_arguments: str) -> Iterator[tuple[XeroLedger, ThroughPrism]]:
    """The adapter, all of whose calls go through Prism."""
    token, _ = world.connect()
    with prism(log, *prism_arguments) as url:
        pool = ThroughPrism(url)
        yield (
            world.xero.open(token.access, world.tenant, Transport(world.network.adapter, lambda: pool), world.meter),
            pool,
        )
        pool.pool.clear()


@contextmanager
def before_the_twin(world: World, log: Path) -> Iterator[tuple[XeroLedger, ThroughPrism]]:
    """Prism between the adapter and the twin, refusing whatever is wrong on either side."""
    spec = str(SPECS / "xero_accounting.prism.yaml")
    with (
        serve(world.twin.app) as twin,
        judged(world, log, "proxy", "--errors", spec, f"{twin.url}/api.xro/2.0") as both,
    ):
        both[1].beside = f"{twin.url}/api.xro/2.0"
        yield both


def busy() -> Office:
    """Books with a bit of everything in them."""
    world = Office()
    twin, tenant, day = world.twin, world.tenant, date(2026, 10, 30)
    twin.receive(tenant, BookPayment("INV-2", Decimal("30.00"), day, "thanks"))
    twin.credit(tenant, "CN-1", "wilma", day, Decimal(10), apply_to="INV-2")
    twin.overpay(tenant, "OP-1", "barney", day, Decimal(5))
    twin.prepay(tenant, "PP-1", "barney", day, Decimal(7))
    twin.add_customer(tenant, BookCustomer("fred", "Fred", "Fred Flint", ("fred@flint.test",)))
    twin.merge(tenant, "fred", "barney")
    twin.organisations[tenant].lock_date = date(2026, 1, 31)
    return world


def every_reading(world: World, ledger: XeroLedger) -> None:
    """Every kind of list that the adapter ever reads of the accounting API, and an invoice's page."""
    ledger.company()
    ledger.deposit_accounts()
    ledger.income_choices()
    ledger.expense_choices()
    read = gathered(list(ledger.snapshot(date(2026, 1, 1))))
    assert read.unreadable == ()
    assert read.cursor
    list(ledger.changes(read.cursor))
    order = world.order()
    list(ledger.door(read.cursor, [order.customer]))
    list(ledger.sweep())
    for entity, id in (("invoice", order.invoice), ("customer", order.customer), ("payment", world.twin.new_uuid())):
        list(ledger.named(entity, [id]))
    ledger.find(order)
    ledger.pay_link(order.invoice)


def others_than_payments(world: Office) -> list[Order]:
    """An order of every other kind; dates first, because a part-paid invoice takes no new one."""
    _payment, *others = [make(world) for make, _ in KINDS.values()]
    return others[::-1]


def test_what_the_twin_answers_is_what_xero_specifies(tmp_path: Path) -> None:
    world = busy()
    with before_the_twin(world, tmp_path / "prism.log") as (ledger, pool):
        every_reading(world, ledger)
        some, too_much = world.order(amount="10.10"), world.order(amount="900.00")
        for number, order in enumerate([*others_than_payments(world), some]):
            made = ledger.write(order, ledger.prepare(order), f"key-{number}")
            found = ledger.find(order)
            assert found is not None
            assert found.id == made.id
        with pytest.raises(Rejected, match="exceeds the amount outstanding"):
            ledger.write(too_much, ledger.prepare(too_much), "key-too-much")
    assert world.twin.balance(world.tenant, "INV-1") == Decimal("89.90")
    assert set(world.twin.calls) - set(pool.asked) == set(NOT_JUDGED)


def test_prism_would_have_noticed_an_answer_that_is_wrong(tmp_path: Path) -> None:
    world = busy()
    world.twin.invoice(world.tenant, "INV-1").id = "not-a-uuid"
    with before_the_twin(world, tmp_path / "prism.log") as (ledger, _), pytest.raises(Transient, match="500"):
        list(ledger.snapshot(date(2026, 1, 1)))


def test_what_the_adapter_sends_is_what_xero_specifies_and_its_examples_are_read(tmp_path: Path) -> None:
    world, spec = busy(), str(SPECS / "xero_accounting.prism-strict.yaml")
    with judged(world, tmp_path / "prism.log", "mock", spec) as (ledger, pool):
        order, others = world.order(amount="10.10"), others_than_payments(world)
        body = ledger.prepare(order)
        every_reading(world, ledger)
        for number, other in enumerate(others):
            with suppress(InDoubt, Rejected):  # what the examples answer has nothing to do with the order
                ledger.write(other, world.ledger().prepare(other), f"other-{number}")
        with pytest.raises(InDoubt, match="an objection"):  # the example is both booked and refused
            ledger.write(order, body, "key-1")
        assert set(pool.answered) == {200}
        for wrong in (body.replace(b"10.10", b'"ten"'), body.replace(b"Reference", b"Remark"), b'{"Payments":[{}]}'):
            with pytest.raises(Rejected) as caught:
                ledger.write(order, wrong, "key-2")
            assert caught.value.code == "422"  # so the judge does look at bodies

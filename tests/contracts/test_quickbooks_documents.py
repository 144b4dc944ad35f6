"""What QuickBooks has beside the rows: the invoice as PDF, its own page to pay it, whether it mailed it, and links."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import Purpose
from tests.sandbox.quickbooks_world import World, gathered


@pytest.fixture
def world() -> World:
    return World()


def test_an_invoice_is_fetched_as_a_pdf(world: World) -> None:
    ledger = world.ledger()
    world.calls.clear()
    assert ledger.pdf(world.order().invoice).startswith(b"%PDF")
    size, left = world.meter.answers[-1]
    assert (world.calls, size > 100) == ([Purpose.DOCUMENT], True)
    assert left == {}, "QuickBooks does not say what is left"


def test_what_comes_instead_of_a_pdf_is_not_taken_for_one(world: World) -> None:
    ledger = world.ledger()
    world.network.route("quickbooks.test", lambda _environ, start: (start("200 OK", []), [b"<html>Sign in</html>"])[1])
    with pytest.raises(Transient):
        ledger.pdf("1")


def test_there_is_no_pdf_of_a_deleted_invoice(world: World) -> None:
    id = world.order().invoice
    world.twin.delete(world.realm, "1001")
    with pytest.raises(Rejected):
        world.ledger().pdf(id)


def test_the_ledgers_own_pay_page_is_known_where_there_is_one(world: World) -> None:
    ledger = world.ledger()
    assert ledger.pay_link(world.order().invoice) == ""
    world.row("Invoice", "1001")["BillEmail"] = {"Address": "amy@x.test"}
    world.twin.offer_online(world.realm, "1001")
    assert ledger.pay_link(world.order().invoice).startswith("https://quickbooks.test/")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "", None, 5, {}])
def test_only_a_web_address_is_a_pay_link(world: World, link: Any) -> None:
    world.row("Invoice", "1001")["InvoiceLink"] = link
    assert world.ledger().pay_link(world.order().invoice) == ""


def test_a_mailed_invoice_says_so(world: World) -> None:
    world.twin.mail(world.realm, "1001")
    mailed = {row.number: row.mailed for row in gathered(world.ledger().sweep()).invoices}
    assert mailed == {"1001": True, "1002": False}


@pytest.mark.parametrize(
    ("host", "entity", "link"),
    [
        ("https://quickbooks.api.intuit.com", "invoice", "https://qbo.intuit.com/app/invoice?txnId=7"),
        ("https://quickbooks.api.intuit.com", "payment", "https://qbo.intuit.com/app/recvpayment?txnId=7"),
        ("https://quickbooks.api.intuit.com", "credit", "https://qbo.intuit.com/app/creditmemo?txnId=7"),
        ("https://quickbooks.api.intuit.com", "customer", "https://qbo.intuit.com/app/customerdetail?nameId=7"),
        ("https://sandbox-quickbooks.api.intuit.com", "invoice", "https://sandbox.qbo.intuit.com/app/invoice?txnId=7"),
        ("https://quickbooks.api.intuit.com", "term", ""),
    ],
)
def test_where_the_accountant_sees_it_in_quickbooks(world: World, host: str, entity: str, link: str) -> None:
    world.settle(host)
    assert world.quickbooks.deep_link(entity, "7", "") == link

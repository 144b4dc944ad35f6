"""The page Payouts: what came with which payments, what was kept back, and what is not Dunlin's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask.testing import FlaskClient

from models import Payout, PayoutEntry, ProcessorAccount
from tests.web.edges import HTTPS, NOW, client_of, new_store, runtime, sign_in
from tests.web.world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = new_store()
    yield World(runtime(made))
    made.close()


@pytest.fixture
def ann(world: World) -> FlaskClient:
    return sign_in(client_of(world.rt))


def payout(world: World, number: int, amount: int, *entries: tuple[str, str, int, int], whole: bool = True) -> None:
    """Entries are (kind, payment, amount, fee)."""
    with world.rt.store.write() as session:
        account = session.query(ProcessorAccount).filter_by(company_id=world.bramley.id).first()
        if account is None:
            account = ProcessorAccount(uid=world.rt.new_id(), company_id=world.bramley.id, kind="stripe")
            account.keys_sealed, account.in_use_since = b"-", NOW
            session.add(account)
            session.flush()
        row = Payout(
            uid=world.rt.new_id(),
            company_id=world.bramley.id,
            processor_account_id=account.id,
            external_id=f"po_{number}",
            currency="GBP",
            amount_minor=amount,
            arrives=date(2026, 11, 1 + number),
            state="paid",
            whole=whole,
            read_at=NOW,
        )
        session.add(row)
        session.flush()
        for place, (kind, payment, gross, fee) in enumerate(entries):
            entry = PayoutEntry(payout_id=row.id, external_id=f"{number}-{place}", kind=kind, payment=payment)
            entry.amount_minor, entry.fee_minor = gross, fee
            session.add(entry)


def page(ann: FlaskClient, world: World, **query: str) -> str:
    return ann.get(f"/companies/{world.bramley.uid}/payouts", query_string=query, **HTTPS).text


def test_nothing_yet_is_said_so(world: World, ann: FlaskClient) -> None:
    assert "No payouts yet" in page(ann, world)


def test_a_payout_names_its_parts_and_what_was_kept_back(world: World, ann: FlaskClient) -> None:
    payout(world, 1, 19_660, ("payment", "pi_other", 10_000, 170), ("payment", "pi_two", 10_000, 170))
    text = page(ann, world)
    assert "£196.60 from Stripe" in text
    assert text.count("not taken through Dunlin") == 2
    assert "2 entries of other business" in text
    assert "No fee is booked by Dunlin." in text


def test_one_that_is_not_explained_says_so(world: World, ann: FlaskClient) -> None:
    payout(world, 1, 5_000, whole=False)
    assert "its parts do not make up its amount" in page(ann, world)


def test_many_payouts_stand_on_pages_the_latest_first(world: World, ann: FlaskClient) -> None:
    for number in range(1, 23):
        payout(world, number, 1_000 + number, ("payment", "pi", 1_000 + number, 0))
    assert "£10.22 from Stripe" in page(ann, world)
    assert "£10.01 from Stripe" not in page(ann, world)
    assert "£10.01 from Stripe" in page(ann, world, page="2")

"""Webhooks: what is forged is turned away, what comes twice is kept once, and what fails is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from integrations.errors import BadSignature
from models import Attempt, Delivery
from models.store import Store
from sandbox.books import Webhook
from tests.databases import IN_MEMORY
from tests.town import Town
from workflows import dirty, inbox, sync
from workflows.errors import Refusal

KINDS = ("quickbooks", "xero", "stripe")


@pytest.fixture
def town(town: Town) -> Town:
    """Both ledgers, with one open invoice each."""
    for kind in KINDS[:2]:
        town.customer(kind, "fern")
        town.open(kind, f"{kind}-1", "fern", date(2026, 3, 9))
    return town.begin(store=FLAKY)


class Flaky(Store):
    """A database that is full for some writes and well again afterwards."""

    failing = 0

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            if self.failing > 0:
                self.failing -= 1
                raise OperationalError("INSERT", {}, Exception("the disk is full"))
            yield session


FLAKY = Flaky(IN_MEMORY)  # opened anew for each town


def hook(town: Town, kind: str) -> Webhook:
    """Something happened there; the delivery that tells of it."""
    if kind == "stripe":
        town.pay("xero-1")
        return town.stripe.webhooks()[0]
    town.transfer(kind, f"{kind}-1", "40.00")
    return town.twin(kind).webhooks()[0]


def deliveries(town: Town) -> list[Delivery]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def take(town: Town, kind: str, one: Webhook) -> bool:
    """It arrives at the address that the vendor has."""
    return town.deliver(replace(one, kind=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_delivery_is_turned_away_and_not_kept(town: Town, kind: str) -> None:
    real = hook(town, kind)
    signed = next(name for name in real.headers if "signature" in name.lower())
    forged = [
        replace(real, raw=real.raw + b" "),
        replace(real, headers={**real.headers, signed: "t=1,v1=00"}),
        replace(real, headers={name: value for name, value in real.headers.items() if name != signed}),
    ]
    for one in forged:
        with pytest.raises(BadSignature):
            take(town, kind, one)
    assert deliveries(town) == []
    assert take(town, kind, real)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_twice_are_kept_once_and_handled_once(town: Town, kind: str) -> None:
    real = hook(town, kind)
    assert take(town, kind, real)
    assert not take(town, kind, real)
    assert inbox.handle(town.rt) == 1
    assert not take(town, kind, real), "also after it was handled"
    assert inbox.handle(town.rt) == 0
    (kept,) = deliveries(town)
    assert (kept.attempts, kept.handled_at) == (1, town.now)
    assert real.raw not in kept.raw_sealed


def test_a_delivery_for_one_vendor_does_not_pass_at_anothers_door(town: Town) -> None:
    real = hook(town, "xero")
    with pytest.raises(BadSignature):
        inbox.accept(town.rt, "quickbooks", real.raw, real.headers)
    with pytest.raises(Refusal):
        inbox.accept(town.rt, "sage", real.raw, real.headers)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_ledgers_webhook_only_marks_what_changed_and_the_next_round_reads_it(town: Town, kind: str) -> None:
    real, calls = hook(town, kind), dict(town.calls)
    other = KINDS[1 - KINDS.index(kind)]
    take(town, kind, real)
    inbox.handle(town.rt)
    assert dict(town.calls) == calls, "it costs no reading of its own"
    assert marked(town, kind)
    assert not marked(town, other)
    following = town.company(kind).next_sync_at
    assert following is not None
    town.clock.move(following)
    sync.sync_due(town.rt)
    assert str(town.invoice(f"{kind}-1").balance).startswith("60.00")
    assert not marked(town, kind)


def marked(town: Town, kind: str) -> set[str]:
    company = town.company(kind)
    with town.rt.store.read() as session:
        return dirty.kinds(session, company.id)


def test_a_delivery_for_several_organisations_marks_each_its_own_rows(town: Town) -> None:
    for kind in KINDS[:2]:
        events = [
            {"tenant": town.tenants[kind], "entity": "invoice", "id": "1", "key": "k1"},
            {"tenant": "nobody's", "entity": "invoice", "id": "2", "key": "k2"},
            {"tenant": town.tenants[kind], "entity": "estimate", "id": "3", "key": "k3"},
        ]
        with town.rt.store.write() as session:
            sealed = town.rt.vault.seal(json.dumps(events).encode())
            session.add(Delivery(kind=kind, key=kind, raw_sealed=sealed, events_sealed=sealed, received_at=town.now))
    assert inbox.handle(town.rt) == 2
    assert [marked(town, kind) for kind in KINDS[:2]] == [{"invoice"}, {"invoice"}]


def test_a_delivery_whose_handling_fails_is_tried_again(town: Town) -> None:
    real = hook(town, "stripe")
    take(town, "stripe", real)
    FLAKY.failing = 1
    assert inbox.handle(town.rt) == 1
    (kept,) = deliveries(town)
    assert (kept.handled_at, kept.attempts) == (None, 1)
    assert kept.note.startswith("OperationalError")
    assert attempt(town).state == "open"
    assert inbox.handle(town.rt) == 1
    (kept,) = deliveries(town)
    assert (kept.handled_at, kept.attempts, kept.note) == (town.now, 2, "")
    assert attempt(town).state == "paid"


def test_what_cannot_be_stored_is_not_answered_as_if_it_were(town: Town) -> None:
    real = hook(town, "xero")
    FLAKY.failing = 1
    with pytest.raises(OperationalError):
        inbox.accept(town.rt, "xero", real.raw, real.headers)
    assert inbox.accept(town.rt, "xero", real.raw, real.headers), "the vendor comes again"


def test_a_webhook_about_a_payment_that_is_not_ours_is_put_aside(town: Town) -> None:
    real = hook(town, "stripe")
    with town.rt.store.write() as session:
        mine = session.scalars(select(Attempt)).one()
        mine.uid, mine.checkout_id = "somebody-elses-attempt", "another-page"
    take(town, "stripe", real)
    assert inbox.handle(town.rt) == 1
    assert attempt(town).state == "open"
    assert deliveries(town)[0].handled_at is not None


def attempt(town: Town) -> Attempt:
    with town.rt.store.read() as session:
        return session.scalars(select(Attempt)).one()


def test_a_burst_is_taken_together_and_one_that_cannot_be_read_waits_alone(town: Town) -> None:
    for kind in ("quickbooks", "xero", "quickbooks"):
        assert take(town, kind, hook(town, kind))
    with town.rt.store.write() as session:
        broken = session.scalars(select(Delivery).order_by(Delivery.id)).all()[1]
        broken.events_sealed = b"scratched"
    assert inbox.handle(town.rt) == 3
    assert [(row.attempts, row.handled_at is None, bool(row.note)) for row in deliveries(town)] == [
        (1, False, False),
        (1, True, True),
        (1, False, False),
    ]

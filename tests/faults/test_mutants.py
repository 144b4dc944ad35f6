"""Tests of the tests: seven mistakes put into Dunlin on purpose. Each must be complained about, soon.

What shows in any hostile week is left to the simulation; what several guards stand before is told as a story, for in
a week the others hide that one is missing. Here our own code is patched on purpose.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

import integrations.ledgers.quickbooks.webhooks as quickbooks_webhooks
import integrations.ledgers.xero as xero_ledger
import integrations.ledgers.xero.lists as xero_lists
from core.money import Money
from integrations.channels.base import Conversation
from integrations.errors import BadSignature
from integrations.ledgers.xero.client import Client
from models import Effect, EffectState, Invoice
from tests.faults.simulation import simulate
from tests.town import MONDAY, Town, last_part
from workflows import effects, planner, sending, shapes, sync
from workflows.runtime import Runtime

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SEEDS = range(1, 21)
Patch = Callable[[pytest.MonkeyPatch], None]


def complaint() -> list[tuple[str, str]]:
    """What the first seed that notices something says; nothing when none does."""
    return next((broken for seed in SEEDS if (broken := simulate(seed).broken)), [])


def claims_without_condition(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes takes what is not finished."""

    def claim(rt: Runtime, company_id: int, owner: str, limit: int = 100) -> Sequence[Effect]:
        open_ = Effect.company_id == company_id, Effect.state.in_(("due", "claimed", "sending"))
        with rt.store.write() as session:
            until = {"state": "claimed", "lease_owner": owner, "lease_until": rt.clock.now() + effects.LEASE}
            session.execute(update(Effect).where(*open_, Effect.not_before <= rt.clock.now()).values(**until))
            return session.scalars(select(Effect).where(*open_).order_by(Effect.id).limit(limit)).all()

    patch.setattr(effects, "claim", claim)


def forgets_what_it_wrote(patch: pytest.MonkeyPatch) -> None:
    """Each try to book a payment looks to Xero like another payment, and nobody looks whether it is there."""
    patch.setattr(xero_ledger.XeroLedger, "find", lambda *_anything: None)
    numbers = count()

    def fresh(whole: Callable[..., Any]) -> Callable[..., Any]:
        def written(*arguments: Any, **more: Any) -> Any:
            return whole(*arguments, **{**more, "key": f"key-{next(numbers)}"})

        return written

    patch.setattr(Client, "write", fresh(Client.write))


def skips_the_evidence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending, "evidence", lambda *_anything: {})


def commits_after_sending(patch: pytest.MonkeyPatch) -> None:
    """*Sending* is written down when the server already has the message."""
    write_down, waiting = sending.write_down, dict[int, Any]()

    def later(rt: Runtime, effect: Effect, ready: Any, to: EffectState, also: Any = None) -> bool:
        waiting[effect.id] = (rt, effect, ready, to, also)
        return True

    def handed_over(rt: Runtime, talk: Conversation, effect: Effect) -> None:
        talk.deliver()
        if effect.id in waiting:
            write_down(*waiting.pop(effect.id))
        sending._settle(rt, effect, EffectState.SENT, "")

    patch.setattr(sending, "write_down", later)
    patch.setattr(sending, "deliver", handed_over)


@pytest.mark.parametrize("mistake", [skips_the_evidence, commits_after_sending])
def test_the_simulation_complains_of(mistake: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    assert complaint() != []


# Stories


@contextmanager
def town_with(kind: str, invoices: int) -> Iterator[Town]:
    made = Town()
    made.customer(kind, "fern")
    for number in range(1, invoices + 1):
        made.open(kind, f"A-{number}", "fern", date(2026, 3, 9))
    made.begin(kinds=[kind])
    yield made
    made.close()


def of_two_who_claim_one_gets_it() -> bool:
    """A message is due, and two workers come for it."""
    with town_with("xero", 1) as town:
        company = town.company("xero").id
        town.clock.move(town.now.replace(day=13, hour=10))
        for verb in (sync.sync_due, planner.plan_due):
            verb(town.rt)
        town.clock.move(town.now.replace(hour=17))
        claims = [len(effects.claim(town.rt, company, name)) for name in ("one", "two")]
        return claims == [1, 0]


def lost_answer_books_once() -> bool:
    """A part is paid by card, and the answer to its booking is lost: the ledger knows the second try by its key."""
    with town_with("xero", 1) as town:
        town.company_may(part_payments=True)
        town.stripe.pay(last_part(town.checkout("A-1", amount=Money(30_00, "GBP"))))
        town.xero.plan_fault("/Payments", "drop")
        town.at(MONDAY.date(), 18)
        return len(town.xero.payments(town.tenants["xero"])) == 1


def forged_is_refused() -> bool:
    """A webhook of either ledger with one byte more than was signed."""
    refused = []
    for kind in ("quickbooks", "xero"):
        with town_with(kind, 1) as town:
            town.twin(kind).change_due(town.tenants[kind], "A-1", date(2026, 3, 20))
            hook = town.twin(kind).webhooks()[0]
            try:
                town.deliver(replace(hook, raw=hook.raw + b" "))
            except BadSignature:
                refused.append(kind)
    return refused == ["quickbooks", "xero"]


def every_page_is_read() -> bool:
    """Five invoices, two on a page."""
    with town_with("xero", 5) as town, town.rt.store.read() as session:
        return len(session.scalars(select(Invoice.id)).all()) == 5


def deleted_is_not_paid() -> bool:
    """What was deleted in QuickBooks is gone, not paid, whatever else its stub says."""
    with town_with("quickbooks", 1) as town:
        town.twin("quickbooks").delete(town.tenants["quickbooks"], "A-1")
        town.at(MONDAY.date().replace(day=4))
        return town.invoice("A-1").status == "deleted"


def believes_everybody(patch: pytest.MonkeyPatch) -> None:
    gullible = SimpleNamespace(new=hmac.new, digest=hmac.digest, compare_digest=lambda *_anything: True)
    for module in (xero_ledger, quickbooks_webhooks):
        patch.setattr(module, "hmac", gullible)


def loses_the_tenant(patch: pytest.MonkeyPatch) -> None:
    read = Client.read

    def forgetful(self: Client, *arguments: Any, **options: Any) -> Any:
        kept, self._tenant = self._tenant, "" if options.get("page", 1) > 1 else self._tenant
        try:
            return read(self, *arguments, **options)
        finally:
            self._tenant = kept

    patch.setattr(Client, "read", forgetful)


def reads_deleted_as_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(shapes.INVOICE.end, "status", "paid")  # type: ignore[arg-type]


STORIES = [
    (of_two_who_claim_one_gets_it, claims_without_condition),
    (lost_answer_books_once, forgets_what_it_wrote),
    (forged_is_refused, believes_everybody),
    (every_page_is_read, loses_the_tenant),
    (deleted_is_not_paid, reads_deleted_as_paid),
]


@pytest.mark.parametrize(("story", "mistake"), STORIES)
def test_a_story_complains_of(story: Callable[[], bool], mistake: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xero_lists, "PAGE_SIZE", 2)
    assert story()
    mistake(monkeypatch)
    try:
        held = story()
    except Exception:  # it could not even be told to its end
        held = False
    assert not held

"""The comparison on each database: the same rows give the same sentences and the same figures."""

from __future__ import annotations

from datetime import date

from models.store import Store
from tests.web import october
from tests.web.edges import runtime
from tests.web.october import October
from tests.web.world import World
from workflows import month_end, reconcile, reconcile_credits
from workflows.pending import Kind

SPOILT = (
    october.payment_gone,
    october.back_on_the_desk,
    october.credit_gone,
    october.late_posting,
    october.fee_on_the_desk,
    october.fee_not_booked,
    october.payout_without_a_line,
)


def test_a_month_is_compared_and_added_up_on_each_database(store: Store) -> None:
    one = October(World(runtime(store)))
    rt, company = one.world.rt, one.company
    first = date(2026, 10, 1)
    told = month_end.of(rt, company, first)
    assert told.agrees, (told.found, told.unsure)
    moved = told.sums.moved["GBP"]
    assert [one.minor for one in (moved.taken, moved.fees, moved.paid_out, moved.still)] == [10_000, 170, 9_830, 0]
    for spoil in SPOILT:
        spoil(one)
    found = [one.what for one in month_end.of(rt, company, first).found]
    assert len(found) == len(set(found)) == len(SPOILT), found
    with rt.store.read() as session:
        assert [one.what for one in reconcile.said_at_night(session, company, reconcile.Span())] == []


def test_everything_that_can_be_asked_of_a_ledger_has_its_words() -> None:
    assert set(reconcile_credits._THINGS) == {kind.value for kind in Kind}

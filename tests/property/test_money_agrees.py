"""Any sequence of payments, discounts, fees, refunds, payouts and ledger edits keeps processor, Dunlin and ledger the
same, or ends on the desk: a few lives every day, many in the whole suite, any number by `python -m tests.property N`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from sqlalchemy import update

from models import AttemptLine, Invoice, Posting
from sandbox.books import BookPayment
from tests.property import payers
from tests.property.judge import broken
from tests.property.life import Act, Life, life
from tests.property.lives import lived, lives, shortened
from tests.stories.days import BOTH


def agree(kind: str, count: int) -> Counter[str]:
    """Live so many; what was done in them. Hypothesis would shorten a failing one for an hour, so it is done here."""
    seen: Counter[str] = Counter()

    @settings(max_examples=count, phases=[Phase.generate])
    @given(lives)
    def lived_through(acts: Sequence[Act]) -> None:
        if lived(kind, acts, seen):
            pytest.fail("\n".join(shortened(kind, acts)))

    lived_through()
    return seen


@BOTH
def test_whatever_happens_the_three_agree_or_it_is_on_the_desk(kind: str) -> None:
    assert agree(kind, 2)["= payment confirmed"], "money was taken and booked"


@pytest.mark.slow
@pytest.mark.timeout(600)
@BOTH
def test_many_lives_break_no_promise(kind: str) -> None:
    assert agree(kind, 4)["= payment confirmed"] > 2


# What the judge would say of a world that is not as it should be


def booked_again(one: Life) -> None:
    (mine,) = one.twin.received(one.tenant)
    one.twin.receive(one.tenant, BookPayment("B-1", Decimal(5), one.today, mine.reference))


def out_of_thin_air(one: Life) -> None:
    one.twin.receive(one.tenant, BookPayment("B-1", Decimal(5), one.today, "x" * 21))


def given_back_unseen(one: Life) -> None:
    one.town.stripe.refund(one.town.stripe.paid_sessions()[0].payment)


def forgotten(one: Life) -> None:
    with one.rt.store.write() as session:
        session.execute(update(AttemptLine).values(state="void"))
    one.twin.unreceive(one.tenant, one.twin.received(one.tenant)[0].id)


def another_balance(one: Life) -> None:
    with one.rt.store.write() as session:
        session.execute(update(Invoice).where(Invoice.number == "B-1").values(balance_minor=1))


def another_credit(one: Life) -> None:
    with one.rt.store.write() as session:
        session.execute(update(Posting).where(Posting.kind == "credit").values(amount_minor=1))


def credit_taken_back(one: Life) -> None:
    (note,) = one.twin.credit_notes(one.tenant)
    one.twin.withdraw_credit(one.tenant, note.id)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (booked_again, "is booked 2 times"),
        (out_of_thin_air, "which nobody entered"),
        (given_back_unseen, "the processor keeps 0.00"),
        (forgotten, "the ledger has 0 cents"),
        (another_balance, "B-1: the mirror says 0.01"),
        (another_credit, "was to be over 0.01"),
        (credit_taken_back, "is gone, and nobody is told"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_judge_complains_of(wrong: Callable[[Life], None], words: str) -> None:
    with life("xero") as one:
        payers.pays(one, 0, 0)
        one.town.at(date(2026, 3, 3))
        assert broken(one) == []
        wrong(one)
        assert any(words in said for said in broken(one)), broken(one)

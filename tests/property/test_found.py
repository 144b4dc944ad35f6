"""What the short lives have found, each told as a story of its own, so that it is not found again."""

from __future__ import annotations

from datetime import date

from tests.stories.days import BOTH, EVENING, town_of
from tests.stories.test_money_that_goes_back import ME, paid, reversals
from tests.town import Town
from workflows import returned


def paid_out(town: Town) -> list[tuple[str, int]]:
    """What left the card processor, by its own books."""
    made = [one for secret in town.stripe.accounts for one in town.stripe.payouts_made(secret)]
    return [(one.view["id"], one.view["amount"]) for one in made]


def test_a_payout_that_was_made_stays_what_it_is_when_money_goes_back_on_the_same_day() -> None:
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 9))) as town:
        town.pay("A-1")
        town.at(date(2026, 3, 4), EVENING)
        made = paid_out(town)
        town.stripe.refund(town.stripe.paid_sessions()[0].payment)
        assert paid_out(town) == made == [("po_20260304usd", 9_830)]


@BOTH
def test_what_came_again_and_was_booked_by_hand_goes_to_a_person_when_it_is_refunded_once_more(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", date(2026, 3, 9))) as town:
        payment = paid(town, "A-1")
        refund = town.stripe.refund(payment)
        town.at(date(2026, 3, 4), EVENING)
        town.stripe.fail_refund(refund)
        town.at(date(2026, 3, 5), EVENING)
        returned.done_by_hand(town.rt, reversals(town)[0].id, ME)
        town.stripe.refund(payment)
        town.at(date(2026, 3, 6), EVENING)
        assert [one.state for one in reversals(town)] == ["void", "desk"]

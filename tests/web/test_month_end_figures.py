"""The figures of a month: added up from the rows, and what cannot be followed is left out and named."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from models import Payout, PayoutEntry, ProcessorAccount
from tests.web import october as spoilt
from tests.web.october import OCTOBER, October, heading, page
from tests.web.world import World


@pytest.fixture
def october(world: World) -> October:
    return October(world)


def test_the_last_whole_month_agrees_and_its_figures_add_up(october: October, ann: FlaskClient) -> None:
    text = page(ann, october.company)
    assert heading(text) == "Everything agrees."
    assert "1 Oct 2026 to 31 Oct 2026" in text
    figures = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="num">([^<]*)</td>', text))
    assert figures == {
        "There when the month began": "£0.00",
        "Taken": "£100.00",
        "Went back": "£0.00",
        "Fees kept back": "£1.70",
        "Paid out to the bank": "£98.30",
        "Still with the processors": "£0.00",
        "Booked in the ledger": "£100.00",
        "Being booked": "£0.00",
        "On the desk": "£0.00",
        "Given back, not booked": "£0.00",
        "Discounts": "£0.00",
        "Other credits": "£0.00",
        "Charges for lateness": "£0.00",
    }


def test_what_was_taken_and_not_paid_out_is_still_there_the_month_after(october: October, ann: FlaskClient) -> None:
    october.taken("pi_2", OCTOBER + timedelta(days=17))
    october.moved(date(2026, 11, 3), 9_830, ("payment", "pi_2", 10_000, 170))
    assert 'Still with the processors</th><td class="num">£100.00' in page(ann, october.company)
    text = page(ann, october.company, "2026-11")
    assert 'There when the month began</th><td class="num">£100.00' in text
    assert 'Still with the processors</th><td class="num">£0.00' in text
    assert "This month is not over yet." in text


def test_where_no_payout_was_ever_read_nothing_is_invented(october: October, ann: FlaskClient) -> None:
    with october.world.rt.store.write() as session:
        session.execute(delete(PayoutEntry))
        session.execute(delete(Payout))
        session.execute(update(ProcessorAccount).values(payouts_read_at=None))
    text = page(ann, october.company)
    assert "Payouts of Stripe have not been read yet" in text
    assert "Still with the processors" not in text
    assert "£100.00 was taken and is not in these sums" in text


def test_the_money_of_a_payout_that_failed_is_there_until_the_next_one_brings_it(
    october: October, ann: FlaskClient
) -> None:
    spoilt.failed(october)
    still = 'Still with the processors</th><td class="num">'
    assert f"{still}£100.00" in page(ann, october.company)
    october.moved(date(2026, 10, 19), 9_830, ("other", "", 9_830, 0))
    text = page(ann, october.company)
    assert (heading(text), f"{still}£0.00" in text) == ("Everything agrees.", True)


def test_what_was_taken_before_accounts_were_kept_apart_is_left_out_and_named(
    october: October, ann: FlaskClient
) -> None:
    october.change(october.attempt, processor_account_id=None, payment_reference="")
    text = page(ann, october.company)
    assert "£100.00 was taken and is not in these sums" in text


def test_what_was_paid_out_in_another_currency_is_left_out_and_named(october: October, ann: FlaskClient) -> None:
    october.change(october.payout, currency="EUR")
    text = page(ann, october.company)
    assert "£100.00 was taken and is not in these sums" in text

"""When an invoice counts as delivered: its ship date, its issue date, or the day before we first saw it."""

from __future__ import annotations

from datetime import date

import pytest

from core.delivery import delivered, delivery
from tests.core.builders import invoice

CONNECTED = date(2026, 3, 2)
ISSUED, SHIPPED = date(2026, 3, 5), date(2026, 3, 7)


@pytest.mark.parametrize("shipped", [None, SHIPPED])
@pytest.mark.parametrize("seen", [CONNECTED, date(2026, 3, 3)])
def test_what_stood_in_the_books_at_connection_is_taken_at_its_word(seen: date, shipped: date | None) -> None:
    assert delivery(ISSUED, shipped, seen, CONNECTED) == shipped
    assert delivery(ISSUED, shipped, date(2026, 4, 1), None) == shipped, "nor is anything guessed before connection"


@pytest.mark.parametrize(
    ("shipped", "seen", "counts"),
    [
        (None, date(2026, 3, 5), ISSUED),
        (None, date(2026, 3, 20), date(2026, 3, 19)),
        (SHIPPED, date(2026, 3, 5), SHIPPED),
        (SHIPPED, date(2026, 3, 20), date(2026, 3, 19)),
    ],
)
def test_what_is_dated_back_was_delivered_at_the_earliest_on_the_day_before_it_was_seen(
    shipped: date | None, seen: date, counts: date
) -> None:
    assert delivery(ISSUED, shipped, seen, CONNECTED) == counts


def test_goods_that_went_out_before_their_invoice_count_from_the_invoice() -> None:
    due = date(2026, 4, 4)
    assert delivered(invoice(due, issued=ISSUED)) == ISSUED
    assert delivered(invoice(due, issued=ISSUED, delivered=date(2026, 3, 1))) == ISSUED
    assert delivered(invoice(due, issued=ISSUED, delivered=SHIPPED)) == SHIPPED

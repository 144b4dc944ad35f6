"""One whole story on SQLite in a file and on PostgreSQL: the answers must be the same to the letter."""

from __future__ import annotations

from datetime import date

from models.store import Store
from tests.databases import store  # noqa: F401  (a fixture)
from tests.stories.days import diary
from tests.town import Town
from workflows import audit, doctor, reconcile


def test_a_month_with_a_late_payer_a_promise_and_a_card_payment(store: Store) -> None:  # noqa: F811
    town = Town()
    for name in ("fern", "moss"):
        town.customer("xero", name)
    town.open("xero", "A-1", "fern", date(2026, 3, 9))
    town.open("xero", "B-1", "moss", date(2026, 3, 4))
    town.begin(store=store, kinds=["xero"])
    assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 4))[0].startswith("02 Mar")
    town.promise("B-1", date(2026, 3, 12))
    told = diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 16))
    assert told[-2:] == ["13 Mar: LATE-4", "14 Mar to 16 Mar: not-yet"]
    assert town.causes("B-1") == {"promise"}
    town.pay("A-1")
    assert diary(town, "A-1", date(2026, 3, 17), date(2026, 3, 18)) == ["17 Mar: THANKS", "18 Mar: paid"]
    assert diary(town, "B-1", date(2026, 3, 19), date(2026, 3, 24)) == ["19 Mar to 24 Mar: not-yet"]
    assert town.steps("B-1") == ["heads-up", "late-4"], "the promise was not kept: one word, one rung further"
    assert list(reconcile.differences(town.rt)) == []
    assert list(audit.verify(town.rt)) == []
    assert doctor.unexplained(town.rt) == []

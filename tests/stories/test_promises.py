"""A customer says on which day they will pay. We believe it, keep quiet, and go on gently when it was not kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import Promise
from tests.stories.days import BOTH, EVENING, diary, effects_of, town_of
from tests.town import Town
from workflows.errors import Refusal

DUE = date(2026, 2, 26)  # four days late on the first Monday


def promises(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Promise.state).order_by(Promise.id)))


def test_a_promise_that_is_kept_is_answered_with_quiet() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 2)) == ["02 Mar: LATE-4"]
        town.promise("A-1", date(2026, 3, 6))
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 5)) == ["03 Mar to 05 Mar: promise"]
        town.transfer("quickbooks", "A-1", "100.00")
        assert diary(town, "A-1", date(2026, 3, 6), date(2026, 3, 9)) == ["06 Mar to 09 Mar: paid"]
        assert promises(town) == ["kept"]
        assert town.steps("A-1") == ["late-4"], "a transfer is not thanked for by e-mail"


def test_a_promise_that_is_not_kept_costs_one_rung_and_never_two() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 2)) == ["02 Mar: LATE-4"]
        town.promise("A-1", date(2026, 3, 14))
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 22)) == [
            "03 Mar to 19 Mar: promise",  # the day itself, and five days of grace
            "20 Mar: LATE-12",  # late-21 was reached yesterday, and waits
            "21 Mar to 22 Mar: not-yet",
        ]
        assert promises(town) == ["broken"]


def test_a_promised_sum_paid_only_in_part_is_still_owed() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        town.at(date(2026, 3, 2), EVENING)
        town.promise("A-1", date(2026, 3, 4))
        town.transfer("quickbooks", "A-1", "60.00")
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 10)) == [
            "03 Mar to 09 Mar: promise",
            "10 Mar: LATE-4",  # who has paid a part hears the same word again, and no firmer one
        ]
        assert promises(town) == ["broken"]
        assert "$40.00" in town.mails("A-1")[-1].text


def test_a_second_promise_takes_the_place_of_the_first() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.at(date(2026, 3, 2), EVENING)
        town.promise("A-1", date(2026, 3, 4))
        town.promise("A-1", date(2026, 3, 6))
        assert promises(town) == ["withdrawn", "open"]
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == [
            "03 Mar to 11 Mar: promise",  # the first would have ended on the tenth
            "12 Mar: LATE-12",
        ]
        assert promises(town) == ["withdrawn", "broken"], "only the last word can be broken"


def test_a_new_promise_about_one_of_two_invoices_leaves_the_other_as_it_was() -> None:
    with town_of("xero", ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        town.promise("A-1", date(2026, 3, 4))
        assert diary(town, "A-2", date(2026, 3, 2), date(2026, 3, 2)) == ["02 Mar: LATE-4"]
        assert town.causes("A-1") == {"promise"}
        assert town.mails()[0].header("X-Dunlin-Invoices") == "A-2"


def test_after_two_promises_that_were_not_kept_a_person_takes_over() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        for _ in range(2):
            town.promise("A-1", town.now.date())
            town.clock.move(town.now + timedelta(days=7))
            town.settle()
        assert promises(town) == ["broken", "broken"]
        with pytest.raises(Refusal, match="a person will answer you"):
            town.promise("A-1", town.now.date() + timedelta(days=2))
        assert promises(town) == ["broken", "broken"]


def test_a_promised_day_is_from_today_on_and_at_most_thirty_days_away() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        for days in (-1, 31):
            with pytest.raises(Refusal, match="at most 30 days"):
                town.promise("A-1", town.now.date() + timedelta(days=days))
        assert promises(town) == []
        for days in (0, 30):
            town.promise("A-1", town.now.date() + timedelta(days=days))
        assert promises(town) == ["withdrawn", "open"]


@BOTH
def test_an_invoice_that_is_questioned_is_left_alone_until_a_person_has_answered(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        town.dispute("A-1")
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 3)) == ["02 Mar to 03 Mar: dispute"]
        assert [mail.header("X-Dunlin-Invoices") for mail in town.mails()] == ["A-2"]
        assert len(effects_of(town)) == 1

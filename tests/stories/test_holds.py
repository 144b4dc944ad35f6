"""Each way of leaving somebody alone, told day by day: what is silent, until when, and what comes next.

The invoice was due on Thursday 26 February, so that the first follow-up leaves on Monday 2 March. Promises, payments in
flight, stale readings and open credit have stories of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from core.because import Cause
from core.instalments import Every
from models import Arrangement, Dispute
from tests.stories.days import EVENING, diaries, diary, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import arrangements, disputes, holds, why

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)


@contextmanager
def after_the_first_word(*names: str, cadence: str = "default") -> Iterator[tuple[Town, Robin]]:
    """Monday evening: each customer has one invoice, called as they are in capitals, and has heard of it once."""
    with town_of("quickbooks", *((name.upper(), name, DUE) for name in names), cadence=cadence) as town:
        robin = Robin(town, "quickbooks", 0)
        town.at(date(2026, 3, 2), EVENING)
        assert len(town.mails()) == len(names)
        yield town, robin


def all_of(numbers: Iterable[str], *lines: str) -> dict[str, list[str]]:
    return {number: list(lines) for number in numbers}


def held(town: Town, number: str, cause: Cause, **more: object) -> str:
    return holds.hold(town.rt, town.account(number).id, cause, **more).uid  # type: ignore[arg-type]


def test_who_is_left_alone_until_a_day_hears_one_word_after_it_and_no_firmer_one_for_the_wait() -> None:
    causes = {
        "A": Cause.PAUSED,
        "B": Cause.BREATHING_SPACE,
        "C": Cause.REPLIED,
        "D": Cause.EXTENSION,
        "E": Cause.AGENCY,
    }
    with after_the_first_word(*(name.lower() for name in causes)) as (town, robin):
        for name, cause in causes.items():
            held(town, name, cause, until=date(2026, 3, 20), owner_id=robin.id)
        told = diaries(town, list(causes), date(2026, 3, 3), date(2026, 3, 21))
        for name, cause in causes.items():
            assert told[name] == [
                f"03 Mar to 19 Mar: {cause.value}",
                "20 Mar: LATE-12",  # late-21 was reached yesterday: missed is not owed
                "21 Mar: not-yet",
            ]


def test_without_an_end_a_hold_lasts_until_its_owner_lets_go_and_its_owner_is_named() -> None:
    causes = {"A": Cause.PAUSED, "B": Cause.BREATHING_SPACE, "C": Cause.REPLIED, "D": Cause.AGENCY}
    with after_the_first_word(*(name.lower() for name in causes)) as (town, robin):
        uids = [held(town, name, cause, owner_id=robin.id) for name, cause in causes.items()]
        told = diaries(town, list(causes), date(2026, 3, 3), date(2026, 3, 15))
        assert told == {name: [f"03 Mar to 15 Mar: {cause.value}"] for name, cause in causes.items()}
        for name in causes:
            (answer,) = why.why(town.rt, town.account(name).id, date(2026, 3, 12)).answers
            assert [one.detail for one in answer.because] == [(("owner", "Robin Vale"),)]
        for uid in uids:
            holds.release(town.rt, uid, robin.id)
        told = diaries(town, list(causes), date(2026, 3, 16), date(2026, 3, 17))
        assert told == all_of(causes, "16 Mar: LATE-12", "17 Mar: not-yet")


def test_more_time_for_one_invoice_leaves_the_other_as_it_was() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        town.at(date(2026, 3, 2), EVENING)
        held(town, "A-1", Cause.EXTENSION, until=date(2026, 3, 17), invoice_uid=town.invoice("A-1").uid)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 18)) == [
            "03 Mar to 16 Mar: extension",
            "17 Mar: LATE-12",
            "18 Mar: not-yet",
        ]
        assert [f"{mail.received_at:%d %b}" for mail in town.mails("A-2")] == ["02 Mar", "10 Mar"]


def test_an_address_that_is_not_to_be_written_to_is_silent_until_the_way_back() -> None:
    causes = {"A": Cause.BOUNCED, "B": Cause.OPTED_OUT}
    with after_the_first_word("a", "b") as (town, _):
        company = town.company("quickbooks").id
        for name, cause in causes.items():
            holds.note_address(town.rt, company, f"{name}@Customers.example", cause)
        told = diaries(town, ["A", "B"], date(2026, 3, 3), date(2026, 3, 11))
        assert told == {name: [f"03 Mar to 11 Mar: {cause.value}"] for name, cause in causes.items()}
        for name, cause in causes.items():
            holds.forget_address(town.rt, company, f"{name.lower()}@customers.example", cause)
        told = diaries(town, ["A", "B"], date(2026, 3, 12), date(2026, 3, 13))
        assert told == all_of(causes, "12 Mar: LATE-12", "13 Mar: not-yet")


def test_however_a_dispute_ends_the_gentlest_word_comes_first() -> None:
    endings = {"A": "corrected", "B": "credited", "C": "rejected", "D": "withdrawn"}
    with after_the_first_word("a", "b", "c", "d") as (town, robin):
        town.at(date(2026, 3, 10), EVENING)
        for name in endings:
            assert town.steps(name) == ["late-4", "late-12"]
            town.dispute(name)
        told = diaries(town, list(endings), date(2026, 3, 11), date(2026, 3, 13))
        assert told == all_of(endings, "11 Mar to 13 Mar: dispute")
        for name, ending in endings.items():
            about = select(Dispute.id).where(Dispute.invoice_id == town.invoice(name).id)
            with town.rt.store.read() as session:
                dispute = session.scalars(about).one()
            disputes.settle(town.rt, dispute, robin.id, "Talked it through.", ending)
        told = diaries(town, list(endings), date(2026, 3, 14), date(2026, 3, 24))
        assert told == all_of(
            endings, "14 Mar to 15 Mar: not-yet", "16 Mar: LATE-4", "17 Mar to 23 Mar: not-yet", "24 Mar: LATE-12"
        )


def test_an_arrangement_is_spoken_about_part_by_part_and_nothing_else_is() -> None:
    with after_the_first_word("a", cadence="early-intervention") as (town, robin):
        first = date(2026, 3, 16)
        invoice = town.invoice("A")
        arrangements.arrange_equally(town.rt, invoice.account_id, [invoice.uid], 2, first, Every.FORTNIGHT, robin.id)
        assert diary(town, "A", date(2026, 3, 3), date(2026, 3, 15)) == [
            "03 Mar to 12 Mar: not-yet",
            "13 Mar: INSTALMENT-SOON",
            "14 Mar to 15 Mar: not-yet",
        ]
        town.transfer("quickbooks", "A", "50.00")
        assert diary(town, "A", date(2026, 3, 16), date(2026, 3, 30)) == [
            "16 Mar to 26 Mar: not-yet",
            "27 Mar: INSTALMENT-SOON",
            "28 Mar to 29 Mar: not-yet",
            "30 Mar: INSTALMENT-TODAY",
        ]
        town.transfer("quickbooks", "A", "50.00")
        town.at(date(2026, 3, 31), EVENING)
        assert states(town) == ["kept"]


def test_a_cadence_without_words_for_parts_is_lent_the_shipped_ones_and_goes_on_when_one_is_missed() -> None:
    with after_the_first_word("a") as (town, robin):
        invoice = town.invoice("A")
        arrangements.arrange_equally(
            town.rt, invoice.account_id, [invoice.uid], 3, date(2026, 3, 16), Every.WEEK, robin.id
        )
        assert diary(town, "A", date(2026, 3, 3), date(2026, 4, 2)) == [
            "03 Mar to 12 Mar: not-yet",
            "13 Mar: INSTALMENT-SOON",
            "14 Mar to 15 Mar: not-yet",
            "16 Mar: INSTALMENT-TODAY",
            "17 Mar to 18 Mar: not-yet",
            "19 Mar: budget",
            "20 Mar: INSTALMENT-MISSED",
            "21 Mar to 24 Mar: not-yet",
            "25 Mar to 28 Mar: ladder-done",  # somebody has been asked to call
            "29 Mar to 01 Apr: not-yet",
            "02 Apr: LATE-12",
        ]
        assert states(town) == ["broken"]


def test_an_arrangement_that_is_called_off_gives_the_invoice_back_to_the_cadence() -> None:
    with after_the_first_word("a") as (town, robin):
        invoice = town.invoice("A")
        made = arrangements.arrange_equally(
            town.rt, invoice.account_id, [invoice.uid], 3, date(2026, 3, 16), Every.WEEK, robin.id
        )
        assert diary(town, "A", date(2026, 3, 3), date(2026, 3, 11)) == ["03 Mar to 11 Mar: not-yet"]
        arrangements.end(town.rt, made.uid, robin.id)
        assert diary(town, "A", date(2026, 3, 12), date(2026, 3, 13)) == ["12 Mar: LATE-12", "13 Mar: not-yet"]
        assert states(town) == ["ended"]


def states(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Arrangement.state).order_by(Arrangement.id)))

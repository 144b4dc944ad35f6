"""A person takes over, told day by day: who asked for one, and who is in care. What comes after, and what never does.

The invoice was due on Thursday 26 February, so that the first follow-up leaves on Monday 2 March.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from core.because import Cause
from models import HoldRow
from tests.stories.days import EVENING, OPENING, diaries, diary, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import by_hand, care, holds, opting_out, why
from workflows.messages import Opening

# Many simulated days: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)


@contextmanager
def after_the_first_word(*invoices: tuple[str, str, date]) -> Iterator[tuple[Town, Robin]]:
    """Monday evening: each customer has heard of what is due since Thursday."""
    with town_of("quickbooks", *invoices) as town:
        robin = Robin(town, "quickbooks", 0)
        town.at(date(2026, 3, 2), EVENING)
        yield town, robin


def follow_the_link(town: Town, number: str) -> None:
    found = re.search(r"/stop/(\S+)$", town.mails(number)[-1].text.strip())
    assert found is not None
    opting_out.grant(town.rt, opting_out.read(town.rt, found[1]))


def test_who_asks_for_a_person_hears_nothing_more_and_the_other_customer_hears_everything() -> None:
    with after_the_first_word(("A", "fern", DUE), ("B", "moss", DUE)) as (town, _):
        follow_the_link(town, "A")
        assert diaries(town, ["A", "B"], date(2026, 3, 3), date(2026, 3, 12)) == {
            "A": ["03 Mar to 12 Mar: opted-out"],
            "B": ["03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar to 12 Mar: not-yet"],
        }
        assert town.invoice("A").balance_minor == 10_000, "the debt is not forgotten"


def test_it_holds_for_every_invoice_of_the_customer_also_for_one_not_yet_due() -> None:
    with after_the_first_word(("A", "fern", DUE), ("B", "fern", date(2026, 3, 12))) as (town, _):
        follow_the_link(town, "A")
        told = diaries(town, ["A", "B"], date(2026, 3, 3), date(2026, 3, 20))
        assert told == {number: ["03 Mar to 20 Mar: opted-out"] for number in ("A", "B")}


def test_once_a_person_has_spoken_with_them_and_they_agree_one_word_comes_and_no_firmer_one_for_the_wait() -> None:
    with after_the_first_word(("A", "fern", DUE)) as (town, robin):
        follow_the_link(town, "A")
        assert diary(town, "A", date(2026, 3, 3), date(2026, 3, 19)) == ["03 Mar to 19 Mar: opted-out"]
        with town.rt.store.read() as session:
            (held,) = session.scalars(select(HoldRow)).all()
        holds.release(town.rt, held.uid, robin.id)
        assert diary(town, "A", date(2026, 3, 20), date(2026, 3, 23)) == ["20 Mar to 23 Mar: opted-out"]
        company = town.company("quickbooks").id
        holds.forget_address(town.rt, company, "fern@customers.example", Cause.OPTED_OUT)
        assert diary(town, "A", date(2026, 3, 24), date(2026, 3, 25)) == ["24 Mar: LATE-12", "25 Mar: not-yet"]


def test_care_silences_everything_past_its_day_to_look_again_until_a_person_ends_it() -> None:
    with after_the_first_word(("A", "fern", DUE), ("B", "moss", DUE)) as (town, robin):
        account = town.account("A").id
        care.begin(town.rt, account, date(2026, 3, 12), robin.id)
        told = diaries(town, ["A", "B"], date(2026, 3, 3), date(2026, 3, 19))
        assert told["A"] == ["03 Mar to 19 Mar: care"]
        assert "10 Mar: LATE-12" in told["B"]
        (answer,) = why.why(town.rt, account, date(2026, 3, 10)).answers
        assert [one.cause for one in answer.because] == [Cause.CARE]
        care.end(town.rt, account, robin.id)
        assert diary(town, "A", date(2026, 3, 20), date(2026, 3, 21)) == ["20 Mar: LATE-12", "21 Mar: not-yet"]


def test_a_person_may_write_to_who_is_in_care_or_asked_for_one() -> None:
    words = Opening("A word from Robin", ("How are you? Let us talk about it when it suits you.",))
    with after_the_first_word(("A", "fern", DUE), ("B", "moss", DUE)) as (town, robin):
        care.begin(town.rt, town.account("A").id, date(2026, 4, 30), robin.id)
        follow_the_link(town, "B")
        town.at(date(2026, 3, 5), OPENING["quickbooks"])
        for number, name in (("A", "fern"), ("B", "moss")):
            about = by_hand.Written(words, (f"{name}@customers.example",), (town.invoice(number).uid,))
            by_hand.send_soon(town.rt, town.account(number).id, about, robin.id)
        town.at(date(2026, 3, 5), EVENING)
        for number in ("A", "B"):
            mail = town.mails(number)[-1]
            assert (len(town.mails(number)), mail.subject) == (2, "A word from Robin")
            assert mail.header("List-Unsubscribe") == "", "it was no machine that wrote it"

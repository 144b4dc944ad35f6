"""A customer needs more time. What the company gives is theirs at once; the cadence then runs from that day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from core.cadence import Reason
from models import Company, Extension, ToldRow
from tests.stories.days import diary
from tests.stories.staff import Robin, robins
from tests.town import Town
from workflows import extensions, reasons
from workflows.errors import Refusal

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)  # four days late on the first Monday
MON, TUE, FRI = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)


@contextmanager
def patient(kind: str = "xero", **limits: Any) -> Iterator[tuple[Town, Robin]]:
    """A town whose company gives ten days by itself, with A-1 late, and Robin."""
    with robins(kind, ("A-1", "fern", DUE), ("A-2", "fern", date(2026, 4, 30)), days=0) as (town, robin):
        company_id = town.company(kind).id
        with town.rt.store.write() as session:
            company = session.get_one(Company, company_id)
            for name, value in ({"extend_days": 14} | limits).items():
                setattr(company, name, value)
        yield town, robin


def ask(town: Town, day: date, *numbers: str, text: str = "") -> Extension:
    uids = [town.invoice(number).uid for number in numbers or ("A-1",)]
    return extensions.ask(town.rt, town.invoice("A-1").account_id, uids, day, text)


def states(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Extension.state).order_by(Extension.id)))


def test_it_rests_through_the_agreed_day_and_then_begins_gently_from_there() -> None:
    with patient() as (town, _):
        assert diary(town, "A-1", MON, MON) == ["02 Mar: LATE-4"]
        ask(town, date(2026, 3, 12))
        assert states(town) == ["granted"]
        assert diary(town, "A-1", TUE, date(2026, 3, 24)) == [
            "03 Mar to 12 Mar: extension",
            "13 Mar to 15 Mar: not-yet",
            "16 Mar: LATE-4",
            "17 Mar to 23 Mar: not-yet",
            "24 Mar: LATE-12",
        ]


def test_messages_speak_of_the_agreed_day_and_never_of_the_old_one() -> None:
    with patient() as (town, _):
        ask(town, date(2026, 3, 12))
        town.at(date(2026, 3, 16))
        (mail,) = town.mails("A-1")
        assert "was agreed for March 12" in mail.text.replace("12 March", "March 12")
        assert "February" not in mail.text.split("Invoice A-1 of")[-1]
        assert "26 February" not in mail.text
        assert mail.header("X-Dunlin-Lines") == "A-1=late-4@due/2026-03-12"


def test_the_ledger_learns_of_it_where_the_company_chose_so() -> None:
    with patient("xero", date_target="expected") as (town, _):
        ask(town, date(2026, 3, 12))
        town.at(MON, 20)
        assert (town.invoice("A-1").expected, town.invoice("A-1").due) == (date(2026, 3, 12), DUE)
    with patient("quickbooks", date_target="due") as (town, _):
        ask(town, date(2026, 3, 12))
        town.at(TUE, 20)
        assert town.invoice("A-1").due == date(2026, 3, 12)
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 16)) == [
            "04 Mar to 12 Mar: extension",
            "13 Mar to 15 Mar: not-yet",
            "16 Mar: LATE-4",
        ]


def test_a_longer_time_waits_for_a_person_and_nothing_is_chased_meanwhile() -> None:
    with patient() as (town, robin):
        made = ask(town, date(2026, 4, 15), text="Our roof came down.")
        assert (made.state, made.answer_by) == ("asked", date(2026, 3, 9))
        assert diary(town, "A-1", MON, date(2026, 3, 20)) == ["02 Mar to 20 Mar: replied"]
        extensions.grant(town.rt, made.uid, robin.id, "Take care of the roof first.", date(2026, 4, 10))
        assert diary(town, "A-1", date(2026, 3, 21), date(2026, 4, 14)) == [
            "21 Mar to 12 Apr: extension",  # the day itself is a Friday
            "13 Apr: not-yet",
            "14 Apr: LATE-4",
        ]
        (told,) = [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "extension-granted"]
        assert "until 10 April" in told.text
        assert "Take care of the roof first." in told.text


def test_who_is_declined_is_told_why_and_the_ladder_goes_on_where_it_was() -> None:
    with patient() as (town, robin):
        made = ask(town, date(2026, 4, 15))
        town.at(MON)
        with pytest.raises(Refusal, match="few words why"):
            extensions.decline(town.rt, made.uid, robin.id, " ")
        with pytest.raises(Refusal):
            extensions.decline(town.rt, made.uid, robin.id, "Pay at once or we will take you to court.")
        extensions.decline(town.rt, made.uid, robin.id, "We can wait until 20 March, not longer.")
        assert diary(town, "A-1", TUE, TUE) == ["03 Mar: LATE-4"]
        (told,) = [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "extension-declined"]
        assert "We can wait until 20 March" in told.text
        with pytest.raises(Refusal, match="already answered"):
            extensions.grant(town.rt, made.uid, robin.id)


def test_time_cannot_be_chained_and_after_two_refusals_it_is_for_a_conversation() -> None:
    with patient() as (town, robin):
        ask(town, date(2026, 3, 10))
        second = ask(town, date(2026, 3, 11))
        assert states(town) == ["granted", "asked"], "one day more, and a person is asked"
        third = ask(town, date(2026, 3, 12))
        assert states(town) == ["granted", "over", "asked"], "asked anew, not twice"
        assert second.uid != third.uid
        extensions.decline(town.rt, third.uid, robin.id, "Not this time.")
        again = ask(town, date(2026, 3, 13))
        extensions.decline(town.rt, again.uid, robin.id, "Please call us.")
        with pytest.raises(Refusal, match="reply to our e-mail"):
            ask(town, date(2026, 3, 14))


def test_an_invoice_long_late_or_with_an_odd_day_is_not_given_time_by_itself() -> None:
    with patient(extend_days=3) as (town, _):
        for day in (date(2026, 3, 1), date(2026, 6, 30), date.max):
            with pytest.raises(Refusal, match="at most 90 days"):
                ask(town, day)
        with pytest.raises(Refusal, match="after the one on which it is due"):
            ask(town, date(2026, 3, 4), "A-2")
        assert states(town) == []
        assert ask(town, TUE).state == "asked", "it is later than three days after its due day"


def test_a_person_gives_time_unasked_and_takes_it_back() -> None:
    with patient() as (town, robin):
        reasons.tell(town.rt, town.invoice("A-1").account_id, [town.invoice("A-1").uid], Reason.SHORT_OF_CASH)
        made = extensions.give(
            town.rt, town.invoice("A-1").account_id, [town.invoice("A-1").uid], date(2026, 3, 20), robin.id
        )
        with town.rt.store.read() as session:
            assert session.scalars(select(ToldRow.state)).all() == ["closed"], "more time answers it"
        assert diary(town, "A-1", MON, TUE) == ["02 Mar to 03 Mar: extension"]
        extensions.end(town.rt, made.uid, robin.id)
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 4)) == ["04 Mar: LATE-4"]
        with pytest.raises(Refusal, match="already ended"):
            extensions.end(town.rt, made.uid, robin.id)
        assert [mail.header("X-Dunlin-Step") for mail in town.mails()] == ["late-4"], "nobody asked, nobody is answered"

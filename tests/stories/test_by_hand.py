"""A person writes in their own words: it counts like any word, waits a minute, and never leaves against the facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.because import Cause
from core.inheritance import Level
from models import Effect, EffectKind, User
from tests.stories.days import BOTH, EVENING, OPENING, diary, effects_of, town_of
from tests.town import Town
from web import waiting
from workflows import by_hand, companies, dispatcher, holds, kindly, library, own_words, preview
from workflows.errors import Refusal
from workflows.reaching import Reach

pytestmark = pytest.mark.slow  # days on days of simulated time

KIND = "xero"
DUE = date(2026, 2, 20)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 3, day) for day in range(2, 6))
SUNDAY = date(2026, 3, 8)
WORDS = own_words.read("About the March delivery", "Did the parcel arrive?\n\nTell us if something is missing.")


@pytest.fixture
def town() -> Iterator[Town]:
    with town_of(KIND, ("A-1", "fern", DUE), ("A-2", "fern", date(2026, 3, 27))) as made:
        yield made


def written(town: Town, *numbers: str, words: object = WORDS, to: str = "fern@customers.example") -> by_hand.Written:
    return by_hand.Written(words, (to,), tuple(town.invoice(one).uid for one in numbers))  # type: ignore[arg-type]


def write(town: Town, *numbers: str) -> by_hand.Shown:
    return by_hand.send_soon(town.rt, town.invoice(numbers[0]).account_id, written(town, *numbers), person(town))


def person(town: Town) -> int:
    """Robin of the practice."""
    with town.rt.store.write() as session:
        found = session.scalars(select(User)).first()
        if found is None:
            found = User(
                role="accountant",
                uid=town.new_id(),
                practice_id=town.practice_id,
                email="robin@sandpiper.example",
                name="Robin",
            )
            found.password_hash, found.created_at = "-", town.now
            session.add(found)
            session.flush()
        return found.id


def own(town: Town) -> Effect:
    (found,) = effects_of(town, EffectKind.BY_HAND)
    return found


def refused(town: Town, *numbers: str) -> Cause:
    with pytest.raises(by_hand.Against) as caught:
        write(town, *numbers)
    return caught.value.because.cause


@BOTH
def test_it_leaves_after_a_minute_in_their_words_and_the_cadence_waits_its_gap(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 2)) == ["02 Mar: LATE-4"]
        town.at(date(2026, 3, 5), OPENING[kind])
        shown = write(town, "A-1")
        assert shown.at == town.now + timedelta(minutes=1)
        dispatcher.perform_due(town.rt)
        assert len(town.mails("A-1")) == 1, "not before the minute is over"
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 10)) == [
            "05 Mar: BY-HAND",
            "06 Mar to 09 Mar: not-yet",
            "10 Mar: LATE-12",
        ]
        mail = town.mails("A-1")[1]
        assert mail.subject == "About the March delivery"
        assert "Did the parcel arrive?" in mail.text
        assert "A-1" in mail.text
        assert town.steps("A-1") == ["late-4", "by-hand", "late-12"], "it is no step: the ladder goes on where it was"


def test_one_a_day_and_the_hours_between_two_also_where_a_person_writes(town: Town) -> None:
    town.at(MONDAY, 15)
    assert refused(town, "A-1") is Cause.ONE_A_DAY
    town.at(TUESDAY, 12)
    assert refused(town, "A-1") is Cause.GAP
    town.at(THURSDAY, 12)
    write(town, "A-1")
    with pytest.raises(Refusal, match="take it back first"):
        write(town, "A-2")
    town.at(THURSDAY, 15)
    assert refused(town, "A-2") is Cause.ONE_A_DAY


def test_the_limit_counts_words_of_both_kinds(town: Town) -> None:
    ours = town.company(KIND).id
    library.change(town.rt, town.practice_id, Level.COMPANY, {"gap_hours": 24}, company_id=ours)
    town.at(WEDNESDAY, 12)
    write(town, "A-1")
    town.at(THURSDAY + timedelta(days=1), 15)
    assert refused(town, "A-1") is Cause.BUDGET, "two in seven days, the cadence's own and this one"


def test_written_in_the_evening_it_leaves_when_the_office_opens(town: Town) -> None:
    town.at(WEDNESDAY, EVENING)
    shown = write(town, "A-1")
    assert (shown.at.date(), shown.at.hour) == (THURSDAY, 9)
    assert diary(town, "A-1", THURSDAY, THURSDAY) == ["05 Mar: BY-HAND"]


def test_taken_back_within_the_minute_nobody_hears_it(town: Town) -> None:
    town.at(THURSDAY, 12)
    write(town, "A-1")
    by_hand.take_back(town.rt, own(town).id, person(town))
    town.at(SUNDAY, EVENING)
    assert own(town).state == "dropped"
    assert [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "by-hand"] == []
    with pytest.raises(Refusal, match="already left"):
        by_hand.take_back(town.rt, own(town).id, person(town))


@pytest.mark.parametrize("writes", [False, True])
def test_the_cadences_own_word_gives_way_on_that_day(writes: bool) -> None:
    with town_of(KIND, ("A-1", "fern", date(2026, 3, 10))) as town:
        town.at(THURSDAY, 6)
        if writes:
            write(town, "A-1")
        assert diary(town, "A-1", THURSDAY, THURSDAY) == [f"05 Mar: {'BY-HAND' if writes else 'HEADS-UP'}"]


@pytest.mark.parametrize("cause", [Cause.BREATHING_SPACE, Cause.AGENCY])
def test_some_holds_bind_people_too(town: Town, cause: Cause) -> None:
    town.at(THURSDAY, 12)
    holds.hold(town.rt, town.invoice("A-1").account_id, cause, owner_id=person(town))
    assert refused(town, "A-1") is cause


def test_a_pause_only_warns_who_writes(town: Town) -> None:
    town.at(THURSDAY, 12)
    holds.hold(town.rt, town.invoice("A-1").account_id, Cause.PAUSED, until=date(2026, 4, 1))
    assert [one.cause for one in write(town, "A-1").warnings] == [Cause.PAUSED]


def test_nothing_leaves_while_a_company_is_stopped(town: Town) -> None:
    town.at(THURSDAY, 12)
    write(town, "A-1")
    companies.set_paused(town.rt, town.company(KIND).id, True)
    assert refused(town, "A-2") is Cause.PAUSED
    town.at(THURSDAY, 14)
    assert (own(town).state, own(town).note) == ("rejected", "paused")


def test_who_has_paid_meanwhile_is_not_written_to_and_a_person_is_told(town: Town) -> None:
    town.at(THURSDAY, 12)
    write(town, "A-1", "A-2")
    town.transfer(KIND, "A-1", "100.00")
    town.at(THURSDAY, 14)
    assert (own(town).state, own(town).note) == ("rejected", "What is open has changed since it was written.")
    assert [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "by-hand"] == []
    with town.rt.store.read() as session:
        (waits,) = waiting.desk(town.rt, session, Reach(town.practice_id)).unsent
    assert waits[0].uid == own(town).uid
    by_hand.dismiss(town.rt, own(town).id, person(town))
    with town.rt.store.read() as session:
        assert waiting.desk(town.rt, session, Reach(town.practice_id)).unsent == []


def test_a_payment_on_its_way_to_the_books_is_payment_enough(town: Town) -> None:
    town.at(THURSDAY, 12)
    town.checkout("A-1")
    assert refused(town, "A-1") is Cause.IN_FLIGHT


def test_a_threat_cannot_leave_whoever_wrote_it(town: Town) -> None:
    town.at(THURSDAY, 12)
    threat = own_words.read("Last chance", "Pay today or we will take you to court.")
    with pytest.raises(Refusal, match="court"):
        by_hand.send_soon(town.rt, town.invoice("A-1").account_id, written(town, "A-1", words=threat), person(town))


@pytest.mark.parametrize(("numbers", "to"), [((), "fern@customers.example"), (("A-1",), "stranger@x.example")])
def test_it_needs_an_invoice_and_a_reader_that_are_theirs(town: Town, numbers: tuple[str, ...], to: str) -> None:
    town.at(THURSDAY, 12)
    with pytest.raises(Refusal, match="Please choose"):
        by_hand.shown(town.rt, town.invoice("A-1").account_id, written(town, *numbers, to=to))


def test_the_words_to_begin_with_are_kind_and_name_what_is_open(town: Town) -> None:
    both = [town.invoice(one) for one in ("A-1", "A-2")]
    words = by_hand.suggested(town.rt, both[0].account_id, [one.id for one in both])
    assert words.title == "About 2 invoices from Wren Studio"
    assert kindly.check_text("\n\n".join((words.title, *words.paragraphs)), "GB") == ()


def test_while_it_waits_the_preview_shows_it_as_about_to_leave(town: Town) -> None:
    town.at(THURSDAY, OPENING[KIND])
    at = write(town, "A-1").at
    (shown,) = [one for one in preview.preview(town.rt, town.company(KIND).id, 3).messages if one.leaving]
    assert (shown.moment, shown.step, shown.invoice_numbers, shown.recipients) == (
        at,
        by_hand.STEP,
        ("A-1",),
        ("fern@customers.example",),
    )

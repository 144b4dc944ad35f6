"""The ladder from the first gentle word to the last, told day by day; and what is not caught up with after a gap."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select

from models import Invoice, MissedStep
from tests.stories.days import BOTH, diary, town_of
from tests.town import Town
from workflows import planner


def missed(town: Town, number: str) -> list[str]:
    """The steps remembered as passed over unsaid."""
    with town.rt.store.read() as session:
        found = select(MissedStep.step).join(Invoice, Invoice.id == MissedStep.invoice_id)
        return list(session.scalars(found.where(Invoice.number == number).order_by(MissedStep.id)))


def test_a_customer_who_never_answers_hears_each_step_once_and_then_nothing_more() -> None:
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 9))) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 4, 14)) == [
            "02 Mar to 03 Mar: not-yet",
            "04 Mar: HEADS-UP",
            "05 Mar to 08 Mar: not-yet",
            "09 Mar: DUE-TODAY",
            "10 Mar to 12 Mar: not-yet",
            "13 Mar: LATE-4",
            "14 Mar to 22 Mar: not-yet",  # twelve days late is a Saturday
            "23 Mar: LATE-12",
            "24 Mar to 29 Mar: not-yet",
            "30 Mar: LATE-21",
            "31 Mar to 12 Apr: not-yet",
            "13 Apr: LATE-35",
            "14 Apr: ladder-done",
        ]
        assert planner.sweep(town.rt) == 0
        assert missed(town, "A-1") == []
        assert [touch.step for touch in town.touches()] == town.steps("A-1")


def test_the_first_days_are_the_same_in_the_other_ledger() -> None:
    with town_of("xero", ("A-1", "fern", date(2026, 3, 6))) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 10)) == [
            "02 Mar: HEADS-UP",  # five days before is Sunday the first, and nothing was live then
            "03 Mar to 05 Mar: not-yet",
            "06 Mar: DUE-TODAY",
            "07 Mar to 09 Mar: not-yet",
            "10 Mar: LATE-4",
        ]
        assert {touch.recipients[0] for touch in town.touches()} == {"fern@customers.example"}


@BOTH
def test_old_books_read_for_the_first_time_make_one_gentle_message_a_recipient(kind: str) -> None:
    due = {"OLD": date(2024, 3, 4), "LONG": date(2025, 12, 5), "LATE": date(2026, 2, 2), "SOON": date(2026, 3, 20)}
    book = [(f"{customer}-{name}", customer, day) for customer in ("fern", "moss") for name, day in due.items()]
    with town_of(kind, *book) as town:
        town.at(date(2026, 3, 2), 22)
        assert sorted(mail.recipients[0] for mail in town.mails()) == [
            "fern@customers.example",
            "moss@customers.example",
        ]
        for touch in town.touches():
            assert touch.step == "late-4", "the first word is gentle, however late the invoice is"
        for customer in ("fern", "moss"):
            assert town.steps(f"{customer}-LONG") == town.steps(f"{customer}-LATE") == ["late-4"]
            assert town.steps(f"{customer}-OLD") == town.steps(f"{customer}-SOON") == []
            assert town.causes(f"{customer}-OLD") == {"too-old"}, "two years late is left to a person"
            assert town.causes(f"{customer}-SOON") == {"not-yet"}
            assert missed(town, f"{customer}-LONG") == ["heads-up", "due-today"]


def test_after_a_first_reading_the_ladder_goes_on_one_rung_at_a_time() -> None:
    with town_of("xero", ("A-1", "fern", date(2025, 12, 5)), ("A-2", "fern", date(2024, 3, 4))) as town:
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 11)) == [
            "02 Mar: LATE-4",
            "03 Mar to 09 Mar: not-yet",
            "10 Mar: LATE-12",  # eight days after late-4, as on the ladder
            "11 Mar: not-yet",
        ]
        assert (town.steps("A-2"), town.causes("A-2")) == ([], {"too-old"})


def test_after_six_weeks_of_standing_still_one_message_goes_out_and_nothing_is_caught_up() -> None:
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 12)), ("A-2", "fern", date(2026, 3, 12))) as town:
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 6)) == ["05 Mar: not-yet", "06 Mar: HEADS-UP"]
        town.transfer("quickbooks", "A-2", "100.00")
        town.clock.move(datetime(2026, 4, 20, 6, tzinfo=UTC))  # the machine was off
        assert diary(town, "A-1", date(2026, 4, 20), date(2026, 4, 21)) == [
            "20 Apr: LATE-4",  # late-12, late-21 and late-35 have all been passed on the calendar
            "21 Apr: not-yet",
        ]
        assert missed(town, "A-1") == ["due-today"], "the steps skipped over are written down, not said"
        assert town.steps("A-2") == ["heads-up"], "what was paid meanwhile is not spoken about"
        assert diary(town, "A-1", date(2026, 4, 22), date(2026, 4, 28)) == [
            "22 Apr to 27 Apr: not-yet",
            "28 Apr: LATE-12",
        ]


def test_nothing_is_said_from_a_stale_reading_and_it_is_said_once_the_ledger_can_be_read_again() -> None:
    with town_of("xero", ("A-1", "fern", date(2026, 3, 9))) as town:
        town.at(date(2026, 3, 2), 20)
        town.xero.plan_fault("Invoices", "503", times=100)
        town.clock.move(datetime(2026, 3, 4, 10, tzinfo=UTC))
        town.settle()
        assert (town.mails(), town.causes("A-1")) == ([], {"stale"})
        assert town.company("xero").sync_state == "failed"
        town.xero.faults.clear()
        town.at(date(2026, 3, 4), 22)
        assert (town.steps("A-1"), town.causes("A-1")) == (["heads-up"], {"not-yet"})


def test_two_accounts_that_share_a_mailbox_get_one_message_a_day_and_never_two_within_the_gap() -> None:
    town = Town()
    for customer in ("fern", "moss"):
        town.customer("quickbooks", customer, "", "office@shared.example")
        town.open("quickbooks", customer.upper(), customer, date(2026, 3, 9))
    town.begin(kinds=["quickbooks"])
    assert diary(town, "MOSS", date(2026, 3, 3), date(2026, 3, 17)) == [
        "03 Mar: not-yet",
        "04 Mar: one-a-day",
        "05 Mar to 08 Mar: gap",
        "09 Mar: one-a-day",
        "10 Mar to 12 Mar: not-yet",
        "13 Mar to 15 Mar: one-a-day",  # planned on Friday, asked again when the week begins
        "16 Mar: LATE-4",
        "17 Mar: not-yet",
    ]
    assert [(f"{mail.received_at:%d %b}", mail.header("X-Dunlin-Invoices")) for mail in town.mails()] == [
        ("04 Mar", "FERN"),
        ("09 Mar", "FERN"),
        ("13 Mar", "FERN"),
        ("16 Mar", "MOSS"),
    ]
    town.close()

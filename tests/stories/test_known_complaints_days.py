"""Known complaints about beginnings: old books on the first day, an invoice written late, nothing to try out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import MissedStep
from sandbox.books import BookInvoice
from tests.stories.complaints import begun
from tests.stories.days import EVENING, diaries, diary, town_of
from tests.stories.staff import Robin
from tests.town import Town, numbers_of
from workflows import cadences, companies, planner
from workflows.doctor import unexplained
from workflows.preview import preview

pytestmark = pytest.mark.slow  # days on days of simulated time

MONDAY = date(2026, 3, 2)

# 15. Switching on: what is old is passed over, or begins at the first step as if it were new


def test_on_the_first_day_old_invoices_are_neither_passed_over_nor_stormed() -> None:
    """One system skips what was overdue before, others begin at stage one, or at once at the stage it has reached."""
    due = {"D95": date(2025, 11, 27), "D80": date(2025, 12, 12), "D38": date(2026, 1, 23), "D10": date(2026, 2, 20)}
    book = [(number, "moss" if number == "D95" else "fern", day) for number, day in due.items()]
    with town_of("quickbooks", *book) as town:
        told = diaries(town, list(due), MONDAY, date(2026, 3, 11))
        assert told.pop("D95") == ["02 Mar to 11 Mar: old-at-start"]  # over ninety days: a person begins
        for days in told.values():
            assert days == [
                "02 Mar: LATE-4",  # what is true, in gentle words, and one message for all three
                "03 Mar to 09 Mar: not-yet",
                "10 Mar: LATE-12",  # one rung at a time, whatever rung each would have reached
                "11 Mar: not-yet",
            ]
        assert len(town.mails()) == 2
        assert "3 invoices below are past their due day" in town.mails()[0].text, "not as if they were new"
        assert (unexplained(town.rt), planner.sweep(town.rt)) == ([], 0)
        with town.rt.store.read() as session:
            assert set(session.scalars(select(MissedStep.step))) == {"heads-up", "due-today"}


# 16. A past-due reminder on the morning after the invoice was first sent


def test_an_invoice_written_today_is_not_past_due_tomorrow_whatever_its_due_date() -> None:
    """The due date was all that counted: who got the invoice on Monday was reminded of it on Tuesday."""
    town = Town()
    for number, due in (("PAST", date(2026, 2, 10)), ("SHORT", date(2026, 3, 3)), ("USUAL", date(2026, 3, 16))):
        town.customer("xero", number.lower())
        town.open("xero", number, number.lower(), due, issued=MONDAY)
    with begun(town, "xero"):
        Robin(town, "xero", 0).use(cadences.shipped_library()["early-intervention"])
        assert diaries(town, ["PAST", "SHORT", "USUAL"], MONDAY, date(2026, 3, 11)) == {
            "PAST": ["02 Mar to 04 Mar: not-yet", "05 Mar: LATE-4", "06 Mar to 11 Mar: not-yet"],
            "SHORT": [
                "02 Mar: HEADS-UP",
                "03 Mar: gap",
                "04 Mar to 08 Mar: not-yet",
                "09 Mar: LATE-4",
                "10 Mar to 11 Mar: not-yet",
            ],
            "USUAL": ["02 Mar: not-yet", "03 Mar: WELCOME", "04 Mar to 10 Mar: not-yet", "11 Mar: HEADS-UP"],
        }


def test_an_invoice_dated_back_is_not_past_due_on_the_morning_after_it_was_written() -> None:
    """It was dated four weeks ago and written, and mailed, on Monday evening."""
    town = Town()
    town.customer("xero", "fern")
    town.open("xero", "A-1", "fern", date(2026, 6, 1))
    with begun(town, "xero"):
        town.at(date(2026, 3, 9), EVENING)
        late = BookInvoice("A-2", "fern", date(2026, 2, 1), date(2026, 2, 26), Decimal(100), "GBP")
        town.xero.add_invoice(town.tenants["xero"], late)
        town.xero.mail(town.tenants["xero"], "A-2")
        assert diary(town, "A-2", date(2026, 3, 10), date(2026, 3, 13)) == [
            "10 Mar to 11 Mar: not-yet",
            "12 Mar: LATE-4",
            "13 Mar: not-yet",
        ]


# 18. It cannot be tried without waiting for days


@pytest.mark.slow  # sixty days
def test_what_the_preview_shows_for_sixty_days_is_what_then_happens_day_by_day() -> None:
    """To see what a setting does one had to make an overdue invoice and wait some days for each reminder."""
    town = Town()
    for customer in ("fern", "moss", "reed", "rush"):
        town.customer("xero", customer)
    for number, customer, due in _book():
        town.open("xero", number, customer, due)
    with begun(town, "xero"):
        company = town.company("xero").id
        companies.set_live(town.rt, company, on=False)
        shown = preview(town.rt, company, 60)
        assert town.mails() == [], "looking sends nothing"
        companies.set_live(town.rt, company, on=True)
        foretold = [(one.moment, one.step, one.recipients, sorted(one.invoice_numbers)) for one in shown.messages]
        town.at(MONDAY + timedelta(days=60), 6)
        happened = [
            (mail.received_at, mail.header("X-Dunlin-Step"), mail.recipients, sorted(numbers_of(mail)))
            for mail in town.mails()
        ]
        assert sorted(happened) == sorted(foretold), "the order within a moment is nobody's promise"
        assert [one.account_name for one in shown.silences] == ["Rush"]
        assert town.causes("RUSH") == {"old-at-start"}
        assert "03 Apr" not in {f"{mail.received_at:%d %b}" for mail in town.mails()}, "Good Friday"
        assert len(happened) > 12


def _book() -> list[tuple[str, str, date]]:
    """Old and new, some together, one whose step falls on Good Friday, and one that is for a person."""
    return [
        ("FERN-1", "fern", date(2026, 2, 20)),
        ("FERN-2", "fern", date(2026, 3, 6)),
        ("FERN-3", "fern", date(2026, 4, 3)),
        ("MOSS-1", "moss", date(2026, 3, 30)),
        ("REED-1", "reed", date(2026, 1, 5)),
        ("REED-2", "reed", date(2026, 3, 16)),
        ("RUSH", "rush", date(2025, 10, 1)),
    ]

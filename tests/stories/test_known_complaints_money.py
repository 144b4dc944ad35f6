"""Known complaints about sums: open credit, part payments, two currencies, fees that nobody agreed to."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from sandbox.books import BookInvoice
from tests.stories.complaints import LATE, begun
from tests.stories.days import BOTH, EVENING, diaries, diary, town_of
from tests.stories.staff import robins
from tests.town import Town, numbers_of
from workflows import terms
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

MONDAY = date(2026, 3, 2)

# 12. Credit notes that are not applied yet are ignored


@BOTH
def test_who_has_open_credit_is_not_asked_for_what_it_covers(kind: str) -> None:
    """Open items were chased one by one; the credit note that made up for them stood beside them and did not count."""
    town = Town()
    for customer in ("fern", "moss"):
        town.customer(kind, customer)
        town.open(kind, f"{customer.upper()}-OLD", customer, LATE)
        town.open(kind, f"{customer.upper()}-NEW", customer, LATE, "60.00")
    with begun(town, kind):
        tenant = town.tenants[kind]
        town.twin(kind).credit(tenant, "CN-1", "fern", MONDAY, Decimal(100))
        town.twin(kind).credit(tenant, "CN-2", "moss", MONDAY, Decimal(25))
        assert diaries(town, ["FERN-OLD", "FERN-NEW", "MOSS-OLD"], MONDAY, date(2026, 3, 4)) == {
            "FERN-OLD": ["02 Mar to 04 Mar: covered-by-credit"],
            "FERN-NEW": ["02 Mar: LATE-4", "03 Mar to 04 Mar: not-yet"],
            "MOSS-OLD": ["02 Mar: LATE-4", "03 Mar to 04 Mar: not-yet"],
        }
        fern, moss = sorted(town.mails(), key=lambda mail: mail.recipients)
        assert (numbers_of(fern), "FERN-OLD" in fern.text) == (["FERN-NEW"], False)
        assert re.search(r"You also have an open credit of .25\.00 with us", moss.text), "what covers no whole is named"


# 13. Part-paid: wrong balance, wrong words, wrong totals


@BOTH
def test_what_was_paid_is_thanked_for_and_only_the_rest_is_asked_for(kind: str) -> None:
    """After a part payment the whole sum was asked for again; over two invoices the total was that of neither."""
    town = Town()
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", LATE)
    town.open(kind, "A-2", "fern", LATE, "250.50")
    with begun(town, kind):
        town.transfer(kind, "A-1", "60.00")
        town.transfer(kind, "A-2", "0.50")
        town.at(MONDAY, EVENING)
        (mail,) = town.mails()
        sign = "$" if kind == "quickbooks" else "£"
        lines = [line.strip() for line in mail.text.splitlines() if sign in line]
        assert [re.findall(rf"{re.escape(sign)}[\d.,]+\d", line) for line in lines] == [
            [f"{sign}40.00", f"{sign}100.00"],  # still open of
            [f"{sign}250.00", f"{sign}250.50"],
            [f"{sign}290.00"],
        ]
        assert lines[2] == f"Together: {sign}290.00"
        assert "Thank you for what is already settled." in mail.text


def test_one_part_paid_invoice_is_told_in_a_sentence_that_is_true() -> None:
    """The template said that the invoice had not been paid."""
    with town_of("xero", ("A-1", "fern", LATE)) as town:
        town.transfer("xero", "A-1", "60.00")
        town.at(MONDAY, EVENING)
        words = " ".join(town.mails()[0].text.split())
        assert "Invoice A-1 for £100.00, of which £40.00 is open, was due on 26 February" in words
        assert "we have not seen the rest yet. Thank you for the £60.00 already settled." in words


def test_two_currencies_are_never_added() -> None:
    """A total over euros and pounds had the sign of one of them."""
    town = Town()
    town.customer("xero", "fern")
    town.open("xero", "A-1", "fern", LATE)
    town.open("xero", "A-2", "fern", LATE, "30.00")
    town.open("xero", "A-3", "fern", LATE, "70.00", currency="EUR")
    with begun(town, "xero"):
        town.transfer("xero", "A-1", "40.00")
        town.at(MONDAY, EVENING)
        (mail,) = town.mails()
        assert sorted(re.findall(r"Together: (\S+)", mail.text)) == ["£90.00", "€70.00"]
        assert "160" not in mail.text + mail.subject


# 14. Late fees and interest: lost, closed too early, or only ever a threat

FEE = re.compile(r"\b(fee|fees|interest|penalty|surcharge|charge|charged)\b", re.IGNORECASE)


def test_a_fee_stays_open_as_long_as_the_ledger_has_it_and_dunlin_adds_none() -> None:
    """The reminder reckoned interest by itself, and closed all as paid when the invoice was paid and the fee not."""
    with town_of("quickbooks", ("A-1", "fern", LATE)) as town:
        assert diary(town, "A-1", MONDAY, MONDAY) == ["02 Mar: LATE-4"]
        about = town.books["quickbooks"].about
        fee = BookInvoice("FEE-1", "fern", MONDAY, date(2026, 3, 6), Decimal("5.00"), about.currency, "Agreed fee")
        town.quickbooks.add_invoice(town.tenants["quickbooks"], fee)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 4)) == ["03 Mar to 04 Mar: not-yet"]
        town.transfer("quickbooks", "A-1", "100.00")
        assert diaries(town, ["A-1", "FEE-1"], date(2026, 3, 5), date(2026, 3, 11)) == {
            "A-1": ["05 Mar to 11 Mar: paid"],
            "FEE-1": [
                "05 Mar: HEADS-UP",
                "06 Mar to 08 Mar: gap",
                "09 Mar: not-yet",
                "10 Mar: LATE-4",
                "11 Mar: not-yet",
            ],
        }
        last = town.mails()[-1]
        assert numbers_of(last) == ["FEE-1"]
        assert set(re.findall(r"\$([\d.,]+\d)", last.text)) == {"5.00"}, "what the ledger has, to the cent"
        first = town.mails()[0]
        assert (numbers_of(first), FEE.findall(first.subject + first.text)) == (["A-1"], [])


def test_a_person_may_name_a_fee_only_where_it_was_agreed() -> None:
    """Elsewhere fees are in every template, and nobody means to ask for them."""
    due, fee = "Invoice W-1 was due on 26 February.", "A late fee of £25 has been added."
    with robins("xero", ("W-1", "fern", LATE)) as (town, robin):
        town.at(date(2026, 3, 3))
        for words in (fee, "Interest of 8% a month will be added to your account."):
            with pytest.raises(Refusal, match="“"):
                robin.approve("Your invoice", f"{due}\n\n{words}")
        assert diary(town, "W-1", date(2026, 3, 3), date(2026, 3, 4)) == ["03 Mar to 04 Mar: awaiting-approval"]
        company = town.company("xero").id
        terms.give(town.rt, company, None, LATE, "Terms of payment", "Late invoices bear a fee of £25.", b"", robin.id)
        robin.approve("Your invoice", f"{due}\n\n{fee}")
        assert diary(town, "W-1", date(2026, 3, 5), date(2026, 3, 5)) == ["05 Mar: LATE-4"]
        assert fee in town.mails()[0].text


# 17. A part payment moves the anchor: a step is skipped and a harsher one is said


def test_after_a_part_payment_the_same_word_comes_again_and_never_a_harsher_one() -> None:
    """The clock ran from the oldest unpaid item; a part payment moved it, and the next word was two steps firmer."""
    with town_of("xero", ("PART", "fern", LATE), ("NONE", "moss", LATE)) as town:
        assert diary(town, "PART", MONDAY, date(2026, 3, 9)) == ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet"]
        town.transfer("xero", "PART", "60.00")  # the evening before late-12
        assert diaries(town, ["PART", "NONE"], date(2026, 3, 10), date(2026, 3, 12)) == {
            "PART": ["10 Mar: LATE-4", "11 Mar to 12 Mar: not-yet"],
            "NONE": ["10 Mar: LATE-12", "11 Mar to 12 Mar: not-yet"],
        }
        town.transfer("xero", "PART", "10.00")
        assert diary(town, "PART", date(2026, 3, 13), date(2026, 3, 14)) == ["13 Mar to 14 Mar: part-payments"]


def test_paying_the_older_invoice_makes_the_word_about_the_younger_no_firmer() -> None:
    """The younger one inherited the stage of the older one that had just been paid."""
    with town_of("xero", ("OLD", "fern", LATE), ("YOUNG", "fern", date(2026, 3, 6))) as town:
        assert diaries(town, ["OLD", "YOUNG"], MONDAY, date(2026, 3, 9)) == {
            "OLD": ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet"],
            "YOUNG": ["02 Mar: LATE-4", "03 Mar to 05 Mar: not-yet", "06 Mar: DUE-TODAY", "07 Mar to 09 Mar: not-yet"],
        }
        town.transfer("xero", "OLD", "100.00")
        assert diary(town, "YOUNG", date(2026, 3, 10), date(2026, 3, 12)) == [
            "10 Mar: LATE-4",
            "11 Mar to 12 Mar: not-yet",
        ]

"""A new invoice under early intervention: a welcome with its copy, and copies for the people the cadence names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from core.cadence import Reason
from core.inheritance import Level
from sandbox.mailbox import Mail
from tests.stories.days import BOTH, EVENING, diary
from tests.town import MONDAY, Town
from workflows import library, reasons

TUESDAY = date(2026, 3, 3)


def town_with(kind: str) -> Town:
    """One invoice issued on the Monday, due in thirty days."""
    town = Town(cadence="early-intervention")
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", date(2026, 4, 1), issued=MONDAY.date())
    return town.begin(kinds=[kind])


@pytest.fixture
def town() -> Iterator[Town]:
    made = town_with("xero")
    yield made
    made.close()


def papers(mail: Mail) -> list[str]:
    found = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return [str(part.get_filename()) for part in found.iter_attachments() if part.get_content()[:5] == b"%PDF-"]


@BOTH
def test_the_day_after_it_was_issued_it_is_welcomed_with_its_copy(kind: str) -> None:
    town = town_with(kind)
    try:
        assert diary(town, "A-1", date(2026, 3, 2), TUESDAY) == ["02 Mar: not-yet", "03 Mar: WELCOME"]
        (mail,) = town.mails()
        assert papers(mail) == ["A-1.pdf"]
        assert "attached" in mail.text
    finally:
        town.close()


def test_what_the_ledger_has_mailed_is_not_sent_a_second_time(town: Town) -> None:
    town.xero.mail(town.tenants["xero"], "A-1")
    town.at(TUESDAY, EVENING)
    (mail,) = town.mails()
    assert (town.steps("A-1"), papers(mail)) == (["welcome"], [])
    assert "attached" not in mail.text


def test_the_customer_says_that_all_is_in_order_and_hears_the_next_word_as_before(town: Town) -> None:
    town.at(TUESDAY, EVENING)
    invoice = town.invoice("A-1")
    reasons.tell(town.rt, invoice.account_id, [invoice.uid], Reason.IN_ORDER)
    assert diary(town, "A-1", date(2026, 3, 25), date(2026, 3, 27)) == [
        "25 Mar to 26 Mar: not-yet",
        "27 Mar: HEADS-UP",
    ]


def test_whom_the_cadence_names_gets_a_copy_and_nobody_sees_the_hidden_one(town: Town) -> None:
    company = town.company("xero")
    wanted = {"normal": {"cc": ["site@wren.example"], "bcc": ["file@wren.example"], "reply_to": "ada@wren.example"}}
    library.change(town.rt, town.practice_id, Level.COMPANY, wanted, company_id=company.id)
    town.at(TUESDAY, EVENING)
    (mail,) = town.mails()
    assert set(mail.recipients) == {"fern@customers.example", "site@wren.example", "file@wren.example"}
    assert (mail.header("To"), mail.header("Cc")) == ("fern@customers.example", "site@wren.example")
    assert "ada@wren.example" in mail.header("Reply-To")
    assert b"file@wren.example" not in mail.raw

"""Known complaints about who hears, how often, with which papers, and from whom."""

from __future__ import annotations

from datetime import date

import pytest

from core.inheritance import Level
from models import Account
from tests.stories.complaints import LATE, begun, papers
from tests.stories.days import BOTH, EVENING, diaries, diary, town_of
from tests.stories.own_mailbox import OWNER, mail_server, prove, reminders, set_up
from tests.stories.staff import Robin
from tests.town import Town, numbers_of
from workflows import library

pytestmark = pytest.mark.slow  # days on days of simulated time

MONDAY = date(2026, 3, 2)

# 7. An own cadence for one customer, or for persons and not for companies

GENTLE = """\
name = "{name}"
title = "A few words"
[[step]]
name = "{name}-word"
offset = {days}
tone = "kind"
template = "late-4"
[[step]]
name = "{name}-more"
offset = {more}
tone = "kind"
template = "late-12"
"""


def test_persons_and_one_dear_customer_have_cadences_of_their_own() -> None:
    """One schedule stood in the settings, and everybody had it: the big company and the old lady."""
    with town_of("xero", ("FIRM", "fern", LATE), ("PERSON", "moss", LATE), ("DEAR", "reed", LATE)) as town:
        person, dear, company = town.account("PERSON").id, town.account("DEAR").id, town.company("xero").id
        with town.rt.store.write() as session:
            session.get_one(Account, person).segment = "persons"
        calm = library.save(town.rt, town.practice_id, GENTLE.format(name="persons", days=7, more=30)).id
        own = library.save(town.rt, town.practice_id, GENTLE.format(name="dear", days=12, more=40)).id
        given = town.rt, town.practice_id
        library.change(*given, Level.SEGMENT, {}, company_id=company, segment="persons", version_id=calm)
        library.change(*given, Level.ACCOUNT, {}, company_id=company, account_id=dear, version_id=own)
        assert diaries(town, ["FIRM", "PERSON", "DEAR"], MONDAY, date(2026, 3, 11)) == {
            "FIRM": ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar: not-yet"],
            "PERSON": ["02 Mar to 04 Mar: not-yet", "05 Mar: PERSONS-WORD", "06 Mar to 11 Mar: not-yet"],
            "DEAR": ["02 Mar to 09 Mar: not-yet", "10 Mar: DEAR-WORD", "11 Mar: not-yet"],
        }


# 8. The wrong recipient; another contact than the customer's first; a copy for the person on site

COPIED = """\
name = "copied"
title = "With a copy"
[normal]
cc = ["foreman@larch.example"]
[[step]]
name = "late-4"
offset = 4
tone = "kind"
[[step]]
name = "late-12"
offset = 12
tone = "kind"
"""


def test_each_invoice_is_spoken_about_to_its_own_readers_and_the_person_on_site_has_a_copy() -> None:
    """Reminders went to the customer's first contact alone, whoever had got the invoice, and nobody could be added."""
    town = Town()
    for customer in ("house", "tower"):
        town.customer("quickbooks", customer, "", f"owner@{customer}.example")
    town.open("quickbooks", "SITE", "house", LATE, emails=("site.books@house.example",))
    town.open("quickbooks", "OFFICE", "house", LATE)
    town.open("quickbooks", "TOWER", "tower", LATE, emails=("invoices@tower.example",))
    with begun(town, "quickbooks"):
        Robin(town, "quickbooks", 0).use(COPIED)
        tower, company = town.account("TOWER").id, town.company("quickbooks").id
        reminded = {"normal": {"to": ["ann@tower.example"]}}  # another than who gets the invoices
        library.change(town.rt, town.practice_id, Level.ACCOUNT, reminded, company_id=company, account_id=tower)
        assert diaries(town, ["SITE", "OFFICE", "TOWER"], MONDAY, date(2026, 3, 5)) == {
            "SITE": ["02 Mar: LATE-4", "03 Mar to 05 Mar: not-yet"],
            "OFFICE": ["02 Mar: one-a-day", "03 Mar: gap", "04 Mar: LATE-4", "05 Mar: not-yet"],
            "TOWER": ["02 Mar: LATE-4", "03 Mar to 05 Mar: not-yet"],
        }
        heard = {mail.header("X-Dunlin-Invoices"): (mail.header("To"), mail.header("Cc")) for mail in town.mails()}
        assert heard == {
            "SITE": ("site.books@house.example", "foreman@larch.example"),
            "OFFICE": ("owner@house.example", "foreman@larch.example"),
            "TOWER": ("ann@tower.example", "foreman@larch.example"),
        }
        assert {len(mail.recipients) for mail in town.mails()} == {2}, "nobody else, not even hidden"


# 10. One mail for each invoice floods the customer


@BOTH
def test_six_late_invoices_make_one_message_with_one_sum(kind: str) -> None:
    """Reminders hung on invoices: who was late with six had six mails on one morning, and six a week later."""
    numbers = [f"A-{place}" for place in range(1, 7)]
    with town_of(kind, *((number, "fern", date(2026, 2, 26)) for number in numbers)) as town:
        told = diaries(town, numbers, MONDAY, date(2026, 3, 10))
        for days in told.values():
            assert days == ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12"]
        first, second = town.mails()
        assert sorted(numbers_of(first)) == sorted(numbers_of(second)) == numbers
        assert f"Together: {'$' if kind == 'quickbooks' else '£'}600.00" in first.text
        assert "6 invoices" in first.subject


def test_invoices_on_different_steps_still_make_one_message_led_by_the_firmest() -> None:
    """A mail for each invoice and each step: the customer read the soft and the firm one in the same minute."""
    due = {"LONG": date(2026, 2, 5), "SOME": date(2026, 2, 12), "NEW": date(2026, 2, 26), "SOON": date(2026, 3, 7)}
    with town_of("xero", *((number, "fern", day) for number, day in due.items())) as town:
        town.at(MONDAY, EVENING)
        (mail,) = town.mails()
        lines = sorted(mail.header("X-Dunlin-Lines").split(", "))
        assert (mail.header("X-Dunlin-Step"), lines) == (
            "late-4",
            ["LONG=late-4", "NEW=late-4", "SOME=late-4", "SOON=heads-up"],
        )


# 11. Attach the invoices to the statement

WITH_COPIES = """\
name = "with-copies"
title = "A statement with its invoices"
[[step]]
name = "statement"
anchor = "month"
offset = 3
tone = "friendly"
attach = ["invoice"]
[[step]]
name = "late-30"
offset = 30
tone = "kind"
template = "late-12"
"""


@BOTH
def test_a_statement_comes_with_every_invoice_that_it_names(kind: str) -> None:
    """The statement listed numbers; nearly everybody wrote back and asked for the invoices."""
    town = Town()
    town.customer(kind, "fern")
    numbers = ["A-1", "A-2", "A-3"]
    for number in numbers:
        town.open(kind, number, "fern", date(2026, 3, 9))
    with begun(town, kind):
        Robin(town, kind, 0).use(WITH_COPIES)
        for days in diaries(town, numbers, MONDAY, date(2026, 3, 4)).values():
            assert days == ["02 Mar: not-yet", "03 Mar: STATEMENT", "04 Mar: not-yet"]
        (mail,) = town.mails()
        found = papers(mail)
        assert sorted(found) == ["A-1.pdf", "A-2.pdf", "A-3.pdf"]
        assert all(paper.startswith(b"%PDF-") for paper in found.values())
        assert len(set(found.values())) == 3, "each is its own"
        assert "Copies are attached." in mail.text


# 19. It comes from the software's address, looks like a robot's, and is filtered


def test_it_comes_from_the_companys_own_address_by_name_to_one_reader_at_a_time() -> None:
    """From the vendor's servers, without a name and in HTML alone: the customers' filters put it with the junk."""
    with town_of("xero", ("A-1", "fern", LATE), ("B-1", "moss", LATE)) as town, mail_server(town) as server:
        set_up(town, server, name="Ann of Wren Studio", reply_to="ann@wren.example")
        prove(town, server)
        assert diary(town, "A-1", MONDAY, date(2026, 3, 3)) == ["02 Mar to 03 Mar: not-yet"]  # not by the house's way
        first, second = sorted(reminders(server), key=lambda mail: mail.recipients)
        for mail, name in ((first, "Fern"), (second, "Moss")):
            assert mail.recipients == (f"{name.lower()}@customers.example",)
            assert mail.header("To") == f"{name.lower()}@customers.example"
            assert (mail.sender, mail.header("From")) == (OWNER, f"Ann of Wren Studio <{OWNER}>")
            assert "ann@wren.example" in mail.header("Reply-To")
            assert mail.message_id.endswith("@wren.example>")
            assert mail.text.startswith(f"Hello {name},"), "a person is greeted, in words without markup"
            assert "£100.00" in mail.text
            assert "£100.00" in mail.html
            assert "dunlin" not in mail.text.lower().replace("https://dunlin.test", "")
        assert town.mails() == []

"""Stories of terms: they go along once, with the welcome of a customer's first invoice, and stand on their page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

import app as house
from models import EffectState, TermsGiven
from sandbox.mailbox import Mail
from tests.stories.days import BOTH, EVENING, OPENING, effects_of
from tests.stories.staff import Robin
from tests.stories.test_calls import LETTER
from tests.town import MONDAY, PUBLIC, Town, numbers_of
from workflows import cadences, desk, door, effects, enclosed, planner, sending, sign_ins, terms, typesetting
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

TUESDAY, THURSDAY, FRIDAY = (date(2026, 3, day) for day in (3, 5, 6))
APRIL = date(2026, 4, 1)
A_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class Shop:
    """A town with one ledger under early intervention, and somebody who keeps the terms of its company."""

    def __init__(
        self,
        kind: str,
        *invoices: tuple[str, str, date],
        cadence: str = "early-intervention",
        site: str = "",
        days: int = 0,
    ) -> None:
        """Each invoice is (number, customer, the day on which it is issued), due 30 days later; mail about the one that
        is called `site` goes elsewhere. A person approves for so many `days`.
        """
        self.kind, self.town = kind, Town()
        for customer in dict.fromkeys(customer for _, customer, _ in invoices):
            self.town.customer(kind, customer)
        for number, customer, issued in invoices:
            emails = ("site@customers.example",) if number == site else ()
            self.town.open(kind, number, customer, issued + timedelta(days=30), issued=issued, emails=emails)
        self.town.begin(kinds=[kind])
        self.robin = Robin(self.town, kind, days)
        self.robin.use(cadences.shipped_library()[cadence])

    def give(self, text: str, since: date = date(2026, 1, 1), of: str = "", pdf: bytes = b"") -> None:
        """Terms for everybody, or for the account that invoice `of` belongs to."""
        account = self.town.account(of).id if of else None
        company = self.town.company(self.kind).id
        terms.give(self.town.rt, company, account, since, "Terms of payment", text, pdf, self.robin.id)

    def given(self) -> int:
        with self.town.rt.store.read() as session:
            return len(session.scalars(select(TermsGiven)).all())


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The first invoice of Fern is issued on the Monday, the second on the Thursday."""
    made = Shop("xero", ("A-1", "fern", MONDAY.date()), ("A-2", "fern", THURSDAY))
    yield made
    made.town.close()


def papers(mail: Mail) -> dict[str, str]:
    """What went along: each file's name, and what can be read in it."""
    found = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return {str(part.get_filename()): _read(part.get_content()) for part in found.iter_attachments()}


def _read(paper: bytes) -> str:
    assert paper.startswith(b"%PDF-")
    if paper == A_PDF:
        return "as given"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages).split())


TERMS = "terms-2026-01-01.pdf"


@BOTH
def test_the_first_invoice_brings_the_terms_and_the_second_does_not(kind: str) -> None:
    shop = Shop(kind, ("A-1", "fern", MONDAY.date()), ("A-2", "fern", THURSDAY))
    shop.give("Please pay within 30 days.\n\nOr talk to us.")
    try:
        shop.town.at(TUESDAY, EVENING)
        (first,) = shop.town.mails()
        assert list(papers(first)) == ["A-1.pdf", TERMS]
        assert "Please pay within 30 days. Or talk to us." in papers(first)[TERMS]
        assert "A copy is attached. Our terms are attached, for your records." in first.text
        assert shop.given() == 1
        shop.town.at(FRIDAY, EVENING)
        second = shop.town.mails("A-2")[0]
        assert list(papers(second)) == ["A-2.pdf"]
        assert "A copy is attached." in second.text
        assert "Our terms" not in second.text
        assert shop.given() == 1
    finally:
        shop.town.close()


def test_new_terms_go_once_with_the_first_welcome_after_their_day(shop: Shop) -> None:
    shop.give("Old ones.")
    shop.give("New ones.", since=THURSDAY)
    shop.town.at(TUESDAY, EVENING)
    shop.town.at(FRIDAY, EVENING)
    first, second = shop.town.mails()
    assert "Old ones." in papers(first)[TERMS]
    assert list(papers(second)) == ["A-2.pdf", "terms-2026-03-05.pdf"]
    assert "New ones." in papers(second)["terms-2026-03-05.pdf"]


def test_a_customer_gets_the_terms_that_were_agreed_with_them() -> None:
    shop = Shop("xero", ("A-1", "fern", MONDAY.date()), ("B-1", "moss", MONDAY.date()))
    shop.give("", pdf=A_PDF)
    shop.give("Moss has 60 days.", of="B-1")
    shop.town.at(TUESDAY, EVENING)
    assert papers(shop.town.mails("A-1")[0])[TERMS] == "as given"
    assert "Moss has 60 days." in papers(shop.town.mails("B-1")[0])[TERMS]
    shop.town.close()


def test_what_the_ledger_has_mailed_stays_behind_and_the_terms_go(shop: Shop) -> None:
    shop.give("Please pay within 30 days.")
    shop.town.xero.mail(shop.town.tenants["xero"], "A-1")
    shop.town.at(TUESDAY, EVENING)
    (mail,) = shop.town.mails()
    assert list(papers(mail)) == [TERMS]
    assert "Our terms are attached, for your records." in mail.text
    assert "copy" not in mail.text.split("Our terms")[0].rpartition("\n\n")[2]


def test_nothing_is_said_of_terms_where_there_are_none(shop: Shop) -> None:
    shop.give("For later.", since=APRIL)
    shop.town.at(TUESDAY, EVENING)
    (mail,) = shop.town.mails()
    assert list(papers(mail)) == ["A-1.pdf"]
    assert "terms" not in mail.text


def test_terms_that_cannot_be_set_stay_behind_and_are_given_another_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop.give("Please pay within 30 days.")
    with monkeypatch.context() as broken:
        broken.setattr(typesetting, "HOME", tmp_path)
        shop.town.at(TUESDAY, EVENING)
    (mail,) = shop.town.mails()
    assert (list(papers(mail)), "terms" in mail.text, shop.given()) == (["A-1.pdf"], False, 0)
    shop.town.at(FRIDAY, EVENING)
    assert list(papers(shop.town.mails()[1])) == ["A-2.pdf", TERMS]


def test_terms_that_were_in_a_mail_nobody_took_go_with_the_next(shop: Shop) -> None:
    shop.give("Please pay within 30 days.")
    shop.town.mailbox.plan_fault("refuse-after-data", times=sending.TRIES)
    shop.town.at(TUESDAY, EVENING)
    assert (shop.town.mails(), shop.given()) == ([], 0)
    shop.town.at(date(2026, 3, 4), EVENING)
    (mail,) = shop.town.mails()
    assert list(papers(mail)) == ["A-1.pdf", TERMS]
    assert shop.given() == 1


def test_terms_in_a_mail_that_is_in_doubt_count_as_given_until_a_person_knows_better(shop: Shop) -> None:
    shop.give("Please pay within 30 days.")
    shop.town.mailbox.plan_fault("drop-after-data")
    shop.town.at(TUESDAY, EVENING)
    (touch,) = shop.town.touches()
    assert (touch.state, shop.given()) == ("in_doubt", 1)
    desk.settle_touch(shop.town.rt, touch.id, False, shop.robin.id)
    assert shop.given() == 0
    shop.town.at(FRIDAY, EVENING)
    assert TERMS in papers(shop.town.mails()[1])
    assert shop.given() == 1


def test_of_two_that_would_give_them_at_once_the_second_goes_without(shop: Shop) -> None:
    rt, company = shop.town.rt, shop.town.company("xero").id
    shop.town.at(TUESDAY, EVENING)
    shop.give("Please pay within 30 days.")
    shop.town.at(FRIDAY, OPENING["xero"] - 1)
    shop.town.clock.move(shop.town.now + timedelta(hours=2))
    planner.plan_due(rt)
    shop.town.clock.move(max(one.not_before for one in effects_of(shop.town)))
    (effect,) = effects.claim(rt, company, "us")
    door.read(rt, company, [effect.account_id])
    found = enclosed.papers(rt, effect)
    ready = sending.ask_again(rt, effect, found)
    assert ready is not None
    assert (found.kinds, [one.name for one in ready.envelope.attachments]) == (("invoice", "terms"), ["A-2.pdf", TERMS])
    (other,) = shop.town.touches()
    with rt.store.write() as session:  # meanwhile they leave with another message
        terms.given_with(session, found.terms_id or 0, other)
    assert not sending.write_down(rt, effect, ready, EffectState.SENDING, found.keep)
    assert (len(shop.town.touches()), shop.given()) == (1, 1)
    shop.town.at(FRIDAY, EVENING)
    (mail,) = shop.town.mails("A-2")
    assert list(papers(mail)) == ["A-2.pdf"]
    assert "terms" not in mail.text


def test_words_a_person_approved_leave_with_their_papers() -> None:
    shop = Shop("xero", ("A-1", "fern", MONDAY.date()), days=7)
    shop.give("Please pay within 30 days.")
    shop.town.at(TUESDAY, OPENING["xero"])
    shop.robin.approve("Welcome", "It was good to work with you.")
    shop.town.at(TUESDAY, EVENING)
    (mail,) = shop.town.mails()
    assert (mail.subject, list(papers(mail))) == ("Welcome", ["A-1.pdf", TERMS])
    assert "A copy is attached. Our terms are attached, for your records." in mail.text
    shop.town.close()


def test_a_letter_says_what_is_enclosed_and_the_page_has_it_to_print() -> None:
    shop = Shop("xero", ("W-1", "fern", date(2026, 1, 26)))  # five days late on the Monday
    with_papers = 'offset = 4\nattach = ["invoice", "statement", "terms"]\n'
    shop.robin.use(LETTER.replace("offset = 4\n", with_papers))
    shop.give("Please pay within 30 days.")
    shop.town.at(TUESDAY)
    (task,) = shop.robin.tasks()
    (letter,) = shop.town.touches()
    said = "A copy of the invoice is enclosed. A statement of your account is enclosed. Our terms are enclosed"
    assert said in letter.text
    assert said in letter.html
    assert (shop.town.mails(), shop.given()) == ([], 1)
    client = house.create_app(shop.town.settings, shop.town.rt).test_client()
    with client.session_transaction(base_url=PUBLIC) as kept:
        kept["browser"] = sign_ins.begin(shop.town.rt, shop.robin.id, "")
    page = client.get(f"/tasks/{task.uid}", base_url=PUBLIC).text
    links = re.findall(r'<li><a href="([^"]+pdf[^"]*)">', page)
    read = [_read(client.get(link, base_url=PUBLIC).data) for link in links]
    assert ["W-1" in read[0], "Statement of account" in read[1], "within 30 days" in read[2]] == [True] * 3
    shop.town.close()


def test_a_fee_may_be_named_only_to_whom_there_are_terms_for() -> None:
    fee = "A late fee of £20.00 has been added to the invoice."
    shop = Shop("xero", ("A-1", "fern", MONDAY.date()), days=7)
    shop.town.at(TUESDAY, OPENING["xero"])
    with pytest.raises(Refusal, match="terms that the customer was given before"):
        shop.robin.approve("Invoice A-1", fee)
    shop.give("We charge £20 when an invoice is late.", of="A-1")
    shop.robin.approve("Invoice A-1", fee)
    shop.town.close()


def test_a_statement_goes_along_with_its_message_and_takes_up_what_falls_on_the_same_day() -> None:
    late, fresh = date(2026, 1, 2), date(2026, 2, 20)
    invoices = (("A-1", "fern", late), ("A-2", "fern", fresh), ("B-1", "moss", fresh))
    shop = Shop("quickbooks", *invoices, cadence="statement-monthly", site="B-1")
    shop.give("Please pay within 30 days.")
    shop.town.at(TUESDAY, EVENING)
    (mail,) = shop.town.mails("A-1")
    assert (mail.header("X-Dunlin-Step"), numbers_of(mail)) == ("statement", ["A-1", "A-2"])
    assert list(papers(mail)) == ["statement-2026-03-03.pdf", TERMS]
    assert "A statement of your account is attached. Our terms are attached, for your records." in mail.text
    assert all(number in papers(mail)["statement-2026-03-03.pdf"] for number in ("A-1", "A-2"))
    (other,) = shop.town.mails("B-1")
    assert (other.header("X-Dunlin-Step"), other.recipients) == ("statement", ("site@customers.example",))
    assert list(papers(other)) == [TERMS], "the account's figures are not theirs to see"
    assert "A statement" not in other.text
    assert len(shop.town.mails()) == 2
    shop.town.close()


def test_the_terms_stand_on_the_customers_page() -> None:
    shop = Shop("xero", ("A-1", "fern", MONDAY.date()), ("B-1", "moss", MONDAY.date()))
    shop.give("Please pay within 30 days.")
    shop.give("Moss has 60 days.", of="B-1")
    shop.town.at(TUESDAY, EVENING)
    client = house.create_app(shop.town.settings, shop.town.rt).test_client()
    for number, words, others in (("A-1", "within 30 days", "60 days"), ("B-1", "60 days", "within 30 days")):
        link = re.search(r"https://\S+/p/\S+", shop.town.mails(number)[0].text)
        assert link is not None
        path = link[0].removeprefix(PUBLIC)
        assert f"{path}/terms" in client.get(path, base_url=PUBLIC).text
        page = client.get(f"{path}/terms", base_url=PUBLIC).text
        assert (words in page, others in page) == (True, False)
        paper = client.get(f"{path}/terms.pdf", base_url=PUBLIC)
        assert paper.headers["Content-Disposition"] == f'attachment; filename="{TERMS}"'
        assert words in _read(paper.data)
    shop.town.close()

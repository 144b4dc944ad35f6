"""Terms of a company or of one account: which count on which day, what is refused, and that they are given once."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import AuditEvent, Effect, EffectState, Terms, TermsGiven, Touch, User
from tests.workflows.office import Office
from workflows import sending, terms
from workflows.errors import Refusal
from workflows.terms import State

TODAY = date(2026, 3, 2)
NEXT_MONTH = date(2026, 4, 1)
LONG_AGO = date(2020, 1, 1)
A_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class Desk:
    """A person who keeps the terms of the office's company."""

    def __init__(self, office: Office) -> None:
        self.office, self.rt = office, office.rt
        with self.rt.store.write() as session:
            user = User(
                role="accountant",
                uid=self.rt.new_id(),
                practice_id=office.company.practice_id,
                email="robin@sandpiper.example",
                name="Robin Vale",
                password_hash="-",
                created_at=office.clock.now(),
            )
            session.add(user)
        self.user = user.id

    def give(
        self,
        since: date = LONG_AGO,
        title: str = "Terms of payment",
        text: str = "Pay in 30 days.",
        pdf: bytes = b"",
        own: bool = False,
    ) -> Terms:
        account = self.office.account_id if own else None
        return terms.give(self.rt, self.office.company.id, account, since, title, text, pdf, self.user)

    def count(self, day: date = TODAY, own: bool = True) -> str:
        """The title of what counts for the account (or for the company's customers) on a day; "" for nothing."""
        with self.rt.store.read() as session:
            account = self.office.account_id if own else None
            found = terms.in_force(session, self.office.company.id, account, day)
        return found.title if found else ""

    def states(self, own: bool = False) -> list[tuple[str, State, int]]:
        with self.rt.store.read() as session:
            account = self.office.account_id if own else None
            found = terms.known(session, self.office.company.id, account, TODAY)
        return [(one.terms.title, one.state, one.given) for one in found]

    def touch(self, number: int = 1) -> Touch:
        """A message that is about to leave."""
        self.office.want(f"message/{number}")
        effect = self.office.effects()[f"message/{number}"]
        row = Touch(
            uid=self.rt.new_id(),
            effect_id=effect.id,
            company_id=effect.company_id,
            account_id=effect.account_id,
            state=EffectState.SENDING.value,
            step="welcome",
            day=TODAY,
            message_id=f"<{number}@larch.example>",
            subject="Welcome",
            text="Hello",
            html="<p>Hello</p>",
            sending_at=self.office.clock.now(),
        )
        with self.rt.store.write() as session:
            session.add(row)
        return row

    def to_give(self) -> Terms | None:
        with self.rt.store.read() as session:
            return terms.to_give(session, self.office.company.id, self.office.account_id, TODAY)


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def said(paper: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages).split())


def test_of_several_those_count_that_began_last_and_not_after_the_day(desk: Desk) -> None:
    assert desk.count() == ""
    desk.give(LONG_AGO, "The first")
    desk.give(NEXT_MONTH, "The coming")
    desk.give(date(2024, 1, 1), "The second")
    assert desk.count(date(2019, 12, 31)) == ""
    assert desk.count(date(2023, 12, 31)) == "The first"
    assert desk.count(date(2024, 1, 1)) == "The second"
    assert desk.count(NEXT_MONTH - timedelta(days=1)) == "The second"
    assert desk.count(NEXT_MONTH) == "The coming"
    assert desk.states() == [
        ("The coming", State.COMING, 0),
        ("The second", State.IN_FORCE, 0),
        ("The first", State.PAST, 0),
    ]


def test_of_two_from_the_same_day_the_one_made_later_counts(desk: Desk) -> None:
    desk.give(title="With a mistake")
    desk.give(title="Put right")
    assert desk.count() == "Put right"


def test_what_one_customer_agreed_on_goes_before_newer_ones_of_the_company(desk: Desk) -> None:
    desk.give(LONG_AGO, "Agreed with Fern", own=True)
    desk.give(date(2026, 1, 1), "For everybody")
    assert (desk.count(), desk.count(own=False)) == ("Agreed with Fern", "For everybody")
    assert desk.count(date(2019, 1, 1)) == ""
    assert desk.states(own=True) == [("Agreed with Fern", State.IN_FORCE, 0)]
    assert desk.states() == [("For everybody", State.IN_FORCE, 0)]


def test_what_is_withdrawn_counts_no_more_and_what_was_before_does_again(desk: Desk) -> None:
    desk.give(LONG_AGO, "The first")
    second = desk.give(date(2024, 1, 1), "The second")
    terms.withdraw(desk.rt, second.id, desk.user)
    assert desk.count() == "The first"
    assert desk.states() == [("The second", State.WITHDRAWN, 0), ("The first", State.IN_FORCE, 0)]
    with pytest.raises(Refusal, match="withdrawn already"):
        terms.withdraw(desk.rt, second.id, desk.user)
    with desk.rt.store.read() as session:
        kinds = [one.kind for one in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert kinds[-3:] == ["terms-added", "terms-added", "terms-withdrawn"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"title": " \n"}, "a title"),
        ({"text": ""}, "either as a text or as a PDF"),
        ({"text": " \n\n "}, "either as a text or as a PDF"),
        ({"pdf": A_PDF}, "either as a text or as a PDF"),
        ({"text": "x" * 50_001}, "50,000 characters"),
        ({"text": "", "pdf": b"PK\x03\x04 a letter"}, "no PDF"),
        ({"text": "", "pdf": b"%PDF-1.7 cut off"}, "not a whole one"),
        ({"text": "", "pdf": b"%PDF-1.7" + b" " * 2_000_000 + b"%%EOF"}, "larger than 2 MB"),
        ({"since": date(1990, 1, 1)}, "last 30 years or the next 2"),
        ({"since": date(2028, 6, 1)}, "last 30 years or the next 2"),
        ({"since": date.max}, "last 30 years or the next 2"),
    ],
)
def test_what_cannot_be_terms_is_refused_in_a_sentence(desk: Desk, given: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        desk.give(**given)  # type: ignore[arg-type]
    assert desk.states() == []


def test_the_customer_of_another_company_cannot_be_given_ours(desk: Desk) -> None:
    with desk.rt.store.read() as session:
        company = session.get_one(type(desk.office.company), desk.office.company.id)
        values = {one.name: getattr(company, one.name) for one in company.__table__.columns if one.name != "id"}
    with desk.rt.store.write() as session:
        other = type(company)(**{**values, "uid": desk.rt.new_id()})
        session.add(other)
    with pytest.raises(Refusal, match="not one of that company's"):
        terms.give(desk.rt, other.id, desk.office.account_id, TODAY, "Ours", "Pay.", b"", desk.user)


def test_a_text_becomes_a_paper_with_its_paragraphs_and_lines(desk: Desk) -> None:
    row = desk.give(
        date(2026, 3, 1), "Terms\r\nof payment", "1. Pay.\r\n2. Ask\x00 us.\r\n\r\n\r\n\r\nThank \u202eyou.\r\n"
    )
    assert (row.title, row.text) == ("Terms of payment", "1. Pay.\n2. Ask us.\n\nThank you.")
    paper = terms.attachment(desk.rt, row)
    assert (paper.name, paper.type) == ("terms-2026-03-01.pdf", "application/pdf")
    assert said(paper.body) == "Larch & Co 1 March 2026 Terms of payment 1. Pay. 2. Ask us. Thank you. Larch & Co 1 / 1"
    assert terms.attachment(desk.rt, row).body == paper.body


def test_a_pdf_goes_along_as_it_was_given(desk: Desk) -> None:
    row = desk.give(text="", pdf=A_PDF)
    assert terms.attachment(desk.rt, row).body == A_PDF


def test_they_are_given_to_an_account_once(desk: Desk) -> None:
    row = desk.give()
    first, second = desk.touch(1), desk.touch(2)
    assert desk.to_give() is not None
    with desk.rt.store.write() as session:
        terms.given_with(session, row.id, first)
    assert desk.to_give() is None
    assert desk.states() == [("Terms of payment", State.IN_FORCE, 1)]
    with pytest.raises(IntegrityError), desk.rt.store.write() as session:
        terms.given_with(session, row.id, second)


def test_what_was_not_sent_was_not_given(desk: Desk) -> None:
    row, touch = desk.give(), desk.touch()
    with desk.rt.store.write() as session:
        terms.given_with(session, row.id, touch)
    with desk.rt.store.write() as session:
        sending.forget(session, touch.id)
    assert desk.to_give() is not None
    with desk.rt.store.read() as session:
        assert session.scalars(select(TermsGiven)).all() == []
        assert session.scalars(select(Effect)).all() != []


def test_fees_and_interest_need_terms(desk: Desk) -> None:
    company, account = desk.office.company.id, desk.office.account_id
    desk.give(NEXT_MONTH, "The coming")
    with desk.rt.store.read() as session:
        with pytest.raises(Refusal, match="add them on the page Terms first"):
            terms.required(session, company, account, TODAY)
        assert terms.required(session, company, account, NEXT_MONTH).title == "The coming"

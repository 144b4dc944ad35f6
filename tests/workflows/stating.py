"""Rows and looks that the tests of the statement share: money, payments, and what a page or a paper says."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from pypdf import PdfReader

from core.money import Money
from integrations.ledgers.base import LedgerPayment
from tests.workflows.office import Office
from workflows import statement_words, statements

SECOND = date(2026, 2, 20)


def gbp(amount: str) -> Money:
    return Money.parse(amount, "GBP")


def paid(id: str, amount: str, *invoices: str, customer: str = "c-1", day: date = SECOND) -> LedgerPayment:
    return LedgerPayment(id, customer, day, gbp(amount), applied=tuple((one, gbp(amount)) for one in invoices))


def written(office: Office, **wanted: object) -> statement_words.Written:
    with office.rt.store.read() as session:
        return statements.written(office.rt, session, office.account_id, **wanted)  # type: ignore[arg-type]


def pages(paper: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(paper)).pages]

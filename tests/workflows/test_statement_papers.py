"""The statement as a paper: what it says, how to pay and whom to ask, over however many pages, and to whom how much."""

from __future__ import annotations

from datetime import date

import pytest

from core.facts import InvoiceStatus
from integrations.ledgers.base import LedgerCredit, LedgerInvoice
from tests.workflows.office import Office, an_invoice
from tests.workflows.stating import SECOND, gbp, pages, paid, written
from workflows import links, statements, templating


def test_the_paper_says_who_what_how_to_pay_and_whom_to_ask(office: Office) -> None:
    office.change(office.company, email="hello@larch.example")
    office.read(office.clock.now(), invoices=(an_invoice("1", "60.00"),), payments=(paid("p", "40", "1"),))
    (page,) = pages(statements.pdf(office.rt, office.account_id))
    for words in (
        "Larch & Co",
        "2 March 2026",
        "Statement of account",
        "Fern",
        "1 Dec 2025 to 2 Mar 2026",
        "Opening balance £0.00",
        "1 Feb 2026 Invoice N-1, due 9 Mar 2026 £100.00 £100.00",
        "20 Feb 2026 Payment received, thank you For invoice N-1 -£40.00 £60.00",
        "Closing balance £60.00",
        "N-1 9 Mar 2026 £60.00 of £100.00",
        "Together £60.00",
        "See your account",
        "hello@larch.example",
        "Page 1 / 1",
    ):
        assert words in page, words


def test_its_link_opens_the_account_and_whoever_has_no_address_gets_none(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    address = written(office)["pay_url"]
    assert links.read(office.rt, address.rpartition("/")[2]).account_id == office.account_id
    assert address.encode() in statements.pdf(office.rt, office.account_id)
    office.change(office.account("c-1"), emails=[])
    assert written(office)["pay_url"] == ""
    assert "How to pay" not in pages(statements.pdf(office.rt, office.account_id))[0]


def test_nothing_open_asks_for_nothing(office: Office) -> None:
    assert "Nothing is open" in pages(statements.pdf(office.rt, office.account_id))[0]
    office.read(
        office.clock.now(),
        invoices=(an_invoice("1", "0", status=InvoiceStatus.PAID),),
        payments=(paid("p", "120", "1"),),
    )
    found = written(office)
    assert found["pay_url"] == ""
    assert found["parts"][0]["closing"]["what"] == "Closing balance"


def test_a_balance_in_favour_of_the_customer_says_so(office: Office) -> None:
    credit = LedgerCredit("o", "c-1", "overpayment", gbp("5"), issued=SECOND)
    office.read(office.clock.now(), credits=(credit,))
    closing = written(office)["parts"][0]["closing"]
    assert closing == {"what": "Closing balance, in your favour", "balance": "£5.00"}


def test_dates_and_amounts_are_written_as_the_customer_does(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    office.change(office.company, country="US")
    found = written(office)
    assert (found["size"], found["day"], found["parts"][0]["lines"][0]["day"]) == (
        "us-letter",
        "March 2, 2026",
        "Feb 1, 2026",
    )
    office.change(office.account("c-1"), language="nl")
    assert (written(office)["language"], written(office)["title"]) == ("en", "Statement of account")


@pytest.mark.parametrize("language", sorted(file.name for file in templating.HOME.iterdir() if file.is_dir()))
def test_the_paper_is_whole_in_every_language(office: Office, language: str) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1", "60.00"),), payments=(paid("p", "40", "1"),))
    office.change(office.account("c-1"), language=language)
    (page,) = pages(statements.pdf(office.rt, office.account_id))
    words = templating.words_of(language)["statement"]
    for name in ("title", "opening", "received", "movements", "together", "to-30", "ageing", "how_to_pay", "link"):
        assert words[name] in page, name
    assert page.endswith(f"{words['page']} 1 / 1")


def test_hundreds_of_movements_go_over_pages_that_all_say_what_their_columns_are(office: Office) -> None:
    office.read(office.clock.now(), invoices=tuple(an_invoice(str(number)) for number in range(150)))
    paper = statements.pdf(office.rt, office.account_id)
    found = pages(paper)
    assert len(found) > 5
    lines = [page for page in found if "1 Feb 2026" in page]
    assert len(lines) > 2
    assert all("Day What Amount Balance" in page for page in lines)
    assert b"pdfuaid" in paper
    assert found[-1].endswith(f"Page {len(found)} / {len(found)}")


def test_names_from_outside_are_only_ever_text(office: Office) -> None:
    odd = "#panic() *_$x$ \u202e <b>"
    office.change(office.account("c-1"), name=odd)
    office.read(office.clock.now(), invoices=(_odd(odd),))
    page = pages(statements.pdf(office.rt, office.account_id))[0]
    assert page.count("#panic() *_$x$ <b>") == 3


def _odd(number: str) -> LedgerInvoice:
    whole = gbp("100")
    return LedgerInvoice("1", "c-1", number, SECOND, None, whole, whole, InvoiceStatus.OPEN)


def test_it_goes_along_with_a_mail_named_by_its_day(office: Office) -> None:
    office.read(office.clock.now(), invoices=(an_invoice("1"),))
    file = statements.attachment(office.rt, office.account_id)
    assert (file.name, file.type) == ("statement-2026-03-02.pdf", "application/pdf")
    assert file.body == statements.pdf(office.rt, office.account_id)


# Who does not see the whole account


def test_a_reader_of_one_invoice_sees_that_invoice_its_age_and_no_movements(office: Office) -> None:
    mine = an_invoice("2", "70.00", due=date(2026, 2, 10), emails=("site@fern.example",))
    office.read(office.clock.now(), invoices=(an_invoice("1"), mine), payments=(paid("p", "30", "2"),))
    target = links.read(office.rt, links.make(office.rt, office.account("c-1"), ["site@fern.example"]))
    (page,) = pages(statements.pdf(office.rt, office.account_id, target=target))
    assert "Open invoices" in page
    assert "N-2 10 Feb 2026 £70.00 of £100.00" in page
    for hidden in ("N-1", "Opening balance", "Payment received", "Statement of account"):
        assert hidden not in page
    assert written(office, target=target)["pay_url"] == links.url_again(office.rt, target.said)

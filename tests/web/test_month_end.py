"""The page Month end: one sentence first, each difference with where it is put right, and no claim beyond that."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from models import (
    BankLine,
    Connection,
    Notice,
    Posting,
    Pulse,
    Reversal,
    UnreadableRow,
)
from tests.web import october as spoilt
from tests.web.edges import HTTPS, NOW, sign_in
from tests.web.october import OCTOBER, October, heading, page
from tests.web.world import World
from workflows import notices, reconcile


@pytest.fixture
def october(world: World) -> October:
    return October(world)


def listed(text: str) -> list[str]:
    return re.findall(r"<li><div><p>(.*?)</p>", text)


def test_a_company_without_anything_says_so_and_claims_nothing_of_a_ledger_never_read(
    world: World, ann: FlaskClient
) -> None:
    text = page(ann, world.tide)
    assert heading(text) == "Not everything was looked at."
    assert "Xero has not been read to its end yet." in text
    assert "Nothing was taken or written" in text


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: one.add(UnreadableRow(**_unreadable(one))), "One row of QuickBooks could not be read."),
        (lambda one: _tie(one, read_at=NOW - timedelta(days=2)), "QuickBooks was last read on 2026-11-16."),
        (lambda one: _tie(one, state="needs_reconnect"), "QuickBooks is not connected"),
        (lambda one: _tie(one, blind=True), "could not tell at the last reading what was deleted"),
        (lambda one: _pulse(one, NOW - timedelta(days=3)), "have not been asked about these payments since 2026-11-15"),
        (lambda one: _pulse(one, None), "have not been asked about these payments yet"),
        (
            lambda one: one.change(one.processor, payouts_read_at=NOW - timedelta(days=3)),
            "Payouts of Stripe were last read on 2026-11-15.",
        ),
    ],
)
def test_what_was_not_looked_at_is_never_said_to_agree(
    october: October, ann: FlaskClient, spoil: Any, said: str
) -> None:
    spoil(october)
    text = page(ann, october.company)
    assert heading(text) == "Not everything was looked at."
    assert said in text


def _unreadable(one: October) -> dict[str, Any]:
    about = {"uid": "row", "entity": "payment", "external_id": "9", "reason": "No sum.", "seen_at": NOW}
    return {"company_id": one.company.id, **about}


def _tie(one: October, **values: Any) -> None:
    with one.world.rt.store.write() as session:
        session.execute(update(Connection).where(Connection.company_id == one.company.id).values(**values))


def _pulse(one: October, at: datetime | None) -> None:
    with one.world.rt.store.write() as session:
        session.execute(update(Pulse).values(well_at=at))


@pytest.mark.parametrize(
    ("spoil", "said", "place"),
    [
        (
            spoilt.payment_gone,
            "Invoice 1100: the ledger no longer shows the payment of 100.00 GBP. Book it",
            "invoices/",
        ),
        (
            spoilt.payment_changed,
            "Invoice 1100: the ledger shows 90.00 GBP; 100.00 GBP was taken. Put the sum",
            "invoices/",
        ),
        (
            spoilt.on_the_desk,
            "Invoice 1100: 100.00 GBP was taken and waits for a person. The period is closed.",
            "desk",
        ),
        (
            spoilt.credit_gone,
            "The discount of 2.00 GBP for invoice 1100 is not in the ledger any more. Give it",
            "invoices/",
        ),
        (
            spoilt.late_posting,
            "The processor's fee of 2.00 GBP was asked for on 2026-10-12 and is not written yet",
            "desk",
        ),
        (
            spoilt.fee_on_the_desk,
            "The processor's fee of 1.70 GBP waits for a person. The account is archived.",
            "desk",
        ),
        (
            spoilt.reward_on_the_desk,
            "Invoice 1100: 2.00 GBP less was paid, and a person must decide. It was paid",
            "desk",
        ),
        (
            spoilt.fee_not_booked,
            "Of the payout of 98.30 GBP of 2026-10-15 from Stripe fees of 1.70 GBP are not",
            "payouts",
        ),
        (
            spoilt.back_on_the_desk,
            "30.00 GBP of 100.00 GBP was refunded. Put it right in the ledger, then note it as done.",
            "desk",
        ),
        (spoilt.not_whole, "Stripe does not tell to the cent what the payout of 98.30 GBP of 2026-10-15", "payouts"),
        (spoilt.failed, "The payout of 98.30 GBP of 2026-10-15 from Stripe failed, so the money is still", "payouts"),
        (
            spoilt.other_sum,
            "holds 1.00 GBP for a payment of which 100.00 GBP was taken. Look the payment pi_1 up",
            "payouts",
        ),
        (
            spoilt.went_back_unknown,
            "100.00 GBP of a payment of 100.00 GBP went back, which is not known here.",
            "payouts",
        ),
        (
            spoilt.overdue_line,
            "The bank shows 512.25 GBP of 2026-10-12 from Hallam for 1049, and the ledger still",
            "bank",
        ),
        (
            spoilt.unclear_line,
            "The bank shows 42.00 GBP of 2026-10-12 from Hallam, and nobody has said yet what it",
            "bank",
        ),
        (spoilt.probable_line, "and what it probably pays waits for your word. Say on the bank page", "bank"),
        (
            spoilt.payout_without_a_line,
            "The payout of 42.00 GBP of 2026-10-20 from Stripe is in no line of the",
            "bank",
        ),
    ],
)
def test_each_difference_is_one_sentence_shown_once_with_where_it_is_put_right(
    october: October, ann: FlaskClient, spoil: Any, said: str, place: str
) -> None:
    spoil(october)
    text = page(ann, october.company)
    assert heading(text) == "One thing does not agree."
    (what,) = listed(text)
    assert said in what
    link = re.search(r'<p><a href="([^"]*)"[^>]*>[^<]*<span class="visually-hidden">: ', text)
    assert link
    assert place in link[1]
    assert heading(page(ann, october.company, "2026-09")) == "Everything agrees."


def test_a_discount_whose_payment_went_back_is_named_and_gone_with_its_credit(
    october: October, ann: FlaskClient
) -> None:
    invoice = october.world.invoices["1100"]
    seen = {"state": "written", "content": {"seen": "x"}, "written_at": OCTOBER}
    october.reward(october.posting(kind="credit", external_id="c1", invoice_id=invoice.id, **seen))
    with october.world.rt.store.write() as session:
        session.execute(update(Posting).where(Posting.kind == "credit").values(amount_minor=20_000))
    credit_of = page(ann, october.company)
    assert "the payment that earned the discount of 200.00 GBP went back, or a part of it" in credit_of
    with october.world.rt.store.write() as session:
        session.execute(update(Posting).where(Posting.kind == "credit").values(external_id="taken out"))
    assert heading(page(ann, october.company)) == "Everything agrees.", "the credit was taken out with the payment"


def test_a_payment_in_no_payout_is_named_once_the_processor_has_had_its_time(
    october: October, ann: FlaskClient
) -> None:
    october.change(october.attempt, payment_reference="pi_other")
    october.change(october.payout, arrives=date(2026, 10, 5))
    assert heading(page(ann, october.company)) == "Everything agrees.", "the pretended processor says no days"
    kind = october.world.rt.processors["stripe"]
    within = type(kind)(kind.kind, kind.label, kind.ways, kind.labels, kind.open, paid_out_within=14)
    october.world.rt.processors["stripe"] = within  # type: ignore[index]
    try:
        (what,) = listed(page(ann, october.company))
        assert what.startswith("100.00 GBP was taken by Stripe on 2026-10-12 and is in no payout.")
        sent_back = Reversal(
            uid="r", attempt_id=october.attempt.id, external_id="re_1", kind="failure", state="written"
        )
        sent_back.currency, sent_back.amount_minor, sent_back.made_at = "GBP", 10_000, OCTOBER
        october.add(sent_back)
        assert listed(page(ann, october.company)) == [], "what went back before is in no payout"
    finally:
        october.world.rt.processors["stripe"] = kind  # type: ignore[index]


def test_what_a_processor_said_otherwise_at_night_stands_on_the_page(october: October, ann: FlaskClient) -> None:
    rt, company = october.world.rt, october.company
    with rt.store.write() as session:
        key = f"{reconcile.SAID}{october.attempt.uid}/1"
        notices.want(rt, session, company.practice_id, company.id, key, "-", "The processor took 90.00 GBP.")
    (what,) = listed(page(ann, company))
    assert what == "Asked on 2026-11-18 about the payment of 100.00 GBP: The processor took 90.00 GBP."
    with rt.store.write() as session:
        session.execute(delete(Notice))
    assert heading(page(ann, company)) == "Everything agrees."


def test_both_files_open_safely_in_a_spreadsheet(october: October, ann: FlaskClient) -> None:
    october.statement((12, 4_200, "unclear"))
    with october.world.rt.store.write() as session:
        session.execute(update(BankLine).values(payer='=HYPERLINK("x")'))
        session.execute(update(Posting).values(note="=1+1"))
    october.change(october.line, state="desk", note="=1+1")
    path = f"/companies/{october.company.uid}/month-end"
    answer = ann.get(f"{path}/differences.csv?month=2026-10", **HTTPS)
    assert 'filename="differences-2026-10.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [one[2] for one in rows] == ["where", "Go to the desk", "See the bank statements"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    figures = ann.get(f"{path}/figures.csv?month=2026-10", **HTTPS).get_data().decode("utf-8-sig")
    assert "processors,GBP,Fees kept back,1.70" in figures
    assert "ledger,GBP,On the desk,100.00" in figures


@pytest.mark.parametrize(
    "month", ["2026-12", "2099-01", "0000-00", "october", "2026-13", "2026-1", "'", "9999-12", "0001-01"]
)
def test_a_month_that_is_none_or_to_come_is_the_last_whole_one(october: October, ann: FlaskClient, month: str) -> None:
    assert "1 Oct 2026 to 31 Oct 2026" in page(ann, october.company, month)


def test_company_and_settings_lead_there_and_another_practice_does_not_get_there(
    october: October, ann: FlaskClient, stranger: FlaskClient
) -> None:
    path = f"/companies/{october.company.uid}/month-end"
    for place in ("", "/settings"):
        assert path in ann.get(f"/companies/{october.company.uid}{place}", **HTTPS).text
    otto = sign_in(stranger, "otto@example.com")
    for file in ("", "/differences.csv", "/figures.csv"):
        assert otto.get(f"{path}{file}", **HTTPS).status_code == 404


def test_money_that_the_ledger_does_not_show_waits_on_the_desk_of_its_practice_only(
    october: October, ann: FlaskClient, stranger: FlaskClient
) -> None:
    before = ann.get("/desk", **HTTPS).text
    spoilt.overdue_line(october)
    text = ann.get("/desk", **HTTPS).text
    assert "The ledger still does not show this money" in text
    assert "The ledger still does not show this money" not in before
    assert f"/companies/{october.company.uid}/bank?state=matched" in text
    assert "The ledger still" not in sign_in(stranger, "otto@example.com").get("/desk", **HTTPS).text

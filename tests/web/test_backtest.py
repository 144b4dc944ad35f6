"""A company's backtest in the console: one or two cadences over its own past, with charts and their tables."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.backtest import NOTE
from models import Account, Company, Invoice, Payment
from tests.web.edges import HTTPS, NOW
from tests.web.world import World


def customer(world: World, key: str = "c-1", name: str = "Paying Customer") -> Account:
    row: Account = world._add(
        Account(uid=world.rt.new_id(), company_id=world.kauri.id, external_id=key, name=name, emails=[])
    )
    return row


def put(world: World, account: Account, number: str, late: int, paid: int | None = None) -> None:
    """An invoice over 50.00 that was due `late` days ago, paid so many days after it was due."""
    due = NOW.date() - timedelta(days=late)
    world._add(
        Invoice(
            uid=world.rt.new_id(),
            company_id=world.kauri.id,
            account_id=account.id,
            external_id=number,
            customer=account.external_id,
            number=number,
            issued=due - timedelta(days=30),
            due=due,
            currency="NZD",
            total_minor=5000,
            balance_minor=5000 if paid is None else 0,
            status="open" if paid is None else "paid",
            seen_at=NOW,
            read_at=NOW,
        )
    )
    if paid is not None:
        world._add(
            Payment(
                company_id=world.kauri.id,
                customer=account.external_id,
                external_id=f"p-{number}",
                paid_on=due + timedelta(days=paid),
                currency="NZD",
                amount_minor=5000,
                applied=[[number, 5000]],
            )
        )


def page(client: FlaskClient, company: Company, query: str = "") -> str:
    answer = client.get(f"/companies/{company.uid}/backtest{query}", **HTTPS)
    assert answer.status_code == 200
    return answer.text


def rows(text: str, title: str) -> dict[str, list[str]]:
    """The table under a heading: label → cells."""
    section = next(part for part in text.split("<section") if f">{title}</h2>" in part)
    found = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", section, re.DOTALL)
    return {label: re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL) for label, cells in found}


def test_the_cadence_in_force_is_offered_first_and_nothing_is_run_unasked(world: World, ann: FlaskClient) -> None:
    text = page(ann, world.bramley)
    first = re.search(r"<select[^>]*name=\"cadence\">\s*<option value=\"([^\"]+)\"[^>]*>([^<]+)", text)
    assert first
    assert (first[1], first[2].endswith("(in force)")) == ("in-force", True)
    assert 'value="trusted-partner"' in text
    assert "Nothing tried yet" in text
    assert "<svg role" not in text


def test_the_answer_names_steps_causes_and_what_it_is_not(world: World, ann: FlaskClient) -> None:
    who = customer(world)
    put(world, who, "K-1", 90, 5)
    put(world, who, "K-2", 80, -20)
    put(world, who, "K-3", 70, 6)
    text = page(ann, world.kauri, "?cadence=default&to=2026-10-01")
    assert NOTE in text
    steps = rows(text, "Messages by step")
    assert steps["Heads up"][0] == "2"
    assert steps["Day 35 note"][0] == "0"
    assert rows(text, "Invoices never spoken about, and why")["Paid before its first word"] == ["1"]
    assert text.count("<svg role") == 3


def test_two_cadences_stand_side_by_side(world: World, ann: FlaskClient) -> None:
    put(world, customer(world), "K-1", 90, 5)
    text = page(ann, world.kauri, "?cadence=default&against=trusted-partner&to=2026-10-01")
    assert len(rows(text, "In short")["Messages and tasks"]) == 2
    assert 'class="key-1"' in text
    assert re.search(r'value="trusted-partner" selected', text)


def test_an_invoice_whose_payment_has_no_day_is_named_and_left_out(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.scalars(select(Payment).where(Payment.external_id == "p0")).one().applied = []
    text = page(ann, world.bramley, "?cadence=default")
    assert "1011 <span" in text
    assert "The ledger does not say on which days it was paid." in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?cadence=default&from=yesterday", "&#39;yesterday&#39; is not a day; write it such as 2026-03-02."),
        ("?cadence=default&from=2030-01-01", "The history goes from"),
    ],
)
def test_what_cannot_be_run_says_what_to_do(world: World, ann: FlaskClient, query: str, sentence: str) -> None:
    text = page(ann, world.bramley, query)
    assert sentence in text
    assert "<svg role" not in text


def test_a_company_without_past_invoices_says_so(world: World, ann: FlaskClient) -> None:
    assert "There is no past invoice to try a cadence on." in page(ann, world.tide, "?cadence=default")


def test_a_cadence_that_is_not_there_is_not_run(world: World, ann: FlaskClient) -> None:
    assert "Nothing tried yet" in page(ann, world.bramley, "?cadence=harsh")


def test_two_customers_of_one_name_are_told_apart(world: World, ann: FlaskClient) -> None:
    for key in "AB":
        twin = customer(world, key, "Twin")
        for late in (90, 60):
            put(world, twin, f"{key}-{late}", late)
    told = rows(page(ann, world.kauri, "?cadence=default"), "Who would have heard most often")
    assert {"Twin (A)", "Twin (B)"} <= set(told)


def test_somebody_elses_company_does_not_exist(world: World, ann: FlaskClient) -> None:
    assert ann.get(f"/companies/{world.foreign.uid}/backtest?cadence=default", **HTTPS).status_code == 404

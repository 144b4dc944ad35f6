"""The page What lateness has come to, the customer's own sight of it, and the paper with its computation."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from models import Charge, User
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World
from workflows import charges, money_rules, terms
from workflows.money_rules import Wanted


@pytest.fixture
def late(world: World) -> Charge:
    """Juniper Cafe's invoice 1101 is late by the law of the United Kingdom, since two days."""
    with world.rt.store.read() as session:
        me = session.scalars(select(User.id)).first() or 0
    terms.give(world.rt, world.bramley.id, None, date(2026, 1, 1), "Terms", "30 days.", b"", me)
    money_rules.keep(world.rt, world.bramley.id, Wanted(late="statutory", grace_days=0), me)
    charges.show_all(world.rt)
    with world.rt.store.read() as session:
        found = session.scalars(select(Charge).order_by(Charge.id)).all()
        return next(one for one in found if charges.one(session, one.id).invoice.number == "1101")


@pytest.fixture
def ann(world: World) -> FlaskClient:
    return sign_in(client_of(world.rt))


def settle(client: FlaskClient, world: World, charge: Charge, how: str) -> str:
    page = client.get(f"/companies/{world.bramley.uid}/charges", **HTTPS).text
    form = {"csrf_token": token_in(page), "how": how}
    return client.post(f"/charges/{charge.uid}/settle", data=form, follow_redirects=True, **HTTPS).text


def test_what_has_come_to_stands_on_a_page_and_a_person_leaves_it_out(
    world: World, ann: FlaskClient, late: Charge
) -> None:
    page = ann.get(f"/companies/{world.bramley.uid}/charges", **HTTPS).text
    assert "£40.15" in page
    assert "The customer hears of it with the next message" in page
    assert "Ask for it" not in page
    assert "it is only shown" in settle(ann, world, late, "ask")
    assert "Left out; the customer does not see it any more." in settle(ann, world, late, "leave")
    assert "This was decided about already." in settle(ann, world, late, "leave")


def test_the_customer_sees_what_has_come_on_top_and_how(world: World, late: Charge) -> None:
    link, stranger = world.link("Juniper Cafe"), client_of(world.rt)
    page = stranger.get(link, **HTTPS).text
    assert "For late payment £40.15 has come on top; it is left out if you pay by 2 Dec 2026" in page
    answer = stranger.get(f"{link}/late/{late.uid}.pdf", **HTTPS)
    text = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    assert "Late Payment of Commercial Debts (Interest) Act 1998" in text
    for figure in ("11.75", "0.1481", "£0.15", "£40.00", "£40.15"):
        assert figure in text
    assert stranger.get(f"{world.link('Alder & Ash Kitchens')}/late/{late.uid}.pdf", **HTTPS).status_code == 404


def test_the_practice_reads_the_same_paper_and_nobody_elses(world: World, ann: FlaskClient, late: Charge) -> None:
    assert ann.get(f"/charges/{late.uid}.pdf", **HTTPS).data.startswith(b"%PDF")
    assert client_of(world.rt).get(f"/charges/{late.uid}.pdf", **HTTPS).status_code == 302


def test_a_rule_is_kept_as_it_was_typed_and_refused_without_terms(world: World, ann: FlaskClient) -> None:
    where = f"/companies/{world.tide.uid}/prompt-payment"
    form = {
        "csrf_token": token_in(ann.get(where, **HTTPS).text),
        "late": "contract",
        "late_rate": "5",
        "late_sum": "40",
    }
    answer = ann.post(where, data=form, **HTTPS)
    assert answer.status_code == 422
    assert "Fees and interest need terms that the customer can read" in answer.text
    assert 'value="40"' in answer.text
    with world.rt.store.read() as session:
        me = session.scalars(select(User.id)).first() or 0
    terms.give(world.rt, world.tide.id, None, date(2026, 1, 1), "Terms", "30 days.", b"", me)
    assert ann.post(where, data=form, **HTTPS).status_code == 303
    with world.rt.store.read() as session:
        kept = money_rules.of(session, world.tide.id)
    assert kept == Wanted(late="contract", late_points=500, late_sum_minor=4_000)

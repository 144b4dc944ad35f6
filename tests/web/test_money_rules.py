"""The page Prompt payment: all off at first, kept as typed, refused in one sentence with nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Company, User
from models.store import Store
from tests.web.edges import HTTPS, client_of, new_store, runtime, sign_in, token_in
from tests.web.world import World
from workflows import money_rules
from workflows.money_rules import Wanted


@pytest.fixture
def world() -> Iterator[World]:
    made = new_store()
    yield World(runtime(made))
    made.close()


@pytest.fixture
def ann(world: World) -> FlaskClient:
    return sign_in(client_of(world.rt))


def page(world: World) -> str:
    return f"/companies/{world.tide.uid}/prompt-payment"


def save(client: FlaskClient, world: World, **typed: str) -> str:
    token = token_in(client.get(page(world), **HTTPS).text)
    said = {"csrf_token": token, **typed}
    return client.post(page(world), data=said, follow_redirects=True, **HTTPS).text


def rules(world: World) -> Wanted:
    with world.rt.store.read() as session:
        return money_rules.of(session, world.tide.id)


def allow_credits(store: Store, company_id: int) -> None:
    with store.write() as session:
        session.get_one(Company, company_id).income_choice = "80"


def test_everything_is_off_until_somebody_switches_it_on(world: World, ann: FlaskClient) -> None:
    text = ann.get(page(world), **HTTPS).text
    assert "Are not booked" in text
    assert "Bank charges" in text
    assert rules(world) == Wanted()


def test_a_discount_is_kept_as_it_was_typed_and_shown_again(world: World, ann: FlaskClient) -> None:
    allow_credits(world.rt.store, world.tide.id)
    assert "Saved." in save(ann, world, early="2.5", early_days="10", from_terms="on")
    assert rules(world) == Wanted(early_points=250, early_days=10, from_terms=True)
    assert 'value="2.5"' in ann.get(page(world), **HTTPS).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"early": "two"}, "Please give the percentage in figures, such as 2 or 2.5."),
        ({"early": "2.345", "early_days": "10"}, "Please give the percentage in figures"),
        ({"early": "2", "early_days": "ten"}, "Please give the number in figures, such as 14."),
        ({"early": "2"}, "A discount needs both a percentage and a number of days"),
        ({"payout_fees": "expense"}, "Please choose the account for the processors"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_what_was_typed_stays(
    world: World, ann: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    text = save(ann, world, **typed, loyal="7.25")
    assert sentence in text
    assert 'value="7.25"' in text
    assert rules(world) == Wanted()


def test_what_the_law_leaves_to_a_person_is_said_before_anything_is_switched_on(world: World, ann: FlaskClient) -> None:
    said = "Compare it with the bank&#39;s own page before you rest a claim on it."
    with world.rt.store.read() as session:
        country = session.get_one(Company, world.bramley.id).country
    assert country == "GB"
    for place in ("prompt-payment", "charges"):
        assert said in ann.get(f"/companies/{world.bramley.uid}/{place}", **HTTPS).text, place
    me = ann_of(world)
    money_rules.keep(world.rt, world.bramley.id, Wanted(late="contract", late_points=500), me)
    assert said not in ann.get(f"/companies/{world.bramley.uid}/charges", **HTTPS).text, "contracts are your own"


def ann_of(world: World) -> int:
    with world.rt.store.read() as session:
        return session.scalars(select(User.id)).first() or 0

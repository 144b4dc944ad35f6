"""How a company stands: ages that add up, exceptions with their reason, and an address given in place."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.ageing import BANDS
from core.money import Money
from models import Account, Company, HoldRow, Invoice
from tests.web.edges import HTTPS, token_in
from tests.web.test_paying import text
from tests.web.world import World
from web import formats, standing_queries
from workflows.calendars import today_of
from workflows.owed import owes


def page_of(client: FlaskClient, company: Company) -> str:
    answer = client.get(f"/companies/{company.uid}/standing", **HTTPS)
    assert answer.status_code == 200
    return text(answer.text)


@pytest.mark.parametrize("which", ["bramley", "kauri"])
def test_the_ages_are_those_of_the_invoices_and_add_up(shown: World, onlooker: FlaskClient, which: str) -> None:
    company: Company = getattr(shown, which)
    today = today_of(company, shown.rt.clock.now())
    with shown.rt.store.read() as session:
        rows = [one for one in session.scalars(select(Invoice).where(Invoice.company_id == company.id)) if owes(one)]
        aged = standing_queries.ageing(session, company, today)
    expected: Counter[tuple[str, int]] = Counter()
    for one in rows:
        late = (today - (one.due or one.issued or today)).days
        (place,) = [at for at, band in enumerate(BANDS) if band.holds(late)]
        expected[(one.currency, place)] += one.balance_minor
    counted = {
        (one.currency, place): amount.minor
        for one in aged
        for place, (number, amount) in enumerate(one.bands)
        if number
    }
    assert counted == dict(expected)
    assert sum(one.total.minor for one in aged) == sum(one.balance_minor for one in rows)
    page = page_of(onlooker, company)
    for one in aged:
        assert formats.money(one.total, company) in page
    most = max(counted.values())
    assert formats.money(Money(most, company.currency), company) in page


def test_who_has_most_overdue_comes_first(shown: World, onlooker: FlaskClient) -> None:
    company = shown.bramley
    with shown.rt.store.read() as session:
        found = standing_queries.owing_most(session, company, today_of(company, shown.rt.clock.now()), 10)
    assert len(found) > 1
    assert [one.minor for _, one, _ in found] == sorted((one.minor for _, one, _ in found), reverse=True)
    page = page_of(onlooker, company)
    places = [page.index(f" {account.name} ", page.index("Who has most overdue")) for account, _, _ in found]
    assert places == sorted(places)


def test_everybody_who_is_treated_otherwise_is_listed_with_the_reason(shown: World, onlooker: FlaskClient) -> None:
    company = shown.bramley
    with shown.rt.store.read() as session:
        held = select(HoldRow.account_id).where(HoldRow.company_id == company.id, HoldRow.state == "open")
        names = {one.name for one in session.scalars(select(Account).where(Account.id.in_(held)))}
        found, how_many = standing_queries.exceptions(session, company, 200)
        few, same = standing_queries.exceptions(session, company, 1)
    assert names
    assert names <= {one.account.name for one in found}
    assert how_many == same == len(found)
    assert len(few) == 1
    page = page_of(onlooker, company)
    for one in found:
        assert one.account.name in page


def test_an_address_given_in_place_is_written_to_from_now_on(world: World, ann: FlaskClient) -> None:
    company, account = world.bramley, world.accounts["Alder & Ash Kitchens"]
    with world.rt.store.write() as session:
        session.execute(update(Account).where(Account.id == account.id).values(emails=[], instead=[], wake_at=None))
    page = ann.get(f"/companies/{company.uid}/standing", **HTTPS).text
    assert f"/accounts/{account.uid}/write-to" in page
    form = {"csrf_token": token_in(page), "email": "not an address"}
    said = ann.post(f"/accounts/{account.uid}/write-to", data=form, follow_redirects=True, **HTTPS).text
    assert "one whole e-mail address" in said
    form["email"] = " Books@Alder.example "
    said = ann.post(f"/accounts/{account.uid}/write-to", data=form, follow_redirects=True, **HTTPS).text
    assert "goes to books@alder.example" in said
    assert not re.search(rf'action="/accounts/{account.uid}/write-to"', said)
    with world.rt.store.read() as session:
        row = session.get_one(Account, account.id)
        assert row.instead == ["books@alder.example"]
        assert row.wake_at == world.rt.clock.now()


def test_a_company_without_invoices_says_what_will_be_here(world: World, ann: FlaskClient) -> None:
    page = page_of(ann, world.tide)
    assert "Nothing is open" in page
    assert "Everybody can be written to" in page

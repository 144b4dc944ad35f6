"""One consent at Xero tells of every organisation ever given: only what it is about is touched, the rest given back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import Company, Connection, Grant, Practice
from sandbox.books import BookCompany
from sandbox.books import Company as Books
from tests.stories.consent import another_practice, company_named, consent, heron, standing
from tests.stories.days import town_of
from tests.town import Town
from workflows import companies, connecting, renewals, sync
from workflows.errors import Refusal

DUE = date(2026, 3, 9)
ROOK = BookCompany("rook", "Rook Ltd", "GBP", "GB", "Europe/London", "post@rook.example")


@pytest.fixture
def wren() -> Iterator[Town]:
    """One Xero company, live."""
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        yield town


def rook(town: Town) -> str:
    return town.xero.add_company(Books(ROOK))


def at_xero(town: Town) -> set[str]:
    """The names of the organisations that Xero lets us into."""
    return {town.xero.organisations[one.tenant].about.name for one in town.xero.connections.values()}


def names(town: Town) -> set[str]:
    with town.rt.store.read() as session:
        return set(session.scalars(select(Company.name)))


def wren_and_heron(town: Town) -> str:
    """Both on one permission; Heron's vendor id."""
    other = heron(town, "xero")
    consent(town, "xero", [other])
    town.settle()
    return other


def dies(town: Town) -> None:
    """The permission runs out, and a reading finds it so. Xero keeps the list of what was given by it."""
    town.xero.tokens.grants[0].alive = False
    sync.sync_company(town.rt, company_named(town, "Wren Studio").id)


# What a person disconnected


def test_a_company_that_was_disconnected_does_not_come_back_with_another_one(wren: Town) -> None:
    other = wren_and_heron(wren)
    dies(wren)
    assert "remove it there" in connecting.disconnect(wren.rt, company_named(wren, "Wren Studio").id)
    assert consent(wren, "xero", [other], company_named(wren, "Heron Ltd").uid) == ["Heron Ltd"]
    assert standing(wren, "Wren Studio")[0] == "disconnected"
    assert at_xero(wren) == {"Heron Ltd"}, "and is given back as soon as Xero listens again"
    wren.at(date(2026, 3, 25), 22)
    assert wren.steps("A-1") == []


def test_nor_does_it_become_a_company_of_another_practice(wren: Town) -> None:
    another_practice(wren)
    other = wren_and_heron(wren)
    dies(wren)
    connecting.disconnect(wren.rt, company_named(wren, "Wren Studio").id)
    assert consent(wren, "xero", [other], company_named(wren, "Heron Ltd").uid) == ["Heron Ltd"]
    with wren.rt.store.read() as session:
        found = session.execute(select(Practice.name, Company.name).join(Company, Company.practice_id == Practice.id))
        assert sorted(tuple(row) for row in found) == [
            ("Dipper & Co", "Heron Ltd"),
            ("Sandpiper Accounting", "Wren Studio"),
        ]


def test_a_consent_that_gives_nothing_anew_says_how_a_disconnected_company_comes_back(wren: Town) -> None:
    dies(wren)
    company = company_named(wren, "Wren Studio")
    connecting.disconnect(wren.rt, company.id)
    wren.xero.tokens.grants[0].alive = True
    with pytest.raises(Refusal, match="choose at least one"):
        connecting.finish(wren.rt, wren.practice_id, "xero", _old_consent(wren), "")
    assert standing(wren, "Wren Studio")[0] == "disconnected"


def _old_consent(town: Town) -> dict[str, str]:
    """A code for the person's permission, with no organisation chosen in it."""
    grant = town.xero.tokens.grants[0]
    grant.extra["event"] = town.new_id()
    return {"code": town.xero.tokens.code_for(grant, connecting.redirect_uri(town.rt, "xero"))}


def test_a_company_that_was_disconnected_must_be_switched_on_again_after_it_was_connected(wren: Town) -> None:
    company = company_named(wren, "Wren Studio")
    assert connecting.disconnect(wren.rt, company.id) == ""
    assert company_named(wren, "Wren Studio").live_at is None
    consent(wren, "xero", [wren.tenants["xero"]], company.uid)
    wren.at(date(2026, 3, 9), 22)
    assert (wren.causes("A-1"), wren.steps("A-1")) == ({"not-live"}, [])
    companies.set_live(wren.rt, company.id, on=True)
    wren.at(date(2026, 3, 10), 22)
    assert (standing(wren, "Wren Studio"), "not-live" in wren.causes("A-1")) == (("active", ""), False)


def test_a_company_that_the_vendor_cut_off_stays_switched_on(wren: Town) -> None:
    wren.xero.disconnect(wren.tenants["xero"])
    sync.sync_company(wren.rt, company_named(wren, "Wren Studio").id)
    assert company_named(wren, "Wren Studio").live_at is not None


def test_a_dead_permission_is_given_back_with_its_last_token_while_that_is_good(wren: Town) -> None:
    wren_and_heron(wren)
    with wren.rt.store.write() as session:
        session.scalars(select(Grant)).one().state = "needs_reconnect"
    assert connecting.disconnect(wren.rt, company_named(wren, "Wren Studio").id) == ""
    assert at_xero(wren) == {"Heron Ltd"}


def test_a_dead_permission_can_be_given_up_while_xero_is_away(wren: Town) -> None:
    dies(wren)
    wren.xero.plan_fault("DELETE /Connections", "503")
    assert "no longer listened" in connecting.disconnect(wren.rt, company_named(wren, "Wren Studio").id)
    state, why = standing(wren, "Wren Studio")
    assert (state, "remove it there" in why) == ("disconnected", True)


# One that cannot be opened


def test_an_organisation_that_cannot_be_opened_is_skipped_and_named_and_the_others_are_connected(wren: Town) -> None:
    other = rook(wren)
    wren.xero.plan_fault("/api.xro/2.0/Organisation", "403")  # Wren's, the first in Xero's list
    rest, skipped = consent(wren, "xero", [other])
    assert rest == "Rook Ltd"
    assert skipped.startswith("Wren Studio (skipped: Xero no longer lets Dunlin into this organisation")
    assert (standing(wren, "Rook Ltd")[0], at_xero(wren)) == ("active", {"Wren Studio", "Rook Ltd"})


def test_the_one_that_was_to_be_connected_again_must_open(wren: Town) -> None:
    other = rook(wren)
    wren.xero.plan_fault("/api.xro/2.0/Organisation", "403")
    with pytest.raises(Refusal, match="no longer lets Dunlin into"):
        consent(wren, "xero", [wren.tenants["xero"], other], company_named(wren, "Wren Studio").uid)
    assert (names(wren), at_xero(wren)) == ({"Wren Studio"}, {"Wren Studio"})


def test_when_none_can_be_opened_each_is_named_and_nothing_is_left_behind(wren: Town) -> None:
    wren.xero.plan_fault("/api.xro/2.0/Organisation", "403", times=2)
    with pytest.raises(Refusal, match=r"Nothing could be opened: Wren Studio \(.*Rook Ltd \("):
        consent(wren, "xero", [rook(wren)])
    assert (names(wren), at_xero(wren)) == ({"Wren Studio"}, {"Wren Studio"})


# A wrong choice


def test_a_wrong_choice_is_not_connected_by_the_second_try(wren: Town) -> None:
    wren_and_heron(wren)
    wren.xero.disconnect(wren.tenants["xero"])
    sync.sync_company(wren.rt, company_named(wren, "Wren Studio").id)
    uid = company_named(wren, "Wren Studio").uid
    with pytest.raises(Refusal, match="gave access to Rook Ltd, but Wren Studio was to be"):
        consent(wren, "xero", [rook(wren)], uid)
    assert at_xero(wren) == {"Heron Ltd"}
    assert sorted(consent(wren, "xero", [wren.tenants["xero"]], uid)) == ["Heron Ltd", "Wren Studio"]
    assert names(wren) == {"Wren Studio", "Heron Ltd"}


def test_what_another_practice_has_is_not_taken_away_by_a_refused_consent_of_the_same_person(wren: Town) -> None:
    another_practice(wren)
    with pytest.raises(Refusal, match="already connected by another practice"):
        consent(wren, "xero", [wren.tenants["xero"]])
    assert at_xero(wren) == {"Wren Studio"}
    assert sync.sync_company(wren.rt, company_named(wren, "Wren Studio").id)


# Another person


def test_when_another_person_connects_the_same_organisation_the_first_ones_permission_is_given_back(wren: Town) -> None:
    first = wren.xero.user_id
    wren.xero.user_id = "user-two"
    consent(wren, "xero", [wren.tenants["xero"]], company_named(wren, "Wren Studio").uid)
    assert {one.user for one in wren.xero.connections.values()} == {"user-two"}
    assert first not in {one.subject for one in wren.xero.tokens.grants if one.alive}
    with wren.rt.store.read() as session:
        grants = session.scalars(select(Grant).order_by(Grant.id)).all()
    assert [one.state for one in grants] == ["revoked", "active"]
    assert wren.rt.vault.unseal(grants[0].refresh_sealed) == b""
    assert sync.sync_company(wren.rt, company_named(wren, "Wren Studio").id)


def test_a_permission_that_others_stand_on_is_kept_and_only_the_one_connection_removed(wren: Town) -> None:
    wren_and_heron(wren)
    first = wren.xero.user_id
    wren.xero.user_id = "user-two"
    consent(wren, "xero", [wren.tenants["xero"]], company_named(wren, "Wren Studio").uid)
    users = {wren.xero.organisations[one.tenant].about.name: one.user for one in wren.xero.connections.values()}
    assert users == {"Heron Ltd": first, "Wren Studio": "user-two"}
    assert all(sync.sync_company(wren.rt, company_named(wren, name).id) for name in users)


def test_a_permission_that_could_not_be_given_back_is_not_kept_alive_for_years(wren: Town) -> None:
    wren.xero.user_id = "user-two"
    wren.xero.plan_fault("DELETE /Connections", "503")
    consent(wren, "xero", [wren.tenants["xero"]], company_named(wren, "Wren Studio").uid)
    wren.clock.move(wren.now + timedelta(days=20))
    assert renewals.refresh_idle(wren.rt) == 1
    with wren.rt.store.read() as session:
        assert session.scalars(select(Connection.state)).all() == ["active"]


def test_who_presses_pay_while_the_company_is_being_disconnected_is_told_kindly(wren: Town) -> None:
    ended = []

    def disconnected(_method: str, url: str) -> None:
        """Another hand, while the answer to our reading is on its way."""
        if "/api.xro/" in url and not ended:
            ended.append(url)
            connecting.disconnect(wren.rt, wren.company("xero").id)

    wren.network.after = disconnected
    wren.clock.move(wren.now + timedelta(hours=1))
    with pytest.raises(Refusal, match="Paying online is not possible just now"):
        wren.checkout("A-1")
    assert ended
    with wren.rt.store.read() as session:
        assert [one.state for one in session.scalars(select(Connection))] == ["disconnected"]

"""Years of one connection: taken away in part, given again by others, and never mixed up with another company's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from integrations.errors import Reconnect
from integrations.ledgers.base import Feature
from models import Company, Connection, Grant, Notice, User
from sandbox.oauth import Grant as Given
from tests.stories.consent import another_practice, company_named, consent, heron, standing
from tests.stories.days import BOTH, town_of
from tests.town import SHOPS, Town
from workflows import connecting, connections, grants, notices, sync
from workflows.errors import Refusal
from workflows.reaching import Reach

DUE = date(2026, 3, 9)


@pytest.fixture
def wren() -> Iterator[Town]:
    """One Xero company, live."""
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        yield town


def given(town: Town, kind: str) -> list[Given]:
    """What the vendor still holds as given to us."""
    return [one for one in town.twin(kind).tokens.grants if one.alive]


def works(town: Town, name: str) -> bool:
    return sync.sync_company(town.rt, company_named(town, name).id)


def later(town: Town) -> None:
    """So late that every token must have been renewed twice, and no earlier one is good any more."""
    for _ in range(2):
        town.clock.move(town.now + timedelta(hours=26))
        works(town, company_of(town))


def company_of(town: Town) -> str:
    """The name of the company that was there first."""
    with town.rt.store.read() as session:
        return session.scalars(select(Company.name).order_by(Company.id)).first() or ""


def notices_told(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Notice.subject).order_by(Notice.id)))


# Ended at the vendor's side


@BOTH
def test_the_practice_is_told_by_mail_what_to_do_when_the_vendor_ends_a_permission(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        with town.rt.store.write() as session:
            robin = {"uid": "robin", "email": "robin@sandpiper.example", "name": "Robin", "password_hash": "-"}
            session.add(User(role="accountant", practice_id=town.practice_id, created_at=town.now, **robin))
        town.twin(kind).disconnect(town.tenants[kind])
        assert not works(town, SHOPS[kind].name)
        notices.send_due(town.rt)
        (mail,) = [one for one in town.mails() if one.recipients == ("robin@sandpiper.example",)]
        company, ledger = company_named(town, SHOPS[kind].name), town.rt.ledgers[kind].label
        assert mail.subject == f"Please connect {company.name} to {ledger} again"
        assert f"https://dunlin.test/companies/{company.uid}/connection" in mail.text
        assert standing(town, company.name)[1] in " ".join(mail.text.split())


def test_of_several_organisations_on_one_permission_only_the_one_taken_away_ends(wren: Town) -> None:
    other = heron(wren, "xero")
    assert sorted(consent(wren, "xero", [other])) == ["Heron Ltd", "Wren Studio"]
    wren.settle()
    wren.xero.disconnect(wren.tenants["xero"])
    assert (works(wren, "Wren Studio"), works(wren, "Heron Ltd")) == (False, True)
    assert standing(wren, "Wren Studio") == ("needs_reconnect", "It was disconnected in Xero.")
    assert standing(wren, "Heron Ltd") == ("active", "")
    wren.settle()
    assert wren.causes("A-1") == {"disconnected"}
    assert notices_told(wren) == ["Please connect Wren Studio to Xero again"]


def test_who_lost_the_role_in_one_organisation_is_told_so_and_the_others_go_on(wren: Town) -> None:
    consent(wren, "xero", [heron(wren, "xero")])
    wren.settle()
    wren.xero.plan_fault("/api.xro/2.0/Organisation", "403", times=2)
    assert not connections.check(wren.rt, company_named(wren, "Wren Studio").id)
    state, why = standing(wren, "Wren Studio")
    assert (state, "may no longer open it in Xero" in why) == ("needs_reconnect", True)
    assert works(wren, "Heron Ltd")


def test_when_xero_cannot_say_what_is_still_connected_nothing_is_ended(wren: Town) -> None:
    wren.xero.plan_fault("/api.xro/2.0/Organisation", "403", times=2)
    wren.xero.plan_fault("GET /Connections", "503")
    with pytest.raises(Refusal, match="could not be checked"):
        connections.check(wren.rt, company_named(wren, "Wren Studio").id)
    assert standing(wren, "Wren Studio") == ("active", "")
    assert connections.check(wren.rt, company_named(wren, "Wren Studio").id)


def test_when_a_permission_under_several_companies_dies_each_practice_is_told_once(wren: Town) -> None:
    consent(wren, "xero", [heron(wren, "xero")])
    wren.settle()
    given(wren, "xero")[0].alive = False
    assert not works(wren, "Wren Studio")
    assert {standing(wren, name)[0] for name in ("Wren Studio", "Heron Ltd")} == {"needs_reconnect"}
    assert notices_told(wren) == ["Please connect Heron Ltd, Wren Studio to Xero again"]


def test_one_xero_user_may_serve_two_practices_and_disconnecting_one_leaves_the_other(wren: Town) -> None:
    another_practice(wren)
    consent(wren, "xero", [heron(wren, "xero")])
    wren.settle()
    with wren.rt.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Grant)) == 1
    connecting.disconnect(wren.rt, company_named(wren, "Heron Ltd").id)
    assert works(wren, "Wren Studio")
    connecting.disconnect(wren.rt, company_named(wren, "Wren Studio").id)
    assert given(wren, "xero") == [], "with the last one the permission itself is given back"
    with wren.rt.store.read() as session:
        grant = session.scalars(select(Grant)).one()
    assert [wren.rt.vault.unseal(one) for one in (grant.access_sealed, grant.refresh_sealed)] == [b"", b""]


# Connected again


@BOTH
def test_connecting_again_with_another_company_is_refused_names_both_and_leaves_nothing_behind(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        company, other = company_named(town, SHOPS[kind].name), heron(town, kind)
        town.twin(kind).disconnect(town.tenants[kind])
        works(town, company.name)
        if kind == "xero":
            town.xero.user_id = "another-user"
        with pytest.raises(Refusal, match=f"gave access to Heron Ltd, but {company.name} was to be connected"):
            consent(town, kind, [other], company.uid)
        assert standing(town, company.name)[0] == "needs_reconnect"
        with town.rt.store.read() as session:
            assert session.scalar(select(func.count()).select_from(Company)) == 1
        assert [one for one in given(town, kind) if one.subject in (other, "another-user")] == []


@BOTH
def test_a_wrong_choice_does_not_cut_a_company_that_stands_on_that_very_permission(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        other = heron(town, kind)
        consent(town, kind, [other])
        town.settle()
        town.twin(kind).disconnect(town.tenants[kind])
        works(town, SHOPS[kind].name)
        with pytest.raises(Refusal, match="gave access to Heron Ltd"):
            consent(town, kind, [other], company_named(town, SHOPS[kind].name).uid)
        assert works(town, "Heron Ltd")
        town.clock.move(town.now + timedelta(hours=26))
        assert works(town, "Heron Ltd"), "also after its tokens had to be renewed"


@BOTH
def test_connecting_again_with_the_right_company_goes_on_where_it_was(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        company = company_named(town, SHOPS[kind].name)
        town.settle()
        before = town.causes("A-1")
        town.twin(kind).disconnect(town.tenants[kind])
        works(town, company.name)
        town.settle()
        assert town.causes("A-1") == {"disconnected"}
        assert consent(town, kind, [town.tenants[kind]], company.uid) == [company.name]
        town.settle()
        assert (standing(town, company.name), town.causes("A-1")) == (("active", ""), before)


def test_a_refused_consent_to_anothers_organisation_leaves_no_permission_behind(wren: Town) -> None:
    """Another person of the same organisation, at another practice."""
    another_practice(wren)
    wren.xero.user_id = "another-user"
    with pytest.raises(Refusal, match="already connected by another practice"):
        consent(wren, "xero", [wren.tenants["xero"]])
    assert "another-user" not in {one.subject for one in given(wren, "xero")}
    assert works(wren, "Wren Studio")


def test_a_refused_consent_by_the_very_same_permission_does_not_cut_it() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        another_practice(town)
        with pytest.raises(Refusal, match="already connected by another practice"):
            consent(town, "quickbooks", [town.tenants["quickbooks"]])
        later(town)
        assert works(town, "Larch & Co"), "days later, with renewed tokens"


def test_a_change_of_the_quickbooks_admin_renews_the_same_permission() -> None:
    """The old admin's tokens die at the change; a refresh under way with them must not end the new ones."""
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        company, tenant = company_named(town, "Larch & Co"), town.tenants["quickbooks"]
        renewed: list[list[str]] = []

        def meanwhile(_method: str, url: str) -> None:
            if "/tokens/bearer" in url and not renewed:
                renewed.append([])
                renewed[0] += consent(town, "quickbooks", [tenant], company.uid, admin="new@larch.example")

        town.network.before = meanwhile
        town.clock.move(town.now + timedelta(hours=2))
        assert works(town, company.name)
        assert renewed == [["Larch & Co"]]
        assert standing(town, company.name) == ("active", "")
        with town.rt.store.read() as session:
            assert session.scalars(select(Grant.state)).all() == ["active"]
        assert [one.extra["admin"] for one in given(town, "quickbooks")] == ["new@larch.example"]


def test_an_old_token_that_died_with_the_change_of_admin_asks_for_nothing_when_the_new_one_is_here() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        consent(town, "quickbooks", [town.tenants["quickbooks"]], admin="new@larch.example")
        later(town)
        assert (works(town, "Larch & Co"), notices_told(town)) == (True, [])


# What was allowed


def test_a_consent_to_less_than_asked_connects_and_switches_features_off(wren: Town) -> None:
    reading = {f"accounting.{area}.read" for area in ("invoices", "payments", "contacts", "settings")}
    writing = reading - {"accounting.payments.read"} | {"accounting.payments", "accounting.invoices"}
    company = company_named(wren, "Wren Studio")
    assert grants.granted(wren.rt, company.id) >= {Feature.READ, Feature.PAYMENTS, Feature.DATES}
    assert not grants.allows(wren.rt, company.id, Feature.ON_ACCOUNT), "it was never asked for"
    connecting.disconnect(wren.rt, company.id)
    assert grants.granted(wren.rt, company.id) == frozenset()
    wren.xero.granting = frozenset({"accounting.contacts.read", "accounting.settings.read", "accounting.payments"})
    assert consent(wren, "xero", [wren.tenants["xero"]]) == ["Wren Studio"]
    assert grants.granted(wren.rt, company.id) == {Feature.PAYMENTS}
    wren.xero.granting = frozenset(writing)
    consent(wren, "xero", [wren.tenants["xero"]], company.uid)
    assert Feature.CREDITS in grants.granted(wren.rt, company.id), "scopes add up over consents"


def test_a_permission_whose_scope_was_never_told_counts_as_what_was_asked_for(wren: Town) -> None:
    company = company_named(wren, "Wren Studio")
    before = grants.granted(wren.rt, company.id)
    with wren.rt.store.write() as session:
        session.scalars(select(Grant)).one().scope = ""
    assert grants.granted(wren.rt, company.id) == before


# The vendor's Disconnect URL


def test_a_rumour_of_a_disconnect_is_checked_soon_ends_nothing_by_itself_and_costs_little() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        before = sum(town.quickbooks.calls.values())
        assert connections.check_soon(town.rt, Reach(town.practice_id), "quickbooks")
        assert not connections.check_soon(town.rt, Reach(town.practice_id), "quickbooks"), "again within five minutes"
        town.settle()
        assert standing(town, "Larch & Co") == ("active", "")
        assert 0 < sum(town.quickbooks.calls.values()) - before <= 3
        town.quickbooks.disconnect(town.tenants["quickbooks"])
        town.at(date(2026, 3, 2), 7)
        assert connections.check_soon(town.rt, Reach(town.practice_id), "quickbooks")
        town.settle()
        assert standing(town, "Larch & Co")[0] == "needs_reconnect"
        with pytest.raises(Reconnect):
            connections.with_ledger(town.rt, company_named(town, "Larch & Co").id, lambda ledger: ledger.company())


def test_only_the_asking_practices_companies_in_that_ledger_are_checked(wren: Town) -> None:
    wren.settle()
    before = company_named(wren, "Wren Studio").next_sync_at
    another_practice(wren)
    assert connections.check_soon(wren.rt, Reach(wren.practice_id), "xero")
    assert company_named(wren, "Wren Studio").next_sync_at == before
    with wren.rt.store.read() as session:
        assert session.scalars(select(Connection.state)).all() == ["active"]

"""Coming in through Xero or Intuit: a stranger's books are read after one consent, and nobody comes in as another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

import app as house
from integrations import openid
from models import Company, Connection, Identity, Practice, SignIn, User
from sandbox.books import Company as Books
from sandbox.openid import Holder
from tests.stories.consent import HERON, answer
from tests.stories.days import BOTH
from tests.town import PUBLIC, Town, lay_tables
from tests.web.edges import token_in
from workflows import people

AT: dict[str, Any] = {"base_url": PUBLIC}
SECRET = "a long enough secret"
LABELS = {"xero": "Xero", "quickbooks": "Intuit"}


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """What a vendor publishes is kept for a day; each test has vendors of its own."""
    openid.forget()
    yield
    openid.forget()


@pytest.fixture
def town() -> Iterator[Town]:
    """An installation that anybody may sign up at; two ledgers with books, and nobody has come yet."""
    made = Town()
    for kind in ("xero", "quickbooks"):
        made.customer(kind, "fern", "Fern & Sons")
        made.open(kind, "A-1", "fern", date(2026, 3, 9))
        made.tenants[kind] = made.twin(kind).add_company(made.books[kind])
    made.start()
    lay_tables(made.rt.store)
    yield made
    made.close()


def browser(town: Town) -> FlaskClient:
    web = house.create_app(town.settings, town.rt)
    web.config["RATELIMIT_ENABLED"] = False
    return web.test_client()


def go(town: Town, client: FlaskClient, kind: str, way: str, tenants: Sequence[str] = (), **more: str) -> Any:
    """To the vendor by `sign-in` or `sign-up`, and back; the answer of the way back."""
    page = client.get("/sign-in", follow_redirects=True, **AT)
    begun = client.post(f"/{way}/{kind}", data={"csrf_token": token_in(page.text)}, **AT)
    query = answer(town, kind, begun.location, tenants) | more
    return client.get(f"/sign-in/{kind}/callback", query_string=query, **AT)


def sign_up(town: Town, client: FlaskClient, kind: str) -> Any:
    return go(town, client, kind, "sign-up", [town.tenants[kind]])


def count(town: Town, table: Any) -> int:
    with town.rt.store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def words(client: FlaskClient, where: str = "/") -> str:
    return unescape(client.get(where, follow_redirects=True, **AT).text)


def password_owner(town: Town, email: str = "robin@sandpiper.example") -> int:
    return people.create_owner(town.rt, "Sandpiper Accounting", "Robin", email, SECRET)


def with_password(client: FlaskClient, email: str = "robin@sandpiper.example") -> FlaskClient:
    page = client.get("/sign-in", **AT)
    said = {"email": email, "password": SECRET, "csrf_token": token_in(page.text)}
    assert client.post("/sign-in", data=said, **AT).status_code == 303
    return client


def tie(town: Town, client: FlaskClient, kind: str) -> Any:
    page = client.get("/your-sign-in", **AT)
    begun = client.post(
        f"/your-sign-in/vendors/{kind}", data={"csrf_token": token_in(page.text), "confirm": SECRET}, **AT
    )
    return client.get(f"/sign-in/{kind}/callback", query_string=answer(town, kind, begun.location, ()), **AT)


@BOTH
def test_a_strangers_books_are_read_after_one_consent(town: Town, kind: str) -> None:
    client = browser(town)
    assert sign_up(town, client, kind).status_code == 303
    shown = words(client)
    assert "Welcome to Dunlin." in shown
    assert f"Connected: {town.books[kind].about.name}. We are reading the books now." in shown
    town.settle()
    with town.rt.store.read() as session:
        user = session.scalars(select(User)).one()
        assert (user.email, user.name, user.role, user.password_hash) == (
            "robin@sandpiper.example",
            "Robin Reed",
            "owner",
            "",
        )
        assert session.scalars(select(SignIn)).one().through == kind
        assert session.scalars(select(Company)).one().live_at is None
    assert town.invoice("A-1").number == "A-1"
    again = browser(town)
    go(town, again, kind, "sign-in")
    assert town.books[kind].about.name in words(again, "/companies")
    assert (count(town, User), count(town, Identity)) == (1, 1)


def test_three_organisations_come_with_one_consent(town: Town) -> None:
    more = [town.xero.add_company(Books(replace(HERON, key=f"heron-{n}", name=f"Heron {n}"))) for n in (1, 2)]
    client = browser(town)
    go(town, client, "xero", "sign-up", [town.tenants["xero"], *more])
    town.settle()
    with town.rt.store.read() as session:
        assert set(session.scalars(select(Company.name))) == {"Wren Studio", "Heron 1", "Heron 2"}


@BOTH
def test_a_stranger_who_only_signs_in_is_asked_before_anything_is_made(town: Town, kind: str) -> None:
    password_owner(town, "ann@sandpiper.example")
    said = go(town, browser(town), kind, "sign-in").text
    assert "You are not known here yet" in said
    assert f"Sign up with {LABELS[kind]}" in said
    assert (count(town, Practice), count(town, Identity), count(town, Connection)) == (1, 0, 0)


@BOTH
def test_who_has_the_address_of_somebody_here_does_not_become_them(town: Town, kind: str) -> None:
    password_owner(town)
    client = browser(town)
    sign_up(town, client, kind)
    assert "Somebody signs in with robin@sandpiper.example here already." in words(client)
    assert "You are not known here yet" in go(town, browser(town), kind, "sign-in").text
    assert (count(town, User), count(town, Identity), count(town, Connection)) == (1, 0, 0)
    mine = with_password(browser(town))
    assert tie(town, mine, kind).location.endswith("/your-sign-in")
    fresh = browser(town)
    go(town, fresh, kind, "sign-in")
    assert "Sandpiper Accounting" in words(fresh)


def test_what_is_tied_to_one_is_not_tied_to_another_and_the_last_way_in_stays(town: Town) -> None:
    client = browser(town)
    sign_up(town, client, "xero")
    password_owner(town, "ann@sandpiper.example")
    ann = with_password(browser(town), "ann@sandpiper.example")
    assert "tied to somebody already" in client_text(tie(town, ann, "xero"), ann)
    page = client.get("/your-sign-in", **AT).text
    uid = page.split('name="identity" value="', 1)[1].split('"', 1)[0]
    said = client.post(
        "/your-sign-in/vendors/end", data={"csrf_token": token_in(page), "identity": uid}, follow_redirects=True, **AT
    )
    assert "It is your only way in." in said.text
    client.post("/your-sign-in/password", data={"csrf_token": token_in(page), "password": SECRET}, **AT)
    said = client.post(
        "/your-sign-in/vendors/end",
        data={"csrf_token": token_in(page), "identity": uid, "confirm": SECRET},
        follow_redirects=True,
        **AT,
    )
    assert "It lets you in no more." in said.text


def client_text(answered: Any, client: FlaskClient) -> str:
    return client.get(answered.location, follow_redirects=True, **AT).text


def test_who_has_no_password_confirms_by_having_just_come(town: Town) -> None:
    client = browser(town)
    sign_up(town, client, "xero")
    page = client.get("/your-sign-in", **AT).text
    assert "within ten minutes of signing in" in page
    town.clock.move(town.now.replace(minute=30))
    typed = {"csrf_token": token_in(page), "password": SECRET}
    said = client.post("/your-sign-in/password", data=typed, follow_redirects=True, **AT).text
    assert "You signed in too long ago for this." in said
    with town.rt.store.read() as session:
        assert session.scalars(select(User.password_hash)).one() == ""


@BOTH
@pytest.mark.parametrize("spoil", ["issuer", "audience", "expired", "nonce", "key", "none", "secret"])
def test_a_token_that_is_not_good_in_every_way_lets_nobody_in(town: Town, kind: str, spoil: str) -> None:
    town.twin(kind).signer.spoil = spoil
    client = browser(town)
    sign_up(town, client, kind)
    assert f"What {LABELS[kind]} sent about you could not be checked." in words(client)
    assert (count(town, User), count(town, SignIn), count(town, Connection)) == (0, 0, 0)
    town.twin(kind).signer.spoil = ""
    sign_up(town, client, kind)
    assert count(town, User) == 1


@BOTH
def test_a_new_key_of_the_vendor_is_asked_for_and_believed(town: Town, kind: str) -> None:
    sign_up(town, browser(town), kind)
    town.clock.move(town.now.replace(hour=town.now.hour + 1))
    town.twin(kind).signer.generation = 2
    again = browser(town)
    go(town, again, kind, "sign-in")
    assert town.books[kind].about.name in words(again, "/companies")


@BOTH
def test_an_answer_that_nobody_here_asked_for_or_that_comes_twice_opens_nothing(town: Town, kind: str) -> None:
    client = browser(town)
    assert "did not match our question" in client_text(go(town, client, kind, "sign-in", state="forged"), client)
    stranger = browser(town)
    lost = stranger.get(f"/sign-in/{kind}/callback", query_string={"code": "x", "state": "y"}, **AT)
    assert "was under way here" in client_text(lost, stranger)
    begun = client.get(f"/launch/{kind}", **AT)
    query = answer(town, kind, begun.location, ())
    client.get(f"/sign-in/{kind}/callback", query_string=query, **AT)
    twice = client.get(f"/sign-in/{kind}/callback", query_string=query, **AT)
    assert "was under way here" in client_text(twice, client)


def test_an_address_that_intuit_has_not_checked_makes_nobody(town: Town) -> None:
    town.quickbooks.holder = Holder("intuit-person-2", verified=False)
    client = browser(town)
    sign_up(town, client, "quickbooks")
    assert "Intuit has not checked your e-mail address yet." in words(client)
    assert (count(town, User), count(town, Connection)) == (0, 0)


@BOTH
def test_where_sign_ups_are_closed_only_the_first_one_comes_in_by_themselves(town: Town, kind: str) -> None:
    town.rt = replace(town.rt, sign_ups=False)
    sign_up(town, browser(town), kind)
    assert count(town, Practice) == 1
    if kind == "xero":
        town.xero.user_id, town.xero.holder = town.xero.new_uuid(), Holder("", "ann@elsewhere.example")
    else:
        town.quickbooks.holder = Holder("intuit-person-2", "ann@elsewhere.example")
    other = browser(town)
    sign_up(town, other, kind)
    assert "Nobody can sign up here by themselves." in words(other)
    assert count(town, Practice) == 1


def test_the_second_step_is_asked_for_although_the_vendor_vouches(town: Town) -> None:
    user_id = password_owner(town)
    tie(town, with_password(browser(town)), "xero")
    with town.rt.store.write() as session:
        user = session.get_one(User, user_id)
        user.totp_sealed, user.totp_at = town.rt.vault.seal(b"JBSWY3DPEHPK3PXP"), town.now
    client = browser(town)
    assert "/sign-in/code" in go(town, client, "xero", "sign-in").location
    assert "/sign-in" in client.get("/", **AT).location


def test_whoever_has_left_does_not_come_back_through_the_vendor(town: Town) -> None:
    user_id = password_owner(town)
    tie(town, with_password(browser(town)), "xero")
    with town.rt.store.write() as session:
        session.get_one(User, user_id).left_at = town.now
    assert "You are not known here yet" in go(town, browser(town), "xero", "sign-in").text

"""The page behind the link at the end of every message: opening it changes nothing, one button asks for a person."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models import Account, AddressWord, AuditEvent, HoldRow, Touch
from models.base import Base
from tests.web.edges import HTTPS, client_of
from tests.web.pages import stop_link
from tests.web.world import World

ALDER = "Alder & Ash Kitchens"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def counted(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.rt.store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def is_stopped(world: World) -> bool:
    with world.rt.store.read() as session:
        touch = session.get_one(Touch, world.touch.id)
        held = session.scalars(
            select(HoldRow).where(HoldRow.account_id == touch.account_id, HoldRow.cause == "opted-out")
        )
        return bool(touch.recipients) and held.first() is not None


def test_opening_the_page_changes_nothing_however_often(world: World, stranger: FlaskClient) -> None:
    before = counted(world)
    for method in (stranger.get, stranger.head, stranger.get):
        answer = method(stop_link(world), **HTTPS)
        assert answer.status_code == 200
    assert (counted(world), is_stopped(world)) == (before, False)
    assert answer.text.count("<button") == 1
    assert "Yes, a person please" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_the_page_names_the_company_and_nobody_else(world: World, stranger: FlaskClient) -> None:
    for page in (stranger.get(stop_link(world), **HTTPS), _pressed(stranger, stop_link(world))):
        assert "Bramley Joinery" in page.text
        for word in ("Alder", "1042", "/p/", "@", world.accounts[ALDER].uid):
            assert word not in page.text


def _pressed(client: FlaskClient, link: str) -> object:
    answer = client.post(link, **HTTPS)
    assert (answer.status_code, answer.location) == (303, link)
    return client.get(link, **HTTPS)


def test_the_button_asks_for_a_person_and_the_page_says_what_comes(world: World, stranger: FlaskClient) -> None:
    page = _pressed(stranger, stop_link(world))
    assert is_stopped(world)
    assert "A person at Bramley Joinery gets in touch with you." in page.text  # type: ignore[attr-defined]
    assert "What is open stays open" in page.text  # type: ignore[attr-defined]
    assert "<button" not in page.text  # type: ignore[attr-defined]


def test_a_mail_program_needs_one_post_no_session_and_no_token_and_is_not_led_elsewhere(world: World) -> None:
    before = counted(world)
    answer = client_of(world.rt).post(stop_link(world), data=ONE_CLICK, **HTTPS)
    assert (answer.status_code, answer.text) == (200, "")
    assert is_stopped(world)
    after = counted(world)
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert set(changed) <= {"hold", "address_word", "audit_event", "audit_key"}
    assert (changed["hold"], changed["address_word"]) == (1, 1)
    again = client_of(world.rt).post(stop_link(world), data=ONE_CLICK, **HTTPS)
    assert (again.status_code, counted(world)) == (200, after)


def test_it_is_on_the_desk_and_in_the_log_and_a_person_can_take_it_back(world: World, ann: FlaskClient) -> None:
    client_of(world.rt).post(stop_link(world), data=ONE_CLICK, **HTTPS)
    desk = ann.get("/desk", **HTTPS).text
    assert "They asked for no automatic reminders; a person takes over." in desk
    account = world.accounts[ALDER]
    page = ann.get(f"/accounts/{account.uid}", **HTTPS).text
    assert "Wants no reminders" in page
    assert "It wants to hear again" in page
    with world.rt.store.read() as session:
        kinds = set(session.scalars(select(AuditEvent.kind).where(AuditEvent.company_id == account.company_id)))
        words = session.scalars(select(AddressWord.cause).where(AddressWord.company_id == account.company_id)).all()
    assert {"opted-out", "address-opted-out"} <= kinds
    assert "opted-out" in words


@pytest.mark.parametrize(
    ("language", "words", "done"),
    [
        ("de", "Ja, bitte ein Mensch", "Ein Mensch bei Bramley Joinery meldet sich bei Ihnen."),
        ("es", "Sí, una persona, por favor", "Una persona de Bramley Joinery se pondrá en contacto con usted."),
        ("fr", "Oui, une personne s’il vous plaît", "Une personne chez Bramley Joinery vous contactera."),
    ],
)
def test_it_speaks_the_customers_language(world: World, language: str, words: str, done: str) -> None:
    with world.rt.store.write() as session:
        session.get_one(Account, world.accounts[ALDER].id).language = language
    client = client_of(world.rt)
    page = client.get(stop_link(world), headers={"Accept-Language": "en"}, **HTTPS).text
    assert f'<html lang="{language}' in page
    assert words in page
    client.post(stop_link(world), **HTTPS)
    assert done in client.get(stop_link(world), **HTTPS).text


def test_a_bad_link_opens_nothing_whoever_asks(world: World, stranger: FlaskClient) -> None:
    good, portal = stop_link(world), world.link(ALDER)
    before = counted(world)
    wrong = (f"{good}x", good[:-1], "/stop/nothing", portal.replace("/p/", "/stop/"), good.replace("/stop/", "/p/"))
    for path in wrong:
        assert stranger.get(path, **HTTPS).status_code == 404, path
    for path in wrong[:4]:
        assert stranger.post(path, data=ONE_CLICK, **HTTPS).status_code == 404, path
    assert counted(world) == before


def test_guessing_is_slowed_down_for_each_link(world: World, stranger: FlaskClient) -> None:
    answers = [stranger.post(stop_link(world), data=ONE_CLICK, **HTTPS).status_code for _ in range(42)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert re.search("(?i)short break", stranger.post(stop_link(world), **HTTPS).text)

"""One question after a payment or an answer, asked once; what is said becomes a figure beside the cadence's version."""

from __future__ import annotations

from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from models import Attempt, CadenceVersion, Company, Feedback
from tests.web.edges import HTTPS, token_in
from tests.web.world import World
from workflows import treatment

ALDER, HALLAM = "Alder & Ash Kitchens", "Hallam & Daughters"
QUESTION = "how did we treat you?"


def forgot(client: FlaskClient, world: World) -> str:
    """The page after an answer."""
    link = world.link(ALDER)
    data = {"csrf_token": token_in(client.get(link, **HTTPS).text), "invoice": world.invoices["1042"].uid}
    return client.post(f"{link}/answers/forgot", data=data, follow_redirects=True, **HTTPS).text


def say(client: FlaskClient, link: str, score: str, **more: str) -> str:
    data = {"csrf_token": token_in(client.get(link, **HTTPS).text), "score": score, **more}
    return client.post(f"{link}/treatment", data=data, follow_redirects=True, **HTTPS).text


def said(world: World) -> list[Feedback]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(Feedback).order_by(Feedback.id)))


def test_it_is_asked_after_an_answer_and_never_just_so(world: World, stranger: FlaskClient) -> None:
    assert QUESTION not in stranger.get(world.link(ALDER), **HTTPS).text
    assert QUESTION in forgot(stranger, world)
    assert "It helps us to stay kind." in say(stranger, world.link(ALDER), "4", text=" Quick and friendly. ")
    assert [(one.score, one.text) for one in said(world)] == [(4, "Quick and friendly.")]
    assert QUESTION not in forgot(stranger, world), "once is enough"


def test_it_is_asked_after_a_payment_once(world: World, stranger: FlaskClient) -> None:
    link = world.link(HALLAM)
    assert QUESTION in stranger.get(f"{link}/thanks", **HTTPS).text
    with world.rt.store.read() as session:
        mine = Attempt.account_id == world.accounts[HALLAM].id
        uid = session.scalars(select(Attempt.uid).where(mine)).one()
    for score in ("5", "1"):
        say(stranger, link, score, payment=uid)
    assert [(one.score, one.about) for one in said(world)] == [(5, f"payment/{uid}")]
    assert QUESTION not in stranger.get(f"{link}/thanks", **HTTPS).text


def test_a_company_that_does_not_want_to_know_does_not_ask(world: World, stranger: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.get_one(Company, world.bramley.id).ask_treatment = False
    assert QUESTION not in forgot(stranger, world)


def test_only_five_figures_are_taken_and_only_about_ones_own_payments(world: World, stranger: FlaskClient) -> None:
    link = world.link(ALDER)
    for score in ("", "0", "6", "-1", "4.5", "²"):
        assert "Please choose one of the five." in say(stranger, link, score)
    with world.rt.store.read() as session:
        theirs = Attempt.account_id == world.accounts[HALLAM].id
        uid = session.scalars(select(Attempt.uid).where(theirs)).one()
    assert "not one of yours" in say(stranger, link, "5", payment=uid)
    assert "at most 1000 characters" in say(stranger, link, "5", text="x" * 1001)
    assert said(world) == []


def test_the_version_behind_their_messages_shows_the_figure(
    world: World, stranger: FlaskClient, ann: FlaskClient
) -> None:
    for name, score in ((ALDER, "5"), ("Fennimore Architects", "2")):
        say(stranger, world.link(name), score)
    with world.rt.store.read() as session:
        version = session.get_one(Company, world.bramley.id).cadence_version_id
        assert treatment.of_version(session, version) == (Decimal("3.5"), 2)
        assert treatment.of_version(session, version + 99) == (None, 0)
        uid = session.get_one(CadenceVersion, version).uid
    page = ann.get(f"/library/{uid}", **HTTPS).text
    assert "3.5</strong> of 5, as 2 customers said" in page

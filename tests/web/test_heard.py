"""What came to a person's ear, noted on the customer's page: a day, something wrong, whose they are, notes."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import Account, AuditEvent, Dispute, Promise, Remark, User
from tests.web.edges import HTTPS, client_of, sign_in
from tests.web.test_holds import ALDER, _is_woken, _path, _press, _rows
from tests.web.world import World
from workflows import answers


def open_of(world: World) -> list[str]:
    return [one.uid for one in world.invoices.values() if one.account_id == world.accounts[ALDER].id]


def colleague(world: World, role: str = "clerk") -> FlaskClient:
    """Cleo, who works at the practice, signed in."""
    with world.rt.store.write() as session:
        ann = session.scalars(select(User).where(User.email == "ann@example.com")).one()
        row = User(uid="cleo", practice_id=ann.practice_id, email="cleo@example.com", name="Cleo", role=role)
        row.password_hash, row.created_at = ann.password_hash, world.rt.clock.now()
        session.add(row)
    return sign_in(client_of(world.rt), "cleo@example.com")


def test_a_day_named_on_the_telephone_keeps_quiet_until_after_it(world: World, ann: FlaskClient) -> None:
    day = (world.rt.clock.now() + timedelta(days=5)).date()
    before = len(_rows(world, Promise))
    page = _press(ann, f"{_path(world)}/promise", invoice=open_of(world)[:1], day=day.isoformat())
    assert "Nothing is said about it until a little after that day" in page
    made = _rows(world, Promise)[before:]
    assert [(one.day, one.state) for one in made] == [(day, "open")]
    assert _is_woken(world)


def test_who_broke_two_promises_may_be_given_a_third_by_a_person_but_not_by_the_page(
    world: World, ann: FlaskClient
) -> None:
    day = world.rt.clock.now().date() + timedelta(days=2)
    invoice = open_of(world)[:1]
    for _ in range(2):
        row = answers.promise(world.rt, world.accounts[ALDER].id, invoice, day)
        with world.rt.store.write() as session:
            session.execute(update(Promise).where(Promise.id == row.id).values(state="broken"))
    page = _press(ann, f"{_path(world)}/promise", invoice=invoice, day=day.isoformat())
    assert "until a little after that day" in page


def test_a_day_too_far_away_is_refused_in_a_sentence(world: World, ann: FlaskClient) -> None:
    day = world.rt.clock.now().date() + timedelta(days=90)
    page = _press(ann, f"{_path(world)}/promise", invoice=open_of(world)[:1], day=day.isoformat())
    assert "at most 30 days away" in page


def test_what_is_wrong_is_noted_and_waits_on_the_desk(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.execute(update(Dispute).values(state="resolved"))
    invoice = open_of(world)[0]
    page = _press(ann, f"{_path(world)}/dispute", invoice=invoice, text="They were sent the wrong chairs.")
    assert "it is on the desk" in page
    assert "wrong chairs" in ann.get("/desk", **HTTPS).text
    assert "Please tell us in a few words" in _press(ann, f"{_path(world)}/dispute", invoice=invoice, text=" ")


def test_a_customer_is_given_to_a_colleague_and_back_to_nobody(world: World, ann: FlaskClient) -> None:
    colleague(world)
    page = _press(ann, f"{_path(world)}/assign", person="cleo")
    assert "Cleo looks after them" in page
    with world.rt.store.read() as session:
        assert session.get_one(Account, world.accounts[ALDER].id).assignee_id is not None
    assert "Nobody in particular looks after them" in _press(ann, f"{_path(world)}/assign", person="")
    assert "Please choose somebody" in _press(ann, f"{_path(world)}/assign", person="nobody")


def test_nobody_is_given_to_who_only_looks(world: World, ann: FlaskClient) -> None:
    colleague(world, "viewer")
    assert "Please choose somebody" in _press(ann, f"{_path(world)}/assign", person="cleo")


def test_a_note_is_read_by_colleagues_and_taken_back_by_who_wrote_it_or_an_accountant(
    world: World, ann: FlaskClient
) -> None:
    cleo, path = colleague(world), _path(world)
    assert "Rings back on Mondays" in _press(cleo, f"{path}/remarks", text="Rings back on Mondays.")
    assert "Ann's own" in _press(ann, f"{path}/remarks", text="Ann's own.")
    assert "Rings back on Mondays" in ann.get(path, **HTTPS).text
    with world.rt.store.read() as session:
        kinds = list(session.scalars(select(AuditEvent.kind).where(AuditEvent.kind == "remark-made")))
    assert len(kinds) == 2
    uids = dict(_remarks(world))
    assert "Only whoever wrote it" in _press(cleo, f"{path}/remarks/take-back", remark=uids["Ann's own."])
    page = _press(ann, f"{path}/remarks/take-back", remark=uids["Rings back on Mondays."])
    assert "Rings back on Mondays" not in page
    assert "Please write what your colleagues should know" in _press(ann, f"{path}/remarks", text="  ")


def _remarks(world: World) -> list[tuple[str, str]]:
    return [(one.text, one.uid) for one in _rows(world, Remark)]


def test_a_customer_never_sees_a_note(world: World, ann: FlaskClient, stranger: FlaskClient) -> None:
    _press(ann, f"{_path(world)}/remarks", text="Do not say this aloud.")
    assert "say this aloud" not in stranger.get(world.link(ALDER), **HTTPS).text

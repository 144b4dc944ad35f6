"""Signed-in browsers: a secret of which only the hash is kept, and every way in which one ends."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from models import AuditEvent, SignIn, User
from tests.web.edges import HTTPS, NOW, PASSWORD, StillClock, client_of, sign_in, token_in
from tests.web.world import World
from workflows import sign_ins

NEW = "three herons by the mill"


def _rows(world: World) -> list[SignIn]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.id)))


def _secret(client: FlaskClient) -> str:
    with client.session_transaction(**HTTPS) as session:
        return str(session["browser"])


def _is_in(client: FlaskClient) -> bool:
    return client.get("/", **HTTPS).status_code == 200


def _post(client: FlaskClient, path: str, **form: str) -> str:
    """The page one is on afterwards."""
    token = token_in(client.get("/your-sign-in", **HTTPS).text)
    return client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS).text


def _later(world: World, later: timedelta) -> None:
    clock = world.rt.clock
    assert isinstance(clock, StillClock)
    clock.moment += later


def test_the_database_keeps_only_the_hash_of_the_secret(world: World, ann: FlaskClient) -> None:
    (row,) = _rows(world)
    assert row.secret_hash == hashlib.sha256(_secret(ann).encode()).hexdigest()
    assert _is_in(ann)


def test_a_cookie_with_another_secret_or_only_a_name_opens_nothing(world: World) -> None:
    client = client_of(world.rt)
    for content in ({"browser": "guessed"}, {"user": 1}, {"browser": 1}, {"browser": None}):
        with client.session_transaction(**HTTPS) as session:
            session.clear()
            session.update(content)
        assert not _is_in(client), content


def test_every_sign_in_has_a_secret_of_its_own_and_ends_the_one_before(world: World, ann: FlaskClient) -> None:
    before = _secret(ann)
    ann.get("/your-sign-in", **HTTPS)
    token = token_in(ann.get("/your-sign-in", **HTTPS).text)
    form = {"email": "ann@example.com", "password": PASSWORD, "csrf_token": token}
    assert ann.post("/sign-in", data=form, **HTTPS).status_code == 303
    assert _secret(ann) != before
    assert sign_ins.of(world.rt, before) is None
    assert sign_ins.of(world.rt, _secret(ann)) is not None


def test_signing_out_ends_it_for_a_copy_of_the_cookie_too(world: World, ann: FlaskClient) -> None:
    copied = _secret(ann)
    assert "You are signed out" in _post(ann, "/sign-out")
    assert sign_ins.of(world.rt, copied) is None
    assert not _is_in(ann)


def test_twelve_hours_without_use_end_it(world: World, ann: FlaskClient) -> None:
    _later(world, sign_ins.IDLE - timedelta(seconds=1))
    assert _is_in(ann)
    _later(world, sign_ins.IDLE - timedelta(seconds=1))
    assert _is_in(ann)
    _later(world, sign_ins.IDLE)
    assert not _is_in(ann)


def test_fourteen_days_end_it_however_much_it_is_used(world: World, ann: FlaskClient) -> None:
    for _ in range(int(sign_ins.OLDEST / timedelta(hours=8)) - 1):
        _later(world, timedelta(hours=8))
        assert _is_in(ann)
    _later(world, timedelta(hours=8))
    assert not _is_in(ann)


def test_looking_at_pages_writes_at_most_every_five_minutes(world: World, ann: FlaskClient) -> None:
    for minutes, seen in ((4, 0), (1, 5), (2, 5), (3, 10)):
        _later(world, timedelta(minutes=minutes))
        assert _is_in(ann)
        assert _rows(world)[0].seen_at == NOW + timedelta(minutes=seen)


def test_one_sees_where_one_is_signed_in_and_ends_it_with_the_password(world: World, ann: FlaskClient) -> None:
    other = client_of(world.rt)
    other.environ_base["HTTP_USER_AGENT"] = "A phone left on a train"
    sign_in(other)
    assert "A phone left on a train" in ann.get("/your-sign-in", **HTTPS).text
    uid = _rows(world)[-1].uid
    assert "That is not your password" in _post(ann, "/your-sign-in/browsers/end", browser=uid, confirm="wrong")
    assert _is_in(other)
    assert "Signed out there" in _post(ann, "/your-sign-in/browsers/end", browser=uid, confirm=PASSWORD)
    assert not _is_in(other)
    assert _is_in(ann)


def test_somebody_elses_browser_is_not_found(world: World, ann: FlaskClient) -> None:
    otto = sign_in(client_of(world.rt), "otto@example.com")
    uid = _rows(world)[-1].uid
    assert "Nothing here" in _post(ann, "/your-sign-in/browsers/end", browser=uid, confirm=PASSWORD)
    assert _is_in(otto)


def test_another_password_ends_all_other_browsers(world: World, ann: FlaskClient) -> None:
    other = sign_in(client_of(world.rt))
    assert "Changed. All other browsers" in _post(ann, "/your-sign-in/password", confirm=PASSWORD, password=NEW)
    assert _is_in(ann)
    assert not _is_in(other)
    assert "do not belong together" in _try(world, PASSWORD)
    assert "do not belong together" not in _try(world, NEW)


def _try(world: World, password: str) -> str:
    client = client_of(world.rt)
    token = token_in(client.get("/sign-in", **HTTPS).text)
    answer = client.post(
        "/sign-in",
        data={"email": "ann@example.com", "password": password, "csrf_token": token},
        follow_redirects=True,
        **HTTPS,
    )
    answer.close()  # a refusal is written down after the answer
    return answer.text


def _clerk(world: World, practice: int) -> str:
    with world.rt.store.write() as session:
        ann = session.scalars(select(User).order_by(User.id)).first()
        assert ann is not None
        clerk = User(
            role="accountant",
            uid=f"clerk{practice}",
            practice_id=practice,
            email=f"c{practice}@example.com",
            name="Cleo Clerk",
        )
        clerk.password_hash, clerk.created_at = ann.password_hash, NOW
        session.add(clerk)
    return clerk.uid


def test_an_owner_signs_a_person_of_the_practice_out_and_nobody_else_does(world: World, ann: FlaskClient) -> None:
    uid, ann_uid = _clerk(world, world.practice), "x"
    clerk = sign_in(client_of(world.rt), f"c{world.practice}@example.com")
    with world.rt.store.read() as session:
        ann_uid = session.scalars(select(User.uid).where(User.email == "ann@example.com")).one()
    assert "Only an owner" in _post(clerk, f"/your-sign-in/people/{ann_uid}/end", confirm=PASSWORD)
    assert _is_in(ann)
    assert "Cleo Clerk is signed out everywhere" in _post(ann, f"/your-sign-in/people/{uid}/end", confirm=PASSWORD)
    assert not _is_in(clerk)


def test_every_sign_in_refusal_and_change_is_in_the_practices_log(world: World, ann: FlaskClient) -> None:
    _try(world, "wrong")
    _post(ann, "/your-sign-in/password", confirm=PASSWORD, password=NEW)
    _post(ann, "/sign-out")
    with world.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).where(AuditEvent.practice_id == world.practice)).all()
    assert [*kinds][-4:] == ["signed-in", "sign-in-refused", "password-changed", "signed-out"]


def test_a_demos_clock_that_jumps_signs_nobody_out(world: World) -> None:
    demo = world.rt.__class__(**{**world.rt.__dict__, "mode": "demo"})
    client = sign_in(client_of(demo))
    _later(world, timedelta(days=30))
    assert _is_in(client)

"""The second step: set up and tried before it counts, no code twice, few tries, and codes for who lost the device."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask.testing import FlaskClient
from sqlalchemy import select

from models import AuditEvent, User
from tests.web.edges import HTTPS, PASSWORD, StillClock, client_of, token_in
from tests.web.world import World
from workflows import second_step
from workflows.errors import Refusal

PAGE = "/your-sign-in"


def _ann(world: World) -> User:
    with world.rt.store.read() as session:
        return session.scalars(select(User).where(User.email == "ann@example.com")).one()


def _device(secret: str, world: World, steps: int = 0) -> str:
    """What a device shows so many half-minutes from now."""
    moment = int(world.rt.clock.now().timestamp()) + 30 * steps
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(moment).decode()


def _later(world: World, seconds: int = 30) -> None:
    clock = world.rt.clock
    assert isinstance(clock, StillClock)
    clock.moment += timedelta(seconds=seconds)


def _switched_on(world: World) -> tuple[str, list[str]]:
    """(the device's secret, the recovery codes), half a minute after it was switched on."""
    second_step.begin(world.rt, _ann(world).id)
    words = second_step.words_of(world.rt, _ann(world))
    assert words is not None
    codes = second_step.switch_on(world.rt, _ann(world).id, _device(words[0], world))
    _later(world)
    return words[0], codes


def _post(client: FlaskClient, path: str, page: str = PAGE, **form: str) -> str:
    token = token_in(client.get(page, **HTTPS).text)
    return client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS).text


def _half_way(world: World) -> FlaskClient:
    """A stranger who gave the right password."""
    client = client_of(world.rt)
    page = _post(client, "/sign-in", "/sign-in", email="ann@example.com", password=PASSWORD)
    assert "Your password was right" in page
    return client


def _is_in(client: FlaskClient) -> bool:
    return client.get("/", **HTTPS).status_code == 200


def test_it_counts_once_the_device_has_shown_the_right_code(world: World, ann: FlaskClient) -> None:
    assert "That is not your password" in _post(ann, f"{PAGE}/second-step", confirm="wrong")
    page = _post(ann, f"{PAGE}/second-step", confirm=PASSWORD)
    assert 'src="data:image/svg+xml' in page
    shown = re.search(r'Secret: <code class="numbers">([A-Z2-7 ]+)</code>', page)
    assert shown is not None
    secret = shown[1].replace(" ", "")
    assert "That code does not fit" in _post(ann, f"{PAGE}/second-step/on", own_code="000000")
    assert not second_step.is_on(_ann(world))
    page = _post(ann, f"{PAGE}/second-step/on", own_code=_device(secret, world))
    assert len(re.findall(r"(?:[a-z2-7]{4}-){5}[a-z2-7]{4}", page)) == second_step.CODES
    assert secret not in ann.get(PAGE, **HTTPS).text
    assert "shown this once" not in ann.get(PAGE, **HTTPS).text


def test_the_password_alone_opens_nothing_any_more(world: World) -> None:
    secret, _ = _switched_on(world)
    client = _half_way(world)
    assert not _is_in(client)
    assert client.get("/desk", **HTTPS).location.startswith("/sign-in")
    _post(client, "/sign-in/code", "/sign-in/code", code=_device(secret, world))
    assert _is_in(client)


def test_a_code_counts_once(world: World) -> None:
    secret, _ = _switched_on(world)
    code, ann = _device(secret, world), _ann(world)
    assert second_step.passes(world.rt, ann.id, code)
    assert not second_step.passes(world.rt, ann.id, code)
    assert not second_step.passes(world.rt, ann.id, _device(secret, world, -1)), "nor does an older one"
    _later(world)
    assert second_step.passes(world.rt, ann.id, _device(secret, world))


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(world: World, steps: int, good: bool) -> None:
    secret, _ = _switched_on(world)
    _later(world, 300)
    assert second_step.passes(world.rt, _ann(world).id, _device(secret, world, steps)) is good


def test_five_wrong_codes_are_enough(world: World) -> None:
    secret, _ = _switched_on(world)
    client = _half_way(world)
    for _ in range(5):
        assert "That code does not fit" in _post(client, "/sign-in/code", "/sign-in/code", code="000000")
    assert "too many tries" in _post(client, "/sign-in/code", "/sign-in/code", code=_device(secret, world))
    assert not _is_in(client)


def test_ten_minutes_are_enough_for_the_code(world: World) -> None:
    secret, _ = _switched_on(world)
    client = _half_way(world)
    _later(world, 601)
    assert client.get("/sign-in/code", **HTTPS).location.startswith("/sign-in")
    token = token_in(client.get("/sign-in", **HTTPS).text)
    form = {"code": _device(secret, world), "csrf_token": token}
    assert client.post("/sign-in/code", data=form, **HTTPS).location.startswith("/sign-in")
    assert not _is_in(client)


def test_a_recovery_code_counts_once_and_only_its_hash_is_kept(world: World) -> None:
    _, codes = _switched_on(world)
    kept = _ann(world).recovery
    assert kept == [hashlib.sha256(one.replace("-", "").encode()).hexdigest() for one in codes]
    client = _half_way(world)
    _post(client, "/sign-in/code", "/sign-in/code", code=codes[3].upper().replace("-", " "))
    assert _is_in(client)
    assert len(_ann(world).recovery) == second_step.CODES - 1
    assert not second_step.passes(world.rt, _ann(world).id, codes[3])


def test_new_recovery_codes_end_the_old_ones(world: World, ann: FlaskClient) -> None:
    secret, codes = _switched_on(world)
    assert "That code does not fit" in _post(ann, f"{PAGE}/second-step/codes", own_code="123456")
    assert "shown this once" in _post(ann, f"{PAGE}/second-step/codes", own_code=_device(secret, world))
    assert not second_step.passes(world.rt, _ann(world).id, codes[0])


def test_switching_it_off_asks_for_password_and_code(world: World, ann: FlaskClient) -> None:
    secret, _ = _switched_on(world)
    off, code = f"{PAGE}/second-step/off", _device(secret, world)
    assert "That is not your password" in _post(ann, off, confirm="wrong", own_code=code)
    assert "That code does not fit" in _post(ann, off, confirm=PASSWORD, own_code="123456")
    assert second_step.is_on(_ann(world))
    assert "The second step is off" in _post(ann, off, confirm=PASSWORD, own_code=code)
    assert _ann(world).totp_sealed is None
    assert _ann(world).recovery == []


@pytest.mark.parametrize("path", ["paying/account", "paying/bank", "sender", "sender/remove"])
def test_changes_that_lead_money_ask_for_the_code_too(world: World, ann: FlaskClient, path: str) -> None:
    _switched_on(world)
    where = f"/companies/{world.bramley.uid}/{path}"
    answer = _post(ann, where, confirm=PASSWORD, kind="stripe", secret="s", webhook="w", shape="iban", currency="GBP")
    assert "That code does not fit" in answer
    assert 'name="own_code"' in ann.get(f"/companies/{world.bramley.uid}/paying", **HTTPS).text


def test_changing_the_password_asks_for_the_code_too(world: World, ann: FlaskClient) -> None:
    secret, _ = _switched_on(world)
    new = {"confirm": PASSWORD, "password": "three herons by the mill"}
    assert "That code does not fit" in _post(ann, f"{PAGE}/password", **new)
    assert "Changed." in _post(ann, f"{PAGE}/password", **new, own_code=_device(secret, world))


def test_the_secret_is_sealed_and_what_happened_is_in_the_log(world: World) -> None:
    secret, codes = _switched_on(world)
    second_step.passes(world.rt, _ann(world).id, codes[0])
    sealed = _ann(world).totp_sealed or b""
    assert base64.b32decode(secret) not in sealed
    assert world.rt.vault.unseal(sealed) == base64.b32decode(secret)
    with world.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).where(AuditEvent.practice_id == world.practice)).all()
    assert [*kinds][-2:] == ["second-step-on", "recovery-used"]


def test_in_a_demo_whose_clock_no_device_knows_it_cannot_be_set_up(world: World) -> None:
    demo = world.rt.__class__(**{**world.rt.__dict__, "mode": "demo"})
    with pytest.raises(Refusal, match="not the real one"):
        second_step.begin(demo, _ann(world).id)

"""The page Ways to pay: set up, looked at, stopped, removed; a person's own password first; and nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from integrations.processors.base import Method, ProcessorKind
from models import Company, GuardedChange, Sender, User
from tests.web.edges import HTTPS, PASSWORD, client_of, sign_in, token_in
from tests.web.world import World
from tests.workflows.owners import IBAN, OTHER_IBAN, Door
from workflows import brands, paying, people, ways

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def ann(world: World) -> FlaskClient:
    """An owner; the practice's installation knows one processor."""
    kind = ProcessorKind("pay", "Pretend Pay", {Method.CARD: None}, ("Key", "Signing secret"), Door().open)
    world.rt = replace(world.rt, processors={"pay": kind})
    return sign_in(client_of(world.rt))


def text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    words = words.replace("&#39;", "'").replace("&amp;", "&").replace("’", "'")
    return re.sub(r" ([.,:])", r"\1", words)


def press(client: FlaskClient, company: Company, way: str, status: int = 200, **fields: Any) -> str:
    """What the page says after pressing a button on it."""
    token = token_in(client.get("/", **HTTPS).text)
    answer = client.post(
        f"/companies/{company.uid}/paying{way}",
        data={"csrf_token": token, **fields},
        follow_redirects=True,
        **HTTPS,
    )
    assert answer.status_code == status, answer.text
    return text(answer.text)


def look(client: FlaskClient, company: Company, way: str = "") -> str:
    answer = client.get(f"/companies/{company.uid}/paying{way}", **HTTPS)
    assert answer.status_code == 200
    return text(answer.text)


def connect(client: FlaskClient, company: Company, **more: str) -> str:
    fields = {"kind": "pay", "secret": "sk_1", "webhook": "whsec_7", "confirm": PASSWORD, **more}
    return press(client, company, "/account", **fields)


def keep(client: FlaskClient, company: Company, status: int = 200, **more: str) -> str:
    fields = {"currency": "EUR", "shape": "iban", "holder": "Tidewater", "iban": IBAN, "confirm": PASSWORD, **more}
    return press(client, company, "/bank", status, **fields)


def change_of(world: World) -> GuardedChange:
    with world.rt.store.read() as session:
        return session.scalars(select(GuardedChange).order_by(GuardedChange.id.desc())).first()  # type: ignore[return-value]


def test_settings_leads_to_it(world: World, ann: FlaskClient) -> None:
    page = ann.get(f"/companies/{world.tide.uid}/settings", **HTTPS).text
    assert f"/companies/{world.tide.uid}/paying" in page


def test_before_going_live_an_account_is_connected_at_once(world: World, ann: FlaskClient) -> None:
    page = look(ann, world.tide)
    assert "Pretend Pay Not set up" in page
    address = re.search(r"https://dunlin\.example/webhooks/pay/(\w{22})", page)
    assert address, "what to copy stands there before the keys are known"
    page = connect(ann, world.tide)
    assert "Customers can pay there from now on" in page
    assert "Pretend Pay In use Account Larch & Co" in page
    assert f"Webhooks go to {address[0]}" in page
    assert not {"sk_1", "whsec_7"} & set(page.split()), "keys are never shown again"
    assert "Removed. Nobody can pay there any more" in press(ann, world.tide, "/account/remove", kind="pay")
    assert "Pretend Pay Not set up" in look(ann, world.tide)


def test_on_a_live_company_it_waits_and_any_owner_can_stop_it(world: World, ann: FlaskClient) -> None:
    page = connect(ann, world.bramley)
    assert "All owners are told now; it takes effect in 24 hours" in page
    assert "Account at Pretend Pay Now: none Then: Larch & Co" in page
    assert "Ann Harbour asked for it on 18 Nov 2026, 10:30. It takes effect on 19 Nov 2026, 10:30." in page
    assert "Pretend Pay Not set up" in page
    page = press(ann, world.bramley, "/stop", change=change_of(world).uid)
    assert "Stopped. Everything stays as it was" in page
    assert "It takes effect on" not in page
    assert "What changed lately Account at Pretend Pay Now: none Then: Larch & Co Stopped" in page


def test_bank_details_are_kept_in_groups_and_refused_with_what_was_typed(world: World, ann: FlaskClient) -> None:
    page = look(ann, world.tide, "/bank?currency=usd")
    assert "Bank details for USD" in page
    assert "Routing number" in page
    assert "Sort code" in look(ann, world.tide, "/bank?currency=USD&shape=GB")
    assert "What a customer needs" in look(ann, world.tide, "/bank?currency=MXN&shape=other")
    page = keep(ann, world.tide, status=422, iban="DE88370400440532013000")
    assert "The IBAN cannot be right" in page
    token = token_in(ann.get("/", **HTTPS).text)
    fields = {"csrf_token": token, "currency": "EUR", "shape": "iban", "holder": "Tidewater & Sons", "iban": "DE88"}
    raw = ann.post(f"/companies/{world.tide.uid}/paying/bank", data={**fields, "confirm": PASSWORD}, **HTTPS).text
    assert 'value="Tidewater &amp; Sons"' in raw
    assert 'value="DE88"' in raw
    page = keep(ann, world.tide)
    assert "Customers see these bank details from now on" in page
    assert f"EUR Holder Tidewater IBAN {IBAN}" in page
    page = keep(ann, world.tide, iban=OTHER_IBAN)
    assert f"Now: Tidewater, IBAN {IBAN} Then: Tidewater, IBAN {OTHER_IBAN}" in page
    assert f"EUR Holder Tidewater IBAN {IBAN}" in page, "until tomorrow the old ones count"
    page = press(ann, world.tide, "/bank/remove", currency="EUR")
    assert "None yet. Without them customers cannot pay by transfer" in page


def test_an_open_session_alone_changes_nothing(world: World, ann: FlaskClient) -> None:
    assert "That is not your password" in connect(ann, world.tide, confirm="guess")
    assert "That is not your password" in keep(ann, world.tide, status=422, confirm="")
    with world.rt.store.read() as session:
        assert (paying.accounts(session, world.tide.id), ways.transfer(session, world.tide.id, "EUR")) == ({}, None)


def test_guessing_the_password_is_limited(world: World, ann: FlaskClient) -> None:
    for _ in range(10):
        assert "That is not your password" in connect(ann, world.tide, confirm="guess")
    token = token_in(ann.get("/", **HTTPS).text)
    answer = ann.post(f"/companies/{world.tide.uid}/paying/account", data={"csrf_token": token}, **HTTPS)
    assert answer.status_code == 429


@pytest.fixture
def cem(world: World, ann: FlaskClient) -> FlaskClient:
    """A clerk of the same practice."""
    with world.rt.store.write() as session:
        hash_of_ann = session.scalars(select(User.password_hash).where(User.email == "ann@example.com")).one()
        row = User(role="accountant", uid="cem", practice_id=world.practice, email="cem@example.com", name="Cem")
        row.password_hash, row.created_at = hash_of_ann, world.rt.clock.now()
        session.add(row)
    return sign_in(client_of(world.rt), "cem@example.com")


def test_a_clerk_looks_but_changes_nothing(world: World, ann: FlaskClient, cem: FlaskClient) -> None:
    connect(ann, world.bramley)
    page = look(cem, world.bramley)
    assert "Only an owner of the practice can change accounts and bank details" in page
    assert not {"Stop it", "Connect"} & set(page.split("  "))
    assert "Please ask Ann Harbour" in connect(cem, world.tide)
    assert "Please ask Ann Harbour" in keep(cem, world.tide, status=422)
    assert "Please ask Ann Harbour" in press(cem, world.bramley, "/stop", change=change_of(world).uid)
    assert "Please ask Ann Harbour" in press(cem, world.bramley, "/account/remove", kind="pay")
    assert change_of(world).state == "waiting"


def test_nobody_reaches_the_ways_to_pay_of_others(world: World, ann: FlaskClient) -> None:
    foreign = f"/companies/{world.foreign.uid}/paying"
    token = token_in(ann.get("/", **HTTPS).text)
    for way in ("", "/bank", "/logo"):
        assert ann.get(foreign + way, **HTTPS).status_code == 404
    for way in ("/account", "/account/remove", "/bank", "/bank/remove", "/stop", "/choose", "/brand"):
        fields = {"csrf_token": token, "confirm": PASSWORD, "kind": "pay", "currency": "EUR"}
        assert ann.post(foreign + way, data=fields, **HTTPS).status_code == 404


def test_a_change_is_stopped_on_its_own_companys_page_only(world: World, ann: FlaskClient) -> None:
    connect(ann, world.bramley)
    press(ann, world.tide, "/stop", status=404, change=change_of(world).uid)
    with world.rt.store.write() as session:
        other = session.scalars(select(User).where(User.email == "otto@example.com")).one()
        assert people.user(session, other.id) is not None
    otto = sign_in(client_of(world.rt), "otto@example.com")
    press(otto, world.foreign, "/stop", status=404, change=change_of(world).uid)
    assert change_of(world).state == "waiting"


def test_what_customers_may_do_is_chosen(world: World, ann: FlaskClient) -> None:
    assert "Saved." in press(ann, world.tide, "/choose", part_payments="on")
    with world.rt.store.read() as session:
        row = session.get_one(Company, world.tide.id)
    assert (row.part_payments, row.ask_treatment) == (True, False)


def test_the_looks_of_the_page_are_kept_and_the_logo_is_what_it_is(world: World, ann: FlaskClient) -> None:
    logo = (BytesIO(PNG), "logo.svg")
    page = press(ann, world.tide, "/brand", colour="#1D6B63", phone="+353 1 555 0100", logo=logo)
    assert "looks like this from now on" in page
    shown = ann.get(f"/companies/{world.tide.uid}/paying/logo", **HTTPS)
    assert (shown.data, shown.mimetype) == (PNG, "image/png"), "what it is counts, not what it is called"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    page = press(ann, world.tide, "/brand", logo=(BytesIO(b"<svg onload='x()'/>"), "logo.png"))
    assert "no PNG, JPEG or WebP picture" in page
    press(ann, world.tide, "/brand", drop_logo="on")
    assert ann.get(f"/companies/{world.tide.uid}/paying/logo", **HTTPS).status_code == 404


@pytest.mark.parametrize("size", [200_001, 3_000_000])
def test_a_picture_that_is_too_large_is_refused_in_a_sentence(world: World, ann: FlaskClient, size: int) -> None:
    token = token_in(ann.get("/", **HTTPS).text)
    file = FileStorage(BytesIO(PNG + b"0" * size), "logo.png")
    boundary, body = encode_multipart({"csrf_token": token, "logo": file})
    kind = f"multipart/form-data; boundary={boundary}"
    path = f"/companies/{world.tide.uid}/paying/brand"
    page = ann.post(path, data=body, content_type=kind, follow_redirects=True, **HTTPS).text
    assert f"larger than {brands.LARGEST_WORDS}" in page


# The page Sender, under the same guard


def test_another_mailbox_of_a_live_company_waits_beside_the_one_that_speaks(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/sender"
    token = token_in(ann.get(path, **HTTPS).text)
    form = {"csrf_token": token, "kind": "smtp", "address": "otto@bramley.example", "host": "smtp.bramley.example"}
    form |= {"port": "587", "password": "heron"}
    page = text(ann.post(path, data=form, follow_redirects=True, **HTTPS).text)
    assert "That is not your password" in page
    page = text(ann.post(path, data={**form, "confirm": PASSWORD}, follow_redirects=True, **HTTPS).text)
    assert "it takes over in 24 hours at the earliest" in page
    assert "Waits to take effect" in page
    assert "A test mail goes through the mailbox to otto@bramley.example" in page
    with world.rt.store.read() as session:
        rows = session.scalars(select(Sender).where(Sender.company_id == world.bramley.id).order_by(Sender.id)).all()
    assert [(one.successor, one.in_use_since is not None) for one in rows] == [(False, True), (True, False)]
    page = press(ann, world.bramley, "/stop", change=change_of(world).uid)
    assert "Stopped." in page

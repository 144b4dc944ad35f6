"""The page Sender: a person sets a mailbox up, proves it, looks its domain up, paces it, and takes it away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from integrations.channels.providers import known
from integrations.dns.lookup import Dns
from integrations.transport import Transport
from models import Company, Effect, Sender
from sandbox.mail_provider import MailProviderTwin
from sandbox.mailbox import Mailbox
from sandbox.nameserver import Nameserver
from sandbox.wires import Network
from tests.web.edges import HTTPS, NOW, PASSWORD, client_of, sign_in, token_in
from tests.web.world import World
from workflows import senders

ADDRESS = "accounts@tide.example"


@pytest.fixture
def server() -> Iterator[Mailbox]:
    opened = Mailbox(lambda: NOW)
    opened.passwords[ADDRESS] = "heron"
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def tide(world: World) -> Iterator[Company]:
    """A company without a mailbox of its own, in an installation that reaches this machine only."""
    with Nameserver({"tide.example": ["v=spf1 -all"]}) as dns:
        world.rt = replace(world.rt, mode="demo", resolver=Dns(dns.server), mail=known(lambda _kind: {}))
        yield world.tide


@pytest.fixture
def ann(world: World, tide: Company) -> FlaskClient:
    return sign_in(client_of(world.rt))


def form(server: Mailbox, **more: str) -> dict[str, str]:
    port = server.url.rpartition(":")[2]
    return {"kind": "smtp", "address": ADDRESS, "host": "127.0.0.1", "port": port, "password": "heron", **more}


def press(ann: FlaskClient, company: Company, way: str = "", **fields: str) -> str:
    """The page after pressing a button on it."""
    path = f"/companies/{company.uid}/sender"
    token = token_in(ann.get(path, **HTTPS).text)
    answer = ann.post(path + way, data={"csrf_token": token, **fields}, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200, answer.text
    return answer.text


def kept(world: World, company: Company) -> Sender | None:
    with world.rt.store.read() as session:
        return senders.of(session, company.id)


def test_a_mailbox_is_set_up_proved_and_its_domain_looked_up(
    world: World, tide: Company, ann: FlaskClient, server: Mailbox
) -> None:
    assert "Set it up" in ann.get(f"/companies/{tide.uid}/sender", **HTTPS).text
    assert "Now send the test mail" in press(ann, tide, **form(server))
    assert "Prove the mailbox accounts@tide.example" in ann.get(f"/companies/{tide.uid}", **HTTPS).text
    assert "A test mail is on its way to accounts@tide.example" in press(ann, tide, "/test")
    (mail,) = server.messages()
    link = re.search(r"https://dunlin\.example(/companies/\S+)", mail.text)
    assert link
    page = ann.get(link[1], **HTTPS).text
    code = re.search(r'name="code"[^>]* value="(\d{6})"', page)
    assert code, "the link in the mail fills the code in"
    page = press(ann, tide, "/prove", code=code[1])
    assert "speaks from its own mailbox from now on" in page
    assert "only your provider knows if its own are named" in page
    assert "Switch DKIM on at your mail provider for tide.example" in page
    assert "Tidewater Studio &lt;accounts@tide.example&gt;" in page


def test_no_page_shows_the_password(world: World, tide: Company, ann: FlaskClient, server: Mailbox) -> None:
    assert "heron" not in press(ann, tide, **form(server))
    assert "One is kept, sealed" in ann.get(f"/companies/{tide.uid}/sender", **HTTPS).text


@pytest.mark.parametrize(
    ("way", "fields", "sentence"),
    [
        ("", {"address": "nobody"}, "whole e-mail addresses"),
        ("", {"port": "imap"}, "port as a number"),
        ("", {"host": "smtp.office365.com"}, "A demo reaches nobody"),
        ("", {"kind": "microsoft"}, "no keys for signing in there"),
        ("/test", {}, "Say first which mailbox"),
        ("/prove", {"code": "123456"}, "Say first which mailbox"),
        ("/check", {}, "no mailbox whose domain"),
        ("/pace", {"per_hour": "7"}, "no mailbox to set a pace for"),
        ("/pace", {"per_hour": "many"}, "whole numbers"),
        ("/sign-in", {}, "Choose the provider and save"),
        ("/accept", {}, "no mailbox of its own"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    tide: Company, ann: FlaskClient, server: Mailbox, way: str, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in press(ann, tide, way, **({**form(server), **fields} if not way else fields))


def test_the_pace_is_a_persons_to_choose(world: World, ann: FlaskClient) -> None:
    page = press(ann, world.bramley, "/pace", per_minute="", per_hour="60", per_day="500", gentle="on")
    assert "At most 60 an hour, and at most 50 today, because it is new to sending" in page
    page = press(ann, world.bramley, "/pace", per_minute="", per_hour="", per_day="")
    assert "As fast as it can" in page


def test_a_hopeless_domain_is_a_persons_to_accept(
    world: World, tide: Company, ann: FlaskClient, server: Mailbox
) -> None:
    with Nameserver() as nothing:
        world.rt = replace(world.rt, resolver=Dns(nothing.server))
        ann = sign_in(client_of(world.rt))
        press(ann, tide, **form(server))
        page = press(ann, tide, "/check", selector="")
        assert "most mail would be turned away" in page
        page = press(ann, tide, "/accept")
        assert "most mail would be turned away" not in page


def test_taking_it_away_goes_back_to_the_installations_address(
    world: World, tide: Company, ann: FlaskClient, server: Mailbox
) -> None:
    press(ann, tide, **form(server))
    page = press(ann, tide, "/remove")
    assert "speaks from the installation&#39;s address again" in page
    assert "tidewater-studio@mail.example" in page
    assert kept(world, tide) is None


def test_taking_away_what_a_company_speaks_from_waits_for_a_day(world: World, ann: FlaskClient) -> None:
    assert "That is not your password" in press(ann, world.bramley, "/remove")
    page = press(ann, world.bramley, "/remove", confirm=PASSWORD)
    assert "it is taken away in 24 hours unless one of them stops it" in page
    assert "Then: from this installation&#39;s own address" in page
    assert kept(world, world.bramley) is not None


def test_a_stranger_finds_no_mailbox_of_others(world: World, ann: FlaskClient) -> None:
    foreign = f"/companies/{world.foreign.uid}/sender"
    token = token_in(ann.get(f"/companies/{world.bramley.uid}/sender", **HTTPS).text)
    assert ann.get(foreign, **HTTPS).status_code == 404
    for way in ("", "/test", "/prove", "/check", "/accept", "/pace", "/remove", "/sign-in"):
        assert ann.post(foreign + way, data={"csrf_token": token, "code": "1"}, **HTTPS).status_code == 404


def test_what_waits_for_the_mailbox_says_so_on_its_account(world: World, ann: FlaskClient) -> None:
    note = "Your mailbox sends at most 100 an hour; this one follows at 10:40."
    account, invoice = world.accounts["Inkwell Print"], world.invoices["1100"]
    waiting = Effect(uid="waiting", key="waiting", kind="message", state="due", note=note)
    waiting.company_id, waiting.account_id = account.company_id, account.id
    waiting.not_before = waiting.created_at = waiting.updated_at = NOW
    waiting.content = {"lines": [[invoice.id, "late-4", []]]}
    with world.rt.store.write() as session:
        session.add(waiting)
    assert f"waits. {note}" in ann.get(f"/accounts/{account.uid}", **HTTPS).text


# Signing in at a provider


@pytest.fixture
def provider(world: World, tide: Company, server: Mailbox) -> MailProviderTwin:
    numbers = iter(range(1, 99))
    twin = MailProviderTwin(lambda: NOW, lambda: f"secret-{next(numbers)}", ADDRESS)
    network = Network()
    network.route("login.test", twin.app)
    keys = {"client_id": twin.client_id, "client_secret": twin.client_secret, "login_url": "http://login.test"}
    mail = known(lambda kind: keys if kind == "microsoft" else {}, server.url)
    world.rt = replace(world.rt, mail=mail, transport=Transport(network.adapter, network.pool))
    twin.network = network  # type: ignore[attr-defined]
    return twin


def consent(ann: FlaskClient, tide: Company, provider: Any, answer: str = "yes") -> str:
    """Press Sign in, answer the provider's page, and come back; the path and query of the way back."""
    path = f"/companies/{tide.uid}/sender"
    token = token_in(ann.get(path, **HTTPS).text)
    away = ann.post(f"{path}/sign-in", data={"csrf_token": token}, **HTTPS)
    assert away.status_code == 303
    http = requests.Session()
    http.mount("http://", provider.network.adapter())
    back = http.post(away.headers["Location"], data={"answer": answer}, allow_redirects=False, timeout=5)
    parts = urlsplit(back.headers["Location"])
    assert parts.netloc == "dunlin.example"
    return f"{parts.path}?{parts.query}"


def test_a_person_signs_in_at_the_provider_and_comes_back(
    world: World, tide: Company, provider: MailProviderTwin, server: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    ann = sign_in(client_of(world.rt))
    page = press(ann, tide, kind="microsoft", address=ADDRESS)
    assert "Sign in at Microsoft 365" in page
    back = consent(ann, tide, provider)
    page = ann.get(back, follow_redirects=True, **HTTPS).text
    assert "Signed in. Now send the test mail" in page
    assert "secret-" not in page
    again = ann.get(back, follow_redirects=True, **HTTPS).text
    assert "No sign-in to a mailbox was under way here" in again, "an answer counts once"


def test_a_forged_way_back_or_a_no_keeps_nothing(
    world: World, tide: Company, provider: MailProviderTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    ann = sign_in(client_of(world.rt))
    press(ann, tide, kind="microsoft", address=ADDRESS)
    back = consent(ann, tide, provider)
    state = parse_qs(urlsplit(back).query)["state"][0]
    page = ann.get(back.replace(state, "forged"), follow_redirects=True, **HTTPS).text
    assert "did not match our question" in page
    page = ann.get(consent(ann, tide, provider, "no"), follow_redirects=True, **HTTPS).text
    assert "gave no access, so nothing was kept" in page
    sender = kept(world, tide)
    assert sender is not None
    assert sender.grant_id is None

"""Mailboxes as people have them: signing in with a password or a token, copies seen and unseen, being told enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.channels.base import AddressRefused, Mailbox
from integrations.channels.mime import compose
from integrations.channels.providers import PROVIDERS, known
from integrations.channels.smtp import Smtp, mailbox_at
from integrations.errors import Misconfigured, RateLimited
from sandbox import mailbox as twin
from sandbox.mail_provider import MailProviderTwin
from sandbox.oauth import Grant
from sandbox.stage import WorldClock, ids
from tests.contracts.test_channels import NOTE, NOW, Place, place, send

__all__ = ["place"]
OWNER = "ann@wren.example"


@pytest.fixture
def provider() -> MailProviderTwin:
    return MailProviderTwin(WorldClock(NOW).now, ids(1))


@pytest.fixture
def guarded(provider: MailProviderTwin) -> Iterator[twin.Mailbox]:
    """A mail server that lets nobody send without a sign-in; Ann's password is `heron`."""
    opened = twin.Mailbox(lambda: NOW)
    opened.passwords[OWNER] = "heron"
    opened.knows_token = provider.opens
    opened.start()
    yield opened
    opened.stop()


def signed_in(guarded: twin.Mailbox, user: str, secret: str, bearer: bool = False) -> Smtp:
    server = mailbox_at(guarded.url)
    return Smtp(Mailbox(server.host, server.port, server.wrapped, user, secret, bearer))


def access_token(provider: MailProviderTwin, user: str = OWNER) -> str:
    return provider.tokens.exchange(provider.tokens.code_for(Grant(user, ()), "https://back"), "https://back")[1]


def test_a_password_opens_a_mailbox_and_a_token_does(guarded: twin.Mailbox, provider: MailProviderTwin) -> None:
    send(Place(guarded, signed_in(guarded, OWNER, "heron")))
    send(Place(guarded, signed_in(guarded, OWNER, access_token(provider), bearer=True)))
    assert [mail.user for mail in guarded.messages()] == [OWNER, OWNER]


def test_a_token_of_somebody_else_or_one_that_is_withdrawn_opens_nothing(
    guarded: twin.Mailbox, provider: MailProviderTwin
) -> None:
    foreign, withdrawn = access_token(provider, "otto@else.example"), access_token(provider)
    provider.withdraw()
    for token in (foreign, withdrawn, "heron"):
        with pytest.raises(Misconfigured, match="sign in with the account it belongs to") as refusal:
            send(Place(guarded, signed_in(guarded, OWNER, token, bearer=True)))
        assert token not in str(refusal.value)
    assert guarded.messages() == []


def test_nobody_sends_without_a_sign_in_and_a_server_without_tokens_is_given_none(guarded: twin.Mailbox) -> None:
    with pytest.raises(Exception, match="Authentication required"):
        send(Place(guarded, Smtp(guarded.url)))
    opened = twin.Mailbox(lambda: NOW)
    opened.passwords[OWNER] = "heron"
    opened.start()
    try:
        with pytest.raises(Misconfigured, match="does not offer a sign-in"):
            send(Place(opened, signed_in(opened, OWNER, "token", bearer=True)))
    finally:
        opened.stop()


def test_no_secret_shows_when_a_mailbox_is_printed() -> None:
    assert "heron" not in repr(Mailbox("mail.example", 587, False, OWNER, "heron"))


def test_a_copy_is_seen_and_a_blind_one_is_not(place: Place) -> None:
    copied = replace(NOTE, cc=("files@customer.test",), bcc=("boss@wren.example", "ann@customer.test"))
    send(place, copied)
    (mail,) = place.mailbox.messages()
    assert mail.recipients == (*NOTE.recipients, "files@customer.test", "boss@wren.example"), "each once"
    assert (mail.header("To"), mail.header("Cc")) == (", ".join(NOTE.recipients), "files@customer.test")
    assert (mail.header("Bcc"), b"boss" in mail.raw) == ("", False)
    assert compose(replace(NOTE, bcc=("boss@wren.example",))) == compose(NOTE)


def test_a_refused_copy_is_named_and_nobody_gets_the_message(place: Place) -> None:
    place.mailbox.plan_fault("refuse", address="boss@wren.example")
    with pytest.raises(AddressRefused) as refusal:
        send(place, replace(NOTE, bcc=("boss@wren.example",)))
    assert (refusal.value.address, place.mailbox.messages()) == ("boss@wren.example", [])


@pytest.mark.parametrize("change", [{"cc": ("a@b.test\r\nBcc: c@d.test",)}, {"bcc": ("a@b.test>\r\nDATA",)}], ids=str)
def test_nothing_can_be_smuggled_in_by_a_copy(place: Place, change: dict[str, tuple[str, ...]]) -> None:
    with place.channel.open() as talk, pytest.raises(AddressRefused):
        talk.offer(replace(NOTE, cc=change.get("cc", ()), bcc=change.get("bcc", ())))
    assert place.mailbox.messages() == []


@pytest.mark.parametrize(
    "words",
    [
        "5.4.5 Daily user sending limit exceeded",
        "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
        "5.2.252 Sender throttled due to continuous errors",
    ],
)
def test_a_provider_that_has_had_enough_is_no_customers_fault_and_is_asked_again(
    place: Place, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(twin._REPLIES, "refuse", (550, words))
    monkeypatch.setitem(twin._REPLIES, "refuse-after-data", (550, words))
    for fault in ("refuse", "refuse-after-data"):
        place.mailbox.plan_fault(fault)
        with pytest.raises(RateLimited, match="no more messages from this mailbox for now") as told:
            send(place)
        assert told.value.retry_after >= timedelta(minutes=30).total_seconds()
    send(place)
    assert len(place.mailbox.messages()) == 1


def test_every_provider_is_one_line_of_data_that_can_be_signed_in_to_only_with_keys() -> None:
    keys = {"client_id": "id", "client_secret": "secret"}
    with_keys, without = known(lambda _kind: keys), known(lambda _kind: {})
    assert set(with_keys) == {one.kind for one in PROVIDERS} >= {"microsoft", "google"}
    assert [kind for kind, one in with_keys.items() if one.oauth] == ["microsoft", "google"]
    assert [kind for kind, one in without.items() if one.oauth] == []
    for one in with_keys.values():
        assert f".{one.host}".endswith(tuple(f".{end}" for end in one.hosts)), "a provider knows its own server"
        assert one.include
        assert one.selectors
        if one.oauth:
            assert one.oauth.client_id == "id"
            assert "secret" not in repr(one)


def test_in_a_demo_every_mailbox_is_on_this_machine_and_only_a_stand_in_is_signed_in_to() -> None:
    keys = {"client_id": "id", "client_secret": "secret"}
    demo = known(lambda _kind: keys, "smtp://127.0.0.1:2525")
    assert {(one.host, one.port, one.oauth) for one in demo.values()} == {("127.0.0.1", 2525, None)}
    stand_in = known(lambda _kind: {**keys, "login_url": "http://127.0.0.1:8025/"}, "smtp://127.0.0.1:2525")["google"]
    assert stand_in.oauth is not None
    assert stand_in.oauth.authorize_url == "http://127.0.0.1:8025/authorize"
    assert (stand_in.oauth.token_url, stand_in.oauth.revoke_url) == ("http://127.0.0.1:8025/token", "")

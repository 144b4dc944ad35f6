"""What every channel promises, proved against its sandbox twin, over a real socket and in process."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.channels import smtp
from integrations.channels.base import AddressRefused, Envelope
from integrations.channels.mime import compose
from integrations.channels.smtp import Smtp
from integrations.errors import InDoubt, Misconfigured, OutsideError, Rejected, Transient
from sandbox.mailbox import Mailbox

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTE = Envelope(
    sender='"Bäcker, Söhne & Co" <baecker@mail.dunlin.test>',
    recipients=("ann@customer.test", "Accounts@customer.test"),
    reply_to='"Bäcker" <hello@baecker.test>',
    subject="Rechnung 1001 über 123,45 € – kurz erinnert",
    text="Guten Tag,\n.\ndie Rechnung 1001 ist am Freitag fällig.\n" + "lang " * 400 + "\n",
    html="<html><head></head><body><p>Rechnung <b>1001</b> über 123,45 €</p></body></html>\n",
    message_id="<touch-7@mail.dunlin.test>",
    headers={
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
        "List-Unsubscribe": f"<https://dunlin.test/stop/{'u' * 200}>",
        "Auto-Submitted": "auto-generated",
    },
)


@dataclass
class Place:
    mailbox: Mailbox
    channel: Smtp


@pytest.fixture(params=["socket", "in process"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    mailbox = Mailbox(lambda: NOW)
    if request.param == "in process":
        yield Place(mailbox, Smtp("smtp://mailbox.test", mailbox.connect))
        return
    mailbox.start()
    yield Place(mailbox, Smtp(mailbox.url))
    mailbox.stop()


def send(place: Place, message: Envelope = NOTE) -> str:
    with place.channel.open() as talk:
        talk.offer(message)
        return talk.deliver()


def test_a_message_arrives_as_it_was_written(place: Place) -> None:
    assert "kept as 1" in send(place)
    (mail,) = place.mailbox.messages()
    assert (mail.subject, mail.message_id, mail.received_at) == (NOTE.subject, NOTE.message_id, NOW)
    assert (mail.sender, mail.recipients) == ("baecker@mail.dunlin.test", NOTE.recipients)
    assert (mail.text, mail.html) == (NOTE.text, NOTE.html)
    assert mail.header("From") == '"Bäcker, Söhne & Co" <baecker@mail.dunlin.test>'
    assert mail.header("Reply-To") == "Bäcker <hello@baecker.test>"
    assert mail.header("To") == "ann@customer.test, Accounts@customer.test"
    for name, value in NOTE.headers.items():
        assert mail.header(name) == value
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.split(b"\r\n"))) < 998


def test_the_unsubscribe_link_is_one_unbroken_line(place: Place) -> None:
    send(place)
    line = f"\r\nList-Unsubscribe: {NOTE.headers['List-Unsubscribe']}\r\n"
    assert line.encode() in place.mailbox.messages()[0].raw


def test_the_same_envelope_is_always_the_same_bytes() -> None:
    assert compose(NOTE) == compose(replace(NOTE))
    assert compose(NOTE) != compose(replace(NOTE, html="other"))


def test_several_messages_in_one_session_and_one_that_was_thought_better_of(place: Place) -> None:
    with place.channel.open() as talk:
        talk.offer(NOTE)
        talk.deliver()
        talk.offer(replace(NOTE, subject="never mind"))
        talk.offer(replace(NOTE, subject="second"))
        talk.deliver()
    assert [mail.subject for mail in place.mailbox.messages()] == [NOTE.subject, "second"]


def test_an_offer_alone_sends_nothing(place: Place) -> None:
    with place.channel.open() as talk:
        talk.offer(NOTE)
    assert place.mailbox.messages() == []


def test_nothing_is_delivered_that_was_not_offered(place: Place) -> None:
    with place.channel.open() as talk:
        with pytest.raises(ValueError, match="offered"):
            talk.deliver()
        talk.offer(NOTE)
        talk.deliver()
        with pytest.raises(ValueError, match="offered"):
            talk.deliver()
    assert len(place.mailbox.messages()) == 1


def test_a_refused_recipient_is_named_and_nobody_gets_the_message(place: Place) -> None:
    place.mailbox.plan_fault("refuse", address="accounts@customer.test")
    with place.channel.open() as talk:
        with pytest.raises(AddressRefused) as refusal:
            talk.offer(NOTE)
        assert refusal.value.address == "Accounts@customer.test"
        assert "Accounts@customer.test" in str(refusal.value)
        assert refusal.value.code == "5.1.1"
        talk.offer(replace(NOTE, recipients=("ann@customer.test",)))
        talk.deliver()
    (mail,) = place.mailbox.messages()
    assert mail.recipients == ("ann@customer.test",)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("busy", Transient),
        ("drop", Transient),
        ("refuse-after-data", Rejected),
        ("busy-after-data", Transient),
    ],
)
def test_a_no_is_a_no_and_nothing_was_sent(place: Place, fault: str, error: type[OutsideError]) -> None:
    place.mailbox.plan_fault(fault)
    with pytest.raises(error):
        send(place)
    assert place.mailbox.messages() == []
    send(place)
    assert len(place.mailbox.messages()) == 1, "the fault has passed"


def test_a_server_that_takes_the_message_and_dies_leaves_it_in_doubt(place: Place) -> None:
    place.mailbox.plan_fault("drop-after-data")
    with pytest.raises(InDoubt):
        send(place)
    assert [mail.message_id for mail in place.mailbox.messages()] == [NOTE.message_id], "it did arrive"


def test_after_a_no_the_session_goes_on(place: Place) -> None:
    place.mailbox.plan_fault("busy-after-data")
    with place.channel.open() as talk:
        talk.offer(NOTE)
        with pytest.raises(Transient):
            talk.deliver()
        talk.offer(NOTE)
        talk.deliver()
    assert len(place.mailbox.messages()) == 1


def test_a_wrong_address_of_our_own_is_not_held_against_a_recipient(place: Place) -> None:
    with place.channel.open() as talk:
        with pytest.raises(Rejected) as ours:
            talk.offer(replace(NOTE, sender="nobody"))
        assert not isinstance(ours.value, AddressRefused)
        with pytest.raises(AddressRefused) as theirs:
            talk.offer(replace(NOTE, recipients=("nobody",)))
        assert theirs.value.address == "nobody"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello\r\nBcc: everyone@customer.test"},
        {"sender": "a@dunlin.test>\r\nRCPT TO:<everyone@customer.test"},
        {"sender": "nobody"},
        {"sender": '"A\r\nBcc: everyone@customer.test" <a@dunlin.test>'},
        {"reply_to": "x@y.test\nBcc: everyone@customer.test"},
        {"message_id": "<a>\r\nBcc: everyone@customer.test"},
        {"headers": {"X-Note": "a\r\nBcc: everyone@customer.test"}},
        {"headers": {"X-Note: a\r\nBcc": "everyone@customer.test"}},
        {"headers": {"Bcc": "everyone@customer.test"}},
        {"headers": {"Content-Type": "text/plain"}},
        {"recipients": ("ann@customer.test>\r\nRCPT TO:<everyone@customer.test",)},
        {"recipients": ("ann@customer.test, everyone@customer.test",)},
        {"recipients": ("jörg@customer.test",)},
        {"recipients": ()},
        {"text": "broken \ud800"},
    ],
    ids=str,
)
def test_nothing_can_be_smuggled_into_a_message(place: Place, change: dict[str, object]) -> None:
    with place.channel.open() as talk:
        with pytest.raises(Rejected):
            talk.offer(replace(NOTE, **change))  # type: ignore[arg-type]
        talk.offer(NOTE)
        talk.deliver()
    (mail,) = place.mailbox.messages()
    assert mail.recipients == NOTE.recipients


# Reaching and trusting a server: sockets only


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Transient), Smtp(f"smtp://127.0.0.1:{port}").open():
        raise AssertionError("nobody listens")


def test_a_server_that_says_nothing_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Transient), Smtp(url).open():
            raise AssertionError("nobody spoke")


@pytest.mark.parametrize("url", ["", "mail.test:25", "http://mail.test", "smtp://", "smtp://mail.test:port"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Misconfigured):
        Smtp(url)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for mail.example.test, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.test")])
    today = datetime.now(UTC)  # TLS reads the wall clock
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mail.example.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "mail.pem"
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path


Far = Callable[[Mailbox], str]


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    """Start a mailbox and give it the name of a server elsewhere, as a DNS entry would; its host and port."""
    started: list[Mailbox] = []
    dial = socket.create_connection

    def place(mailbox: Mailbox) -> str:
        started.append(mailbox.start())
        here = ("127.0.0.1", int(mailbox.url.rpartition(":")[2]))
        monkeypatch.setattr(socket, "create_connection", lambda _address, *rest: dial(here, *rest))
        return f"mail.example.test:{here[1]}"

    yield place
    for mailbox in started:
        mailbox.stop()


def test_a_sign_in_goes_over_tls_only_and_with_the_right_password(
    certificate: Path, far_away: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    mailbox = Mailbox(lambda: NOW, login=("dunlin", "p@ss word"), tls=tls)
    host = far_away(mailbox)

    with pytest.raises(Misconfigured, match="certificate"), Smtp(f"smtp://dunlin:p%40ss%20word@{host}").open():
        raise AssertionError("the certificate is nobody's yet")

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(Misconfigured, match="password") as mistake, Smtp(f"smtp://dunlin:wrong@{host}").open():
        raise AssertionError("the password is wrong")
    assert "wrong" not in str(mistake.value)

    send(Place(mailbox, Smtp(f"smtp://dunlin:p%40ss%20word@{host}")))
    assert len(mailbox.messages()) == 1


def test_a_server_elsewhere_without_encryption_is_not_used(far_away: Far) -> None:
    mailbox = Mailbox(lambda: NOW)
    with pytest.raises(Misconfigured, match="encryption"), Smtp(f"smtp://{far_away(mailbox)}").open():
        raise AssertionError("it offers no encryption")


def test_a_server_without_a_sign_in_is_not_given_the_password(place: Place) -> None:
    mailbox = Mailbox(lambda: NOW).start()
    try:
        url = mailbox.url.replace("smtp://", "smtp://dunlin:secret@")
        with pytest.raises(Misconfigured), Smtp(url).open():
            raise AssertionError("it knows no users")
    finally:
        mailbox.stop()

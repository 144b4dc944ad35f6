"""Where the installation connects to: never into its own network by a name that a client typed, nor on a redirect."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from integrations.channels import outside
from integrations.channels.base import Mailbox
from integrations.channels.smtp import Smtp
from integrations.errors import Misconfigured, Transient
from integrations.transport import Transport
from tests.house import code

INSIDE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.5",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not outside.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert outside.is_public(address)


def _names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The DNS, as the edge of the world, giving these addresses in turn; what was asked of it."""
    asked: list[str] = []

    def look(host: str, port: int, *_more: object, **_options: object) -> list[object]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return asked


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("leads_to", [["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["8.8.8.8", "192.168.0.1"]])
def test_a_companys_mail_server_that_leads_inside_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, wrapped: bool, leads_to: list[str]
) -> None:
    _names(monkeypatch, leads_to)
    box = Mailbox("mail.evil.example", 587, wrapped, "ann", "secret")
    with pytest.raises(Misconfigured, match="public"), Smtp(box, outside=True).open():
        pass


@pytest.fixture
def listening() -> Iterator[int]:
    """A server on this machine that greets and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"421 busy\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_a_name_that_changes_between_the_look_and_the_call_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, listening: int
) -> None:
    """What is connected to is the address that was looked at: the name is not asked again."""
    monkeypatch.setattr(outside, "is_public", lambda address: address == "127.0.0.1")
    asked = _names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    reached: list[str] = []
    connect = socket.create_connection

    def watched(address: tuple[str, int], *more: object, **options: object) -> socket.socket:
        reached.append(address[0])
        return connect(address, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", watched)
    with (
        pytest.raises((Transient, smtplib.SMTPException)),
        Smtp(Mailbox("mail.turning.example", listening, False, "", ""), outside=True).open(),
    ):
        pass
    assert reached == ["127.0.0.1"]
    assert asked == ["mail.turning.example"]


def test_the_installations_own_relay_may_stand_beside_it(listening: int) -> None:
    """Whoever runs the installation names it, in the settings."""
    with pytest.raises(Transient), Smtp(f"smtp://127.0.0.1:{listening}").open():
        pass


def test_outside_a_demo_a_companys_mailbox_is_outside() -> None:
    assert "outside=not settings.is_demo" in (code.ROOT / "app.py").read_text(encoding="utf-8")


@pytest.fixture
def redirecting() -> Iterator[int]:
    """A server on this machine that sends everybody elsewhere, once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(
                    b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/inside\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_of_an_api_is_not_followed(redirecting: int, method: str) -> None:
    with Transport().mount(requests.Session()) as session:
        answer = session.request(method, f"http://127.0.0.1:{redirecting}/token", timeout=5)
    assert answer.status_code == 307
    assert answer.history == []


def test_no_adapter_turns_the_check_of_certificates_off() -> None:
    for path in code.python(tests=False):
        if path.relative_to(code.ROOT).parts[0] in ("integrations", "workflows", "web"):
            text = path.read_text(encoding="utf-8")
            for word in ("verify=False", "CERT_NONE", "check_hostname = False", "_create_unverified_context"):
                assert word not in text, code.name(path)

"""Told to stop, a real `flask serve` begins nothing new, finishes what is being sent and gives back the rest."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from models import Attempt, AttemptLine, Effect, EffectKind
from models.store import Store
from tests.databases import migrated
from tests.house.code import ROOT
from tests.workflows.office import Office, an_invoice

pytestmark = pytest.mark.slow  # a real process, whose first tick comes after ten seconds


class HeldInData(threading.Thread):
    """A mail server that takes a message and answers only when it is let."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.holding, self.let_go, self.taken = threading.Event(), threading.Event(), 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # the test is over
                return
            threading.Thread(target=self.speak, args=[connection], daemon=True).start()

    def speak(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as heard:
            connection.sendall(b"220 here\r\n")
            for line in heard:
                word = line[:4].upper()
                if word == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    while heard.readline() not in (b".\r\n", b""):
                        pass
                    self.taken += 1
                    self.holding.set()
                    self.let_go.wait(60)
                try:
                    connection.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                except OSError:  # the process is gone
                    return


@pytest.fixture
def server() -> Iterator[HeldInData]:
    made = HeldInData()
    made.start()
    yield made
    made.let_go.set()
    made.socket.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Two customers paid, and neither has been thanked."""
    with migrated("sqlite", tmp_path) as made:
        two_thanks(made)
        yield made


def two_thanks(url: str) -> None:
    office = Office(Store(url))
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2")))
    for name in ("1", "2"):
        _thank(office, name)
    office.close()


def _thank(office: Office, name: str) -> None:
    now, invoice = office.clock.now(), office.invoice(name)
    whose = {"company_id": office.company.id, "account_id": office.account_id}
    with office.rt.store.write() as session:
        line = AttemptLine(
            uid=f"line-{name}", invoice_id=invoice.id, amount_minor=100, currency="GBP", state="confirmed"
        )
        attempt = Attempt(uid=name, processor="stripe", state="paid", created_at=now, currency="GBP", **whose)
        attempt.amount_minor, attempt.lines, attempt.paid_at = 100, [line], now
        session.add(attempt)
        session.flush()
        number = attempt.id
    office.want(f"thanks/{name}", EffectKind.THANKS, attempt=number)


def environment(url: str, server: HeldInData, folder: Path) -> dict[str, str]:
    """Of a demo's processes: no ledger is reached, and mail goes to this server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    here = "http://127.0.0.1:1"
    places = [
        f"{kind}_{what}"
        for kind in ("QUICKBOOKS", "XERO")
        for what in ("AUTHORIZE", "TOKEN", "REVOKE", "DISCOVERY", "API")
    ]
    ours = {f"{place}_URL": here for place in (*places, "STRIPE_API", "GOCARDLESS_API")}
    ours |= {"MODE": "demo", "VAR": str(folder / "var"), "PORT": str(port), "DATABASE_URL": url, "DRAIN_SECONDS": "5"}
    ours |= {"SECRET_KEYS": "s" * 40, "INDEX_KEY": "i" * 40, "MAIL_FROM": "mail.example"}
    ours |= {"SMTP_URL": f"smtp://127.0.0.1:{server.port}"}
    return {**os.environ, **{f"DUNLIN_{name}": value for name, value in ours.items()}}


@contextmanager
def running(what: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """`flask serve`, `web`, `clock` or `worker …` as a process, killed in the end."""
    words = [sys.executable, "-m", "flask", *what.split()]
    with log.open("a") as said, subprocess.Popen(words, cwd=ROOT, env=env, stderr=said, text=True) as made:
        try:
            yield made
        finally:
            made.kill()


@pytest.fixture
def process(url: str, server: HeldInData, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`flask serve`, once it is sending the first message."""
    with running("serve", environment(url, server, tmp_path), tmp_path / "log") as made:
        assert server.holding.wait(60), (tmp_path / "log").read_text()
        yield made


def states(url: str) -> list[str]:
    with closing(Store(url)) as store, store.read() as session:
        return list(session.scalars(select(Effect.state).order_by(Effect.id)))


def test_what_is_being_sent_is_finished_and_the_rest_is_given_back(
    process: subprocess.Popen[str], server: HeldInData, url: str
) -> None:
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)  # it does not leave a message half said
    server.let_go.set()
    assert process.wait(10) == 0
    assert states(url) == ["sent", "due"]
    assert server.taken == 1


def test_a_mail_server_that_never_answers_does_not_hold_it_for_ever(
    process: subprocess.Popen[str], server: HeldInData, url: str
) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert states(url) == ["sending", "due"], "the next start puts it in doubt; it is never said by itself"

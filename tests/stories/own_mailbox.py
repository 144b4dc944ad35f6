"""A company with a mailbox of its own: a mail server that wants a sign-in, and what a person does to set it up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from models import Effect, Sender
from sandbox.mailbox import Mail, Mailbox
from tests.stories.days import effects_of
from tests.town import Town
from workflows import proving, senders
from workflows.senders import Details

OWNER, PASSWORD = "accounts@wren.example", "heron"


@contextmanager
def mail_server(town: Town) -> Iterator[Mailbox]:
    """The company's own mail server, where its password is `heron`; what it accepts arrives there."""
    opened = Mailbox(town.clock.now)
    opened.passwords[OWNER] = PASSWORD
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def details(server: Mailbox, **more: object) -> Details:
    where = {"host": "127.0.0.1", "port": int(server.url.rpartition(":")[2])}
    return Details(**{"kind": "smtp", "address": OWNER, "password": PASSWORD, **where, **more})  # type: ignore[arg-type]


def set_up(town: Town, server: Mailbox, ledger: str = "xero", **more: object) -> Sender:
    return senders.set_up(town.rt, town.company(ledger).id, details(server, **more))


def prove(town: Town, server: Mailbox, kind: str = "xero") -> None:
    """A person asks for the test mail, reads it in the mailbox and types the code."""
    company = town.company(kind)
    address = proving.send_code(town.rt, company.id)
    proving.prove(town.rt, company.id, code_in(server.messages(address)[-1]))


def code_in(mail: Mail) -> str:
    found = re.search(r"Your code: (\d{6})", mail.text)
    assert found, mail.text
    return found[1]


def reminders(server: Mailbox) -> list[Mail]:
    return [mail for mail in server.messages() if mail.header("X-Dunlin-Step")]


def own(town: Town, kind: str = "xero") -> Sender:
    company = town.company(kind).id
    with town.rt.store.read() as session:
        found = senders.of(session, company)
    assert found is not None
    return found


def waiting(town: Town) -> list[Effect]:
    return [one for one in effects_of(town) if one.state == "due"]

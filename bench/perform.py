"""`python -m bench perform`: messages that are due leave for a real mail server on loopback: planning anew, rendering,
keeping and sending, beside a bare `smtplib` loop and a bare socket sending the same bytes to it.

Processor time of the sending thread alone; the mail server and the pretend ledger are not in it.
"""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bench.capacity_run import Many
from core.capacity import Load
from integrations.channels.smtp import Smtp
from sandbox.mailbox import Mail, Mailbox
from workflows import clock, dispatcher, planner, sync

MESSAGES, TIMES = 400, 3


class Round(Many):
    """One company, each of whose accounts has one invoice."""

    processor = staticmethod(time.thread_time)


def ours(sink: Mailbox, accounts: int) -> float:
    """Seconds of the round in which the backlog leaves."""
    town = Round(Load(companies=1, accounts=accounts, invoices=accounts, changes=0, xero_share=0.0))
    try:
        town.set_up()
        town.rt = replace(town.rt, channel=Smtp(sink.url))
        while (moment := clock.next_moment(town.rt)) is not None and not sink.messages():
            town.clock.move(max(moment, town.now))
            sync.sync_due(town.rt)
            while planner.plan_due(town.rt):
                pass
            began, outside = time.thread_time(), town.outside
            dispatcher.perform_due(town.rt)
            taken = time.thread_time() - began - (town.outside - outside)
        return taken
    finally:
        town.close()


def bare(sink: Mailbox, mails: list[Mail]) -> None:
    """What Python's own library needs for the same bytes."""
    where = urlsplit(sink.url)
    with smtplib.SMTP(where.hostname or "", where.port or 0, timeout=20) as line:
        for mail in mails:
            line.sendmail(mail.sender, list(mail.recipients), mail.raw)


def floor(sink: Mailbox, mails: list[Mail]) -> None:
    """The same talk down a socket: nothing is looked at but that an answer came."""
    where = urlsplit(sink.url)
    with socket.create_connection((where.hostname, where.port or 0), timeout=20) as line, line.makefile("rb") as told:

        def say(words: bytes) -> None:
            line.sendall(words + b"\r\n")
            told.readline()

        told.readline()
        say(b"HELO floor")
        for mail in mails:
            say(b"MAIL FROM:<" + mail.sender.encode() + b">")
            for recipient in mail.recipients:
                say(b"RCPT TO:<" + recipient.encode() + b">")
            say(b"DATA")
            say(mail.raw.rstrip(b"\r\n") + b"\r\n.")
        say(b"QUIT")


def _seconds(act: Callable[[Mailbox, list[Mail]], None], sink: Mailbox, mails: list[Mail]) -> float:
    """The quickest of some."""
    found = []
    for _ in range(TIMES):
        began = time.thread_time()
        act(sink, mails)
        found.append(time.thread_time() - began)
    return min(found)


def main(accounts: int = MESSAGES) -> None:
    sink = Mailbox(lambda: datetime.now(UTC)).start()
    try:
        mine = ours(sink, accounts)
        mails = sink.messages()
        if not mails:
            raise RuntimeError("Nothing left.")
        peer, least = _seconds(bare, sink, mails), _seconds(floor, sink, mails)
        if len(sink.messages()) != len(mails) * (1 + 2 * TIMES):
            raise RuntimeError("The mail server did not keep all that was sent.")
    finally:
        sink.stop()
    each = [1e3 * one / len(mails) for one in (mine, peer, least)]
    print(
        f"perform: {len(mails)} messages of {sum(len(one.raw) for one in mails) // len(mails):,} bytes; "
        f"{each[0]:.2f} ms of processor each, bare smtplib {each[1]:.2f} ({each[0] / each[1]:.0f} times), "
        f"a bare socket {each[2]:.2f} ({each[0] / each[2]:.0f} times)"
    )


if __name__ == "__main__":
    main()

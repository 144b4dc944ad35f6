"""What the stories of the known complaints share: a town with books of its own, news that gets lost, the papers of a
message, and somebody who is faster.

It only sets the scene and looks; what happens is each story's own, and nothing of Dunlin is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sandbox.mailbox import Mail
from tests.stories.days import OPENING
from tests.town import PUBLIC, Town
from tests.web.edges import client_of, token_in
from workflows import planner

LATE = date(2026, 2, 26)  # four days late on the first Monday: the first follow-up leaves that morning


@contextmanager
def begun(town: Town, kind: str) -> Iterator[Town]:
    """A town whose books were filled by the story, connected and live on Monday 2 March."""
    try:
        yield town.begin(kinds=[kind])
    finally:
        town.close()


def decided(town: Town, kind: str, day: date) -> None:
    """That day's messages are decided and none has left; what was read before it is no longer fresh."""
    town.at(day, OPENING[kind] - 1, 50)
    town.clock.move(town.now + timedelta(minutes=10))
    planner.plan_due(town.rt)
    town.clock.move(town.now + timedelta(minutes=6))


def news_is_lost(town: Town) -> None:
    """Whatever the vendors were about to tell us never arrives."""
    for twin in (town.quickbooks, town.xero, town.stripe):
        twin.webhooks()


def answer(town: Town, number: str, way: str, **form: str) -> None:
    """The reader of the last message about an invoice opens its link and answers on that page."""
    (link,) = re.findall(rf"{re.escape(PUBLIC)}(/p/\S+)", town.mails(number)[-1].text)
    client = client_of(town.rt)
    token = token_in(client.get(link, base_url=PUBLIC).text)
    fields = {"csrf_token": token, "invoice": town.invoice(number).uid, **form}
    done = client.post(f"{link}/answers/{way}", data=fields, base_url=PUBLIC)
    assert (done.status_code, done.location.partition("?")[0]) == (303, link)
    assert "Thank you" in client.get(link, base_url=PUBLIC).text


def papers(mail: Mail) -> dict[str, bytes]:
    """What is attached to a message, by file name."""
    found = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return {str(part.get_filename()): part.get_content() for part in found.iter_attachments()}


class Overtaken:
    """A store at which, just before the first thing is written, somebody else is faster."""

    def __init__(self, store: Any, faster: Callable[[], object]) -> None:
        self._store, self._faster = store, [faster]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def write(self) -> Iterator[Any]:
        while self._faster:
            self._faster.pop()()
        with self._store.write() as session:
            yield session

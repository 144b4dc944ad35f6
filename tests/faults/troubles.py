"""What goes wrong, by name: on the wires of every vendor, at every word of the mail server, on the disk.

It draws from the run's chance and counts what it did; it never looks at what the product makes of it.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from urllib.parse import urlsplit

from sandbox.wires import Instead, Lost, Slow
from tests.faults.boundaries import full, locked
from tests.town import Town

PAGE = b"<html><head><title>Bad gateway</title></head><body>Try again.</body></html>"
HTML = "text/html; charset=utf-8"
# A twin's own words, each once and at its next call, whatever that is.
OWN = {
    "quickbooks": ("429", "429-bare", "503", "500", "504", "401", "drop", "lost", "403-throttle"),
    "xero": ("429", "429-bare", "429-concurrent", "503", "500", "401", "drop", "lost"),
    "stripe": ("503", "500", "429", "html", "html-403", "lost", "drop", "409"),
    "gocardless": ("503", "500", "429", "html", "html-403", "lost", "drop", "409"),
}
MAILBOX = ("busy", "drop", "busy-after-data", "drop-after-data", "refuse-after-data")
WIRE, WORD, STATEMENT = 0.04, 0.03, 0.001  # how likely each single request, word and statement goes wrong


class Troubles:
    """`armed` says whether anything goes wrong at all."""

    def __init__(self, town: Town, chance: Random) -> None:
        self.town, self.chance, self.armed = town, chance, False
        self.happened: Counter[str] = Counter()

    def wire(self, url: str, *, done: bool) -> None:
        """May raise what a request meets on its way there (`done` False) or on its way back."""
        if not self.armed or self.chance.random() >= WIRE:
            return
        what = self.chance.choice(("lost", "slow", "page") if done else ("lost", "slow", "page", "429", "503", "500"))
        place = _place(url)
        self.happened[f"{place}: {what} {'after' if done else 'before'} it was done"] += 1
        if what == "lost":
            raise Lost("on the wire")
        if what == "slow":
            raise Slow("on the wire")
        if what == "page":
            raise Instead(502, PAGE, Content_Type=HTML)
        if what == "429" and self.chance.random() < 0.5:
            raise Instead(429, Retry_After=str(self.chance.choice((1, 30, 900))))
        raise Instead(int(what), PAGE, Content_Type=HTML)

    def word(self, where: str) -> bool:
        """Whether the mail server dies before or after this word; after DATA it has taken the message."""
        if not self.armed or self.chance.random() >= WORD:
            return False
        self.happened[f"mail server: dies {where}"] += 1
        return True

    def statement(self, said: str) -> None:
        """May raise what SQLite says when the file is held by somebody else, or the disk is full."""
        if not self.armed or self.chance.random() >= STATEMENT:
            return
        if said.startswith("BEGIN IMMEDIATE"):
            self.happened["database: locked"] += 1
            raise locked()
        if said.startswith(("INSERT", "UPDATE", "DELETE")):
            self.happened["database: disk full at a write"] += 1
            raise full()

    def commit(self) -> None:
        """The same when everything is to be kept."""
        if self.armed and self.chance.random() < STATEMENT * 5:
            self.happened["database: disk full at a commit"] += 1
            raise full()

    def plan(self) -> None:
        """Something at one of the vendors goes wrong at its next call, in its own words; or the tokens hurry."""
        kind = self.chance.choice((*self.town.tenants, "stripe", "gocardless", "mail"))
        if kind == "mail":
            what = self.chance.choice(MAILBOX)
            self.town.mailbox.plan_fault(what)
        elif kind in self.town.tenants and self.chance.random() < 0.3:
            what = "the old refresh token dies at once"
            self.town.twin(kind).rotate_now(self.town.tenants[kind])
        else:
            twin = getattr(self.town, kind)
            what = self.chance.choice(OWN[kind])
            twin.plan_fault("", what)
        self.happened[f"{kind}: {what}"] += 1


def _place(url: str) -> str:
    """The vendor, and whether it is the door where tokens are renewed."""
    parts = urlsplit(url)
    host = parts.netloc.partition(".")[0]
    return f"{host} tokens" if "token" in parts.path else host

"""What a message looks like from outside: the few things the pretend customers and the judge read in it.

The headers `X-Dunlin-Company`, `X-Dunlin-Step`, `X-Dunlin-Invoices` and `X-Dunlin-Lines` are part of Dunlin's promise
to its users' mail rules; nothing else of Dunlin is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import unquote


class Letter(Protocol):
    @property
    def recipients(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        ...


class Letters(Protocol):
    def messages(self) -> Sequence[Letter]:
        """Every message, oldest first."""
        ...


def company_of(letter: Letter) -> str:
    return letter.header("X-Dunlin-Company").strip()


def in_order(letter: Letter) -> tuple[datetime, str, list[str], str]:
    """Where a letter stands among others: those of one moment lie in one order, whoever sent them first."""
    return letter.received_at, company_of(letter), numbers_of(letter), step_of(letter)


def step_of(letter: Letter) -> str:
    """The step that leads the message, or `thanks` and the like."""
    return letter.header("X-Dunlin-Step").strip()


def numbers_of(letter: Letter) -> list[str]:
    """The invoice numbers it is about. A comma inside a number is written %2C."""
    return [unquote(number.strip()) for number in letter.header("X-Dunlin-Invoices").split(",") if number.strip()]


def lines_of(letter: Letter) -> list[tuple[str, str]]:
    """(what, step) of each thing said. `X-Dunlin-Lines: 1001=late-4, 1002=heads-up` says it per invoice; without it
    only the leading step is known, and a message about several invoices counts as one thing said."""
    lines = [part.rpartition("=") for part in letter.header("X-Dunlin-Lines").split(",") if "=" in part]
    if lines:
        return [(unquote(number.strip()), step.strip()) for number, _, step in lines]
    return [(",".join(sorted(numbers_of(letter))), step_of(letter))]

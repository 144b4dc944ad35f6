"""The channel port: carrying one message to its recipients, in two halves.

`offer` may be repeated freely; `deliver` may have happened even when its answer is lost. The caller writes down
that it is sending between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from integrations.errors import Rejected


@dataclass(frozen=True, slots=True)
class Envelope:
    """A rendered message. Addresses are bare; `sender` and `reply_to` may carry a display name. Without `html` it is
    plain text alone.
    """

    sender: str
    recipients: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


class AddressRefused(Rejected):
    """One recipient cannot be reached; `address` is whose. Nothing was sent, not to the others either."""

    def __init__(self, message: str, address: str, code: str = "") -> None:
        super().__init__(message, code)
        self.address = address


class Conversation(Protocol):
    """One session with a mail server; several messages may follow each other."""

    def offer(self, message: Envelope) -> None:
        """Up to and including the recipients. AddressRefused, Rejected or Transient: nothing was sent."""
        ...

    def deliver(self) -> str:
        """Hand it over; the server's words. Rejected or Transient when it said no, InDoubt when silent."""
        ...


class Channel(Protocol):
    kind: str

    def open(self) -> AbstractContextManager[Conversation]:
        """Transient when the server cannot be reached; Misconfigured when it does not accept our sign-in."""
        ...

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
from integrations.oauth import OAuthApp


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that goes along: its file name, its MIME type such as application/pdf, and its bytes."""

    name: str
    type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A rendered message. Addresses are bare; `sender` and `reply_to` may carry a display name. Without `html` it is
    plain text alone. `recipients` are named under To, `cc` under Cc, and `bcc` nowhere.
    """

    sender: str
    recipients: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def everyone(self) -> tuple[str, ...]:
        """Whoever gets it, each once, in order."""
        return tuple(dict.fromkeys((*self.recipients, *self.cc, *self.bcc)))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How to sign in to a mail server. `wrapped`: TLS from the start, else STARTTLS except on this machine. Without a
    `user` nobody signs in; `secret` is the password, or an access token where `bearer` is set.
    """

    host: str
    port: int
    wrapped: bool
    user: str = ""
    secret: str = field(default="", repr=False)
    bearer: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How many messages a mailbox sends at most; 0: any number."""

    minute: int = 0
    hour: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class MailKind:
    """One provider of mailboxes, as data. `hosts` are the ends of its mail servers' names; `include` is what a domain's
    SPF record must name; `selectors` are where its DKIM keys stand. `free` are the domains of its free accounts, of
    which `free_pace` is asked. `oauth` is there when people can sign in through a browser here.
    """

    kind: str
    label: str
    host: str
    port: int
    wrapped: bool
    hosts: tuple[str, ...]
    include: str
    selectors: tuple[str, ...]
    pace: Pace = Pace(hour=100)
    free: tuple[str, ...] = ()
    free_pace: Pace = Pace(hour=100)
    oauth: OAuthApp | None = None


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

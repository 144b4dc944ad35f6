"""An Envelope as the bytes of a message: the same envelope makes the same bytes, and no header can be smuggled in.

It only builds; speaking to a mail server is `smtp.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses

from integrations.channels.base import AddressRefused, Envelope
from integrations.errors import Rejected

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,253}")
_NAME = re.compile(r"[A-Za-z0-9-]{1,76}")
_OURS = {"from", "to", "cc", "bcc", "sender", "reply-to", "subject", "message-id", "mime-version"}
_LONGEST = 990  # of the 998 bytes a header line may have


def bare(address: str) -> str:
    """The one address, without its display name; AddressRefused when it is none that plain SMTP can carry."""
    found, *others = [each for _, each in getaddresses([address])] or [""]
    if others or not found.isascii() or _ADDRESS.fullmatch(found) is None:
        raise AddressRefused(f"{address!r} is not an e-mail address that can be written to.", address, "address")
    return found


def compose(message: Envelope) -> bytes:
    """The message with CRLF line ends. Rejected when a header holds what a header must not."""
    if not message.recipients:
        raise Rejected("The message has no recipient.", code="unsendable")
    try:
        return _plain_headers(message) + _body(message)
    except (ValueError, MessageError) as error:
        raise Rejected("The message holds something that no e-mail can carry.", code="unsendable") from error


def _plain_headers(message: Envelope) -> bytes:
    """Headers that must stay as they are: the library would fold and encode long links in them."""
    lines = [_line("Message-ID", message.message_id)]
    for name, value in message.headers.items():
        if name.lower() in _OURS or name.lower().startswith("content-"):
            raise Rejected(f"The header {name!r} is not for the caller to set.", code="header")
        lines.append(_line(name, value))
    return b"".join(lines)


def _line(name: str, value: str) -> bytes:
    line = f"{name}: {value}"
    plain = value.isascii() and value.isprintable() and len(line) <= _LONGEST
    if _NAME.fullmatch(name) is None or not plain:
        raise Rejected(f"The header {name!r} holds something that no header can carry.", code="header")
    return line.encode("ascii") + b"\r\n"


def _body(message: Envelope) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _named(message.sender)
    mail["To"] = ", ".join(bare(one) for one in message.recipients)
    if message.cc:
        mail["Cc"] = ", ".join(bare(one) for one in message.cc)
    if message.reply_to:
        mail["Reply-To"] = _named(message.reply_to)
    mail["Subject"] = message.subject
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for one in message.attachments:
        kind, _, sort = one.type.partition("/")
        mail.add_attachment(one.body, maintype=kind, subtype=sort, filename=one.name)
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(_boundary((message.message_id, str(place), message.text, message.html)))
    return mail.as_bytes()


def _named(address: str) -> str:
    """Our own address, with its name; Rejected when it is none: that is no recipient's fault."""
    try:
        bare(address)
    except AddressRefused as error:
        raise Rejected(str(error), error.code) from error
    return address


def _boundary(parts: Iterable[str]) -> str:
    """Made from the content, so that a repeat sends the same bytes."""
    return "=_" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

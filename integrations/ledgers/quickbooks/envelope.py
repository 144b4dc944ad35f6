"""What stands around the rows of an answer: opened without looking at the rows, so that an odd one loses nothing.

Nothing is required of an envelope but the rows themselves; its time may come from the HTTP header instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from integrations.errors import Rejected, Transient
from integrations.ledgers.quickbooks import mending
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.wire import Answer

Block = dict[str, msgspec.Raw]
"""Entity name to its list of rows, beside startPosition, maxResults and totalCount."""

_BYTE_ORDER = b"\xef\xbb\xbf"
_BLANKS = bytes.maketrans(bytes(range(32)), b" " * 32)
_HALVES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_block = msgspec.json.Decoder(Block)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_plain = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Envelope:
    """`moment` is when QuickBooks answered; None when neither body nor header tells."""

    parts: Block
    moment: datetime | None

    def one(self, entity: str) -> bytes | None:
        """The single row of a read or write."""
        raw = self.parts.get(entity)
        return None if raw is None or bytes(raw) == b"null" else bytes(raw)

    def query(self) -> Block:
        """The answer to a SELECT; Transient when this is no such answer, lest a broken one looks like an empty one."""
        if "QueryResponse" not in self.parts:
            raise Transient(f"{LABEL} sent an answer that cannot be read.")
        return _object(self.parts["QueryResponse"])

    def changed(self) -> Iterator[Block]:
        """The blocks of a changes feed. Rejected when one of them is a fault: the feed cannot be had."""
        if "CDCResponse" not in self.parts:
            raise Transient(f"{LABEL} sent an answer that cannot be read.")
        for response in items(self.parts["CDCResponse"]):
            for raw in items(_object(response).get("QueryResponse")):
                block = _object(raw)
                if "Fault" in block:
                    raise Rejected(f"{LABEL} could not say what changed.")
                yield block

    def counts(self) -> list[int | None]:
        """The totals of a batch of counts, in the order of the answers; None for one that is not told."""
        return [_count(_object(raw)) for raw in items(self.parts.get("BatchItemResponse"))]


def open_envelope(answer: Answer) -> Envelope:
    try:
        parts = _parts(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Transient(f"{LABEL} sent an answer that cannot be read.") from None
    return Envelope(parts, moment_of(answer, parts.get("time")))


def moment_of(answer: Answer, told: msgspec.Raw | None) -> datetime | None:
    """When QuickBooks answered, as the body tells or else the header."""
    return _told(told) or _header(answer.date)


def _parts(body: bytes) -> Block:
    """A control character or half a character in somebody's text makes a whole body no JSON; then they are replaced.

    Outside of texts control characters are only blanks.
    """
    try:
        return _block.decode(body)
    except msgspec.DecodeError:
        return _block.decode(_HALVES.sub(rb"\\ufffd", body.removeprefix(_BYTE_ORDER).translate(_BLANKS)))


def items(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    """The members of a list; one object stands for a list of one, null for an empty one."""
    if raw is None or bytes(raw) == b"null":
        return []
    if bytes(raw)[:1] == b"{":
        return [raw]
    try:
        return _list.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Transient(f"{LABEL} sent a list that cannot be read.") from None


def _object(raw: msgspec.Raw) -> Block:
    if bytes(raw) == b"null":
        return {}
    try:
        return _block.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Transient(f"{LABEL} sent an answer that cannot be read.") from None


def _count(item: Block) -> int | None:
    try:
        return int(_plain.decode(_object(item["QueryResponse"])["totalCount"]))
    except (KeyError, ValueError, TypeError, Transient):
        return None


def _told(raw: msgspec.Raw | None) -> datetime | None:
    try:
        return None if raw is None else mending.moment(_plain.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _header(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except ValueError:
        return None
    return found if found.tzinfo else None

"""The answer to a SELECT, its rows decoded together with what stands around them where all are as documented.

One pass over the bytes instead of four. It maps nothing; rows that do not fit are handed on as they came. And where the
next answer begins, so that no row is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from integrations.ledgers.quickbooks import mending, structs
from integrations.ledgers.quickbooks.envelope import items, moment_of, open_envelope
from integrations.ledgers.quickbooks.wire import Answer

ENTITIES = {"Customer": "customer", "Term": "term", "Invoice": "invoice", "CreditMemo": "credit", "Payment": "payment"}
SHAPES: dict[str, type[Any]] = {entity: getattr(structs, entity) for entity in ENTITIES}
_MOVED = re.compile(rb'"LastUpdatedTime"\s*:\s*"([^"\\]*)"')
_SECOND = timedelta(seconds=1)  # times are shown without their fractions


def _whole(entity: str) -> msgspec.json.Decoder[Any]:
    """Of a good answer to a SELECT; what else it holds is not looked at."""
    shape: Any = SHAPES[entity]
    block: Any = msgspec.defstruct("Block", [("rows", list[shape], [])], rename={"rows": entity})
    fields: list[Any] = [("block", block), ("time", msgspec.Raw, msgspec.Raw(b"null"))]
    return msgspec.json.Decoder(msgspec.defstruct("Whole", fields, rename={"block": "QueryResponse"}))


_WHOLE = {entity: _whole(entity) for entity in ENTITIES}


class Place(NamedTuple):
    """Where an answer begins: with which of the rows that were last changed at `since` or later ("": of all rows)."""

    since: str = ""
    start: int = 1


@dataclass(frozen=True, slots=True)
class Portion:
    """One answer to a selection of an entity: how many rows it has, when it was given, and where the next begins (None:
    nowhere). `fit` are the rows as structs, None unless all of them are as documented.
    """

    entity: str
    answer: Answer
    moment: datetime | None
    count: int
    fit: list[Any] | None = None
    following: Place | None = None

    def raw(self) -> msgspec.Raw | None:
        """The list as it came, whatever is in it."""
        return open_envelope(self.answer).query().get(self.entity)


def open_portion(entity: str, answer: Answer) -> Portion:
    """Transient when this is no answer to a SELECT."""
    if entity in _WHOLE:
        try:
            found = _WHOLE[entity].decode(answer.body)
        except ValueError:  # DecodeError and UnicodeDecodeError are ValueErrors
            pass
        else:
            rows = found.block.rows
            return Portion(entity, answer, moment_of(answer, found.time), len(rows), rows)
    envelope = open_envelope(answer)
    return Portion(entity, answer, envelope.moment, len(items(envelope.query().get(entity))))


def behind(portion: Portion, place: Place, overlap: int) -> Place:
    """Where the answer after this one begins: with at most `overlap` of its last rows again.

    Rows are read in the order in which they were last changed, and one that changes moves to the end. So what is still
    to come is what was changed since the last row, however many have left their places meanwhile; a number alone would
    pass over as many. Among rows of one moment, or where the times make no sense, there is only the number.
    """
    moved = [mending.moment(found.decode("latin-1")) for found in _MOVED.findall(portion.answer.body)]
    times = [moment for moment in moved if moment is not None]
    if len(moved) == len(times) == portion.count and times == sorted(times):
        since, before = times[-1].replace(microsecond=0) - _SECOND, mending.moment(place.since)
        again = sum(moment >= since for moment in times)
        if again < len(times) and (before is None or since > before):
            return Place(since.isoformat(), max(1, again - overlap + 1))
    return Place(place.since, place.start + portion.count - overlap)

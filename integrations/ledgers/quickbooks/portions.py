"""The answer to a SELECT, its rows decoded together with what stands around them where all are as documented.

One pass over the bytes instead of four. It maps nothing; rows that do not fit are handed on as they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from integrations.ledgers.quickbooks import structs
from integrations.ledgers.quickbooks.envelope import items, moment_of, open_envelope
from integrations.ledgers.quickbooks.wire import Answer

ENTITIES = {"Customer": "customer", "Term": "term", "Invoice": "invoice", "CreditMemo": "credit", "Payment": "payment"}
SHAPES: dict[str, type[Any]] = {entity: getattr(structs, entity) for entity in ENTITIES}


def _whole(entity: str) -> msgspec.json.Decoder[Any]:
    """Of a good answer to a SELECT; what else it holds is not looked at."""
    shape: Any = SHAPES[entity]
    block: Any = msgspec.defstruct("Block", [("rows", list[shape], [])], rename={"rows": entity})
    fields: list[Any] = [("block", block), ("time", msgspec.Raw, msgspec.Raw(b"null"))]
    return msgspec.json.Decoder(msgspec.defstruct("Whole", fields, rename={"block": "QueryResponse"}))


_WHOLE = {entity: _whole(entity) for entity in ENTITIES}


@dataclass(frozen=True, slots=True)
class Portion:
    """One answer to a selection of an entity: how many rows it has, when it was given, and where the next begins (0:
    nowhere). `fit` are the rows as structs, None unless all of them are as documented.
    """

    entity: str
    answer: Answer
    moment: datetime | None
    count: int
    fit: list[Any] | None = None
    following: int = 0

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

"""Which rows a Xero list gives: `where`, `order`, status and id lists, If-Modified-Since, and pages.

A subset of Xero's query language, enough for efficient filters. What it does not understand is refused, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Fields = Mapping[str, Callable[[Any], Any]]
_CLAUSE = re.compile(r"^([A-Za-z.]+)\s*(==|=|!=|>=|<=|>|<)\s*(.+)$")
_DAY = re.compile(r"^DateTime\((\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\)$", re.IGNORECASE)
_GUID = re.compile(r'^guid\("([0-9a-fA-F-]{36})"\)$', re.IGNORECASE)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda have, want: have == want,
    "=": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    ">=": lambda have, want: have is not None and have >= want,
    "<=": lambda have, want: have is not None and have <= want,
    ">": lambda have, want: have is not None and have > want,
    "<": lambda have, want: have is not None and have < want,
}


class Unparsable(Exception):
    """A filter or order Xero would refuse."""


def where(rows: Iterable[Any], text: str, fields: Fields) -> list[Any]:
    """The rows for which the whole of `text` holds; OR binds weaker than AND."""
    if not text.strip():
        return list(rows)
    choices = [
        [_clause(part, fields) for part in re.split(r"\s+(?:AND|&&)\s+", choice, flags=re.IGNORECASE)]
        for choice in re.split(r"\s+(?:OR|\|\|)\s+", text, flags=re.IGNORECASE)
    ]
    return [row for row in rows if any(all(test(row) for test in tests) for tests in choices)]


def _clause(text: str, fields: Fields) -> Callable[[Any], bool]:
    match = _CLAUSE.match(text.strip())
    read = fields.get(match[1].lower()) if match else None
    if match is None or read is None:
        raise Unparsable(f"No property or field could be read from {text!r}")
    compare, want = _COMPARE[match[2]], _value(match[3])
    return lambda row: compare(read(row), want)


def _value(text: str) -> Any:
    if match := _GUID.match(text):
        return match[1].lower()
    if match := _DAY.match(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if text[:1] == '"' == text[-1:] and len(text) > 1:
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise Unparsable(f"{text!r} is no value") from error


def ordered(rows: list[Any], text: str, fields: Fields) -> list[Any]:
    """Sorted by `text` ("InvoiceId ASC"), else as given."""
    if not text.strip():
        return rows
    name, _, direction = text.strip().partition(" ")
    read = fields.get(name.lower())
    if read is None or direction.upper() not in ("", "ASC", "DESC"):
        raise Unparsable(f"No property or field {text!r} to order by")
    return sorted(rows, key=read, reverse=direction.upper() == "DESC")


def modified_since(text: str) -> datetime | None:
    """Read If-Modified-Since with or without a zone (UTC is meant); None where there is none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unparsable(f"If-Modified-Since {text!r} is no date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows and what Xero says about it; `about` is None for an answer without pages."""

    rows: list[Any]
    about: dict[str, int] | None


def page(rows: list[Any], number: str | None, size: str | None) -> Slice:
    """Page `number` (from 1) of `size` rows (100 unless said, clamped to 1…1000); everything without a number."""
    if number is None:
        return Slice(rows, None)
    try:
        at, per = max(1, int(number)), min(1000, max(1, int(size or 100)))
    except ValueError as error:
        raise Unparsable("page and pageSize are whole numbers") from error
    count = -(-len(rows) // per)
    about = {"page": at, "pageSize": per, "pageCount": count, "itemCount": len(rows)}
    return Slice(rows[(at - 1) * per : at * per], about)

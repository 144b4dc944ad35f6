"""One field of a cadence's text, read and checked: a word, a number within bounds, an address, one of a list.

Each gives the value or a CadenceError of one sentence that names the field and where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from core.addresses import is_address
from core.cadence import CadenceError, Readers

_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
Choice = TypeVar("Choice", bound=StrEnum)


def known(raw: Mapping[str, Any], fields: Set[str], where: str) -> None:
    unknown = sorted(set(raw) - fields)
    if unknown:
        raise CadenceError(f"Unknown field {unknown[0]!r} in {where}.")


def text(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise CadenceError(f"{where.capitalize()} needs a {field}.")
    return value.strip()


def words(entry: Mapping[str, Any], field: str, where: str) -> str:
    """Text that may be left out."""
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise CadenceError(f"The {field} of {where} must be text.")
    return value.strip()


def word(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = text(entry, field, where)
    if not _WORD.fullmatch(value):
        raise CadenceError(f"The {field} {value!r} must be small letters, digits and dashes.")
    return value


def whole(raw: Mapping[str, Any], field: str, low: int, high: int, what: str) -> int:
    value = raw.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise CadenceError(f"{what} must be a whole number from {low} to {high}.")
    return value


def flag(raw: Mapping[str, Any], field: str, where: str) -> bool:
    value = raw.get(field, False)
    if not isinstance(value, bool):
        raise CadenceError(f"{field} of {where} must be true or false.")
    return value


def amount(raw: Mapping[str, Any], field: str, where: str) -> Decimal:
    value = raw[field]
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not 0 < value < 10**12:
        raise CadenceError(f"{field} of {where} must be an amount above zero.")
    return Decimal(str(value))


def texts(raw: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    value = raw.get(field, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise CadenceError(f"{field} of {where} must be a list of words.")
    return tuple(one.strip() for one in value)


def choice(kind: type[Choice], value: Any, what: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise CadenceError(f"{what} must be one of: {', '.join(kind)}.") from error


def currency(value: str, where: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise CadenceError(f"A currency of {where} must be three capital letters such as EUR.")
    return value


def addresses(raw: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    return tuple(address(one, where) for one in texts(raw, field, where))


def readers(raw: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    """Addresses, and words for those the ledger knows."""
    words = frozenset[str](Readers)
    found = texts(raw, field, where)
    return tuple(dict.fromkeys(one if one in words else _reader(one, where) for one in found))


def _reader(value: str, where: str) -> str:
    if not is_address(value):
        raise CadenceError(f"{value!r} in {where} is neither an e-mail address nor one of: {', '.join(Readers)}.")
    return value.lower()


def address(value: Any, where: str) -> str:
    if not isinstance(value, str) or not is_address(value.strip()):
        raise CadenceError(f"{value!r} in {where} is not an e-mail address.")
    return value.strip().lower()

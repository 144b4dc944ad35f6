"""Reading a row or an answer that is not quite as documented: text for numbers, numbers for text, odd dates, nulls.

The slow way, for what the structs' own decoder refuses. It never invents: what is missing or makes no sense is a
ValueError that names the field, unless the field only decorates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar, get_args

import msgspec
from msgspec.structs import fields

_Shape = TypeVar("_Shape", bound=msgspec.Struct)

# Without these a row is still right about who owes what and since when, and who is written to.
_DECORATION = (
    {"sync_token", "doc_number", "sales_term_ref", "bill_email_cc", "email_status", "ship_date", "invoice_link"}
    | {"given_name", "family_name", "primary_phone", "mobile", "fully_qualified_name", "payment_ref_num"}
    | {"country", "email", "default_time_zone", "accounting_info_prefs", "book_close_date"}
)
# What decorates one kind of row only: a customer's balance is a hint, an invoice's decides.
_DECORATION_OF = {
    "Customer": {"balance", "currency_ref"},
    "CreditMemo": {"txn_date"},
    "Term": {"discount_days", "discount_day_of_month", "discount_percent"},
}
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?=$|[T Zz+-])")
_TICKS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def read(raw: bytes | msgspec.Raw, shape: type[_Shape]) -> _Shape:
    """The row as a struct; ValueError when it cannot be one."""
    return _struct(_object(bytes(raw)), shape)


def _object(raw: bytes) -> dict[str, Any]:
    """Text that is no UTF-8 is taken for Latin-1, which QuickBooks is said to use for companies in the US."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise ValueError("it is no row at all")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no amount")


def _struct(found: Mapping[str, Any], shape: type[_Shape]) -> _Shape:
    values: dict[str, Any] = {}
    decoration = _DECORATION | _DECORATION_OF.get(shape.__name__, set())
    for field in fields(shape):
        value = found.get(field.encode_name)
        required = field.default is msgspec.NODEFAULT
        if value is None:
            if required:
                raise ValueError(f"its {field.encode_name} is missing")
            continue
        try:
            values[field.name] = _value(value, field.type)
        except (ValueError, ArithmeticError):
            if required or field.name not in decoration:
                raise ValueError(f"its {field.encode_name} makes no sense") from None
    return shape(**values)


def _value(value: Any, wanted: Any) -> Any:
    """`value` in the wanted type; None for an empty text where nothing is needed."""
    kinds = [kind for kind in get_args(wanted) if kind not in (type(None), ...)]
    optional = type(None) in get_args(wanted)
    if optional and value == "":
        return None
    if kinds and not optional:  # a tuple of rows
        items = value if isinstance(value, list) else [value]
        return tuple(_value(item, kinds[0]) for item in items if item is not None)
    kind = kinds[0] if kinds else wanted
    return _nested(value, kind) if issubclass(kind, msgspec.Struct) else _PLAIN[kind](value)


def _nested(value: Any, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """A struct of one field may also stand there as that field alone."""
    if isinstance(value, dict):
        return _struct(value, kind)
    only = fields(kind)
    if len(only) != 1 or isinstance(value, list):
        raise ValueError("no object")
    return _struct({only[0].encode_name: value}, kind)


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError("no text")
    return str(value).encode(errors="replace").decode()  # half a character cannot be stored anywhere


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("no number")
    number = Decimal(value.strip() if isinstance(value, str) else value)
    if not number.is_finite():
        raise ValueError("no amount")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("no whole number")
    return int(number)


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _FLAGS:
        raise ValueError("neither true nor false")
    return _FLAGS[word]


def day(value: Any) -> date:
    """A date; of a moment the date as it is written there, of ticks the date in UTC."""
    text = str(value).strip()
    if ticks := _TICKS.fullmatch(text):
        return _from_ticks(int(ticks[1])).date()
    found = _DAY.match(text)
    if found is None:
        raise ValueError("no date")
    return date.fromisoformat(found[1])


def moment(value: Any) -> datetime | None:
    """An aware moment; None when there is none in it, or it does not tell its zone."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return _from_ticks(value)
        if ticks := _TICKS.fullmatch(str(value)):
            return _from_ticks(int(ticks[1]))
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else None


def _from_ticks(milliseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("no date") from error


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    Decimal: _number,
    int: _whole,
    bool: _flag,
    date: day,
}

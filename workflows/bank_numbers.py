"""How a bank account is named in each country, checked before it is kept and written as people there read it.

The check digits are python-stdnum's; where a country's numbers have none only their form can be checked. It keeps and
decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.nz import bankaccount
from stdnum.us import rtn

from core.wording import plain
from workflows.errors import Refusal

MOST_LINES, LONGEST = 6, 80


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form: `read` gives the value as shown, or raises ValueError; `hint` is how it should look."""

    name: str
    label: str
    hint: str
    read: Callable[[str], str]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """How accounts are named in one part of the world."""

    label: str
    parts: tuple[Part, ...]


def _digits(least: int, most: int, *groups: int) -> Callable[[str], str]:
    """So many digits, written in groups; spaces and dashes that people type do not count."""

    def read(text: str) -> str:
        found = re.sub(r"[\s-]", "", text)
        if not (found.isascii() and found.isdigit() and least <= len(found) <= most):
            raise ValueError
        if not groups:
            return found
        cut, place = [], 0
        for size in groups:
            cut.append(found[place : place + size])
            place += size
        return "-".join(cut)

    return read


def _iban(text: str) -> str:
    return iban.format(iban.validate(text))


def _bic(text: str) -> str:
    return bic.format(bic.validate(text))


def _routing(text: str) -> str:
    return rtn.validate(_digits(9, 9)(text))


def _new_zealand(text: str) -> str:
    return bankaccount.format(bankaccount.validate(text))


_BIC = Part("bic", "BIC (SWIFT)", "8 or 11 letters and digits, such as DEUTDEFF", _bic, needed=False)
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "iban": Shape(
            "IBAN",
            (Part("iban", "IBAN", "two letters, two digits, then up to 30 letters and digits", _iban), _BIC),
        ),
        "GB": Shape(
            "United Kingdom",
            (
                Part("sort", "Sort code", "6 digits, such as 20-00-00", _digits(6, 6, 2, 2, 2)),
                Part("account", "Account number", "8 digits", _digits(8, 8)),
            ),
        ),
        "US": Shape(
            "United States",
            (
                Part("routing", "Routing number", "9 digits, the last of which checks the others", _routing),
                Part("account", "Account number", "4 to 17 digits", _digits(4, 17)),
            ),
        ),
        "AU": Shape(
            "Australia",
            (
                Part("bsb", "BSB", "6 digits, such as 062-000", _digits(6, 6, 3, 3)),
                Part("account", "Account number", "5 to 10 digits", _digits(5, 10)),
            ),
        ),
        "NZ": Shape(
            "New Zealand",
            (
                Part(
                    "account",
                    "Account number",
                    "bank, branch, account and suffix, such as 01-0242-0100194-00",
                    _new_zealand,
                ),
            ),
        ),
        "CA": Shape(
            "Canada",
            (
                Part("institution", "Institution number", "3 digits", _digits(3, 3)),
                Part("transit", "Transit number", "5 digits", _digits(5, 5)),
                Part("account", "Account number", "7 to 12 digits", _digits(7, 12)),
            ),
        ),
        "other": Shape("Another country", ()),
    }
)
_USUAL = {"GBP": "GB", "USD": "US", "AUD": "AU", "NZD": "NZ", "CAD": "CA"}


def usual(currency: str) -> str:
    """The shape in which accounts of this currency are mostly named."""
    return _USUAL.get(currency, "iban")


def read(shape: str, given: Mapping[str, str]) -> list[list[str]]:
    """[label, value] as customers will read it. Refusal in one sentence for the first thing that cannot be right.

    In another country `given["lines"]` has one line each, such as `Clabe: 0021…`, which nobody can check.
    """
    known = SHAPES.get(shape)
    if known is None:
        raise Refusal("Please choose how accounts are named where the bank is.")
    if not known.parts:
        return _lines(given.get("lines", ""))
    found = []
    for part in known.parts:
        text = given.get(part.name, "").strip()
        if text or part.needed:
            found.append([part.label, _read(part, text)])
    return found


def _read(part: Part, text: str) -> str:
    try:
        return part.read(text[:LONGEST])
    except (ValidationError, ValueError):
        raise Refusal(
            "The {label} cannot be right ({hint}). Please compare it with a statement of the bank.",
            label=part.label,
            hint=part.hint,
        ) from None


def _lines(text: str) -> list[list[str]]:
    found = []
    for line in filter(None, (one.strip() for one in text.splitlines())):
        label, colon, value = line[: 3 * LONGEST].partition(":")
        label, value = plain(label, LONGEST + 1), plain(value, LONGEST + 1)
        if not (colon and 0 < len(label) <= LONGEST and 0 < len(value) <= LONGEST):
            raise Refusal("Please write each line as a name, a colon and a number, such as Account: 12 345 678.")
        found.append([label, value])
    if not 0 < len(found) <= MOST_LINES:
        raise Refusal("Please give at least one line and at most {most}.", most=MOST_LINES)
    return found

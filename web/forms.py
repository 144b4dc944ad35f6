"""What people gave in a form: a sum, a day, a way to pay. Refusal, in one sentence, for what nobody understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from core.money import Money, exponent
from integrations.processors.base import Method
from workflows.errors import Refusal

_SUM = re.compile(r"[0-9]{1,12}(?:\.([0-9]+))?")


def money(text: str, currency: str) -> Money:
    """A sum such as 12.50. A comma is refused, for it means one thing here and another there."""
    found = _SUM.fullmatch(text.strip())
    if found is None:
        raise Refusal("Please give the sum in figures with a point, such as 12.50.")
    if len(found[1] or "") > exponent(currency):
        raise Refusal(f"A sum in {currency} has at most {exponent(currency)} places after the point.")
    return Money.parse(text.strip(), currency)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal("Please choose a day.") from None


def way(text: str) -> tuple[str, Method | None]:
    """A way to pay, given as kind:method; ("", None) where none was chosen."""
    kind, _, method = text.partition(":")
    if method not in ("", *Method):
        raise Refusal("This way to pay is not offered any more. Please choose another one.")
    return kind, Method(method) if method else None


def revision(form: Mapping[str, str]) -> int:
    """Of what was looked at before it was changed; 0 is nobody's."""
    given = form.get("revision", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0

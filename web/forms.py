"""Reading what people typed into a form: a sum, a day. Refusal, in one sentence, for what cannot be understood."""

from __future__ import annotations

import re
from datetime import date

from core.money import Money, exponent
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

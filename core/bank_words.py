"""What the words of a bank line name: invoice numbers, creditor references with check digits, and people.

Pure. A number is found despite spaces, leading zeros and a missing prefix, never with another digit; it knows no sums.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_GAP = r"[\s\-/._#]*"
_SHORT = 4  # fewer digits than this are found everywhere, so they need their letters, or a word, before them
_CALLED = r"(?:invoice|inv|bill|no|nr|number|rechnung|rg|re|facture|fact|factura|fra|ref|reference|#)[\s.:#\-]*"
_NOT_INSIDE = r"(?<![0-9])(?<![0-9][.,:/\-])"  # no part of a longer number, a day or a sum
_ENDS = r"(?![^\W_])(?![.,:/\-][0-9])"
_CREDITOR = re.compile(r"(?<![^\W_])r\s?f\s?([0-9])\s?([0-9])((?:\s?[a-z0-9]){1,21})")
# What stands in many names and tells nobody apart.
_FORMS = frozenset(
    re.findall(
        "[a-z]+",
        "ltd limited plc llp llc inc incorporated corp corporation co company gmbh ag kg ohg ug mbh sarl "
        "sas sa sl slu srl spa bv nv ab as oy aps pty the and und et y e der die das de la le mr mrs ms "
        "dr herr frau",
    )
)


def folded(text: str) -> str:
    """Small letters without accents, as banks that know only capitals write them."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def names(number: str, text: str) -> bool:
    """Whether a folded text names the invoice of this number."""
    pattern = _pattern(folded(number))
    return pattern is not None and pattern.search(text) is not None


@lru_cache(maxsize=50_000)
def _pattern(number: str) -> re.Pattern[str] | None:
    """How a number may be written; None for one without digits, which no text names for certain."""
    parts = re.findall(r"[0-9]+|[^\W\d_]+", number)
    first = next((place for place, one in enumerate(parts) if one.isdigit()), None)
    if first is None:
        return None
    letters, rest = _GAP.join(map(re.escape, parts[:first])), parts[first:]
    body = _GAP.join(f"0*{one.lstrip('0')}" if one.isdigit() else re.escape(one) for one in rest)
    enough = sum(len(one.lstrip("0")) for one in rest if one.isdigit()) >= _SHORT
    before = rf"(?<![^\W\d_]){letters}{_GAP}" if letters else ""
    if letters and enough:
        before = rf"(?:{before}|(?<![^\W_])(?<![^\W_][\-/]))"
    elif not letters and not enough:
        before = rf"(?<![^\W\d_]){_CALLED}"
    return re.compile(before + _NOT_INSIDE + body + _ENDS)


def references(text: str) -> frozenset[str]:
    """The creditor references (ISO 11649) in a folded text, without spaces; what its check digits refute is none."""
    found = set()
    for one in _CREDITOR.finditer(text):
        written = re.sub(r"\s", "", one[0])
        # Whatever follows after a space may or may not belong to it; the check digits tell.
        ends = {len(written), *(len(re.sub(r"\s", "", one[0][: at.start()])) for at in re.finditer(r"\s", one[0]))}
        found |= {written[:end] for end in ends if end > 4 and _checks(written[:end])}
    return frozenset(found)


def _checks(reference: str) -> bool:
    moved = reference[4:] + reference[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def figures(text: str) -> list[str]:
    """The whole numbers in a text, without leading zeros."""
    return [one.lstrip("0") for one in re.findall("[0-9]+", text)]


@lru_cache(maxsize=50_000)
def words_of(name: str) -> frozenset[str]:
    """The words of a name that tell people apart."""
    words = frozenset(re.findall(r"[^\W_]+", folded(name)))
    return frozenset(one for one in words - _FORMS if len(one) > 1)


def is_payer(account: str, payer: str, text: str) -> bool:
    """Whether the payer (or, where the bank names none, the text) is this account: every word of the one that says
    something is in the other.
    """
    ours, theirs = words_of(account), words_of(payer)
    if not ours:
        return False
    if theirs:
        return ours <= theirs or (theirs <= ours and _tells(theirs))
    return ours <= words_of(text) and _tells(ours)


def _tells(words: Iterable[str]) -> bool:
    """One short word is nobody's name for certain."""
    return sum(map(len, words)) >= 4

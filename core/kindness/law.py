"""Claims about what the law gives a creditor, held against the facts of the company's country.

The facts are data with a source and a date. What the law does not give there, gives at another rate or in another sum,
is a false claim; so is a claim about a country nobody read about. It is no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from core.kindness.rules import Law, Rules

_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?) ?(?:%|per ?cent\b|percent|percentage points?|points\b)", re.IGNORECASE)
_SIGN = r"[£$€]|\b(?:GBP|EUR|USD|AUD|CAD|NZD|euros?|pounds?|dollars?)\b"
_AMOUNT = re.compile(
    rf"(?:{_SIGN}) ?(\d[\d,]*(?:\.\d+)?)(?!\d|-)|(?<![\w.,-])(\d[\d,]*(?:\.\d+)?) ?(?:{_SIGN})", re.IGNORECASE
)


def claims(
    rules: Rules, country: str, text: str, sentences: list[tuple[int, str]]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """(why it does not hold, its place in the text) of each claim to interest or a fixed sum by law."""
    about = rules.claims
    law = rules.laws.get(country.upper())
    for begin, sentence in sentences:
        named, gives = about.law.search(sentence), about.gives.search(sentence)
        if not named or not gives or about.harmless.search(sentence):
            continue
        why = _wrong(rules, law, sentence, text)
        if why:
            first, last = min(named.start(), gives.start()), max(named.end(), gives.end())
            yield about.why[why], (begin + first, begin + last)


def _wrong(rules: Rules, law: Law | None, sentence: str, text: str) -> str:
    """The name of the first reason why the claim does not hold; empty where it does."""
    if rules.claims.overdone.search(sentence):
        return "overdone"
    if law is None:
        return "unknown"
    if not law.points:
        return "none"
    if rules.claims.acts.search(sentence) and not law.acts.search(sentence):
        return "foreign"
    if any(not _is_rate(law, rate) for rate in _numbers(_PERCENT, sentence)):
        return "rate"
    return "" if _is_sum(law, _numbers(_AMOUNT, sentence), _numbers(_AMOUNT, text)) else "sum"


def _numbers(pattern: re.Pattern[str], text: str) -> list[float]:
    """Percentages may have a decimal comma, amounts only commas between thousands."""
    written = [next(group for group in found.groups() if group) for found in pattern.finditer(text)]
    return [float(one.replace(",", "." if pattern is _PERCENT else "").rstrip(".")) for one in written]


def _is_rate(law: Law, rate: float) -> bool:
    """The points alone, the central bank's rate alone, or both together."""
    right = {*law.points, *law.reference, *(points + base for points in law.points for base in law.reference)}
    return any(abs(rate - one) < 0.005 for one in right) or min(law.points) <= rate <= law.most


def _is_sum(law: Law, here: list[float], everywhere: list[float]) -> bool:
    """Whether the sum claimed is one of the law's, and the one for a debt named in the text, if any is."""
    sums = {given for _, given in law.sums}
    claimed = next((one for one in here if one in sums), here[0] if here else None)
    if claimed is None:
        return True
    debts = [one for one in everywhere if one != claimed]
    steps = [*law.sums, (float("inf"), 0.0)]
    right = {given for debt in debts for (least, given), (more, _) in pairwise(steps) if least <= debt < more}
    return claimed in (right or sums)

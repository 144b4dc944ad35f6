"""What a test must not cost: replies in anger, disputes, opt-outs, unkind answers, customers who stay away.

Each is watched by the same evidence as the payments, one event an account, and only for being more frequent with the
new cadence. A guard that speaks ends the test at once, whatever the payments say. It counts what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.insights.fair import Unit, firsts, followed
from core.insights.safe import MORE_OFTEN, Evidence

GUARDS = {
    "replies": "more customers answer that it was not right",
    "disputes": "more customers dispute an invoice",
    "opt_outs": "more customers want no more reminders",
    "kindness": "more customers say they were not treated kindly",
    "returns": "more customers have stayed away",
}


def spoken(watched: Mapping[str, Sequence[Unit]], length: int, until: int) -> list[str]:
    """The guards that end the test on day `until`, by name. `watched`: by guard, each account with the days until it
    happened, group 1 being the new cadence.
    """
    return [name for name, units in watched.items() if _evidence(units, length, until).enough]


def _evidence(units: Sequence[Unit], length: int, until: int) -> Evidence:
    found = Evidence(MORE_OFTEN)
    for _, found in followed(firsts(units), length, until, MORE_OFTEN):
        if found.enough:
            break
    return found


def in_words(names: Sequence[str]) -> str:
    """Why the test ends."""
    return f"The test ends: with the new cadence {', and '.join(GUARDS[name] for name in names)}."

"""What became of a forecast, in sentences: whether it stepped back and why, and its settings. It decides nothing."""

from __future__ import annotations

from typing import Any

from core.insights.around import AMOUNTS, EVERYTHING, TREND, USUAL
from core.insights.assessing import Assessment
from core.insights.forecaster import Settings
from core.insights.standing import Verdict

_BEFORE = {
    Verdict.BETTER: "On what was settled before the test, the forecast was nearer than the naive rule.",
    Verdict.ALIKE: "On what was settled before the test, the forecast and the naive rule were equally near.",
    Verdict.TOO_FEW: "Too little was settled before the test to compare the forecast with the naive rule.",
    Verdict.WORSE: (
        "On what was settled before the test, the naive rule was nearer, so its days are given throughout. "
        "The bands and the chance of being late stay the forecast's own."
    ),
}
_TRAITS = {
    USUAL: "the account's usual days",
    TREND: "the account's usual days and the trend",
    AMOUNTS: "the account's usual days, the trend and the amount",
    EVERYTHING: "the account's usual days, the trend, the amount, what else is open, terms and the due day",
}


def in_words(found: Assessment) -> str:
    said = _BEFORE[found.before]
    stepped = sum(one.stepped for one in found.tested)
    if not stepped or found.before is Verdict.WORSE:
        return said
    return (
        f"{said} For {stepped} of the {len(found.tested)} invoices of the test it steps back: by what had been settled "
        "in the half year before, the naive rule had been nearer, and its days are given."
    )


def settings_in_words(settings: Settings) -> dict[str, Any]:
    """What was chosen before the test, for people who look closely."""
    return {
        "groups": " > ".join(settings.chain),
        "memory": "everything" if settings.half_life is None else f"half after {settings.half_life} days",
        "counted_from_drift": settings.drifting,
        "own_invoices_that_weigh_as_much_as_the_group_above": settings.pull,
        "rule": _TRAITS[settings.columns],
        "share_of_groups_for_none_few_some_many": list(settings.shares),
    }

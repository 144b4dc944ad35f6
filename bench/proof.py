"""`python -m bench proof`: how long it takes to prove each shipped cadence, and one full of conditions."""

from __future__ import annotations

from time import perf_counter

from core.cadence import Cadence
from core.calendars import Calendar
from core.language import MOST_CONDITIONS, parse_cadence
from core.proof import prove
from workflows import cadences
from workflows.calendars import public_holidays

YEAR = 2026


def main() -> None:
    calendar = Calendar("Europe/London", public_holidays("GB", "", YEAR))
    every = [*map(cadences.shipped, cadences.shipped_library()), _asking(MOST_CONDITIONS // 2)]
    print(f"{'cadence':<24} {'seconds':>8} {'states':>10} {'a second':>10}   proved")
    for cadence in every:
        start = perf_counter()
        proof = prove(cadence, calendar, year=YEAR)
        spent = perf_counter() - start
        holds = "yes" if proof.holds else "NO"
        print(f"{cadence.name:<24} {spent:>8.1f} {proof.states:>10,} {proof.states / spent:>10,.0f}   {holds}")


def _asking(conditions: int) -> Cadence:
    """All its conditions on one ladder, which is the dearest there is: half as many as the language allows."""
    steps = [
        f"[[step]]\nname = 'late-{7 * n}'\noffset = {7 * n}\ntone = 'kind'\n[step.when]\namount_at_least = {n}\n"
        for n in range(1, conditions + 1)
    ]
    last = f"[[step]]\nname = 'last'\noffset = {7 * (conditions + 1)}\ntone = 'kind'\n"
    return parse_cadence("\n".join([f"name = '{conditions}-conditions'", "title = 'Asking'", *steps, last]))

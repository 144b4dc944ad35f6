"""The order of a ladder: which steps may stand on it, and how firm each is.

A ladder only grows firmer, begins gently and never doubles back; what breaks that is refused in one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from core.cadence import ALWAYS, Anchor, CadenceError, Step, Tone

_ORDER = (Anchor.ISSUED, Anchor.DUE, Anchor.PROMISE, Anchor.INSTALMENT, Anchor.RESOLVED, Anchor.MONTH)
_TONES = tuple(Tone)


def checked(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with their rungs, ladder by ladder; CadenceError names the first thing wrong."""
    names = [step.name for step in steps]
    if len(set(names)) != len(names):
        raise CadenceError("Two steps have the same name; a step is known by its name.")
    placed = sorted(steps, key=lambda step: _ORDER.index(step.anchor))
    found: list[Step] = []
    for _, ladder in groupby(placed, key=lambda step: _ladder(step.anchor)):
        found += _climbing(list(ladder))
    if not found:
        raise CadenceError("A cadence needs at least one step.")
    return tuple(found)


def set_by_hand(steps: Sequence[Step]) -> frozenset[str]:
    """Of checked steps those that stand on another rung than their order alone would give them, by name."""
    found: set[str] = set()
    for _, ladder in groupby(steps, key=lambda step: _ladder(step.anchor)):
        rung = 0
        for step in ladder:
            found |= {step.name} if step.rung != _natural(step, rung) else set()
            rung = _after(step, rung)
    return frozenset(found)


def place(step: Step) -> tuple[int, float]:
    """Where a step stands in a text: ladder by ladder, and on each in the order of days."""
    return _ORDER.index(step.anchor), _length(step)


def _ladder(anchor: Anchor) -> Anchor:
    return Anchor.DUE if anchor is Anchor.ISSUED else anchor


def _climbing(steps: list[Step]) -> list[Step]:
    rung = 0
    placed: list[Step] = []
    for step in steps:
        stands = replace(step, rung=_natural(step, rung)) if step.rung < 0 else step
        _check_rung(stands, stands.rung, rung)
        rung = _after(stands, rung)
        placed.append(stands)
    _check_order(placed)
    return placed


def _natural(step: Step, before: int) -> int:
    return 0 if step.is_nudge else before + 1


def _after(step: Step, before: int) -> int:
    """A step with a condition shares its rung with what follows it: where it does not apply nobody climbs two."""
    return max(before, step.rung) if step.when == ALWAYS else before


def _check_rung(step: Step, given: int, before: int) -> None:
    if step.is_nudge and given:
        raise CadenceError(f"Step {step.name!r} is said before anything is late: it stands on rung 0.")
    if not step.is_nudge and not max(1, before) <= given <= before + 1:
        rungs = " or ".join(map(str, sorted({max(1, before), before + 1})))
        raise CadenceError(f"Step {step.name!r} must stand on rung {rungs}: one at a time.")


def _check_order(steps: list[Step]) -> None:
    for before, after in pairwise(steps):
        if before.anchor is after.anchor is Anchor.MONTH:
            raise CadenceError("A cadence has one statement a month.")
        if before.anchor is after.anchor and _length(after) <= _length(before):
            raise CadenceError(f"Step {after.name!r} must come after {before.name!r}: steps stand in order of days.")
        if _TONES.index(after.tone) < _TONES.index(before.tone):
            raise CadenceError(f"Step {after.name!r} is softer than {before.name!r}: a ladder only grows firmer.")
    first = next((step for step in steps if not step.is_nudge), None)
    if first is not None and first.tone not in (Tone.FRIENDLY, Tone.KIND):
        raise CadenceError(f"The first follow-up, {first.name!r}, must be friendly or kind.")


def _length(step: Step) -> float:
    """Calendar days, about; five working days are a week."""
    return step.offset * 7 / 5 if step.working else float(step.offset)

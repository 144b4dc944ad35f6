"""What is promised of one word, asked of every word the search meets, and the story of how it came to be said.

The promises are said anew here, from days and rungs alone; nothing of how a ladder is climbed is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from core.cadence import BRANCHES, Anchor, Step, Tone
from core.facts import InvoiceFacts
from core.ladder import Proposal
from core.proof.promises import Promise, Record, Scene
from core.proof.states import A_PART_AHEAD, Node, Stage

_TONES = list(Tone)
_GENTLE = (Tone.FRIENDLY, Tone.KIND)
_BEGUN = {Anchor.PROMISE: "A promise to pay was not kept.", Anchor.RESOLVED: "A dispute about it has ended."}


@dataclass(frozen=True, slots=True)
class Word:
    """A step that `propose` would have said about an invoice on a day; `part`: a part was paid since the last word.

    `otherwise` is what it would have said on that day without the part payment.
    """

    node: Node
    day: int
    invoice: InvoiceFacts
    part: bool
    proposal: Proposal
    otherwise: Proposal | None

    @property
    def step(self) -> Step:
        return self.proposal.step


def judge(stage: Stage, word: Word, record: Record) -> None:
    """Hold one word against every promise that speaks of words."""
    for promise, kept, why in _findings(stage, word):
        record.check(promise, kept, lambda: story(stage, word, why))  # noqa: B023


def _findings(stage: Stage, word: Word) -> Iterator[tuple[Promise, bool, str]]:
    step, node = word.step, word.node
    gentle = node.firmest > 0 or step.tone in _GENTLE
    yield Promise.GENTLE, gentle, "It is the first word, and not gentle."
    if word.invoice.arranged:
        own = step.anchor is Anchor.INSTALMENT
        yield Promise.ARRANGEMENT, own, "It belongs to an arrangement, and this is not about its instalment."
    if step.anchor is Anchor.MONTH:
        return
    yield Promise.GENTLE, _within_ceiling(word), "It is firmer than what the customer told us allows."
    yield Promise.ONE_RUNG, _climbs_one(word), f"The firmest word so far stands on rung {node.firmest}."
    yield Promise.ONCE, _goes_on(stage, word), "It was said before, or the ladder was past it."
    true, why = _is_true(stage, word)
    yield Promise.TRUE, true, why
    if word.part:
        yield Promise.PART_PAYMENT, _no_firmer(stage, word), "Without the part payment it would have been softer."


def _hardness(step: Step) -> int:
    return _TONES.index(step.tone)


def _within_ceiling(word: Word) -> bool:
    told = word.invoice.told
    ceiling = None if told is None else BRANCHES[told.reason].ceiling
    return ceiling is None or word.invoice.arranged or word.step.rung <= ceiling


def _climbs_one(word: Word) -> bool:
    """One rung at a time; a person may agree to more where a new version made the steps firmer."""
    branch = word.proposal.branch
    agreed = word.node.rolled_out and branch is not None and branch.approve
    return word.step.rung <= word.node.firmest + 1 or agreed


def _goes_on(stage: Stage, word: Word) -> bool:
    """Further up than the last word, or after a part payment the same once more; never under the same key twice."""
    node, place = word.node, stage.place(word.node.start, word.step)
    again = word.part and place == node.place >= 0 and node.repeats == 0
    keys = {(said.step, said.anchor) for said in word.invoice.said}
    return (place > node.place or again) and (word.step.name, word.proposal.anchor) not in keys


def _is_true(stage: Stage, word: Word) -> tuple[bool, str]:
    start, step = word.node.start, word.step
    base = stage.base(start)
    if word.day < max(stage.anchor_day(start, step) + step.offset, start.issued):
        return False, "Its day has not come."
    return not step.is_nudge or word.day <= base, "It speaks of a day that has gone by."


def _no_firmer(stage: Stage, word: Word) -> bool:
    """After a follow-up: no firmer than that was. Before one: no firmer than without the payment."""
    node, step = word.node, word.step
    if node.firmest:
        before = stage.steps(node.start)[node.place]
        return step.rung <= node.firmest and _hardness(step) <= _hardness(before)
    return step.rung <= (0 if word.otherwise is None else word.otherwise.step.rung)


def story(stage: Stage, word: Word, why: str) -> list[Scene]:
    """How it came to this word, in order of days."""
    lines = [*_history(stage, word.node), *_parts(stage, word)]
    step = word.step
    words = f"“{step.name}” ({step.tone.value}, rung {step.rung}) is said. {why}".rstrip()
    return [*sorted(lines, key=lambda scene: scene.when), Scene(stage.on(word.day), words)]


def _history(stage: Stage, node: Node) -> Iterator[Scene]:
    start = node.start
    yield Scene(stage.on(start.issued), f"An invoice is issued, due on {stage.due:%a %d %b %Y}.")
    if start.delivered is not None:
        yield Scene(stage.on(start.delivered), "It is delivered.")
    if start.kind is Anchor.INSTALMENT:
        agreed = f"An arrangement is agreed on; its next part is due on {stage.on(start.day):%a %d %b %Y}."
        yield Scene(stage.on(start.day - A_PART_AHEAD), agreed)
    elif start.kind is not Anchor.DUE:
        yield Scene(stage.on(start.day), _BEGUN[start.kind])
    for said in (*start.before, *node.said):
        yield Scene(said.day, f"“{said.step}” is said, on rung {said.rung}.")
    if node.rolled_out:
        yield Scene(stage.on(node.day), "A new version of the cadence makes that step firmer.")


def _parts(stage: Stage, word: Word) -> Iterator[Scene]:
    days = [*word.node.parts, word.day] if word.part else word.node.parts
    for day in days:
        yield Scene(stage.on(day) - timedelta(days=1), "A part of it is paid.")

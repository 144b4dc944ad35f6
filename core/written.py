"""A cadence put back into plain tables: what `language.read_cadence` reads, and nothing that goes without saying.

The two are each other's inverse, so that a change of one field is a change of one entry, checked by the same reader.
"""

from __future__ import annotations

from typing import Any

from core import language
from core.cadence import BRANCHES, Branch, Cadence, Condition, Reason, Sender, Step
from core.rungs import set_by_hand


def written(cadence: Cadence) -> dict[str, Any]:
    """The tables of a cadence; `read_cadence` of them is the same cadence. It uses no others: theirs are its own."""
    by_hand = set_by_hand(cadence.steps)
    tables = {
        "name": cadence.name,
        "title": cadence.title,
        "why": cadence.why,
        **{name: getattr(cadence, name) for name in (*language.LIMITS, *language.FLAGS)},
        "normal": _sender(cadence.normal),
        "escalated": _sender(cadence.escalated),
        "reason": {reason.value: _branch(reason, branch) for reason, branch in cadence.reasons.items()},
    }
    return tables | {"step": [_step(step, step.name in by_hand) for step in cadence.steps]}


def _step(step: Step, by_hand: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": step.name,
        "anchor": step.anchor.value,
        "offset": step.offset,
        "tone": step.tone.value,
        "template": step.template,
        "channel": step.channel.value,
    }
    entry |= {"days": "working"} if step.working else {}
    entry |= {"rung": step.rung} if by_hand else {}
    entry |= {"when": _condition(step.when)} if step.when != Condition() else {}
    spare = {name: getattr(step, name) for name in ("approve", "escalated", "signed_by", *_LISTS)}
    return entry | {name: _plain(value) for name, value in spare.items() if value}


_LISTS = ("attach", "to", "cc", "bcc")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _condition(when: Condition) -> dict[str, Any]:
    numbers = {name: getattr(when, field) for name, field in (language.AMOUNTS | language.COUNTS).items()}
    sets = {name: sorted(map(str, getattr(when, name))) for name in sorted(language.SETS)}
    return {name: value for name, value in numbers.items() if value is not None} | {
        name: value for name, value in sets.items() if value
    }


def _sender(sender: Sender) -> dict[str, Any]:
    fields = {name: getattr(sender, name) for name in ("name", "address", "reply_to", "to", "cc", "bcc")}
    return {name: _plain(value) for name, value in fields.items() if value}


def _branch(reason: Reason, branch: Branch) -> dict[str, Any]:
    shipped = BRANCHES[reason]
    fields = {name: getattr(branch, name) for name in ("hold_days", "ceiling", "template", "approve")}
    return {name: value for name, value in fields.items() if value != getattr(shipped, name)}

"""One step, or the whole, of a cadence as fields that a person fills in: each is checked by itself, so that every
wrong one gets its own sentence. It knows the fields and their places in the text; it stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.cadence import Anchor, CadenceError, Step
from core.language import FLAGS, LIMITS, limits_of, step_of
from core.rungs import place
from workflows import cadence_text
from workflows.cadence_text import Table
from workflows.errors import Refusal

# What goes without saying: it is written only where it stood in the text already.
_USUAL: Table = {"anchor": "due", "days": "calendar", "channel": "email", "approve": False, "escalated": False}
_USUAL |= {"signed_by": "", "attach": [], "to": [], "cc": [], "when": {}}
_ORDER = ("name", "anchor", "offset", "days", "channel", "tone", "template")
# What the language says of a whole ladder, and the field that mends it.
_MENDED_BY = (
    (r"Two steps have the same name", "name"),
    (r"must come after|must stand on rung|is said before|one statement a month", "offset"),
    (r"is softer than|must be friendly or kind", "tone"),
    (r"names the template", "template"),
    (r"may have a condition", "when"),
)


class Faults(Refusal):
    """What was typed cannot be used: `at` holds a sentence for each field, "" for what is wrong with the whole."""

    def __init__(self, at: Mapping[str, str]) -> None:
        super().__init__(next(iter(at.values())))
        self.at = dict(at)


def checked(step: Table) -> None:
    """Faults when one of the fields cannot be used, whatever stands around the step."""
    found = wrong_in(step)
    if found:
        raise Faults(found)


def wrong_in(step: Table) -> dict[str, str]:
    """A sentence for each field of a step that cannot be used."""
    found = {name: said for name in step if name != "when" and (said := _fault(step, name))}
    found |= {name: said for name in step.get("when", {}) if (said := _fault_in_condition(step, name))}
    if not step.get("name"):
        found["name"] = "Please give the step a name, such as late-7."
    return found


def _fault(step: Table, name: str) -> str:
    """What is wrong with one field, beside fields that are surely right."""
    probe: Table = {"name": "this", "anchor": "due", "offset": 1, "tone": "kind", name: step[name]}
    if name in ("offset", "days") and step.get("anchor") in set(Anchor):
        probe["anchor"] = step["anchor"]
    if name == "anchor" and step[name] in set(Anchor):
        return ""
    return _said_of(probe)


def _fault_in_condition(step: Table, name: str) -> str:
    when = {name: step["when"][name]}
    return _said_of({"name": "this", "offset": 1, "tone": "kind", "when": when})


def _said_of(probe: Table) -> str:
    try:
        step_of(probe)
    except CadenceError as error:
        return str(error).replace("step 'this'", "the step").replace("Step 'this'", "The step")
    return ""


def wrong_in_whole(fields: Mapping[str, Any]) -> dict[str, str]:
    """The same for the fields of a whole cadence."""
    found = {}
    for name in set(fields) & set(LIMITS):
        try:
            limits_of({name: fields[name]})
        except CadenceError:
            low, high = LIMITS[name]
            found[name] = f"Please give a whole number from {low} to {high}."
    if not fields.get("title"):
        found["title"] = "Please give it a title."
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", str(fields.get("name", ""))):
        found["name"] = "Please write the name in small letters, digits and dashes."
    return found


def laid(refusal: Refusal) -> Faults:
    """A sentence about a whole ladder, put at the field that mends it."""
    for pattern, field in _MENDED_BY:
        if re.search(pattern, str(refusal)):
            return Faults({field: str(refusal)})
    return Faults({"": str(refusal)})


def entry(given: Table, before: Table) -> Table:
    """A step as it is to be written: nothing that goes without saying unless it stood there `before`, and whatever
    stood there that has no field of its own.
    """
    kept = {name: value for name, value in before.items() if name not in given}
    spoken = {name: value for name, value in given.items() if name in before or value != _usual(name, given)}
    spoken = {name: value for name, value in spoken.items() if value not in ("", [], {})}
    made = kept | spoken
    return {name: made[name] for name in (*_ORDER, *made) if name in made}


def _usual(name: str, given: Table) -> Any:
    return given.get("name") if name == "template" else _USUAL.get(name)


def standing(written: Table) -> tuple[int, float]:
    """Where a written step stands in the text."""
    return place(step_of(written))


def differing(fields: Mapping[str, Any], read: Any, source: str) -> Table:
    """Those fields of the whole cadence that are not as the cadence has them; a gap in days becomes one in hours."""
    found = {name: value for name, value in fields.items() if value != getattr(read, name)}
    if "gap_hours" in found and "gap_days" in cadence_text.tables(source):
        found["gap_days"] = None
    return found


def of_step(step: Step) -> Table:
    """Every field that a person may change, as it stands."""
    when = step.when
    return {
        "name": step.name,
        "anchor": step.anchor.value,
        "offset": step.offset,
        "days": "working" if step.working else "calendar",
        "channel": step.channel.value,
        "tone": step.tone.value,
        "template": step.template,
        "approve": step.approve,
        "escalated": step.escalated,
        "signed_by": step.signed_by,
        "attach": list(step.attach),
        "to": _words(step.to),
        "cc": list(step.cc),
        "amount_at_least": when.amount,
        "account_at_least": when.account,
        "open_at_least": when.open_least,
        "open_at_most": when.open_most,
        **{name: _words(getattr(when, name)) for name in SETS},
    }


SETS = ("segments", "not_segments", "payers", "currencies", "reasons")
SUMS = ("amount_at_least", "account_at_least")
COUNTS = ("open_at_least", "open_at_most")
WHOLE = ("name", "title", "why", *LIMITS, *FLAGS)


def _words(values: Iterable[object]) -> list[str]:
    return [str(one) for one in (values if isinstance(values, tuple) else sorted(values, key=str))]

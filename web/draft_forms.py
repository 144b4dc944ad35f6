"""The forms of the cadence editor: what a person typed, read into the fields of a cadence, and shown again as it was.

It reads and shows; what may stand is said by `workflows.draft_fields`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from core.cadence import Anchor, Cadence, Step
from core.language import FLAGS, LIMITS
from workflows import draft_fields
from workflows.cadence_text import Table
from workflows.draft_fields import COUNTS, SETS, SUMS, Faults

Form = MultiDict[str, str]
Shown = dict[str, Any]
_LISTS = ("to", "cc")
_CHOSEN = ("attach", "payers", "reasons")  # ticked, not typed


def step_of(form: Form) -> Table:
    """One step as it was typed; Faults where a number is none."""
    faults: dict[str, str] = {}
    given: Table = {name: form.get(name, "").strip() for name in ("name", "anchor", "days", "channel", "tone")}
    given["offset"] = _offset(form, faults)
    given["template"] = form.get("template", "").strip() or given["name"]
    given |= {name: form.get(name) == "on" for name in ("approve", "escalated")}
    given["signed_by"] = form.get("signed_by", "").strip()
    given |= {name: _words(form, name) for name in ("attach", *_LISTS)}
    given["when"] = _when(form, faults)
    if given["anchor"] == Anchor.MONTH:
        given["days"] = "calendar"
    if faults:
        raise Faults(draft_fields.wrong_in(given) | faults)
    return given


def _offset(form: Form, faults: dict[str, str]) -> int:
    """Days after the day, or before it: of the month they are only counted forwards."""
    days = _whole(form.get("offset", ""), "offset", faults, "Please give whole days, such as 7; 0 is the day itself.")
    before = form.get("side") == "before" and form.get("anchor") != Anchor.MONTH
    return -days if before else days


def _when(form: Form, faults: dict[str, str]) -> Table:
    found: Table = {name: _words(form, name) for name in SETS if _words(form, name)}
    for name in COUNTS:
        if form.get(name, "").strip():
            found[name] = _whole(form[name], name, faults, "Please give a whole number, such as 2.")
    for name in SUMS:
        if form.get(name, "").strip():
            found[name] = _sum(form[name], name, faults)
    return found


def _whole(text: str, name: str, faults: dict[str, str], said: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text.strip(), re.ASCII):
        faults[name] = said
        return 0
    return int(text)


def _sum(text: str, name: str, faults: dict[str, str]) -> int | float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text.strip(), re.ASCII):
        faults[name] = "Please give the sum in figures with a point, such as 100 or 99.50."
        return 0
    return float(text) if "." in text else int(text)


def _words(form: Form, name: str) -> list[str]:
    """Several of one name, or one text with commas or lines between."""
    parts = [part.strip() for text in form.getlist(name) for part in re.split(r"[,;\n]", text)]
    found = [part.upper() if name == "currencies" else part for part in parts if part]
    return list(dict.fromkeys(found))


def whole_of(form: Form) -> Table:
    """The fields of the cadence itself; Faults where a number is none."""
    faults: dict[str, str] = {}
    given: Table = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in ("name", "title", "why")}
    for name, (low, high) in LIMITS.items():
        said = f"Please give a whole number from {low} to {high}."
        given[name] = _whole(form.get(name, ""), name, faults, said)
    given |= {name: form.get(name) == "on" for name in FLAGS}
    if faults:
        raise Faults(draft_fields.wrong_in_whole(given) | faults)
    return given


def shown_step(step: Step) -> Shown:
    """The fields of a step for its form."""
    fields = draft_fields.of_step(step)
    texts = {name: ", ".join(fields[name]) for name in (*_LISTS, *SETS) if name not in _CHOSEN}
    sums = {name: _figure(fields[name]) for name in (*SUMS, *COUNTS)}
    side = "before" if step.offset < 0 else "after"
    return {**fields, **texts, **sums, "offset": str(abs(step.offset)), "side": side}


def _figure(value: Any) -> str:
    return "" if value is None else str(value)


def new_step(anchor: str = Anchor.DUE) -> Shown:
    """An empty form."""
    usual = {"anchor": anchor, "days": "calendar", "channel": "email", "tone": "kind", "side": "after", "offset": ""}
    return dict.fromkeys(("name", "template", "signed_by", *_LISTS, *SUMS, *COUNTS, *SETS), "") | {
        **{name: [] for name in _CHOSEN},
        "approve": False,
        "escalated": False,
        **usual,
    }


def typed_step(form: Form) -> Shown:
    """The same as it was typed, after a refusal."""
    texts = {name: form.get(name, "") for name in new_step() if name not in _CHOSEN}
    ticked = {name: form.get(name) == "on" for name in ("approve", "escalated")}
    return {**texts, **{name: form.getlist(name) for name in _CHOSEN}, **ticked}


def shown_whole(cadence: Cadence) -> Shown:
    return {name: getattr(cadence, name) for name in draft_fields.WHOLE}


def typed_whole(form: Mapping[str, str]) -> Shown:
    texts = {name: form.get(name, "") for name in ("name", "title", "why", *LIMITS)}
    return {**texts, **{name: form.get(name) == "on" for name in FLAGS}}

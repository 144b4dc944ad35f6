"""The cadence language: TOML text read into a `Cadence`, each field checked; the first thing wrong is one sentence.

Reads and checks; decides nothing. A cadence may use the ladders of others by name (`uses`), which are passed in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core import fields
from core.cadence import (
    BRANCHES,
    Anchor,
    Branch,
    Cadence,
    CadenceError,
    Channel,
    Condition,
    Payer,
    Reason,
    Sender,
    Step,
    Tone,
)
from core.rungs import checked

MOST_CONDITIONS = 8
LIMITS = {
    "gap_hours": (24, 720),
    "week_limit": (1, 3),
    "month_limit": (1, 10),
    "oldest_days": (30, 720),
    "start_oldest_days": (0, 720),
    "grace_days": (0, 15),
    "stale_hours": (1, 48),
    "settle_days": (1, 30),
    "wait_days": (0, 30),
}
FLAGS = ("soften", "approve_all")
_WHEN_AND_HOW = {"name", "anchor", "offset", "days", "rung", "when", "channel", "tone", "template", "attach"}
STEP_FIELDS = frozenset(_WHEN_AND_HOW | {"approve", "escalated", "signed_by", "to", "cc", "bcc"})
_FIELDS = {"name", "title", "why", "uses", "step", "reason", "normal", "escalated", "gap_days", *LIMITS, *FLAGS}
AMOUNTS = {"amount_at_least": "amount", "account_at_least": "account"}
COUNTS = {"open_at_least": "open_least", "open_at_most": "open_most"}
SETS = {"segments", "not_segments", "payers", "currencies", "reasons"}
_OFFSETS = {Anchor.MONTH: (1, 28), Anchor.ISSUED: (0, 30), Anchor.RESOLVED: (1, 180), Anchor.PROMISE: (1, 180)}
_ANY_OFFSET = (-60, 180)
_DOCUMENTS = ("invoice", "statement", "terms")


def parse_cadence(text: str, library: Mapping[str, str] | None = None) -> Cadence:
    """Read a cadence from TOML text; `library` holds the texts of those it uses, by name.

    A used cadence lends its ladders where this one has no steps on that anchor, and its reasons where this one has
    none.
    """
    return read_cadence(_toml(text), library)


def read_cadence(raw: Mapping[str, Any], library: Mapping[str, str] | None = None) -> Cadence:
    """Read a cadence from tables such as TOML or `core.written` gives them."""
    fields.known(raw, _FIELDS, "the cadence")
    own = _steps(raw)
    lent = [parse_cadence(_used(name, library)) for name in fields.texts(raw, "uses", "the cadence")]
    cadence = Cadence(
        name=fields.word(raw, "name", "a cadence"),
        title=fields.text(raw, "title", "a cadence"),
        steps=checked(_joined(own, lent)),
        why=fields.words(raw, "why", "the cadence"),
        normal=_sender(raw, "normal"),
        escalated=_sender(raw, "escalated"),
        reasons={reason: branch for one in lent for reason, branch in one.reasons.items()} | _reasons(raw),
        **limits_of(raw),
        **{name: fields.flag(raw, name, "the cadence") for name in FLAGS if name in raw},
    )
    conditions = sum(step.when != Condition() for step in cadence.steps)
    if conditions > MOST_CONDITIONS:
        raise CadenceError(f"At most {MOST_CONDITIONS} steps may have a condition; this cadence has {conditions}.")
    return cadence


def limits_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a cadence, each within its bounds. `gap_days` is another way to say `gap_hours`."""
    if "gap_days" in raw:
        if "gap_hours" in raw:
            raise CadenceError("Say gap_hours or gap_days, not both.")
        raw = {**raw, "gap_hours": 24 * fields.whole(raw, "gap_days", 1, 30, "gap_days")}
    return {name: fields.whole(raw, name, low, high, name) for name, (low, high) in LIMITS.items() if name in raw}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CadenceError(f"The cadence is not valid TOML: {error}.") from error


def _used(name: str, library: Mapping[str, str] | None) -> str:
    if library is None or name not in library:
        raise CadenceError(f"The cadence uses {name!r}, which is not in the library.")
    if _toml(library[name]).get("uses"):
        raise CadenceError(f"The cadence uses {name!r}, which itself uses another: only one level is read.")
    return library[name]


def _joined(own: list[Step], lent: list[Cadence]) -> list[Step]:
    """Our own steps, and the ladders of others where we have none on that anchor."""
    steps = list(own)
    for cadence in lent:
        taken = {step.anchor for step in steps}
        steps += [step for step in cadence.steps if step.anchor not in taken]
    return steps


def _steps(raw: Mapping[str, Any]) -> list[Step]:
    entries = raw.get("step", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CadenceError("Steps are written as [[step]].")
    if not entries and not raw.get("uses"):
        raise CadenceError("A cadence needs at least one [[step]].")
    return [step_of(entry) for entry in entries]


def step_of(entry: Mapping[str, Any]) -> Step:
    """One step as written; its rung is -1 until the whole ladder is known, unless it was given."""
    name = fields.word(entry, "name", "each step")
    where = f"step {name!r}"
    fields.known(entry, STEP_FIELDS, where)
    anchor = fields.choice(Anchor, entry.get("anchor", "due"), f"The anchor of {where}")
    return Step(
        name=name,
        offset=fields.whole(entry, "offset", *_OFFSETS.get(anchor, _ANY_OFFSET), f"The offset of {where}"),
        rung=fields.whole(entry, "rung", 0, 20, f"The rung of {where}") if "rung" in entry else -1,
        tone=fields.choice(Tone, entry.get("tone", ""), f"The tone of {where}"),
        template=fields.word(entry, "template", where) if "template" in entry else name,
        anchor=anchor,
        working=_days(entry, where, anchor),
        channel=fields.choice(Channel, entry.get("channel", "email"), f"The channel of {where}"),
        approve=fields.flag(entry, "approve", where),
        escalated=fields.flag(entry, "escalated", where),
        signed_by=fields.words(entry, "signed_by", where),
        attach=_documents(entry, where),
        to=fields.readers(entry, "to", where),
        cc=fields.addresses(entry, "cc", where),
        bcc=fields.addresses(entry, "bcc", where),
        when=_condition(entry.get("when", {}), where),
    )


def _days(entry: Mapping[str, Any], where: str, anchor: Anchor) -> bool:
    days = entry.get("days", "calendar")
    if days not in ("calendar", "working"):
        raise CadenceError(f"The days of {where} are 'calendar' or 'working'.")
    if days == "working" and anchor is Anchor.MONTH:
        raise CadenceError(f"The offset of {where} is a day of the month; it cannot be counted in working days.")
    return bool(days == "working")


def _documents(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    wanted = fields.texts(entry, "attach", where)
    unknown = [one for one in wanted if one not in _DOCUMENTS]
    if unknown:
        raise CadenceError(f"{where.capitalize()} can attach: {', '.join(_DOCUMENTS)}; not {unknown[0]!r}.")
    return wanted


def _condition(raw: Any, where: str) -> Condition:
    if not isinstance(raw, dict):
        raise CadenceError(f"The condition of {where} is written as [step.when].")
    fields.known(raw, {*AMOUNTS, *COUNTS, *SETS}, f"the condition of {where}")
    sums: dict[str, Any] = {field: fields.amount(raw, name, where) for name, field in AMOUNTS.items() if name in raw}
    counts: dict[str, Any] = {
        field: fields.whole(raw, name, 1, 1000, f"{name} of {where}") for name, field in COUNTS.items() if name in raw
    }
    return Condition(
        **sums,
        **counts,
        segments=frozenset(fields.texts(raw, "segments", where)),
        not_segments=frozenset(fields.texts(raw, "not_segments", where)),
        payers=_all(Payer, raw, "payers", where),
        currencies=frozenset(fields.currency(one, where) for one in fields.texts(raw, "currencies", where)),
        reasons=_all(Reason, raw, "reasons", where),
    )


def _all(kind: type[fields.Choice], raw: Mapping[str, Any], field: str, where: str) -> frozenset[fields.Choice]:
    return frozenset(
        fields.choice(kind, one, f"Each of the {field} of {where}") for one in fields.texts(raw, field, where)
    )


def _reasons(raw: Mapping[str, Any]) -> dict[Reason, Branch]:
    tables = raw.get("reason", {})
    if not isinstance(tables, dict):
        raise CadenceError("What a reason does is written as [reason.forgot] and so on.")
    return {
        fields.choice(Reason, name, "A reason of the cadence"): _branch(name, table) for name, table in tables.items()
    }


def _branch(name: str, table: Any) -> Branch:
    """Only quieter than the shipped one: longer silence, a lower ceiling; a person's approval is never taken away."""
    where = f"reason {name!r}"
    if not isinstance(table, dict):
        raise CadenceError(f"What {where} does is written as [reason.{name}].")
    fields.known(table, {"hold_days", "ceiling", "template", "approve"}, where)
    base = BRANCHES[Reason(name)]
    if "hold_days" in table:
        if base.hold_days is None:
            raise CadenceError(f"After {where} a person must act; it cannot be given a number of days.")
        base = replace(base, hold_days=fields.whole(table, "hold_days", base.hold_days, 60, f"hold_days of {where}"))
    if "ceiling" in table:
        top = 20 if base.ceiling is None else base.ceiling
        base = replace(base, ceiling=fields.whole(table, "ceiling", 0, top, f"The ceiling of {where}"))
    if "template" in table:
        base = replace(base, template=fields.word(table, "template", where))
    return replace(base, approve=base.approve or fields.flag(table, "approve", where))


def _sender(raw: Mapping[str, Any], which: str) -> Sender:
    table = raw.get(which, {})
    if not isinstance(table, dict):
        raise CadenceError(f"Who signs is written as [{which}].")
    fields.known(table, {"name", "address", "reply_to", "to", "cc", "bcc"}, f"[{which}]")
    return Sender(
        name=fields.words(table, "name", f"[{which}]"),
        address=fields.address(table["address"], f"[{which}]") if "address" in table else "",
        reply_to=fields.address(table["reply_to"], f"[{which}]") if "reply_to" in table else "",
        to=fields.readers(table, "to", f"[{which}]"),
        cc=fields.addresses(table, "cc", f"[{which}]"),
        bcc=fields.addresses(table, "bcc", f"[{which}]"),
    )

"""The cadence that is in force for an account: the practice's, with what each level below changes of it.

A level changes named fields only and never the order of things: what comes out is read and checked anew. It may ask for
a person's approval where the level above did not, and never do away with one that was asked for: whoever wants less
of it changes it where it was asked for. (So nothing needs a lock; limits nobody may exceed are caps, not overrides.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.cadence import BRANCHES, Cadence, CadenceError, Reason
from core.language import FLAGS, LIMITS, STEP_FIELDS, read_cadence, step_of
from core.written import written

_TOP = {*LIMITS, *FLAGS}
_STEP = (STEP_FIELDS - {"name", "anchor", "rung"}) | {"off"}
_KEPT = 1_000

Path = tuple[str, ...]


class Level(StrEnum):
    """Where something is changed, from the widest to the nearest; the nearest has the last word."""

    PRACTICE = "practice"
    COMPANY = "company"
    SEGMENT = "segment"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Override:
    """What one level changes, as plain data: `{"week_limit": 1, "steps": {"late-35": {"approve": True, "off": False}},
    "normal": {"cc": [...]}, "reason": {"forgot": {"hold_days": 5}}}`. A list, and a step's `when`, is replaced whole.
    """

    level: Level
    fields: Mapping[str, Any]


_known: dict[tuple[str, str], Cadence] = {}


def effective(base: Cadence, overrides: Sequence[Override]) -> Cadence:
    """`base` with the overrides of each level, the nearest last, in whichever order they are given.

    CadenceError names the level and the field. The same question gets the same object, so that what is remembered of a
    cadence is remembered for all its accounts.
    """
    asked = [one for one in _in_order(overrides) if any(True for _ in _leaves(one))]
    if not asked:
        return base
    key = base.fingerprint, json.dumps([(one.level, one.fields) for one in asked], sort_keys=True, default=str)
    found = _known.get(key)
    if found is None:
        if len(_known) > _KEPT:
            _known.clear()
        found = _known[key] = _effective(base, asked)
    return found


def origin(overrides: Sequence[Override]) -> Mapping[str, Level]:
    """Which level has the last word on a field, by its path: "week_limit", "steps.late-35.offset". What is not named
    comes from the cadence itself.
    """
    return {".".join(path): one.level for one in _in_order(overrides) for path, _ in _leaves(one)}


def _in_order(overrides: Sequence[Override]) -> list[Override]:
    levels = list(Level)
    return sorted(overrides, key=lambda one: levels.index(one.level))


def _effective(base: Cadence, overrides: Sequence[Override]) -> Cadence:
    tables, cadence = _by_name(base), base
    for one in overrides:
        leaves = dict(_leaves(one))
        _check(tables, one.level, leaves)
        changed = _merged(tables, leaves)
        try:
            cadence = _read(changed)
        except CadenceError as error:
            culprit = _culprit(tables, leaves)
            raise CadenceError(f"The {one.level}'s change of {culprit} cannot stand: {error}") from error
        tables = changed
    return cadence


def _by_name(cadence: Cadence) -> dict[str, Any]:
    """The cadence's tables, with its steps by name, in order."""
    tables = written(cadence)
    return tables | {"steps": {entry["name"]: entry for entry in tables.pop("step")}}


def _leaves(override: Override) -> Iterator[tuple[Path, Any]]:
    """Each field that is named, by its path."""
    for name, value in override.fields.items():
        if name in _TOP:
            yield (name,), value
        elif name in ("normal", "escalated"):
            yield from (((name, field), one) for field, one in _table(override, name, value).items())
        elif name in ("steps", "reason"):
            for key, table in _table(override, name, value).items():
                yield from (((name, key, field), one) for field, one in _table(override, key, table).items())
        else:
            raise CadenceError(f"The {override.level} cannot change {name!r}: it is no field of a cadence's rules.")


def _table(override: Override, name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CadenceError(f"What the {override.level} changes of {name!r} is written as fields with their values.")
    return value


def _check(tables: Mapping[str, Any], level: Level, leaves: Mapping[Path, Any]) -> None:
    """Only what is there, and what may be changed at all."""
    for path, value in leaves.items():
        if path[0] == "steps":
            _check_step(tables, level, path)
        if value is False and _approval_asked(tables, path):
            raise CadenceError(f"The {level} cannot do away with {'.'.join(path)}: a level above asks for it.")


def _check_step(tables: Mapping[str, Any], level: Level, path: Path) -> None:
    _, step, field = path
    if step not in tables["steps"]:
        raise CadenceError(f"The {level} changes step {step!r}, which the cadence does not have.")
    if field not in _STEP:
        raise CadenceError(f"The {level} cannot change {field!r} of step {step!r}.")


def _approval_asked(tables: Mapping[str, Any], path: Path) -> bool:
    """Whether this field asks for a person's approval as things stand."""
    if path == ("approve_all",):
        return bool(tables["approve_all"])
    if len(path) != 3 or path[2] != "approve":
        return False
    shipped = path[0] == "reason" and path[1] in list(Reason) and BRANCHES[Reason(path[1])].approve
    return bool(tables[path[0]].get(path[1], {}).get("approve", shipped))


def _merged(tables: Mapping[str, Any], leaves: Mapping[Path, Any]) -> dict[str, Any]:
    merged = deepcopy(dict(tables))
    for path, value in leaves.items():
        place = merged
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return merged


def _read(tables: Mapping[str, Any]) -> Cadence:
    """Steps that are off are checked as well, and left out."""
    steps = []
    for entry in tables["steps"].values():
        off = entry.get("off", False)
        if not isinstance(off, bool):
            raise CadenceError(f"off of step {entry['name']!r} must be true or false.")
        plain = {name: value for name, value in entry.items() if name != "off"}
        if off:
            step_of(plain)
        else:
            steps.append(plain)
    return read_cadence({name: value for name, value in tables.items() if name != "steps"} | {"step": steps})


def _culprit(tables: Mapping[str, Any], leaves: Mapping[Path, Any]) -> str:
    """The field without which the rest would stand, else all that were named."""
    for path in leaves:
        rest = {other: value for other, value in leaves.items() if other != path}
        try:
            _read(_merged(tables, rest))
        except CadenceError:
            continue
        return ".".join(path)
    return ", ".join(".".join(path) for path in leaves)

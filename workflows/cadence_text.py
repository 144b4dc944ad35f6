"""Changing a cadence's text by its fields: one step or the whole, with comments and order of lines kept.

It writes only. Each change is held against the tables that were meant, so that a text written in an unusual way is
refused and never spoiled; whether what is written makes a cadence is said by `core.language`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from workflows.errors import Refusal

Table = dict[str, Any]
Place = Callable[[Table], tuple[int, float]]  # the ladder of a step, and where it stands on it
_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]\]?\s*(?:#.*)?")
_STEP = re.compile(r"\s*\[\[\s*step\s*\]\]")
_UNUSUAL = "This text is written in a way that cannot be changed by its fields. Please change the text itself."


def tables(source: str) -> Table:
    """The text as plain tables."""
    return tomllib.loads(source)


def steps(source: str) -> list[Table]:
    """Its own steps as they are written; those that it is lent are not among them."""
    return list(tables(source).get("step", []))


def named(source: str, name: str) -> Table:
    """One of its own steps; Refusal when it has none of that name."""
    found = next((one for one in steps(source) if one.get("name") == name), None)
    if found is None:
        raise Refusal(f"There is no step {name!r} in this text any more.")
    return found


def with_step(source: str, name: str, step: Mapping[str, Any], place: Place) -> str:
    """The text with this step in the place of the one called `name`, or anew where that is "". Fields that stay as
    they are keep their lines; the steps stand in the order of `place`.
    """
    wanted = {field: value for field, value in step.items() if value is not None}
    if not name:
        return _ordered(_appended(source, [wanted]), place)
    parts = _parts(source)
    at = _place_of(source, parts, name)
    parts[at] = _Part(True, _refilled(parts[at].text, wanted))
    changed = [wanted if one.get("name") == name else one for one in steps(source)]
    return _ordered(_meant(_joined(parts), source, changed), place)


def with_steps(source: str, more: Sequence[Table], place: Place) -> str:
    """The text with these steps beside its own."""
    return _ordered(_appended(source, list(more)), place)


def without_step(source: str, name: str) -> str:
    """The text without this step and the comment above it."""
    parts = _parts(source)
    del parts[_place_of(source, parts, name)]
    return _meant(_joined(parts), source, [one for one in steps(source) if one.get("name") != name])


def with_fields(source: str, fields: Mapping[str, Any]) -> str:
    """The text with these fields of the whole cadence; None takes one out."""
    parts = _parts(source)
    head = _refilled(parts[0].text, {**tomllib.loads(parts[0].text), **fields})
    wanted = {name: value for name, value in {**tables(source), **fields}.items() if value is not None}
    return _checked(_joined([_Part(False, head), *parts[1:]]), wanted)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines of the text: a step with its tables and the comment above it, or anything else."""

    is_step: bool
    text: str


def _parts(source: str) -> list[_Part]:
    """What stands before the first header, then header by header; `[step.when]` belongs to its step."""
    lines, found = source.splitlines(keepends=True), [(0, False)]
    for at, line in enumerate(lines):
        header = _HEADER.fullmatch(line.rstrip("\n"))
        if header and not header[1].replace(" ", "").startswith("step."):
            found.append((_comment_above(lines, at), bool(_STEP.match(line))))
    ends = [at for at, _ in found[1:]] + [len(lines)]
    return [_Part(kind, "".join(lines[at:end])) for (at, kind), end in zip(found, ends, strict=True)]


def _comment_above(lines: Sequence[str], at: int) -> int:
    while at and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return at


def _joined(parts: Sequence[_Part]) -> str:
    """With one empty line between two parts."""
    return "\n\n".join(one.text.strip("\n") for one in parts if one.text.strip()) + "\n"


def _place_of(source: str, parts: Sequence[_Part], name: str) -> int:
    named(source, name)
    places = [at for at, one in enumerate(parts) if one.is_step]
    own = [one.get("name") for one in steps(source)]
    if len(places) != len(own):
        raise Refusal(_UNUSUAL)
    return places[own.index(name)]


def _refilled(text: str, wanted: Mapping[str, Any]) -> str:
    """The lines with these fields and no others; what has not changed stays as it was written, comments and all."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise Refusal(_UNUSUAL) from error
    table: Any = document["step"][0] if "step" in document else document
    stood: Table = table.unwrap()
    for name in [one for one in stood if wanted.get(one) is None]:
        del table[name]
    for name, value in wanted.items():
        if value is not None and (name not in stood or stood[name] != value):
            table[name] = value
    return tomlkit.dumps(document)


def _appended(source: str, more: Sequence[Table]) -> str:
    """New steps after the last one."""
    parts = _parts(source)
    last = max((at for at, one in enumerate(parts) if one.is_step), default=0)
    new = [_Part(True, tomlkit.dumps({"step": [one]})) for one in more]
    return _meant(_joined([*parts[: last + 1], *new, *parts[last + 1 :]]), source, [*steps(source), *more])


def _ordered(source: str, place: Place) -> str:
    """Its steps in order, each with its comment; the ladders in the order in which their author began them."""
    parts, own = _parts(source), steps(source)
    places = [at for at, one in enumerate(parts) if one.is_step]
    stand = [place(one) for one in own]
    begun = list(dict.fromkeys(ladder for ladder, _ in stand))
    order = sorted(range(len(own)), key=lambda at: (begun.index(stand[at][0]), stand[at][1]))
    if order == list(range(len(own))):
        return source
    if len(places) != len(own):
        raise Refusal(_UNUSUAL)
    moved = list(parts)
    for to, at in zip(places, order, strict=True):
        moved[to] = parts[places[at]]
    return _meant(_joined(moved), source, [own[at] for at in order])


def _meant(text: str, source: str, own: Sequence[Table]) -> str:
    """The new text, if it says what the old one said but for these steps."""
    wanted = {name: value for name, value in tables(source).items() if name != "step"}
    return _checked(text, wanted | ({"step": list(own)} if own else {}))


def _checked(text: str, wanted: Table) -> str:
    try:
        same = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise Refusal(_UNUSUAL)
    return text

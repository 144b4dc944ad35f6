"""What the operator says publicly: privacy and terms, from files beside the settings, else the shipped template.

A few marks of Markdown are known (headings, lists, paragraphs); everything else stays text, so nothing in a file
becomes markup. It asks no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workflows.runtime import Runtime

SHIPPED = Path(__file__).resolve().parents[1] / "templates" / "public"
NAMES = {"privacy": "Privacy", "terms": "Terms of use"}
LARGEST = 200_000  # bytes
_OPEN = re.compile(r"\[[^\]]+\]")  # what is still to be filled in


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is h1, h2, p or list; a list has several texts, the others one."""

    kind: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """`filled`: the operator wrote it, and no [bracket] is left in it."""

    blocks: tuple[Block, ...]
    filled: bool


def read(rt: Runtime, name: str) -> Paper:
    """The paper as it is to be shown; the shipped template where there is no file that can be read."""
    own = _own(rt, name)
    text = own if own is not None else (SHIPPED / f"{name}.md").read_text(encoding="utf-8")
    return Paper(tuple(_blocks(text)), own is not None and not _OPEN.search(own))


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each that an operator in production has not filled in."""
    if rt.is_demo:
        return
    for name in NAMES:
        if not read(rt, name).filled:
            yield f"/{name} shows a template: put {name}.md into DUNLIN_PAPERS, with no [bracket] left in it."


def _own(rt: Runtime, name: str) -> str | None:
    file = rt.upkeep.papers / f"{name}.md" if rt.upkeep.papers is not None else None
    try:
        if file is None or file.stat().st_size > LARGEST:
            return None
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _blocks(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        lines = part.strip().split("\n")
        marks = re.match(r"(#{1,6})\s+(.*)", lines[0])
        if marks:
            yield Block("h1" if len(marks[1]) == 1 else "h2", (marks[2].strip(),))
            lines = lines[1:]
        if lines and re.match(r"[-*]\s+", lines[0]):
            yield Block("list", tuple(_items(lines)))
        elif "".join(lines).strip():
            yield Block("p", (" ".join(one.strip() for one in lines),))


def _items(lines: list[str]) -> Iterator[str]:
    """A line that does not begin with a mark goes on with the item before it."""
    item = ""
    for line in lines:
        begun = re.match(r"[-*]\s+(.*)", line)
        if begun and item:
            yield item
        item = begun[1].strip() if begun else f"{item} {line.strip()}"
    yield item

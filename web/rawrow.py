"""A row as the ledger sent it, made readable: JSON gets line breaks, all else stays as it came. Changes no value.

Numbers and texts are kept letter by letter: what is odd about the row is what somebody looks for.
"""

from __future__ import annotations

import json
import re

MOST = 64 * 1024
_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.S)


def shown(raw: bytes) -> tuple[str, bool]:
    """The text to show, at most 64 KiB of it, and whether that is all of the row."""
    text = raw[:MOST].decode("utf-8", "replace")
    if len(raw) > MOST:
        return text, False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text, True
    return _broken_into_lines(text)


def _broken_into_lines(text: str) -> tuple[str, bool]:
    """JSON with a line for each value, indented by its depth, until there is no more room."""
    lines, depth, size = [""], 0, 0
    for piece in _PIECES.findall(text):
        if piece in "}]":
            depth -= 1
            lines.append("  " * depth + piece)
        elif piece in "{[":
            depth += 1
            lines[-1] += piece
            lines.append("  " * depth)
        elif piece == ",":
            lines[-1] += piece
            lines.append("  " * depth)
        else:
            lines[-1] += ": " if piece == ":" else piece
        size += len(piece) + 2 * depth
        if size > MOST:
            return "\n".join(lines)[:MOST], False
    return "\n".join(line for line in lines if line.strip()), True

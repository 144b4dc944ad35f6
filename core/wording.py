"""Text that came from outside (names, invoice numbers), made fit to stand inside one of our sentences.

Pure: it changes nothing a reader would miss, decides nothing, and is no substitute for escaping HTML.
"""

from __future__ import annotations

import unicodedata

# Marks that turn the reading direction of the text after them, also of ours.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, limit: int = 120) -> str:
    """`text` on one line: no control characters, no direction marks, single spaces, at most `limit` characters."""
    kept = (" " if _is_control(char) else char for char in text if char not in _TURNS)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_control(char: str) -> bool:
    """Controls, line and paragraph separators, and halves of a broken character, which no encoding can carry."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")

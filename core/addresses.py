"""E-mail addresses as people write them: one rule for a sender, a reader and a contact that somebody names."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]+")
LONGEST = 254


def is_address(text: str) -> bool:
    """Whether it is one whole plain address, without a name beside it."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None

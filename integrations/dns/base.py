"""The port to the DNS: the text records of a name. What they mean is not decided here."""

from __future__ import annotations

from typing import Protocol


class Resolver(Protocol):
    """Asks the DNS."""

    def texts(self, name: str) -> tuple[str, ...]:
        """Every text record at a name, whole and sorted; () when there is none. Transient when nobody can tell."""
        ...

"""What a workflow says to the person in front of it."""

from __future__ import annotations


class Refusal(ValueError):
    """It cannot be done; the message is one sentence that says why and what to do."""

"""What a workflow says to the person in front of it."""

from __future__ import annotations

from typing import Any


class Refusal(ValueError):
    """It cannot be done; the message is one sentence that says why and what to do.

    `sentence` is the same with its `{named}` places still open and `facts` what belongs there, so that a page can say
    it in another language.
    """

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence.format(**facts) if facts else sentence)
        self.sentence, self.facts = sentence, facts


class Overtaken(Refusal):
    """Somebody else changed it meanwhile, or it is closed; nothing was written."""

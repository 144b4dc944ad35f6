"""What a person of the practice typed, in the form in which it is kept, or a refusal in one sentence.

It knows no table and asks nobody: what is written is written by whoever called.
"""

from __future__ import annotations

from core.addresses import is_address
from workflows.errors import Refusal


def one_address(text: str) -> str:
    """The e-mail address, in small letters; Refusal for anything else, several addresses among it."""
    address = text.strip().lower()
    if not is_address(address):
        raise Refusal("Please give one whole e-mail address.")
    return address

"""What can go wrong outside, drawn by what the caller may do about it.

    OutsideError
    ├── Transient          try again later, nothing happened      (retry_after seconds)
    │   └── RateLimited    the same, and slow down
    ├── Rejected           they said no; trying the same again is useless
    │   ├── Stale          the row has changed meanwhile: read it again, decide again
    │   └── BadSignature   a message from outside that is not what it claims to be
    ├── Reconnect          the grant is gone; a person must connect again
    ├── Misconfigured      our own keys or addresses are wrong; customers are not to blame
    └── InDoubt            it may have happened; never repeat without a key

Messages are for people: one sentence, no tokens, no bodies.
"""

from __future__ import annotations


class OutsideError(Exception):
    """Anything an adapter raises. `reference` is the vendor's own id of the call, for support."""

    def __init__(self, message: str, reference: str = "") -> None:
        super().__init__(message)
        self.reference = reference


class Transient(OutsideError):
    """Nothing happened; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 60, reference: str = "") -> None:
        super().__init__(message, reference)
        self.retry_after = retry_after


class RateLimited(Transient):
    """The vendor asks us to slow down."""


class Rejected(OutsideError):
    """The other side refused for a reason that repeating will not change. `code` is the vendor's.

    The message of a ledger's refusal says what it is about and what an accountant can do.
    """

    def __init__(self, message: str, code: str = "", reference: str = "") -> None:
        super().__init__(message, reference)
        self.code = code


class Stale(Rejected):
    """What we wanted to change has changed since we read it."""


class BadSignature(Rejected):
    """An incoming message whose signature does not verify."""


class Reconnect(OutsideError):
    """The permission was withdrawn or has expired; the company must be connected again."""


class Misconfigured(OutsideError):
    """The vendor does not accept this installation's own keys or addresses."""


class InDoubt(OutsideError):
    """The answer was lost after the request may have been carried out."""

"""The processor port: taking a card payment on a page hosted by somebody who is allowed to see cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.money import Money


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """`api_url` is configurable for the sandbox."""

    secret_key: str
    webhook_key: str
    api_url: str


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """One payment of several lines in one currency. `reference` is our attempt's uid; `lines` are (label, amount)."""

    reference: str
    lines: tuple[tuple[str, Money], ...]
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """`state` is open, paid or expired; `url` the hosted page ("" once closed); `amount` what was or will be paid."""

    id: str
    reference: str
    state: str
    amount: Money
    url: str = ""
    payment: str = ""


class Processor(Protocol):
    kind: str
    label: str

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        """Open a hosted page. The same key never opens a second one. InDoubt on a lost answer."""
        ...

    def look_up(self, checkout_id: str) -> Checkout:
        """The checkout as the processor sees it now."""
        ...

    def expire(self, checkout_id: str) -> Checkout:
        """Close an open page so that nobody can pay on it any more; Rejected when it is not open."""
        ...

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[tuple[str, str, Checkout | None], ...]:
        """Verify and read a webhook: (event id, event type, the checkout it is about). BadSignature when forged."""
        ...

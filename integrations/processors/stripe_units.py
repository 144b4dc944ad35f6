"""Which currencies Stripe counts otherwise than ISO (https://docs.stripe.com/currencies). It decides nothing else."""

from __future__ import annotations

from core.money import Money

HUNDREDFOLD = {"ISK"}  # no decimals any more, still counted in hundredths
WHOLE = {"MGA"}  # ISO counts in hundredths, Stripe in whole ariary
TENS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}  # three decimals, of which the last must be 0
UNCLEAR = {"UGX"}  # Stripe lists it both with and without decimals: rather no card than a hundredfold charge


def from_stripe(units: int, currency: str) -> Money:
    """Stripe's units as money."""
    if currency in HUNDREDFOLD:
        return Money(units // 100, currency)
    return Money(units * 100 if currency in WHOLE else units, currency)

"""Money: integer minor units with a currency code, and the few sums Dunlin makes with it.

No float and no bare number of cents crosses a function boundary; sums over different currencies are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# ISO 4217 currencies whose minor unit is not one hundredth (exponents published by the maintenance agency, SIX).
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_UNITS = [Decimal(1).scaleb(-places) for places in range(5)]


def exponent(currency: str) -> int:
    """Number of decimal places of the currency's minor unit (2 unless ISO 4217 says otherwise)."""
    return _EXPONENTS.get(currency, 2)


@lru_cache(maxsize=1000)
def _is_code(currency: str) -> bool:
    """Remembered, because a ledger's rows are thousands of amounts in a few currencies."""
    return len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `minor` units (cents, pence, yen) of `currency` (three capital letters)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("Money holds whole minor units; use Money.parse for decimals.")
        if not _is_code(self.currency):
            raise ValueError(f"{self.currency!r} is not an ISO currency code such as EUR.")

    @classmethod
    def parse(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Read a decimal amount in major units, rounding half up once; ValueError when it is no finite number."""
        places = exponent(currency)
        try:
            minor = int(Decimal(amount).quantize(_UNITS[places], ROUND_HALF_UP).scaleb(places))
        except (InvalidOperation, ValueError) as error:
            raise ValueError(f"{amount!r} is not an amount of money.") from error
        return cls(minor, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return _zero(currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} are never added or compared.")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


@lru_cache(maxsize=1000)
def _zero(currency: str) -> Money:
    """One for all: what is paid is open with nothing."""
    return Money(0, currency)


def totals(amounts: Iterable[Money]) -> dict[str, Money]:
    """Sum per currency, in order of first appearance; never across currencies."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return sums

"""Exact sums of money: to a millionth of a currency, and never two currencies in one sum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from storyboard.errors import DecisionNeeded

FINEST = Decimal("0.000001")
_WRITTEN = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([A-Z]{3})?", re.ASCII)
_SIGNS = {"CNY": "¥", "USD": "$"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency (`CNY`, `USD`). Without a currency it is zero, or its currency was not given."""

    amount: Decimal = Decimal(0)
    currency: str = ""

    def __str__(self) -> str:
        """Return it as in a record and in the settings: `5.0094 CNY`."""
        return f"{self.amount:f} {self.currency}".rstrip()

    @property
    def rounded(self) -> str:
        """For people, rounded to the nearest hundredth: `¥5.01`."""
        return self._format(ROUND_HALF_EVEN)

    @property
    def rounded_down(self) -> str:
        """A remainder, for people: rounded down, so never shown as more than it is."""
        return self._format(ROUND_FLOOR)

    def _format(self, rounding: str) -> str:
        sign = _SIGNS.get(self.currency, f"{self.currency} ".lstrip())
        return f"{sign}{self.amount.quantize(Decimal('0.01'), rounding):f}"


NO_MONEY = Money()


def money_of(text: str) -> Money:
    """Return the money of a text: `200 CNY`, `0.5USD`; `200` has no currency. Raise ValueError if it names none."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no amount of money')
    return Money(Decimal(found[1]), found[2] or "")


def price_of(tokens: int, rate: Money) -> Money:
    """Return what this many tokens cost at a rate for a million of them, rounded up to a millionth."""
    exact = Decimal(tokens) * rate.amount / 1_000_000
    return Money(exact.quantize(FINEST, ROUND_CEILING), rate.currency)


def common(one: str, other: str) -> str:
    """Return the currency of a sum. Raise DecisionNeeded if there are two: exchange rates are unknown."""
    if one and other and one != other:
        raise DecisionNeeded(f"a price in {one} and one in {other} can't be added", "run their scenes one by one")
    return one or other

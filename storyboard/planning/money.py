"""Money, exactly: millionths of a currency at the finest, and never two currencies in one sum."""

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
    """An amount of a currency (`CNY`, `USD`); without a currency it is nothing, or what nobody named one for."""

    amount: Decimal = Decimal(0)
    currency: str = ""

    def __str__(self) -> str:
        """As it is written in a record and in the settings: `5.0094 CNY`."""
        return f"{self.amount:f} {self.currency}".rstrip()

    @property
    def told(self) -> str:
        """For people, to the nearest hundredth: `¥5.01`."""
        return self._told(ROUND_HALF_EVEN)

    @property
    def told_left(self) -> str:
        """What is left of something, for people: it is never told to be more than it is."""
        return self._told(ROUND_FLOOR)

    def _told(self, rounding: str) -> str:
        sign = _SIGNS.get(self.currency, f"{self.currency} ".lstrip())
        return f"{sign}{self.amount.quantize(Decimal('0.01'), rounding):f}"


NO_MONEY = Money()


def money_of(text: str) -> Money:
    """The money that a text says: `200 CNY`, `0.5USD`; `200` is of no currency. Raises ValueError if it says none."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no amount of money')
    return Money(Decimal(found[1]), found[2] or "")


def price_of(tokens: int, rate: Money) -> Money:
    """What so many tokens cost at a rate for a million of them, rounded up to a millionth."""
    exact = Decimal(tokens) * rate.amount / 1_000_000
    return Money(exact.quantize(FINEST, ROUND_CEILING), rate.currency)


def common(one: str, other: str) -> str:
    """The currency of a sum. Raises DecisionNeeded if there is none: nobody here knows a rate of exchange."""
    if one and other and one != other:
        raise DecisionNeeded(f"a price in {one} and one in {other} can't be added", "run their scenes one by one")
    return one or other

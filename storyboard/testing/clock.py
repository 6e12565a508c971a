"""A clock that obeys: a week passes in the time that it takes to say so."""

from __future__ import annotations

import asyncio
import itertools


class VirtualClock:
    """Time that goes on only when somebody sleeps."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Wall time, in Unix seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time go by, and let others work meanwhile."""
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)


class LoadedDice:
    """Chance that repeats itself: tokens count up, fractions are always the same."""

    def __init__(self, fraction: float = 0.5) -> None:
        self._count = itertools.count(1)
        self._fraction = fraction

    def token(self) -> str:
        """The next of a fixed row of names, 32 hexadecimal digits each."""
        return f"{next(self._count):032x}"[::-1]

    def fraction(self) -> float:
        """Always the same."""
        return self._fraction

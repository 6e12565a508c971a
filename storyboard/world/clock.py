"""Time and chance, as they really are.

Somebody may set the wall clock while a run is on, by an hour or by a year, and a laptop may be closed for a day. So the
wall is looked at once, when the clock is made; from then on it goes by a clock of the system's that nobody can set and
that goes on while the machine sleeps. What asyncio waits by stands still meanwhile: a wait is cut into short ones, and
after each of them it is seen whether its time has come.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

TICK = 5.0
"""Seconds within which a machine that was woken notices that a wait is over."""


def steady() -> float:
    """Seconds since some moment, counted while the machine sleeps too.

    (Linux has a clock of its own for that, and its monotonic one stands still; macOS counts on in its monotonic one.)
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's clock, which nobody can set while it runs."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady, tick: float = TICK
    ) -> None:
        self._steady = steady
        self._tick = tick
        self._ahead = wall() - steady()

    def now(self) -> float:
        """Wall time, in Unix seconds."""
        return self._steady() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds, or as soon as the machine wakes from a sleep that was longer."""
        end = self._steady() + seconds
        while True:
            left = end - self._steady()
            await asyncio.sleep(min(max(0.0, left), self._tick))
            if left <= self._tick:
                return


class SystemDice:
    """The machine's chance."""

    def token(self) -> str:
        """A new name that nobody can guess: 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return secrets.randbelow(2**53) / 2**53

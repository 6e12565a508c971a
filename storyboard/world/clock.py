"""The system's clock and random numbers.

The wall clock may be set while a run is on, by an hour or by a year, and a laptop may be closed for a day. So the wall
clock is read once, when the clock is made; after that, time follows a clock of the system that can't be set and that
counts while the machine sleeps. asyncio's timers don't count then: a wait is divided into short ones, and after each of
them the time is compared.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

TICK = 5.0
"""Seconds within which a machine that was woken notices that a wait is over."""


def steady() -> float:
    """Return the seconds since a fixed moment, including the time for which the machine slept.

    On Linux that is a clock of its own, as its monotonic one stops during sleep; on macOS the monotonic clock counts
    on.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's clock, unaffected by changes of the wall clock during a run."""

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
        """Return a new unpredictable name: 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return secrets.randbelow(2**53) / 2**53

"""Time and chance, as they really are."""

from __future__ import annotations

import asyncio
import secrets
import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Wall time, in Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(seconds)


class SystemDice:
    """The machine's chance."""

    def token(self) -> str:
        """A new name that nobody can guess: 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return secrets.randbelow(2**53) / 2**53

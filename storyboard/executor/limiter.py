"""How many tasks are in flight at once: as many as the user allows, fewer for a while where the service is pressed."""

from __future__ import annotations

import asyncio
from collections import deque


class AdaptiveLimiter:
    """Places for tasks in flight, taken in the order in which one comes. Each no for now halves them, and as many tasks
    in a row as there are places, each taken on, bring one back (the rule by which networks share a line)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0
        self.open = most
        """How many places there are at the moment; whoever has one keeps it when they become fewer."""

    async def __aenter__(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was let in at the same moment
                self._leave()
            raise

    async def __aexit__(self, *exc: object) -> None:
        self._leave()

    def narrow(self) -> None:
        """The service said no for now."""
        self.open, self._in_a_row = self.open - self.open // 2, 0

    def widen(self) -> None:
        """The service took a task on."""
        self._in_a_row += 1
        if self._in_a_row >= self.open and self.open < self._most:
            self.open, self._in_a_row = self.open + 1, 0
            self._let_in()

    def _leave(self) -> None:
        self._taken -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken < self.open:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self._taken += 1

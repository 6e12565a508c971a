"""The number of tasks in flight: as many as the user allows, fewer for a while when the service is overloaded."""

from __future__ import annotations

import asyncio
from collections import deque


class AdaptiveLimiter:
    """Slots for tasks in flight, given out in the order of arrival. Each temporary refusal halves them. After as many
    accepted tasks in a row as there are slots, one slot is added (the rule by which networks share a line)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0
        self.open = most
        """The current number of slots. A task in flight keeps its slot when the number falls."""

    async def __aenter__(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # # the slot was assigned at the same moment
                self._leave()
            raise

    async def __aexit__(self, *exc: object) -> None:
        self._leave()

    def narrow(self) -> None:
        """The service refused a request temporarily: halve the slots."""
        self.open, self._in_a_row = self.open - self.open // 2, 0

    def widen(self) -> None:
        """The service accepted a task: add a slot if enough were accepted in a row."""
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

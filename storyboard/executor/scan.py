"""All that the provider lists, asked for once for everybody who is in doubt."""

from __future__ import annotations

import asyncio

from storyboard.errors import Unreachable
from storyboard.executor.reconcile import Scan
from storyboard.promises import Clock
from storyboard.providers.provider import Provider, Task

PAGE = 500
"""Tasks of a page: as many as the service gives."""
DRIFTS = 5
"""Times that a list may change under us before it is given up for now."""


class Scanner:
    """Makes one list at a time. Whoever needs one that began after a moment shares it with all who do."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last = Scan(float("-inf"), ())

    async def since(self, moment: float) -> Scan:
        """A list that began at `moment` (Unix seconds) or later. Raises Unreachable or Rejected."""
        if self._last.began < moment:
            async with self._turn:  # whoever waited for another's list looks whether that one will do
                if self._last.began < moment:
                    self._last = await self._scanned()
        return self._last

    async def _scanned(self) -> Scan:
        """Every page; begun anew if the list grew meanwhile, since what moves between two pages is on neither."""
        for _ in range(DRIFTS):
            began, tasks, totals, ahead = self._clock.now(), dict[str, Task](), set[int](), 0.0
            for number in range(1, 1 + 2**31):
                page = await self._provider.list(page=number, size=PAGE)
                ahead = page.at - self._clock.now() if page.at else 0.0
                tasks |= {task.id: task for task in page.tasks}
                totals.add(page.total)
                if not page.tasks or number * PAGE >= page.total:
                    break
            if len(totals) == 1:
                return Scan(began, tuple(tasks.values()), ahead)
        raise Unreachable("the service's list of tasks grew faster than it could be read")

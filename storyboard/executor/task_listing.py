"""The provider's list of tasks, read once for all scenes that need it.

The first list of a run is complete. Later lists read only the newest tasks, back to what an earlier list has shown,
provided that the service has listed the newest tasks first; otherwise they are complete too. The state of an older task
is as old as the list that read it. To know its current state, request the task itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from storyboard.errors import Rejected, Unreachable
from storyboard.executor.reconcile import Scan
from storyboard.protocols import Clock
from storyboard.providers.provider import Page, Provider, Task, TaskQuery

PAGE = 500
"""Tasks per page: the maximum of the service."""
PAGES = 500
"""The most pages that the service gives (the vendor's description of `page_num`)."""
DRIFTS = 5
"""How often a list may change while it is read before reading fails."""
LATE = 300.0
"""Seconds by which a task may be listed late, or clocks may differ. This much of the known part is read again."""


@dataclass(slots=True)
class _Reading:
    """The pages of one list read so far."""

    began: float
    answered: int
    """Number of create requests of this run that were answered when the list began."""
    tasks: dict[str, Task]
    totals: list[int]
    ahead: float = 0.0

    def add(self, page: Page, now: float) -> None:
        """Add a page."""
        self.ahead = page.at - now if page.at else 0.0
        self.tasks |= {task.id: task for task in page.tasks}
        self.totals.append(page.total)


class TaskListing:
    """Reads one list at a time. All callers that need a list begun after a moment share it."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last = Scan(float("-inf"), ())
        self._known: dict[str, Task] = {}
        self._whole_began = float("-inf")
        """When the last list began that, together with earlier ones, shows every task."""
        self._newest_first = False
        self._failing_since: float | None = None
        self._sent = self._answered = 0

    async def since(self, moment: float) -> Scan:
        """Return a list that began at `moment` (Unix seconds) or later. Raise Unreachable or Rejected."""
        async with self._turn:
            if self._last.began >= moment:  # # the list that another caller waited for is recent enough
                return self._last
            try:
                self._last = await self._list()
            except (Unreachable, Rejected):
                self._failing_since = self._failing_since or self._clock.now()
                raise
            self._failing_since = None
            return self._last

    def seconds_of_failure(self, now: float) -> float:
        """Return the seconds since the first of the current failures in a row; 0 if the last list succeeded."""
        return 0.0 if self._failing_since is None else now - self._failing_since

    @contextmanager
    def note_create(self) -> Iterator[None]:
        """Mark a paid request of this run as in progress, so that a list that grows by its task does not count as
        changed."""
        self._sent += 1
        try:
            yield
        finally:
            self._answered += 1

    async def _list(self) -> Scan:
        """Read every page that is needed. Start again if the list changed meanwhile, because a task that moves between
        pages may be missing from both."""
        for _ in range(DRIFTS):
            reading = _Reading(self._clock.now(), self._answered, {}, [])
            for number in range(1, PAGES + 1):
                page = await self._provider.list(TaskQuery(page=number, size=PAGE))
                reading.add(page, self._clock.now())
                if self._has_changed(reading):
                    break
                if not page.tasks or number * PAGE >= page.total or self._reaches_what_is_known(page, reading):
                    return self._keep(reading)
            else:
                raise Unreachable(f"the service has more than {PAGES * PAGE} tasks, but it lists no more than that")
        raise Unreachable("the service's list of tasks changed faster than it could be read")

    def _has_changed(self, reading: _Reading) -> bool:
        """Did the list change while it was read, by more than what this run has created meanwhile?"""
        ours, totals = self._sent - reading.answered, reading.totals
        fell = any(later < earlier for earlier, later in pairwise(totals))
        return fell or totals[-1] - totals[0] > ours

    def _reaches_what_is_known(self, page: Page, reading: _Reading) -> bool:
        """Return whether the last tasks of a page are older than every task that earlier lists may have missed."""
        if not self._newest_first or not page.tasks:
            return False
        oldest = page.tasks[-1].created_at
        return 0 < oldest < self._whole_began + reading.ahead - LATE

    def _keep(self, reading: _Reading) -> Scan:
        times = [task.created_at for task in reading.tasks.values()]
        in_order = all(times) and all(earlier >= later for earlier, later in pairwise(times))
        self._newest_first = in_order and len(times) > 1
        self._known |= reading.tasks
        self._whole_began = reading.began
        return Scan(reading.began, tuple(self._known.values()), reading.ahead)

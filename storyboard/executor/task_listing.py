"""The provider's list of tasks, made once for everyone who waits for one.

The first list of a run is whole. Later ones read the newest tasks only, back to what an earlier list has seen already,
if the provider was seen to list the newest first; else they are whole, too. What a list says of older tasks is as old
as the list that read them: whoever needs to know how such a task stands now asks for it by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from storyboard.errors import Rejected, Unreachable
from storyboard.executor.reconcile import Scan
from storyboard.promises import Clock
from storyboard.providers.provider import Page, Provider, Task, TaskQuery

PAGE = 500
"""Tasks of a page: as many as the service gives."""
PAGES = 500
"""Pages that the service gives at the most (the vendor's description of `page_num`)."""
DRIFTS = 5
"""Times that a list may change under us before it is given up for now."""
LATE = 300.0
"""Seconds by which a task may be listed late, or clocks differ: so much is read again of what was seen already."""


@dataclass(slots=True)
class _Reading:
    """What the pages of one list said so far."""

    began: float
    answered: int
    """How many creates of this run had been answered when it began."""
    tasks: dict[str, Task]
    totals: list[int]
    ahead: float = 0.0

    def add(self, page: Page, now: float) -> None:
        """One more page."""
        self.ahead = page.at - now if page.at else 0.0
        self.tasks |= {task.id: task for task in page.tasks}
        self.totals.append(page.total)


class TaskListing:
    """Makes one list at a time. Whoever needs one that began after a moment shares it with all who do."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last = Scan(float("-inf"), ())
        self._known: dict[str, Task] = {}
        self._whole_began = float("-inf")
        """When the last list began that, with those before it, shows every task that there was."""
        self._newest_first = False
        self._failing_since: float | None = None
        self._sent = self._answered = 0

    async def since(self, moment: float) -> Scan:
        """A list that began at `moment` (Unix seconds) or later. Raises Unreachable or Rejected."""
        async with self._turn:
            if self._last.began >= moment:  # the list that was waited for will do
                return self._last
            try:
                self._last = await self._list()
            except (Unreachable, Rejected):
                self._failing_since = self._failing_since or self._clock.now()
                raise
            self._failing_since = None
            return self._last

    def failing_for(self, now: float) -> float:
        """Seconds since the first of the failures in a row with which it ended so far; 0 if the last one didn't."""
        return 0.0 if self._failing_since is None else now - self._failing_since

    @contextmanager
    def creating(self) -> Iterator[None]:
        """A paid request of this run is under way: that a list grows by its task while it is read is no surprise."""
        self._sent += 1
        try:
            yield
        finally:
            self._answered += 1

    async def _list(self) -> Scan:
        """Every page that is needed; begun anew if the list changed meanwhile, since what moves from one page to
        another may have been on neither when it was read."""
        for _ in range(DRIFTS):
            reading = _Reading(self._clock.now(), self._answered, {}, [])
            for number in range(1, PAGES + 1):
                page = await self._provider.list(TaskQuery(page=number, size=PAGE))
                reading.add(page, self._clock.now())
                if self._changed(reading):
                    break
                if not page.tasks or number * PAGE >= page.total or self._reaches_what_is_known(page, reading):
                    return self._kept(reading)
            else:
                raise Unreachable(f"the service lists more than {PAGES * PAGE} tasks, which are more than it shows")
        raise Unreachable("the service's list of tasks changed faster than it could be read")

    def _changed(self, reading: _Reading) -> bool:
        """Did the list change while it was read, by more than what this run has created meanwhile?"""
        ours, totals = self._sent - reading.answered, reading.totals
        fell = any(later < earlier for earlier, later in pairwise(totals))
        return fell or totals[-1] - totals[0] > ours

    def _reaches_what_is_known(self, page: Page, reading: _Reading) -> bool:
        """Are the last tasks of a page older than all that earlier lists may not have shown?"""
        if not self._newest_first or not page.tasks:
            return False
        oldest = page.tasks[-1].created_at
        return 0 < oldest < self._whole_began + reading.ahead - LATE

    def _kept(self, reading: _Reading) -> Scan:
        times = [task.created_at for task in reading.tasks.values()]
        in_order = all(times) and all(earlier >= later for earlier, later in pairwise(times))
        self._newest_first = in_order and len(times) > 1
        self._known |= reading.tasks
        self._whole_began = reading.began
        return Scan(reading.began, tuple(self._known.values()), reading.ahead)

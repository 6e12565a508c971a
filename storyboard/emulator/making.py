"""When videos are drawn: two at a time, a few ahead, the others when somebody fetches them.

How a task stands doesn't depend on it, and no create waits for it. A thousand tasks of which nobody fetches a video
cost a handful of drawings, not the minutes that a thousand would take.
"""

from __future__ import annotations

import asyncio

from storyboard.emulator import footage
from storyboard.emulator.ledger import Ledger
from storyboard.emulator.tasks import Line

AT_ONCE = 2
AHEAD = 4
"""Drawings that are begun before anybody wants them; more only push back what is wanted."""


class Making:
    """The drawings of one service."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._begun: dict[str, asyncio.Task[None]] = {}
        self._desks = asyncio.Semaphore(AT_ONCE)

    def ahead(self, line: Line) -> None:
        """Begin, if there is not enough to do already."""
        if len(self._begun) < AHEAD:
            self._begin(line)

    async def made(self, line: Line) -> None:
        """Return when a task's video and last frame are there."""
        if not (self._ledger.video(line.task_id).exists() and self._ledger.frame(line.task_id).exists()):
            await asyncio.shield(self._begin(line))

    async def stop(self) -> None:
        """Leave what isn't begun, and wait for what is."""
        begun = list(self._begun.values())
        for drawing in begun:
            drawing.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    def _begin(self, line: Line) -> asyncio.Task[None]:
        if line.task_id not in self._begun:
            drawing = self._begun[line.task_id] = asyncio.create_task(self._make(line))
            drawing.add_done_callback(lambda done: self._end(line.task_id, done))
        return self._begun[line.task_id]

    async def _make(self, line: Line) -> None:
        async with self._desks:
            await asyncio.to_thread(footage.make, line, self._ledger)

    def _end(self, task: str, done: asyncio.Task[None]) -> None:
        self._begun.pop(task, None)
        if not done.cancelled():
            done.exception()  # whoever waits for it is told; nobody has to

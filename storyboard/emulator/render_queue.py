"""When videos are drawn: when somebody fetches them, two at a time.

How a task stands doesn't depend on it, and no create waits for it. Drawn ahead, a thousand videos would keep a machine
busy for minutes, and most videos of most tests are never fetched.
"""

from __future__ import annotations

import asyncio

from storyboard.emulator import footage
from storyboard.emulator.ledger import Ledger
from storyboard.emulator.tasks import Line

AT_ONCE = 2


class Making:
    """The drawings of one service."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._begun: dict[str, asyncio.Task[None]] = {}
        self._desks = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    async def made(self, line: Line) -> None:
        """Return when a task's video and last frame are there; whoever wants the same waits for the same drawing."""
        if not (self._ledger.video(line.task_id).exists() and self._ledger.frame(line.task_id).exists()):
            await asyncio.shield(self._begin(line))

    async def stop(self) -> None:
        """Leave what isn't begun, and wait for what is: a thread can't be stopped."""
        self._stopping = True
        await asyncio.gather(*self._begun.values(), return_exceptions=True)
        self._stopping = False

    def _begin(self, line: Line) -> asyncio.Task[None]:
        if line.task_id not in self._begun:
            drawing = self._begun[line.task_id] = asyncio.create_task(self._make(line))
            drawing.add_done_callback(lambda _: self._begun.pop(line.task_id, None))
        return self._begun[line.task_id]

    async def _make(self, line: Line) -> None:
        async with self._desks:
            if self._stopping:
                raise asyncio.CancelledError
            await asyncio.to_thread(footage.make, line, self._ledger)

"""An engine here, with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from storyboard.planning.schedule import Schedule, UnitState
from storyboard.planning.target import Unit


class Local:
    """Every scene that can start is a task of this process's loop."""

    async def walk(
        self, schedule: Schedule, work: Callable[[Unit], Awaitable[UnitState]], going: Callable[[], bool]
    ) -> None:
        """Work on each unit as soon as it can start."""
        running: dict[asyncio.Future[UnitState], Unit] = {}
        try:
            while True:
                for unit in schedule.ready if going() else ():
                    schedule.start(unit)
                    running[asyncio.ensure_future(work(unit))] = unit
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    schedule.end(running.pop(task), task.result())
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

"""The promise of an engine: it walks a schedule and works on every scene that can start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from storyboard.planning.schedule import Schedule, UnitState
from storyboard.planning.target import Unit


class Engine(Protocol):
    """Who works where: here with asyncio, later perhaps on many machines."""

    async def walk(
        self, schedule: Schedule, work: Callable[[Unit], Awaitable[UnitState]], going: Callable[[], bool]
    ) -> None:
        """Work on each unit as soon as it can start, until nothing runs and nothing more can start.

        `work` says where the unit stands afterwards; nothing new is started once `going` says no.
        """
        ...

"""An event loop whose time passes only when no task can run, and which orders ready tasks randomly."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any


class Crash(BaseException):
    """The process has ended in the middle of its work."""


class Loop(asyncio.BaseEventLoop):
    """Virtual time in seconds from 0, a seeded order of ready callbacks, and a crash after a number of steps on
    request."""

    def __init__(self, dice: Random, crash_after: int | None = None) -> None:
        super().__init__()
        self._selector = self
        self._dice = dice
        self._passed = 0.0
        self._left = False
        self._steps_left = crash_after
        self.set_exception_handler(lambda *_: None)

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._passed

    def select(self, timeout: float | None) -> list[Any]:
        """Advance the time to the next due callback; there are no outside events."""
        if timeout is None:
            raise RuntimeError("everybody waits for somebody")
        self._passed += timeout
        return []

    def _run_once(self) -> None:
        if self._steps_left is not None:
            self._steps_left -= 1
            if self._steps_left < 0:
                raise Crash
        if len(self._ready) > 1:  # type: ignore[has-type]  # a deque of the base class
            ready = list(self._ready)  # type: ignore[has-type]
            self._dice.shuffle(ready)
            self._ready = deque(ready)
        super()._run_once()  # type: ignore[misc]  # every loop has one

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Run the function at once: threads would return at unpredictable times."""
        del executor
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def _process_events(self, event_list: list[Any]) -> None:
        del event_list

    def _write_to_self(self) -> None:
        pass

    def abandon(self) -> None:
        """Discard everything, as the end of a process does, without running any code."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to be destroyed
        self._ready.clear()
        self._scheduled.clear()  # type: ignore[attr-defined]
        self._left = True

    def is_closed(self) -> bool:
        """Suppress warnings about an abandoned loop; objects that are collected later may still call it."""
        return self._left or super().is_closed()

"""Poll the status of tasks with few requests: one watcher serves all scenes of a run.

Each scene requests the status of its own task at a time that it chooses. The scene whose time comes first polls for
all: a few tasks individually, many with one list. A scene that was included gets its answer earlier than it requested.
A task that a list doesn't show (too new, of another tier, or gone) is polled individually. So are all tasks once the
service has refused to list; the result then goes only to the scene concerned.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from storyboard.errors import ProviderError, RateLimited, Rejected, Unreachable
from storyboard.executor.polling import choose_batch
from storyboard.protocols import Clock
from storyboard.providers.provider import Provider, Task, TaskQuery


@dataclass(eq=False, slots=True)
class _Asked:
    """A request for the status of a task: when it is due, its answer, and whether the task is polled individually."""

    due: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Task | ProviderError | None = None
    alone: bool = False


class Poller:
    """Polls tasks, together if they are many."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._asked: dict[str, _Asked] = {}
        self._hinted: set[str] = set()
        self._queue: list[_Asked] = []
        self._listing = False
        self._may_list = True

    async def look(self, task: str, wait: float = 0.0) -> Task:
        """Return the status of a task in `wait` seconds, or earlier if it is known earlier.

        Raise Unreachable or Rejected; NotFound if there is no such task.
        """
        asked = self._asked[task] = _Asked(self._clock.now() + wait)
        if task in self._hinted:
            self.hint(task)
        try:
            await self._until_due_or_woken(asked, wait)
            self._hinted.discard(task)
            await self._look_with_others(task, asked)
            if asked.answer is None:
                asked.alone = True
                return await self._provider.get_task(task)
        finally:
            if self._asked.get(task) is asked:
                del self._asked[task]
        if isinstance(asked.answer, ProviderError):
            raise asked.answer
        return asked.answer

    def hint(self, task: str) -> None:
        """Poll a task now, because the service reports a change. A task that is not watched is ignored.

        A hint that arrives during a poll applies to the next one, because the answer may be older than the hint.
        """
        asked = self._asked.get(task)
        if asked is not None:
            self._hinted.add(task)
            asked.alone = True
            asked.woken.set()

    async def _until_due_or_woken(self, asked: _Asked, wait: float) -> None:
        if wait <= 0 or asked.woken.is_set():
            await asyncio.sleep(0)  # # requests that arrive at the same moment are polled together
            return
        both = {asyncio.ensure_future(self._clock.sleep(wait)), asyncio.ensure_future(asked.woken.wait())}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in both:
                waiting.cancel()

    async def _look_with_others(self, task: str, asked: _Asked) -> None:
        """Request a list, or wait for the one in progress, until there is an answer or the task has to be polled
        individually."""
        while self._may_list and not asked.alone and asked.answer is None:
            if self._listing:
                self._queue.append(asked)
                asked.woken.clear()
                await asked.woken.wait()
                continue
            together = choose_batch(task, self._due(), len(self._asked))
            if len(together) == 1:
                return
            await self._list(together)

    def _due(self) -> dict[str, float]:
        waiting = self._asked.items()
        return {task: asked.due for task, asked in waiting if asked.answer is None and not asked.alone}

    async def _list(self, tasks: tuple[str, ...]) -> None:
        """List tasks and pass each answer on. A task that the list doesn't show is polled individually."""
        self._listing = True
        try:
            answers = await self._listed(tasks)
        finally:
            self._listing = False
            for queued in self._queue:
                queued.woken.set()
            self._queue.clear()
        for task in tasks:
            asked = self._asked.get(task)
            if asked is not None and not asked.alone:
                asked.answer = answers.get(task)
                asked.alone = asked.answer is None
                asked.woken.set()

    async def _listed(self, tasks: tuple[str, ...]) -> dict[str, Task | ProviderError]:
        """What a list says of tasks: an entry that should name a video, and doesn't, says nothing."""
        try:
            page = await self._provider.list(TaskQuery(tasks=tasks, size=len(tasks)))
        except (RateLimited, Unreachable) as error:
            return dict.fromkeys(tasks, error)
        except Rejected:
            self._may_list = False
            return {}
        return {task.id: task for task in page.tasks if task.status != "succeeded" or task.video is not None}

"""How many tasks are polled with few requests, and which answer each scene gets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from storyboard.errors import NotFound, ProviderError, RateLimited, Rejected, Unreachable
from storyboard.executor.poller import Poller
from storyboard.executor.polling import FEW, TOGETHER, pause
from storyboard.protocols import Address, PollPolicy
from storyboard.providers.provider import EVERYTHING, Page, Task, TaskQuery
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.testing.clock import VirtualClock
from storyboard.world.clock import SystemClock
from tests.executor.fake_provider import Desk
from tests.simulation.loop import Loop

MANY = [f"cgt-{n}" for n in range(FEW + 5)]


@dataclass(slots=True)
class Lister(Desk):
    """A provider that also lists: every requested task except `unlisted`; `gone` are tasks that it doesn't know."""

    unlisted: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    refusal: ProviderError | None = None
    looked: list[str] = field(default_factory=list)
    lists: list[tuple[str, ...]] = field(default_factory=list)
    bare: bool = False

    async def get_task(self, task: str) -> Task:
        """Return the current status."""
        self.looked.append(task)
        await asyncio.sleep(0)
        if task in self.gone:
            raise NotFound("not found", code="NotFound.Task", status=404)
        return Task(task, "running", "looked at")

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the tasks that it shows."""
        tasks = query.tasks
        assert query == TaskQuery(tasks=tasks, size=len(tasks))
        self.lists.append(tuple(tasks))
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        shown = [task for task in tasks if task not in self.unlisted | self.gone]
        video = None if self.bare else Address("https://a.example/v.mp4")
        return Page(tuple(Task(task, "succeeded", "listed", video) for task in shown), len(shown))


def told(desk: Lister, tasks: Sequence[str], wait: float = 0.0) -> dict[str, str]:
    """The answer that each scene gets for its task: the status, or the type of the error."""

    async def one(poller: Poller, task: str) -> str:
        try:
            return (await poller.look(task, wait)).word
        except ProviderError as error:
            return type(error).__name__

    async def whole() -> list[str]:
        poller = Poller(desk, desk.clock)
        return await asyncio.gather(*(one(poller, task) for task in tasks))

    return dict(zip(tasks, asyncio.run(whole()), strict=True))


def desk() -> Lister:
    """A provider without faults."""
    return Lister(VirtualClock())


def test_few_tasks_are_looked_at_one_by_one() -> None:
    """A few tasks are polled individually, without a list."""
    at = desk()
    told(at, MANY[:FEW])
    assert (at.looked, at.lists) == (MANY[:FEW], [])


@pytest.mark.row(75)
def test_of_many_tasks_one_list_is_made() -> None:
    """Many tasks are polled with one list, and each scene gets its answer."""
    at = desk()
    assert told(at, MANY) == dict.fromkeys(MANY, "listed")
    assert (at.looked, at.lists) == ([], [tuple(MANY)])


class Busy(Lister):
    """A provider that counts the requests of each second."""

    asked: list[tuple[str, float]]

    async def get_task(self, task: str) -> Task:
        """Return a task that runs for ten minutes."""
        self.asked.append(("get", self.clock.now()))
        over = self.clock.now() >= 600
        return Task(task, "succeeded" if over else "running", "", Address("https://a.example/v.mp4") if over else None)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return every requested task."""
        self.asked.append(("list", self.clock.now()))
        tasks = [await Busy.get_task(self, task) for task in query.tasks]
        del self.asked[-len(tasks) :]
        return Page(tuple(tasks), len(tasks))


@pytest.mark.row(75)
def test_five_hundred_tasks_are_looked_at_as_fast_as_one_may() -> None:
    """Each at growing intervals; never more than twenty polls a second, nor more than one list."""
    loop = Loop(Random(1))  # noqa: S311 - it has to be reproducible
    desk = Busy(SystemClock(lambda: 0.0, loop.time))  # type: ignore[arg-type]  # only the time is used
    desk.asked = []
    poller, poll_policy = Poller(RateLimitedProvider(desk, desk.clock), desk.clock), PollPolicy(5.0, 30.0)

    async def until_it_ends(task: str) -> None:
        wait = 0.0
        while (await poller.look(task, wait)).status != "succeeded":
            wait = pause(desk.clock.now(), poll_policy)

    async def all_of_them() -> None:
        await asyncio.gather(*(until_it_ends(f"cgt-{n}") for n in range(500)))

    loop.run_until_complete(all_of_them())
    loop.abandon()
    seconds = {sort: Counter(int(when) for what, when in desk.asked if what == sort) for sort in ("get", "list")}
    assert (max(seconds["list"].values()), max(seconds["get"].values(), default=0) <= 20) == (1, True)
    assert 100 < len(desk.asked) < 800


def test_who_is_not_due_yet_comes_along() -> None:
    """Tasks that were due in ten seconds are in the same list."""
    at = desk()
    told(at, MANY, wait=10.0)
    assert len(at.lists) == 1


def test_more_tasks_than_a_list_holds_are_in_several() -> None:
    """More tasks than fit into a list are in several lists, none of them twice."""
    at = desk()
    tasks = [f"cgt-{n}" for n in range(2 * TOGETHER + 1)]
    told(at, tasks)
    assert sorted([*(task for listed in at.lists for task in listed), *at.looked]) == sorted(tasks)


def test_a_task_that_no_list_shows_is_looked_at() -> None:
    """It may be too new for the list, or of another tier."""
    at = desk()
    at.unlisted = {"cgt-3", "cgt-7"}
    found = told(at, MANY)
    assert ({task for task in MANY if found[task] == "looked at"}, set(at.looked)) == (at.unlisted, at.unlisted)


def test_a_task_that_ended_and_names_no_video_in_a_list_is_looked_at() -> None:
    """Some services return less in a list than for a single task."""
    at = desk()
    at.bare = True
    assert told(at, MANY) == dict.fromkeys(MANY, "looked at")


def test_a_task_that_is_gone_is_told_to_its_scene_alone() -> None:
    """The error about a missing task goes only to its scene; the others get their answers."""
    at = desk()
    at.gone = {"cgt-3"}
    assert told(at, MANY) == dict.fromkeys(MANY, "listed") | {"cgt-3": "NotFound"}


@pytest.mark.parametrize("error", [Unreachable("no answer"), RateLimited("slowly")])
def test_a_list_without_an_answer_is_told_to_everybody_in_it(error: ProviderError) -> None:
    """Each scene waits as after a single poll, and polls again."""
    at = desk()
    at.refusal = error
    assert told(at, MANY) == dict.fromkeys(MANY, type(error).__name__)


def test_a_service_that_refuses_to_list_is_asked_once() -> None:
    """A service that refuses to list is asked once; then each task is polled individually."""
    at = desk()
    at.refusal = Rejected("a key of narrow rights", status=403)
    assert told(at, MANY) == dict.fromkeys(MANY, "looked at")
    assert len(at.lists) == 1


class Still(VirtualClock):
    """A clock that doesn't advance: a sleep lasts until it is cancelled."""

    async def sleep(self, seconds: float) -> None:
        """Wait for ever."""
        del seconds
        await asyncio.Event().wait()


def watched(talk: Callable[[Poller], Awaitable[Task]]) -> list[str]:
    """The requests made while a watcher is used whose clock stands still."""
    at = Lister(Still())

    async def whole() -> Task:
        return await talk(Poller(at, at.clock))

    asyncio.run(whole())
    return at.looked


def test_a_hint_ends_the_wait() -> None:
    """A task that is reported as changed is polled now, and individually."""

    async def talk(poller: Poller) -> Task:
        looking = asyncio.ensure_future(poller.look("cgt-1", 3600))
        await asyncio.sleep(0)
        poller.hint("cgt-1")
        return await looking

    assert watched(talk) == ["cgt-1"]


def test_a_hint_during_a_look_holds_for_the_next() -> None:
    """The answer in progress may be older than the change."""

    async def talk(poller: Poller) -> Task:
        looking = asyncio.ensure_future(poller.look("cgt-1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        poller.hint("cgt-1")
        await looking
        return await poller.look("cgt-1", 3600)

    assert watched(talk) == ["cgt-1", "cgt-1"]


def test_a_hint_about_a_task_that_nobody_watches_is_ignored() -> None:
    """A hint about a task that isn't watched is ignored, because any sender may send one."""

    async def talk(poller: Poller) -> Task:
        poller.hint("cgt-2")
        return await poller.look("cgt-1")

    assert watched(talk) == ["cgt-1"]


def test_a_scene_that_is_stopped_while_it_lists_for_others_leaves_them_their_answers() -> None:
    """If a scene is cancelled during its list for others, the next scene requests the list."""
    at = desk()

    async def whole() -> list[str]:
        poller = Poller(at, at.clock)
        looks = [asyncio.ensure_future(poller.look(task)) for task in MANY]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(at.lists) == 1
        looks[0].cancel()
        return [task.word for task in await asyncio.gather(*looks[1:])]

    assert asyncio.run(whole()) == ["listed"] * (len(MANY) - 1)

"""A scripted provider, with a real video behind each address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from storyboard.errors import Gone, StoryboardError
from storyboard.executor.context import RunContext
from storyboard.planning.event import Interrupting, Notice, Waiting
from storyboard.protocols import Address, PollPolicy, Sink
from storyboard.providers.ark import wire
from storyboard.providers.provider import EVERYTHING, Order, Page, Status, Task, TaskQuery
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.world.addresses import Addresses
from storyboard.world.journal import Journal
from storyboard.world.media import clip, images
from storyboard.world.store import Store


@cache
def video() -> bytes:
    """A small real video."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        clip.write(path, [(0, images.black((320, 240)))], 97, (320, 240), None)
        return path.read_bytes()


@dataclass(slots=True)
class Desk:
    """A scripted provider: it gives the prepared answers in order, and then accepts everything.

    `answers` are for create requests: an ID, or an error to raise. `looks` are for polls: a status, or an error to
    raise.
    """

    clock: VirtualClock
    answers: list[str | StoryboardError] = field(default_factory=list)
    looks: list[Status | StoryboardError] = field(default_factory=list)
    files: list[bytes | StoryboardError] = field(default_factory=list)
    listed: list[Task] = field(default_factory=list)
    later: list[list[Task]] = field(default_factory=list)
    """Tasks that are added to the list from the second request on, from the third, and so on."""
    no_lists: list[StoryboardError] = field(default_factory=list)
    """Errors that lists raise, the first ones first."""
    listings: int = 0
    """Number of list requests."""
    no_cancels: list[StoryboardError] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    """Tasks that were cancelled."""
    slow: float = 0.0
    """Seconds that a create request takes."""
    made: dict[str, Any] = field(default_factory=dict)
    """The parameters that a task reports."""
    bodies: list[bytes] = field(default_factory=list)
    lives: float = 86_400.0
    running: int = 0
    most_running: int = 0

    @property
    def origin(self) -> str:
        """No address: this provider has no server."""
        return "http://127.0.0.1:1"

    def body(self, order: Order) -> bytes:
        """The same body as Ark's."""
        return wire.encode_order(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Return or raise the next answer."""
        del attempt_id
        self.bodies.append(body)
        number = len(self.bodies)
        if self.slow:
            await self.clock.sleep(self.slow)
        answer = self.answers.pop(0) if self.answers else f"cgt-{number}"
        if isinstance(answer, StoryboardError):
            raise answer
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        return answer

    async def get_task(self, task: str) -> Task:
        """Return the next status; succeeded once there are no more."""
        status = self.looks.pop(0) if self.looks else "succeeded"
        await asyncio.sleep(0)
        if isinstance(status, StoryboardError):
            raise status
        if wire.is_over(status):
            self.running -= 1
        ended = self.clock.now()
        created = next((row.created_at for row in self.listed if row.id == task), 0.0)
        address = Address(f"http://127.0.0.1:1/{task}.mp4?signature") if status == "succeeded" else None
        return Task(
            task,
            status,
            status,
            address,
            None,
            ended + self.lives,
            error="said so" if status == "failed" else "",
            **{"created_at": created, **self.made},
        )

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return all tasks, without any filter."""
        self.listings += query.page == 1
        if self.no_lists:
            raise self.no_lists.pop(0)
        shown = tuple(self.listed)
        if query.page == 1 and self.later:
            self.listed += self.later.pop(0)
        return Page(shown[(query.page - 1) * query.size : query.page * query.size], len(shown))

    async def cancel(self, task: str) -> None:
        """Record the cancellation, or refuse it."""
        if self.no_cancels:
            raise self.no_cancels.pop(0)
        self.cancelled.append(task)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the next file; a complete video once there are no more."""
        content = self.files.pop(0) if self.files else video()
        if isinstance(content, StoryboardError):
            raise content
        if not content:
            raise Gone(f"{address.bare} answered 403")
        sink.write(content)


@dataclass(slots=True)
class Bench:
    """A run context with a scripted provider, in a folder."""

    desk: Desk
    context: RunContext
    journal: Journal
    heard: list[Notice]

    @property
    def kinds(self) -> list[str]:
        """The kinds of reported events, in order; `waiting` and `interrupting` are never recorded."""
        return [_kind(event) for event in self.heard]


def _kind(event: Notice) -> str:
    match event:
        case Waiting():
            return "waiting"
        case Interrupting():
            return "interrupting"
        case _:
            return event.kind


def bench(folder: Path, desk: Desk | None = None, slots: int = 3) -> Bench:
    """Create a run context with a scripted provider."""
    clock = VirtualClock()
    desk = desk or Desk(clock)
    desk.clock = clock
    journal = Journal(folder, clock, writing=True)
    heard: list[Notice] = []
    provider, store = RateLimitedProvider(desk, clock), Store(folder / "store")
    context = RunContext.build(
        realm="emulated",
        provider=provider,
        journal=journal,
        store=store,
        addresses=Addresses(folder / "addresses.jsonl"),
        clock=clock,
        dice=LoadedDice(),
        poll_policy=PollPolicy(1.0, 10.0),
        tell=heard.append,
        root=folder,
        tasks_in_flight=slots,
    )
    return Bench(desk, context, journal, heard)

"""A provider whose answers are written down beforehand, with a true video behind each address."""

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
from storyboard.promises import Address, Pace, Sink
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
    """A small true video."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        clip.write(path, [(0, images.black((320, 240)))], 97, (320, 240), None)
        return path.read_bytes()


@dataclass(slots=True)
class Desk:
    """Answers in the order in which they are written down; then it says yes to everything.

    `answers` are for creates: an id, or what is raised. `looks` are statuses, or what is raised, for each look.
    """

    clock: VirtualClock
    answers: list[str | StoryboardError] = field(default_factory=list)
    looks: list[Status | StoryboardError] = field(default_factory=list)
    files: list[bytes | StoryboardError] = field(default_factory=list)
    listed: list[Task] = field(default_factory=list)
    later: list[list[Task]] = field(default_factory=list)
    """What is listed besides from the second list on, from the third, and so on."""
    no_lists: list[StoryboardError] = field(default_factory=list)
    """What lists are refused with, the first ones first."""
    listings: int = 0
    """How many lists were asked for."""
    no_cancels: list[StoryboardError] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    """Tasks that were cancelled."""
    slow: float = 0.0
    """Seconds that a create takes."""
    made: dict[str, Any] = field(default_factory=dict)
    """What a task says that it was made with."""
    bodies: list[bytes] = field(default_factory=list)
    lives: float = 86_400.0
    running: int = 0
    most_running: int = 0

    @property
    def origin(self) -> str:
        """Nowhere."""
        return "http://127.0.0.1:1"

    def body(self, order: Order) -> bytes:
        """As Ark's."""
        return wire.encode_order(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """The next answer."""
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
        """The next look; succeeded once there are no more."""
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
        """All that was laid on the desk; nobody filters it."""
        self.listings += query.page == 1
        if self.no_lists:
            raise self.no_lists.pop(0)
        shown = tuple(self.listed)
        if query.page == 1 and self.later:
            self.listed += self.later.pop(0)
        return Page(shown[(query.page - 1) * query.size : query.page * query.size], len(shown))

    async def cancel(self, task: str) -> None:
        """Note it, or refuse it."""
        if self.no_cancels:
            raise self.no_cancels.pop(0)
        self.cancelled.append(task)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The next file; a whole video once there are no more."""
        content = self.files.pop(0) if self.files else video()
        if isinstance(content, StoryboardError):
            raise content
        if not content:
            raise Gone(f"{address.bare} answered 403")
        sink.write(content)


@dataclass(slots=True)
class Bench:
    """A crew with a desk, in a folder."""

    desk: Desk
    context: RunContext
    journal: Journal
    heard: list[Notice]

    @property
    def kinds(self) -> list[str]:
        """What was told, in order: kinds of events; `waiting` and `interrupting` are never written down."""
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
    """A crew that works at a desk."""
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
        pace=Pace(1.0, 10.0),
        tell=heard.append,
        root=folder,
        tasks_in_flight=slots,
    )
    return Bench(desk, context, journal, heard)

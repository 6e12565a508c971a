"""The world around a run, in memory: the service and its truth, a disk that loses writes, a clock, tasks of
strangers."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from storyboard.errors import (
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.fetch import Fetched
from storyboard.planning.event import DURABLE, Event, Recorded
from storyboard.planning.history import History
from storyboard.protocols import Address, Sink
from storyboard.providers.ark import wire
from storyboard.providers.provider import EVERYTHING, Order, Page, Status, Task, TaskQuery
from storyboard.world.addresses import TaskAddresses

BEGAN = 1_780_000_000.0
BEIJING = timedelta(hours=8)
LIVES = 86_400.0
FAULTS = 0.3
"""Of the create requests."""
LATE = 90.0
"""Seconds by which a request may arrive after we have given it up."""
LAG = 20.0
"""Seconds for which a list may not show a task."""


OUTCOMES: tuple[Status, ...] = (*("succeeded",) * 17, "failed", "expired", "cancelled")
"""Final states of tasks: most succeed."""


@dataclass
class Clock:
    """Wall time, which continues over crashes and may be set wrong."""

    now_: float = BEGAN
    loop: asyncio.AbstractEventLoop | None = None
    wrong: float = 0.0

    @property
    def true(self) -> float:
        """The true time in the world."""
        return self.now_ + (self.loop.time() if self.loop else 0.0)

    def now(self) -> float:
        """The time as this machine shows it."""
        return self.true + self.wrong

    async def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        await asyncio.sleep(max(0.0, seconds))


@dataclass
class Made:
    """The truth about a task."""

    id: str
    at: float
    prompt: str
    expires_after: int
    model: str
    asked: dict[str, object]
    outcome: Status
    ends: float
    shows: float
    """When it first appears in a list."""
    foreign: bool = False
    attempt_id: str = ""
    """The attempt that submitted it."""
    sent: float = 0.0
    """When its request was sent."""


@dataclass(eq=False)
class Arrival:
    """A request in progress: its arrival, its content, and its task."""

    at: float
    body: bytes
    attempt_id: str
    sent: float
    task: str = ""


@dataclass
class Api:
    """The service: the tasks that it accepted are the truth about what would have been paid for."""

    clock: Clock
    dice: Random
    tasks: dict[str, Made] = field(default_factory=dict)
    coming: list[Arrival] = field(default_factory=list)
    """Requests in progress, and when they arrive."""
    fired: Counter[str] = field(default_factory=Counter)

    @property
    def origin(self) -> str:
        """A fixed address."""
        return "https://ark.example"

    def body(self, order: Order) -> bytes:
        """Return the body as the client would send it."""
        return wire.encode_order(order)

    def _arrive(self) -> None:
        """Accept the requests that have arrived by now."""
        now = self.clock.true
        arrived = sorted((one for one in self.coming if one.at <= now), key=lambda one: one.at)
        self.coming = [one for one in self.coming if one.at > now]
        for one in arrived:
            self._take_on(one)

    def _take_on(self, arrival: Arrival) -> str:
        asked = json.loads(arrival.body)
        prompt = asked["content"][0]["text"]
        fields = {name: asked[name] for name in ("duration", "ratio", "resolution", "generate_audio")}
        life = int(asked.get("execution_expires_after", 172_800))
        made = self._task(arrival.at, prompt, life, asked["model"], fields)
        made.attempt_id, made.sent = arrival.attempt_id, arrival.sent
        self.tasks[made.id] = made
        arrival.task = made.id
        return made.id

    def _task(self, at: float, prompt: str, expires: int, model: str, asked: dict[str, object]) -> Made:
        when = datetime.fromtimestamp(at, UTC) + BEIJING
        id = f"cgt-{when:%Y%m%d%H%M%S}-{self.dice.getrandbits(40):010x}"
        outcome = self.dice.choice(OUTCOMES)
        return Made(id, at, prompt, expires, model, asked, outcome, at + self.dice.uniform(10, 100), at + self._lag())

    def _lag(self) -> float:
        return self.dice.uniform(0, LAG) if self.dice.random() < 0.3 else 0.0

    def strangers(self, count: int) -> None:
        """Return tasks of strangers: some with different markers, some with the marker of one of ours."""
        for _ in range(count):
            ours = [made for made in self.tasks.values() if not made.foreign]
            at = self.clock.true - self.dice.uniform(0, 100)
            fields: dict[str, object] = {"duration": 5, "ratio": "1:1", "resolution": "480p", "generate_audio": True}
            expires, model = self.dice.randint(172_801, 238_336), "doubao-seedance-2-0-260128"
            if ours and self.dice.random() < 0.5:  # a collision: it may also differ in its time or its model
                twin = self.dice.choice(ours)
                expires, at = twin.expires_after, twin.at + self.dice.choice((-600.0, -1.0, 1.0, 3000.0))
                model = self.dice.choice((model, "doubao-seedance-1-5-pro-251215"))
                self.fired["collision"] += 1
            made = self._task(at, "", expires, model, fields)
            made.foreign = True
            self.tasks[made.id] = made

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Accept a request, or fail in one of the possible ways."""
        self._arrive()
        sent = self.clock.true
        latency = self.dice.uniform(0.05, 2.0)
        if self.dice.random() >= FAULTS:
            return await self._answered(Arrival(sent + latency, body, attempt_id, sent))
        fault = self.dice.choice(
            ("not sent", "limited", "refused", "lost before", "lost after", "late", "500 before", "500 after", "odd")
        )
        self.fired[fault] += 1
        match fault:
            case "not sent":
                raise NotSent("nobody could be reached")
            case "limited":
                raise RateLimited("slowly", status=429, after=self.dice.choice((0.0, 5.0, 30.0)))
            case "refused":
                raise Rejected("no", code="InvalidParameter", status=400)
            case "lost after" | "500 after" | "odd":
                self.coming.append(Arrival(sent + latency, body, attempt_id, sent))
            case "late":
                self.coming.append(Arrival(sent + self.dice.uniform(0, LATE), body, attempt_id, sent))
            case _:
                pass
        await self.clock.sleep(self.dice.choice((latency, 180.0)) if "lost" in fault else latency)
        raise UnknownOutcome(f"the answer was lost ({fault})")

    async def _answered(self, arrival: Arrival) -> str:
        """Return a normal answer, unless the caller's process has ended: then the request may have arrived or not."""
        if self.dice.random() < 0.8:
            self.coming.append(arrival)
        await self.clock.sleep(arrival.at - arrival.sent)
        self._arrive()
        if arrival in self.coming:
            self.coming.remove(arrival)
        return arrival.task or self._take_on(arrival)

    def _asked(self, lost: float) -> None:
        if self.dice.random() < lost:
            self.fired["unreachable"] += 1
            raise Unreachable("no answer") if self.dice.random() < 0.7 else RateLimited("slowly", status=429)

    async def get_task(self, task: str) -> Task:
        """Return the status of a task: sometimes there is no answer, or an early or odd one."""
        await self.clock.sleep(0.05)
        self._arrive()
        self._asked(0.05)
        made = self.tasks.get(task)
        if made is None or (self.clock.true - made.at < 5 and self.dice.random() < 0.1):
            raise NotFound("no such task", code="NotFound.Task", status=404)
        return self._told(made)

    def _told(self, made: Made) -> Task:
        over = self.clock.true >= made.ends
        status: Status = made.outcome if over else self.dice.choice(("queued", "running", "running"))
        word = status
        if not over and self.dice.random() < 0.02:
            self.fired["odd status"] += 1
            status, word = "unknown", "pondering"  # type: ignore[assignment]  # a status of the service
        address = Address(f"https://files.example/{made.id}.mp4") if status == "succeeded" else None
        frame = Address(f"https://files.example/{made.id}.png") if status == "succeeded" else None
        fields = made.asked if status == "succeeded" else {}
        return Task(
            made.id, status, word, address, frame,
            expires=made.ends + LIVES, at=self.clock.true, created_at=float(int(made.at)), updated_at=made.ends,
            expires_after=made.expires_after, model=made.model, tokens=1000 if over else None,
            duration=fields.get("duration"), ratio=fields.get("ratio", ""),  # type: ignore[arg-type]  # as it was requested
            resolution=fields.get("resolution", ""), sound=fields.get("generate_audio"),  # type: ignore[arg-type]
        )  # fmt: skip

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the list without the newest tasks, unordered, and page by page."""
        await self.clock.sleep(0.2)
        self._arrive()
        self._asked(0.1)
        if self.dice.random() < 0.05:
            self.strangers(1)
        now = self.clock.true
        found = [
            made for made in self.tasks.values() if made.shows <= now and (not query.tasks or made.id in query.tasks)
        ]
        rows = found[(query.page - 1) * query.size : query.page * query.size]
        self.dice.shuffle(rows)
        return Page(tuple(self._told(made) for made in rows), len(found), now)

    async def cancel(self, task: str) -> None:
        """Refuse: the task is running, so a duplicate submission is made twice."""
        raise Rejected(f"{task} runs", code="InvalidAction.RunningTaskDeletion", status=409)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Not used."""
        raise NotImplementedError


class Journal:
    """Events in memory: a crash loses no event that money depends on, but possibly others."""

    def __init__(self, clock: Clock, past: list[tuple[float, Recorded]]) -> None:
        self._clock = clock
        self.past = past
        self.history = History(past)
        self.durable = len(past)
        self.gone = False

    def append(self, event: Event) -> None:
        """Record an event; an ended process records nothing."""
        if self.gone:
            return
        row = (self._clock.now(), event)
        self.past.append(row)
        self.history.add(*row)
        if event.kind in DURABLE:
            self.durable = len(self.past)

    def check_ours(self) -> None:
        """There is no other runner; but an ended process submits nothing."""
        if self.gone:
            raise asyncio.CancelledError

    def crashed(self, dice: Random) -> list[tuple[float, Recorded]]:
        """Return the events that survive a crash."""
        self.gone = True
        return self.past[: dice.randint(self.durable, len(self.past))]


def digest_at(address: str) -> str:
    """Return the digest of the file at an address."""
    return "sha256:" + hashlib.sha256(address.encode()).hexdigest()


@dataclass
class Vault:
    """Files by digest: each is complete or absent."""

    clock: Clock
    dice: Random
    api: Api
    digests: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    """Tasks whose videos are here."""

    async def idle(self) -> None:
        """A download may always start."""

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Download a file; one in ten attempts fails, and all fail once the address has expired."""
        del name
        await self.clock.sleep(self.dice.uniform(0.5, 5.0))
        made = self.api.tasks[address.bare.rpartition("/")[2].rpartition(".")[0]]
        if self.dice.random() < 0.1 or self.clock.true > made.ends + LIVES:
            self.api.fired["download"] += 1
            raise Unreachable("it broke off")
        if video:
            self.fetched.add(made.id)
        digest = digest_at(address.bare)
        self.digests.add(digest)
        return Fetched(digest, 5.0, 864, 496)


@dataclass
class AddressStore:
    """Signed addresses, in memory."""

    rows: dict[str, TaskAddresses] = field(default_factory=dict)

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Store the addresses of a task."""
        self.rows[task] = addresses

    def alive(self, task: str, now: float, origin: str | None = None) -> TaskAddresses | None:
        """Return the addresses of a task if they stay valid for a while."""
        del origin
        row = self.rows.get(task)
        return row if row is not None and row.expires > now + 600 else None


class Shelf:
    """A store in which every file is the same small image."""

    def __init__(self, picture: Path) -> None:
        self._picture = picture

    def find(self, digest: str) -> Path | None:
        """Return the path of the file."""
        return self._picture if digest else None

    def is_altered(self, path: Path) -> bool:
        """Files are never altered."""
        del path
        return False

"""The world around a run, in memory: the service with its truth, a disk that forgets, a clock, other people's tasks."""

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
"""Of the creates."""
LATE = 90.0
"""Seconds by which a request may arrive after we have given it up."""
LAG = 20.0
"""Seconds for which a list may not show a task."""


OUTCOMES: tuple[Status, ...] = (*("succeeded",) * 17, "failed", "expired", "cancelled")
"""Ends of a task: most succeed."""


@dataclass
class Clock:
    """Wall time, which goes on over crashes; somebody may set it otherwise."""

    now_: float = BEGAN
    loop: asyncio.AbstractEventLoop | None = None
    wrong: float = 0.0

    @property
    def true(self) -> float:
        """What time it is in the world."""
        return self.now_ + (self.loop.time() if self.loop else 0.0)

    def now(self) -> float:
        """What this machine thinks that time it is."""
        return self.true + self.wrong

    async def sleep(self, seconds: float) -> None:
        """Until so many seconds have passed."""
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
    """From when on a list has it."""
    foreign: bool = False
    attempt_id: str = ""
    """The attempt that asked for it."""
    sent: float = 0.0
    """When its request left."""


@dataclass(eq=False)
class Arrival:
    """A request that is under way: when it arrives, what it says, and the task that it has become."""

    at: float
    body: bytes
    attempt_id: str
    sent: float
    task: str = ""


@dataclass
class Api:
    """The service: what it took on is the truth about what would have been paid."""

    clock: Clock
    dice: Random
    tasks: dict[str, Made] = field(default_factory=dict)
    coming: list[Arrival] = field(default_factory=list)
    """Requests that are still under way, and when they arrive."""
    fired: Counter[str] = field(default_factory=Counter)

    @property
    def origin(self) -> str:
        """Somewhere."""
        return "https://ark.example"

    def body(self, order: Order) -> bytes:
        """As the client would send it."""
        return wire.encode_order(order)

    def _arrive(self) -> None:
        """Take on what has arrived by now."""
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
        """Other people's tasks: some with a mark of their own, some with the mark of one of ours."""
        for _ in range(count):
            ours = [made for made in self.tasks.values() if not made.foreign]
            at = self.clock.true - self.dice.uniform(0, 100)
            fields: dict[str, object] = {"duration": 5, "ratio": "1:1", "resolution": "480p", "generate_audio": True}
            expires, model = self.dice.randint(172_801, 238_336), "doubao-seedance-2-0-260128"
            if ours and self.dice.random() < 0.5:  # it collides: it may differ in its time or in its model as well
                twin = self.dice.choice(ours)
                expires, at = twin.expires_after, twin.at + self.dice.choice((-600.0, -1.0, 1.0, 3000.0))
                model = self.dice.choice((model, "doubao-seedance-1-5-pro-251215"))
                self.fired["collision"] += 1
            made = self._task(at, "", expires, model, fields)
            made.foreign = True
            self.tasks[made.id] = made

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Take a request on, or fail in one of the ways in which that may fail."""
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
        """An answer in good order: unless whoever asked is gone before, when the request may have arrived or not."""
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
        """How a task stands: sometimes nobody answers, or too early, or oddly."""
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
            status, word = "unknown", "pondering"  # type: ignore[assignment]  # a word of the service's own
        address = Address(f"https://files.example/{made.id}.mp4") if status == "succeeded" else None
        frame = Address(f"https://files.example/{made.id}.png") if status == "succeeded" else None
        fields = made.asked if status == "succeeded" else {}
        return Task(
            made.id, status, word, address, frame,
            expires=made.ends + LIVES, at=self.clock.true, created_at=float(int(made.at)), updated_at=made.ends,
            expires_after=made.expires_after, model=made.model, tokens=1000 if over else None,
            duration=fields.get("duration"), ratio=fields.get("ratio", ""),  # type: ignore[arg-type]  # as it was asked
            resolution=fields.get("resolution", ""), sound=fields.get("generate_audio"),  # type: ignore[arg-type]
        )  # fmt: skip

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """What is listed: not the youngest, in no order, and more from page to page."""
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
        """It runs already: what was submitted twice is made twice."""
        raise Rejected(f"{task} runs", code="InvalidAction.RunningTaskDeletion", status=409)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Nobody asks."""
        raise NotImplementedError


class Journal:
    """Events in memory: of those that money hangs on none is lost in a crash, of the others perhaps."""

    def __init__(self, clock: Clock, past: list[tuple[float, Recorded]]) -> None:
        self._clock = clock
        self.past = past
        self.history = History(past)
        self.durable = len(past)
        self.gone = False

    def append(self, event: Event) -> None:
        """Write it down; whoever is gone writes nothing."""
        if self.gone:
            return
        row = (self._clock.now(), event)
        self.past.append(row)
        self.history.add(*row)
        if event.kind in DURABLE:
            self.durable = len(self.past)

    def check_ours(self) -> None:
        """There is nobody else; but whoever is gone submits nothing."""
        if self.gone:
            raise asyncio.CancelledError

    def crashed(self, dice: Random) -> list[tuple[float, Recorded]]:
        """What is left of it."""
        self.gone = True
        return self.past[: dice.randint(self.durable, len(self.past))]


def digest_at(address: str) -> str:
    """The digest of the file at an address."""
    return "sha256:" + hashlib.sha256(address.encode()).hexdigest()


@dataclass
class Vault:
    """Files by digest; what was fetched is whole, or wasn't fetched."""

    clock: Clock
    dice: Random
    api: Api
    digests: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    """Tasks whose videos are here."""

    async def idle(self) -> None:
        """There is always a hand free."""

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Fetch a file, one time in ten in vain, and never when its address has died."""
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
        """Remember a task's addresses."""
        self.rows[task] = addresses

    def alive(self, task: str, now: float, origin: str | None = None) -> TaskAddresses | None:
        """A task's addresses, if they will live a while."""
        del origin
        row = self.rows.get(task)
        return row if row is not None and row.expires > now + 600 else None


class Shelf:
    """A store in which every file is the same small picture."""

    def __init__(self, picture: Path) -> None:
        self._picture = picture

    def find(self, digest: str) -> Path | None:
        """Where it lies."""
        return self._picture if digest else None

    def is_altered(self, path: Path) -> bool:
        """Nobody touches it."""
        del path
        return False

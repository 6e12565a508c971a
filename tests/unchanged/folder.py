"""A folder with two storyboards, in memory: its locks, its record, and a service that is used through the real
executor."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Literal

from storyboard.errors import NotFound, RateLimited, Rejected, UnknownOutcome
from storyboard.executor.context import RunContext
from storyboard.executor.fetch import Fetched
from storyboard.executor.reconcile import trust_of_events
from storyboard.executor.run import Outcome, Run, nothing_to_do
from storyboard.language.graph import Graph
from storyboard.planning.event import FileRenamed, Recorded, RunClosed, RunOpened
from storyboard.planning.fingerprint import Key, key_of
from storyboard.planning.history import past_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.lock_update import with_past
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.planner import plan
from storyboard.project import find_orphan_lock
from storyboard.protocols import Address, PollPolicy, Sink
from storyboard.providers.ark import wire
from storyboard.providers.catalogue import capabilities
from storyboard.providers.provider import EVERYTHING, Order, Page, Status, Task, TaskQuery
from storyboard.providers.rate_limit import RATES, Rate, RateLimitedProvider
from tests.builders import graph_of
from tests.simulation.loop import Loop
from tests.simulation.run import Dice, shelf
from tests.simulation.world import AddressStore, Clock, Journal

ROWS = capabilities()
Bytes = Literal["all alike", "by prompt", "by task"]
"""Tasks that make equal videos."""
HEAD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
profiles:
  x: {}
  y: {}
  tall: {ratio: 9:16}
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A scene: its name, its prompt, the scene that it is made from and how (`chain`, `extend`), and its seed."""

    id: str
    words: str
    parent: str = ""
    edge: str = "chain"
    seed: int | None = None

    @property
    def line(self) -> str:
        """The scene as a line of the storyboard."""
        fields = [f"prompt: {json.dumps(self.words)}"]
        if self.parent and self.edge == "chain":
            fields.insert(0, f"chain: {self.parent}")
        if self.parent and self.edge == "extend":
            fields.insert(0, f"extend: {{scene: {self.parent}, from: 0}}")
        if self.seed is not None:
            fields.append(f"seed: {self.seed}")
        return f"  {self.id}: {{{', '.join(fields)}}}"


def text_of(shots: Sequence[Shot]) -> str:
    """The storyboard of these scenes."""
    return HEAD + "scenes:\n" + "\n".join(shot.line for shot in shots) + "\n"


@dataclass
class Service:
    """Accepts requests, or fails now and then; half a minute later a task has succeeded or failed."""

    clock: Clock
    dice: Random
    alike: Bytes
    faults: float = 0.2
    tasks: dict[str, tuple[float, dict[str, object], Status]] = field(default_factory=dict)
    origin: str = "https://ark.example"

    def body(self, order: Order) -> bytes:
        """Return the body as the client would send it."""
        return wire.encode_order(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Accept a request."""
        del attempt_id
        await self.clock.sleep(0.1)
        fault = self.dice.random() / self.faults if self.faults else 1.0
        if fault < 0.25:
            raise RateLimited("slowly", status=429)
        if fault < 0.5:
            raise Rejected("no", code="InvalidParameter", status=400)
        id = f"cgt-{len(self.tasks):05}"
        status: Status = "failed" if self.dice.random() < self.faults / 2 else "succeeded"
        self.tasks[id] = (self.clock.true, json.loads(body), status)
        if fault < 1.0:
            raise UnknownOutcome("the answer was lost")
        return id

    def _task(self, id: str) -> Task:
        at, asked, status = self.tasks[id]
        over = self.clock.true > at + 30
        word: Status = status if over else "running"
        done = word == "succeeded"
        return Task(
            id,
            word,
            word,
            Address(f"https://files.example/{id}.mp4") if done else None,
            Address(f"https://files.example/{id}.png") if done else None,
            expires=at + 80_000,
            created_at=at,
            expires_after=asked["execution_expires_after"],  # type: ignore[arg-type]  # a whole number
            model=str(asked["model"]),
            tokens=1000 if done else None,
            at=self.clock.true,
        )

    async def get_task(self, task: str) -> Task:
        """Return the status of a task."""
        await self.clock.sleep(0.05)
        if task not in self.tasks:
            raise NotFound("no such task", code="NotFound.Task", status=404)
        return self._task(task)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the tasks, the newest first."""
        await self.clock.sleep(0.05)
        ids = [id for id in reversed(self.tasks) if not query.tasks or id in query.tasks]
        rows = tuple(self._task(id) for id in ids[(query.page - 1) * query.size : query.page * query.size])
        return Page(rows, len(ids), self.clock.true)

    async def cancel(self, task: str) -> None:
        """Not used."""
        raise NotImplementedError

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Not used."""
        raise NotImplementedError

    def digest(self, address: Address) -> str:
        """Return the digest of the file at an address."""
        name = address.bare.rpartition("/")[2]
        id, _, ending = name.rpartition(".")
        asked = self.tasks[id][1]
        words = {"all alike": "", "by prompt": str(asked["content"][0]), "by task": id}[self.alike]  # type: ignore[index]
        return "sha256:" + hashlib.sha256(f"{words}.{ending}".encode()).hexdigest()


@dataclass
class Folder:
    """The content of the folder, and the requests to the service."""

    seed: int
    alike: Bytes = "by task"
    faults: float = 0.2
    boards: dict[str, list[Shot]] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)
    past: list[tuple[float, Recorded]] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    wanted: Counter[Key] = field(default_factory=Counter)
    """The largest number of scenes of one storyboard and profile that had a key at the same time."""

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - it has to be reproducible
        self.clock = Clock()
        self.service = Service(self.clock, self.dice, self.alike, self.faults)
        self.lives = AddressStore()

    async def idle(self) -> None:
        """A download may always start."""

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Download a file."""
        del name, video
        await self.clock.sleep(0.1)
        digest = self.service.digest(address)
        self.digests.add(digest)
        return Fetched(digest, 4.04, 864, 496)

    def _locks(self) -> dict[str, Lockfile]:
        return {stem: from_text(text, f"{stem}.lock") for stem, text in self.locks.items()}

    def planned(
        self, stem: str, profile: str, wanted: frozenset[str] | None = None
    ) -> tuple[Graph, PlanInputs, Plan, str]:
        """Return what a run would do, and the lock that it would take over."""
        graph = graph_of(text_of(self.boards[stem]), *profile.split(",") if profile else ())
        locks, boards = self._locks(), frozenset(self.boards)
        taken = find_orphan_lock(stem, locks, {}, boards)
        events = [*self.past, *([(0.0, FileRenamed(storyboard=stem, was=taken))] if taken else [])]
        past = past_of(events)
        others = {name: lock for name, lock in locks.items() if name not in (stem, taken)}
        lock = with_past(locks.get(taken or stem, Lockfile()), past, stem)
        world = PlanInputs(
            ROWS, {}, lock, past, frozenset(self.digests), storyboard=stem, others=others, boards=boards, provider="ark"
        )
        return graph, world, plan(graph, world, wanted), taken

    def run(self, stem: str, profile: str = "", wanted: frozenset[str] | None = None) -> Outcome:
        """Run `storyboard run` once."""
        graph, world, planned, taken = self.planned(stem, profile, wanted)
        loop = Loop(self.dice)
        self.clock.loop = loop
        journal = Journal(self.clock, list(self.past))
        trust = trust_of_events(journal.past, self.clock.now()) if journal.past else "complete"
        if taken:
            journal.append(FileRenamed(storyboard=stem, was=taken))
            self.locks[stem] = self.locks.pop(taken)

        def keep(lock: Lockfile) -> None:
            self.locks[stem] = to_text(lock)

        try:
            if not planned.makes and not planned.salvage:
                outcome = nothing_to_do(planned, world, keep)
            else:
                journal.append(RunOpened(storyboard=stem, provider="ark", trust=trust))
                outcome = loop.run_until_complete(self._walk(graph, world, planned, journal, keep))
                journal.append(RunClosed(storyboard=stem))
            self.past = journal.past
            self._count(stem, profile)
            return outcome
        finally:
            self.clock.now_ = self.clock.true + 60.0
            self.clock.loop = None
            loop.abandon()

    async def _walk(self, graph: Graph, world: PlanInputs, planned: Plan, journal: Journal, keep: object) -> Outcome:
        del graph
        paced = RateLimitedProvider(self.service, self.clock, {**RATES, "create": Rate(1000, 1.0)})
        context = RunContext.build(
            realm="real",
            provider=paced,
            journal=journal,
            store=shelf(),  # type: ignore[arg-type]  # only the path of a file is used here
            addresses=self.lives,
            clock=self.clock,
            dice=Dice(self.dice),
            poll_policy=PollPolicy(5.0, 30.0),
            tell=lambda _: None,
            root=Path(),
            tasks_in_flight=3,
            fetcher=self,
        )
        return await Run(planned, world, context, keep).walk()  # type: ignore[arg-type]  # a function

    def _count(self, stem: str, profile: str) -> None:
        """Record how many scenes have each key now."""
        planned = self.planned(stem, profile)[2]
        counts = Counter(key_of(components) for components in planned.keys.values())
        for key, count in counts.items():
            self.wanted[key] = max(self.wanted[key], count)

    def settle(self, stem: str, profile: str = "", wanted: frozenset[str] | None = None) -> Outcome:
        """Run until nothing has failed or is held."""
        outcome = Outcome()
        for _ in range(30):
            outcome = self.run(stem, profile, wanted)
            if {result.state for result in outcome.results.values()} == {"done"} and not outcome.earlier:
                return outcome
        raise AssertionError({str(unit): (one.state, one.what) for unit, one in outcome.results.items()})

    def bought(self) -> Counter[Key]:
        """The number of videos of each key, from the service's data."""
        attempts = past_of(self.past).attempts.values()
        made = [a for a in attempts if a.task and self.service.tasks[a.task][2] == "succeeded"]
        return Counter(key_of(attempt.components) for attempt in made)

    @property
    def extra(self) -> Mapping[Key, int]:
        """The videos of a key beyond the largest number needed at the same time."""
        return {key: count for key, count in self.bought().items() if count > self.wanted[key]}

    def rename_file(self, old: str, new: str) -> None:
        """Rename a storyboard's file, but not its lock."""
        self.boards[new] = self.boards.pop(old)

    def rename(self, stem: str, old: str, new: str) -> None:
        """Rename a scene wherever it is named."""
        self.boards[stem] = [
            replace(shot, id=new if shot.id == old else shot.id, parent=new if shot.parent == old else shot.parent)
            for shot in self.boards[stem]
        ]

    def edit(self, stem: str, id: str, **changes: object) -> None:
        """Change a scene."""
        self.boards[stem] = [
            replace(shot, **changes) if shot.id == id else shot  # type: ignore[arg-type]  # fields of a shot
            for shot in self.boards[stem]
        ]

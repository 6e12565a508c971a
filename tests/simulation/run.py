"""Runs of the true executor in a simulated world, over crashes, until nothing more can be done; and the judgement.

`python -m tests.simulation.run --seeds 20000` simulates a million scenes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import multiprocessing
import struct
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from storyboard.executor.crew import Crew
from storyboard.executor.local import Local
from storyboard.executor.reconcile import memory_of
from storyboard.executor.run import Outcome, Run
from storyboard.executor.scan import Scanner
from storyboard.executor.slots import Slots
from storyboard.executor.stop import Stop
from storyboard.executor.watch import Watcher
from storyboard.language.graph import Graph
from storyboard.planning.event import Memory, Recorded, RunClosed, RunOpened
from storyboard.planning.lock import Lock
from storyboard.planning.plan import World, plan
from storyboard.project import with_past
from storyboard.promises import Pace
from storyboard.providers.catalogue import capabilities
from storyboard.providers.pacing import RATES, Paced, Rate
from tests.reading import graph_of
from tests.simulation.loop import Crash, Loop
from tests.simulation.world import Api, Clock, Journal, Lives, Shelf, Vault

T = TypeVar("T")
STEM = "film"
"""What the storyboard is called."""
SCENES = 50
ROWS = capabilities()
TROUBLED, RUNS = 3, 9
"""Runs of a project in which the process may end at any moment; and all of them, until everything is settled."""
TERMINAL = ("done", "failed", "held", "blocked")


def _pixel() -> bytes:
    """A small true PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")
    )


@cache
def film() -> tuple[Graph, dict[str, str]]:
    """Fifty scenes, two of three chained to the one before; and each prompt's scene."""
    lines = ["storyboard: 1", "defaults: {ratio: 16:9, resolution: 480p, duration: 5}", "scenes:"]
    for number in range(SCENES):
        chain = f"chain: s{number - 1}, " if number % 3 else ""
        lines.append(f"  s{number}: {{{chain}prompt: scene number {number}}}")
    return graph_of("\n".join(lines) + "\n"), {f"scene number {number}": f"s{number}" for number in range(SCENES)}


@cache
def shelf() -> Shelf:
    """A store with a picture in it."""
    path = Path(tempfile.gettempdir()) / f"storyboard-pixel-{hashlib.sha256(_pixel()).hexdigest()[:12]}.png"
    if not path.exists():
        path.write_bytes(_pixel())
    return Shelf(path)


class Dice:
    """The crew's chance, from the seed."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def token(self) -> str:
        """32 hexadecimal digits."""
        return f"{self._dice.getrandbits(128):032x}"

    def fraction(self) -> float:
        """From 0 to 1."""
        return self._dice.random()


YEAR = 400 * 86_400.0
"""Seconds by which somebody sets the clock wrong between two runs."""


@dataclass
class Tally:
    """What some seeds came to."""

    seeds: int = 0
    scenes: int = 0
    runs: int = 0
    crashes: int = 0
    tasks: int = 0
    stored: int = 0
    held: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another's with these."""
        for name in ("seeds", "scenes", "runs", "crashes", "tasks", "stored", "held"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fired.update(other.fired)
        self.wrong.extend(other.wrong)


@dataclass
class Project:
    """One project of a seed: what lies on its disk, and the world around it."""

    seed: int
    grace: float = 180.0
    lock: Lock = field(default_factory=Lock)
    past: list[tuple[float, Recorded]] = field(default_factory=list)
    tally: Tally = field(default_factory=lambda: Tally(seeds=1, scenes=SCENES))
    standing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - it has to repeat itself
        self.clock = Clock()
        self.graph, prompts = film()
        self.api = Api(self.clock, self.dice, known_scenes=prompts)
        self.vault = Vault(self.clock, self.dice, self.api)
        self.lives = Lives()

    def keep_lock(self, lock: Lock) -> None:
        """The lock as it is on the disk."""
        self.lock = lock

    def live(self) -> None:
        """Run until everything is settled: some runs crash, some are interrupted, once or twice."""
        for number in range(RUNS):
            last = number >= TROUBLED
            crash = None if last or self.dice.random() < 0.2 else self.dice.randint(3, 1500)
            if not self._run(crash, interrupted=not last and self.dice.random() < 0.2):
                continue
            if set(self.standing.values()) <= {"done", "failed", "held", "blocked"} and last:
                return

    def _world(self) -> World:
        past = Journal(self.clock, list(self.past)).history.past
        stored = frozenset(self.vault.digests)
        lock = with_past(self.lock, past, STEM)
        return World(ROWS, {}, lock, past, stored, storyboard=STEM, boards=frozenset({STEM}), provider="ark")

    def _run(self, crash: int | None, *, interrupted: bool) -> bool:
        """One run; did it come to its end?"""
        loop = Loop(self.dice, crash)
        self.clock.loop, before = loop, self.clock.wrong
        self.clock.wrong = self.dice.choice((0.0, 0.0, 0.0, YEAR, -YEAR))
        self.api.fired["clock set"] += self.clock.wrong != before
        journal = Journal(self.clock, list(self.past))
        memory: Memory = memory_of(journal.past, self.clock.now())
        journal.append(RunOpened(storyboard=STEM, provider="ark", memory=memory))
        self.tally.runs += 1
        try:
            outcome = loop.run_until_complete(self._walk(journal, memory, interrupted=interrupted))
        except (Crash, asyncio.CancelledError) as leaving:
            if isinstance(leaving, Crash):
                self.tally.crashes += 1
                self.past = journal.crashed(self.dice)
            else:
                journal.append(RunClosed(storyboard=STEM))
                self.past = journal.past
            journal.gone = True
            return False
        else:
            journal.append(RunClosed(storyboard=STEM))
            self.past = journal.past
            self.standing = {unit.scene: result.standing for unit, result in outcome.results.items()}
            return True
        finally:
            self.clock.now_ = self.clock.true + self.dice.choice((1.0, 60.0, 3600.0))
            self.clock.loop = None
            loop.abandon()

    async def _walk(self, journal: Journal, memory: Memory, *, interrupted: bool) -> Outcome:
        loop = asyncio.get_running_loop()
        paced = Paced(self.api, self.clock, {**RATES, "create": Rate(1000, 1.0)})
        stop = Stop()
        crew = Crew(
            realm="real",
            provider=paced,
            watcher=Watcher(paced, self.clock),
            scanner=Scanner(paced, self.clock),
            fetcher=self.vault,
            journal=journal,
            store=shelf(),  # type: ignore[arg-type]  # all that is asked of it here is where a file lies
            addresses=self.lives,
            uploads=None,
            clock=self.clock,
            dice=Dice(self.dice),
            pace=Pace(5.0, 30.0, self.grace),
            slots=Slots(10),
            tell=lambda _: None,
            root=Path(),
            stop=stop,
            memory=memory,
            began=self.clock.now(),
        )
        world = self._world()
        run = Run(plan(self.graph, world), world, crew, self.keep_lock)
        if interrupted:
            walking = asyncio.current_task()
            loop.call_later(self.dice.uniform(0, 300), lambda: setattr(stop, "interrupted", 2))
            if self.dice.random() < 0.5 and walking is not None:
                loop.call_later(self.dice.uniform(300, 400), walking.cancel)
        return await run.walk(Local())

    def judge(self) -> Tally:
        """Hold what happened against what should have: the truth is the service's."""
        tally = self.tally
        history = Journal(self.clock, list(self.past)).history
        attempts = history.past.attempts.values()
        ours = [made for made in self.api.tasks.values() if not made.foreign]
        tally.tasks, tally.fired = len(ours), self.api.fired
        tally.stored = sum(made.fetched for made in ours)
        tally.held = sum(standing == "held" for standing in self.standing.values())
        in_order = sorted(ours, key=lambda one: (one.scene, one.at))
        for scene, row in itertools.groupby(in_order, lambda one: one.scene):
            for earlier, later in itertools.pairwise(row):
                if earlier.outcome == "succeeded" or later.at < earlier.ends:
                    self._wrong(f"{scene}: {later.id} was submitted while {earlier.id} was good")
        for attempt in attempts:
            made_of = self.api.tasks.get(attempt.task)
            if made_of is not None and made_of.foreign and attempt.state == "stored":
                self._wrong(f"{attempt.scene}: {attempt.task} is a stranger's")
            if made_of is not None and not made_of.foreign and made_of.scene != attempt.scene:
                self._wrong(f"{attempt.scene}: {attempt.task} is {made_of.scene}'s")
        for id in self.graph.order:
            if self.standing.get(id) not in TERMINAL:
                self._wrong(f"{id}: stands as {self.standing.get(id)}")
        known = {attempt.task for attempt in attempts if attempt.task}
        doubtful = {a.scene for a in attempts if a.state == "in doubt"} | {
            id for id, standing in self.standing.items() if standing in ("held", "blocked")
        }
        for made in ours:
            if made.id not in known and made.scene not in doubtful:
                self._wrong(f"{made.scene}: {made.id} was forgotten")
            if made.id in known and made.outcome == "succeeded" and not made.fetched:
                self._wrong(f"{made.scene}: {made.id} was never fetched")
        return tally

    def _wrong(self, what: str) -> None:
        self.tally.wrong.append(f"seed {self.seed}: {what}")

    @property
    def log(self) -> str:
        """A digest of all that is written down."""
        return hashlib.sha256(repr(self.past).encode()).hexdigest()


Change = Callable[[Project], None]
"""Something that is made otherwise before a project begins to live."""


def simulated(seed: int, change: Change | None = None) -> Project:
    """A seed's project, lived to its end."""
    project = Project(seed)
    if change is not None:
        change(project)
    project.live()
    return project


def _quietly() -> None:
    """A crashed run's coroutines are swept away in the middle of what they did: nobody wants to hear of that."""
    sys.unraisablehook = lambda _: None
    warnings.simplefilter("ignore", RuntimeWarning)


def tally_of(seeds: range, change: Change | None = None) -> Tally:
    """What these seeds come to."""
    found = Tally()
    for seed in seeds:
        found.add(simulated(seed, change).judge())
    return found


def log_of(seed: int) -> str:
    """A digest of all that is written down in a seed's project."""
    return simulated(seed).log


def apart(work: Callable[..., T], *given: Any) -> T:
    """Do something in a process of its own."""
    with multiprocessing.get_context("fork").Pool(1, _quietly) as pool:
        return pool.apply(work, given)


def tallied(first: int, count: int, processes: int) -> Tally:
    """What so many seeds come to, on so many processes."""
    chunks = [range(begin, min(begin + 25, first + count)) for begin in range(first, first + count, 25)]
    found = Tally()
    with multiprocessing.get_context("fork").Pool(processes, _quietly) as pool:
        for part in pool.imap_unordered(tally_of, chunks):
            found.add(part)
    return found


def report(found: Tally, seconds: float) -> str:
    """The figures, as lines."""
    rows = [
        f"scenes              {found.scenes} of {found.seeds} seeds, in {seconds:.0f} s",
        f"runs, crashes       {found.runs}, {found.crashes}",
        f"tasks, stored, held {found.tasks}, {found.stored}, {found.held}",
        "faults              " + ", ".join(f"{name} {count}" for name, count in sorted(found.fired.items())),
        f"wrong               {len(found.wrong)}",
    ]
    return "\n".join([*rows, *found.wrong[:20]])


def main() -> int:
    """Read the command line, simulate, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    began = time.perf_counter()
    found = tallied(asked.first, asked.seeds, asked.processes)
    sys.stdout.write(report(found, time.perf_counter() - began) + "\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

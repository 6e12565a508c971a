"""Runs of the real executor in a simulated world, with crashes, until nothing is left to do; then the judgement.

Between two runs a scene, two scenes, the file or the profile may be renamed. One project in five has a second copy,
whose runs partly overlap. `python -m tests.simulation.run --seeds 20000` simulates a million scenes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import multiprocessing
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.simulation.boards import SCENES
from tests.simulation.copies import Copy, Dice, shelf
from tests.simulation.judgement import Judgement
from tests.simulation.loop import Crash, Loop
from tests.simulation.world import Api, Clock

__all__ = ["SCENES", "SECOND", "Dice", "Project", "Tally", "apart", "log_of", "shelf", "tallied", "tally_of"]

T = TypeVar("T")
TROUBLED, RUNS = 3, 9
"""Runs of a project in which the process may end at any moment, and all runs until everything is settled."""
SECOND = 5
"""One of this many seeds has a second copy of its project."""
RENAMED = 0.3
"""How often something is renamed between two runs."""
YEAR = 400 * 86_400.0
"""Seconds by which the clock is set wrong between two runs."""


@dataclass
class Tally:
    """The totals of some seeds."""

    seeds: int = 0
    scenes: int = 0
    runs: int = 0
    crashes: int = 0
    tasks: int = 0
    stored: int = 0
    held: int = 0
    copies: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    renames: Counter[str] = field(default_factory=Counter)
    doubles: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add the totals of another tally."""
        for name in ("seeds", "scenes", "runs", "crashes", "tasks", "stored", "held", "copies"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("fired", "renames", "doubles"):
            getattr(self, name).update(getattr(other, name))
        self.wrong.extend(other.wrong)


@dataclass
class Project:
    """The project of a seed: its copies, and the world around them."""

    seed: int
    grace: float = 180.0
    tally: Tally = field(default_factory=lambda: Tally(seeds=1, scenes=SCENES))

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - it has to be reproducible
        self.clock = Clock()
        self.ask(Api(self.clock, self.dice))

    def ask(self, api: Api) -> None:
        """Make all copies use this service."""
        self.api = api
        count = 2 if self.seed % SECOND == SECOND - 1 else 1
        self.copies = [Copy(self.clock, self.dice, api, self.grace) for _ in range(count)]

    def live(self) -> None:
        """Run until everything is settled: some runs crash, some are interrupted, once or twice."""
        for number in range(RUNS):
            for copy in self.copies if number else ():
                if self.dice.random() < RENAMED:
                    copy.rename()
            last = number >= TROUBLED
            crash = None if last or self.dice.random() < 0.2 else self.dice.randint(3, 1500)
            interrupted = not last and self.dice.random() < 0.2
            ended = self._run(self._whose(last=last), crash, interrupted=interrupted)
            if ended and last and all(copy.settled for copy in self.copies):
                break
        if len(self.copies) > 1:
            for recovers in (True, False):
                for copy in self.copies:
                    self._run([copy], recovers=recovers)

    def _whose(self, *, last: bool) -> Sequence[Copy]:
        """The copies that run next: at the end all of them."""
        if last or len(self.copies) == 1 or self.dice.random() < 0.5:
            return self.copies
        return [self.dice.choice(self.copies)]

    def _run(
        self, copies: Sequence[Copy], crash: int | None = None, *, interrupted: bool = False, recovers: bool = False
    ) -> bool:
        """Run each of these copies once, at the same time. Return whether all finished."""
        loop = Loop(self.dice, crash and crash * len(copies))
        self.clock.loop, before = loop, self.clock.wrong
        self.clock.wrong = self.dice.choice((0.0, 0.0, 0.0, YEAR, -YEAR))
        self.api.fired["clock set"] += self.clock.wrong != before
        self.tally.runs += len(copies)
        try:
            return loop.run_until_complete(self._together(copies, recovers=recovers, interrupted=interrupted))
        except Crash:
            self.tally.crashes += 1
            for copy in copies:
                copy.crashed()
            return False
        finally:
            self.clock.now_ = self.clock.true + self.dice.choice((1.0, 60.0, 3600.0))
            self.clock.loop = None
            loop.abandon()

    async def _together(self, copies: Sequence[Copy], *, recovers: bool, interrupted: bool) -> bool:
        """The first copy starts now, another one up to two minutes later."""
        waits = [0.0, *(self.dice.choice((0.0, self.dice.uniform(0, 120))) for _ in copies[1:])]
        one = self.dice.choice(copies)
        runs = (
            copy.run(recovers=recovers, interrupted=interrupted and copy is one, after=wait)
            for copy, wait in zip(copies, waits, strict=True)
        )
        return all(await asyncio.gather(*runs))

    def judge(self) -> Tally:
        """Compare what happened with what should have happened. The service's data are the truth."""
        judgement = Judgement(self.api, self.copies)
        tally = self.tally
        tally.tasks, tally.fired, tally.doubles = len(judgement.ours), self.api.fired, judgement.doubles
        tally.copies = len(self.copies) - 1
        tally.stored = sum(any(made.id in copy.vault.fetched for copy in self.copies) for made in judgement.ours)
        for copy in self.copies:
            tally.renames.update(copy.renames)
            tally.held += sum(standing == "held" for standing in copy.standing.values())
        tally.wrong += [f"seed {self.seed}: {what}" for what in judgement.wrong]
        return tally

    @property
    def log(self) -> str:
        """A digest of everything that is recorded."""
        return hashlib.sha256(repr([copy.past for copy in self.copies]).encode()).hexdigest()


Change = Callable[[Project], None]
"""A change to a project before it starts."""


def simulated(seed: int, change: Change | None = None) -> Project:
    """Return the project of a seed after all its runs."""
    project = Project(seed)
    if change is not None:
        change(project)
    project.live()
    return project


def _quietly() -> None:
    """Ignore the warnings about coroutines of a crashed run, which are collected in the middle of their work."""
    sys.unraisablehook = lambda _: None
    warnings.simplefilter("ignore", RuntimeWarning)


def tally_of(seeds: range, change: Change | None = None) -> Tally:
    """Return the totals of these seeds."""
    found = Tally()
    for seed in seeds:
        found.add(simulated(seed, change).judge())
    return found


def log_of(seed: int) -> str:
    """Return a digest of everything recorded in a seed's project."""
    return simulated(seed).log


def apart(work: Callable[..., T], *given: Any) -> T:
    """Call a function in a separate process."""
    with multiprocessing.get_context("fork").Pool(1, _quietly) as pool:
        return pool.apply(work, given)


def tallied(first: int, count: int, processes: int) -> Tally:
    """Return the totals of this many seeds, computed by this many processes."""
    chunks = [range(begin, min(begin + 25, first + count)) for begin in range(first, first + count, 25)]
    found = Tally()
    with multiprocessing.get_context("fork").Pool(processes, _quietly) as pool:
        for part in pool.imap_unordered(tally_of, chunks):
            found.add(part)
    return found


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def report(found: Tally, seconds: float) -> str:
    """Return the figures as lines."""
    rows = [
        f"scenes              {found.scenes} of {found.seeds} seeds, in {seconds:.0f} s",
        f"runs, crashes       {found.runs}, {found.crashes}",
        f"tasks, stored, held {found.tasks}, {found.stored}, {found.held}",
        "faults              " + _listed(found.fired),
        f"renames             {_listed(found.renames)}",
        f"second copies       {found.copies}; doubles between copies: {_listed(found.doubles) or 'none'}",
        f"wrong               {len(found.wrong)}",
    ]
    return "\n".join([*rows, *found.wrong[:20]])


def main() -> int:
    """Read the command line, simulate, print; return 1 if anything was wrong."""
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

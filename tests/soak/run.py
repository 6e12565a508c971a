"""A soak test: long films made by the real executor, journal and store, over sockets that fail three times in ten.

One process makes them one after another. The service is in another process and draws almost nothing, so that the test
measures only the protocol. Its ledger is the truth, and the journal, the store and the bill are compared with it. A
held scene is settled like by a person who reads the service's list: it may be held only if its task isn't there. Memory
and descriptors are compared with those of the first film: everything that a film's record takes has to be released with
it.

`python -m tests.soak.run` makes ten films of a thousand scenes, and prints the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from storyboard.executor.context import RunContext
from storyboard.executor.run import Outcome, Run
from storyboard.language.graph import Graph
from storyboard.net.client import open_net
from storyboard.operations.lockfile import LockfileWriter
from storyboard.planning.budget import Budget, books_of
from storyboard.planning.decisions import decide
from storyboard.planning.event import Accepted, Adopted, Notice, Recorded, RunClosed, Stored
from storyboard.planning.lock_update import with_past
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.planning.take import Take
from storyboard.project import state_on_disk
from storyboard.protocols import Account, Clock, PollPolicy, Secret
from storyboard.providers.catalogue import capabilities
from storyboard.providers.connect import connect
from storyboard.providers.provider import Provider
from storyboard.providers.rate_limit import Rate, RateLimitedProvider, Verb
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.journal import Journal
from storyboard.world.layout import Layout
from storyboard.world.run_lock import sole_runner
from storyboard.world.store import Store
from tests.builders import ROOT, graph_of
from tests.soak.service import film_of

SLOTS = 64
RUNS = 8
"""Runs until everything is settled: a scene held in one run is submitted again in the next."""
GRACE = 6.0
"""Seconds. Nothing is later than one second here, unless the machine stalls."""
RATES: dict[Verb, Rate] = {
    "create": Rate(1000, 1.0),
    "get": Rate(1000, 1.0),
    "list": Rate(20, 1.0),
    "delete": Rate(20, 1.0),
}
"""The service's own value would be an hour."""
MOST_GROWTH = 50.0
"""Megabytes."""
SWAY = 2 * SLOTS
"""Descriptors by which one film may differ from another: each slot may have a connection, and free requests have
some."""


class Hurried(SystemClock):
    """Real time with short sleeps: waits end sooner than in reality."""

    async def sleep(self, seconds: float) -> None:
        """Sleep a tenth of the time."""
        await super().sleep(seconds / 10)


@dataclass
class Gauge:
    """The peak of this process's memory (MB) and descriptors in each film, measured after a number of takes."""

    every: int
    stored: int = 0
    rows: list[tuple[float, int]] = field(default_factory=list)

    def begin(self) -> None:
        """Start another film."""
        self.stored = 0
        self.rows.append((memory(), descriptors()))

    def hear(self, event: Notice) -> None:
        """Count the stored takes."""
        self.stored += isinstance(event, Stored)
        if isinstance(event, Stored) and self.stored % self.every == 0:
            megabytes, count = self.rows[-1]
            self.rows[-1] = max(megabytes, memory()), max(count, descriptors())

    @property
    def growth(self) -> tuple[float, int]:
        """The largest increase of any film over the first one, which fills all caches."""
        first, *rest = self.rows
        rest = rest or [first]
        return max(row[0] for row in rest) - first[0], max(row[1] for row in rest) - first[1]


def memory() -> float:
    """The megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def descriptors() -> int:
    """The descriptors that this process holds."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one look, no paths


@dataclass(frozen=True)
class Hands:
    """Parts that a test may replace, to check that the soak detects errors: the client, the store, the listener.

    Also the time after which a task counts as absent.
    """

    provider: Callable[[Provider], Provider] = lambda provider: provider
    store: Callable[[Path], Store] = Store
    hear: Callable[[Notice], None] = lambda _: None
    grace: float = GRACE


@dataclass
class Soak:
    """The result of a soak."""

    scenes: int = 0
    films: int = 0
    seconds: float = 0.0
    runs: int = 0
    decided: int = 0
    stored: int = 0
    adopted: int = 0
    peaks: tuple[float, ...] = ()
    growth: float = 0.0
    sway: int = 0
    left_open: int = 0
    spent: Decimal = Decimal(0)
    asked: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the figures as lines."""
        hit, asked = sum(self.fired.values()), sum(self.asked.values())
        each = [f"{verb} {count}" for verb, count in sorted(self.asked.items())]
        faults = [f"{name} {count}" for name, count in sorted(self.fired.items())]
        return "\n".join(
            [
                f"scenes, stored       {self.scenes}, {self.stored} ({self.films} films, {self.runs} runs)",
                f"seconds              {self.seconds:.0f}",
                f"found by their mark  {self.adopted}",
                f"held, then decided   {self.decided}",
                f"requests             {asked} ({', '.join(each)})",
                f"faults               {hit}, {hit / asked:.0%} ({', '.join(faults)})",
                f"spent                {self.spent} CNY",
                f"memory               {self.growth:.1f} MB more in some film than in the first",
                f"                     at most {', '.join(f'{peak:.0f}' for peak in self.peaks)} MB, film by film",
                f"descriptors          {self.sway} more in some film than in the first, {self.left_open} left open",
                f"wrong                {len(self.wrong)}",
                *self.wrong[:20],
            ]
        )


def prompt(number: int) -> str:
    """Return a scene's prompt, which is unique."""
    return f"scene number {number}"


def film(scenes: int) -> Graph:
    """Return a film of this many independent shots."""
    lines = ["storyboard: 1", "defaults: {ratio: 16:9, resolution: 480p, duration: 4}", "scenes:"]
    lines += [f"  s{number}: {{prompt: {prompt(number)}}}" for number in range(scenes)]
    return graph_of("\n".join(lines) + "\n")


@contextmanager
def serving(folder: Path, seed: int, soak: Soak) -> Iterator[str]:
    """Start the service in a separate process; at the end it prints its counts."""
    command = [sys.executable, "-m", "tests.soak.service", str(folder / "ledger.jsonl"), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
            said = json.loads(process.communicate("")[0])
            soak.asked.update(said["asked"])
            soak.fired.update(said["fired"])
        finally:
            process.kill()


def soaked(folder: Path, films: int, scenes: int, seed: int, hands: Hands = Hands()) -> Soak:
    """Make this many films of this many scenes, one after another; then check them."""
    soak, gauge, graph = Soak(films=films, scenes=films * scenes), Gauge(max(1, scenes // 100)), film(scenes)
    before, began = descriptors(), time.monotonic()
    for number in range(films):
        gauge.begin()
        place = folder / f"film-{number}"
        place.mkdir()
        _made(place, graph, seed + number, soak, gauge, hands)
        soak.left_open = max(soak.left_open, descriptors() - before)
        shutil.rmtree(place)
    soak.seconds = time.monotonic() - began
    soak.peaks = tuple(megabytes for megabytes, _ in gauge.rows)
    soak.growth, soak.sway = gauge.growth
    if soak.growth >= MOST_GROWTH:
        soak.wrong.append(f"memory grew by {soak.growth:.1f} MB")
    if soak.left_open or soak.sway > SWAY:
        soak.wrong.append(f"descriptors: {soak.sway} more at some time, {soak.left_open} left open")
    return soak


def _made(folder: Path, graph: Graph, seed: int, soak: Soak, gauge: Gauge, hands: Hands) -> None:
    """Make a film, run after run, until all of it is stored, and check it."""
    layout, clock = Layout(folder / "storyboard.yaml", "emulated"), Hurried()
    with serving(folder, seed, soak) as base_url, sole_runner(layout.hidden):
        for _ in range(RUNS):
            asyncio.run(_run(layout, graph, base_url, clock, gauge, hands))
            soak.runs += 1
            if gauge.stored >= len(graph.order):
                break
            soak.wrong += _decided(layout, clock, _rows(folder), soak)
    soak.stored += gauge.stored
    soak.wrong += _misses(layout, _rows(folder), _events(layout), len(graph.order), soak)


async def _run(layout: Layout, graph: Graph, base_url: str, clock: Clock, gauge: Gauge, hands: Hands) -> Outcome:
    lock = LockfileWriter(layout, SystemClock())
    journal = Journal(layout.hidden, clock, writing=True)
    account = Account(base_url, Secret("emulated"), SLOTS, PollPolicy(1.0, 10.0, hands.grace))
    store = hands.store(layout.hidden / "store")
    past = journal.history.past
    found = state_on_disk(layout, clock, journal.past)
    here, boards = with_past(found.lock(layout.stem), past, layout.stem), frozenset({layout.stem})
    world = PlanInputs(
        capabilities(), {}, here, past, store.digests(), storyboard=layout.stem, boards=boards, provider="ark"
    )
    journal.open_run(layout.stem, provider="ark")

    def tell(event: Notice) -> None:
        gauge.hear(event)
        hands.hear(event)

    try:
        async with open_net() as net:
            paced = RateLimitedProvider(hands.provider(connect("ark", account, net)), clock, RATES)
            context = _context(layout, journal, account, paced, clock, store, tell)
            outcome = await Run(plan(graph, world), world, context, lock.keep).walk()
        journal.append(RunClosed(storyboard=layout.stem, exit=outcome.exit_code))
        return outcome
    finally:
        lock.flush()
        journal.close()


def _context(
    layout: Layout,
    journal: Journal,
    account: Account,
    paced: RateLimitedProvider,
    clock: Clock,
    store: Store,
    tell: Callable[[Notice], None],
) -> RunContext:
    return replace(
        RunContext.build(
            realm="emulated",
            provider=paced,
            journal=journal,
            store=store,
            addresses=Addresses(layout.hidden / "addresses.jsonl"),
            clock=clock,
            dice=SystemDice(),
            poll_policy=account.poll_policy,
            tell=tell,
            root=layout.folder,
            tasks_in_flight=SLOTS,
        ),
        budget=Budget(past=[event for _, event in journal.past]),
    )


def _decided(layout: Layout, clock: Clock, rows: Sequence[dict[str, Any]], soak: Soak) -> Iterator[str]:
    """Settle the held scenes: none of them has a task, so they are submitted again. Yield those that were held without
    need."""
    taken_on = {row["client_request_id"]: row for row in rows}
    journal = Journal(layout.hidden, clock, writing=True)
    journal.open_run(layout.stem, provider="ark")
    past = journal.history.past
    for attempt in journal.history.in_doubt:
        if attempt.attempt_id in taken_on:
            task, at = taken_on[attempt.attempt_id]["task_id"], taken_on[attempt.attempt_id]["at"]
            yield f"{attempt.scene}: is held, but {task} was taken on {at - attempt.at:.1f} s after its intent"
        journal.append(decide(attempt, "", past))
        soak.decided += 1
    journal.append(RunClosed(storyboard=layout.stem))
    journal.close()


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_bytes().splitlines()]


def _events(layout: Layout) -> list[Recorded]:
    journal = Journal(layout.hidden, SystemClock(), writing=False)
    journal.close()
    return [event for _, event in journal.past]


def _misses(
    layout: Layout, rows: Sequence[dict[str, Any]], events: Sequence[Recorded], scenes: int, soak: Soak
) -> Iterator[str]:
    """Return where the ledger, which is the truth, differs from the journal, the store or the bill."""
    takes = {event.scene: event.take for event in events if isinstance(event, Stored)}
    if len(takes) != scenes:
        yield f"{len(takes)} of {scenes} scenes are stored"
    soak.adopted += sum(isinstance(event, Adopted) for event in events)
    accepted = {event.task for event in events if isinstance(event, (Accepted, Adopted))}
    yield from _differing("tasks in the ledger and in the journal", {row["task_id"] for row in rows}, accepted)
    files = {f"sha256:{path.stem}" for path in (layout.hidden / "store" / "sha256").glob("??/*.mp4")}
    digests = {take.digest for take in takes.values()}
    yield from _differing("takes in the journal and files in the store", digests, files)
    yield from _strangers(takes, rows, (layout.folder / "film.mp4").read_bytes())
    for text, count in Counter(row["text_sha256"] for row in rows).items():
        if count > 1:
            yield f"{text[:12]}: was paid for {count} times"
    billed = sum((Decimal(str(row["price"])) for row in rows), Decimal(0))
    spent = {money.currency: money.amount for money in books_of(events).spent}
    soak.spent += spent.get("CNY", Decimal(0))
    if spent != {"CNY": billed}:
        yield f"{spent} was written down, {billed} CNY is on the bill"


def _strangers(takes: Mapping[str, Take], rows: Sequence[dict[str, Any]], film: bytes) -> Iterator[str]:
    """Return takes that differ, byte for byte, from what their scene's task made."""
    asked = {row["task_id"]: row["text_sha256"] for row in rows}
    for scene, take in takes.items():
        if take.digest != f"sha256:{hashlib.sha256(film_of(film, take.task)).hexdigest()}":
            yield f"{scene}: its take is not what {take.task} made"
        if asked.get(take.task) != hashlib.sha256(prompt(int(scene[1:])).encode()).hexdigest():
            yield f"{scene}: {take.task} was asked for other words"


def _differing(what: str, one: set[str], other: set[str]) -> Iterator[str]:
    if one != other:
        yield f"{what}: {len(one - other)} and {len(other - one)} are on one side alone"


def main() -> int:
    """Read the command line, soak, print; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=10)
    parser.add_argument("--scenes", type=int, default=1000, help="of each film")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        soak = soaked(Path(name), asked.films, asked.scenes, asked.seed)
    sys.stdout.write(soak.report() + "\n")
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

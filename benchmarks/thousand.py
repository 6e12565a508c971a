"""A thousand tasks at once, on the emulator in a process of its own: what the client pays for them. Prints figures.

Each task is submitted, written down, and watched to its end, as in a run; what the videos weigh is another measure, so
that none is fetched. The service's rates for looking are kept, those for creates aren't (they would take five minutes).
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from storyboard.executor import job as jobs
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.submit import submit
from storyboard.executor.wait import wait_for_end
from storyboard.language.scene import Parameters
from storyboard.net.client import open_net
from storyboard.planning.event import Event, Recorded
from storyboard.planning.history import History
from storyboard.planning.marker import Marker
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.connect import connect
from storyboard.providers.provider import EVERYTHING, Order, Page, Provider, Task, TaskQuery
from storyboard.providers.rate_limit import RATES, Rate, RateLimitedProvider
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.store import Store

TASKS = 1000
SPEED = 2.0
SERVE = """
import sys, time
from pathlib import Path
from storyboard.testing.emulator import emulator
with emulator(Path(sys.argv[1]), speed=float(sys.argv[2])) as emulated:
    print(emulated.base_url, flush=True)
    sys.stdin.read()
    traffic = emulated.service.traffic
    print(*(traffic[verb].most for verb in ("LIST", "GET")), flush=True)
"""
PARAMETERS = Parameters(resolution="480p", ratio="16:9", duration=4, generate_audio=False)


class RecordTrust:
    """A journal that keeps nothing on the disk: what the disk costs is another measure."""

    def __init__(self) -> None:
        self.past: list[tuple[float, Recorded]] = []
        self.history = History()

    def check_ours(self) -> None:
        """There is nobody else."""

    def append(self, event: Event) -> None:
        """Note it."""
        self.past.append((time.time(), event))
        self.history.add(time.time(), event)


@dataclass
class Counted:
    """A provider that notes when it was asked what, and when it first said that a task has ended."""

    provider: Provider
    asked: dict[str, list[float]] = field(default_factory=lambda: {"create": [], "get": [], "list": []})

    def __getattr__(self, name: str) -> object:
        return getattr(self.provider, name)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Note it, and submit."""
        self.asked["create"].append(time.monotonic())
        return await self.provider.submit(body, attempt_id)

    async def get_task(self, task: str) -> Task:
        """Note it, and look."""
        self.asked["get"].append(time.monotonic())
        return await self.provider.get_task(task)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Note it, and list."""
        self.asked["list"].append(time.monotonic())
        return await self.provider.list(query)


async def _made(name: str, context: RunContext, order: jobs.Order) -> float:
    """Submit and watch one task; how long after its end that was known (seconds)."""
    job = Job(name, "", {"prompt": name})
    task = await wait_for_end(job, await submit(job, context, order), context)
    return time.time() - task.updated_at


async def _all(base_url: str, folder: Path) -> None:
    clock = SystemClock()
    async with open_net() as net:
        account = Account(base_url, Secret("emulated"), TASKS, PollPolicy(5.0, 30.0))
        counted = Counted(connect("ark", account, net))
        paced = RateLimitedProvider(counted, clock, {**RATES, "create": Rate(200, 1.0)})  # type: ignore[arg-type]  # the rest is passed on
        store = Store(folder / "store")
        context = RunContext.build(
            realm="emulated",
            provider=paced,
            journal=RecordTrust(),
            store=store,
            addresses=Addresses(folder / "addresses.json"),
            clock=clock,
            dice=SystemDice(),
            poll_policy=account.poll_policy,
            tell=lambda _: None,
            root=folder,
            tasks_in_flight=TASKS,
        )

        async def order(marker: Marker) -> bytes:
            asked = replace(PARAMETERS, execution_expires_after=marker.seconds)
            return counted.provider.body(Order("doubao-seedance-2-0-260128", "A lighthouse.", (), asked))

        began, used = time.monotonic(), time.process_time()
        delays = sorted(await asyncio.gather(*(_made(f"s{n}", context, order) for n in range(TASKS))))
        _tell(delays, counted.asked, time.monotonic() - began, time.process_time() - used)


def _tell(delays: Sequence[float], asked: dict[str, list[float]], seconds: float, cpu: float) -> None:
    requests = sum(map(len, asked.values()))
    print(f"{'tasks ended':34} {len(delays)} of {TASKS}, in {seconds:.0f} s")
    print(f"{'client CPU a task':34} {cpu / TASKS * 1000:.1f} ms")
    each = ", ".join(f"{verb} {len(times) / TASKS:.2f}" for verb, times in asked.items())
    print(f"{'requests a task':34} {requests / TASKS:.2f} ({each})")
    print(f"{'peak memory':34} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    late = delays[int(len(delays) * 0.95)]
    print(f"{'known after its end, mean and 95 %':34} {statistics.mean(delays):.1f} s, {late:.1f} s")


def main() -> None:
    """Serve, run, print (goals: all end, and no rate is above the service's)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-c", SERVE, str(folder / "ledger"), str(SPEED)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None  # noqa: S101 - it was asked for
            try:
                asyncio.run(_all(server.stdout.readline().strip(), folder))
                most = server.communicate("")[0].split()
            finally:
                server.kill()
        for verb, counted, limit in zip(("lists", "looks"), map(int, most), (1, 20), strict=True):
            print(f"{verb + ' a second, at most':34} {counted}, as the emulator counted (the service allows {limit})")
            if counted > limit:
                raise SystemExit(f"more {verb} a second than the service allows")


if __name__ == "__main__":
    main()

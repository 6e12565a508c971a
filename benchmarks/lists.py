"""What a list of many tasks costs the client, on the emulator in a process of its own: pages of 500, and whole lists.

Every task has succeeded and has two signed addresses, so that no task takes more bytes. Beside it, in the same run, the
same bytes asked for and read as JSON alone. CPU is that of this process; the waits between lists are not kept, since
the service's rate (one list a second) is no cost of ours. Prints figures.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from storyboard.emulator.tasks import Line
from storyboard.net.client import LARGEST_REPLY, Net, open_net
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.ark.client import Ark
from storyboard.providers.ark.wire import TASKS, query_of
from storyboard.providers.provider import TaskQuery

PAGE, TIMES = 500, 5
LISTS = (1_000, 10_000)
GOAL = 6.0
"""Times that a page may cost what asking for it and reading its JSON alone cost."""
SERVE = """
import sys
from pathlib import Path
from storyboard.testing.emulator import emulator
with emulator(Path(sys.argv[1])) as emulated:
    print(emulated.base_url, flush=True)
    sys.stdin.read()
"""
MODEL = "doubao-seedance-2-0-260128"
BODY = {
    "model": MODEL,
    "content": [{"type": "text", "text": "A lighthouse."}],
    "safety_identifier": "0123456789abcdef0123456789abcdef",
    "return_last_frame": True,
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost: CPU of this process and time on the clock, both in ms."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:6.0f} ms of CPU, {self.wall:6.0f} ms in all"


def _written(ledger: Path, count: int) -> None:
    """A ledger of so many tasks, all of them ended an hour ago."""
    began = time.time() - 3600
    with ledger.open("w", encoding="utf-8") as file:
        for number in range(count):
            id, at = f"cgt-20261001120000-{number:05x}", began + number / 100
            line = Line(id, at, MODEL, "", "", "", BODY, {}, (1280, 720), tokens=108_900)
            file.write(json.dumps(asdict(line)) + "\n")


async def _least(work: Callable[[], Awaitable[object]], times: int = TIMES) -> Cost:
    """The cheapest of some times."""
    costs = []
    for _ in range(times):
        gc.collect()
        cpu, wall = time.process_time(), time.monotonic()
        await work()
        costs.append(Cost((time.process_time() - cpu) * 1000, (time.monotonic() - wall) * 1000))
    return min(costs, key=lambda cost: cost.cpu)


async def _asked(net: Net, base_url: str, number: int) -> bytes:
    """A page's bytes, as they come."""
    headers = {"Authorization": "Bearer emulated-key"}
    return (await net.ask("GET", base_url + TASKS, headers, query_of(TaskQuery(page=number, size=PAGE)))).body


async def _page(net: Net, base_url: str) -> None:
    """One page of 500, as the client reads it and plainly; its bytes."""
    ark = Ark(Account(base_url, Secret("emulated-key"), 1, PollPolicy(1.0, 1.0)), net)
    size = len(await _asked(net, base_url, 1))

    async def plainly() -> object:
        return json.loads(await _asked(net, base_url, 1))

    plain, whole = await _least(plainly), await _least(lambda: ark.list(TaskQuery(page=1, size=PAGE)))
    share = size / LARGEST_REPLY
    print(f"{'a page of 500':22} {whole}, {size / 1024:6.0f} KB ({share:.2f} of the largest reply)")
    print(f"{'asked and read plainly':22} {plain}: the client costs {whole.cpu / plain.cpu:.1f} times as much CPU")
    if whole.cpu > GOAL * plain.cpu:
        raise SystemExit(f"a page costs more than {GOAL:.0f} times what its JSON costs")


async def _list(net: Net, base_url: str, count: int) -> Cost:
    """Every page of a list, to its end."""
    ark = Ark(Account(base_url, Secret("emulated-key"), 1, PollPolicy(1.0, 1.0)), net)

    async def whole() -> None:
        pages = [await ark.list(TaskQuery(page=number, size=PAGE)) for number in range(1, count // PAGE + 1)]
        assert len({task.id for page in pages for task in page.tasks}) == count  # noqa: S101 - all of it was read

    return await _least(whole, 2)


async def _measured(base_url: str, count: int, *, page: bool) -> Cost:
    async with open_net() as net:
        if page:
            await _page(net, base_url)
        cost = await _list(net, base_url, count)
        pages = range(1, count // PAGE + 1)
        size = sum([len(await _asked(net, base_url, number)) for number in pages])
    each = f"{len(pages)} pages, {cost.cpu / count * 1000:.0f} µs of CPU a task"
    print(f"{f'a list of {count:,}':22} {cost}, {size / 1024:6.0f} KB ({each})")
    return cost


def _served(count: int, *, page: bool) -> Cost:
    """What a list of so many tasks costs, and before it, what a page of it does."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        _written(ledger, count)
        command = [sys.executable, "-c", SERVE, str(ledger)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None  # noqa: S101 - it was asked for
            try:
                return asyncio.run(_measured(server.stdout.readline().strip(), count, page=page))
            finally:
                server.kill()


def main() -> None:
    """Serve, list, print (goal: a page costs no more than six times what its JSON costs)."""
    few, many = (_served(count, page=count == LISTS[0]) for count in LISTS)
    print(f"ten times as many tasks cost {many.cpu / few.cpu:.1f} times as much CPU")


if __name__ == "__main__":
    main()

"""A thousand tasks: how they stand is told without drawing them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, ask, listed, look, order

MANY = 1000


def created(base_url: str, count: int) -> list[str]:
    """The ids of so many tasks, created over one connection."""
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    tasks = []
    for number in range(count):
        connection.request("POST", parts.path + TASKS, json.dumps(order(str(number))), {"Authorization": "Bearer a"})
        tasks.append(str(json.loads(connection.getresponse().read())["id"]))
    connection.close()
    return tasks


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, VirtualClock, list[str], list[str]]]:
    """A service with a thousand tasks, of which ten may run; their ids, and the videos drawn when all were done."""
    clock, folder = VirtualClock(), tmp_path_factory.mktemp("service")
    with emulator(folder / "ledger", clock=clock, conditions=EmulatorConfig(speed=1, running=10)) as emulated:
        tasks = created(emulated.base_url, MANY)
        clock.advance(8 + 72)
        drawn = [path.name for path in (folder / "ledger.media").glob("*.mp4")]
        yield emulated, clock, tasks, drawn


def test_every_one_of_them_is_known(crowd: tuple[Emulator, VirtualClock, list[str], list[str]]) -> None:
    """Ten are done, ten run, the others wait their turn; each has its own id."""
    emulated, _, tasks, _ = crowd
    pages = [listed(emulated.base_url, f"page_size=500&page_num={number}") for number in (1, 2)]
    items: list[Mapping[str, Any]] = [item for page in pages for item in page["items"]]
    statuses = [item["status"] for item in reversed(items)]
    assert (len(set(tasks)), [item["id"] for item in reversed(items)]) == (MANY, tasks)
    assert statuses == ["succeeded"] * 10 + ["running"] * 10 + ["queued"] * (MANY - 20)


def test_none_of_them_is_drawn_before_it_is_fetched(
    crowd: tuple[Emulator, VirtualClock, list[str], list[str]],
) -> None:
    """Then it is, and none else."""
    emulated, _, tasks, drawn = crowd
    video = ask("GET", look(emulated.base_url, tasks[9])["content"]["video_url"])
    assert (drawn, video.status, video.body[4:8]) == ([], 200, b"ftyp")

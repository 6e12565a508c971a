"""Callbacks: each change of a task, POSTed to the address that its create named."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.callbacks import LIE, Manner, Told
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, ask, create, listed, look, order
from tests.servers import Recorder, answering, closed_port, http, silent

QUICK = EmulatorConfig(speed=1000.0)


class Still:
    """A clock that stands: whoever sleeps by it is never woken."""

    def now(self) -> float:
        """Always the same."""
        return 1_780_000_000.0

    async def sleep(self, seconds: float) -> None:
        """For ever."""
        del seconds
        await asyncio.Event().wait()


class Pushed(VirtualClock):
    """Time that goes on only when the test says so; whoever sleeps looks again and again whether it has."""

    async def sleep(self, seconds: float) -> None:
        """A moment, whatever was asked for."""
        del seconds
        await asyncio.sleep(0.01)


def until(true: Callable[[], object]) -> None:
    """Wait for something that happens by itself, soon."""
    patience = time.monotonic() + 20
    while not true():
        assert time.monotonic() < patience, "it never happened"
        time.sleep(0.005)


def ended(emulated: Emulator) -> bool:
    """Was an end told?"""
    return any(told.status in ("succeeded", "failed", "expired") for told in emulated.service.told)


def bodies(server: Recorder) -> list[Any]:
    """What the server was sent, as JSON."""
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests]


def test_each_change_is_told_once(tmp_path: Path) -> None:
    """With the body of a get, and without a key."""
    with answering(http(b"")) as server, emulator(tmp_path / "ledger", conditions=QUICK) as emulated:
        task = create(emulated.base_url, order(callback_url=f"{server.origin}/hook"))
        until(lambda: ended(emulated))
        told, body = bodies(server), look(emulated.base_url, task)
        assert ([one["status"] for one in told], told[-1]) == (["queued", "running", "succeeded"], body)
        assert not any(b"authorization" in request.lower() for request in server.requests)


@pytest.mark.parametrize(("reply", "answer"), [(http(b"", status="500 No"), 500), (b"", 0)])
def test_an_end_is_told_three_times_at_the_most(tmp_path: Path, reply: bytes, answer: int) -> None:
    """What came before it once, whatever is answered."""
    with answering(reply) as server, emulator(tmp_path / "ledger", conditions=QUICK) as emulated:
        task = create(emulated.base_url, order("[[refuse output]]", callback_url=f"{server.origin}/hook?a=secret"))
        until(lambda: ended(emulated))
        told = [Told(task, status, f"{server.origin}/hook", (answer,)) for status in ("queued", "running")]
        assert emulated.service.told == [*told, Told(task, "failed", f"{server.origin}/hook", (answer,) * 3)]
        assert [one["status"] for one in bodies(server)] == ["queued", "running", *["failed"] * 3]


def test_who_answers_too_late_is_told_again(tmp_path: Path) -> None:
    """The vendor waits five seconds; here it is less."""
    hasty = EmulatorConfig(speed=1000.0, callback_seconds=0.05)
    with silent() as (origin, _), emulator(tmp_path / "ledger", conditions=hasty) as emulated:
        create(emulated.base_url, order(callback_url=origin))
        until(lambda: ended(emulated))
        assert [told.answers for told in emulated.service.told] == [(0,), (0,), (0, 0, 0)]


@pytest.mark.parametrize(
    ("manner", "heard"),
    [
        ("twice", ["queued", "queued", "running", "running", "succeeded", "succeeded"]),
        ("reversed", ["succeeded", "running", "queued"]),
        ("forged", ["succeeded", "queued", "succeeded", "running", "succeeded", "succeeded"]),
    ],
)
def test_callbacks_misbehave_on_order(tmp_path: Path, manner: Manner, heard: list[str]) -> None:
    """Each twice, the last first, or with a lie before each, of a video where nobody should go."""
    conditions = EmulatorConfig(speed=1000.0, calls=manner)
    with answering(http(b"")) as server, emulator(tmp_path / "ledger", conditions=conditions) as emulated:
        task = create(emulated.base_url, order(callback_url=server.origin))
        until(lambda: len(bodies(server)) == len(heard))
        told = bodies(server)
        assert ([one["status"] for one in told], {one["id"] for one in told}) == (heard, {task})
        lies = [one for one in told if LIE in str(one.get("content"))]
        assert len(lies) == (3 if manner == "forged" else 0)


def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    """The task lives on, and its create is answered."""
    with emulator(tmp_path / "ledger", conditions=QUICK) as emulated:
        create(emulated.base_url, order(callback_url=f"http://127.0.0.1:{closed_port()}/"))
        until(lambda: ended(emulated))
        assert [told.answers for told in emulated.service.told] == [(0,), (0,), (0, 0, 0)]


@pytest.mark.parametrize("url", ["https://hooks.invalid/a?key=secret", "http://10.255.255.1/a"])
def test_other_machines_are_noted_and_not_called(tmp_path: Path, url: str) -> None:
    """Nothing of a test leaves this machine."""
    with emulator(tmp_path / "ledger", conditions=QUICK) as emulated:
        task = create(emulated.base_url, order(callback_url=url))
        assert emulated.service.told == [Told(task, "queued", url.partition("?")[0], ())]


def test_a_cancel_is_not_told(tmp_path: Path) -> None:
    """Of all changes that one alone: whoever else was to be told anything has been, when another's end is."""
    clock = Pushed()
    with answering(http(b"")) as server, emulator(tmp_path / "ledger", clock=clock, conditions=QUICK) as emulated:
        tasks = [create(emulated.base_url, order(callback_url=server.origin)) for _ in range(2)]
        assert ask("DELETE", f"{emulated.base_url}{TASKS}/{tasks[0]}").status == 200
        clock.advance(1)
        until(lambda: ended(emulated))
        assert [one["status"] for one in bodies(server) if one["id"] == tasks[0]] == ["queued"]


def test_a_service_that_was_started_anew_tells_what_is_still_to_come(tmp_path: Path) -> None:
    """What was told before isn't told again."""
    clock = Still()
    with answering(http(b"")) as server:
        with emulator(tmp_path / "ledger", clock=clock, conditions=QUICK) as emulated:
            create(emulated.base_url, order(callback_url=server.origin))
            until(lambda: emulated.service.told)
        with emulator(tmp_path / "ledger", clock=VirtualClock(clock.now()), conditions=QUICK) as emulated:
            listed(emulated.base_url)
            until(lambda: ended(emulated))
        assert [one["status"] for one in bodies(server)] == ["queued", "running", "succeeded"]

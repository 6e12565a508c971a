"""Ctrl-C, SIGTERM and a closed terminal, once and twice, at any moment: nothing is paid for twice afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from storyboard.errors import Interrupted
from storyboard.operations.signals import interruptible
from storyboard.testing.emulator import Emulator, emulator
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from tests.executor.fake_provider import bench

ROOT = Path(__file__).parents[2]
STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  one: {prompt: the first}
  two: {chain: one, prompt: the second}
"""


def started(folder: Path, emulated: Emulator) -> subprocess.Popen[str]:
    """Start the command against an emulator."""
    (folder / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    environment = {**os.environ, **emulated.environment, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-P", "-m", "storyboard", "run"]
    return subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def until(running: subprocess.Popen[str], words: str) -> None:
    """Read its output up to these words."""
    assert running.stdout is not None
    for line in running.stdout:
        if words in line:
            return
    raise AssertionError(f"it never said {words}")


def kinds(folder: Path) -> Counter[str]:
    """The kinds of events that were recorded."""
    journal = Journal(next(folder.rglob("state.db")).parent, SystemClock(), writing=False)
    journal.close()
    return Counter(event.kind for _, event in journal.past)


def doubles(emulated: Emulator) -> int:
    """How many requests were accepted twice."""
    return sum(count - 1 for count in Counter(row["text_sha256"] for row in emulated.ledger).values())


def goes_on(folder: Path, emulated: Emulator) -> tuple[int, int, int]:
    """Run the command again; return the exit code, the number of tasks, and how many were paid for twice."""
    again = started(folder, emulated)
    again.communicate(timeout=60)
    return again.returncode, len(emulated.ledger), doubles(emulated)


@pytest.mark.row(10, 57)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_that_is_under_way_is_waited_for(tmp_path: Path, number: signal.Signals) -> None:
    """After a signal during a create request, the run waits for the answer, downloads the video, and submits nothing
    new."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.3) as emulated:
        running = started(tmp_path, emulated)
        until(running, "one: submitting")
        running.send_signal(number)
        running.communicate(timeout=60)
        said = kinds(tmp_path)
        assert (running.returncode, said["accepted"], said["unknown"], said["stored"]) == (128 + number, 1, 0, 1)
        assert goes_on(tmp_path, emulated) == (0, 2, 0)


@pytest.mark.row(10, 57)
@pytest.mark.parametrize("after", [0.0, 0.1, 0.2])
def test_told_twice_the_run_leaves_at_once_and_knows_its_task_again(tmp_path: Path, after: float) -> None:
    """A request whose answer was not waited for is found by its marker, or the next run proves that it has no task."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.35) as emulated:
        running = started(tmp_path, emulated)
        until(running, "one: submitting")
        running.send_signal(signal.SIGINT)
        time.sleep(after)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        code, tasks, twice = goes_on(tmp_path, emulated)
    assert (running.returncode, twice) == (130, 0)
    assert (code, tasks) in ((0, 2), (4, 0))


@pytest.mark.row(57)
def test_told_twice_as_the_last_scene_ends_the_run_leaves_in_order(tmp_path: Path) -> None:
    """The second signal is handled before files are closed; otherwise it would interrupt the closing."""
    context, closed = bench(tmp_path).context, []

    async def run() -> None:
        try:
            async with interruptible(context):
                context.gate.interrupt(signal.SIGINT)
                walking = asyncio.current_task()
                assert walking is not None
                walking.cancel()
        finally:
            await asyncio.sleep(0)
            closed.append("the way out")

    with pytest.raises(Interrupted) as left:
        asyncio.run(run())
    assert (left.value.exit_code, closed) == (130, ["the way out"])


@pytest.mark.row(57)
def test_a_signal_that_is_heard_after_the_last_scene_breaks_nothing_off(tmp_path: Path) -> None:
    """Two signals arrive while the last scene ends, and are handled while the run is being closed."""
    context, closed = bench(tmp_path).context, []

    async def run() -> None:
        async with interruptible(context):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0)  # the loop sees that there is something to read
            await asyncio.sleep(0)  # it has read, and calls the handlers after us
        for _ in range(3):
            await asyncio.sleep(0)
        closed.append("the way out")

    asyncio.run(run())
    assert closed == ["the way out"]


def ignoring(folder: Path, emulated: Emulator, number: signal.Signals) -> subprocess.Popen[str]:
    """Start the command from a parent that ignores a signal: `nohup`, or a shell that starts a background job."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        return started(folder, emulated)
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_was_to_be_ignored_is_ignored(tmp_path: Path, number: signal.Signals) -> None:
    """With `nohup` the run finishes the whole film after the terminal is closed."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.3) as emulated:
        running = ignoring(tmp_path, emulated, number)
        until(running, "one: submitting")
        running.send_signal(number)
        until(running, "one: stored")
        running.send_signal(number)
        running.communicate(timeout=60)
        assert (running.returncode, kinds(tmp_path)["stored"], doubles(emulated)) == (0, 2, 0)

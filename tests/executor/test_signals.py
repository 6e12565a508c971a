"""Ctrl-C, SIGTERM, a closed terminal, a process that is stopped and continued: at each step of a run."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from storyboard import project
from storyboard.errors import Interrupted
from storyboard.operations.apply import apply
from storyboard.operations.options import RunOptions
from storyboard.operations.prepare import prepare
from storyboard.planning.event import Notice, OfAttempt
from storyboard.testing.emulator import emulator
from storyboard.world.layout import layout_of
from tests.executor.test_interrupt import STORYBOARD, doubles, kinds, started, until

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def signalled(folder: Path, kind: str, *numbers: signal.Signals) -> int:
    """The exit code of a run that gets these signals when this first happens to its first scene."""
    path = folder / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    layout = layout_of(str(path), "emulated")
    loaded = project.load_validated(layout, *project.survey(layout))
    waiting = [numbers]

    def tell(event: Notice) -> None:
        if isinstance(event, OfAttempt) and (event.kind, event.scene) == (kind, "one") and waiting:
            for number in waiting.pop():
                signal.raise_signal(number)

    try:
        outcome = apply(prepare(loaded, RunOptions(speed=4000.0)), tell)
    except Interrupted as left:
        return left.exit_code
    assert not waiting
    return outcome.exit_code


@pytest.mark.row(57)
@pytest.mark.parametrize("number", [INT, TERM, HUP])
@pytest.mark.parametrize("kind", ["intended", "accepted", "ended", "stored"])
def test_told_once_what_is_under_way_is_brought_home(tmp_path: Path, kind: str, number: signal.Signals) -> None:
    """Whichever signal arrives at whichever step: the first scene is stored, the second is not started."""
    assert signalled(tmp_path, kind, number) == 128 + number
    said = kinds(tmp_path)
    assert (said["intended"], said["stored"], said["run_closed"]) == (1, 1, 1)


@pytest.mark.row(57)
@pytest.mark.parametrize("numbers", [(INT, INT), (TERM, TERM), (HUP, HUP), (INT, TERM)])
def test_told_twice_nothing_is_waited_for(tmp_path: Path, numbers: tuple[signal.Signals, ...]) -> None:
    """The next run finds its task; the exit code is that of the last signal."""
    assert signalled(tmp_path, "accepted", *numbers) == 128 + numbers[-1]
    said = kinds(tmp_path)
    assert (said["intended"], said["accepted"], said["stored"]) == (1, 1, 0)


ON_ITS_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[:1] = ["storyboard"]
runpy.run_module("storyboard", run_name="__main__")
"""


@pytest.mark.row(57)
def test_a_terminal_that_is_closed_is_told_like_a_signal(tmp_path: Path) -> None:
    """Tasks in flight are downloaded although the output is closed, and the exit code gives the reason for the end."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.5) as emulated:
        (tmp_path / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
        ours, its = pty.openpty()
        environment = {**os.environ, **emulated.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
        with (tmp_path / "errors").open("wb") as errors:
            running = subprocess.Popen(
                [sys.executable, "-P", "-c", ON_ITS_TERMINAL, "run"],
                cwd=tmp_path,
                env=environment,
                stdin=its,
                stdout=its,
                stderr=errors,
                start_new_session=True,
            )
            os.close(its)
            said = b""
            while b"submitting" not in said:
                said += os.read(ours, 65_536)
            os.close(ours)
            code = running.wait(timeout=60)
    did = kinds(tmp_path)
    told = (tmp_path / "errors").read_text()
    assert (code, did["stored"] == did["intended"] > 0, "Traceback" in told) == (129, True, False)


@pytest.mark.row(59)
def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """While its request was in progress: the answer has waited for it."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.1) as emulated:
        running = started(tmp_path, emulated)
        until(running, "one: submitting")
        running.send_signal(signal.SIGSTOP)
        threading.Event().wait(0.2)
        running.send_signal(signal.SIGCONT)
        running.communicate(timeout=60)
        assert (running.returncode, len(emulated.ledger)) == (0, 2)


@pytest.mark.row(59)
def test_a_run_that_another_has_overtaken_meanwhile_submits_nothing_more(tmp_path: Path) -> None:
    """Its lock was lost while it was stopped, and another run has made the film: it notices with its next event."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.3) as emulated:
        running = started(tmp_path, emulated)
        until(running, "one: submitting")
        while not emulated.ledger:
            threading.Event().wait(0.01)
        running.send_signal(signal.SIGSTOP)
        for lock in tmp_path.rglob("emulated/lock"):
            lock.unlink()
        other = started(tmp_path, emulated)
        other.communicate(timeout=60)
        running.send_signal(signal.SIGCONT)
        said, _ = running.communicate(timeout=60)
        tasks = Counter(row["text_sha256"] for row in emulated.ledger)
        assert (other.returncode, running.returncode, len(tasks), doubles(emulated)) == (0, 5, 2, 0)
    assert "another run has gone on with" in said

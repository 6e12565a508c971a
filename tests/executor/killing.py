"""Run the real program, kill it with SIGKILL at a chosen moment, and start it again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal

SPEED = "160"
STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  one: {prompt: the first}
  two: {chain: one, prompt: the second}
  three: {extend: two, prompt: "Extend {two}: the third"}
  four: {prompt: the fourth}
  five: {references: [{scene: four, at: out, as: start}], prompt: "the fifth, after {start}"}
  six: {prompt: the sixth, after: one}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A project in a folder, with a separate or an embedded emulator."""

    folder: Path
    embedded: bool
    hold: int
    environment: Mapping[str, str]
    ledger: Path

    @property
    def command(self) -> list[str]:
        """The command that is killed and started again."""
        run = [sys.executable, "-m", "storyboard", "run"]
        return [*run, "--emulator", "--speed", SPEED, "--hold-reply", str(self.hold)] if self.embedded else run

    def texts(self) -> list[str]:
        """The digest of the text of each task that would have been paid for."""
        return [row["text_sha256"] for row in self.rows()]

    def rows(self) -> list[dict[str, str]]:
        """The complete lines of the ledger; an incomplete last line was never answered."""
        lines = self.ledger.read_bytes().split(b"\n") if self.ledger.exists() else []
        return [json.loads(line) for line in lines[:-1]]


@contextmanager
def place(folder: Path, *, embedded: bool, hold: int) -> Iterator[Place]:
    """A new project, with a separate emulator unless an embedded one is used."""
    (folder / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARK_")}
    if embedded:
        ledger = folder / ".storyboard" / "emulated" / "service" / "ledger.jsonl"
        yield Place(folder, embedded, hold, environment, ledger)
        return
    ledger = folder / "ledger.jsonl"
    serve = [sys.executable, "-m", "storyboard", "emulator", "--port", "0", "--speed", SPEED]
    serve += ["--hold-reply", str(hold), "--ledger", str(ledger)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as emulator:
        assert emulator.stdout is not None
        environment |= {"ARK_BASE_URL": emulator.stdout.readline().strip(), "ARK_API_KEY": "any"}
        try:
            yield Place(folder, embedded, hold, environment, ledger)
        finally:
            emulator.terminate()


def run(where: Place) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        where.command, cwd=where.folder, env=where.environment, capture_output=True, text=True, check=False, timeout=120
    )


def span(where: Place) -> float:
    """Measure the seconds from the first intent to the last stored take of an undisturbed run."""
    first = last = 0.0
    with started(where) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first = first or (time.monotonic() if "submitting" in line else 0.0)
            last = time.monotonic() if ": stored" in line else last
    assert process.returncode == 0
    return last - first


@contextmanager
def started(where: Place) -> Iterator[subprocess.Popen[str]]:
    """Start the command."""
    with subprocess.Popen(
        where.command,
        cwd=where.folder,
        env=where.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process


def kill(where: Place, after: float) -> bool:
    """Start the command and kill it this many seconds after its first intent. Return whether it was still running."""
    with started(where) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "submitting" in line:
                break
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        return False


def settled(where: Place) -> tuple[int, list[str]]:
    """Run again. After exit code 4, adopt the task of each scene that it names, and run again.

    Return the exit code of the first of these runs, and the held scenes.
    """
    again = run(where)
    held = re.findall(r"^held: ([\w-]+):", again.stderr, re.MULTILINE)
    if again.returncode == 4:
        assert held, again.stderr
        for scene in held:
            decide(where, scene)
        final = run(where)
        assert final.returncode == 0, final.stdout + final.stderr
    else:
        assert again.returncode == 0, again.stdout + again.stderr
    return again.returncode, held


def decide(where: Place, scene: str) -> None:
    """Decide as a person would after looking at the tasks: adopt the one that carries the intent, otherwise submit
    again."""
    folder = next(where.folder.rglob("state.db")).parent
    journal = Journal(folder, SystemClock(), writing=False)
    attempt_ids = [attempt.attempt_id for attempt in journal.history.in_doubt if attempt.scene == scene]
    journal.close()
    tasks = [row["task_id"] for row in where.rows() if row["client_request_id"] in attempt_ids]
    choice = ["--adopt", tasks[0]] if tasks else ["--submit-again"]
    emulator = ["--emulator"] if where.embedded else []
    command = [sys.executable, "-m", "storyboard", "resolve", scene, *choice, *emulator]
    subprocess.run(command, cwd=where.folder, env=where.environment, check=True, capture_output=True)

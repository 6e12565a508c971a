"""A small project, an emulator beside it whose ledger is the truth, and the conditions that must hold at the end."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import storyboard
from storyboard.planning.lock_format import from_text
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from tests.crash.start import Start, cold, warm, warm_up
from tests.crash.tracer import Traced, ended
from tests.signals import heeded

ROOT = Path(__file__).parents[2]
SOURCE = Path(storyboard.__file__).parents[1]
"""The folder of the code that this process has loaded: not `ROOT` if a bug was planted in it."""
SPEED = "5000"
SCENES = ("one", "two", "three")
STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4, generate_audio: false, seed: 7}
scenes:
  one: {prompt: the first}
  two: {chain: one, prompt: the second}
  three: {extend: two, prompt: "Extend {two}: the third"}
"""


class Wrong(Exception):
    """A condition that must always hold does not hold."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project's folder, and the emulator beside it."""

    folder: Path
    environment: Mapping[str, str]
    ledger: Path
    forks: bool = True
    """Whether undisturbed runs are forks of this process."""

    @property
    def command(self) -> list[str]:
        """The command that is killed and started again."""
        return [sys.executable, "-P", "-m", "storyboard", "run"]

    def cold(self) -> Start:
        """Start the command as a separate process."""
        return cold(self.command, self.folder, self.environment)

    def warm(self) -> Start:
        """Start the command as a fork of this process."""
        return warm(["run"], self.folder, self.environment, traced=True)

    @property
    def hidden(self) -> Path:
        """The folder of state and store."""
        return self.folder / ".storyboard" / "emulated"

    def begin(self) -> None:
        """Create a new project, at a service without any tasks."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
        at = urlsplit(self.environment["ARK_BASE_URL"])
        connection = http.client.HTTPConnection(at.hostname or "", at.port)
        connection.request("POST", "/__reset")
        if connection.getresponse().status != 200:
            raise Wrong("the emulator doesn't forget")
        connection.close()

    def rows(self) -> list[dict[str, str]]:
        """The ledger's lines."""
        lines = self.ledger.read_bytes().splitlines() if self.ledger.exists() else []
        return [json.loads(line) for line in lines]

    def run(self, *words: str) -> Traced:
        """Run a command undisturbed to its end; raise Wrong if it ends in a traceback."""
        words = words or ("run",)
        if self.forks:
            done = ended(warm(words, self.folder, self.environment, traced=False), None)
        else:
            done = self.apart([*self.command[:-1], *words])
        no_traceback(done.code, done.stderr)
        return done

    def limited(self, limit: str) -> Traced:
        """Run the command in a process that first sets one of `limits`, as `only_files_of(1000)`."""
        begin = f"from tests.crash.limits import *; {limit}; from storyboard.__main__ import main; main()"
        done = self.apart([*self.command[:2], "-c", begin, "run"])
        no_traceback(done.code, done.stderr)
        no_doubles(self)
        return done

    def apart(self, command: Sequence[str]) -> Traced:
        """Run a command in a separate process, to its end."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Traced(done.returncode, done.stdout, done.stderr)

    def stepping(self, number: int) -> Traced:
        """Run the command, killed before one of Python's own steps; with 0 only count them: the last word of stderr."""
        return self.apart([*self.command[:2], "-m", "tests.crash.stepping", str(number), "run"])

    def events(self) -> list[str]:
        """The kind and scene of each recorded event."""
        journal = Journal(self.hidden, SystemClock(), writing=False)
        journal.close()
        return [f"{event.kind} {getattr(event, 'scene', '')}".strip() for _, event in journal.past]


def no_traceback(code: int, stderr: str) -> None:
    """Raise Wrong if a command failed with a traceback."""
    if "Traceback" in stderr or code not in (0, 3, 4, 5, 130, -9):
        raise Wrong(f"exit {code}: {stderr[-1500:]}")


@dataclass(slots=True)
class Settled:
    """The recovery: the exit code of the first run after, the held scenes, the scenes submitted again."""

    code: int = 0
    held: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)


def settle(where: Place) -> Settled:
    """Run again; if scenes are held, decide as a person would, and run again. Raise Wrong unless it ends with the film,
    with every task in the store, and nothing submitted twice."""
    settled = Settled()
    for turn in range(len(SCENES) + 1):
        done = where.run()
        settled.code = settled.code if turn else done.code
        if done.code == 0:
            break
        held = re.findall(r"^held: ([\w-]+):", done.stderr, re.MULTILINE)
        if done.code != 4 or not held:
            raise Wrong(f"exit {done.code}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        for scene in held:
            settled.held.append(scene)
            if not _decide(where, scene):
                settled.again.append(scene)
    else:
        raise Wrong(f"it comes to no end: {settled}")
    check(where)
    return settled


def _decide(where: Place, scene: str) -> bool:
    """Adopt the task that carries the intent, if there is one; otherwise submit again. Return whether one was
    adopted."""
    journal = Journal(where.hidden, SystemClock(), writing=False)
    journal.close()
    attempt_ids = [attempt.attempt_id for attempt in journal.history.in_doubt if attempt.scene == scene]
    tasks = [row["task_id"] for row in where.rows() if row["client_request_id"] in attempt_ids]
    done = where.run("resolve", scene, *(("--adopt", tasks[0]) if tasks else ("--submit-again",)))
    if done.code:
        raise Wrong(f"resolve: exit {done.code}: {done.stderr}")
    return bool(tasks)


def no_doubles(where: Place) -> None:
    """Raise Wrong if a text was submitted twice. No case here uses `--submit-again` for an accepted task, so there is
    no exception."""
    doubles = [text for text, count in Counter(row["text_sha256"] for row in where.rows()).items() if count > 1]
    if doubles:
        raise Wrong(f"submitted twice: {len(doubles)} texts of {len(where.rows())} tasks")


def check(where: Place) -> None:
    """Raise Wrong unless the film exists, each task's take is complete in the store, and no task is a duplicate."""
    no_doubles(where)
    lock = from_text(next(where.folder.rglob("storyboard.lock")).read_text("utf-8"), "storyboard.lock")
    takes = {scene: lock.block("", scene).take for scene in SCENES}
    tasks = {take.task for take in takes.values() if take is not None}
    if tasks != {row["task_id"] for row in where.rows()} or len(tasks) != len(SCENES):
        raise Wrong(f"the lock knows {sorted(tasks)}, the ledger {where.rows()}")
    for scene, take in takes.items():
        found = list(where.hidden.glob(f"store/sha256/*/{take.digest[7:]}.mp4")) if take else []
        if not take or not found or hashlib.sha256(found[0].read_bytes()).hexdigest() != take.digest[7:]:
            raise Wrong(f"the take of {scene} is not in the store")
    if not list(where.folder.glob("renders/**/film.mp4")):
        raise Wrong("there is no film")


def ends_in_order() -> None:
    """Make SIGTERM end this process and its children normally."""
    heeded()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextmanager
def opened(folder: Path, *, forks: bool = True) -> Iterator[Place]:
    """Open a new place below the folder. Runs use the program that this process has loaded; the emulator is always the
    original."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = folder / "service" / "ledger.jsonl"
    ledger.parent.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARK_", "XDG_", "PYTEST"))}
    environment |= {"PYTHONPATH": f"{SOURCE}:{ROOT}", "HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": ""}
    serve = [sys.executable, "-P", "-m", "storyboard", "emulator", "--port", "0", "--speed", SPEED]
    with subprocess.Popen(
        [*serve, "--ledger", str(ledger)],
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as emulator:
        assert emulator.stdout is not None
        environment |= {"ARK_BASE_URL": emulator.stdout.readline().strip(), "ARK_API_KEY": "any"}
        where = Place(folder / "project", environment, ledger, forks)
        try:
            where.begin()
            if forks:
                warm_up(where.command, where.folder, environment)
            yield where
        finally:
            emulator.terminate()

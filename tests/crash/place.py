"""A small project, an emulator beside it whose ledger knows the truth, and what has to be true in the end."""

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
"""Where the code lies that this process has loaded: another place than `ROOT` where a bug was planted in it."""
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
    """What must never be, is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project's folder, and the emulator beside it."""

    folder: Path
    environment: Mapping[str, str]
    ledger: Path
    forks: bool = True
    """Are undisturbed runs forks of this process?"""

    @property
    def command(self) -> list[str]:
        """What is killed and begun again."""
        return [sys.executable, "-P", "-m", "storyboard", "run"]

    def cold(self) -> Start:
        """The command as a process of its own."""
        return cold(self.command, self.folder, self.environment)

    def warm(self) -> Start:
        """The command as a fork of this process."""
        return warm(["run"], self.folder, self.environment, traced=True)

    @property
    def hidden(self) -> Path:
        """The folder of state and store."""
        return self.folder / ".storyboard" / "emulated"

    def begin(self) -> None:
        """A fresh project, at a service that has forgotten everything."""
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
        """A command, undisturbed, to its end; raises Wrong if it ends in a traceback."""
        words = words or ("run",)
        if self.forks:
            done = ended(warm(words, self.folder, self.environment, traced=False), None)
        else:
            done = self.apart([*self.command[:-1], *words])
        no_traceback(done.code, done.stderr)
        return done

    def limited(self, limit: str) -> Traced:
        """The command in a process that first does what one of `limits` says, as `only_files_of(1000)`."""
        begin = f"from tests.crash.limits import *; {limit}; from storyboard.__main__ import main; main()"
        done = self.apart([*self.command[:2], "-c", begin, "run"])
        no_traceback(done.code, done.stderr)
        no_doubles(self)
        return done

    def apart(self, command: Sequence[str]) -> Traced:
        """A command in a process of its own, to its end."""
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
        """The command, killed before one of Python's own steps; 0: only counting them, the last word of stderr."""
        return self.apart([*self.command[:2], "-m", "tests.crash.stepping", str(number), "run"])

    def events(self) -> list[str]:
        """The kind and scene of each event that is written down."""
        journal = Journal(self.hidden, SystemClock(), writing=False)
        journal.close()
        return [f"{event.kind} {getattr(event, 'scene', '')}".strip() for _, event in journal.past]


def no_traceback(code: int, stderr: str) -> None:
    """Raise Wrong where a command failed as no command may."""
    if "Traceback" in stderr or code not in (0, 3, 4, 5, 130, -9):
        raise Wrong(f"exit {code}: {stderr[-1500:]}")


@dataclass(slots=True)
class Settled:
    """How it went on: the exit code of the first run after, who was held, who was submitted again."""

    code: int = 0
    held: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)


def settle(where: Place) -> Settled:
    """Begin again; where scenes are held, decide as a person would, and begin again. Raises Wrong if it doesn't end
    with the film, with every task in the store, and nothing submitted twice."""
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
    """Adopt the task that bears the intent, if there is one; else submit again. Was one adopted?"""
    journal = Journal(where.hidden, SystemClock(), writing=False)
    journal.close()
    attempt_ids = [attempt.attempt_id for attempt in journal.history.in_doubt if attempt.scene == scene]
    tasks = [row["task_id"] for row in where.rows() if row["client_request_id"] in attempt_ids]
    done = where.run("resolve", scene, *(("--adopt", tasks[0]) if tasks else ("--submit-again",)))
    if done.code:
        raise Wrong(f"resolve: exit {done.code}: {done.stderr}")
    return bool(tasks)


def no_doubles(where: Place) -> None:
    """Raise Wrong where a text was submitted twice. Nobody here says `--submit-again` of one that was taken on, so
    that there is no excuse."""
    doubles = [text for text, count in Counter(row["text_sha256"] for row in where.rows()).items() if count > 1]
    if doubles:
        raise Wrong(f"submitted twice: {len(doubles)} texts of {len(where.rows())} tasks")


def check(where: Place) -> None:
    """Raise Wrong unless the film is there, each task's take is in the store, whole, and no task is a second one."""
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
    """Told to end, this process ends what it has started, as it does at any end; what it tells others, they heed."""
    heeded()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextmanager
def opened(folder: Path, *, forks: bool = True) -> Iterator[Place]:
    """A place of its own below the folder. What is run there is the program that this process has loaded; the emulator
    is the true one, whatever that is."""
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

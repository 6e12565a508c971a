"""The parts of a scenario: a service that stops on request, users with separate folders, one clock."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from tests.real_realm.certificates import Certificates
from tests.real_realm.clock import Clock
from tests.real_realm.service import Behaviour, Moment, Settings

ROOT = Path(__file__).parents[2]
DAY = 86_400.0
LONGEST = 900.0
"""Seconds of the scenario's clock after which a command is ended: five times the wait for a lost answer."""


@dataclass(frozen=True, slots=True)
class Create:
    """A paid request that the service accepted: its marker (or the life that its author chose), and the parts of its
    key."""

    task: str
    at: float
    marker: int | None
    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished command: its exit code (below 0: the signal that ended it, None: it took too long)."""

    exit_code: int | None
    said: str


class Running:
    """A command that was started."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, words: str) -> None:
        self._process = process
        self._output = output
        self._words = words

    def kill(self) -> Ended:
        """End it like a power cut."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return self._ended(self._process.returncode)

    def wait(self, seconds: float) -> Ended:
        """Wait until it ends, and kill it after this many seconds of this machine."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._ended(None)
        return self._ended(self._process.returncode)

    def _ended(self, code: int | None) -> Ended:
        said = self._output.read_text("utf-8", "replace")
        with (self._output.parent / "log.txt").open("a") as log:
            log.write(f"$ {self._words}\n{said}exit code {code}\n\n")
        return Ended(code, said)


class User:
    """A user with a home, a key and a folder with a storyboard, who enters commands there."""

    def __init__(self, world: World, name: str, project: Path) -> None:
        self.project = project
        self._world = world
        self._name = name
        self._home = world.folder / f"home-{name}"
        self._home.mkdir(exist_ok=True)
        project.mkdir(exist_ok=True)
        self._count = 0

    def environment(self) -> dict[str, str]:
        """All variables of a command of this user."""
        home = self._home
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "ARK_API_KEY": f"key-of-{self._name}-0123456789abcdef",
            "SSL_CERT_FILE": str(self._world.certificates.authority),
            "PYTHONPATH": str(self._world.program),
            **self._world.clock.environment(),
        }

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> Running:
        """Start a command of the program."""
        self._count += 1
        output = self._world.folder / f"{self._name}-{self._count}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "storyboard", *words],
                cwd=self.project,
                env=self.environment() if environment is None else environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                restore_signals=True,
            )
        self._world.began(process)
        return Running(process, output, f"{self._name}: storyboard {' '.join(words)}")

    def run(self, *words: str) -> Ended:
        """Run `storyboard run --yes` with these words, to its end."""
        return self.command("run", "--yes", *words)

    def command(self, *words: str) -> Ended:
        """Run a command to its end."""
        return self.start(*words).wait(LONGEST / self._world.clock.rate)

    def run_and_kill(self, create: int, moment: Moment, *words: str) -> Ended:
        """Run, and kill the run when a create request is at a stage; requests are numbered by arrival, over the whole
        scenario."""
        self._world.stop_at(create, moment)
        running = self.start("run", "--yes", *words)
        reached = self._world.wait_for_stop(LONGEST / self._world.clock.rate)
        ended = running.kill()
        self._world.go_on()
        if not reached:
            raise RuntimeError(f"create {create} never came to be {moment}:\n{ended.said}")
        return ended

    def lose_record(self) -> None:
        """Delete the hidden folder of the project, with everything in it."""
        shutil.rmtree(self.project / ".storyboard")

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.project / name).write_text(text)

    def lose_lock(self) -> None:
        """Delete every lock of the project."""
        for path in self.project.glob("*.lock"):
            path.unlink()

    def has_film(self, since: float = 0.0) -> bool:
        """Return whether the renders contain a film written after a moment of this machine's clock."""
        films = (path for path in self.project.glob("renders/**/film.mp4") if path.stat().st_mtime >= since)
        return any(path.read_bytes()[4:8] == b"ftyp" for path in films)


class World:
    """One scenario's service, users and clock, in new namespaces."""

    def __init__(self, folder: Path, program: Path, certificates: Certificates, rate: float) -> None:
        self.folder = folder
        self.program = program
        self.certificates = certificates
        self.clock = Clock(rate)
        self.behaviour = Behaviour()
        self.asked: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.astray = 0
        self._ledger = folder / "service" / "ledger.jsonl"
        self._service: subprocess.Popen[str] | None = None
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._stopped = threading.Event()
        self._started: list[subprocess.Popen[bytes]] = []

    def user(self, name: str, project: str = "") -> User:
        """Add a user, in a folder that has the user's name by default."""
        return User(self, name, self.folder / (project or f"project-{name}"))

    def copy(self, of: User, name: str) -> User:
        """Add a user with the files that git keeps of another's folder: neither the hidden folder nor the renders."""
        target = self.folder / f"project-{name}"
        shutil.copytree(of.project, target, ignore=shutil.ignore_patterns(".storyboard", "renders"))
        return User(self, name, target)

    def behave(self, **changes: Any) -> None:
        """Change the behaviour of the service."""
        self.behaviour = replace(self.behaviour, **changes)
        if self._service is not None:
            self.stop_service()
            self.start_service()

    def shift(self, seconds: float) -> None:
        """Skip this many seconds, for the service and for commands that are started from now on."""
        self.stop_service()
        self.clock.shift(seconds)
        self.start_service()

    def start_service(self) -> None:
        """Start to serve, with the ledger as it is."""
        certificates = self.certificates
        settings = Settings(str(self._ledger), str(certificates.server), str(certificates.key), asdict(self.behaviour))
        self._ledger.parent.mkdir(exist_ok=True)
        with (self.folder / "service.txt").open("ab") as errors:
            self._service = subprocess.Popen(
                [sys.executable, "-m", "tests.real_realm.service", json.dumps(asdict(settings))],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "SSL_CERT_FILE": str(certificates.authority)}
                | dict(self.clock.environment()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._service.stdout is not None
        threading.Thread(target=self._hear, args=(self._service.stdout,), daemon=True).start()
        self._next("listening")

    def stop_service(self) -> None:
        """End the service, and add up its requests."""
        process = self._service
        if process is None:
            return
        self._service = None
        assert process.stdin is not None
        try:
            process.stdin.close()
            process.wait(30)
            ended = self._next("ended")
        finally:
            process.kill()
        self.asked.update(ended["asked"])
        self.fired.update(ended["fired"])
        self.astray += ended["astray"]

    def stop_at(self, create: int, moment: Moment) -> None:
        """Set the create request at which the service stops, numbered by arrival, and the stage."""
        self._stopped.clear()
        self._order({"create": create, "moment": moment})

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait until the service has stopped there; return False if it takes too long."""
        return self._stopped.wait(seconds)

    def go_on(self) -> None:
        """Remove the stop of the service."""
        self._order({})

    def creates(self) -> list[Create]:
        """Return all paid requests until now, from the service's own ledger."""
        rows = self._ledger.read_text("utf-8").splitlines() if self._ledger.exists() else []
        return [_create_of(json.loads(row)) for row in rows]

    def run_together(self, first: User, second: User, offset: float) -> tuple[Ended, Ended]:
        """Let two users run, the second one this many seconds later."""
        one = first.start("run", "--yes")
        time.sleep(offset / self.clock.rate)
        two = second.start("run", "--yes")
        longest = LONGEST / self.clock.rate
        return one.wait(longest), two.wait(longest)

    def began(self, process: subprocess.Popen[bytes]) -> None:
        """Register a process that has to be ended with the scenario."""
        self._started.append(process)

    def end(self) -> None:
        """End everything that was started."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.stop_service()

    def _hear(self, output: IO[str]) -> None:
        for row in output:
            told = json.loads(row)
            if told.get("stopped"):
                self._stopped.set()
            if "create" not in told:
                self._told.put(told)

    def _order(self, order: Mapping[str, Any]) -> None:
        assert self._service is not None
        assert self._service.stdin is not None
        self._service.stdin.write(json.dumps(order) + "\n")
        self._service.stdin.flush()
        self._next("understood")

    def _next(self, event: str) -> dict[str, Any]:
        try:
            told = self._told.get(timeout=60)
        except queue.Empty:
            raise RuntimeError(f"the service doesn't say {event}: see {self.folder / 'service.txt'}") from None
        if told["event"] != event:
            raise RuntimeError(f"the service says {told}, not {event}")
        return told


def _create_of(row: Mapping[str, Any]) -> Create:
    body = dict(row["body"])
    marker = body.pop("execution_expires_after", None)
    for name in ("callback_url", "safety_identifier", "return_last_frame"):
        body.pop(name, None)
    return Create(row["task_id"], row["at"], marker, json.dumps(body, sort_keys=True, ensure_ascii=False))


@contextmanager
def opened(folder: Path, program: Path, certificates: Certificates, rate: float) -> Iterator[World]:
    """Yield a world whose service serves; at the end nothing of it runs any more."""
    world = World(folder, program, certificates, rate)
    try:
        world.start_service()
        yield world
    finally:
        world.end()

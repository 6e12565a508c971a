"""Scenarios are run: each in a temporary folder of its own, several at a time."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

from tests.golden_commands import folder, plain
from tests.golden_commands.steps import (
    Command,
    Copy,
    Damage,
    Interrupted,
    Link,
    Lose,
    Move,
    Remove,
    Replace,
    Scenario,
    Serve,
    Sql,
    Step,
    Write,
)

ROOT = Path(__file__).parents[2]
AT_ONCE = 4
MOST = 120
"""Seconds that a command may take."""
SIGNAL_PAUSE = 0.3
"""Seconds between two signals."""


@dataclass
class Place:
    """A scenario's folder while it is run: `project` is where commands are run, `home` is the user's."""

    root: Path
    code: Path
    service: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    said: list[dict[str, Any]] = field(default_factory=list)

    @property
    def project(self) -> Path:
        """The working directory of the commands."""
        return self.root / "project"

    @property
    def ledger(self) -> Path:
        """Where the service that is asked writes down its tasks."""
        served = self.root / "service" / "ledger.jsonl"
        return served if served.parent.exists() else self.project / ".storyboard/emulated/service/ledger.jsonl"

    def environment(self) -> dict[str, str]:
        """The variables of a command: none of this machine's own state."""
        home = self.root / "home"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": str(self.code),
            "PYTHONDONTWRITEBYTECODE": "",
            "COLUMNS": "100",
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            **self.service,
        }

    def tasks(self) -> list[str]:
        """The service's tasks, in their order."""
        if not self.ledger.exists():
            return []
        return [json.loads(line)["task_id"] for line in self.ledger.read_text("utf-8").splitlines()]

    def words(self, line: str) -> list[str]:
        """A command line as a list, with the tasks that it names."""
        for number, task in enumerate(self.tasks(), 1):
            line = line.replace(f"{{task {number}}}", task)
        return [sys.executable, "-P", "-m", "storyboard", *shlex.split(line)]

    def first(self, pattern: str) -> Path:
        """The first file of a pattern, in the order of its names."""
        return sorted(self.project.glob(pattern))[0]

    def stop(self) -> None:
        """End the service that was started here."""
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=MOST)
            self.process, self.service = None, {}


def record(scenarios: Sequence[Scenario], made: Scenario, temporary: Path, code: Path = ROOT) -> dict[str, Any]:
    """What all scenarios did, by their names; `made` is run first, for those that begin with its folder."""
    version = subprocess.run(
        [sys.executable, "-P", "-m", "storyboard", "--version"],
        env=Place(temporary / "version", code).environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[-1]

    def one(scenario: Scenario) -> dict[str, Any]:
        return play(scenario, temporary, code, version)

    found = {made.name: one(made)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(one, scenarios))
    found |= {scenario.name: result for scenario, result in zip(scenarios, results, strict=True)}
    return found


def play(scenario: Scenario, temporary: Path, code: Path, version: str) -> dict[str, Any]:
    """Run one scenario: what its commands said, and what lies in its folder afterwards."""
    place = Place(temporary / scenario.name, code)
    if scenario.made:
        shutil.copytree(temporary / "made", place.root, symlinks=True)
    place.project.mkdir(parents=True, exist_ok=True)
    (place.root / "home").mkdir(exist_ok=True)
    try:
        for step in scenario.steps:
            _take(step, place)
    except Exception as error:
        error.add_note(f"in the scenario {scenario.name}")
        raise
    finally:
        place.stop()
    journals = folder.journals(place.project)
    names = plain.Names.of(journals, place.tasks(), str(temporary), version)
    return {
        "commands": [_told(said, names) for said in place.said],
        "files": folder.files(place.project, names),
        "films": {path: names.value(value) for path, value in folder.films(place.project).items()},
        "locks": {path: names.value(value) for path, value in folder.locks(place.project).items()},
        "journals": {path: names.events(events) for path, events in journals.items()},
    }


def _take(step: Step, place: Place) -> None:
    """Do one step."""
    match step:
        case Command(line=line, environment=more):
            words, environment = place.words(line), place.environment() | dict(more)
            done = subprocess.run(
                words,
                cwd=place.project,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=MOST,
                check=False,
            )
            _heard(place, line, done.returncode, done.stdout, done.stderr)
        case Interrupted(line=line):
            _interrupt(line, place)
        case Serve():
            _serve(step, place)
        case Sql(path=path, script=script):
            text = (ROOT / script).read_text("utf-8") if script.startswith("tests/") else script
            (place.project / path).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(place.project / path, isolation_level=None)) as database:
                database.executescript(text)
        case _:
            _change(step, place)


def _change(
    step: Write | Replace | Move | Copy | Remove | Damage | Lose | Link,
    place: Place,
) -> None:
    """Do a step that changes files."""
    match step:
        case Write(path=path, content=content):
            target = place.project / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        case Replace(path=path, old=old, new=new):
            target = place.project / path
            text = target.read_text("utf-8")
            if old not in text:
                raise ValueError(f"{old!r} isn't in {path}")
            target.write_text(text.replace(old, new), "utf-8")
        case Move(old=old, new=new):
            target = place.project / new
            _remove(target)
            (place.project / old).rename(target)
        case Copy(old=old, new=new):
            source = ROOT / old if old.startswith("tests/") else place.project / old
            if source.is_dir():
                shutil.copytree(source, place.project / new, dirs_exist_ok=True)
            else:
                shutil.copy(source, place.project / new)
        case Remove(paths=paths):
            for path in paths:
                _remove(place.project / path)
        case Damage(pattern=pattern):
            target = place.first(pattern)
            altered = bytearray(target.read_bytes())
            middle = len(altered) // 2
            altered[middle : middle + 64] = bytes(64)
            target.chmod(0o644)
            target.write_bytes(altered)
        case Lose(pattern=pattern):
            place.first(pattern).unlink()
        case Link(path=path, to=to):
            (place.project / path).symlink_to(to)
        case _:
            assert_never(step)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _serve(step: Serve, place: Place) -> None:
    """Start the service as a process of its own, and wait for its address."""
    place.stop()
    words = ["emulator", "--port", "0", "--ledger", str(place.root / "service" / "ledger.jsonl")]
    (place.root / "service").mkdir(exist_ok=True)
    if step.faults:
        script = place.root / "faults.yaml"
        script.write_text(step.faults, "utf-8")
        words += ["--faults", str(script)]
    place.process = subprocess.Popen(
        [sys.executable, "-P", "-m", "storyboard", *words, *shlex.split(step.options)],
        cwd=place.root,
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    address = place.process.stdout.readline().strip() if place.process.stdout else ""
    if not address.startswith("http"):
        raise RuntimeError("the service did not start")
    place.service = {"ARK_BASE_URL": address, "ARK_API_KEY": "any"}


def _interrupt(line: str, place: Place) -> None:
    """Run a command, and interrupt it once a task of it is accepted: twice, so that it leaves at once."""
    with subprocess.Popen(
        place.words(line),
        cwd=place.project,
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        until = time.monotonic() + MOST
        while process.poll() is None and not _accepted(place.project) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(SIGNAL_PAUSE)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(SIGNAL_PAUSE)
        out, err = process.communicate(timeout=MOST)
    _heard(place, line, process.returncode, out, err)


def _accepted(project: Path) -> bool:
    """Whether a task was named in the record yet."""
    try:
        return any(row["kind"] == "accepted" for rows in folder.journals(project).values() for row in rows)
    except sqlite3.Error:
        return False


def _heard(place: Place, line: str, code: int, out: bytes, err: bytes) -> None:
    """Keep what a command said."""
    texts = {"out": out.decode("utf-8", "replace"), "err": err.decode("utf-8", "replace")}
    place.said.append({"line": line, "exit": code, **texts})


def _told(said: dict[str, Any], names: plain.Names) -> dict[str, Any]:
    """What a command said, as it is recorded."""
    told: dict[str, Any] = {"line": said["line"], "exit": said["exit"]}
    out, err = str(said["out"]), str(said["err"])
    places = plain.places(out + err)
    if places:
        told["places"] = places
    try:
        value = json.loads(out)
    except ValueError:
        told["text"] = {"out": names.lines(out), "err": names.lines(err)}
    else:
        told["json"] = plain.without_wording(names.value(value))
        told["text"] = {"wording": plain.wording(names.value(value)), "err": names.lines(err)}
    return told


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for all scenarios, removed afterwards."""
    from tempfile import mkdtemp

    path = Path(mkdtemp(prefix="golden-")).resolve()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)

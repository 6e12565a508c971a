"""A record that was lost, that is an old backup, or that belongs to another user: nothing is paid for because of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from storyboard.planning.event import Unrecognised
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.cli.command_line import CommandResult, run, run_command

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""
MORE = "  gulls: {prompt: Gulls.}\n"
HIDDEN = Path(".storyboard")
RECORD = ("state.db", "state.db-wal", "state.db-shm", "witness")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project of one scene that was made once; tests copy it."""
    path = tmp_path_factory.mktemp("made") / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    return path.parent


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    shutil.copytree(made, tmp_path / "project")
    return tmp_path / "project" / "storyboard.yaml"


def aged(hidden: Path, days: float) -> None:
    """Make a record this many days older: its doubtful parts are then long past."""
    journal = Journal(hidden, VirtualClock(), writing=False)
    journal.close()
    for name in RECORD:
        (hidden / name).unlink(missing_ok=True)
    older = Journal(hidden, VirtualClock(), writing=True)
    rows = [(at - days * 86_400, event) for at, event in journal.past if not isinstance(event, Unrecognised)]
    older.append_all(rows)
    older.close()


def tasks(project: Path) -> int:
    """How many tasks would have been paid for."""
    return len((project.parent / HIDDEN / "emulated/service/ledger.jsonl").read_text("utf-8").splitlines())


@pytest.mark.row(71)
def test_a_backup_that_was_brought_back_pays_for_nothing_again(project: Path, tmp_path: Path) -> None:
    """What was made after the backup is found at the service and reported, also in the next run."""
    hidden, backup = project.parent / HIDDEN / "emulated", tmp_path / "backup"
    aged(hidden, days=8)
    shutil.copytree(hidden, backup)
    project.write_text(STORYBOARD + MORE, "utf-8")
    assert (run(project).submitted, tasks(project)) == (1, 2)
    shutil.copytree(hidden / "service", backup / "service", dirs_exist_ok=True)  # the service keeps its tasks
    shutil.rmtree(hidden)
    backup.rename(hidden)
    result = [run(project) for _ in range(2)]
    assert [(one.code, one.submitted, "is missing from this project's record" in one.err) for one in result] == [
        (4, 0, True)
    ] * 2
    assert tasks(project) == 2


@pytest.mark.row(71)
def test_what_was_missing_once_is_missing_in_the_next_run_too(project: Path) -> None:
    """A lost record: the run that finds the scene's task holds it, and so does the run after that one."""
    hidden = project.parent / HIDDEN / "emulated"
    for path in hidden.iterdir():
        if path.name != "service":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert [(result.code, result.submitted) for result in (run(project), run(project))] == [(4, 0)] * 2
    assert tasks(project) == 1


@pytest.fixture
def somebodys(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The project as if it had been made for real, by a user with another home."""
    real = project.parent / HIDDEN / "real"
    (project.parent / HIDDEN / "emulated").rename(real)
    (real / "storyboard.lock").rename(project.with_suffix(".lock"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "our state"))
    monkeypatch.setenv("ARK_API_KEY", "a-key-that-nobody-is-sent")
    return project


def real(project: Path, verb: str, *words: str) -> CommandResult:
    """Run a command on the real project."""
    return run_command(verb, *words, "-f", str(project))


@pytest.mark.parametrize("words", [("run", "--yes"), ("recover",), ("resolve", "dusk", "--submit-again")])
def test_a_record_of_another_install_is_only_read(somebodys: Path, words: tuple[str, ...]) -> None:
    """Nothing is paid for because of it, and nothing is written into it."""
    path = somebodys.parent / HIDDEN / "real" / "state.db"
    before = path.read_bytes()
    result = real(somebodys, *words)
    told = "was written on another machine or by another user, and is only read" in result.err
    assert (result.code, told, "recover --take-over" in result.err) == (4, True, True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("verb", ["status", "plan", "why", "verify", "film"])
def test_a_record_of_another_install_is_shown(somebodys: Path, verb: str) -> None:
    """Reading it, and cutting the film from existing takes, is free."""
    assert real(somebodys, verb, *(("dusk",) if verb == "why" else ())).code == 0


def test_a_record_of_another_install_is_ours_when_we_say_so(somebodys: Path) -> None:
    """After a takeover a run continues with the record of another installation."""
    assert real(somebodys, "recover", "--take-over").code == 0
    assert real(somebodys, "run", "--yes").code == 0


@pytest.mark.parametrize("words", [("plan",), ("status",), ("why", "dusk"), ("run", "--emulator")])
@pytest.mark.parametrize(
    "hostile", [b'"seconds": NaN', b'"seconds": -1', b'"seconds": 1e400', b'"seconds": 4, "\xff": 0']
)
def test_a_lock_that_no_run_wrote_is_told_as_damaged(project: Path, words: tuple[str, ...], hostile: bytes) -> None:
    """A lock with invalid content is refused with what to do, and nothing is submitted."""
    path = next(project.parent.rglob("emulated/storyboard.lock"))
    path.write_bytes(re.sub(rb'"seconds": [0-9.]+', lambda _: b'"seconds": ' + hostile, path.read_bytes()))
    before = tasks(project)
    emulated = () if words[0] == "run" else ("--emulator",)
    result = run_command(words[0], "-f", str(project), *words[1:], *emulated)
    assert (result.code, "restore it from git" in result.err, tasks(project)) == (5, True, before)

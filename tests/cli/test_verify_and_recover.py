"""Paid takes are found again: altered files, lost files, a lost record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import STORYBOARD, CommandResult, run, run_command

HIDDEN = ".storyboard/emulated"
RECORD = ("state.db", "state.db-wal", "state.db-shm", "witness", "addresses.jsonl", "storyboard.lock")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four scenes whose film was made once; tests copy it."""
    path = tmp_path_factory.mktemp("made") / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    return path


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    shutil.copytree(made.parent, tmp_path / "project")
    return tmp_path / "project" / "storyboard.yaml"


def verify(project: Path, *words: str) -> CommandResult:
    """Run `storyboard verify` on the emulated takes."""
    return run_command("verify", "-f", str(project), "--emulator", *words)


def a_video(project: Path) -> Path:
    """A take in the store."""
    lock = (project.parent / HIDDEN / "storyboard.lock").read_text("utf-8")
    videos = sorted((project.parent / HIDDEN / "store" / "sha256").glob("??/*.mp4"))
    return next(path for path in videos if path.stem in lock)


def alter(path: Path, at: int) -> None:
    """Overwrite 64 bytes of a file with zeros."""
    content = bytearray(path.read_bytes())
    content[at : at + 64] = bytes(64)
    path.chmod(0o644)
    path.write_bytes(content)


def tasks(project: Path) -> int:
    """How many tasks would have been paid for."""
    return len((project.parent / HIDDEN / "service" / "ledger.jsonl").read_text("utf-8").splitlines())


@pytest.mark.parametrize("words", [(), ("--deep",)])
def test_a_whole_store_has_no_faults(project: Path, words: tuple[str, ...]) -> None:
    """Four videos, four last frames and the part that was an input match their digests."""
    result = verify(project, *words)
    assert (result.code, result.out) == (0, f"9 files {'decoded' if words else 'checked'}, no faults\n")


@pytest.mark.row(68)
def test_an_altered_take_is_put_aside_and_fetched_again(project: Path) -> None:
    """Its bytes are kept, its name is free, and the next run pays nothing for it."""
    path = a_video(project)
    alter(path, path.stat().st_size // 2)
    result = verify(project)
    assert (result.code, "was altered, and is put aside" in result.err, path.exists()) == (5, True, False)
    again = run(project)
    assert (again.code, again.submitted, verify(project).code) == (0, 0, 0)


@pytest.mark.row(67)
def test_a_lost_take_is_named_with_its_scene(project: Path) -> None:
    """The message names the scene that will be downloaded again."""
    a_video(project).unlink()
    result = verify(project)
    assert (result.code, result.err.rstrip().endswith(": is gone"), "(" in result.err) == (5, True, True)


def test_what_was_found_can_be_read_by_a_program(project: Path) -> None:
    """The JSON output contains the digest, the problem, and the scenes."""
    a_video(project).unlink()
    result = verify(project, "--json")
    assert ('"checked": 8' in result.out, '"what": "is gone"' in result.out) == (True, True)


def forget(project: Path) -> None:
    """Lose the record and the takes, as on a failed disk; the service still has its tasks."""
    for name in RECORD:
        (project.parent / HIDDEN / name).unlink(missing_ok=True)
    shutil.rmtree(project.parent / HIDDEN / "store")


def test_a_lost_record_is_not_paid_for_again(project: Path) -> None:
    """A task that carries the marker of a scene is reported before anything is submitted for it."""
    forget(project)
    result = run(project)
    assert (result.code, "is missing from this project's record" in result.err, "storyboard recover" in result.err) == (
        4,
        True,
        True,
    )
    assert (result.submitted, tasks(project)) == (0, 4)


def test_a_lost_record_is_rebuilt(project: Path) -> None:
    """Every task is identified by its marker and downloaded; the film follows, and nothing is paid for."""
    forget(project)
    result = run_command("recover", "-f", str(project), "--emulator")
    assert (result.code, result.err, result.submitted) == (0, "", 0)
    again = run(project)
    assert (again.code, again.submitted, tasks(project)) == (0, 0, 4)


def test_what_nobody_made_is_not_recovered(tmp_path: Path) -> None:
    """Nothing is submitted for a scene without a task at the service."""
    project = tmp_path / "storyboard.yaml"
    project.write_text(STORYBOARD, "utf-8")
    result = run_command("recover", "-f", str(project), "--emulator")
    assert (result.code, "the service lists no task of it" in result.err) == (4, True)


def test_recovery_submits_nothing_that_bears_no_mark(tmp_path: Path) -> None:
    """Its author fixed the expiry: its task can't be identified, and none is made."""
    project = tmp_path / "storyboard.yaml"
    project.write_text(STORYBOARD.replace("duration: 4}", "duration: 4, execution_expires_after: 7200}"), "utf-8")
    result = run_command("recover", "-f", str(project), "--emulator")
    assert (result.code, result.submitted, "its request carries no marker" in result.err) == (4, 0, True)
    assert not (project.parent / HIDDEN / "service" / "ledger.jsonl").exists()


def test_a_scene_that_was_worded_often_is_known_again(tmp_path: Path) -> None:
    """The number of earlier prompts of the scene is recorded nowhere any more, and doesn't matter."""
    project = tmp_path / "storyboard.yaml"
    for number in range(7):
        words = f"A lighthouse, seen for the {number}. time."
        project.write_text(STORYBOARD.partition("  dusk:")[0] + f"  dusk: {{prompt: '{words}'}}\n", "utf-8")
        assert run(project).submitted == 1
    forget(project)
    assert run_command("recover", "-f", str(project), "--emulator").code == 0
    assert (run(project).submitted, tasks(project)) == (0, 7)

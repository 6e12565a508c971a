"""A record that a newer program wrote is shown and never written; one of an older program continues."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.cli.command_line import run, run_command

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""
HIDDEN = ".storyboard/emulated"
FOLDERS = {"record-1": ".storyboard/storyboard/emulated", "record-2": HIDDEN}
"""The path of a record of each version."""
AS_IT_WAS = {
    "dusk": ("stored", "cgt-1", 190_001),
    "gulls": ("in doubt", "", 190_002),
    "lamp": ("failed", "cgt-2", 190_003),
    "waves": ("refused", "", None),
}
GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A project that was run once and has one more scene since."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    path.write_text(STORYBOARD + "  gulls: {prompt: Gulls.}\n", "utf-8")
    return path


@pytest.fixture
def newer(made: Path) -> Path:
    """The same, and a newer program has continued its record."""
    with closing(sqlite3.connect(made.parent / HIDDEN / "state.db", isolation_level=None)) as database:
        database.execute("pragma user_version = 99")
        database.execute("pragma wal_checkpoint(truncate)")
    return made


@pytest.fixture
def newer_lock(made: Path) -> Path:
    """The same, and a newer program has written its lock."""
    lock = made.parent / HIDDEN / "storyboard.lock"
    lock.write_text(lock.read_text("utf-8").replace('"storyboard_lock": 2', '"storyboard_lock": 99'), "utf-8")
    return made


@pytest.mark.row(70)
@pytest.mark.parametrize("words", [("run",), ("recover",), ("resolve", "dusk", "--submit-again")])
def test_it_is_not_written(newer: Path, words: tuple[str, ...]) -> None:
    """The version is reported, nothing is submitted, and no byte of it is changed."""
    state, ledger = newer.parent / HIDDEN / "state.db", newer.parent / HIDDEN / "service" / "ledger.jsonl"
    before = state.read_bytes()
    result = run_command(*words, "-f", str(newer), "--emulator")
    told = "was written by a newer storyboard, and is only read by this one" in result.err
    assert (result.code, told, state.read_bytes() == before, len(ledger.read_bytes().splitlines())) == (
        5,
        True,
        True,
        1,
    )


@pytest.mark.row(70)
@pytest.mark.parametrize("words", [("status",), ("plan",), ("why", "gulls"), ("verify",)])
def test_it_is_shown(newer: Path, words: tuple[str, ...]) -> None:
    """A newer record is shown as far as this program understands it."""
    assert run_command(*words, "-f", str(newer), "--emulator").code == 0


@pytest.mark.row(70)
def test_a_lock_of_a_newer_program_is_not_written(newer_lock: Path) -> None:
    """A run reports the version, submits nothing, and changes no byte of it."""
    lock, ledger = newer_lock.parent / HIDDEN / "storyboard.lock", newer_lock.parent / HIDDEN / "service/ledger.jsonl"
    before = lock.read_bytes()
    result = run(newer_lock)
    told = "storyboard.lock is a lock of version 99" in result.err
    assert (result.code, told, lock.read_bytes() == before, len(ledger.read_bytes().splitlines())) == (5, True, True, 1)


@pytest.mark.row(70)
@pytest.mark.parametrize("words", [("status",), ("plan",), ("why", "gulls"), ("verify",)])
def test_a_lock_of_a_newer_program_is_shown(newer_lock: Path, words: tuple[str, ...]) -> None:
    """Its takes are used as far as they can be read."""
    lock = newer_lock.parent / HIDDEN / "storyboard.lock"
    before = lock.read_bytes()
    result = run_command(*words, "-f", str(newer_lock), "--emulator")
    assert (result.code, lock.read_bytes() == before) == (0, True)


def summed_up(journal: Journal) -> dict[str, tuple[str, str, int | None]]:
    """The state of the attempt at each scene, its task and its marker."""
    return {a.scene: (a.state, a.task, a.marker) for a in journal.history.past.attempts.values()}


@pytest.mark.row(70)
@pytest.mark.parametrize("script", sorted(GOLDEN.glob("*.sql")), ids=lambda path: path.stem)
def test_a_record_of_each_version_that_there_was_is_read(tmp_path: Path, script: Path) -> None:
    """It gives the same state as then, and the next command that writes continues it."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    old = tmp_path / FOLDERS[script.stem]
    old.mkdir(parents=True)
    with closing(sqlite3.connect(old / "state.db", isolation_level=None)) as database:
        database.executescript(script.read_text("utf-8"))
    before = Journal(old, VirtualClock(), writing=False, storyboard="storyboard")
    before.close()
    result = run_command("resolve", "gulls", "--submit-again", "-f", str(path), "--emulator")
    after = Journal(tmp_path / HIDDEN, VirtualClock(), writing=False)
    after.close()
    resolved = {"gulls": ("abandoned", "", 190_002)}
    assert (result.code, summed_up(before), summed_up(after)) == (0, AS_IT_WAS, AS_IT_WAS | resolved)
    assert [one.take.id for one in after.history.past.takes] == ["ark:cgt-1"]

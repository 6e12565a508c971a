"""A record that a newer program wrote is shown and never written; one that an older one wrote goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.cli.doors import run, say

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""
HIDDEN = ".storyboard/storyboard/emulated"
GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A project that was run once; then a newer program has gone on with it."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    with closing(sqlite3.connect(tmp_path / HIDDEN / "state.db", isolation_level=None)) as database:
        database.execute("pragma user_version = 99")
        database.execute("pragma wal_checkpoint(truncate)")
    path.write_text(STORYBOARD + "  gulls: {prompt: Gulls.}\n", "utf-8")
    return path


@pytest.mark.row(70)
@pytest.mark.parametrize("words", [("run",), ("recover",), ("resolve", "dusk", "--submit-again")])
def test_it_is_not_written(newer: Path, words: tuple[str, ...]) -> None:
    """The version is told, nothing is submitted, and no byte of it is changed."""
    state, ledger = newer.parent / HIDDEN / "state.db", newer.parent / HIDDEN / "service" / "ledger.jsonl"
    before = state.read_bytes()
    said = say(*words, "-f", str(newer), "--emulator")
    told = "was written by a newer storyboard, and is only read by this one" in said.err
    assert (said.code, told, state.read_bytes() == before, len(ledger.read_bytes().splitlines())) == (5, True, True, 1)


@pytest.mark.row(70)
@pytest.mark.parametrize("words", [("status",), ("plan",), ("why", "gulls"), ("verify",)])
def test_it_is_shown(newer: Path, words: tuple[str, ...]) -> None:
    """As far as we understand it."""
    assert say(*words, "-f", str(newer), "--emulator").code == 0


@pytest.mark.row(70)
def test_a_lock_of_a_newer_program_is_not_written(newer: Path) -> None:
    """Takes that it names in a way that we don't know would be lost."""
    lock = newer.parent / HIDDEN / "storyboard.lock"
    lock.write_text(lock.read_text("utf-8").replace('"storyboard_lock": 1', '"storyboard_lock": 2'), "utf-8")
    before = lock.read_bytes()
    said = say("plan", "-f", str(newer), "--emulator")
    assert (said.code, "is a lock of version 2" in said.err, lock.read_bytes() == before) == (5, True, True)


@pytest.mark.row(70)
@pytest.mark.parametrize("script", sorted(GOLDEN.glob("*.sql")), ids=lambda path: path.stem)
def test_a_record_of_each_version_that_there_was_is_read(tmp_path: Path, script: Path) -> None:
    """It adds up to what it did then, and goes on."""
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as database:
        database.executescript(script.read_text("utf-8"))
    journal = Journal(tmp_path, VirtualClock(), writing=True)
    attempts = {a.scene: (a.state, a.task, a.marker) for a in journal.history.past.attempts.values()}
    journal.open_run()
    journal.close()
    assert attempts == {
        "dusk": ("stored", "cgt-1", 190_001),
        "gulls": ("in doubt", "", 190_002),
        "lamp": ("failed", "cgt-2", 190_003),
        "waves": ("refused", "", None),
    }

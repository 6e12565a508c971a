"""A power failure at a point of a run: whichever unsynced parts survive, nothing that was paid for is lost."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash import tracer
from tests.crash.place import ROOT
from tests.crash.planted import environment, planted
from tests.crash.power import Choice, Disk, mixtures


def lost(*words: str, source: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The enumeration, in a separate process because it forks."""
    command = [sys.executable, "-P", "-m", "tests.crash.power", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment(source), capture_output=True, text=True, check=False, timeout=280
    )


@pytest.fixture
def traced() -> None:
    """Processes can be traced here."""
    if not tracer.possible():
        pytest.skip("processes can't be traced here")


@pytest.mark.row(72, 73)
@pytest.mark.usefixtures("traced")
def test_whatever_the_disk_kept_nothing_that_was_paid_is_forgotten() -> None:
    """At every fifth point of a run, unsynced names and contents are there, missing or torn: every task has its intent,
    and every stored take is complete."""
    done = lost("--every", "5", "--most", "16")
    sys.stdout.write(done.stdout)
    said = re.search(r"^\d+ points, (\d+) states, .* (\d+) points with names in doubt.* 0 wrong", done.stdout, re.M)
    assert said, done.stdout + done.stderr
    assert int(said[1]) > 500
    assert int(said[2]) > 50


@pytest.mark.usefixtures("traced")
def test_a_name_that_is_not_synced_is_found(tmp_path: Path) -> None:
    """In a copy of the program that doesn't sync a take's name, a take that is recorded as stored is missing."""
    done = lost("--every", "7", "--most", "8", source=planted("a take's name is not synced", tmp_path))
    assert (done.returncode, "is called stored, and is not there" in done.stdout) == (1, True), done.stdout


def test_what_was_not_synced_is_old_new_or_torn() -> None:
    """A file that was appended to has four possible contents, and one that was not changed has no doubt."""
    assert mixtures(b"abcd", b"abcd") == (b"abcd",)
    assert mixtures(b"ab", b"abcdef") == (b"ab", b"abcd", b"ab\0\0ef", b"abcdef")


def test_a_rename_that_was_not_synced_may_not_have_been(tmp_path: Path) -> None:
    """Both names may be there, either, or none; after a sync of the folder there is one."""
    (tmp_path / "old").write_bytes(b"x")
    disk = Disk(tmp_path)
    disk.look()
    disk.sync_all()
    (tmp_path / "old").rename(tmp_path / "new")
    disk.look()
    before = Choice(disk).count
    disk.sync(str(tmp_path))
    assert (before, Choice(disk).count) == (4, 1)

"""Readers that leave, disks that are full, streams that were closed before we began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.doors import say


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A storyboard that is valid."""
    say("init", str(tmp_path))
    return tmp_path


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which `$SB` is the program."""
    program = f"{sys.executable} -m storyboard"
    script = f"set -o pipefail; SB='{program}'; {line}"
    return subprocess.run(["/bin/bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def test_a_reader_that_leaves_is_no_fault(project: Path) -> None:
    """`| head -1` gets its line, and the program its exit code 0."""
    said = shell(project, "$SB schema | head -1")
    assert (said.returncode, said.stdout, said.stderr) == (0, "{\n", "")


@pytest.mark.parametrize("verb", ["plan --json", "validate", "schema"])
def test_what_could_not_be_written_is_told(project: Path, verb: str) -> None:
    """A full disk behind the output is not a success: a script would read half a plan."""
    said = shell(project, f"$SB {verb} > /dev/full")
    assert (said.returncode, "no space left" in said.stderr) == (5, True)


def test_closed_streams_are_no_traceback(project: Path) -> None:
    """With nowhere to speak the program still does its work."""
    assert shell(project, "$SB plan >&- 2>&-").returncode == 0

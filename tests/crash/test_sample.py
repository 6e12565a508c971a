"""Some points of the sweep at which a run is killed, refused a call, or interrupted: the same command finishes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash import tracer
from tests.crash.place import ROOT
from tests.crash.planted import BUGS, environment, planted

SEEDS = (1, 2)
POINTS = 20


def sampled(*words: str, source: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The sample, in a separate process, because a process with threads must not fork."""
    command = [sys.executable, "-P", "-m", "tests.crash.sample", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment(source), capture_output=True, text=True, check=False, timeout=280
    )


@pytest.mark.row(53, 54, 55, 57, 58)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_at_a_point_the_same_command_goes_on(seed: int) -> None:
    """After a kill, a refused file or a signal at a system call, it pays for nothing twice and loses nothing; a point
    at which nothing happened is a failure."""
    done = sampled("--seed", str(seed), "--points", str(POINTS))
    sys.stdout.write(done.stdout)
    found = re.search(r"^(\d+) points, (\d+) acted, (\d+) recovered, 0 wrong", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    assert (done.returncode, found.groups()) == (0, (str(POINTS),) * 3)


@pytest.mark.skipif(not os.environ.get("CI"), reason="elsewhere kills between Python's steps do")
def test_where_it_counts_processes_can_be_traced() -> None:
    """On the machine that decides about a change, runs are killed at system calls, not at Python's steps."""
    assert tracer.possible()


def test_a_run_that_can_not_be_traced_is_killed_between_python_s_steps() -> None:
    """This is the alternative on machines on which processes can't be traced."""
    done = sampled("--steps", "--points", "2")
    assert re.search(r"^2 points, 2 acted, 2 recovered, 0 wrong", done.stdout, re.MULTILINE), done.stdout + done.stderr


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_bug_can_be_planted(tmp_path: Path, bug: str) -> None:
    """The code that it replaces is unchanged; `make crash-planted` shows that each is found."""
    assert (planted(bug, tmp_path) / "storyboard").is_dir()


def test_a_bug_is_found(tmp_path: Path) -> None:
    """A copy of the program that submits again what is in doubt fails."""
    source = planted("a submission in doubt is made again", tmp_path)
    done = sampled("--first", source=source)
    assert (done.returncode, "submitted twice" in done.stdout) == (1, True), done.stdout + done.stderr

"""One at a time at work in a project, by a lock that dies with its process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storyboard.errors import AnotherRunner
from storyboard.world.journal import sole_runner

HOLD = """
import sys
from pathlib import Path
from storyboard.world.journal import sole_runner
with sole_runner(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, at work in the same folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    """The holder's number helps to find it."""
    with another(tmp_path) as process, pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
        pass
    assert caught.value.what.startswith(f"process {process.pid} on ")


def test_the_lock_is_free_again_after_a_kill(tmp_path: Path) -> None:
    """No file has to be removed by hand."""
    with another(tmp_path) as process:
        process.kill()
        process.wait()
        with sole_runner(tmp_path):
            entered = True
    assert entered


def test_a_second_runner_of_the_same_process_is_refused(tmp_path: Path) -> None:
    """The lock is the folder's, not the process's."""
    with sole_runner(tmp_path), pytest.raises(AnotherRunner), sole_runner(tmp_path):
        pass


def test_the_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    """Leaving is leaving, however it happens."""
    with pytest.raises(KeyError), sole_runner(tmp_path):
        raise KeyError
    with sole_runner(tmp_path):
        entered = True
    assert entered


def test_the_lock_s_file_stays(tmp_path: Path) -> None:
    """Two processes would hold the lock of two files if it were removed."""
    with sole_runner(tmp_path):
        before = (tmp_path / "lock").stat().st_ino
    with sole_runner(tmp_path):
        after = (tmp_path / "lock").stat().st_ino
    assert before == after


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    """What was made and paid is nobody else's business."""
    with sole_runner(tmp_path / "state"):
        mode = (tmp_path / "state").stat().st_mode & 0o777
    assert mode == 0o700

"""One at a time at work in a project, by a lock that dies with its process."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from storyboard.errors import AnotherRunner, FileTrouble
from storyboard.world.run_lock import lock_error, sole_runner

HOLD = """
import sys
from pathlib import Path
from storyboard.world.run_lock import sole_runner
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


@pytest.mark.row(62)
def test_a_second_process_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    """The holder's number helps to find it."""
    with another(tmp_path) as process, pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
        pass
    assert caught.value.what.startswith(f"process {process.pid} on ")


@pytest.mark.row(63)
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
    """What was made and paid for is private."""
    with sole_runner(tmp_path / "state"):
        mode = (tmp_path / "state").stat().st_mode & 0o777
    assert mode == 0o700


def test_a_lock_says_who_holds_it_and_since_when(tmp_path: Path) -> None:
    """In one line, for finding the process; nothing of an earlier, longer line is left."""
    (tmp_path / "lock").write_text("x" * 300)
    with sole_runner(tmp_path):
        text = (tmp_path / "lock").read_text()
    since = re.escape(f"process {os.getpid()} on {socket.gethostname()}, since ")
    assert re.fullmatch(since + r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\n", text)


def test_a_lock_says_which_storyboard_is_worked_on(tmp_path: Path) -> None:
    """Several storyboards of a folder share its lock: the message names the one in use."""
    with sole_runner(tmp_path, "film.yaml"), pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
        pass
    start = re.escape(f"process {os.getpid()} on {socket.gethostname()}, since ")
    end = re.escape(" UTC (film.yaml) is at work in this project")
    assert re.fullmatch(f"{start}.*{end}", caught.value.what)


def test_a_lock_is_for_its_owner_only(tmp_path: Path) -> None:
    """As everything here."""
    with sole_runner(tmp_path):
        mode = (tmp_path / "lock").stat().st_mode & 0o777
    assert mode == 0o600


def test_a_holder_that_has_not_said_who_it_is(tmp_path: Path) -> None:
    """Between its lock and its words it is another process."""
    with sole_runner(tmp_path):
        (tmp_path / "lock").write_text("")
        with pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
            pass
    assert (caught.value.what, caught.value.hint) == (
        "another process is at work in this project",
        "wait for it, or stop it with Ctrl-C",
    )


@pytest.mark.row(62)
def test_two_that_begin_at_once_meet_by_name(tmp_path: Path) -> None:
    """A process that arrives between another's lock and its line waits for the line."""
    with sole_runner(tmp_path):
        words = (tmp_path / "lock").read_text()
        (tmp_path / "lock").write_text("")
        late = Timer(0.02, (tmp_path / "lock").write_text, [words])
        late.start()
        with pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
            pass
        late.join()
    assert caught.value.what.startswith(f"process {os.getpid()} on ")


def test_a_lock_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A folder is in its place."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(FileTrouble) as caught, sole_runner(tmp_path):
        pass
    assert caught.value.what == f"{tmp_path / 'lock'} can't be opened: is a directory"


def test_a_disk_that_has_no_locks_is_told() -> None:
    """No process is running, and none could be named."""
    told = lock_error(OSError(errno.ENOLCK, "No locks available"), Path("lock"), "process 7")
    assert (type(told), told.what) == (FileTrouble, "lock can't be locked: no locks available")


class _Fleeting(type(Path())):  # type: ignore[misc]  # the class of this system's paths
    """A path whose file is removed after it was opened, once, and perhaps created anew."""

    removed = False
    anew = False

    def exists(self, **how: bool) -> bool:
        """Is it there, when one looks for the first time?"""
        if self.name == "lock" and not _Fleeting.removed:
            _Fleeting.removed = True
            self.unlink()
            if _Fleeting.anew:
                self.touch()
        return bool(super().exists(**how))


@pytest.mark.row(63)
@pytest.mark.parametrize("anew", [False, True], ids=["removed", "made anew"])
def test_a_lock_that_was_removed_while_it_was_taken_is_taken_again(tmp_path: Path, anew: bool) -> None:
    """The next process finds the lock of the existing file."""
    _Fleeting.removed, _Fleeting.anew = False, anew
    with sole_runner(_Fleeting(tmp_path)):
        assert _Fleeting.removed
        with pytest.raises(AnotherRunner), sole_runner(tmp_path):
            pass


@pytest.mark.parametrize(
    ("said", "holder"), [(b"\xff\n", "\ufffd"), (b"x" * 700, "x" * 600)], ids=["no text", "a long one"]
)
def test_a_lock_may_say_anything(tmp_path: Path, said: bytes, holder: str) -> None:
    """The message has a limited length, and a replacement for bytes that are no text."""
    with sole_runner(tmp_path):
        (tmp_path / "lock").write_bytes(said)
        with pytest.raises(AnotherRunner) as caught, sole_runner(tmp_path):
            pass
    assert caught.value.what == f"{holder} is at work in this project"

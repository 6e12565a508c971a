"""Two runs at once in one project, and a lock whose file was removed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.crash import cases, tracer
from tests.crash.place import Place, check, opened
from tests.crash.tracer import Point


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An emulator, and a place beside it."""
    with opened(tmp_path_factory.mktemp("runners"), forks=False) as where:
        yield where


@pytest.fixture
def where(shared: Place) -> Place:
    """A new project."""
    shared.begin()
    return shared


@pytest.mark.row(62)
def test_of_two_that_start_at_once_one_makes_the_film(where: Place) -> None:
    """The other reports the running process, and submits nothing."""
    told = cases.runners(where)
    assert (told.acted, told.wrong) == (True, ""), told.point


@pytest.mark.row(63)
def test_a_lock_that_was_left_behind_is_no_lock(where: Place) -> None:
    """A killed process leaves the file with its number in it: the next process is not blocked."""
    where.hidden.mkdir(parents=True)
    (where.hidden / "lock").write_text("process 1 on elsewhere, since yesterday\n")
    assert where.run().code == 0


@pytest.mark.row(63)
def test_a_lock_that_is_removed_while_it_is_taken_is_taken_again(where: Place) -> None:
    """A process that holds the lock of a removed file would not exclude others."""
    if not tracer.possible():
        pytest.skip("processes can't be traced here")
    removed: list[int] = []

    def act(point: Point) -> None:
        if point.call == "flock" and not removed:
            removed.append((where.hidden / "lock").stat().st_ino)
            (where.hidden / "lock").unlink()

    done = cases.run(where, act, cold=True)
    locked = [point for point in done.points if point.call == "flock"]
    assert (done.code, len(removed), len(locked), (where.hidden / "lock").exists()) == (0, 1, 2, True)
    check(where)


@pytest.mark.row(63)
def test_a_lock_that_another_has_made_anew_is_the_other_s(where: Place) -> None:
    """The file was removed, created and locked by another process between our open and our lock: the other process
    runs, and ours does not."""
    if not tracer.possible():
        pytest.skip("processes can't be traced here")
    with ExitStack() as stack:

        def act(point: Point) -> None:
            if point.call == "flock" and point.number == 1:
                path = where.hidden / "lock"
                path.unlink()
                file = stack.enter_context(path.open("w"))
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(f"process {os.getpid()} on this machine\n")
                file.flush()

        done = cases.run(where, act, cold=True)
    assert (done.code, where.rows()) == (5, [])
    assert f"process {os.getpid()} on this machine is at work in this project" in done.stderr


@pytest.mark.row(63)
def test_a_run_whose_lock_another_got_around_submits_nothing_more(where: Place) -> None:
    """The lock's file was removed while its holder ran, and another run began: the record itself refuses the first run,
    which stops before it pays for anything more."""
    if not tracer.possible():
        pytest.skip("processes can't be traced here")
    said: list[int] = []

    def act(point: Point) -> None:
        if not said and ".storyboard.lock." in point.about and where.events()[-1:] == ["stored one"]:
            (where.hidden / "lock").unlink()
            said.append(0)
            said.append(where.run().code)

    done = cases.run(where, act, cold=True)
    assert (done.code, said, len(where.rows())) == (5, [0, 0], 3)
    assert "another run has gone on with" in done.stderr
    assert where.run().code == 0  # the first may have written its older lock last; the record has the rest
    check(where)

"""A disk that is full, broken or read-only: nothing is paid for that can't be recorded, and the same command
continues."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.planning.marker import Marker
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.crash import cases, tracer
from tests.crash.limits import files_of_at_most
from tests.crash.place import Place, opened, settle
from tests.crash.tracer import Point, Refuse
from tests.executor.fake_provider import bench

HIDDEN = ".storyboard/emulated"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An emulator, and a place beside it."""
    with opened(tmp_path_factory.mktemp("disk"), forks=False) as where:
        yield where


@pytest.fixture
def where(shared: Place) -> Place:
    """A new project."""
    shared.begin()
    return shared


@pytest.fixture
def traced(where: Place) -> Place:
    """The same, where processes can be traced."""
    if not tracer.possible():
        pytest.skip("processes can't be traced here")
    return where


@pytest.mark.row(52)
def test_a_disk_that_is_full_while_a_video_is_fetched(where: Place) -> None:
    """The partial file is removed, nothing more is submitted, and the same command continues."""
    done = where.limited("only_files_of(100_000)")
    assert (done.code, len(where.rows()), list(where.hidden.rglob("*.part"))) == (5, 1, [])
    assert "mp4" in done.stderr
    assert "can't be written: file too large\n  free space" in done.stderr
    settled = settle(where)
    assert (settled.code, settled.held, settled.again) == (0, [], [])


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a scene: the journal's size, the sent requests, the recorded intents, and the message."""

    size: int
    sent: int
    intended: int
    said: str = ""


async def _order(marker: Marker) -> bytes:
    return str(marker).encode()


def _tried(folder: Path, limit: int | None = None) -> Tried:
    """Make a scene while no file may be larger than `limit`; None means the size at the beginning."""
    folder.mkdir()
    at, said = bench(folder), ""
    log = folder / "state.db-wal"
    try:
        with files_of_at_most(limit or log.stat().st_size):
            asyncio.run(perform(Job("dusk", "", {"prompt": "words"}), at.context, _order))
    except FileTrouble as error:
        said = error.what
    size = log.stat().st_size
    at.journal.close()
    kept = Journal(folder, VirtualClock(), writing=False)
    kept.close()
    return Tried(size, len(at.desk.bodies), sum(event.kind == "intended" for _, event in kept.past), said)


@pytest.mark.row(53)
def test_no_request_leaves_whose_intent_the_disk_did_not_take(tmp_path: Path) -> None:
    """The journal is cut off at every size as it grows, by a short write and then a refusal. A request without a
    recorded intent is not sent, and a task without a recorded acceptance is reported."""
    least, most = _tried(tmp_path / "least").size, _tried(tmp_path / "most", 1 << 30).size
    found = [_tried(tmp_path / str(limit), limit) for limit in range(least, most + 1, 1024)]
    assert {(one.sent, one.intended) for one in found} == {(0, 0), (1, 1)}
    assert any("the service has taken task cgt-1 on" in one.said for one in found)
    assert all("state.db can't be written" in one.said for one in found[:-1])


@pytest.mark.row(54)
@pytest.mark.parametrize("last", ["intended", "accepted"])
def test_after_a_sync_that_failed_nothing_is_written_to_the_journal(traced: Place, last: str) -> None:
    """Data of the failed sync may be lost, and the next sync would not report it. Nothing more is submitted, the file
    is not synced again, and the next run reads what is really there."""
    failed, late = [0], list[Point]()

    def act(point: Point) -> Refuse | None:
        ours = point.about.endswith("/state.db-wal")
        if failed[0]:
            late.extend([point] if ours and point.call != "unlink" else [])
        elif ours and point.call == "fdatasync" and _before(traced, last):
            failed[0] = len(traced.rows()) + 1
            return Refuse(errno.EIO)
        return None

    done = cases.run(traced, act, cold=True)
    assert (done.code, failed[0], len(traced.rows())) == (5, 1 + (last == "accepted"), failed[0] - 1)
    assert "state.db can't be written: disk I/O error" in done.stderr
    assert [point for point in late if point.call not in ("openat", "pread64")] == []
    assert settle(traced).again in ([], ["one"])


def _before(where: Place, kind: str) -> bool:
    """Return whether the next event is of that kind."""
    before = {"intended": "run_opened", "accepted": "intended one"}
    return where.events()[-1:] == [before[kind]]


@pytest.mark.row(53)
@pytest.mark.parametrize(
    ("last", "call", "error", "stored"),
    [
        ("intended one", "pwrite64", errno.ENOSPC, 0),
        ("intended one", "fdatasync", errno.EIO, 0),
        ("stored three", "pwrite64", errno.ENOSPC, 3),
    ],
)
def test_a_record_that_takes_nothing_more_hides_nothing(
    traced: Place, last: str, call: str, error: int, stored: int
) -> None:
    """From the acceptance of a task on, or at the very end: the result of each scene is reported, with the task's ID if
    it isn't recorded elsewhere, and what to do. The same command continues."""
    full = [False]

    def act(point: Point) -> Refuse | None:
        if point.call != call or not point.about.endswith("/state.db-wal"):
            return None
        full[0] = full[0] or traced.events()[-1:] == [last]
        return Refuse(error) if full[0] else None

    done = cases.run(traced, act, cold=True)
    said = done.stderr + done.stdout
    tasks = [row["task_id"] in said for row in traced.rows()]
    assert (done.code, done.stdout.count("  made "), tasks) == (5, stored, [True] * max(1, stored))
    assert ("submitted\n" in done.stdout, "can't be written" in said, "free space" in said) == (True, True, True)
    assert settle(traced).again == []


FOLDERS = [".", HIDDEN + "/store", HIDDEN + "/store/sha256", "renders", "renders/emulated/storyboard/scenes"]


@pytest.mark.row(55)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_may_not_be_written_is_found_before_anything_is_paid(where: Place, folder: str) -> None:
    """Each of the folders that a run writes to is checked; once the permissions are repaired, the same command
    continues."""
    place = where.folder / folder
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o555)
    done = where.limited("no_rights_of_root()")
    place.chmod(0o755)
    assert (done.code, where.rows()) == (5, [])
    assert "permission denied\n  free space or mend the rights, then run again" in done.stderr
    assert where.run().code == 0


@pytest.mark.row(55)
def test_a_disk_that_may_only_be_read_is_found_before_anything_is_paid(traced: Place) -> None:
    """Every call that would write to it is refused."""
    refused = ("pwrite64", "write", "ftruncate", "rename", "unlink", "mkdir", "chmod", "fallocate")

    def act(point: Point) -> Refuse | None:
        ours = point.about.startswith(str(traced.folder)) and not point.about.endswith("/lock")
        writes = point.call in refused or (point.call == "openat" and point.about.endswith((".part", "db", "journal")))
        return Refuse(errno.EROFS) if ours and writes else None

    done = cases.run(traced, act, cold=True)
    assert (done.code, bool(done.acted), traced.rows()) == (5, True, [])
    assert "mend the rights, then run again" in done.stderr


@pytest.mark.row(56)
@pytest.mark.parametrize(("most", "code", "sent"), [(16, 5, 0), (31, 5, 0), (32, 0, 3)])
def test_a_process_that_may_have_few_files_open(where: Place, most: int, code: int, sent: int) -> None:
    """Fewer files than a run needs are refused at the beginning; with enough the run succeeds."""
    done = where.limited(f"only_so_many_files({most})")
    assert (done.code, len(where.rows())) == (code, sent)
    assert code == 0 or "a run needs 32\n  raise the limit" in done.stderr


@pytest.mark.row(56)
@pytest.mark.parametrize(
    ("error", "name"), [(errno.EDQUOT, "store/part/"), (errno.EMFILE, ".witness."), (errno.ENFILE, ".storyboard.lock.")]
)
def test_a_file_that_a_quota_refuses(traced: Place, error: int, name: str) -> None:
    """The message names what to do, and the same command continues."""

    refused: list[Point] = []

    def act(point: Point) -> Refuse | None:
        if refused or point.call != "openat" or name not in point.about or len(traced.rows()) != 1:
            return None
        refused.append(point)
        return Refuse(error)

    done = cases.run(traced, act, cold=True)
    assert (done.code, bool(done.acted)) == (5, True)
    assert ("ulimit -n" if error != errno.EDQUOT else "free space") in done.stderr
    assert settle(traced).again == []

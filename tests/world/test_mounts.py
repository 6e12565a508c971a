"""The file system of a folder: a shared one causes a warning, its lock is checked, and SQLite has no log there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from storyboard.errors import MachineRefuses
from storyboard.planning.event import Intended
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from storyboard.world.mounts import Mount, check_lock, kind_of, mounts_of_linux, mounts_of_macos, place_of
from storyboard.world.run_lock import sole_runner

LINUX = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
40 27 0:40 / /home/me/films rw,relatime shared:2 - nfs4 nas:/films rw,vers=4.2
41 27 0:41 / /mnt/my\\040share rw - cifs //nas/share rw
42 27 0:42 / /mnt/ssh rw - fuse.sshfs me@nas:/ rw
43 27 8:2 / /mnt/stick rw - fuseblk /dev/sdb1 rw
44 27 0:44 / /twice rw - nfs nas:/old rw
45 44 8:3 / /twice rw - ext4 /dev/sdc1 rw
nonsense
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
//me@nas.local/films on /Volumes/my films (smbfs, nodev, nosuid, mounted by me)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


@pytest.mark.row(64)
@pytest.mark.parametrize(
    ("path", "kind", "shared"),
    [
        ("/home/me/storm", "ext4", False),
        ("/home/me/films/storm", "nfs4", True),
        ("/home/me/films2", "ext4", False),
        ("/mnt/my share/storm", "cifs", True),
        ("/mnt/ssh", "fuse.sshfs", True),
        ("/mnt/stick/storm", "fuseblk", False),
        ("/twice/storm", "ext4", False),
    ],
)
def test_the_nearest_mount_says_on_what_a_folder_lies(path: str, kind: str, *, shared: bool) -> None:
    """In Linux's format: the later one of two at the same place, and a space in its name is escaped."""
    found = kind_of(PurePosixPath(path), mounts_of_linux(LINUX))
    assert (found, Mount(found).is_shared, bool(Mount(found).warning)) == (kind, shared, shared)


@pytest.mark.row(64)
@pytest.mark.parametrize(("path", "kind"), [("/Users/me", "apfs"), ("/Volumes/my films/storm", "smbfs")])
def test_macos_tells_it_otherwise(path: str, kind: str) -> None:
    """In the words of `mount`."""
    assert kind_of(PurePosixPath(path), mounts_of_macos(MACOS)) == kind


def test_where_nothing_is_told_nothing_is_known() -> None:
    """There is no warning."""
    assert (kind_of(PurePosixPath("/x"), iter(())), Mount("").warning) == ("", "")


@pytest.mark.row(64)
@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - A Company", "Mobile Documents", "google drive"])
def test_a_folder_that_is_kept_in_step_is_told(tmp_path: Path, name: str) -> None:
    """By its name, on any file system."""
    folder = tmp_path / name / "storm"
    folder.mkdir(parents=True)
    warning = f"lies in {name}, which is synchronised with other machines: run it on one at a time"
    assert (place_of(folder).warning, place_of(tmp_path).warning) == (warning, "")


NFS = Mount("nfs4")


@pytest.mark.row(64)
def test_a_lock_that_keeps_nobody_out_is_refused(tmp_path: Path) -> None:
    """As on a server that grants every lock: here, no process holds it."""
    (tmp_path / "lock").touch()
    with pytest.raises(MachineRefuses, match="lies on nfs4, where locks don't work"):
        check_lock(tmp_path / "lock", NFS)


@pytest.mark.row(64)
def test_a_lock_that_holds_will_do(tmp_path: Path) -> None:
    """Another process is kept out by it."""
    with sole_runner(tmp_path):
        check_lock(tmp_path / "lock", NFS)


def test_a_disk_of_this_machine_is_not_tried(tmp_path: Path) -> None:
    """No process is begun for it."""
    check_lock(tmp_path / "no lock", Mount("ext4"))


EVENT = Intended("dusk", "a1", key={}, profile="")


@pytest.mark.row(64)
def test_where_memory_is_not_shared_there_is_no_log(tmp_path: Path) -> None:
    """Each event is in the database itself, and read from there while it is written."""
    journal = Journal(tmp_path, VirtualClock(), writing=True, shared=True)
    journal.open_run()
    journal.append(EVENT)
    names = {path.name for path in tmp_path.iterdir()}
    reader = Journal(tmp_path, VirtualClock(), writing=False)
    reader.close()
    journal.append(EVENT)
    journal.close()
    assert (names, [event for _, event in reader.past][1:]) == ({"state.db", "state.db-journal", "witness"}, [EVENT])


@pytest.mark.row(64)
def test_a_record_that_was_begun_with_a_log_goes_on_without_one(tmp_path: Path) -> None:
    """A project that was moved to a shared disk; and back."""
    for shared in (False, True, False):
        journal = Journal(tmp_path, VirtualClock(), writing=True, shared=shared)
        journal.open_run()
        journal.close()
    assert len(Journal(tmp_path, VirtualClock(), writing=False).past) == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
journal = Journal(Path(sys.argv[1]), VirtualClock(), writing=True, shared=True)
journal.open_run()
journal._database.execute("begin immediate")
journal._database.execute("pragma cache_size = 0")
journal._database.executemany(
    "insert into events values(?,1,0,'seen','','','',?,'','')", [(n, "x" * 9000) for n in range(2, 99)]
)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.row(64)
def test_what_a_kill_left_half_written_is_taken_back(tmp_path: Path) -> None:
    """By the next process, also if it only reads."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)
    left = (tmp_path / "state.db-journal").stat().st_size
    journal = Journal(tmp_path, VirtualClock(), writing=False)
    journal.close()
    assert (left > 0, [event.kind for _, event in journal.past]) == (True, ["run_opened"])

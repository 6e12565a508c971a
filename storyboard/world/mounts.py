"""The file system of a project's folder, and its risks: disks that other machines share, and folders that a program
synchronises with other machines.

The lock of a run holds on one machine. Where a folder is shared, two machines don't see each other's lock; SQLite's log
needs memory that all its readers share, which a network doesn't offer; and a synchronised folder is replaced in the
middle of a run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from storyboard.errors import MachineRefuses

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "9p", "ncpfs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "afs", "orangefs"),
    }
)
"""File systems of other machines, by the names that Linux and macOS have for them."""
SHARED = frozenset(["vboxsf", "prl_fs", "virtiofs", "drvfs", "fuse", "osxfuse", "macfuse", "fakeowner"])
"""File systems that a host provides to a machine inside it, or that a program implements. Those of FUSE are
`fuse.NAME`."""
KEPT_IN_STEP = re.compile(
    r"Dropbox|OneDrive( - .*)?|iCloud Drive|Mobile Documents|CloudStorage|Google ?Drive|Nextcloud|pCloudDrive|Box Sync",
    re.IGNORECASE,
)
"""Names of folders that are kept in step with other machines."""


@dataclass(frozen=True, slots=True)
class Mount:
    """The file system of a folder (empty: unknown), and the synchronised folder that contains it, if any."""

    kind: str
    kept_by: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether other machines may use it too, or a program is between this process and the disk."""
        return self.kind in NETWORK | SHARED or self.kind.startswith("fuse.")

    @property
    def warning(self) -> str:
        """The warning for a user; empty if there is no risk."""
        if self.is_shared:
            return f"lies on {self.kind}, which other machines may share: run it on one machine at a time"
        if self.kept_by:
            return f"lies in {self.kept_by}, which is synchronised with other machines: run it on one at a time"
        return ""


def place_of(folder: Path) -> Mount:
    """Return the mount of a folder."""
    real = folder.resolve()
    kept_by = next((part for part in real.parts if KEPT_IN_STEP.fullmatch(part)), "")
    return Mount(kind_of(real, _mounts()), kept_by)


def kind_of(path: PurePath, mounts: Iterator[tuple[str, str]]) -> str:
    """Return the file system of the nearest mount above a path; of two at one place, the later one."""
    over = [(len(PurePath(point).parts), kind) for point, kind in mounts if path.is_relative_to(point)]
    return max(enumerate(over), key=lambda row: (row[1][0], row[0]))[1][1] if over else ""


def _mounts() -> Iterator[tuple[str, str]]:
    """Return what is mounted where, as the system reports it."""
    try:
        if sys.platform == "darwin":
            said = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=True, timeout=10)
            return mounts_of_macos(said.stdout)
        return mounts_of_linux(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    except (OSError, subprocess.SubprocessError):
        return iter(())


def mounts_of_linux(text: str) -> Iterator[tuple[str, str]]:
    """Return the mounts of a `mountinfo` file, by place."""
    for line in text.splitlines():
        place, _, what = line.partition(" - ")
        if len(place.split()) > 4 and what:
            yield re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place.split()[4]), what.split()[0]


def mounts_of_macos(text: str) -> Iterator[tuple[str, str]]:
    """Return the mounts in the output of `mount`, by place."""
    for found in re.finditer(r"^.* on (/.*) \(([a-z0-9_]+)[,)]", text, re.MULTILINE):
        yield found[1], found[2]


_TRY = """
import fcntl, sys
with open(sys.argv[1]) as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(0)
sys.exit(1)
"""


def check_lock(lock: Path, place: Mount) -> None:
    """Check that a lock of this process keeps another one out, where a folder is shared. Raise MachineRefuses."""
    if not place.is_shared:
        return
    tried = subprocess.run([sys.executable, "-c", _TRY, str(lock)], check=False)  # noqa: S603 - words of our own
    if tried.returncode:
        raise MachineRefuses(
            f"{lock.parent} lies on {place.kind}, where locks don't work: two runs would both submit",
            "move the project to a disk of this machine",
        )

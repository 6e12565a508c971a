"""Checks of the machine before a run: locks, syncs, renames, free space, open files."""

from __future__ import annotations

import fcntl
import os
import resource
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storyboard.errors import FileTrouble, MachineRefuses
from storyboard.world.durable import sync_folder, write_atomically


@dataclass(frozen=True, slots=True)
class FileSystemChecks:
    """The abilities of a folder's file system: each is empty, or the reason for a failure. `free` is in bytes."""

    lock: str
    sync: str
    rename: str
    free: int

    @property
    def whole(self) -> bool:
        """Whether it supports everything that state and store depend on."""
        return not (self.lock or self.sync or self.rename)


def check_file_system(folder: Path) -> FileSystemChecks:
    """Check a folder's file system, in a temporary folder. Raise FileTrouble if nothing can be written there."""
    try:
        with tempfile.TemporaryDirectory(prefix=".storyboard-doctor-", dir=folder) as place:
            tried = Path(place)
            return FileSystemChecks(
                _try(_lock, tried), _try(_sync, tried), _try(_rename, tried), shutil.disk_usage(folder).free
            )
    except OSError as error:
        raise FileTrouble.of(error, folder) from error


FEWEST = 32
"""Files that a run has open at once at the most: state, store and connections."""


def check_descriptors() -> None:
    """Raise MachineRefuses if this process may have fewer files open than a run needs: nearly anything could fail."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < FEWEST:
        what = f"only {most} files may be open at once, and a run needs {FEWEST}"
        raise MachineRefuses(what, "raise the limit (`ulimit -n 256`), then run again")


def check_writable(*folders: Path) -> None:
    """Write, sync and rename a file in each folder, or in the nearest existing folder above it.

    Raise FileTrouble where that fails, before anything is paid for that couldn't be stored. The file's name is random:
    the project's folder is checked too, and its files are the user's.
    """
    for folder in folders:
        try:
            place = next(one for one in (folder, *folder.parents) if one.exists())
            trial = place / f".storyboard-trial-{secrets.token_hex(8)}"
            write_atomically(trial, b"written")
            trial.unlink()
        except OSError as error:
            raise FileTrouble.of(error, folder) from error


def _try(trial: Callable[[Path], str], place: Path) -> str:
    try:
        return trial(place)
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()


@contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(place: Path) -> str:
    """Check that a second process can't take a lock: otherwise two runs would both submit."""
    with _open(place / "lock") as first, _open(place / "lock") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return ""
        return "two hold one lock at once"


def _sync(place: Path) -> str:
    with _open(place / "synced") as descriptor:
        os.write(descriptor, b"written")
        os.fsync(descriptor)
    sync_folder(place)
    return ""


def _rename(place: Path) -> str:
    old, new = place / "old", place / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    new.replace(old)
    return "" if old.read_bytes() == b"new" and not new.exists() else "what was renamed is not what is there"

"""The lock that only one run of a folder's realm can hold."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from storyboard.errors import AnotherRunner, FileTrouble, MachineRefuses
from storyboard.world.durable import private_folder
from storyboard.world.files import check_no_links


@contextmanager
def sole_runner(folder: Path, storyboard: str = "") -> Iterator[None]:
    """Hold the lock of a folder's realm, a lock of the operating system that ends with its process.

    `storyboard` is the file in use, which is shown to a user whose run is refused meanwhile.

    The file is never removed: two processes would hold "the" lock of two files. Raise AnotherRunner if another process
    holds it, and FileTrouble where a link would lead writes to another place: every writer calls this first.
    """
    check_no_links(folder)
    path = private_folder(folder) / "lock"
    with ExitStack() as stack:
        descriptor = _lock(path, stack)
        since = f"on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        working = f" ({storyboard})" if storyboard else ""
        said = f"process {os.getpid()} {since}{working}\n"
        with FileTrouble.at(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, said.encode("utf-8", "surrogateescape"), 0)
        yield


def _lock(path: Path, stack: ExitStack) -> int:
    """A descriptor that holds the lock for as long as the stack does. Whatever is removed between being opened and
    being locked is the lock no more: the next one would hold another."""
    while True:
        with FileTrouble.at(path, "opened"):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise lock_error(error, path, _holder(descriptor)) from error
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor


NAMES_ITSELF = 0.2
"""Seconds within which the holder of the lock has written its name into it."""


def _holder(descriptor: int) -> str:
    """Return the holder of the lock. There is a moment between taking it and writing the name, in which two that
    start at once may meet."""
    until = time.monotonic() + NAMES_ITSELF
    while True:
        said = os.pread(descriptor, 600, 0).decode("utf-8", "replace").strip()
        if said or time.monotonic() > until:
            return said
        time.sleep(0.01)


def lock_error(error: OSError, path: Path, holder: str) -> MachineRefuses:
    """Return the error for a failed lock: another process holds it, or the file system has no locks."""
    if not isinstance(error, BlockingIOError):
        return FileTrouble.of(error, path, "locked")
    what = f"{holder or 'another process'} is at work in this project"
    return AnotherRunner(what, "wait for it, or stop it with Ctrl-C")

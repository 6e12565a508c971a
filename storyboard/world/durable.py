"""Writing that survives a crash: temporary file, sync, rename."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from storyboard.errors import FileTrouble
from storyboard.world.files import digest_of_file
from storyboard.world.layout import file_name


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that at every instant the old or the new content is there: temporary name, sync, rename, sync."""
    temporary = temporary_name(path)
    try:
        make_folder(path.parent)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise FileTrouble.of(error, path) from error


def temporary_name(path: Path) -> Path:
    """A name in the same folder under which a file can be written before it gets its own; another one at each call.

    Two threads, or two processes in different containers with one process number, may write the same file at the same
    moment: under a shared temporary name one would rename the other's file away.
    """
    return path.with_name(f".{file_name(path.name)}.{secrets.token_hex(6)}.part")


_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{12}\.part")


def remove_temporary_files(folder: Path, *names: str) -> None:
    """Remove the temporary files that killed processes left in a folder: those of `names`, or all if none is given.

    No other process may be writing to the folder. Files that can't be removed stay: they do no harm.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and (not names or found[1] in map(file_name, names)) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - a listing gives paths as text


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make a file written by another library durable, with its name. Raise FileTrouble."""
    try:
        _sync(path, os.O_RDONLY)
        sync_folder(path.parent)
    except OSError as error:
        raise FileTrouble.of(error, path) from error


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder if it isn't there, and what is missing above it; their names are durable when this returns."""
    missing = list(itertools.takewhile(lambda one: not one.is_dir(), (path, *path.parents)))
    if missing:
        path.mkdir(parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)


def private_folder(path: Path) -> Path:
    """A folder that only its owner can inspect_files into, made if it isn't there."""
    try:
        make_folder(path)
        if stat.S_IMODE(path.stat().st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise FileTrouble.of(error, path, "made") from error
    return path


def copy_out(source: Path, target: Path, digest: str) -> None:
    """Copy a file of that digest to a name for users, atomically; do nothing if it is there already."""
    temporary = temporary_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_symlink() and digest_of_file(target) == digest:
            return
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise FileTrouble.of(error, target) from error

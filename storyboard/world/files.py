"""Reading files safely."""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

from storyboard.errors import FileTrouble


def read_text(path: Path, largest: int = 17 * 1024 * 1024) -> str:
    """Return the content of a text file. Bytes that aren't UTF-8 become lone surrogates, which the parser refuses at
    their place."""
    try:
        with path.open("rb") as file:
            return file.read(largest).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error


def check_no_links(folder: Path) -> None:
    """Raise FileTrouble if a folder that only this program writes to is or contains a link or a special file.

    A repository can contain links, and a file that is opened by name is opened wherever they lead. A directory listing
    has the type of each entry: no take is opened for that.
    """
    if folder.is_symlink():
        raise _a_link(folder)
    with FileTrouble.at(folder, "read"):
        waiting = [str(folder)] if os.path.lexists(folder) else []
        while waiting:
            waiting += _folders_in(waiting.pop())


def _folders_in(folder: str) -> list[str]:
    """Return the folders in a folder. Raise FileTrouble if it contains anything but files and folders."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise _a_link(entry.path)
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            elif not entry.is_file(follow_symlinks=False) and os.path.lexists(entry):
                raise FileTrouble(f"{entry.path} is neither a file nor a folder", _remove_at_end(entry.path))
    return found


def _a_link(path: Path | str) -> FileTrouble:
    return FileTrouble(f"{path} is a link: what is written there would land somewhere else", _remove_at_end(path))


def _remove_at_end(path: Path | str) -> str:
    return f"remove it: rm {shlex.quote(str(path))}"


def digest_of_file(path: Path) -> str:
    """Return the digest of a file's current bytes (`sha256:…`). Raise FileTrouble."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error

"""The disk: where a project's things lie, reading them safely, and writing them in one stroke."""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

from storyboard.errors import FileTrouble


def read_text(path: Path, largest: int = 17 * 1024 * 1024) -> str:
    """A text file; bytes that are no UTF-8 become lone surrogates, which the document room refuses at their place."""
    try:
        with path.open("rb") as file:
            return file.read(largest).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error


def check_no_links(folder: Path) -> None:
    """Raise FileTrouble if a folder that we alone write to, or anything in it, is no file or folder of its own.

    A repository can carry links, and what is opened by name is opened wherever they lead. A listing says what sort each
    entry is: no take is touched for that.
    """
    if folder.is_symlink():
        raise _a_link(folder)
    with FileTrouble.at(folder, "read"):
        waiting = [str(folder)] if os.path.lexists(folder) else []
        while waiting:
            waiting += _folders_in(waiting.pop())


def _folders_in(folder: str) -> list[str]:
    """The folders that a folder holds. Raises FileTrouble if it holds anything but files and folders."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise _a_link(entry.path)
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            elif not entry.is_file(follow_symlinks=False) and os.path.lexists(entry):
                raise FileTrouble(f"{entry.path} is neither a file nor a folder", _removing(entry.path))
    return found


def _a_link(path: Path | str) -> FileTrouble:
    return FileTrouble(f"{path} is a link: what is written there would land somewhere else", _removing(path))


def _removing(path: Path | str) -> str:
    return f"remove it: rm {shlex.quote(str(path))}"


def digest_of_file(path: Path) -> str:
    """The digest of a file's bytes as they are now (`sha256:…`). Raises FileTrouble."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error

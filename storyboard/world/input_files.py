"""The facts about the input files that a storyboard names."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from storyboard.language.facts import FileFacts, format_of
from storyboard.world.layout import Layout

LARGEST_INPUT = 512 * 1024 * 1024
"""Bytes beyond which a file isn't even digested: no service takes it."""


def inspect_files(layout: Layout, paths: Iterable[str], *, digests: bool) -> dict[str, FileFacts]:
    """Return the facts of files: whether they exist below the root, their format and, if requested, their digest."""
    return {path: _look(layout, path, digests) for path in dict.fromkeys(paths)}


def inside(layout: Layout, path: str) -> Path | None:
    """Return the real path of a path that an author wrote, or None if it is outside the project's root."""
    if "\x00" in path:
        return None
    real = Path(os.path.realpath(layout.folder / path))
    root = Path(os.path.realpath(layout.root))
    return real if real.is_relative_to(root) else None


def _look(layout: Layout, path: str, digests: bool) -> FileFacts:
    real = inside(layout, path)
    if real is None:
        return FileFacts(path, "outside")
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return FileFacts(path, "missing")
    except OSError:
        return FileFacts(path, "unreadable")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return FileFacts(path, "no file")
    with os.fdopen(descriptor, "rb") as file:
        name = format_of(file.read(16))
        file.seek(0)
        asked = digests and status.st_size <= LARGEST_INPUT
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" if asked else ""
    return FileFacts(path, None, status.st_size, name, digest)

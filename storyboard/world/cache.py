"""A cache of earlier results, in the user's cache folder: it can be deleted at any time, and is never trusted blindly.

An entry is valid while the files that it depends on have the stamps recorded with it. It is only written if those are
older than the moment when the cache was opened, before anything was read: a file that changed while it was validated,
or in the seconds before (when it may change again without a new stamp), is not cached.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import storyboard
from storyboard.world.durable import temporary_name

RACY = 2.0
"""Seconds within which a stamp that is so young proves nothing."""

Stamp = tuple[int, int, int, int]
"""Times of change of content and of record in nanoseconds, size, and the file's number on its disk."""


def folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the cache."""
    home = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".cache")
    return Path(home) / "storyboard"


def stamp(path: str | os.PathLike[str]) -> Stamp | None:
    """A file's stamp; None if there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of pathlib's time, and this is what the cache is for
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def program() -> str:
    """Return an identity of this program: its version, and in a checkout the stamps of its modules and schema."""
    rooms = Path(storyboard.__file__).parent
    stamps = [
        (path.name, stamp(path))
        for room in ("", "language", "language/rules", "providers/ark", "world", "world/media")
        for path in _code(rooms / room)
    ]
    stamps.append(("schema", stamp(rooms.parent / "schemas" / "storyboard.schema.json")))
    return f"{storyboard.__version__} {stamps}"


def _code(room: Path) -> Iterable[os.DirEntry[str]]:
    with os.scandir(room) as entries:
        return sorted((entry for entry in entries if entry.name.endswith(".py")), key=lambda entry: entry.name)


class Cache:
    """Entries by key, each with the files that it rests on."""

    def __init__(self, environment: Mapping[str, str], now: float | None = None) -> None:
        """`now` is when it was opened, in Unix seconds; without it, the moment at which this is called."""
        self._folder = folder(environment)
        self._began = time.time() if now is None else now

    def get(self, *key: object) -> Any:
        """The value of an entry that is still good, else None."""
        try:
            entry = json.loads(self._path(key).read_bytes())
            rests_on = entry["files"].items()
            good = entry["key"] == repr(key) and all(stamp(path) == _as_stamp(was) for path, was in rests_on)
            return entry["value"] if good else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, value: Any, files: Iterable[str | Path], *key: object) -> None:
        """Remember a value that rests on these files; silently not, where that can't be done."""
        stamps = {str(path): stamp(path) for path in files}
        newest = max((max(found[:2]) for found in stamps.values() if found), default=0)
        if newest / 1e9 > self._began - RACY:
            return
        content = json.dumps({"key": repr(key), "files": stamps, "value": value}, ensure_ascii=False)
        path = self._path(key)
        temporary = temporary_name(path)
        with suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(content.encode())
            temporary.replace(path)

    def _path(self, key: tuple[object, ...]) -> Path:
        return self._folder / f"{hashlib.sha256(repr(key).encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.json"


def _as_stamp(value: Any) -> Stamp | None:
    return None if value is None else (int(value[0]), int(value[1]), int(value[2]), int(value[3]))

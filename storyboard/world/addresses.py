"""Signed addresses, in a private file of their own and nowhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storyboard.errors import FileTrouble
from storyboard.protocols import Address
from storyboard.world.durable import write_atomically

MARGIN = 600.0
"""The minimum remaining life of an address, in seconds, for it to be used later."""
MOST_DEAD = 100
"""The number of outdated lines, in addition to as many as are valid, after which the file is rewritten."""


@dataclass(frozen=True, slots=True)
class TaskAddresses:
    """The addresses of a task's video and last frame, and when they expire (Unix seconds)."""

    video: Address
    frame: Address | None
    expires: float


class Addresses:
    """The addresses of one realm, by task: a line each, the last one of a task holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = 0
        self._rows: dict[str, Mapping[str, object]] = self._read()

    def _read(self) -> dict[str, Mapping[str, object]]:
        """Return the lines of the file. Unreadable lines are ignored, since each address can be requested again."""
        rows: dict[str, Mapping[str, object]] = {}
        with suppress(OSError, UnicodeDecodeError):
            for line in self._path.read_text("utf-8").splitlines():
                self._lines += 1
                with suppress(ValueError, TypeError, KeyError):
                    row = json.loads(line)
                    rows[str(row["task"])] = row
        return rows

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Record a task's addresses. Raise FileTrouble."""
        frame = addresses.frame.reveal() if addresses.frame else ""
        row = {"task": task, "video": addresses.video.reveal(), "frame": frame, "expires": addresses.expires}
        self._rows[task] = row
        self._lines += 1
        if self._lines > 2 * len(self._rows) + MOST_DEAD:
            self._compact()
            return
        line = (json.dumps(row) + "\n").encode()
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            with os.fdopen(os.open(self._path, flags, 0o600), "wb") as file:
                file.write(line)
        except OSError as error:
            raise FileTrouble.of(error, self._path) from error

    def _compact(self) -> None:
        """Leave out what no longer holds."""
        lines = (json.dumps(row) + "\n" for row in self._rows.values())
        write_atomically(self._path, "".join(lines).encode(), 0o600)
        self._lines = len(self._rows)

    def alive(self, task: str, now: float, origin: str | None = None) -> TaskAddresses | None:
        """A task's addresses if they will live a while, and point to `origin` if that is given."""
        row = self._rows.get(task)
        if not isinstance(row, dict):
            return None
        video, frame, expires = row.get("video"), row.get("frame"), row.get("expires")
        if not isinstance(video, str) or not isinstance(expires, (int, float)) or expires < now + MARGIN:
            return None
        if origin is not None and Address(video).origin != origin:
            return None
        return TaskAddresses(Address(video), Address(frame) if isinstance(frame, str) and frame else None, expires)

    def tasks_alive(self, now: float, origin: str | None = None) -> frozenset[str]:
        """Return the tasks whose addresses remain valid for a while."""
        return frozenset(task for task in self._rows if self.alive(task, now, origin))

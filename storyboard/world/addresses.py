"""Signed addresses, in a private file of their own and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storyboard.promises import Address
from storyboard.world.files import write_in_one_stroke

MARGIN = 600.0
"""Seconds that an address must still live to be handed to somebody who fetches it later."""


@dataclass(frozen=True, slots=True)
class TaskAddresses:
    """Where a task's video and last frame can be fetched, and until when (Unix seconds)."""

    video: Address
    frame: Address | None
    expires: float


class Addresses:
    """The addresses of one realm, by task."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Mapping[str, object]] = self._read()

    def _read(self) -> dict[str, Mapping[str, object]]:
        """What is there; an unreadable file is an empty one, since each address can be asked for again."""
        try:
            value = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Remember a task's addresses."""
        frame = addresses.frame.reveal() if addresses.frame else ""
        self._rows[task] = {"video": addresses.video.reveal(), "frame": frame, "expires": addresses.expires}
        write_in_one_stroke(self._path, json.dumps(self._rows, indent=1).encode(), 0o600)

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
        """The tasks whose addresses will live a while."""
        return frozenset(task for task in self._rows if self.alive(task, now, origin))

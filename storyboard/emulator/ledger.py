"""The emulator's truth on disk: one synced line for each accepted create, the media beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from storyboard.emulator.tasks import Line
from storyboard.errors import StateDamaged
from storyboard.world.durable import private_folder, write_atomically

SIGNING_KEY = "signing.key"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What files of a task may be called: a ledger may be a stranger's."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A delete that was obeyed: `cancelled` if the task was still queued, else its record was removed."""

    task_id: str
    at: float
    cancelled: bool


class Ledger:
    """Lines in their order. A torn last line, of a process that was killed while it wrote, was never answered."""

    def __init__(self, path: Path, fresh_key: bytes = b"") -> None:
        """`fresh_key` signs the addresses of a ledger that has none yet; left out: chance."""
        self.path = path
        self._fresh_key = fresh_key
        self.media = private_folder(path.with_suffix(".media"))
        self.lines: dict[str, Line] = {}
        self.removed: dict[str, Removal] = {}
        self.signing_key = self._key_of()
        self._replay()

    def _replay(self) -> None:
        for number, row in enumerate(_rows(self.path), start=1):
            line = self._line(row, number)
            self.lines[line.task_id] = line
        try:
            self.removed = {row["task_id"]: Removal(**row) for row in map(json.loads, _rows(self._removals))}
        except (ValueError, TypeError, KeyError) as error:
            raise StateDamaged(f"{self._removals} can't be read", "remove it, or the folder that it lies in") from error

    def _line(self, row: bytes, number: int) -> Line:
        try:
            value = json.loads(row)
            line = Line(**{**value, "size": tuple(value["size"])})
            if not all(map(_NAME.fullmatch, (line.task_id, *line.inputs.values()))):
                raise ValueError("a task or an input has a name that leads elsewhere")
            return line
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StateDamaged(
                f"{self.path}:{number} is no line of an emulator's ledger", "name another file, or remove it"
            ) from error

    @property
    def _removals(self) -> Path:
        return self.media / "removed.jsonl"

    def _key_of(self) -> bytes:
        path = self.media / SIGNING_KEY
        if not path.exists():
            write_atomically(path, self._fresh_key or os.urandom(32), 0o600)
        return path.read_bytes()

    def append(self, line: Line) -> None:
        """Take a create on: from now on it is true."""
        _append(self.path, asdict(line))
        self.lines[line.task_id] = line

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks in their order, as they are now: another thread may be taking one on."""
        return tuple(self.lines)

    def remove(self, removal: Removal) -> None:
        """A task was cancelled, or its record removed."""
        _append(self._removals, asdict(removal))
        self.removed[removal.task_id] = removal

    def forget(self) -> None:
        """Begin anew: no task was ever taken on. The key that signs stays."""
        for path in (self.path, self._removals, *self.media.glob("*.*")):
            if path.name != SIGNING_KEY:
                path.unlink(missing_ok=True)
        self.lines.clear()
        self.removed.clear()

    def cut_back(self, tasks: int, removals: int) -> None:
        """Keep so many of the first lines and removals; what came later never was. What was drawn stays."""
        for path, count in ((self.path, tasks), (self._removals, removals)):
            write_atomically(path, b"".join(row + b"\n" for row in _rows(path)[:count]), 0o600)
        self.lines.clear()
        self._replay()

    def keep(self, content: bytes) -> str:
        """Keep media that a create refers to; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.input(digest).exists():
            write_atomically(self.input(digest), content, 0o600)
        return digest

    def input(self, digest: str) -> Path:
        """Where media of that digest lie."""
        return self.media / f"{digest}.input"

    def video(self, task: str) -> Path:
        """Where a task's video lies, if it is made already."""
        return self.media / f"{task}.mp4"

    def frame(self, task: str) -> Path:
        """Where its last frame lies."""
        return self.media / f"{task}.png"


def _rows(path: Path) -> list[bytes]:
    """The whole lines of a file; a torn last one is cut off."""
    content = path.read_bytes() if path.exists() else b""
    whole, _, torn = content.rpartition(b"\n")
    if torn:
        with path.open("r+b") as file:
            file.truncate(len(content) - len(torn))
    return whole.split(b"\n") if whole else []


def _append(path: Path, row: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())

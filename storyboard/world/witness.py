"""The number of a journal's last event, in a small file beside its database.

SQLite drops a damaged tail of its log silently. A database that ends before its witness is therefore damaged.
"""

from __future__ import annotations

from pathlib import Path

from storyboard.errors import FileTrouble, StateDamaged
from storyboard.world.durable import write_atomically


class Witness:
    """The witness file of one journal. `remedy` is the hint of the error for an unreadable file."""

    def __init__(self, path: Path, remedy: str) -> None:
        self._path = path
        self._remedy = remedy

    def read(self) -> int:
        """Return the number of the last event; 0 if there is no witness. Raise StateDamaged or FileTrouble."""
        try:
            return int(self._path.read_text("utf-8").split()[0])
        except FileNotFoundError:
            return 0
        except (IsADirectoryError, ValueError, IndexError) as error:
            raise StateDamaged(f"{self._path} can't be read", self._remedy) from error
        except OSError as error:
            raise FileTrouble.of(error, self._path, "read") from error

    def write(self, last: int, epoch: int) -> None:
        """Record the number of the last event, and of the run that wrote it. Raise FileTrouble."""
        write_atomically(self._path, f"{last} {epoch}\n".encode(), 0o600)

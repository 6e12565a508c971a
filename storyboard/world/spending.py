"""The day's spending of this user, over all projects of this machine: one file a day, which all runs share.

A line is added, under a lock of the operating system and synced, before a paid request is sent: two runs at once never
count on the same money. Another line has the bill once it is known. An attempt without a bill counts in full, so a run
that was killed in between leaves too much in the file until the day is over, never too little. Days are those of UTC.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from storyboard.errors import FileTrouble, StateDamaged
from storyboard.planning.budget import Books, Cap, Entry, check
from storyboard.planning.money import Money, money_of
from storyboard.protocols import Clock
from storyboard.world.durable import private_folder, sync_folder
from storyboard.world.settings import state_home


def folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the days' files."""
    return state_home(environment) / "spending"


class Spending:
    """The days' files. `project` is recorded in them, for people; `cap` is the maximum of one day.

    The lock is held for one line only, so every function here waits for it.
    """

    def __init__(self, folder: Path, clock: Clock, project: str = "", cap: Cap | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._project = project
        self._cap = cap
        self._read: tuple[Path, int, int] | None = None
        """The file that was read, as a name, a device and a number."""
        self._offset = 0
        self._books = Books()

    def check(self, wanted: Money) -> None:
        """Raise OverBudget if so much more doesn't fit into today. Writes nothing."""
        if self._cap is not None:
            check(self._cap, self.today().counted(wanted.currency), wanted)

    def today(self) -> Books:
        """Return the spending of today so far. Writes nothing. Raise FileTrouble or StateDamaged."""
        path = self._path()
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise FileTrouble.of(error, path, "read") from error
        books = Books()
        _add(books, _whole_lines(content), path)
        return books

    def reserve(self, attempt_id: str, wanted: Money) -> None:
        """Count the maximum cost of an attempt; it is on the disk when this returns.

        Raise OverBudget if it exceeds the cap, and FileTrouble or StateDamaged: then nothing may be submitted.
        """
        if not wanted.amount:
            return
        with self._hold() as file:
            check(self._cap, self._books.counted(wanted.currency), wanted)
            self._write(file, {"intent": attempt_id, "reserve": str(wanted), "project": self._project})

    def settle(self, attempt_id: str, bill: Money) -> None:
        """Count an attempt's bill in place of what was reserved, if it was reserved today."""
        if not self._path().exists():
            return
        with self._hold() as file:
            entry = self._books.entry(attempt_id)
            if entry is not None and entry.bill != bill:
                self._write(file, {"intent": attempt_id, "bill": str(bill)})

    def _path(self) -> Path:
        return self._folder / f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%d}.jsonl"

    @contextmanager
    def _hold(self) -> Iterator[int]:
        """Today's file, open, locked and read to its end."""
        private_folder(self._folder)
        path = self._path()
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._catch_up(file, path)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise FileTrouble.of(error, path) from error

    def _catch_up(self, file: int, path: Path) -> None:
        """Read the lines that were added since the last read. A torn last line doesn't count: its writer was killed
        before the request was sent, or will record the bill again."""
        found = os.fstat(file)
        place = path, found.st_dev, found.st_ino
        if place != self._read or found.st_size < self._offset:
            self._read, self._offset, self._books = place, 0, Books()
        content = os.pread(file, found.st_size - self._offset, self._offset)
        whole = _whole_lines(content)
        if len(whole) < len(content):
            os.ftruncate(file, self._offset + len(whole))
        _add(self._books, whole, path)
        self._offset += len(whole)
        if not found.st_size:
            sync_folder(self._folder)

    def _write(self, file: int, row: Mapping[str, str]) -> None:
        line = json.dumps({**row, "at": self._clock.now()}).encode() + b"\n"
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _add(books: Books, lines: bytes, path: Path) -> None:
    try:
        for line in lines.splitlines():
            row = json.loads(line)
            attempt_id = str(row["intent"])
            entry = books.entry(attempt_id)
            if "reserve" in row:
                books.put(attempt_id, Entry(money_of(row["reserve"])))
            elif entry is not None:
                books.put(attempt_id, replace(entry, bill=money_of(row["bill"])))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "remove it: then nothing that was spent before counts for the day's cap"
        raise StateDamaged(f"{path} can't be read: {error}", hint) from error


def settle_known(spending: Spending, books: Books) -> None:
    """Record the bills that a project's books have and the day's file doesn't: a run was killed in between."""
    for attempt_id in spending.today().unsettled:
        entry = books.entry(attempt_id)
        if entry is not None and entry.bill is not None:
            spending.settle(attempt_id, entry.bill)

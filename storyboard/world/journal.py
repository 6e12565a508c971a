"""The journal: every event of a realm in order, on the disk before the next act.

An SQLite database in WAL mode holds the events; each row's `crc` is a digest of the row and of the one before. SQLite
drops a damaged tail of its WAL silently, so a second small file, the witness, names the last row: a database that ends
before its witness is damaged, and nothing may be submitted on its basis. This is the only module that imports sqlite3.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from storyboard.errors import AnotherRunner, FileTrouble, MachineRefuses, StateDamaged
from storyboard.planning.event import DURABLE, Event, Recorded, RecordTrust, RunOpened
from storyboard.planning.history import History
from storyboard.planning.version_1 import Translator
from storyboard.protocols import Clock
from storyboard.world.gc_pause import pause_collector
from storyboard.world.journal_rows import event_of, row_digest, row_of
from storyboard.world.witness import Witness

VERSION = 2
_TABLE = """
create table if not exists events(
  seq integer primary key, epoch integer not null, at real not null, kind text not null, storyboard text not null,
  scene text not null, attempt text not null, body text not null, crc text not null, prev text not null) strict
"""
_FREE = "free space or mend the rights, then run again"
_REFUSED = (
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY),
)
_MEND = "restore it from a backup; what it knew of tasks, `storyboard tasks list` shows"


class Journal:
    """The events of one realm. `shared` is whether its folder is where processes can't share memory, which SQLite's log
    requires.

    `storyboard` is the storyboard of a record of version 1, whose events don't name it.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, writing: bool, shared: bool = False, storyboard: str = ""
    ) -> None:
        self._clock = clock
        self._translator = Translator(storyboard)
        self._path = folder / "state.db"
        self._witness = Witness(folder / "witness", _MEND)
        self._broken: FileTrouble | None = None
        self._place = 0, 0
        self._version = 0
        self._database: sqlite3.Connection | None = None
        try:
            self._look(writing, shared)
        except StateDamaged:
            if writing:
                raise
            self._look(writing, shared)  # a run that began meanwhile may have changed it under a reader's eyes

    def _look(self, writing: bool, shared: bool) -> None:
        """Open it, and read all of it. The witness is asked first: a run may be going on, and what that writes
        after the rows were read would seem to be lost."""
        witnessed = self._witness.read()
        self.close()
        self._last, self._epoch, self._digest = 0, 0, ""
        self._database = self._open(writing, shared)
        if self._database and writing:
            found = self._path.stat()
            self._place = found.st_dev, found.st_ino
        self._translator = Translator(self._translator.storyboard)
        with pause_collector():
            self.past: list[tuple[float, Recorded]] = list(self._read()) if self._database else []
            self.history = History(self.past)
        if self._last < witnessed:
            lost = f"{self._path} has lost events: it ends at {self._last}, but {witnessed} were written"
            raise StateDamaged(lost, _MEND)

    def _open(self, writing: bool, shared: bool) -> sqlite3.Connection | None:
        if not writing and not self._path.exists():
            return None
        try:
            mode = "rwc" if writing else self._reading
            database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
            version = database.execute("pragma user_version").fetchone()[0]
            self._version = version
            if writing:
                self.check_not_newer()
            if 0 < version < VERSION and writing:
                what = f"{self._path} was written by an older storyboard, and is only read where it is"
                raise StateDamaged(what, "`storyboard run` copies it to the folder's record")
            if writing:
                database.execute(f"pragma journal_mode = {'truncate' if shared else 'wal'}")
                database.execute("pragma synchronous = full")
                database.execute(_TABLE)
                if version < VERSION:
                    database.execute(f"pragma user_version = {VERSION}")
        except (sqlite3.Error, UnicodeError) as error:  # SQLite quotes what is damaged, and that may be no text
            raise _trouble(error, f"{self._path} can't be opened: {error}") from error
        return database

    def check_not_newer(self) -> None:
        """Raise StateDamaged if a newer program wrote it: this one only reads it."""
        if self._version > VERSION:
            what = f"{self._path} was written by a newer storyboard, and is only read by this one"
            raise StateDamaged(what, "use that one")

    @property
    def _reading(self) -> str:
        """The mode in which a reader opens the file. With its log folded in, it is read without a trace; a reader
        has to see a log beside it; and a journal without a log is locked and repaired as SQLite needs."""
        try:
            with self._path.open("rb") as file:
                logged = file.read(20)[18:] == b"\2\2"
        except OSError:  # SQLite reports the reason later
            return "ro"
        log = self._path.with_name(f"{self._path.name}-wal")
        if logged and not (log.exists() and log.stat().st_size > 0):
            return "ro&immutable=1"
        return "ro" if logged else "rw"

    def close(self) -> None:
        """Close the file. SQLite syncs its log at the end, unless another process is still reading."""
        if self._database is None:
            return
        with ExitStack() as stack:
            if self._broken:
                reader = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
                stack.callback(reader.close)
                with suppress(sqlite3.Error):
                    reader.execute("select 1 from events").fetchone()
            self._database.close()

    @property
    def folder(self) -> Path:
        """The folder of the journal, as an absolute path."""
        return self._path.parent.absolute()

    @property
    def epoch(self) -> int:
        """The number of the run, counted from 1."""
        return self._epoch

    @property
    def last(self) -> int:
        """The number of the last event; 0 if there are no events."""
        return self._last

    def digest_at(self, seq: int) -> str:
        """The digest of an event, which is one of all before it, too; empty if there is no such event."""
        if self._database is None:
            return ""
        return str(self._query("select crc from events where seq = ?", seq) or "")

    def _query(self, question: str, *given: int) -> Any:
        """Return the one value of the first row; None without a row. Raise FileTrouble or StateDamaged."""
        assert self._database is not None  # noqa: S101 - the callers looked
        try:
            row = self._database.execute(question, given).fetchone()
        except sqlite3.Error as error:
            raise _trouble(error, f"{self._path} can't be read: {error}") from error
        return row[0] if row else None

    def open_run(self, storyboard: str = "", provider: str = "", trust: RecordTrust = "complete") -> None:
        """Begin a run, with a new epoch."""
        self._epoch += 1
        self.append(RunOpened(storyboard=storyboard, pid=os.getpid(), provider=provider, trust=trust))

    def append(self, event: Event) -> None:
        """Append an event; events that money depends on are on the disk when this returns. Raise FileTrouble."""
        self.append_all([(self._clock.now(), event)], durable=event.kind in DURABLE)

    def append_all(self, events: Sequence[tuple[float, Event]], *, durable: bool = True) -> None:
        """Append all these events, each with its time, or none. If `durable`, they are on the disk when this returns.
        Raise FileTrouble."""
        assert self._database is not None  # noqa: S101 - readers don't append
        self._check_place()  # the events in a replaced file would be lost
        if self._broken:
            raise self._broken
        # Each row holds the digest of the row before: a lost or changed row is noticed.
        rows, last, digest = [], self._last, self._digest
        for at, event in events:
            row = row_of(last + 1, self._epoch, at, event)
            previous, last, digest = digest, last + 1, row_digest(digest, row)
            rows.append((*row, digest, previous))
        try:
            # Full: after a loss of power an attempt that was written down before its request left is still there.
            self._database.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            with _transaction(self._database, needed=len(rows) > 1):
                self._database.executemany("insert into events values(?,?,?,?,?,?,?,?,?,?)", rows)
        except sqlite3.IntegrityError as error:
            # The number is taken: another process continued the journal, and may have submitted the same scene.
            raise _taken_over(self._path) from error
        except sqlite3.Error as error:
            trouble = FileTrouble(f"{self._path} can't be written: {error}", _FREE)
            if _code(error) != sqlite3.SQLITE_FULL:
                # after a failed sync the content of the disk is unknown, and the next sync wouldn't report it
                self._broken = trouble
            raise trouble from error
        self._last, self._digest = last, digest
        for at, event in events:
            self.past.append((at, event))
            self.history.add(at, event)
        if durable:
            # SQLite drops a damaged end of its log silently; the witness shows that an attempt is missing.
            self._witness.write(self._last, self._epoch)

    def check_ours(self) -> None:
        """Raise AnotherRunner if another process has continued the journal, perhaps while this one was suspended."""
        assert self._database is not None  # noqa: S101 - readers don't ask
        self._check_place()
        if self._query("select max(seq) from events") != self._last:
            raise _taken_over(self._path)

    def _check_place(self) -> None:
        """Raise AnotherRunner if the file was replaced since it was opened, perhaps while the machine slept. A row that
        another process added to the same file makes the insert itself fail."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise FileTrouble.of(error, self._path, "found") from error
        if (found.st_dev, found.st_ino) != self._place:
            raise _taken_over(self._path)

    def _read(self) -> Iterator[tuple[float, Recorded]]:
        assert self._database is not None  # noqa: S101 - the caller looked
        try:
            for *row, digest, previous in self._database.execute("select * from events order by seq"):
                yield self._event(tuple(row), digest, previous)
        except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
            if "no such table" in str(error):
                return
            raise _trouble(error, f"{self._path} can't be read: {error}") from error

    def _event(self, row: tuple[Any, ...], digest: str, previous: str) -> tuple[float, Recorded]:
        seq, epoch, at, *rest = row
        chained = self._last + 1, self._digest, row_digest(self._digest, row)
        if (seq, previous, digest) != chained or epoch < self._epoch:
            raise StateDamaged(f"{self._path} is damaged at event {seq}", _MEND)
        self._last, self._epoch, self._digest = seq, epoch, digest
        try:
            return at, event_of(rest, self._translator)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            what = f"{self._path} can't be read: an event says what none of ours does: {error}"
            raise StateDamaged(what, _MEND) from error


@contextmanager
def _transaction(database: sqlite3.Connection, *, needed: bool) -> Iterator[None]:
    """All or nothing. A single statement is that by itself."""
    if not needed:
        yield
        return
    database.execute("begin immediate")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("rollback")
        raise
    database.execute("commit")


def retire(folder: Path) -> None:
    """Mark a record of the first layout as one of a newer program, so that an old program only reads it.

    Raise FileTrouble or StateDamaged.
    """
    path = folder / "state.db"
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            database.execute("pragma synchronous = full")
            if database.execute("pragma user_version").fetchone()[0] < VERSION:
                database.execute(f"pragma user_version = {VERSION}")
        finally:
            database.close()
    except (sqlite3.Error, UnicodeError) as error:
        raise _trouble(error, f"{path} can't be written: {error}") from error


def _trouble(error: Exception, what: str) -> MachineRefuses:
    """Return the error for an exception of SQLite: the content is damaged, or the machine refuses access and the
    content may be intact."""
    return FileTrouble(what, _FREE) if _code(error) in _REFUSED else StateDamaged(what, _MEND)


def _code(error: Exception) -> int:
    """SQLite's word for it. To find less than there has to be is no refusal of the machine's."""
    code = int(getattr(error, "sqlite_errorcode", 0))
    return sqlite3.SQLITE_CORRUPT if code == sqlite3.SQLITE_IOERR_SHORT_READ else code & 0xFF


def _taken_over(path: Path) -> AnotherRunner:
    return AnotherRunner(f"another run has gone on with {path}", "run again: this one has stopped")

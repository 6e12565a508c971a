"""Write a storyboard's lock while other processes may write it too."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from storyboard.errors import StateDamaged
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.lock_merge import merge_locks
from storyboard.protocols import Clock
from storyboard.world import durable, files
from storyboard.world.layout import Layout

PATIENCE = 10
"""How many times the duration of a write passes until the next one, so that writing takes at most a tenth of a run."""


class LockfileWriter:
    """Writes the lock atomically, only when its text changes, and keeps what other processes write meanwhile.

    It is created before the plan, so that the lock on the disk then is the common ancestor of the plan's changes and of
    a pull's.
    """

    def __init__(self, layout: Layout, clock: Clock, providers: Mapping[str, str] | None = None) -> None:
        """`providers` are those of tasks that a lock of version 1 doesn't name."""
        self._path = layout.lock
        self._providers = providers
        self._clock = clock
        self._began = self._text = self._on_disk()
        self._theirs: Lockfile | None = None
        self._waiting: Lockfile | None = None
        self._quiet_until = 0.0

    def keep(self, lock: Lockfile) -> None:
        """Write the lock, possibly later: for a long film a write takes a while, and the journal has every take
        already.

        For the same reason a lock that can't be read at the moment, as during a merge, is no error here.
        """
        self._waiting = lock
        if self._clock.now() >= self._quiet_until:
            with suppress(StateDamaged):
                self._write()

    def flush(self) -> None:
        """Write the latest lock, if its text has changed.

        Raise FileTrouble, and StateDamaged if the lock on the disk can't be read; that one is left unchanged.
        """
        try:
            self._write()
        finally:
            self._waiting = None

    def _write(self) -> None:
        if self._waiting is None:
            return
        began, text = self._clock.now(), to_text(self._waiting)
        if text != self._began and (self._waiting.blocks or self._began):
            text = self._with_theirs(text, self._waiting)
            if text != self._text:
                durable.write_atomically(self._path, text.encode())
                self._text = text
        self._waiting = None
        ended = self._clock.now()
        self._quiet_until = ended + PATIENCE * (ended - began)

    def _with_theirs(self, text: str, ours: Lockfile) -> str:
        """Our text, or what comes of both where somebody else has written since we last looked."""
        found = self._on_disk()
        if found != self._text:
            self._theirs, self._text = self._parse(found), found
        return text if self._theirs is None else to_text(merge_locks(self._parse(self._began), ours, self._theirs))

    def _parse(self, text: str) -> Lockfile:
        return from_text(text, self._path.name, self._providers) if text else Lockfile()

    def _on_disk(self) -> str:
        return files.read_text(self._path, 1 << 30) if self._path.exists() else ""

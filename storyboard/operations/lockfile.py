"""Write a storyboard's lock while others may write it, too."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from storyboard.errors import StateDamaged
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.lock_merge import merged
from storyboard.promises import Clock
from storyboard.world import durable, files
from storyboard.world.layout import Layout

PATIENCE = 10
"""Times as long as it took to write the lock, until it is written again: at most a tenth of a run goes into that."""


class LockfileWriter:
    """Writes the lock, in one stroke, and only when its text changes; what others write into it meanwhile stays.

    It is made before a plan is: what stands there then is what the plan and a pull both began with.
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
        """Write the lock down, soon: of a long film it takes a while, and the journal has every take already.

        For that reason, too, one that can't be read for now, as in the midst of a merge, stops nobody.
        """
        self._waiting = lock
        if self._clock.now() >= self._quiet_until:
            with suppress(StateDamaged):
                self._write()

    def flush(self) -> None:
        """Write down what was kept last, if it says anything new.

        Raises FileTrouble, and StateDamaged where what stands there can't be read: that is left as it is.
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
            self._theirs, self._text = self._said(found), found
        return text if self._theirs is None else to_text(merged(self._said(self._began), ours, self._theirs))

    def _said(self, text: str) -> Lockfile:
        return from_text(text, self._path.name, self._providers) if text else Lockfile()

    def _on_disk(self) -> str:
        return files.read_text(self._path, 1 << 30) if self._path.exists() else ""

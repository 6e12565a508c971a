"""The import of the first layout of a project's files, which had a record and a store for each storyboard, into
today's, which has one for each folder and realm.

Readers read the first layout where it is; the first command that writes imports it, holding both locks. Each step can
be repeated after a kill at any moment, and the events are imported last, in one transaction: until then the old record
is valid, and an old program, which finds it marked as a newer program's, only reads it. This module can be deleted when
no project of that layout is left.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.errors import FileTrouble, StateDamaged
from storyboard.planning.event import Event, Imported, Recorded, RecordTrust, Unrecognised
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.lock_merge import merge_locks
from storyboard.protocols import Clock
from storyboard.world import mounts
from storyboard.world.durable import make_folder, private_folder, sync_folder, write_atomically
from storyboard.world.files import check_no_links, read_text
from storyboard.world.journal import Journal, retire
from storyboard.world.layout import Layout
from storyboard.world.run_lock import sole_runner

LARGEST_LOCK = 1 << 30
NO_EVENTS = "none"
"""Replaces the first digest of a record that has no events, only a store."""
_OURS = ("state.db", "witness", "store")


@dataclass(frozen=True, slots=True)
class OldRecord:
    """The folder of one storyboard's record of the first layout."""

    stem: str
    folder: Path

    @property
    def store(self) -> Path:
        """Its store."""
        return self.folder / "store"

    @property
    def lock(self) -> Path:
        """Return the lockfile of the emulated realm; that of the real realm has the same place in both layouts."""
        return self.folder / f"{self.stem}.lock"

    def read(self, clock: Clock) -> Journal | None:
        """Return its events, for readers; None if it has none. Raise StateDamaged or FileTrouble."""
        if not any((self.folder / name).exists() for name in ("state.db", "witness")):
            return None
        return Journal(self.folder, clock, writing=False, storyboard=self.stem)


def old_records(layout: Layout, known: Iterable[Recorded]) -> tuple[OldRecord, ...]:
    """Return the records of the first layout that the `known` events don't include yet.

    Raise FileTrouble if one of them is or contains a link: its target is not part of the project.
    """
    imported = {event.storyboard for event in known if isinstance(event, Imported) and event.source}
    hidden = layout.folder / ".storyboard"
    if not hidden.is_dir():
        return ()
    with FileTrouble.at(hidden, "read"):
        stems = sorted(entry.name for entry in os.scandir(hidden) if entry.is_dir(follow_symlinks=False))
    every = (OldRecord(stem, hidden / stem / layout.realm) for stem in stems if stem not in imported)
    found = tuple(one for one in every if any(os.path.lexists(one.folder / name) for name in _OURS))
    for one in found:
        check_no_links(one.folder)
    return found


def providers_of(events: Iterable[Recorded]) -> dict[str, str]:
    """Return the provider of each task that was stored: locks of version 1 don't have it."""
    takes = (take for event in events if (take := getattr(event, "take", None)) is not None)
    return {take.task: take.provider for take in takes}


def bring_over(layout: Layout, old: OldRecord, journal: Journal, clock: Clock, trust: RecordTrust) -> None:
    """Import one storyboard's record, store and service into the folder's, whose lock the caller holds.

    Raise AnotherRunner if an old program is running, and StateDamaged or FileTrouble: then nothing is lost, and the
    next command begins again.
    """
    check_no_links(old.folder)
    with ExitStack() as stack:
        stack.enter_context(sole_runner(old.folder))
        mounts.check_lock(old.folder / "lock", mounts.place_of(old.folder))
        if (old.folder / "state.db").exists():
            retire(old.folder)  # from now on an old program buys nothing on the word of this record
        source = old.read(clock)
        if source is not None:
            stack.callback(source.close)
        _move_store(old.store, layout.hidden / "store")
        _append_lines(old.folder / "addresses.jsonl", layout.hidden / "addresses.jsonl")
        _copy_if_missing(old.folder / "callbacks.key", layout.hidden / "callbacks.key")
        _move_service(old.folder / "service", layout.service)
        past = [] if source is None else source.past
        _move_lock(layout, old, dict(providers_of(event for _, event in past)))
        events: list[tuple[float, Event]] = [(at, event) for at, event in past if not isinstance(event, Unrecognised)]
        first = (source.digest_at(1) if source is not None else "") or NO_EVENTS
        last = 0 if source is None else source.last
        events.append((clock.now(), Imported(storyboard=old.stem, source=first, last=last, trust=trust)))
        journal.append_all(events)


def _files_in(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def _move_store(old: Path, new: Path) -> None:
    """Move each file of a store under the same name; what is there already stays as it is."""
    for path in sorted((old / "sha256").glob("??/*.*")):
        _move(path, new / "sha256" / path.parent.name / path.name)


def _move(path: Path, target: Path) -> None:
    try:
        make_folder(target.parent)
        if target.exists():
            path.unlink()
        else:
            path.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise FileTrouble.of(error, target) from error


def _append_lines(old: Path, new: Path) -> None:
    """Add the lines of a file that another doesn't have yet."""
    if not old.exists():
        return
    known = read_text(new).splitlines() if new.exists() else []
    lines = [line for line in read_text(old).splitlines() if line and line not in set(known)]
    if lines:
        content = "".join(f"{line}\n" for line in (*known, *lines))
        write_atomically(new, content.encode("utf-8", "surrogateescape"), 0o600)


def _copy_if_missing(old: Path, new: Path) -> None:
    if old.exists() and not new.exists():
        try:
            write_atomically(new, old.read_bytes(), 0o600)
        except OSError as error:
            raise FileTrouble.of(error, old, "read") from error


_KEPT_APART = ("removed.jsonl", "signing.key")


def _move_service(old: Path, new: Path) -> None:
    """The embedded emulator's tasks: first what they were made from and have drawn, then their lines."""
    ledger = old / "ledger.jsonl"
    if not ledger.exists():
        return
    media, target = old / "ledger.media", private_folder(new / "ledger.media")
    for path in _files_in(media):
        if path.name not in _KEPT_APART and not path.name.endswith(".part"):
            _move(path, target / path.name)
    _copy_if_missing(media / "signing.key", target / "signing.key")
    _append_lines(media / "removed.jsonl", target / "removed.jsonl")
    _append_tasks(ledger, new / "ledger.jsonl")


def _append_tasks(old: Path, new: Path) -> None:
    """Add the tasks of a ledger that another doesn't have yet, in the order in which they were taken on."""
    rows = [_task(line, path) for path in (new, old) if path.exists() for line in read_text(path).splitlines()]
    tasks = {str(row["task_id"]): row for row in rows if row is not None}
    ordered = sorted(tasks.values(), key=lambda row: row["at"])
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in ordered)
    write_atomically(new, "".join(lines).encode("utf-8", "surrogateescape"), 0o600)


def _task(line: str, path: Path) -> dict[str, Any] | None:
    """Return a line of a ledger; None for a torn one, whose create request was never answered."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    except RecursionError:
        row = None
    at, task = (row.get("at"), str(row.get("task_id", ""))) if isinstance(row, dict) else (None, "")
    if not isinstance(at, int | float) or not math.isfinite(at) or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", task):
        raise StateDamaged(f"{path} is not an emulator's ledger", "remove it, or the folder that it is in")
    return dict(row)


def _move_lock(layout: Layout, old: OldRecord, providers: dict[str, str]) -> None:
    """Rewrite the emulated realm's lockfile; the run rewrites that of the real realm."""
    if layout.realm == "real" or not old.lock.exists():
        return
    theirs = from_text(read_text(old.lock, LARGEST_LOCK), old.lock.name, providers)
    new = layout.lock_of(old.stem)
    ours = from_text(read_text(new, LARGEST_LOCK), new.name) if new.exists() else Lockfile()
    write_atomically(new, to_text(merge_locks(Lockfile(), ours, theirs)).encode())
    try:
        old.lock.unlink()
        sync_folder(old.folder)
    except OSError as error:
        raise FileTrouble.of(error, old.lock, "removed") from error

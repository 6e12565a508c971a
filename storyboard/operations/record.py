"""Open a folder's record for writing, by one process at a time, and judge how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from storyboard.errors import DecisionNeeded, FileTrouble
from storyboard.executor.reconcile import trust_of_events
from storyboard.planning.event import Imported, RecordTrust
from storyboard.planning.lock_format import version_in
from storyboard.protocols import Clock
from storyboard.world import durable, files, first_layout, mounts
from storyboard.world.first_layout import OldRecord
from storyboard.world.journal import Journal
from storyboard.world.known_journals import KnownJournals
from storyboard.world.layout import Layout
from storyboard.world.run_lock import sole_runner
from storyboard.world.store import Store


@contextmanager
def open_record(layout: Layout, clock: Clock, known: KnownJournals, *, take_over: bool = False) -> Iterator[Journal]:
    """Open the record of a folder's realm for writing, and import a record of the first layout into it.

    Raise AnotherRunner, StateDamaged, MachineRefuses, and DecisionNeeded for a record that another user wrote.
    """
    layout.guard(layout.hidden, layout.lock, layout.service)
    with sole_runner(layout.hidden, layout.storyboard.name):
        place = mounts.place_of(layout.hidden)
        mounts.check_lock(layout.hidden / "lock", place)
        _remove_leftovers(layout)
        journal = Journal(layout.hidden, clock, writing=True, shared=place.is_shared)
        try:
            for old in first_layout.old_records(layout, (event for _, event in journal.past)):
                _bring_over(layout, old, journal, known, clock, take_over=take_over)
            _note_version_1(layout, journal)
            with known.alone(journal) if layout.realm == "real" else nullcontext():
                yield journal
        finally:
            journal.close()


def _note_version_1(layout: Layout, journal: Journal) -> None:
    """Record that version 1 was used here if only its lock is left: the tasks that it submitted may still be listed."""
    noted = any(isinstance(event, Imported) and event.storyboard == layout.stem for _, event in journal.past)
    if not noted and layout.lock.exists() and version_in(files.read_text(layout.lock, 1 << 30)) == 1:
        journal.append(Imported(storyboard=layout.stem, trust="suspect"))


def _bring_over(
    layout: Layout, old: OldRecord, journal: Journal, known: KnownJournals, clock: Clock, *, take_over: bool
) -> None:
    """Import a record of the first layout into the current one, if this user wrote it."""
    trust: RecordTrust = "complete"
    source = old.read(clock)
    if source is not None:
        try:
            trust = _trust(layout, old.folder, known, source, take_over=take_over)
        finally:
            source.close()
    _note_record(layout, known, journal)  # # the record has to be registered before it contains any submission
    first_layout.bring_over(layout, old, journal, clock, trust)
    _note_record(layout, known, journal)


def _remove_leftovers(layout: Layout) -> None:
    """Remove the temporary files of runs that were killed: no other process writes here while this one has the lock."""
    durable.remove_temporary_files(layout.hidden)
    durable.remove_temporary_files(layout.lock.parent, layout.lock.name)
    Store(layout.hidden / "store").remove_parts()


def trust_of(
    layout: Layout, known: KnownJournals, journal: Journal, clock: Clock, *, take_over: bool = False
) -> RecordTrust:
    """Return how far a record can be trusted; `take_over` makes another user's record this user's own.

    Raise DecisionNeeded if another user wrote it: no money is spent because of such a record.
    """
    trust = _trust(layout, layout.hidden, known, journal, take_over=take_over)
    return trust_of_events(journal.past, clock.now()) if trust == "complete" else "suspect"


def _trust(layout: Layout, folder: Path, known: KnownJournals, journal: Journal, *, take_over: bool) -> RecordTrust:
    """Return whether a record contains everything that this user's runs have written into it. Raise DecisionNeeded if
    another user wrote it."""
    standing = known.standing(journal)
    if standing == "another's" and take_over:
        known.note(journal)
    elif standing == "another's" and layout.realm == "real":
        raise DecisionNeeded(
            f"{folder} was written on another machine or by another user, and is only read",
            "if what is submitted there is yours, `storyboard recover --take-over` makes the record your own",
        )
    return "complete" if standing == "ours" else "suspect"


def check_free(layout: Layout) -> None:
    """Raise AnotherRunner if another process is running here, before anything is planned or requested.

    Another process may start between this check and the opening of the record. In that case opening the record raises
    AnotherRunner.
    """
    layout.guard(layout.hidden, layout.lock, layout.service)
    if (layout.hidden / "lock").exists():
        with sole_runner(layout.hidden, layout.storyboard.name):
            pass


def check_record(layout: Layout, known: KnownJournals, clock: Clock, *, take_over: bool = False) -> None:
    """Raise StateDamaged if a newer program wrote the existing record, and DecisionNeeded if another user did."""
    if (layout.hidden / "state.db").exists():
        journal = Journal(layout.hidden, clock, writing=False)
        try:
            journal.check_not_newer()
            if not take_over:
                _trust(layout, layout.hidden, known, journal, take_over=False)
        finally:
            journal.close()


def begin_run(
    layout: Layout, known: KnownJournals, journal: Journal, provider: str = "", trust: RecordTrust = "complete"
) -> None:
    """Record that a run begins, and that the record is this user's."""
    journal.open_run(layout.stem, provider, trust)
    _note_record(layout, known, journal)


def _note_record(layout: Layout, known: KnownJournals, journal: Journal) -> None:
    """Register the current state of this user's record; in the emulated realm, where nothing is paid for, this may
    fail."""
    with suppress(*(FileTrouble,) if layout.realm == "emulated" else ()):
        known.note(journal)

"""The journals that this user has written on this machine: the place and the last event of each, kept apart from them.

A journal alone only proves that it is consistent. So are one that came with another user's copy of a project, and a
restored backup: on their basis, what is paid for would be paid for again. So the last event before a submission is
noted here as well, under a name that the journal has from its first event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from storyboard.errors import AnotherRunner, StoryboardError
from storyboard.planning.attempt import RecordedElsewhere
from storyboard.protocols import Clock
from storyboard.world.durable import private_folder, write_atomically
from storyboard.world.journal import Journal
from storyboard.world.run_lock import sole_runner
from storyboard.world.settings import state_home

MOST_NOTES = 200
Standing = Literal["ours", "earlier", "another's"]
"""Of a journal: this user wrote its last run here; it is this user's, but earlier runs are missing from it; it is
unknown here."""


def folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the notes."""
    return state_home(environment) / "records"


class KnownJournals:
    """The notes, a small file for each record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def standing(self, journal: Journal) -> Standing:
        """Return the standing of a journal. One in which nothing was ever submitted belongs to any user."""
        if not any(event.kind == "intended" for _, event in journal.past):
            return "ours"
        noted = self._read_note(journal)
        if noted is None:
            return "another's"
        return "ours" if journal.digest_at(noted[0]) == noted[1] else "earlier"

    def note(self, journal: Journal) -> None:
        """Record the last event of a journal; it is on the disk when this returns. Raise FileTrouble."""
        last = journal.last
        value = {"last": last, "digest": journal.digest_at(last), "folder": str(journal.folder)}
        private_folder(self._folder)
        write_atomically(self._path(journal), json.dumps(value).encode() + b"\n", 0o600)

    @contextmanager
    def alone(self, journal: Journal) -> Iterator[None]:
        """Be the only run of this journal on this machine: a copy of a project has a copy of the journal, and would
        submit what is under way here. Raise AnotherRunner or FileTrouble."""
        if not journal.last:
            yield  # no copy has anything of it yet
            return
        with ExitStack() as stack:
            try:
                place = self._path(journal).with_suffix(".run")
                stack.enter_context(sole_runner(place, f"a copy of this project, in {journal.folder}"))
            except AnotherRunner as error:
                who = error.what.removesuffix(" is at work in this project")
                raise AnotherRunner(f"{who} has the same record and is at work", error.hint) from error
            yield

    def recorded_elsewhere(self, journal: Journal, clock: Clock, task: str) -> RecordedElsewhere | None:
        """Return the other journal of this user that has a task; None if no readable one has it."""
        for folder in self._other_folders(journal.folder):
            with suppress(StoryboardError):
                other = Journal(folder, clock, writing=False)
                try:
                    attempts = other.history.past.attempts.values()
                finally:
                    other.close()
                for attempt in attempts:
                    if attempt.task == task:
                        return RecordedElsewhere(str(folder), attempt.components)
        return None

    def _other_folders(self, own: Path) -> Iterator[Path]:
        """Return the folders of this user's other journals, the latest first, at most as many as are likely to be in
        use."""
        with suppress(OSError):
            notes = [path for path in self._folder.iterdir() if path.is_file()]
            notes.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for path in notes[:MOST_NOTES]:
                with suppress(OSError, ValueError, KeyError, TypeError):
                    folder = Path(str(json.loads(path.read_bytes())["folder"]))
                    if folder != own and (folder / "state.db").is_file():
                        yield folder

    def _read_note(self, journal: Journal) -> tuple[int, str] | None:
        """Return the note of a journal; an unreadable one is ignored."""
        try:
            value: Any = json.loads(self._path(journal).read_bytes())
            return int(value["last"]), str(value["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _path(self, journal: Journal) -> Path:
        return self._folder / hashlib.sha256(journal.digest_at(1).encode()).hexdigest()[:32]

"""This user's journals, and their last events: noted apart from them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storyboard.planning.event import Intended, RunClosed
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from storyboard.world.known_journals import KnownJournals


@contextmanager
def opened(folder: Path, now: float = 0.0) -> Iterator[Journal]:
    """The record of a folder."""
    journal = Journal(folder, VirtualClock(now), writing=True)
    try:
        yield journal
    finally:
        journal.close()


def a_run(folder: Path, known: KnownJournals, now: float = 0.0) -> None:
    """A run that submits something."""
    with opened(folder, now) as journal:
        journal.open_run()
        known.note(journal)
        journal.append(Intended("dusk", f"i{journal.last}", profile="", key={}))
        journal.append(RunClosed())


def standing(folder: Path, known: KnownJournals) -> str:
    """Return the standing of the journal of a folder."""
    with opened(folder) as journal:
        return known.standing(journal)


@pytest.fixture
def known(tmp_path: Path) -> KnownJournals:
    """What this user has noted."""
    return KnownJournals(tmp_path / "noted")


@pytest.fixture
def record(tmp_path: Path, known: KnownJournals) -> Path:
    """A record of two runs."""
    (tmp_path / "record").mkdir()
    for _ in range(2):
        a_run(tmp_path / "record", known)
    return tmp_path / "record"


def test_what_we_wrote_last_is_ours(record: Path, known: KnownJournals) -> None:
    """Also when it went on after it was noted."""
    assert standing(record, known) == "ours"


def test_it_is_ours_wherever_it_was_moved(record: Path, known: KnownJournals) -> None:
    """It is known by its first event, not by its folder."""
    record.rename(record.with_name("moved"))
    assert standing(record.with_name("moved"), known) == "ours"


@pytest.mark.row(71)
def test_a_backup_of_before_the_last_run_is_an_earlier_one(record: Path, known: KnownJournals) -> None:
    """It holds together, and its witness agrees with it."""
    shutil.copytree(record, record.with_name("backup"))
    a_run(record, known)
    assert standing(record.with_name("backup"), known) == "earlier"


@pytest.mark.row(71)
def test_a_copy_that_went_on_otherwise_is_an_earlier_one(record: Path, known: KnownJournals) -> None:
    """Two copies of a project of which the other was run since: as long, but not the same."""
    other = record.with_name("other")
    shutil.copytree(record, other)
    a_run(record, KnownJournals(record.with_name("elsewhere")))
    a_run(other, known, now=1.0)
    assert (standing(record, known), standing(other, known)) == ("earlier", "ours")


def test_a_record_of_somebody_else_is_another_s(record: Path, tmp_path: Path) -> None:
    """It came along with a copy of the project."""
    assert standing(record, KnownJournals(tmp_path / "somebody's")) == "another's"


def test_a_record_without_a_submission_is_anybody_s(tmp_path: Path, known: KnownJournals) -> None:
    """A run that was killed before it was noted leaves such a one."""
    with opened(tmp_path) as journal:
        journal.open_run()
    assert standing(tmp_path, known) == "ours"


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b'{"last": "x", "digest": ""}', b"\xff"])
def test_a_note_that_can_not_be_read_is_none(record: Path, known: KnownJournals, note: bytes) -> None:
    """Then a person is asked."""
    path = next((record.parent / "noted").iterdir())
    path.write_bytes(note)
    assert standing(record, known) == "another's"


def test_notes_are_for_their_owner_only(record: Path) -> None:
    """What was made and paid for is private."""
    noted = record.parent / "noted"
    modes = [path.stat().st_mode & 0o777 for path in (noted, *noted.iterdir())]
    assert modes == [0o700, 0o600]

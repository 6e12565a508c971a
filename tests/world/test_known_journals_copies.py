"""Copies of one record, and what this user's other records know of a task."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storyboard.errors import AnotherRunner
from storyboard.planning.attempt import RecordedElsewhere
from storyboard.planning.event import Accepted, Intended, RunClosed
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from storyboard.world.known_journals import KnownJournals

CLOCK = VirtualClock()
KEY = {"prompt": "words"}


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """The record of a folder."""
    folder.mkdir(exist_ok=True)
    journal = Journal(folder, CLOCK, writing=True)
    try:
        yield journal
    finally:
        journal.close()


def recorded(folder: Path, known: KnownJournals, task: str) -> Path:
    """A record of one run that submitted one task; its folder."""
    with opened(folder) as journal:
        journal.open_run(storyboard=folder.name)
        known.note(journal)
        journal.append(Intended("dusk", f"i-{task}", key=KEY))
        journal.append(Accepted("dusk", f"i-{task}", task))
        journal.append(RunClosed())
    return folder


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """Where this user's records are noted."""
    return tmp_path / "noted"


@pytest.fixture
def known(noted: Path) -> KnownJournals:
    """What this user has noted."""
    return KnownJournals(noted)


@pytest.fixture
def one(tmp_path: Path, known: KnownJournals) -> Path:
    """A record of one run."""
    return recorded(tmp_path / "one", known, "cgt-one")


@pytest.fixture
def copy(one: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(one, tmp_path / "copy")
    return tmp_path / "copy"


# copies


def test_two_copies_of_one_record_exclude_each_other(one: Path, copy: Path, known: KnownJournals) -> None:
    """The second one is refused, and the message names the folder of the first one."""
    told = re.escape(f"(a copy of this project, in {one})")
    with opened(one) as first, opened(copy) as second, known.alone(first):
        refused = pytest.raises(AnotherRunner, match=told)
        with refused, known.alone(second):
            pass


def test_a_copy_may_run_once_the_first_has_left(one: Path, copy: Path, known: KnownJournals) -> None:
    """The lock is free as soon as the first copy lets go of it."""
    with opened(one) as first, opened(copy) as second:
        with known.alone(first):
            pass
        with known.alone(second):
            entered = True
    assert entered


def test_a_copy_may_run_once_the_first_has_failed(one: Path, copy: Path, known: KnownJournals) -> None:
    """A run that ends in an exception lets go of the lock as well."""
    with opened(one) as first, opened(copy) as second:
        with pytest.raises(KeyError), known.alone(first):
            raise KeyError
        with known.alone(second):
            entered = True
    assert entered


def test_records_without_events_do_not_exclude_each_other(tmp_path: Path, known: KnownJournals) -> None:
    """Nothing has happened in either of them that a copy could repeat."""
    with opened(tmp_path / "a") as first, opened(tmp_path / "b") as second, known.alone(first), known.alone(second):
        entered = True
    assert entered


def test_two_records_that_are_no_copies_do_not_exclude_each_other(
    tmp_path: Path, one: Path, known: KnownJournals
) -> None:
    """Two projects of one user may run at the same time."""
    other = recorded(tmp_path / "other", known, "cgt-other")
    with opened(one) as first, opened(other) as second, known.alone(first), known.alone(second):
        entered = True
    assert entered


# other records


def found(folder: Path, known: KnownJournals, task: str) -> RecordedElsewhere | None:
    """Return what the other journals contain of a task."""
    with opened(folder) as journal:
        return known.recorded_elsewhere(journal, CLOCK, task)


def test_a_task_of_another_record_is_found(tmp_path: Path, one: Path, known: KnownJournals) -> None:
    """The answer names the other record's folder and the task's key."""
    other = recorded(tmp_path / "other", known, "cgt-other")
    assert found(one, known, "cgt-other") == RecordedElsewhere(str(other), KEY)


def test_a_task_of_its_own_is_not_found_elsewhere(one: Path, known: KnownJournals) -> None:
    """Its own record isn't looked at."""
    assert found(one, known, "cgt-one") is None


def test_a_task_that_no_record_has_is_not_found(tmp_path: Path, one: Path, known: KnownJournals) -> None:
    """Another record that knows nothing of it gives no answer."""
    recorded(tmp_path / "other", known, "cgt-other")
    assert found(one, known, "cgt-nobody's") is None


def test_a_damaged_other_record_is_passed_over(tmp_path: Path, one: Path, known: KnownJournals, noted: Path) -> None:
    """A task of an intact record is found although a damaged one is looked at first."""
    intact = recorded(tmp_path / "intact", known, "cgt-wanted")
    before = set(noted.iterdir())
    damaged = recorded(tmp_path / "damaged", known, "cgt-damaged")
    (damaged / "state.db").write_bytes(b"no database" * 500)
    os.utime(next(iter(set(noted.iterdir()) - before)), (4e9, 4e9))
    assert found(one, known, "cgt-wanted") == RecordedElsewhere(str(intact), KEY)


def test_a_record_that_has_lost_events_is_passed_over(tmp_path: Path, one: Path, known: KnownJournals) -> None:
    """A journal that ends before its witness is ignored."""
    other = recorded(tmp_path / "other", known, "cgt-other")
    (other / "witness").write_text("99 1\n", "utf-8")
    assert found(one, known, "cgt-other") is None


def test_a_record_whose_folder_is_gone_is_passed_over(tmp_path: Path, one: Path, known: KnownJournals) -> None:
    """A deleted project leaves its note behind, which stops no run."""
    shutil.rmtree(recorded(tmp_path / "other", known, "cgt-other"))
    assert found(one, known, "cgt-other") is None


def test_where_nothing_was_ever_noted_no_task_is_found(tmp_path: Path, one: Path) -> None:
    """The folder of the notes need not be there."""
    assert found(one, KnownJournals(tmp_path / "nowhere"), "cgt-other") is None


@pytest.mark.parametrize("note", [b"", b"[]", b"3", b'{"folder": null}', b"\xff", b'{"folder": "a\\u0000b"}'])
def test_a_note_that_can_not_be_read_is_passed_over(
    tmp_path: Path, one: Path, known: KnownJournals, noted: Path, note: bytes
) -> None:
    """Another record is found although a note beside its own is damaged."""
    other = recorded(tmp_path / "other", known, "cgt-other")
    (noted / ("0" * 32)).write_bytes(note)
    os.utime(noted / ("0" * 32), (4e9, 4e9))
    assert found(one, known, "cgt-other") == RecordedElsewhere(str(other), KEY)


# notes of an older form


def test_a_note_without_a_folder_says_how_its_record_stands(one: Path, known: KnownJournals, noted: Path) -> None:
    """Notes were written without the folder once, and still identify a journal's user."""
    (path,) = noted.iterdir()
    value = json.loads(path.read_bytes())
    path.write_text(json.dumps({"last": value["last"], "digest": value["digest"]}), "utf-8")
    with opened(one) as journal:
        assert known.standing(journal) == "ours"


def test_a_note_without_a_folder_leads_to_no_record(
    tmp_path: Path, one: Path, known: KnownJournals, noted: Path
) -> None:
    """The place of its journal is unknown, so no task is found there."""
    before = set(noted.iterdir())
    recorded(tmp_path / "other", known, "cgt-other")
    path = next(iter(set(noted.iterdir()) - before))
    value = json.loads(path.read_bytes())
    path.write_text(json.dumps({"last": value["last"], "digest": value["digest"]}), "utf-8")
    assert found(one, known, "cgt-other") is None

"""The record of what happened: in order, whole, and noticed if it is not."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import pytest

from storyboard.errors import AnotherRunner, FileTrouble, StateDamaged, StoryboardError
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Assigned,
    Ended,
    Event,
    EventKind,
    Imported,
    Intended,
    Recorded,
    Rejected,
    RunClosed,
    RunOpened,
    Seen,
    Stored,
    Unanswered,
    Unrecognised,
)
from storyboard.planning.event_codec import Encoded, decode
from storyboard.planning.history import History
from storyboard.planning.money import money_of
from storyboard.planning.past import StoredTake
from storyboard.planning.take import Take
from storyboard.planning.take_format import take_value
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import VERSION, Journal, _trouble, retire
from tests.crash.limits import files_of_at_most

EVENTS: list[Event] = [
    Intended("dusk", "a1", key={"prompt": "sha256:00"}, profile=""),
    Accepted("dusk", "a1", task="cgt-1"),
    Seen("dusk", "a1", status="running"),
    Ended("dusk", "a1", status="failed", error="灯塔: no"),
]


def opened(folder: Path, *, writing: bool = True) -> Journal:
    """The journal of a folder."""
    return Journal(folder, VirtualClock(1000.0), writing=writing)


def written(folder: Path) -> None:
    """A journal of one run with `EVENTS`, closed."""
    journal = opened(folder)
    journal.open_run()
    for event in EVENTS:
        journal.append(event)
    journal.close()


def events(folder: Path) -> list[Recorded]:
    """What a reader finds."""
    journal = opened(folder, writing=False)
    journal.close()
    return [event for _, event in journal.past]


def altered(folder: Path, statement: str) -> None:
    """Change the database behind the journal's back."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        database.execute(statement)


def digest_of(previous: str, row: tuple[object, ...]) -> str:
    """The digest of a row, which is one of all before it, too."""
    return hashlib.sha256("\x1f".join((previous, *map(str, row))).encode()).hexdigest()[:32]


def laid(folder: Path, *added: tuple[object, ...]) -> None:
    """Lay rows behind the last one, each with the digests that it has to have."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        found = database.execute("select crc from events order by seq desc limit 1").fetchone()
        previous = found[0] if found else ""
        for row in added:
            digest = digest_of(previous, row)
            signs = ",".join("?" * (len(row) + 2))
            database.execute(f"insert into events values({signs})", (*row, digest, previous))
            previous = digest


def test_events_come_back_in_the_order_in_which_they_happened(tmp_path: Path) -> None:
    """With scene, attempt and body."""
    written(tmp_path)
    assert events(tmp_path)[1:] == EVENTS


def test_each_event_has_its_time(tmp_path: Path) -> None:
    """That of the clock when it was written down."""
    clock = VirtualClock(1000.0)
    journal = Journal(tmp_path, clock, writing=True)
    journal.append(EVENTS[0])
    clock.advance(5)
    journal.append(EVENTS[1])
    journal.close()
    assert [at for at, _ in opened(tmp_path, writing=False).past] == [1000.0, 1005.0]


def test_each_run_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    """Counted from 1, over closing and opening."""
    epochs = []
    for _ in range(3):
        journal = opened(tmp_path)
        journal.open_run()
        epochs.append(journal.epoch)
        journal.close()
    assert epochs == [1, 2, 3]


def test_a_journal_that_is_not_there_reads_as_an_empty_one(tmp_path: Path) -> None:
    """Reading makes no file."""
    assert (events(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_an_event_of_half_characters_is_taken(tmp_path: Path) -> None:
    """A foreign text in an event never costs the record."""
    journal = opened(tmp_path)
    journal.append(Ended("dusk", "a1", error="\ud800"))
    journal.close()
    assert len(events(tmp_path)) == 1


@pytest.mark.parametrize(
    "column",
    [
        "seq = 99",
        "epoch = 0",
        "at = 1",
        "kind = 'seen'",
        "scene = 'x'",
        "attempt = 'x'",
        "body = '{}'",
        "storyboard = 'x'",
    ],
)
def test_a_changed_row_is_noticed(tmp_path: Path, column: str) -> None:
    """Whichever of its columns it is."""
    written(tmp_path)
    altered(tmp_path, f"update events set {column} where seq = 3")  # noqa: S608 - our own words
    with pytest.raises(StateDamaged, match="is damaged at event"):
        events(tmp_path)


@pytest.mark.parametrize("seq", [1, 2, 5])
def test_a_missing_row_is_noticed(tmp_path: Path, seq: int) -> None:
    """At the beginning, in the middle, and at the end, where the witness knows better."""
    written(tmp_path)
    altered(tmp_path, f"delete from events where seq = {seq}")  # noqa: S608 - our own words
    with pytest.raises(StateDamaged):
        events(tmp_path)


def test_one_flipped_bit_in_a_row_is_noticed(tmp_path: Path) -> None:
    """Every byte of an event's body in the file, one after the other."""
    written(tmp_path)
    altered(tmp_path, "pragma wal_checkpoint(truncate)")
    path = tmp_path / "state.db"
    whole = path.read_bytes()
    at = whole.index(b'{"task": "cgt-1"}')
    unnoticed = []
    for offset in range(at, at + len(b'{"task": "cgt-1"}')):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        try:
            events(tmp_path)
            unnoticed.append(offset)
        except StateDamaged:
            pass
    assert unnoticed == []


def test_a_database_behind_its_witness_is_damaged(tmp_path: Path) -> None:
    """SQLite itself would not report a lost tail."""
    written(tmp_path)
    path = tmp_path / "state.db"
    altered(tmp_path, "pragma wal_checkpoint(truncate)")
    earlier = path.read_bytes()
    journal = opened(tmp_path)
    journal.append(EVENTS[0])
    journal.close()
    for name in ("state.db-wal", "state.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    path.write_bytes(earlier)
    with pytest.raises(StateDamaged, match="has lost events: it ends at 5, but 6 were written"):
        events(tmp_path)


def test_a_lost_tail_of_the_write_ahead_log_is_noticed(tmp_path: Path) -> None:
    """The newest rows lie in the log until it is folded in."""
    journal = opened(tmp_path)
    journal.open_run()
    journal.append(EVENTS[0])
    copy = tmp_path / "copy"
    copy.mkdir()
    log = (tmp_path / "state.db-wal").read_bytes()
    (copy / "state.db").write_bytes((tmp_path / "state.db").read_bytes())
    (copy / "state.db-wal").write_bytes(log[: len(log) - 100])
    (copy / "witness").write_bytes((tmp_path / "witness").read_bytes())
    journal.close()
    with pytest.raises(StateDamaged, match="has lost events"):
        events(copy)


def test_an_emptied_database_is_noticed(tmp_path: Path) -> None:
    """A file of no bytes is a valid database, but the witness remembers."""
    written(tmp_path)
    (tmp_path / "state.db").write_bytes(b"")
    with pytest.raises(StateDamaged):
        events(tmp_path)


def test_a_removed_database_is_noticed(tmp_path: Path) -> None:
    """Only the witness proves that there was one."""
    written(tmp_path)
    (tmp_path / "state.db").unlink()
    with pytest.raises(StateDamaged):
        events(tmp_path)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    """In our words, with what to do."""
    (tmp_path / "state.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StateDamaged) as caught:
        events(tmp_path)
    assert "restore it from a backup" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"x", b"\xff"])
def test_a_witness_that_cannot_be_read_is_damage(tmp_path: Path, content: bytes) -> None:
    """It is never taken for an absent one."""
    written(tmp_path)
    (tmp_path / "witness").write_bytes(content)
    with pytest.raises(StateDamaged, match="witness can't be read"):
        events(tmp_path)


def test_a_database_ahead_of_its_witness_is_normal(tmp_path: Path) -> None:
    """A process that was killed between the two leaves it so."""
    written(tmp_path)
    (tmp_path / "witness").write_text("4 1\n")
    assert len(events(tmp_path)) == 5


@pytest.mark.row(70)
def test_a_journal_of_a_newer_program_is_not_written(tmp_path: Path) -> None:
    """The meaning of its rows to a newer program is unknown."""
    written(tmp_path)
    altered(tmp_path, f"pragma user_version = {VERSION + 1}")
    with pytest.raises(StateDamaged, match="was written by a newer storyboard, and is only read by this one"):
        opened(tmp_path)


def test_a_journal_of_a_newer_program_is_read(tmp_path: Path) -> None:
    """The known events are shown; unknown kinds have no effect."""
    written(tmp_path)
    altered(tmp_path, f"pragma user_version = {VERSION + 1}")
    laid(tmp_path, (6, 1, 1000.0, "painted", "film", "dusk", "a1", '{"colour": [1, 2]}'))
    before = (tmp_path / "state.db").read_bytes()
    assert events(tmp_path)[1:] == [*EVENTS, Unrecognised(kind="painted", storyboard="film")]
    assert (tmp_path / "state.db").read_bytes() == before


def test_a_run_that_another_has_overtaken_writes_no_more(tmp_path: Path) -> None:
    """Two that hold "the" lock of two disks: the second row at the same place is refused."""
    one, other = opened(tmp_path), opened(tmp_path)
    one.open_run()
    with pytest.raises(AnotherRunner, match="another run has gone on with"):
        other.open_run()
    one.close()
    other.close()


@pytest.mark.row(59, 71)
def test_a_run_whose_file_was_replaced_writes_no_more(tmp_path: Path) -> None:
    """A backup brought back under a sleeping run is another file."""
    written(tmp_path)
    journal = opened(tmp_path)
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / "state.db").read_bytes())
    copy.replace(tmp_path / "state.db")
    with pytest.raises(AnotherRunner) as caught:
        journal.append(EVENTS[0])
    journal.close()
    assert caught.value.what == f"another run has gone on with {tmp_path / 'state.db'}"


def test_the_witness_is_for_its_owner_only(tmp_path: Path) -> None:
    """It and the last number in it are written after each event that money depends on."""
    written(tmp_path)
    witness = tmp_path / "witness"
    assert (witness.read_text(), witness.stat().st_mode & 0o777) == ("5 1\n", 0o600)


def rows(folder: Path, statement: str = "select * from events order by seq") -> list[tuple[Any, ...]]:
    """What a statement finds in the database."""
    with closing(sqlite3.connect(folder / "state.db")) as database:
        return database.execute(statement).fetchall()


MEND = "restore it from a backup; what it knew of tasks, `storyboard tasks list` shows"


def told(folder: Path, *, writing: bool = False) -> tuple[str, str]:
    """The message for an untrusted state, and its hint."""
    with pytest.raises(StateDamaged) as caught:
        opened(folder, writing=writing)
    return caught.value.what, caught.value.hint


def test_a_row_is_what_the_next_program_will_read(tmp_path: Path) -> None:
    """Number, epoch, time, kind, storyboard, scene, attempt, a body with its keys in order and its text as it is, and
    two digests."""
    journal = opened(tmp_path)
    journal.append(Ended("dusk", "a1", status="failed", error="灯塔: no", storyboard="film"))
    journal.append(Seen("dusk", "a1"))
    journal.close()
    first = (1, 0, 1000.0, "ended", "film", "dusk", "a1", '{"error": "灯塔: no", "status": "failed"}')
    second = (2, 0, 1000.0, "seen", "", "dusk", "a1", "{}")
    one = digest_of("", first)
    two = digest_of(one, second)
    assert rows(tmp_path) == [(*first, one, ""), (*second, two, one)]


def test_half_a_character_is_a_question(tmp_path: Path) -> None:
    """No encoding has a place for it."""
    journal = opened(tmp_path)
    journal.append(Ended("dusk", "a1", error="\ud800"))
    journal.close()
    assert events(tmp_path) == [Ended("dusk", "a1", error="?")]


def test_a_database_of_ours_is_known_by_its_number(tmp_path: Path) -> None:
    """And writes ahead, so that readers are never kept out."""
    written(tmp_path)
    assert (rows(tmp_path, "pragma user_version"), rows(tmp_path, "pragma journal_mode")) == ([(2,)], [("wal",)])


DURABLE = {
    "run_opened",
    "imported",
    "file_renamed",
    "intended",
    "not_sent",
    "rejected",
    "accepted",
    "unknown",
    "adopted",
    "disowned",
    "not_mine",
    "assigned",
    "decided",
    "ended",
    "stored",
}


TAKE = Take("ark:cgt-1", f"sha256:{0:064}", {"prompt": "sha256:00"}, seconds=5.04, width=1280, height=720)


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_what_money_hangs_on_is_on_the_disk(tmp_path: Path, kind: EventKind) -> None:
    """SQLite syncs it before the insert returns, and the witness counts it; for the rest the next one will do."""
    journal = opened(tmp_path)
    journal.append(RunOpened())
    body = {"take": {"id": TAKE.id, **take_value(TAKE)}} if kind == "stored" else {}
    event = decode(Encoded(kind, "", "dusk", "a1", body))
    assert not isinstance(event, Unrecognised)
    journal.append(event)
    assert journal._database is not None
    synced = journal._database.execute("pragma synchronous").fetchone()[0]
    journal.close()
    counted = (tmp_path / "witness").read_text()
    assert (synced, counted) == ((2, "2 0\n") if kind in DURABLE else (1, "1 0\n"))


def test_a_run_says_who_it_is(tmp_path: Path) -> None:
    """Its process, its storyboard, its provider, and the trust in the record."""
    journal = opened(tmp_path)
    journal.open_run()
    journal.open_run("film", "ark", "recovering")
    journal.close()
    pid = os.getpid()
    assert events(tmp_path) == [
        RunOpened(pid=pid),
        RunOpened(storyboard="film", pid=pid, provider="ark", trust="recovering"),
    ]


def test_an_event_belongs_to_its_run(tmp_path: Path) -> None:
    """Each row has the epoch of the run that wrote it."""
    for _ in range(2):
        journal = opened(tmp_path)
        journal.open_run()
        journal.append(EVENTS[0])
        journal.close()
    assert rows(tmp_path, "select epoch from events order by seq") == [(1,), (1,), (2,), (2,)]


def test_what_is_written_is_known_at_once(tmp_path: Path) -> None:
    """The history is up to date without opening the journal anew."""
    journal = opened(tmp_path)
    journal.append(EVENTS[0])
    journal.append(EVENTS[1])
    journal.close()
    again = opened(tmp_path, writing=False)
    assert (journal.past, journal.history.past) == (again.past, again.history.past)


def test_what_was_not_written_is_not_known(tmp_path: Path) -> None:
    """A journal that failed keeps its last state."""
    written(tmp_path)
    journal = opened(tmp_path)
    altered(tmp_path, "alter table events rename to others")
    with pytest.raises(FileTrouble) as caught:
        journal.append(EVENTS[0])
    journal.close()
    assert (caught.value.what, caught.value.hint, len(journal.past), (tmp_path / "witness").read_text()) == (
        f"{tmp_path / 'state.db'} can't be written: no such table: events",
        "free space or mend the rights, then run again",
        5,
        "5 1\n",
    )


def test_a_run_whose_file_is_gone_writes_no_more(tmp_path: Path) -> None:
    """A file without a name would never be found."""
    written(tmp_path)
    journal = opened(tmp_path)
    (tmp_path / "state.db").unlink()
    with pytest.raises(FileTrouble) as caught:
        journal.append(EVENTS[0])
    journal.close()
    assert caught.value.what == f"{tmp_path / 'state.db'} can't be found: no such file or directory"


def test_who_was_overtaken_is_told_what_to_do(tmp_path: Path) -> None:
    """Nothing was lost by it."""
    one, other = opened(tmp_path), opened(tmp_path)
    one.open_run()
    with pytest.raises(StoryboardError) as caught:
        other.open_run()
    one.close()
    other.close()
    assert (caught.value.what, caught.value.hint) == (
        f"another run has gone on with {tmp_path / 'state.db'}",
        "run again: this one has stopped",
    )


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """A reader creates no file, and changes none."""
    written(tmp_path)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    events(tmp_path)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_a_log_of_nothing_is_no_log(tmp_path: Path) -> None:
    """A run that was killed when it had just folded it in leaves one: reading leaves no trace there either."""
    written(tmp_path)
    (tmp_path / "state.db-wal").touch()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert (events(tmp_path)[1:], sorted(path.name for path in tmp_path.iterdir())) == (EVENTS, before)


def test_a_reader_sees_what_a_run_has_just_written(tmp_path: Path) -> None:
    """During a run, while it is only in the log."""
    journal = opened(tmp_path)
    journal.open_run()
    journal.append(EVENTS[0])
    seen = events(tmp_path)
    journal.close()
    assert seen[1:] == EVENTS[:1]


def test_a_database_without_events_is_an_empty_journal(tmp_path: Path) -> None:
    """A process that was killed before it made the table leaves one."""
    altered(tmp_path, "create table others(x)")
    assert events(tmp_path) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """For a writer as for a reader."""
    (tmp_path / "state.db").write_bytes(b"not a database at all" * 100)
    what = f"{tmp_path / 'state.db'} can't be opened: file is not a database"
    assert (told(tmp_path), told(tmp_path, writing=True)) == ((what, MEND), (what, MEND))


def test_a_row_that_is_damaged_is_told(tmp_path: Path) -> None:
    """With its number."""
    written(tmp_path)
    altered(tmp_path, "update events set scene = 'x' where seq = 3")
    assert told(tmp_path) == (f"{tmp_path / 'state.db'} is damaged at event 3", MEND)


def test_a_body_that_is_none_is_told(tmp_path: Path) -> None:
    """Though its digest is right: another process wrote it."""
    opened(tmp_path).close()
    laid(tmp_path, (1, 0, 1000.0, "seen", "", "dusk", "a1", "[1"))
    what, hint = told(tmp_path)
    assert (what.startswith(f"{tmp_path / 'state.db'} can't be read: "), hint) == (True, MEND)


@pytest.mark.parametrize(
    ("numbers", "at"),
    [(((1, 2), (2, 2), (3, 1)), 3), (((1, 1), (3, 1)), 3)],
    ids=["a run that was overtaken", "a gap"],
)
def test_rows_that_only_look_right_are_damage(tmp_path: Path, numbers: tuple[tuple[int, int], ...], at: int) -> None:
    """An epoch that goes back, and a number that is left out, however right the digests."""
    opened(tmp_path).close()
    laid(tmp_path, *((seq, epoch, 1000.0, "seen", "", "dusk", "a1", json.dumps({})) for seq, epoch in numbers))
    assert told(tmp_path)[0] == f"{tmp_path / 'state.db'} is damaged at event {at}"


def test_events_that_were_lost_are_told(tmp_path: Path) -> None:
    """How many there were, and how many are left."""
    written(tmp_path)
    (tmp_path / "witness").write_text("6 1\n")
    what = f"{tmp_path / 'state.db'} has lost events: it ends at 5, but 6 were written"
    assert told(tmp_path) == (what, MEND)


def test_a_witness_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place is no witness either."""
    written(tmp_path)
    (tmp_path / "witness").unlink()
    (tmp_path / "witness").mkdir()
    assert told(tmp_path) == (f"{tmp_path / 'witness'} can't be read", MEND)


def test_a_journal_of_a_newer_program_says_what_to_use(tmp_path: Path) -> None:
    """That program; and it is left as it was."""
    written(tmp_path)
    altered(tmp_path, f"pragma user_version = {VERSION + 1}")
    what = f"{tmp_path / 'state.db'} was written by a newer storyboard, and is only read by this one"
    assert (told(tmp_path, writing=True), rows(tmp_path, "pragma user_version")) == ((what, "use that one"), [(3,)])


@pytest.mark.parametrize("collecting", [True, False])
@pytest.mark.parametrize("damaged", [True, False])
def test_opening_leaves_python_as_it_was(tmp_path: Path, collecting: bool, damaged: bool) -> None:
    """Garbage isn't looked for while a journal is read: afterwards it is again, if it was before."""
    written(tmp_path)
    altered(tmp_path, f"update events set scene = 'x' where seq = {3 if damaged else 9}")  # noqa: S608 - our own words
    if not collecting:
        gc.disable()
    try:
        with suppress(StateDamaged):
            opened(tmp_path, writing=False)
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


@pytest.mark.parametrize("writing", [True, False])
def test_a_folder_in_the_place_of_a_database_is_told(tmp_path: Path, writing: bool) -> None:
    """In SQLite's words; the error doesn't concern what was written, which needs no backup."""
    (tmp_path / "state.db").mkdir()
    with pytest.raises(FileTrouble) as caught:
        opened(tmp_path, writing=writing)
    assert caught.value.what.startswith(f"{tmp_path / 'state.db'} can't be opened: ")
    assert caught.value.hint == "free space or mend the rights, then run again"


def test_an_event_is_known_by_its_digest(tmp_path: Path) -> None:
    """By its number; there is none of an event that hasn't happened, nor of any in a journal that isn't there."""
    nothing = opened(tmp_path, writing=False)
    journal = opened(tmp_path)
    journal.append(EVENTS[0])
    journal.append(EVENTS[1])
    found = [journal.digest_at(seq) for seq in (0, 1, 2, 3)]
    journal.close()
    digests = [row[0] for row in rows(tmp_path, "select crc from events order by seq")]
    assert (nothing.digest_at(1), found, journal.last) == ("", ["", *digests, ""], 2)


def test_a_run_that_was_stopped_may_ask_whether_the_record_is_still_its_own(tmp_path: Path) -> None:
    """Not if another process has written to it since, nor if another file has its name."""
    one, other = opened(tmp_path), opened(tmp_path)
    one.append(EVENTS[0])
    one.check_ours()
    with pytest.raises(AnotherRunner) as caught:
        other.check_ours()
    assert caught.value.what == f"another run has gone on with {tmp_path / 'state.db'}"
    (tmp_path / "copy.db").write_bytes((tmp_path / "state.db").read_bytes())
    (tmp_path / "copy.db").replace(tmp_path / "state.db")
    with pytest.raises(AnotherRunner, match="another run has gone on with"):
        one.check_ours()
    one.close()
    other.close()


def test_the_database_is_kept_without_a_log_where_memory_is_not_shared(tmp_path: Path) -> None:
    """Its header marks it for the next process."""
    Journal(tmp_path, VirtualClock(), writing=True, shared=True).close()
    assert (tmp_path / "state.db").read_bytes()[18:20] == b"\1\1"


def test_a_witness_that_the_machine_does_not_give_is_no_damage(tmp_path: Path) -> None:
    """A circular link can't be opened: that is no evidence about what was written."""
    written(tmp_path)
    (tmp_path / "witness").unlink()
    (tmp_path / "witness").symlink_to("witness")
    with pytest.raises(FileTrouble, match="witness can't be read"):
        events(tmp_path)


def test_a_record_that_lost_its_table_while_it_was_open_is_damaged(tmp_path: Path) -> None:
    """A query of the last event raises the error."""
    written(tmp_path)
    journal = opened(tmp_path)
    altered(tmp_path, "drop table events")
    with pytest.raises(StateDamaged, match="can't be read: no such table"):
        journal.check_ours()
    journal.close()


@pytest.mark.row(54)
def test_after_an_error_of_the_disk_nothing_is_written_any_more(tmp_path: Path) -> None:
    """Also if the disk works again: what is on it is unknown. The next process reads what is really there."""
    written(tmp_path)
    journal = opened(tmp_path)
    with files_of_at_most(1), pytest.raises(FileTrouble, match="disk I/O error"):
        journal.append(EVENTS[0])
    with pytest.raises(FileTrouble, match="disk I/O error"):
        journal.append(EVENTS[0])
    journal.close()
    assert events(tmp_path)[1:] == EVENTS


@pytest.mark.row(53)
def test_a_disk_that_was_full_may_be_written_again(tmp_path: Path) -> None:
    """A row that found no room loses nothing: with room again, it is written."""
    written(tmp_path)
    journal = opened(tmp_path)
    full = Seen("dusk", "a1", status="x" * 10_000)
    assert journal._database is not None
    journal._database.execute("pragma max_page_count = 1")
    with pytest.raises(FileTrouble, match="database or disk is full"):
        journal.append(full)
    journal._database.execute("pragma max_page_count = 1000")
    journal.append(full)
    journal.close()
    assert events(tmp_path)[1:] == [*EVENTS, full]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_IOERR_READ, FileTrouble),
        (sqlite3.SQLITE_IOERR_SHORT_READ, StateDamaged),
        (sqlite3.SQLITE_BUSY, FileTrouble),
        (sqlite3.SQLITE_CORRUPT, StateDamaged),
        (sqlite3.SQLITE_NOTADB, StateDamaged),
    ],
)
def test_a_machine_that_refuses_is_no_damage(code: int, kind: type[StoryboardError]) -> None:
    """What it doesn't give may be whole; what is there, and less than it has to be, is not."""
    error = sqlite3.OperationalError("said so")
    error.sqlite_errorcode = code
    assert type(_trouble(error, "state.db can't be read")) is kind


@contextmanager
def while_the_witness_is_read(folder: Path, *doings: Callable[[], object]) -> Iterator[None]:
    """Do the first of these in the moment in which the witness is read, the second when it is read once more …"""
    witness = folder / "witness"

    def laid() -> bytes:
        content = witness.read_bytes()
        witness.unlink()
        os.mkfifo(witness)
        return content

    def play(said: bytes) -> None:
        for number, doing in enumerate(doings, 1):
            with witness.open("wb") as pipe:  # which happens when a reader opens it
                witness.unlink()
                witness.write_bytes(said)
                doing()
                said = laid() if number < len(doings) else witness.read_bytes()
                pipe.write(said)

    player = Thread(target=play, args=(laid(),))
    player.start()
    try:
        yield
    finally:
        reading = os.open(witness, os.O_RDONLY | os.O_NONBLOCK)  # unless a reader has read it once more
        player.join()
        os.close(reading)


def test_an_event_that_is_written_while_one_reads_is_no_lost_one(tmp_path: Path) -> None:
    """A reader asks the witness first: what was written by then he finds, and what comes later is no matter."""
    written(tmp_path)

    def goes_on() -> None:
        journal = opened(tmp_path)
        journal.append(EVENTS[0])
        journal.close()

    with while_the_witness_is_read(tmp_path, goes_on):
        found = events(tmp_path)
    assert found[1:] == [*EVENTS, EVENTS[0]]


def test_what_changes_under_a_reader_s_eyes_is_looked_at_again(tmp_path: Path) -> None:
    """Who found no log reads without a lock; a run that begins then folds its own in without asking him."""
    written(tmp_path)
    path = tmp_path / "state.db"
    whole = path.read_bytes()
    torn = whole.replace(b"cgt-1", b"cgt-2")
    with while_the_witness_is_read(tmp_path, lambda: path.write_bytes(torn), lambda: path.write_bytes(whole)):
        found = events(tmp_path)
    assert found[1:] == EVENTS


def test_what_is_unknown_here_is_read_and_changes_nothing(tmp_path: Path) -> None:
    """An event of an unknown kind, with any content and of any storyboard, has no effect; a known one with
    additional fields is read without them."""
    written(tmp_path)
    before = opened(tmp_path, writing=False).history.past
    stranger = (6, 1, 1001.0, "painted", "film", "dusk", "a1", '{"status": "succeeded", "task": "cgt-9"}')
    more = (7, 1, 1002.0, "seen", "", "dusk", "a1", '{"mood": "blue", "status": "queued"}')
    laid(tmp_path, stranger, more)
    journal = opened(tmp_path, writing=False)
    assert journal.past[5:] == [
        (1001.0, Unrecognised(kind="painted", storyboard="film")),
        (1002.0, Seen("dusk", "a1", status="queued")),
    ]
    assert journal.history.past == before
    assert journal.history.owned == {"cgt-1"}


def test_after_an_event_of_a_newer_storyboard_ours_go_on(tmp_path: Path) -> None:
    """It is neither rewritten nor left out: the next event comes after it."""
    written(tmp_path)
    laid(tmp_path, (6, 1, 1001.0, "painted", "", "dusk", "a1", "{}"))
    journal = opened(tmp_path)
    journal.append(EVENTS[0])
    journal.close()
    assert [row[0] for row in rows(tmp_path, "select kind from events where seq > 5")] == ["painted", "intended"]
    assert events(tmp_path)[5:] == [Unrecognised(kind="painted"), EVENTS[0]]


MANY: list[tuple[float, Event]] = [(float(second), event) for second, event in enumerate(EVENTS)]


def test_events_that_are_appended_together_are_all_there(tmp_path: Path) -> None:
    """In their order, each with its own time, behind what stood there, on the disk and known at once."""
    journal = opened(tmp_path)
    journal.open_run()
    journal.append_all(MANY)
    known = journal.past
    assert (journal.last, (tmp_path / "witness").read_text()) == (5, "5 1\n")
    journal.close()
    again = opened(tmp_path, writing=False)
    assert again.past[1:] == MANY
    assert (known, journal.history.past) == (again.past, again.history.past)


def test_no_events_are_appended_together(tmp_path: Path) -> None:
    """Then nothing changes."""
    written(tmp_path)
    journal = opened(tmp_path)
    journal.append_all([])
    journal.close()
    assert (events(tmp_path)[1:], (tmp_path / "witness").read_text()) == (EVENTS, "5 1\n")


def test_what_no_money_hangs_on_may_be_appended_together_for_the_next_to_sync(tmp_path: Path) -> None:
    """The witness doesn't count it yet."""
    journal = opened(tmp_path)
    journal.open_run()
    journal.append_all(MANY, durable=False)
    assert journal._database is not None
    synced = journal._database.execute("pragma synchronous").fetchone()[0]
    journal.close()
    assert (synced, (tmp_path / "witness").read_text(), events(tmp_path)[1:]) == (1, "1 1\n", EVENTS)


@pytest.mark.parametrize("before", range(len(EVENTS)))
def test_of_events_that_are_appended_together_none_is_there_if_one_can_t_be(tmp_path: Path, before: int) -> None:
    """A row that a second writer has put in the way, of whichever of them, keeps out all of them."""
    journal = opened(tmp_path)
    journal.open_run()
    past, seq = list(journal.past), 2 + before
    altered(tmp_path, f"insert into events values({seq},9,1.0,'seen','','x','x','{{}}','','')")
    with pytest.raises(AnotherRunner, match="another run has gone on with"):
        journal.append_all(MANY)
    assert rows(tmp_path, "select seq, scene from events order by seq") == [(1, ""), (seq, "x")]
    assert (journal.past, journal.last, journal.history.past.attempts) == (past, 1, {})
    altered(tmp_path, f"delete from events where seq = {seq}")  # noqa: S608 - a number
    journal.append_all(MANY)
    journal.close()
    assert events(tmp_path)[1:] == EVENTS


def test_of_events_that_found_no_room_none_is_there(tmp_path: Path) -> None:
    """A disk that fills up in their midst takes none of them; with room again, it takes all."""
    written(tmp_path)
    journal = opened(tmp_path)
    much: list[tuple[float, Event]] = [(1.0, Seen("dusk", "a1", status="x" * 1000)) for _ in range(20)]
    assert journal._database is not None
    journal._database.execute("pragma max_page_count = 3")
    with pytest.raises(FileTrouble, match="database or disk is full"):
        journal.append_all(much)
    assert (journal.last, events(tmp_path)[1:]) == (5, EVENTS)
    journal._database.execute("pragma max_page_count = 1000")
    journal.append_all(much)
    journal.close()
    assert len(events(tmp_path)) == 25


OF_VERSION_1 = Path(__file__).parents[1] / "golden" / "record-1.sql"
KEY: dict[str, str | int | bool] = {"prompt": f"sha256:{'1' * 64}"}
ONE = Take("ark:cgt-1", f"sha256:{'0' * 64}", KEY, "", 5.04, 1280, 720, 108900)


def of_version_1(folder: Path, statements: str = "") -> Path:
    """A folder with a record that storyboard 0.1.0 has written, and a witness that names its last row."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        database.executescript(statements or OF_VERSION_1.read_text("utf-8"))
        last = database.execute("select max(seq) from events").fetchone()[0]
    (folder / "witness").write_text(f"{last} 1\n")
    return folder


def intended(scene: str, attempt_id: str, marker: int | None) -> Intended:
    """An intent as it is in that record."""
    return Intended(
        scene,
        attempt_id,
        storyboard="film",
        key=KEY,
        asked={"duration": 5, "model": "doubao-seedance-2-0-260128"},
        reserve=money_of("5.01 CNY"),
        rate=money_of("46 CNY"),
        body=f"sha256:{'0' * 64}",
        marker=marker,
    )


TODAY: list[Recorded] = [
    RunOpened(storyboard="film", pid=1, provider="ark", trust="suspect"),
    intended("dusk", "i1", 190_001),
    Accepted("dusk", "i1", "cgt-1", storyboard="film"),
    Seen("dusk", "i1", "cgt-1", "running", storyboard="film"),
    intended("gulls", "i2", 190_002),
    Unanswered("gulls", "i2", "the answer was lost", storyboard="film"),
    Ended("dusk", "i1", "succeeded", storyboard="film"),
    Stored("dusk", "i1", ONE, storyboard="film"),
    intended("lamp", "i3", 190_003),
    Accepted("lamp", "i3", "cgt-2", storyboard="film"),
    Ended("lamp", "i3", "failed", "灯塔: no", storyboard="film"),
    intended("waves", "i4", None),
    Rejected("waves", "i4", "the service said no", storyboard="film"),
    Unrecognised(kind="a kind of later days", storyboard="film"),
    RunClosed(storyboard="film", exit=3),
]
"""The events of that record, of the storyboard film, as today's are."""


def test_a_journal_of_version_1_is_read(tmp_path: Path) -> None:
    """Its events are today's, with the storyboard that is given, each with its time, and a take known by its task."""
    clock = VirtualClock(1_790_000_000.0)
    journal = Journal(of_version_1(tmp_path), clock, writing=False, storyboard="film")
    assert journal.past == [(1_780_000_000 + 1.5 * number, event) for number, event in enumerate(TODAY)]
    assert (journal.last, journal.epoch) == (15, 1)


def test_what_a_journal_of_version_1_adds_up_to(tmp_path: Path) -> None:
    """Its attempts and takes belong to the given storyboard, and to the provider at the head of a run."""
    clock = VirtualClock(1_790_000_000.0)
    journal = Journal(of_version_1(tmp_path), clock, writing=False, storyboard="film")
    past = journal.history.past
    assert {attempt_id: one.state for attempt_id, one in past.attempts.items()} == {
        "i1": "stored",
        "i2": "in doubt",
        "i3": "failed",
        "i4": "refused",
    }
    assert {(one.storyboard, one.provider) for one in past.attempts.values()} == {("film", "ark")}
    assert past.takes == (StoredTake("film", "", "dusk", ONE),)
    assert past == History(journal.past).past


def test_a_journal_of_version_1_is_only_read(tmp_path: Path) -> None:
    """A reader leaves it as it was; and so it is read again once it was marked so that an old program only reads it."""
    folder = of_version_1(tmp_path)
    before = (folder / "state.db").read_bytes()
    clock = VirtualClock(1_790_000_000.0)
    Journal(folder, clock, writing=False, storyboard="film").close()
    assert (folder / "state.db").read_bytes() == before
    retire(folder)
    retire(folder)
    assert rows(folder, "pragma user_version") == [(VERSION,)]
    assert [event for _, event in Journal(folder, clock, writing=False, storyboard="film").past] == TODAY


def test_a_journal_of_version_1_is_not_opened_to_be_written(tmp_path: Path) -> None:
    """It is refused before anything of it is changed."""
    folder = of_version_1(tmp_path)
    before = (folder / "state.db").read_bytes()
    with pytest.raises(StateDamaged) as caught:
        Journal(folder, VirtualClock(), writing=True)
    assert (
        caught.value.what == f"{folder / 'state.db'} was written by an older storyboard, and is only read where it is"
    )
    assert (folder / "state.db").read_bytes() == before


def test_what_is_no_database_is_not_retired(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "state.db").write_bytes(b"no database" * 100)
    with pytest.raises(StateDamaged) as caught:
        retire(tmp_path)
    assert caught.value.what.startswith(f"{tmp_path / 'state.db'} can't be written: ")


def test_a_journal_of_version_1_is_written_into_today_s(tmp_path: Path) -> None:
    """All that is known here of it comes over in one go, and reads the same there."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    clock = VirtualClock(1_790_000_000.0)
    old = Journal(of_version_1(tmp_path / "old"), clock, writing=False, storyboard="film")
    ours: list[tuple[float, Event]] = [(at, one) for at, one in old.past if not isinstance(one, Unrecognised)]
    last = Imported(storyboard="film", source=old.digest_at(1), last=old.last, trust="suspect")
    journal = Journal(tmp_path / "new", clock, writing=True)
    journal.append_all([*ours, (clock.now(), last)])
    journal.close()
    again = Journal(tmp_path / "new", clock, writing=False)
    assert again.past == [*ours, (clock.now(), last)]
    assert again.history.past == old.history.past


OLD_TABLE = """
pragma user_version = 1;
create table events(
  seq integer primary key, epoch integer not null, at real not null, kind text not null, scene text not null,
  intent text not null, body text not null, crc text not null, prev text not null) strict;
"""


def old_record(folder: Path, *said: tuple[str, str, str, dict[str, object]]) -> Journal:
    """A record of version 1 with these kinds, scenes, intents and bodies, read as the storyboard film's."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        database.executescript(OLD_TABLE)
    bodies = enumerate(said, start=1)
    laid(
        folder,
        *((n, 1, 1.0, kind, scene, attempt_id, json.dumps(body)) for n, (kind, scene, attempt_id, body) in bodies),
    )
    return Journal(folder, VirtualClock(2.0), writing=False, storyboard="film")


OLD_TAKE = {name: value for name, value in take_value(ONE).items() if name not in ("take", "video")}


@pytest.mark.parametrize(
    ("opened_by", "id"),
    [({"provider": "byteplus"}, "byteplus:cgt-1"), ({"provider": "ark"}, "ark:cgt-1"), ({}, "ark:cgt-1")],
)
def test_a_take_of_version_1_is_known_by_who_was_asked_for_it(
    tmp_path: Path, opened_by: dict[str, object], id: str
) -> None:
    """By the run that submitted it, not by one that fetched it later; by Ark, where that was not written down."""
    take = {**OLD_TAKE, "digest": ONE.digest, "task": "cgt-1"}
    journal = old_record(
        tmp_path,
        ("run_opened", "", "", opened_by),
        ("intended", "dusk", "i1", {"profile": "draft", "key": KEY}),
        ("run_opened", "", "", {"provider": "another"}),
        ("adopted", "dusk", "i1", {"task": "cgt-1"}),
        ("stored", "dusk", "i1", {"profile": "draft", "take": take, "error": "it is shorter"}),
    )
    assert [event for _, event in journal.past][3:] == [
        Adopted("dusk", "i1", "cgt-1", storyboard="film"),
        Stored("dusk", "i1", replace(ONE, id=id), storyboard="film", profile="draft", error="it is shorter"),
    ]


def test_a_scene_s_new_name_in_version_1_is_read(tmp_path: Path) -> None:
    """An attempt under a profile goes on under the new name and the same profile."""
    journal = old_record(
        tmp_path,
        ("intended", "dusk", "i1", {"profile": "draft", "key": KEY, "marker": 190_001}),
        ("renamed", "evening", "i1", {"was": "dusk"}),
        ("seen", "evening", "i1", {"task": "cgt-1", "status": "running", "odd": "it went back"}),
    )
    assert [event for _, event in journal.past][1:] == [
        Assigned("evening", "i1", storyboard="film", profile="draft"),
        Seen("evening", "i1", "cgt-1", "running", "it went back", storyboard="film"),
    ]
    places = [("film", "draft", scene) for scene in ("dusk", "evening")]
    assert [len(journal.history.of(*place)) for place in places] == [0, 1]


@pytest.mark.parametrize("tokens", [-1, 10**30, "many"])
def test_a_take_of_version_1_is_ours_whatever_it_was_billed(tmp_path: Path, tokens: object) -> None:
    """An implausible number of tokens is ignored."""
    take = {**OLD_TAKE, "digest": ONE.digest, "task": "cgt-1", "tokens": tokens}
    journal = old_record(tmp_path, ("stored", "dusk", "i1", {"profile": "", "take": take}))
    assert journal.history.past.takes == (StoredTake("film", "", "dusk", replace(ONE, tokens=None)),)


@pytest.mark.parametrize("column", ["kind = 'seen'", "scene = 'x'", "intent = 'x'", "body = '{}'", "at = 1"])
def test_a_changed_row_of_version_1_is_noticed(tmp_path: Path, column: str) -> None:
    """Whichever of its columns it is."""
    folder = of_version_1(tmp_path)
    altered(folder, f"update events set {column} where seq = 3")  # noqa: S608 - our own words
    with pytest.raises(StateDamaged, match="is damaged at event 3"):
        Journal(folder, VirtualClock(2.0), writing=False, storyboard="film")

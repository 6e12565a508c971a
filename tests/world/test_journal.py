"""The record of what happened: in order, whole, and noticed if it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.errors import AnotherRunner, StateDamaged
from storyboard.planning.event import Event
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal

EVENTS = [
    Event("intended", "dusk", "a1", {"key": {"prompt": "sha256:00"}, "profile": ""}),
    Event("accepted", "dusk", "a1", {"task": "cgt-1"}),
    Event("seen", "dusk", "a1", {"status": "running"}),
    Event("ended", "dusk", "a1", {"status": "failed", "error": "灯塔: no"}),
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


def events(folder: Path) -> list[Event]:
    """What a reader finds."""
    journal = opened(folder, writing=False)
    journal.close()
    return [event for _, event in journal.past]


def altered(folder: Path, statement: str) -> None:
    """Change the database behind the journal's back."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        database.execute(statement)


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
    journal.append(Event("ended", "dusk", "a1", {"error": "\ud800"}))
    journal.close()
    assert len(events(tmp_path)) == 1


@pytest.mark.parametrize(
    "column", ["seq = 99", "epoch = 0", "at = 1", "kind = 'seen'", "scene = 'x'", "intent = 'x'", "body = '{}'"]
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
    """SQLite itself would say nothing of a lost tail."""
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
    """The witness alone says that there was one."""
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
    """We would not know what its rows mean to whoever reads them next."""
    written(tmp_path)
    altered(tmp_path, "pragma user_version = 2")
    with pytest.raises(StateDamaged, match="was written by a newer storyboard, and is only read by this one"):
        opened(tmp_path)


def test_a_journal_of_a_newer_program_is_read(tmp_path: Path) -> None:
    """What we know of it is shown; kinds that we don't know add up to nothing."""
    written(tmp_path)
    altered(tmp_path, "pragma user_version = 2")
    assert events(tmp_path)[1:] == EVENTS


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
    with pytest.raises(AnotherRunner, match="another run has gone on with"):
        journal.append(EVENTS[0])
    journal.close()


def test_the_witness_is_for_its_owner_only(tmp_path: Path) -> None:
    """It and the last number in it are written after each event that money hangs on."""
    written(tmp_path)
    witness = tmp_path / "witness"
    assert (witness.read_text(), witness.stat().st_mode & 0o777) == ("5 1\n", 0o600)

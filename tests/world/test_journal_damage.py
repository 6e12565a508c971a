"""A damaged state is noticed, byte for byte: a sample here, all of it by `python -m tests.crash.damage`."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.errors import StateDamaged
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.crash.damage import Damage, damages, outcome, written

SAMPLE = 400


@pytest.mark.row(69)
@pytest.mark.parametrize("closed", [True, False], ids=["database", "log"])
def test_a_byte_turned_or_an_end_cut_off_is_the_same_or_damaged(tmp_path: Path, closed: bool) -> None:
    """A reader of a damaged state gets the very same events, or an error; never fewer events, or a traceback."""
    events = written(tmp_path, 8, closed=closed)
    chosen = random.Random(7).sample(list(damages(tmp_path)), SAMPLE)  # noqa: S311 - a sample, no secret
    said = {outcome(tmp_path, damage, events, writing=writing) for damage in chosen for writing in (True, False)}
    assert said == {"same", "damaged"}


@pytest.mark.row(69)
def test_a_log_that_lost_its_end_is_noticed_by_the_witness_alone(tmp_path: Path) -> None:
    """SQLite drops a damaged end of its log without a word: without the witness, events would be missing unseen."""
    events = written(tmp_path, 2, closed=False)
    cut = Damage("state.db-wal", (tmp_path / "kept" / "state.db-wal").stat().st_size // 2)
    noticed = outcome(tmp_path, cut, events, writing=True)
    (tmp_path / "kept" / "witness").unlink()
    assert (noticed, outcome(tmp_path, cut, events, writing=True)) == ("damaged", "lost")


def test_a_table_whose_text_is_none_is_damaged(tmp_path: Path) -> None:
    """SQLite quotes what it found, which needn't be text."""
    written(tmp_path, 2, closed=True)
    path = tmp_path / "kept" / "state.db"
    content = path.read_bytes().replace(b"create table", b"create t\xf5ble")
    path.write_bytes(content.replace(b"CREATE TABLE", b"CREATE T\xf5BLE"))
    with pytest.raises(StateDamaged):
        Journal(path.parent, VirtualClock(2000.0), writing=True)


@pytest.mark.parametrize(
    "take",
    [{}, [], None, {"id": "ark:cgt-1", "video": 7, "tokens": None}, {"id": "ark:cgt-1", "video": "x", "tokens": None}],
)
@pytest.mark.parametrize("writing", [True, False])
def test_an_event_that_none_of_ours_is_is_damage(tmp_path: Path, take: object, writing: bool) -> None:
    """A record with correct digests may hold an impossible take: that is reported, as any other damage is."""
    Journal(tmp_path, VirtualClock(2000.0), writing=True).close()
    row = (1, 0, 1000.0, "stored", "", "dusk", "a1", json.dumps({"take": take}))
    digest = hashlib.sha256("\x1f".join(("", *map(str, row))).encode()).hexdigest()[:32]
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as database:
        database.execute("insert into events values(?,?,?,?,?,?,?,?,?,?)", (*row, digest, ""))
    with pytest.raises(StateDamaged, match="none of ours"):
        Journal(tmp_path, VirtualClock(2000.0), writing=writing)

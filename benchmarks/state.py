"""How long the state of ten thousand scenes takes to be opened and added up, beside reading its rows alone.

Every row is held against the digests and the witness, becomes an event and is added up: what a run does before all
else. Prints figures: seconds of this process, which others at work on the machine make hardly longer.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from storyboard.planning.event import Event
from storyboard.planning.fingerprint import Components
from storyboard.planning.lock import take_value
from storyboard.planning.take import Take
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal

SCENES = 10_000
TIMES = 5
GOAL = 1.0
"""Seconds."""
KEY: Components = {
    "duration": 5,
    "generate_audio": True,
    "model": "doubao-seedance-2-0-260128",
    "prompt": "sha256:" + "a" * 64,
    "ratio": "16:9",
    "resolution": "720p",
}


def _life(number: int) -> Iterator[Event]:
    """All that happens to a scene that goes well."""
    scene, intent, task = f"scene-{number:05}", f"{number:032x}", f"cgt-20261125031441-{number:05}"
    money = {"reserve": "5.0094 CNY", "rate": "46 CNY"}
    about = {"profile": "", "key": KEY, "asked": KEY, "body": "sha256:" + "b" * 64, "marker": 172_801 + number}
    yield Event("intended", scene, intent, {**about, **money})
    yield Event("accepted", scene, intent, {"task": task})
    for status in ("queued", "running", "succeeded"):
        yield Event("seen", scene, intent, {"task": task, "status": status})
    yield Event("ended", scene, intent, {"status": "succeeded", "error": ""})
    take = Take(f"sha256:{number:064x}", KEY, f"sha256:{number:064x}", 5.042, 1280, 720, task, 108_900)
    yield Event("stored", scene, intent, {"profile": "", "take": take_value(take)})


def _events() -> Iterator[tuple[int, Event]]:
    return enumerate((event for number in range(SCENES) for event in _life(number)), start=1)


def _written(folder: Path) -> None:
    """The rows as a journal writes them, in one transaction: one after another they would take a minute of waiting for
    the disk."""
    Journal(folder, SystemClock(), writing=True).close()
    rows, previous = [], ""
    for seq, event in _events():
        body = json.dumps(dict(event.body), sort_keys=True)
        row = (seq, 0, 1_780_000_000.0 + seq, event.kind, event.scene, event.intent, body)
        digest = hashlib.sha256("\x1f".join((previous, *map(str, row))).encode()).hexdigest()[:32]
        rows.append((*row, digest, previous))
        previous = digest
    with closing(sqlite3.connect(folder / "state.db")) as database, database:
        database.executemany("insert into events values(?,?,?,?,?,?,?,?,?)", rows)
    (folder / "witness").write_text(f"{len(rows)} 0\n", "ascii")


def _opened(folder: Path) -> None:
    journal = Journal(folder, SystemClock(), writing=True)
    journal.close()
    assert len(journal.history.past.takes) == SCENES  # noqa: S101 - all of it was added up


def _rows(folder: Path) -> None:
    """The least that anybody pays who wants to know what is in the rows."""
    with closing(sqlite3.connect(folder / "state.db")) as database:
        found = [
            (*row, json.loads(body)) for *row, body in database.execute("select seq, kind, intent, body from events")
        ]
    assert found  # noqa: S101 - there is something


def _least(work: Callable[[Path], None], folder: Path) -> float:
    """The shortest of some times, in seconds."""
    times = []
    for _ in range(TIMES):
        gc.collect()
        began = time.process_time()
        work(folder)
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """Write, read, print (goal: below a second)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _written(folder)
        rows, opened = _least(_rows, folder), _least(_opened, folder)
        size = (folder / "state.db").stat().st_size / 1024**2
    print(f"{'scenes, events, size':34} {SCENES}, {7 * SCENES}, {size:.0f} MB")
    print(f"{'rows read alone':34} {rows:.2f} s")
    print(f"{'opened, checked and added up':34} {opened:.2f} s ({opened / rows:.1f} times as long)")
    if opened >= GOAL:
        raise SystemExit(f"the state of {SCENES} scenes opens in {opened:.2f} s, which is too long")


if __name__ == "__main__":
    main()

"""How long the state of ten thousand scenes takes to be opened and added up, beside reading its rows alone.

Every row is held against the digests and the witness, becomes an event and is added up: what a run does before all
else. Prints figures: seconds of this process, which others at work on the machine make hardly longer.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from storyboard.planning.event import Accepted, Ended, Event, Intended, Seen, Stored
from storyboard.planning.fingerprint import Components
from storyboard.planning.money import Money
from storyboard.planning.take import Take, id_of
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
    scene, attempt_id, task = f"scene-{number:05}", f"{number:032x}", f"cgt-20261125031441-{number:05}"
    yield Intended(
        scene,
        attempt_id,
        storyboard="film",
        key=KEY,
        asked=KEY,
        reserve=Money(Decimal("5.0094"), "CNY"),
        rate=Money(Decimal(46), "CNY"),
        body="sha256:" + "b" * 64,
        marker=172_801 + number,
    )
    yield Accepted(scene, attempt_id, task, storyboard="film")
    for status in ("queued", "running", "succeeded"):
        yield Seen(scene, attempt_id, task, status, storyboard="film")
    yield Ended(scene, attempt_id, "succeeded", storyboard="film")
    digest = f"sha256:{number:064x}"
    take = Take(id_of("ark", task), digest, KEY, digest, 5.042, 1280, 720, 108_900)
    yield Stored(scene, attempt_id, take, storyboard="film")


def _written(folder: Path) -> None:
    """The rows in one transaction: one after another they would take a minute of waiting for the disk."""
    events = (event for number in range(SCENES) for event in _life(number))
    with closing(Journal(folder, SystemClock(), writing=True)) as journal:
        journal.append_all([(1_780_000_000.0 + seq, event) for seq, event in enumerate(events, start=1)])


def _opened(folder: Path) -> None:
    journal = Journal(folder, SystemClock(), writing=True)
    journal.close()
    assert len(journal.history.past.takes) == SCENES  # noqa: S101 - all of it was added up


def _rows(folder: Path) -> None:
    """The least that anybody pays who wants to know what is in the rows."""
    with closing(sqlite3.connect(folder / "state.db")) as database:
        found = [
            (*row, json.loads(body)) for *row, body in database.execute("select seq, kind, attempt, body from events")
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

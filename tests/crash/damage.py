"""Change one byte of a small state file, or cut off its end: opening it returns the same events, or reports the damage.

Nothing else is checked, because nothing else is needed: with the same events nothing is submitted twice, and after
reported damage nothing is submitted. (The last events may be missing if no money depends on them or on a later event:
SQLite drops a damaged end of its log.)
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storyboard.errors import StateDamaged
from storyboard.planning.event import DURABLE, Accepted, Ended, Event, Intended, Recorded, Seen
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal

FILES = ("state.db", "state.db-wal", "witness")


@dataclass(frozen=True, slots=True)
class Damage:
    """A file and its damage: a byte changed by `turn`, or the end cut off from there if that is 0."""

    file: str
    place: int
    turn: int = 0


def written(folder: Path, scenes: int, *, closed: bool) -> list[Recorded]:
    """Write a state with the four events of each scene: in the database if it was closed, otherwise in the log as a
    kill leaves it. Return the events."""
    live = folder / "live"
    live.mkdir()
    journal = Journal(live, VirtualClock(1000.0), writing=True)
    journal.open_run()
    for number in range(scenes):
        for event in _events(number):
            journal.append(event)
    if closed:
        journal.close()
    kept = folder / "kept"
    kept.mkdir()
    for name in FILES:
        if (live / name).exists():
            shutil.copyfile(live / name, kept / name)
    if not closed:
        journal.close()
    return [event for _, event in journal.past]


def _events(number: int) -> Iterator[Event]:
    scene, attempt_id, task = f"scene-{number}", f"{number:032x}", f"cgt-20260101120000-{number:05d}"
    yield Intended(scene, attempt_id, key={"prompt": "sha256:" + "0" * 16}, marker=172801 + number)
    yield Accepted(scene, attempt_id, task=task)
    yield Seen(scene, attempt_id, status="running")
    yield Ended(scene, attempt_id, status="failed", error="灯塔: no")


def damages(folder: Path) -> Iterator[Damage]:
    """Every truncation, and every changed byte: all of its bits, or in every other byte the lowest."""
    for name in FILES:
        size = (folder / "kept" / name).stat().st_size if (folder / "kept" / name).exists() else 0
        for place in range(size):
            yield Damage(name, place)
            yield Damage(name, place, 0xFF if place % 2 else 0x01)


def outcome(folder: Path, damage: Damage, events: list[Recorded], *, writing: bool) -> str:
    """Return the result of opening the damaged file: the same, damaged, fewer, or lost."""
    tried = folder / "tried"
    tried.mkdir(exist_ok=True)
    for path in tried.iterdir():
        path.unlink()
    for path in (folder / "kept").iterdir():
        shutil.copyfile(path, tried / path.name)
    content = bytearray((tried / damage.file).read_bytes())
    if damage.turn:
        content[damage.place] ^= damage.turn
    else:
        del content[damage.place :]
    (tried / damage.file).write_bytes(content)
    try:
        journal = Journal(tried, VirtualClock(2000.0), writing=writing)
    except StateDamaged:
        return "damaged"
    except Exception as error:
        return f"lost in a traceback: {type(error).__name__}"
    journal.close()
    found = [event for _, event in journal.past]
    if found == events:
        return "same"
    missing = events[len(found) :]
    return "fewer" if found == events[: len(found)] and not any(e.kind in DURABLE for e in missing) else "lost"


def tell(folder: Path, scenes: int, shard: tuple[int, int], *, closed: bool) -> bool:
    """Try all damages of this shard, and print the figures. Return whether nothing was lost."""
    began = time.time()
    events = written(folder, scenes, closed=closed)
    counts: Counter[str] = Counter()
    for damage in list(damages(folder))[shard[0] - 1 :: shard[1]]:
        for writing in (True, False):
            said = outcome(folder, damage, events, writing=writing)
            counts[said] += 1
            if said.startswith("lost"):
                sys.stdout.write(f"WRONG {damage} {'written to' if writing else 'read'}\n")
    sizes = {path.name: path.stat().st_size for path in sorted((folder / "kept").iterdir())}
    figures = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    sys.stdout.write(
        f"{len(events)} events, {'closed' if closed else 'as a kill leaves them'}, {sizes} bytes: "
        f"{counts.total()} openings, {figures}, {(time.time() - began) / 60:.1f} minutes\n"
    )
    return not any(said.startswith("lost") for said in counts)


def main() -> None:
    """The command line: `python -m tests.crash.damage --shard 1/2`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", default="1/1", metavar="I/N")
    first, count = (int(part) for part in parser.parse_args().shard.split("/"))
    fine = []
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - only a new folder below it is used
    for scenes, closed in ((20, True), (3, False)):
        with tempfile.TemporaryDirectory(prefix="damage-", dir=memory) as folder:
            fine.append(tell(Path(folder), scenes, (first, count), closed=closed))
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()

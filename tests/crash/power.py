"""Simulate a power failure at a point of a run: the possible contents of the disk, and what a run makes of them.

    python -m tests.crash.power --most 64

A run is stopped at each of its system calls. Everything synced by then is on the disk; of the rest, any part may be.
Each name that was created, removed or moved since its folder was synced is there or isn't. Each content since its file
was synced is the old one, the new one, or a mixture. All of these states are enumerated (up to `--most` for a point,
chosen by a seed where there are more), and the program's own code opens the journal, the store, the lock and the
addresses of each. Then every task of the service must have its intent, and every stored take its bytes.

This is a model of a worst-case disk: no test here cuts the power of a real one.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

from storyboard.errors import StoryboardError
from storyboard.planning.event import Stored
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from tests.crash import cases
from tests.crash.place import SCENES, Place, Wrong, ends_in_order, opened
from tests.crash.tracer import Point

Names: TypeAlias = "Mapping[str, int]"
"""The content of a folder: names, and the numbers of their files."""
STATE = ("state.db", "state.db-wal", "state.db-journal", "witness", "addresses.jsonl")
"""What is opened as a file; the rest is checked directly."""
FLEETING = {"lock", "state.db-shm"}
"""Files that nothing depends on: SQLite recreates the file that it shares with its readers, and the lock's content is
for people."""


@dataclass(slots=True)
class Disk:
    """A folder, and which parts of it have been synced. Everything that exists at first is synced."""

    root: Path
    names: dict[int, Names] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    seen_names: dict[int, dict[str, int]] = field(default_factory=dict)
    seen: dict[int, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _read: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def look(self) -> None:
        """Record everything as a running process sees it."""
        before, self._numbers = self._numbers, {}
        self.seen_names, self.seen, self.places = {}, {}, {}
        self._look(self.root, before)

    def _look(self, path: Path, before: Mapping[int, int]) -> int:
        found = path.lstat()
        number = self._numbers[found.st_ino] = before.get(found.st_ino) or next(self._count)
        self.places[str(path)] = number
        if stat.S_ISDIR(found.st_mode):
            held = sorted(one for one in path.iterdir() if one.name not in FLEETING)
            self.seen_names[number] = {one.name: self._look(one, before) for one in held}
        else:
            key = found.st_ino, found.st_size, found.st_mtime_ns
            if key not in self._read or found.st_size < 1 << 18:
                self._read[key] = path.read_bytes()
            self.seen[number] = self._read[key]
        return number

    def sync(self, path: str) -> None:
        """Mark the target of a path as synced: a file's bytes, or a folder's names."""
        number = self.places.get(path, 0)
        if number in self.seen:
            self.contents[number] = self.seen[number]
        elif number:
            self.names[number] = self.seen_names[number]

    def sync_all(self) -> None:
        """Mark everything as synced."""
        self.names, self.contents = dict(self.seen_names), dict(self.seen)


@dataclass(slots=True)
class Choice:
    """The states that may exist after a power failure, as independent choices."""

    disk: Disk
    names: list[tuple[int, str, tuple[int, int]]] = field(default_factory=list)
    contents: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, now in self.disk.seen_names.items():
            synced = self.disk.names.get(number, {})
            differ = sorted(name for name in {*now, *synced} if now.get(name) != synced.get(name))
            self.names += [(number, name, (synced.get(name, 0), now.get(name, 0))) for name in differ]
        for number, content in self.disk.seen.items():
            choices = mixtures(self.disk.contents.get(number, b""), content)
            if len(choices) > 1:
                self.contents.append((number, choices))

    @property
    def count(self) -> int:
        """The number of states."""
        return math.prod((*(2 for _ in self.names), *(len(choices) for _, choices in self.contents)))

    def states(self, most: int, dice: Random) -> Iterator[State]:
        """Yield all states; if there are more than `most`, a random selection of that many with the two extremes."""
        sizes = [2] * len(self.names) + [len(choices) for _, choices in self.contents]
        if self.count <= most:
            yield from (self._state(picks) for picks in itertools.product(*map(range, sizes)))
            return
        yield self._state([0] * len(sizes))
        yield self._state([size - 1 for size in sizes])
        for _ in range(most - 2):
            yield self._state([dice.randrange(size) for size in sizes])

    def _state(self, picks: tuple[int, ...] | list[int]) -> State:
        names = {number: dict(held) for number, held in self.disk.seen_names.items()}
        for (number, name, values), pick in zip(self.names, picks, strict=False):
            names[number].pop(name, None)
            if values[pick]:
                names[number][name] = values[pick]
        contents = {**self.disk.contents, **self.disk.seen}
        for (number, choices), pick in zip(self.contents, picks[len(self.names) :], strict=True):
            contents[number] = choices[pick]
        root = self.disk.places[str(self.disk.root)]
        return dict(_files("", root, {**self.disk.names, **names}, contents))


State: TypeAlias = "dict[str, bytes]"
"""The content after the power failure: files by path."""


def _files(
    path: str, number: int, names: Mapping[int, Names], contents: Mapping[int, bytes]
) -> Iterator[tuple[str, bytes]]:
    if number in names:
        for name, one in names[number].items():
            yield from _files(f"{path}/{name}", one, names, contents)
    else:
        yield path, contents.get(number, b"")


def mixtures(synced: bytes, now: bytes) -> tuple[bytes, ...]:
    """Return the possible contents of a file that changed since it was synced: the old, the new, a mixture."""
    if synced == now:
        return (now,)
    half = (len(synced) + len(now)) // 2 if now.startswith(synced) else len(now) // 2
    torn = now[:half] + synced[half:]
    late = synced[:half].ljust(half, b"\0") + now[half:]
    return tuple(dict.fromkeys((synced, torn, late, now)))


@dataclass(slots=True)
class Tally:
    """The number of checked states, and the errors."""

    points: int = 0
    states: int = 0
    distinct: set[str] = field(default_factory=set)
    without_names: int = 0
    cut_short: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(state: State, where: Place, tried: Path) -> None:
    """Open a state as a run would. Raise Wrong, or the error of opening, if something is lost."""
    hidden = str(where.hidden.relative_to(where.folder))
    shutil.rmtree(tried, ignore_errors=True)
    tried.mkdir()
    for name in STATE:
        if f"/{hidden}/{name}" in state:
            (tried / name).write_bytes(state[f"/{hidden}/{name}"])
    journal = Journal(tried, SystemClock(), writing=True)
    journal.close()
    attempt_ids = journal.history.past.attempts
    for row in where.rows():
        if row["client_request_id"] not in attempt_ids:
            raise Wrong(f"task {row['task_id']} was taken on, and nobody remembers")
    for _, event in journal.past:
        if isinstance(event, Stored):
            for digest in filter(None, (event.take.digest, event.take.frame)):
                _check_stored(state, hidden, digest)
    text = state.get(f"/{hidden}/storyboard.lock")
    lock = Lockfile() if text is None else from_text(text.decode(), "storyboard.lock")
    for take_of in filter(None, (lock.block("", scene).take for scene in SCENES)):
        _check_stored(state, hidden, take_of.digest)
    Addresses(tried / "addresses.jsonl")


def _check_stored(state: State, hidden: str, digest: str) -> None:
    digits = digest.removeprefix("sha256:")
    begin = f"/{hidden}/store/sha256/{digits[:2]}/{digits}."
    found = next((content for path, content in state.items() if path.startswith(begin)), None)
    if found is None or hashlib.sha256(found).hexdigest() != digits:
        raise Wrong(f"{digest[:19]} is called stored, and is {'not there' if found is None else 'not whole'}")


def tally(where: Place, tried: Path, most: int, every: int, seed: int) -> Tally:
    """Run once, and try the possible states at every n-th point."""
    dice = Random(seed)  # noqa: S311 - it has to be reproducible
    found = Tally()
    where.begin()
    disk = Disk(where.folder)
    disk.look()
    disk.sync_all()
    syncing: list[str] = []

    def act(point: Point) -> None:
        if syncing:
            disk.sync(syncing.pop())
        disk.look()
        if point.number % every == 0:
            _try(point, Choice(disk), found, where, tried, most, dice)
        if point.call in ("fsync", "fdatasync"):
            syncing.append(point.about)

    cases.run(where, act, whole=True)
    return found


def _try(point: Point, choice: Choice, found: Tally, where: Place, tried: Path, most: int, dice: Random) -> None:
    found.points += 1
    found.without_names += bool(choice.names)
    found.cut_short += choice.count > most
    told = str(len(where.rows())).encode()
    for state in choice.states(most, dice):
        found.states += 1
        told_of = b"\0".join(itertools.chain.from_iterable((p.encode(), _digest(c)) for p, c in sorted(state.items())))
        key = hashlib.sha256(told + told_of).hexdigest()
        if key in found.distinct:
            continue
        found.distinct.add(key)
        try:
            judge(state, where, tried)
        except (Wrong, StoryboardError) as error:
            found.wrong.append(f"{point}: {error}")


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=64, help="states of one point")
    parser.add_argument("--every", type=int, default=1, help="look at every so many points")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    began = time.time()
    ends_in_order()
    with tempfile.TemporaryDirectory(prefix="power-") as folder, opened(Path(folder)) as where:
        found = tally(where, Path(folder) / "tried", asked.most, asked.every, asked.seed)
    for line in found.wrong[:20]:
        sys.stdout.write(f"WRONG {line}\n")
    sys.stdout.write(
        f"{found.points} points, {found.states} states, {len(found.distinct)} of them different, "
        f"{found.without_names} points with names in doubt, {found.cut_short} with more states than were tried, "
        f"{len(found.wrong)} wrong; seed {asked.seed}, {time.time() - began:.0f} seconds\n"
    )
    sys.exit(1 if found.wrong or not found.without_names else 0)


if __name__ == "__main__":
    main()

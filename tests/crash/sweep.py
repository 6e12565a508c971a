"""Every case of a kind, in shards that can be interrupted and resumed.

    python -m tests.crash.sweep kill recover import errors interrupt runners --shard 1/2 --minutes 30

The result of each case is a line in `build/crash/DIGEST/SORT-SHARD.jsonl`; DIGEST is that of the program's code. A case
that has a line there isn't run again. A case without an action, because the run took fewer steps this time, is run
three times, then listed.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.crash import cases
from tests.crash.cases import Told
from tests.crash.place import ROOT, SOURCE, Place, ends_in_order, opened
from tests.crash.tracer import Point

Case = Callable[[Place], Told]
SORTS = ("kill", "recover", "import", "errors", "interrupt", "runners")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
OFFSETS = 300
STARTS = 200
TRIES = 3


def digest() -> str:
    """Return the digest of the program's code, because results of other code don't count."""
    files = sorted((SOURCE / "storyboard").rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:12]


def folder_of(code: str) -> Path:
    """The folder of the results."""
    folder = ROOT / "build" / "crash" / code
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def recorded(lines: Path, name: str, where: Place, fresh: Callable[[Place], object]) -> object:
    """Return the trace that all shards share: that of the first shard that recorded it. If two shards that start at
    once used different traces, both could leave out the same case."""
    path = lines / f"{name}.json"
    if not path.exists():
        part = path.with_name(f"{name}.{os.getpid()}.part")
        part.write_text(json.dumps(fresh(where)), "utf-8")
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return json.loads(path.read_text("utf-8"))


def points_of(lines: Path, where: Place, *, cold: bool = False) -> list[Point]:
    """Return the points of an undisturbed run; a descriptor of the project's folder is shown as `PROJECT`."""

    def fresh(where: Place) -> object:
        points = [asdict(point) for point in cases.trace(where, cold=cold)]
        return json.loads(json.dumps(points).replace(str(where.folder), "/PROJECT"))

    rows = recorded(lines, "trace-cold" if cold else "trace", where, fresh)
    assert isinstance(rows, list)
    return [Point(**row) for row in rows]


def recoveries(lines: Path, where: Place) -> dict[str, tuple[int, int]]:
    """Return for each kind of event at which point a run is killed, and how many points the next one has."""

    def fresh(where: Place) -> object:
        found = {}
        for kind, number in cases.crash_points(where).items():
            cases.kill_only(where, number)
            found[kind] = (number, len(cases.run(where, lambda _: None).points))
        return found

    rows = recorded(lines, "recoveries", where, fresh)
    assert isinstance(rows, dict)
    return {kind: (number, count) for kind, (number, count) in rows.items()}


def every(sort: str, lines: Path, where: Place) -> dict[str, Case]:
    """Return all cases of a kind, by name."""
    if sort == "runners":
        return {f"{number}": cases.runners for number in range(STARTS)}
    if sort == "import":
        points = recorded(
            lines, "trace-import", where, lambda where: [asdict(one) for one in cases.trace_import(where)]
        )
        assert isinstance(points, list)
        return {f"{point['number']}": partial(cases.kill_import, number=point["number"]) for point in points}
    if sort == "recover":
        return {
            f"{kind} {number}": partial(cases.kill, numbers=(crash, number))
            for kind, (crash, count) in recoveries(lines, where).items()
            for number in range(1, count + 1)
        }
    if sort == "kill":
        cold = points_of(lines, where, cold=True)
        return {f"{point.number}": partial(cases.kill, numbers=(point.number,), cold=True) for point in cold}
    points = points_of(lines, where)
    if sort == "errors":
        return {
            f"{errno.errorcode[error]} {number}": partial(cases.refuse, number=number, error=error)
            for error in ERRORS
            for number in range(1, 1 + sum(cases.refusable(point, Path("/PROJECT")) for point in points))
        }
    spread = [1 + len(points) * offset // OFFSETS for offset in range(OFFSETS)]
    return {
        f"{'twice' if again else 'once'} {number}": partial(cases.interrupt, number=number, again=again)
        for again in (0, 3)
        for number in dict.fromkeys(spread)
    }


def done(sort: str, lines: Path) -> dict[str, dict[str, object]]:
    """Return the finished cases, by name."""
    rows = (json.loads(line) for file in lines.glob(f"{sort}-*.jsonl") for line in file.read_text("utf-8").splitlines())
    return {str(row["case"]): row for row in rows}


def tried(case: Case, where: Place) -> Told:
    """Return the result of a case; try again if nothing was done."""
    told = case(where)
    for _ in range(TRIES - 1):
        if told.acted or told.wrong:
            break
        told = case(where)
    return told


def sweep(sort: str, lines: Path, where: Place, shard: tuple[int, int], until: float) -> bool:
    """Run the remaining cases of this shard until the time is over. Return whether all are right."""
    all_of_them = every(sort, lines, where)
    mine = list(all_of_them)[shard[0] - 1 :: shard[1]]
    seen = done(sort, lines)
    with (lines / f"{sort}-{shard[0]}of{shard[1]}.jsonl").open("a", encoding="utf-8") as file:
        for name in mine:
            if time.time() > until:
                break
            if name not in seen:
                began = time.time()
                told = tried(all_of_them[name], where)
                row = {"case": name, **told.row, "seconds": round(time.time() - began, 2)}
                file.write(json.dumps(row) + "\n")
                file.flush()
                if told.wrong:
                    why = " | ".join(told.wrong.splitlines())
                    sys.stdout.write(f"WRONG {sort} {name}: {told.point}: {why}\n")
                    sys.stdout.flush()
    return tell(sort, lines, all_of_them)


def tell(sort: str, lines: Path, all_of_them: dict[str, Case]) -> bool:
    """Print the figures of all shards so far. Return whether all are right."""
    rows = [row for name, row in done(sort, lines).items() if name in all_of_them]
    wrong = [row for row in rows if row["wrong"]]
    missed = [row["case"] for row in rows if not row["acted"] and not row["wrong"]]
    held, again = (sum(bool(row[word]) for row in rows) for word in ("held", "again"))
    minutes = sum(float(str(row["seconds"])) for row in rows) / 60
    sys.stdout.write(
        f"{sort}: {len(rows)} of {len(all_of_them)} cases, {sum(bool(row['acted']) for row in rows)} acted, "
        f"{len(rows) - len(wrong)} recovered, {len(wrong)} wrong, {held} held ({again} submitted again), "
        f"{minutes:.0f} minutes; nothing done in: {missed or 'none'}\n"
    )
    return not wrong


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sorts", nargs="*", default=SORTS, choices=SORTS)
    parser.add_argument("--shard", default="1/1", metavar="I/N")
    parser.add_argument("--minutes", type=float, default=30.0)
    chosen = parser.parse_args()
    first, count = (int(part) for part in chosen.shard.split("/"))
    until = time.time() + chosen.minutes * 60
    lines = folder_of(digest())
    ends_in_order()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, opened(Path(folder)) as where:
        fine = [sweep(sort, lines, where, (first, count), until) for sort in chosen.sorts]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()

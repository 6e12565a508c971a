"""Forty cases of the sweep, chosen by a seed: `python -m tests.crash.sample --seed 7`.

Half of the points are in the sections that money depends on, from the opening of a connection to the recording of its
answer. Where processes can't be traced, all forty are kills between Python's own steps.
"""

from __future__ import annotations

import argparse
import errno
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from tests.crash import cases, tracer
from tests.crash.place import Place, ends_in_order, opened
from tests.crash.sweep import Case, tried
from tests.crash.tracer import Point

CASES = 40
EACH = {"kill": 0.4, "recover": 0.15, "errors": 0.35, "interrupt": 0.1}
"""The share of each kind of case."""
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT)
STRETCH = 10
"""Points after the opening of a connection that are sampled more densely."""
SHORTEST = 60
"""Points that even the shortest recovery has."""


def dear(points: Sequence[Point]) -> list[Point]:
    """Return the sections that money depends on."""
    opened_at = [place for place, point in enumerate(points) if point.call == "connect"]
    return [points[place] for place in sorted({p for at in opened_at for p in range(at, at + STRETCH)})]


def spread(points: list[Point], count: int, dice: Random) -> list[Point]:
    """Return this many points, one at random from each of as many sections of the same length."""
    size = len(points) / max(1, count)
    return [points[min(len(points) - 1, int((place + dice.random()) * size))] for place in range(count)]


def chosen(where: Place, seed: int, count: int) -> Iterator[tuple[str, Case]]:
    """Return this many cases, each with its name."""
    dice = Random(seed)  # noqa: S311 - it has to repeat itself
    points = cases.trace(where)
    files = [point for point in points if cases.refusable(point, where.folder)]

    def some(of: list[Point], number: int) -> list[int]:
        near = [point for point in dear(points) if point in of]
        picked = (*spread(near, number // 2, dice), *dice.sample(of, number - number // 2))
        return [of.index(point) + 1 for point in picked]

    wanted = {sort: round(part * count) for sort, part in EACH.items()}
    for number in some(points, wanted["kill"]):
        yield f"kill {number}", partial(cases.kill, numbers=(number,))
    for number in some(files, wanted["errors"]):
        error = dice.choice(ERRORS)
        yield f"{errno.errorcode[error]} {number}", partial(cases.refuse, number=number, error=error)
    for number in some(points, wanted["recover"]):
        then = dice.randint(1, SHORTEST)
        yield f"kill {number}, then {then}", partial(cases.kill, numbers=(number, then))
    for number in some(points, count - sum(wanted[sort] for sort in ("kill", "errors", "recover"))):
        again = dice.choice((0, 3))
        yield f"signal {number}, {again}", partial(cases.interrupt, number=number, again=again)


def stepped(where: Place, seed: int, count: int) -> Iterator[tuple[str, Case]]:
    """Return this many kills between Python's own steps."""
    dice = Random(seed)  # noqa: S311 - it has to repeat itself
    steps = cases.steps(where)
    for number in sorted(dice.sample(range(1, steps + 1), count)):
        yield f"step {number}", partial(cases.kill_at_step, number=number)


def tell(where: Place, seed: int, count: int, *, traced: bool, first: bool) -> bool:
    """Run the cases and print their results, up to the `first` that is wrong. Return whether all are right."""
    began, found = time.time(), []
    for name, case in (chosen if traced else stepped)(where, seed, count):
        told = tried(case, where)
        found.append(told)
        if told.wrong or not told.acted:
            why = " | ".join(told.wrong.splitlines()) or "nothing was done"
            sys.stdout.write(f"WRONG {name}: {told.point}: {why}\n")
            if first:
                break
    acted, fine = sum(told.acted for told in found), sum(not told.wrong for told in found)
    sys.stdout.write(
        f"{len(found)} points, {acted} acted, {fine} recovered, {len(found) - fine} wrong, "
        f"{sum(bool(told.held) for told in found)} held; seed {seed}, {time.time() - began:.0f} seconds\n"
    )
    return acted == fine == len(found)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--points", type=int, default=CASES)
    parser.add_argument("--steps", action="store_true", help="kill between Python's steps even where one may trace")
    parser.add_argument("--first", action="store_true", help="stop at the first case that is wrong")
    asked = parser.parse_args()
    ends_in_order()
    traced = not asked.steps and tracer.possible()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, opened(Path(folder)) as where:
        fine = tell(where, asked.seed, asked.points, traced=traced, first=asked.first)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

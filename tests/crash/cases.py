"""One crash, one refused call, one signal, or two runners: each case holds, or raises Wrong with the reason."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storyboard.errors import StoryboardError
from tests.crash import place
from tests.crash.place import Place, Wrong, no_doubles, no_traceback
from tests.crash.tracer import SOCKETS, Act, Point, Refuse, Send, Traced, ended
from tests.first_layout import put_back


@dataclass(slots=True)
class Told:
    """The result of a case. `acted`: whether the action at the chosen point happened."""

    point: str = ""
    acted: bool = False
    code: int = 0
    held: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    wrong: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """The result as it is recorded."""
        return {name: getattr(self, name) for name in ("point", "acted", "code", "held", "again", "wrong")}


def at(number: int, what: Refuse | Send, *, again: int = 0) -> Act:
    """Do something at one point; `again`: once more this many points later."""
    places = {number, number + again}
    return lambda point: what if point.number in places else None


def run(where: Place, act: Act, *, cold: bool = False, whole: bool = False) -> Traced:
    """Run the command under the tracer; raise Wrong for a traceback or a duplicate."""
    done = ended(where.cold() if cold else where.warm(), act, whole=whole)
    no_traceback(done.code, done.stderr)
    no_doubles(where)
    return done


def trace(where: Place, *, cold: bool = False) -> list[Point]:
    """Return the points of an undisturbed run."""
    where.begin()
    run(where, lambda _: None, cold=cold)
    where.begin()
    return run(where, lambda _: None, cold=cold).points


def kill(where: Place, numbers: Sequence[int], *, cold: bool = False) -> Told:
    """Kill a run at a point, the next run at another, and so on; then settle."""
    told = Told()
    try:
        where.begin()
        for number in numbers:
            done = run(where, at(number, Send(signal.SIGKILL)), cold=cold)
            told.acted = done.code == -signal.SIGKILL
            told.point = str(done.points[-1]) if done.points else ""
        _settle(where, told)
    except (Wrong, StoryboardError, TimeoutError) as error:
        told.wrong = str(error)
    return told


def begin_import(where: Place) -> None:
    """Return a project of the first layout, at a service that made it: made once, then copied."""
    made = where.folder.with_name("first-layout")
    if not made.exists():
        where.begin()
        if where.run().code != 0:
            raise Wrong("the film was not made")
        put_back(where.folder)
        shutil.copytree(where.folder, made)
    shutil.rmtree(where.folder)
    shutil.copytree(made, where.folder)


def trace_import(where: Place) -> list[Point]:
    """Return the points of an undisturbed run that imports a project of the first layout."""
    begin_import(where)
    return run(where, lambda _: None).points


def kill_import(where: Place, number: int) -> Told:
    """Kill a run that imports a project of the first layout at a point; then settle: nothing may be submitted."""
    told = Told()
    try:
        begin_import(where)
        before = len(where.rows())
        done = run(where, at(number, Send(signal.SIGKILL)))
        told.acted = done.code == -signal.SIGKILL
        told.point = str(done.points[-1]) if done.points else ""
        _settle(where, told)
        if len(where.rows()) != before:
            raise Wrong(f"{len(where.rows()) - before} tasks were submitted again")
    except (Wrong, StoryboardError, TimeoutError) as error:
        told.wrong = str(error)
    return told


def steps(where: Place) -> int:
    """Return the number of Python's own steps in an undisturbed run."""
    where.begin()
    return int(where.stepping(0).stderr.split()[-1])


def kill_at_step(where: Place, number: int) -> Told:
    """Kill a run before one of Python's own steps; then settle."""
    told = Told(f"step {number}")
    try:
        where.begin()
        told.acted = where.stepping(number).code == -signal.SIGKILL
        _settle(where, told)
    except (Wrong, StoryboardError, TimeoutError) as error:
        told.wrong = str(error)
    return told


def kill_only(where: Place, number: int) -> None:
    """Return a new project with a run that was killed at a point. Raise Wrong if it wasn't."""
    where.begin()
    if run(where, at(number, Send(signal.SIGKILL))).code != -signal.SIGKILL:
        raise Wrong(f"nothing was killed at {number}")


def refuse(where: Place, number: int, error: int) -> Told:
    """Refuse the n-th call of a run on a file of the project with an error; then settle."""
    told, counted = Told(), itertools.count(1)

    def act(point: Point) -> Refuse | None:
        return Refuse(error) if refusable(point, where.folder) and next(counted) == number else None

    try:
        where.begin()
        done = run(where, act)
        told.acted, told.code = bool(done.acted), done.code
        told.point = str(done.acted[0]) if done.acted else ""
        if done.code == 0:
            place.check(where)
        _settle(where, told)
    except (Wrong, StoryboardError, TimeoutError) as trouble:
        told.wrong = str(trouble)
    return told


def interrupt(where: Place, number: int, again: int) -> Told:
    """Send SIGINT at a point, and once more `again` points later if that isn't 0; then settle.

    After one signal sent requests are waited for, so nothing is left in doubt.
    """
    told = Told()
    try:
        where.begin()
        done = run(where, at(number, Send(signal.SIGINT), again=again))
        told.acted, told.code = bool(done.acted), done.code
        told.point = str(done.acted[0]) if done.acted else ""
        if done.code not in (0, 130):
            raise Wrong(f"exit {done.code} after SIGINT: {done.stderr[-500:]}")
        _settle(where, told)
        if told.held and not again:
            raise Wrong(f"in doubt after one signal: {told.held}")
    except (Wrong, StoryboardError, TimeoutError) as error:
        told.wrong = str(error)
    return told


def runners(where: Place) -> Told:
    """Start two runs at once: one makes the film, the other reports the running process."""
    told = Told()
    try:
        where.begin()
        both = [
            subprocess.Popen(
                where.command,
                cwd=where.folder,
                env=where.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        try:
            said = [one.communicate(timeout=120)[1] for one in both]
        finally:
            for one in both:
                one.kill()
        codes = sorted(one.returncode for one in both)
        for one, words in zip(both, said, strict=True):
            no_traceback(one.returncode, words)
        no_doubles(where)
        loser = next((words for one, words in zip(both, said, strict=True) if one.returncode == 5), "")
        winner = next((one.pid for one in both if one.returncode == 0), 0)
        told.acted, told.point = codes == [0, 5], loser.split("\n")[0]
        if codes != [0, 5] or f"process {winner} on" not in loser:
            raise Wrong(f"exits {codes}: {said}")
        place.check(where)
    except (Wrong, StoryboardError, subprocess.TimeoutExpired) as error:
        told.wrong = str(error)
    return told


def _settle(where: Place, told: Told) -> None:
    settled = place.settle(where)
    told.held, told.again = settled.held, settled.again


def refusable(point: Point, folder: Path) -> bool:
    """Return whether a call concerns a file of the project, or the output, which goes to a file without a name."""
    return (point.call not in SOCKETS and point.about.startswith(str(folder))) or point.about.endswith(" (deleted)")


def crash_points(where: Place) -> dict[str, int]:
    """Return for each kind of event the first point at which it is the last recorded one, of the second scene if it
    belongs to a scene; and the point just before the answer to that scene's submission is read."""
    found: dict[str, int] = {}
    last = ""

    def act(point: Point) -> None:
        nonlocal last
        if point.call in ("fdatasync", "recvfrom", "mkdir", "write", "unlink", "exit_group"):
            try:
                last = (where.events() or [""])[-1]
            except StoryboardError:
                return
            if last.endswith(" two") or last.startswith("run_"):
                found.setdefault(last, point.number)
            if last == "intended two" and point.call == "recvfrom":
                found["intended two, and sent"] = point.number

    where.begin()
    run(where, act)
    return found

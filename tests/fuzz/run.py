"""Thousands of executions of text → problems | graph, and their results."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from types import FrameType

from storyboard.errors import UsageError
from storyboard.language.facts import FileFacts
from storyboard.language.problem import format_problem
from storyboard.language.prompt import compose
from storyboard.language.rules.inputs import addresses_meant, files_meant
from storyboard.language.scene import Storyboard
from storyboard.language.source import Source
from storyboard.language.validator import IncludedFile, ValidationResult, parse_file, parse_storyboard, validate
from storyboard.planning.fingerprint import components_of
from storyboard.providers.catalogue import capabilities
from tests.builders import ROOT, SCHEMA
from tests.fuzz.storyboards import Case, case_of, facts_for

ROWS = capabilities()
NARROW = {name: replace(row, ratios=row.ratios[1:]) for name, row in ROWS.items()}
"""Models that support one ratio less: each of today's models supports all ratios of the written form."""
SLOW = 2.0
"""Seconds after which one of many executions counts as a failure; measured on a quiet machine."""
CHUNK = 1000

Subject = Callable[[Case], tuple[bool, ValidationResult]]


def judge(case: Case) -> tuple[bool, ValidationResult]:
    """Run all pure code on a text: the written form, the judgement, its messages and its keys."""
    included: dict[str, IncludedFile] = {
        path: parse_file(Source(path, text)) if "\n" in text else text  # type: ignore[misc]  # a trouble is one word
        for path, text in case.included.items()
    }
    main = parse_file(Source("storyboard.yaml", case.text))
    there = {path: included[path] for path in main.includes if path in included}
    try:
        reading = parse_storyboard(main, SCHEMA, case.profiles, there)
    except UsageError:  # an unknown profile is an error of the command line, and has been reported
        return False, ValidationResult({}, None, ())
    facts = {} if reading.storyboard is None else _facts(reading.storyboard, Random(case.seed))
    rows = NARROW if case.seed % 16 == 0 else ROWS
    judgement = validate(reading, rows, facts, case.trusted)
    for problem in judgement.problems if case.seed % 4 == 0 else ():  # formatting takes longer than finding
        format_problem(problem, judgement.sources)
    if judgement.graph is not None:
        for id in judgement.graph.order:
            scene = judgement.graph.scene(id)
            compose(scene, judgement.graph.storyboard)
            components_of(id, judgement.graph, rows[scene.model.row], facts, {})
    return reading.has_form, judgement


def _facts(storyboard: Storyboard, dice: Random) -> dict[str, FileFacts]:
    """Return facts about its files and, in one case of four, about its addresses."""
    meant = (*files_meant(storyboard), *(addresses_meant(storyboard) if dice.random() < 0.25 else ()))
    return facts_for(dict.fromkeys(row[0] for row in meant), dice)


@dataclass(slots=True)
class Tally:
    """The totals of some executions."""

    executions: int = 0
    past_the_schema: int = 0
    graphs: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, 0)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add the totals of another tally."""
        self.executions += other.executions
        self.past_the_schema += other.past_the_schema
        self.graphs += other.graphs
        for code, count in other.codes.items():
            self.codes[code] = self.codes.get(code, 0) + count
        self.slowest = max(self.slowest, other.slowest)
        self.failures.extend(other.failures)


def tally(seeds: range, subject: Subject = judge) -> Tally:
    """Execute the cases of these numbers."""
    found = Tally()
    for seed in seeds:
        _execute(seed, subject, found)
    return found


def _execute(seed: int, subject: Subject, found: Tally) -> None:
    case = case_of(seed)
    began = time.perf_counter()
    found.executions += 1
    try:
        past, judgement = subject(case)
    except Exception:
        found.failures.append((seed, traceback.format_exc(limit=-3)))
        return
    took = time.perf_counter() - began
    found.slowest = max(found.slowest, (took, seed))
    found.past_the_schema += past
    found.graphs += judgement.graph is not None
    for code in {problem.code for problem in judgement.problems}:
        found.codes[code] = found.codes.get(code, 0) + 1


def _chunk(seeds: range) -> Tally:
    """Run one worker's share; a case that hangs is interrupted and reported."""
    signal.signal(signal.SIGALRM, _hung)
    gc.freeze()
    found = Tally()
    for seed in seeds:
        signal.alarm(30)
        _execute(seed, judge, found)
    signal.alarm(0)
    if found.slowest[0] > SLOW:
        found.failures.append((found.slowest[1], f"took {found.slowest[0]:.1f} s"))
    return found


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("it hangs")


def _chunks(first: int, executions: int) -> Iterator[range]:
    for begin in range(first, first + executions, CHUNK):
        yield range(begin, min(begin + CHUNK, first + executions))


def codes_in_source() -> set[str]:
    """Return every code that the language package can report."""
    rooms = (ROOT / "storyboard" / "language").rglob("*.py")
    return {code for room in rooms for code in re.findall(r'"(SB\d{3})"', room.read_text("utf-8"))}


def report(found: Tally, seconds: float) -> str:
    """Return the figures as lines."""
    rows = [
        f"executions        {found.executions} in {seconds:.0f} s, {found.executions / seconds:.0f} a second",
        f"past the schema   {found.past_the_schema / found.executions:.1%}",
        f"with a graph      {found.graphs / found.executions:.1%}",
        f"codes raised      {len(found.codes)}: "
        + " ".join(f"{code}:{found.codes[code]}" for code in sorted(found.codes)),
        f"codes not raised  {' '.join(sorted(codes_in_source() - set(found.codes))) or 'none'}",
        f"slowest           {found.slowest[0] * 1000:.0f} ms, seed {found.slowest[1]}",
        f"failures          {len(found.failures)}",
    ]
    return "\n".join([*rows, *(f"seed {seed}: {what}" for seed, what in found.failures[:10])])


def main() -> int:
    """Read the command line, run, print; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first case")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    found, began = Tally(), time.perf_counter()
    with multiprocessing.Pool(asked.processes) as pool:
        for part in pool.imap_unordered(_chunk, _chunks(asked.seed, asked.executions)):
            found.add(part)
    print(report(found, time.perf_counter() - began))
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run all scenarios of the real realm, or those that are named, and print a table of the results."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.real_realm.certificates import write_certificates
from tests.real_realm.clock import library
from tests.real_realm.figures import Figures, Row, table
from tests.real_realm.network import command_inside, missing_tools
from tests.real_realm.scenarios import MEAN_MOST, SCENARIOS
from tests.real_realm.worker import Job
from tests.real_realm.world import ROOT

PLACE = ROOT / "build" / "real-realm"
"""The files of the latest run: the output of each command is in the `log.txt` of its scenario's folder."""
LONGEST = 600.0
"""Seconds of this machine after which a scenario is ended."""


def main() -> int:
    """Run the scenarios; return 0 if all are right, 1 if some are wrong, 2 if they can't run here."""
    given = _arguments()
    problem = _problem(given.program)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    shutil.rmtree(PLACE, ignore_errors=True)
    write_certificates(PLACE / "certificates")
    rows, jobs = _planned(given)
    began = time.monotonic()
    input_end, _ = os.pipe()  # only this process has the other end: it closes when this process ends, however it does
    with ThreadPoolExecutor(given.processes) as pool:
        for row, job, came in pool.map(
            lambda each: (*each, _played(each[1], began + given.minutes * 60, input_end)), jobs
        ):
            if isinstance(came, Figures):
                row.figures.append(came)
                word = "right" if came.right else "WRONG"
                told = f"{came.paid} paid for, {came.needed} needed, exit codes {list(came.exits)}: {word}"
            else:
                row.failures.append(came)
                told = came
            print(f"{job.scenario} {job.variant} seed {job.seed}: {told}", flush=True)
    print(f"\n{table(rows)}\n\n{len(jobs)} played in {time.monotonic() - began:.0f} s; logs lie in {PLACE}")
    return 0 if all(row.is_right for row in rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.real_realm", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), help="play this one; may be said again")
    parser.add_argument("--variant", help="play this variant only, as the table names it")
    parser.add_argument("--seeds", type=int, help="how many seeds, where a scenario has any; left out: as it says")
    parser.add_argument("--first-seed", type=int, default=0, help="the number of the first of them")
    parser.add_argument("--rate", type=float, help="how fast the clock goes; left out: as the scenario says")
    parser.add_argument("--program", type=Path, default=ROOT, help="the checkout whose program is run")
    parser.add_argument("--processes", type=int, default=2, help="scenarios at a time")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no scenario after so many")
    return parser.parse_args()


def _problem(program: Path) -> str:
    """Return why no scenario can run here; empty if they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "this wants Linux, and root: it makes namespaces for networks and mounts"
    missing = missing_tools()
    if missing:
        return f"{', '.join(missing)} can't be found: `make real-realm` installs what is missing"
    try:
        library()
    except FileNotFoundError as error:
        return str(error)
    environment = {**os.environ, "PYTHONPATH": str(program.resolve())}
    asked = [sys.executable, "-c", "import storyboard; print(storyboard.__file__)"]
    said = subprocess.run(asked, env=environment, cwd="/", capture_output=True, text=True, timeout=60).stdout.strip()
    if not said or not Path(said).is_relative_to(program.resolve()):
        return f"the program that would be run is {said or 'none'}, not the one in {program}"
    return ""


def _planned(given: argparse.Namespace) -> tuple[list[Row], list[tuple[Row, Job]]]:
    rows, jobs = [], []
    for name in given.only or SCENARIOS:
        scenario = SCENARIOS[name]
        count = scenario.seeds if given.seeds is None or scenario.seeds == 1 else given.seeds
        for variant in scenario.variants:
            if given.variant not in (None, variant):
                continue
            row = Row(name, variant, scenario.wanted, mean_most=MEAN_MOST.get((name, variant)))
            rows.append(row)
            for seed in range(given.first_seed, given.first_seed + count):
                folder = PLACE / re.sub(r"\W+", "-", f"{name} {variant} {seed}")
                rate = given.rate or scenario.rate
                places = str(folder), str(given.program.resolve()), str(PLACE / "certificates")
                jobs.append((row, Job(name, variant, seed, rate, *places)))
    return rows, jobs


def _played(job: Job, end: float, input_end: int) -> Figures | str:
    """Return the result of a job, or why there is none."""
    left = end - time.monotonic()
    if left <= 0:
        return "was not begun: the time is over"
    Path(job.folder).mkdir(parents=True)
    command = command_inside("tests.real_realm.worker", json.dumps(asdict(job)))
    try:
        with (Path(job.folder) / "worker.txt").open("wb") as errors:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=input_end,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=min(LONGEST, left + 60),
            )
    except subprocess.TimeoutExpired:
        return "took too long, and was ended"
    if done.returncode:
        return f"broke off: {_last_line(Path(job.folder) / 'worker.txt')}"
    return _figures_of(done.stdout)


def _figures_of(said: bytes) -> Figures:
    value = json.loads(said)
    return Figures(**{**value, "films": tuple(value["films"])})


def _last_line(path: Path) -> str:
    rows: Sequence[str] = path.read_text("utf-8", "replace").strip().splitlines()
    return next(_texts(rows), "it said nothing")


def _texts(rows: Sequence[str]) -> Iterator[str]:
    return (row for row in reversed(rows) if row.strip())


if __name__ == "__main__":
    sys.exit(main())

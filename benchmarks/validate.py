"""`storyboard validate` of ten thousand scenes, anew and unchanged, against `check-jsonschema` on the same file.

`python -m benchmarks.validate [ROUNDS]`; interleaved in one run.
Prints medians of time, the largest peak of memory, and the ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.storyboards import SCENES, text

ROUNDS = 3
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: seconds, and megabytes at its peak."""

    seconds: float
    megabytes: float


def cost(command: list[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def main() -> None:
    """Measure, in turn, as many rounds as asked for."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    costs: dict[str, list[Cost]] = {"cold": [], "unchanged": [], "check-jsonschema": []}
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "storyboard.yaml")
        file.write_text(text(), "utf-8")
        print(f"{SCENES} scenes, {file.stat().st_size / 1e6:.1f} MB, {rounds} rounds")
        time.sleep(2.5)  # a file that was written this very moment is not remembered
        schema = str(ROOT / "schemas" / "storyboard.schema.json")
        program = [sys.executable, "-P", "-m", "storyboard", "validate", "-f", str(file)]
        other = [str(Path(sys.executable).parent / "check-jsonschema"), "--schemafile", schema, str(file)]
        for number in range(rounds):
            environment = {**os.environ, "XDG_CACHE_HOME": str(Path(name, f"cache{number}")), "PYTHONPATH": str(ROOT)}
            costs["cold"].append(cost(program, environment))
            costs["unchanged"].append(cost(program, environment))
            costs["check-jsonschema"].append(cost(other, environment))
    medians = {who: statistics.median(one.seconds for one in several) for who, several in costs.items()}
    for who, several in costs.items():
        print(f"{who:17} {medians[who]:7.2f} s  {max(one.megabytes for one in several):6.0f} MB")
    print(f"cold / check-jsonschema  {medians['cold'] / medians['check-jsonschema']:.3f} (goal: at most 0.15)")
    print(f"unchanged / cold         {medians['unchanged'] / medians['cold']:.3f} (goal: at most 0.1)")


if __name__ == "__main__":
    main()

"""Measure startup: `storyboard --help` against a bare import of click, interleaved in one run. Prints a ratio."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15


def seconds(command: list[str]) -> float:
    """How long a process takes, in seconds."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure both in turn; print medians and their ratio (goal: at most 1.3)."""
    program = str(Path(sys.executable).parent / "storyboard")
    commands = {"import click": [sys.executable, "-c", "import click"], "storyboard --help": [program, "--help"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:20} {value * 1000:6.1f} ms")
    print(f"ratio {medians['storyboard --help'] / medians['import click']:.2f} (goal: at most 1.3)")


if __name__ == "__main__":
    main()

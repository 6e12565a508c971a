"""The command line in the test's own process: its output, and its exit code."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from storyboard.cli.main import main

FAST = "4000"
STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk:
    prompt: >-
      A lighthouse at dusk.
  lamp:
    chain: dusk
    prompt: >-
      He lights the lamp.
  storm:
    extend: lamp
    prompt: >-
      Extend {lamp} forward: a storm.
  alone:
    prompt: >-
      Gulls.
"""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The output of a command, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def submitted(self) -> int:
        """The number of tasks that a run reports as submitted."""
        line = next(line for line in self.out.splitlines() if line.endswith("submitted") and line[0].isdigit())
        return int(line.split()[0])

    @property
    def made(self) -> set[str]:
        """The scenes that a run submitted."""
        return {line.partition(":")[0] for line in self.out.splitlines() if line.endswith(": submitting")}


def run_command(*words: str) -> CommandResult:
    """Run the command line with these words."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["storyboard", *words]
    code = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    finally:
        sys.argv = before
    return CommandResult(code, out.getvalue(), err.getvalue())


def run(path: Path, *words: str) -> CommandResult:
    """Run `storyboard run` on the embedded emulator, as fast as possible."""
    return run_command("run", "-f", str(path), "--emulator", "--speed", FAST, *words)

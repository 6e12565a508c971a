"""The emulator as its users start it: a process, spoken with over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("STORYBOARD_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
"""The interpreter of the environment that storyboard is installed in: the vendor's clients are in another."""


@contextmanager
def emulator(ledger: Path, speed: float, *more: str) -> Iterator[str]:
    """An emulator at work, with more options if it needs them; its address."""
    asked = [PYTHON, "-m", "storyboard", "emulator", "--port", "0", "--speed", str(speed), "--ledger", str(ledger)]
    asked += more
    with subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def age(ledger: Path, seconds: Mapping[str, float]) -> None:
    """Let tasks have been taken on that many seconds ago, while no emulator is at work."""
    now = time.time()
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    aged = [line | {"at": now - seconds.get(line["task_id"], 0.0)} for line in lines]
    ledger.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in aged), "utf-8")

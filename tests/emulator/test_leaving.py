"""How the command ends: whatever says stop, its temporary folder is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_folder_is_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    """And the exit code says which signal it was."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-P", "-m", "storyboard", "emulator", "--port", "0"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        serving.stdout.readline()
        before = len(list(tmp_path.iterdir()))
        serving.send_signal(number)
        try:
            _, said = serving.communicate(timeout=30)
        finally:
            serving.kill()  # one that stays fails the test, and doesn't hold it up
    assert (before, list(tmp_path.iterdir()), serving.returncode) == (1, [], 128 + number)
    assert "Traceback" not in said


def test_a_closed_terminal_that_was_to_be_ignored_is_ignored(tmp_path: Path) -> None:
    """Under `nohup` it goes on serving, until it is told to end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    words = ["nohup", sys.executable, "-P", "-m", "storyboard", "emulator", "--port", "0"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().strip()
        serving.send_signal(signal.SIGHUP)
        try:
            answers = [httpx.get(f"{address}/contents/generations/tasks/none").status_code for _ in range(20)]
            serving.send_signal(signal.SIGTERM)
            serving.communicate(timeout=30)
        finally:
            serving.kill()
    assert (set(answers) <= {401, 404}, serving.returncode) == (True, 128 + signal.SIGTERM)

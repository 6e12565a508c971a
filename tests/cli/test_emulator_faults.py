"""`storyboard emulator --faults`: a script is read before the emulator serves, and triggered faults are reported."""

from __future__ import annotations

import http.client
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import run_command
from tests.http_client import TASKS, ask, order


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"faults:\n- {verb: create, does: dorp}\n", ("faults.yaml:2:3: `does` is 'dorp'", 'did you mean "drop"?')),
        (b"\xff\xfe", ("faults.yaml:1:1: the character U+DCFF may not stand in YAML", "remove it")),
        (None, ("faults.yaml can't be read: no such file or directory", "")),
    ],
)
def test_a_script_that_is_none_is_told(tmp_path: Path, text: bytes | None, told: tuple[str, str]) -> None:
    """The message lists the allowed values; nothing is served."""
    path = tmp_path / "faults.yaml"
    if text is not None:
        path.write_bytes(text)
    result = run_command("emulator", "--port", "0", "--faults", str(path))
    found = (result.code, result.out, [part in result.err for part in told], "Traceback" in result.err)
    assert found == (5 if text is None else 2, "", [True, True], False)


def test_what_fires_is_told(tmp_path: Path) -> None:
    """Each time, and nothing else is reported of it."""
    path = tmp_path / "faults.json"
    path.write_text('{"faults": [{"verb": "create", "at": "2-3", "does": "drop"}]}', "utf-8")
    words = [sys.executable, "-P", "-m", "storyboard", "emulator", "--port", "0", "--faults", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            statuses = _creates(process.stdout.readline().strip() if process.stdout else "")
        finally:
            process.terminate()
        _, err = process.communicate(timeout=30)
    assert (statuses, err.splitlines()[2:]) == ([200, 0, 0], ["create 2: drop", "create 3: drop"])


def _creates(base_url: str) -> list[int]:
    """The answers to three create requests; 0 for none."""
    statuses = []
    for _ in range(3):
        try:
            statuses.append(ask("POST", base_url + TASKS, order()).status)
        except http.client.RemoteDisconnected:
            statuses.append(0)
    return statuses

"""`storyboard emulator --safety-identifier`: when replies repeat what a create reported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.command_line import run_command
from tests.http_client import create, look, order


@pytest.mark.parametrize(("words", "told"), [(["--safety-identifier", "always"], "viewer"), ([], "")])
def test_a_safety_identifier_is_repeated_as_the_command_says(words: list[str], told: str) -> None:
    """The replies about a queued task repeat its identifier as the option requests."""
    command = [sys.executable, "-P", "-m", "storyboard", "emulator", "--port", "0", "--speed", "1", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            base_url = process.stdout.readline().strip() if process.stdout else ""
            found = look(base_url, create(base_url, order(safety_identifier="viewer")))
        finally:
            process.terminate()
    assert (found["status"], found.get("safety_identifier", "")) == ("queued", told)


def test_another_word_is_wrong_usage() -> None:
    """An unknown value is wrong usage, and the message lists the allowed ones."""
    result = run_command("emulator", "--safety-identifier", "sometimes")
    assert (result.code, "'always', 'ended', 'never'" in result.err) == (2, True)

"""The moderators' no, on order."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, create, look, order

BASE = "/api/v3"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("input", "InputTextSensitiveContentDetected"),
        ("face", "InputImageSensitiveContentDetected.PrivacyInformation"),
    ],
)
def test_an_input_is_refused_at_once(tmp_path: Path, words: str, code: str) -> None:
    """And nothing is taken on."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        answer = ask("POST", emulated.base_url + TASKS, order(f"A lamp. [[refuse {words}]]"))
        assert (answer.status, answer.value["error"]["code"], emulated.ledger) == (400, code, ())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("output", "OutputVideoSensitiveContentDetected"),
        ("copyright", "OutputVideoSensitiveContentDetected.PolicyViolation"),
        ("sound", "OutputAudioSensitiveContentDetected"),
    ],
)
def test_an_output_is_refused_when_it_is_made(tmp_path: Path, words: str, code: str) -> None:
    """The task runs as any other, and fails: an error without the parameter, no video, no usage."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = create(emulated.base_url, order(f"A lamp. [[refuse {words}]]", safety_identifier="viewer"))
        clock.advance(79)
        running = look(emulated.base_url, task)["status"]
        clock.advance(1)
        found = look(emulated.base_url, task)
    assert (running, found["status"], found["error"]["code"]) == ("running", "failed", code)
    assert (sorted(found["error"]), {"content", "usage"} & set(found)) == (["code", "message"], set())


def test_what_was_refused_is_not_billed(tmp_path: Path) -> None:
    """Only what succeeded is."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        create(emulated.base_url, order("[[refuse output]]"))
        create(emulated.base_url, order("A lamp."))
        clock.advance(80)
        books = ask("GET", emulated.base_url.removesuffix(BASE) + "/__ledger").value
    assert [(row["status"], row["billed"]) for row in books["tasks"]] == [("failed", False), ("succeeded", True)]
    assert books["billed"] == {"tokens": 40_594, "price": 1.867324}

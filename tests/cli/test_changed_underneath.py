"""Changes by others during a run: they edit its storyboard or share its folder. The run makes what was planned, and
reports the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.testing.emulator import emulator
from tests.cli.command_line import run_command
from tests.executor.test_interrupt import STORYBOARD, started, until

EDITED = STORYBOARD.replace("the second", "another second") + "  three: {prompt: the third}\n"


@pytest.mark.row(65)
@pytest.mark.parametrize("when", ["one: submitting", "one: stored"])
def test_a_run_makes_what_was_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """It makes two tasks, with the prompts from its start; the next run uses the new ones."""
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.1) as emulated:
        running = started(tmp_path, emulated)
        until(running, when)
        (tmp_path / "storyboard.yaml").write_text(EDITED, "utf-8")
        result, _ = running.communicate(timeout=60)
        for name, value in emulated.environment.items():
            monkeypatch.setenv(name, value)
        planned = run_command("plan", "-f", str(tmp_path / "storyboard.yaml"))
        assert (running.returncode, len(emulated.ledger)) == (0, 2)
    assert "note: storyboard.yaml changed during the run" in result
    assert [line.split()[:2] for line in planned.out.splitlines()[:3]] == [
        ["keep", "one"],
        ["make", "two"],
        ["make", "three"],
    ]


@pytest.mark.row(64)
def test_where_other_machines_may_be_at_work_is_told(tmp_path: Path) -> None:
    """It is reported once, before anything is made, and by `doctor`."""
    path = tmp_path / "Dropbox" / "storyboard.yaml"
    path.parent.mkdir()
    path.write_text(STORYBOARD, "utf-8")
    result = [
        run_command("run", "-f", str(path), "--emulator", "--speed", "4000", "one"),
        run_command("doctor", "-f", str(path)),
    ]
    word = "lies in Dropbox, which is synchronised with other machines"
    assert [word in one.out + one.err for one in result] == [True, True]


def test_of_an_unchanged_storyboard_nothing_is_said(tmp_path: Path) -> None:
    """This includes a byte order mark at its beginning, and Windows line ends."""
    path = tmp_path / "storyboard.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + STORYBOARD.replace("\n", "\r\n").encode())
    result = run_command("run", "-f", str(path), "--emulator", "--speed", "4000", "one")
    assert (result.code, "was changed" in result.err) == (0, False)

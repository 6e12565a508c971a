"""Readers that close the pipe, full disks, and streams that were closed before the start."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import run_command

ONE = "storyboard: 1\ndefaults: {duration: 4, resolution: 480p, ratio: 16:9}\nscenes: {dusk: {prompt: Dusk.}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A storyboard that is valid."""
    run_command("init", str(tmp_path))
    return tmp_path


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$SB` is the program."""
    program = f"{sys.executable} -m storyboard"
    script = f"set -o pipefail; SB='{program}'; {line}"
    return subprocess.run(["/bin/bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.row(82)
def test_a_reader_that_leaves_is_no_fault(project: Path) -> None:
    """`| head -1` gets its line, and the program exits with 0."""
    result = shell(project, "$SB schema | head -1")
    assert (result.returncode, result.stdout, result.stderr) == (0, "{\n", "")


@pytest.mark.parametrize("verb", ["plan --json", "validate", "schema"])
@pytest.mark.row(82)
def test_what_could_not_be_written_is_told(project: Path, verb: str) -> None:
    """A full disk behind the output is not a success: a script would read half a plan."""
    result = shell(project, f"$SB {verb} > /dev/full")
    assert (result.returncode, "no space left" in result.stderr) == (5, True)


def test_a_terminal_that_lacks_a_character_gets_its_code(project: Path) -> None:
    """A Chinese terminal in GBK has no yen sign, which ends no plan."""
    result = shell(project, "PYTHONIOENCODING=gbk $SB plan | grep -c u00a5")
    assert (result.returncode, result.stdout, result.stderr) == (0, "4\n", "")


def test_json_stays_json_where_a_character_lacks(project: Path) -> None:
    """A character that can't be written is escaped as in JSON, with one unit or two."""
    text = (project / "storyboard.yaml").read_text("utf-8")
    (project / "storyboard.yaml").write_text(text.replace("prompt", '"pro¥mp😀t"', 1), "utf-8")
    result = shell(project, "PYTHONIOENCODING=gbk $SB validate --json")
    assert (result.returncode, "pro¥mp😀t" in json.loads(result.stdout)[0]["sentence"]) == (1, True)


def test_a_name_that_is_no_text_is_no_traceback(project: Path) -> None:
    """A file name may consist of any bytes without causing a traceback."""
    result = shell(
        project, "cp storyboard.yaml $'\\xff.yaml'; PYTHONIOENCODING=utf-8:strict $SB validate $'\\xff.yaml'"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "\\udcff.yaml: 3 scenes, no mistakes\n", "")


RUN = "$SB run --emulator --speed 4000 dusk"


@pytest.mark.row(82)
@pytest.mark.parametrize(("where", "code"), [("| head -1", 0), ("> /dev/full", 5)])
def test_a_run_goes_on_when_nobody_hears_it(project: Path, where: str, code: int) -> None:
    """Its reader has left, or the disk behind its log is full: the scene is made, and what could not be written is
    reported at the end, if that wasn't somebody's wish."""
    (project / "storyboard.yaml").write_text(ONE, "utf-8")
    result = shell(project, f"{RUN} {where}")
    made = list((project / ".storyboard").rglob("store/sha256/??/*.mp4"))
    assert (result.returncode, len(made), "no space left" in result.stderr) == (code, 1, code == 5)
    assert "Traceback" not in result.stderr


def test_closed_streams_are_no_traceback(project: Path) -> None:
    """Without any output the program still does its work."""
    assert shell(project, "$SB plan >&- 2>&-").returncode == 0


def on_a_terminal(folder: Path, *words: str, **environment: str) -> bytes:
    """Run a command on a new terminal and return its output."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "storyboard", *words]
    with subprocess.Popen(
        command, cwd=folder, stdin=its, stdout=its, stderr=its, env={**os.environ, **environment}
    ) as running:
        os.close(its)
        result = b""
        try:
            while piece := os.read(ours, 65_536):
                result += piece
        except OSError:  # Linux raises this when the other side of a terminal is closed
            running.wait()
        os.close(ours)
    return result


def test_a_mistake_has_colour_on_a_terminal_alone(project: Path) -> None:
    """On a terminal the first line is red; into a pipe the same words are written without control characters."""
    (project / "storyboard.yaml").write_text("storyboard: 1\nscenes:\n  dusk: {prompt: x, duration: 99}\n", "utf-8")
    seen, piped = on_a_terminal(project, "validate"), shell(project, "$SB validate").stdout.encode()
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", seen).replace(b"\r\n", b"\n")
    assert (seen.startswith(b"\x1b[31m"), b"\x1b" in piped, plain) == (True, False, piped)


def test_no_colour_where_the_user_wants_none(project: Path) -> None:
    """NO_COLOR, with any value, turns colour off."""
    (project / "storyboard.yaml").write_text("storyboard: 1\nscenes: {}\n", "utf-8")
    assert b"\x1b" not in on_a_terminal(project, "validate", NO_COLOR="1")

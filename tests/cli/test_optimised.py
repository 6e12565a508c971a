"""`python -O` leaves out every `assert`: no protection against paying twice may be one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import storyboard
from tests.cli.command_line import FAST, STORYBOARD

HOUSE = Path(storyboard.__file__).parent
EXECUTOR = sorted((HOUSE / "executor").glob("*.py"))


def asserts(path: Path) -> list[str]:
    """The conditions of all `assert` statements in a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return [ast.unparse(node.test) for node in nodes if isinstance(node, ast.Assert)]


def test_runs_without_asserts_make_the_film_once(tmp_path: Path) -> None:
    """`python -O -m storyboard run --emulator` submits each scene and cuts the film; the second time it keeps all."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    words = [sys.executable, "-O", "-P", "-m", "storyboard", "run", "-f", str(path), "--emulator", "--speed", FAST]
    result = [subprocess.run(words, check=False, capture_output=True, text=True) for _ in range(2)]
    submitted = [[line for line in one.stdout.splitlines() if line.endswith(" submitted")] for one in result]
    films = len(list((tmp_path / "renders").rglob("film.mp4")))
    assert ([one.returncode for one in result], submitted, films) == (
        [0, 0],
        [["4 tasks submitted"], ["0 tasks submitted"]],
        1,
    )


@pytest.mark.parametrize("path", EXECUTOR, ids=lambda path: path.stem)
def test_the_executor_has_no_assert(path: Path) -> None:
    """Every condition of a paid request is an `if` that raises."""
    assert asserts(path) == []


def test_the_journal_s_asserts_only_narrow_a_type() -> None:
    """Each of them states that the database is open; without it, the next line would raise an AttributeError."""
    assert set(asserts(HOUSE / "world" / "journal.py")) == {"self._database is not None"}

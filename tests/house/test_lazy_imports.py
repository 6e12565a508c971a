"""Each command loads only the modules that it needs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = {"httpx", "av", "PIL", "networkx", "rich", "starlette", "uvicorn", "sqlite3", "asyncio"}
ASKING = """
import sys
sys.argv = ["storyboard", *{words!r}]
from storyboard.cli.main import main
try:
    main()
except SystemExit as leaving:
    print("code", leaving.code, file=sys.stderr)
print("loaded", *sorted(sys.modules), file=sys.stderr)
"""
STORYBOARD = """\
storyboard: 1
scenes:
  dusk: {prompt: a lighthouse}
  lamp: {chain: dusk, prompt: he lights the lamp}
"""


def loaded(folder: Path, *words: str) -> set[str]:
    """The modules that a command loads, of those that are heavy."""
    asked = [sys.executable, "-c", ASKING.format(words=list(words))]
    ended = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
    assert "code 0" in ended.stderr, ended.stderr
    return set(ended.stderr.split("loaded ")[1].split()) & (HEAVY | {"jsonschema", "yaml"})


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("schema",)])
def test_help_loads_nothing_heavy(tmp_path: Path, words: tuple[str, ...]) -> None:
    """`--help` loads click, and none of the libraries that do the work."""
    assert loaded(tmp_path, *words) == set()


def test_validate_loads_the_language_alone(tmp_path: Path) -> None:
    """A valid storyboard is read with yaml alone: no schema or graph library, no net, no media, no screen."""
    (tmp_path / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    assert loaded(tmp_path, "validate") == {"yaml"}


def test_an_unchanged_storyboard_is_not_parsed(tmp_path: Path) -> None:
    """What was said of it is said again, and no parser is loaded for that."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    time.sleep(2.1)  # a file that was written this very moment may be written again with the same stamp
    assert loaded(tmp_path, "validate") == {"yaml"}
    assert loaded(tmp_path, "validate") == set()


@pytest.mark.parametrize("verb", ["plan", "status"])
def test_looking_loads_no_hands(tmp_path: Path, verb: str) -> None:
    """`plan` and `status` of a storyboard without local media load no net, no media, no screen."""
    (tmp_path / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    assert loaded(tmp_path, verb) & {"httpx", "av", "PIL", "networkx", "rich", "starlette", "uvicorn"} == set()


def test_a_circle_is_what_the_graph_library_is_loaded_for(tmp_path: Path) -> None:
    """Only where a plain pass has found a circle is networkx loaded, to tell its path."""
    circle = STORYBOARD.replace("dusk: {prompt", "dusk: {chain: lamp, prompt")
    (tmp_path / "storyboard.yaml").write_text(circle, "utf-8")
    asked = [sys.executable, "-c", ASKING.format(words=["validate"])]
    ended = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "networkx" in ended.stderr.split("loaded ")[1].split()

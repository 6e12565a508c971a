"""The plug-in for users' own tests: pytest as a user runs it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from storyboard.testing import plugin

ROOT = Path(__file__).parents[2]
TEST = """
import os, urllib.request

def test_a_list(storyboard_emulator):
    asked = urllib.request.Request(storyboard_emulator.base_url + "/contents/generations/tasks")
    asked.add_header("Authorization", "Bearer " + storyboard_emulator.environment["ARK_API_KEY"])
    assert urllib.request.urlopen(asked).read() == b'{"total":0,"items":[]}'
    assert storyboard_emulator.ledger == ()
    assert storyboard_emulator.service.traffic["LIST"].count == 1
"""


def test_a_user_s_test_gets_an_emulator(tmp_path: Path) -> None:
    """By the fixture's name alone."""
    (tmp_path / "test_mine.py").write_text(TEST, "utf-8")
    words = ["-m", "pytest", "-q", "-p", "storyboard.testing.plugin", "-p", "no:cacheprovider", "test_mine.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ("1 passed" in ended.stdout, ended.returncode) == (True, 0), ended.stdout


def test_the_plug_in_loads_nothing_heavy() -> None:
    """Every pytest of the environment loads it, also those that never ask for an emulator."""
    asked = (
        "import sys, storyboard.testing.plugin; "
        "print({'httpx', 'av', 'PIL', 'starlette', 'uvicorn', 'storyboard.emulator'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


def test_pytest_finds_the_plug_in_by_itself() -> None:
    """The package names it, by its module: so it isn't registered twice where somebody names it too."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    ((name, value),) = named.items()
    assert (name, EntryPoint(name, value, "pytest11").load()) == (plugin.__name__, plugin)
